package town

import (
	"iter"
	"slices"
	"time"
)

// Movement is one person at one gate: a scan to be sent, unless Kind says
// otherwise.
type Movement struct {
	Resident    int           // index in Residents
	At          time.Duration // since local midnight (Asia/Shanghai), whole milliseconds
	Gate        string        // gate code
	Direction   string        // in or out, as seen from the gate's site
	Temperature float64       // °C with one decimal, 36.0 to 37.2 when well; 0 where none is taken
	Kind        MovementKind
}

// Plan says how lively a day is and how much goes wrong on it.
type Plan struct {
	TripsPerPerson float64 // mean of a day, 0 to MaxTripsPerPerson
	Irregular      Irregular
}

// UsualPlan makes about four movements a person.
func UsualPlan() Plan { return Plan{TripsPerPerson: 1.2, Irregular: UsualIrregular()} }

// visitShare is the part of the trips, other than to work, that stop at a
// public site; a trip needs shortestVisit for it.
const (
	visitShare    = 0.7
	shortestVisit = 15 * time.Minute
)

// errands are the cumulative shares of the public sites people go to.
var (
	errands     = []string{KindShop, KindMall, KindPharmacy}
	errandShare = []float64{0.65, 0.85, 1}
)

// Legs of a trip, in their order.
const (
	legLeave = iota
	legEnter
	legExit
	legReturn
)

// Movements streams all movements of a day in order of time. homes is what
// HomeSites gives for the same seed, or a part of it from the start; someone
// whose home is not a residential site stays at home. Everybody begins and ends
// the day at home, save the Fever cases. Weekend tells which days are which.
//
// It keeps 8 bytes a movement while it runs. At most 2^28 people.
func Movements(seed uint64, day int, homes []uint16, plan Plan) iter.Seq[Movement] {
	return func(yield func(Movement) bool) {
		t := &timetable{
			place:     thePlace(),
			schedule:  newSchedule(seed, day, plan.TripsPerPerson),
			irregular: plan.Irregular,
			health:    newHealth(plan.Irregular.Fever, day),
			homes:     homes,
		}
		t.packed = make([]packed, 0, int(float64(len(homes))*t.schedule.mean*3.6)+16)
		for resident, home := range homes {
			if int(home) < t.place.residential {
				t.addPerson(resident)
			}
		}
		slices.Sort(t.packed)
		for _, m := range t.packed {
			if !yield(t.movement(m)) {
				return
			}
		}
	}
}

// packed is a movement in one word that sorts by time: 27 bits of milliseconds,
// 28 of the resident, 3 of the trip, 2 of the leg, 1 for work, 3 of the kind.
// All else follows from these by the dice.
type packed uint64

func pack(at time.Duration, a Arrival, leg, kind int) packed {
	v := uint64(at/time.Millisecond)<<28 | uint64(a.Resident) // #nosec G115 -- times and indexes are not negative
	v = v<<5 | uint64(a.Trip<<2|leg)                          // #nosec G115 -- a few bits
	v <<= 1
	if a.Work {
		v |= 1
	}
	return packed(v<<3 | uint64(kind)) // #nosec G115 -- a few bits
}

func (p packed) at() time.Duration { return time.Duration(p>>37) * time.Millisecond }
func (p packed) resident() int     { return int(p >> 9 & (1<<28 - 1)) }
func (p packed) trip() int         { return int(p >> 6 & 7) }
func (p packed) leg() int          { return int(p >> 4 & 3) }
func (p packed) work() bool        { return p>>3&1 == 1 }
func (p packed) kind() int         { return int(p & 7) }

// timetable collects a day's movements.
type timetable struct {
	place     *place
	schedule  *schedule
	irregular Irregular
	health    health
	homes     []uint16
	packed    []packed
	trips     [maxTrips]Arrival
}

// addPerson adds one resident's day.
func (t *timetable) addPerson(resident int) {
	ill, illToday := t.health.of(t.schedule.seed, resident)
	if ill {
		return
	}
	from := len(t.packed)
	for _, a := range t.schedule.trips(resident, &t.trips) {
		t.addTrip(a)
	}
	if illToday && len(t.packed) > from {
		t.endWithFever(from)
	}
}

