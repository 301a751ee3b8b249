package town

import "math"

// MovementKind tells a driver what to do with a movement.
type MovementKind string

// Kinds of movements. What is expected of the system for each stands beside it.
const (
	// Normal is a resident with a valid pass and no fever: let through.
	Normal MovementKind = "normal"
	// Fever is a reading of 37.3 °C or more, which a second measurement
	// confirms: held. It is the person's last movement; they stay away on all
	// later days.
	Fever MovementKind = "fever"
	// Forgotten is an exit that nobody scanned: the driver sends nothing. The
	// next entry must still succeed.
	Forgotten MovementKind = "forgotten"
	// Forged is a pass with a wrong signature: refused. Here, and for the
	// kinds below, the same person follows within a minute at the same gate
	// and in the same direction with a valid pass (Normal, or Fever).
	Forged MovementKind = "forged"
	// Foreign is a QR code of something else, a payment say: refused.
	Foreign MovementKind = "foreign"
	// Expired is a pass of an earlier day: refused.
	Expired MovementKind = "expired"
	// LowReading is a forehead chilled by frost, 32.0 to 34.9 °C: measured again.
	LowReading MovementKind = "low"
)

// kindOrder numbers the kinds in packed movements; 3 bits hold 8.
var kindOrder = [...]MovementKind{Normal, Fever, Forgotten, Forged, Foreign, Expired, LowReading}

const (
	codeNormal = iota
	codeFever
	codeForgotten
	codeForged
	codeForeign
	codeExpired
	codeLow
)

// Irregular holds the shares of what goes wrong, each from 0 to 1.
type Irregular struct {
	Fever     float64 // of the people still well, each day; noticed if they go out
	Forgotten float64 // of the exits
	Forged    float64 // of the scans, preceded by such an attempt; so are the next three
	Foreign   float64
	Expired   float64
	Low       float64 // of the scans with a temperature
}

// UsualIrregular gives the shares of an ordinary day. They are assumptions, high
// enough that a day of a thousand people shows all but fever and forgery.
func UsualIrregular() Irregular {
	return Irregular{Fever: 0.0003, Forgotten: 0.01, Forged: 0.0005, Foreign: 0.003, Expired: 0.01, Low: 0.005}
}

// health is when somebody falls ill, by one draw a person for the whole trial.
type health struct{ ill, illToday float64 }

// newHealth: of those well in the morning, a share falls ill each day.
func newHealth(share float64, day int) health {
	well := 1 - min(max(share, 0), 1)
	days := float64(max(day, 0))
	return health{ill: 1 - math.Pow(well, days), illToday: 1 - math.Pow(well, days+1)}
}

// of says whether the resident fell ill before the day, or does so on it.
func (h health) of(seed uint64, resident int) (before, today bool) {
	if h.illToday == 0 {
		return false, false
	}
	d := roll(saltFever, seed, uint64(resident)) // #nosec G115 -- an index
	u := d.unit()
	return u < h.ill, u >= h.ill && u < h.illToday
}

// attempt draws what goes wrong just before a scan, or codeNormal.
func (i Irregular) attempt(d *dice, measured bool) int {
	u := d.unit()
	for _, c := range [...]struct {
		share float64
		code  int
	}{{i.Forged, codeForged}, {i.Foreign, codeForeign}, {i.Expired, codeExpired}, {i.Low, codeLow}} {
		if u < c.share {
			if c.code == codeLow && !measured {
				break
			}
			return c.code
		}
		u -= max(c.share, 0)
	}
	return codeNormal
}