// addTrip adds two legs, or four if the trip stops at a public site.
func (t *timetable) addTrip(a Arrival) {
	d := t.dice(saltVisit, a.Resident, a.Trip)
	length := a.Return - a.Leave
	t.addLeg(&d, a, legLeave, a.Leave)
	if length >= shortestVisit && (a.Work || d.chance(visitShare)) {
		t.addLeg(&d, a, legEnter, a.Leave+way(&d, length))
		t.addLeg(&d, a, legExit, a.Return-way(&d, length))
	}
	t.addLeg(&d, a, legReturn, a.Return)
}

// way is how long somebody is on the road: three minutes to a quarter of an
// hour, and never more than a quarter of the trip.
func way(d *dice, length time.Duration) time.Duration {
	longest := min(length/4, 15*time.Minute)
	return 3*time.Minute + time.Duration(d.below(int((longest-3*time.Minute)/time.Millisecond)+1))*time.Millisecond
}

// addLeg adds a movement and, before it, what may go wrong. Legs lie at least
// three minutes apart, so an attempt up to a minute earlier keeps the order.
func (t *timetable) addLeg(d *dice, a Arrival, leg int, at time.Duration) {
	m := pack(at, a, leg, codeNormal)
	if direction(leg) == "out" && d.chance(t.irregular.Forgotten) {
		t.packed = append(t.packed, m|codeForgotten)
		return
	}
	if code := t.irregular.attempt(d, t.measured(m)); code != codeNormal {
		before := time.Duration(20_000+d.below(40_000)) * time.Millisecond
		t.packed = append(t.packed, pack(at-before, a, leg, code))
	}
	t.packed = append(t.packed, m)
}

// endWithFever turns one of the resident's movements, which begin at from, into
// a fever and drops those after it.
func (t *timetable) endWithFever(from int) {
	d := t.dice(saltIrregular, t.packed[from].resident(), 0)
	at := from + d.below(len(t.packed)-from)
	// Only a normal scan with a reading shows a fever. Every home takes one, so
	// there is one a few steps on, at the latest at the last return.
	for t.packed[at].kind() != codeNormal || !t.measured(t.packed[at]) {
		if at == len(t.packed)-1 {
			return
		}
		at++
	}
	t.packed[at] |= codeFever
	t.packed = t.packed[:at+1]
}

func direction(leg int) string {
	if leg == legLeave || leg == legExit {
		return "out"
	}
	return "in"
}

// site gives the site of a movement, as an index, and which of its gates.
func (t *timetable) site(m packed) (site, gate int) {
	if m.leg() == legLeave || m.leg() == legReturn {
		return int(t.homes[m.resident()]), 0
	}
	if m.work() {
		d := roll(saltWorkplace, t.schedule.seed, uint64(m.resident())) // #nosec G115 -- an index
		works := t.place.public[KindEnterprise]
		return works[d.below(len(works))], 0
	}
	d := t.dice(saltPublicSite, m.resident(), m.trip())
	sites := t.place.public[errands[d.pick(errandShare)]]
	site = sites[d.below(len(sites))]
	return site, d.below(len(t.place.gateCodes[site]))
}

func (t *timetable) measured(m packed) bool {
	site, _ := t.site(m)
	return t.place.sites[site].takesTemperature(direction(m.leg()))
}

// movement unpacks a movement.
func (t *timetable) movement(m packed) Movement {
	site, gate := t.site(m)
	v := Movement{
		Resident: m.resident(), At: m.at(), Gate: t.place.gateCodes[site][gate],
		Direction: direction(m.leg()), Kind: kindOrder[m.kind()],
	}
	if v.Kind != Forgotten && t.place.sites[site].takesTemperature(v.Direction) {
		v.Temperature = t.reading(m)
	}
	return v
}

// reading is a temperature in tenths of a degree, made °C by one division so
// that it prints with one decimal.
func (t *timetable) reading(m packed) float64 {
	d := roll(saltReading, t.schedule.seed, t.schedule.day, uint64(m))
	switch m.kind() {
	case codeFever:
		return float64(373+d.below(23)) / 10
	case codeLow:
		return float64(320+d.below(30)) / 10
	}
	return float64(360+d.below(7)+d.below(7)) / 10
}

// dice are those of one trip of one resident on the day.
func (t *timetable) dice(salt uint64, resident, trip int) dice {
	return roll(salt, t.schedule.seed, t.schedule.day, uint64(resident), uint64(trip)) // #nosec G115 -- indexes
}
