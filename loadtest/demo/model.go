package demo

// place is a site as the oracle sees it.
type place struct {
	code, kind    string
	residential   bool
	temperatureOn string
	passback      string // anti-passback: off, warn or deny
	closed        bool
	disinfection  bool // of vehicles on the way in
	outings       int  // of a household on one day, 0: no limit
}

func (p *place) measures(in bool) bool {
	return p.temperatureOn == "both" || p.temperatureOn == "in" && in || p.temperatureOn == "out" && !in
}

// entrance is a gate.
type entrance struct {
	code string
	site int
}

// Rules of every site in the town. Temperatures are tenths of °C.
const (
	feverLine       = 373
	lowLine         = 350
	remeasureWindow = 10 * 60_000
	passLeeway      = 60_000
)

const noHome = -1

// person is what the oracle knows of somebody.
type person struct {
	id         string // as the server calls them
	home       int    // index of the site, noHome for walk-ins
	kind       string // resident, visitor or walk_in
	status     string
	generation int // of their passes
	household  *household
	permits    []*permit // oldest first

	last    passage
	first   reading
	fever   *fever // the open case
	history []event
}

// household is whose exits count together.
type household struct{ outings []outing }

// outing is an exit that counts.
type outing struct {
	at   int64
	scan string // its name
}

// permit lets somebody into one residential site for a time, UTC ms.
type permit struct {
	number        int
	site          int
	from, until   int64
	entries, used int // entries 0: no limit
	plate         string
}

// fever is a case: the two readings that opened it.
type fever struct {
	first, second reading
	gate          int
}

// passage is the last time somebody went through a gate; the zero value is
// never.
type passage struct {
	at         int64
	in         bool
	refused    bool // left although the guard had to write them down first
	site, gate int
	pass       validity // the app pass of the last entry
}

// reading is a first high or low temperature that waits for a second one.
type reading struct {
	at   int64
	site int
	scan string // where it came from: device and ID
	high bool
	temp int // tenths
}

// validity is a pass as far as its content matters: the same values are the
// same pass. Times are Unix seconds.
type validity struct {
	notBefore, expires int64
	generation         int
}

// told is what a phone without a network answered on its own.
type told struct{ decision, reason, action string }

// event is one scan as the record has to show it.
type event struct {
	at, recorded int64
	device       int
	in           bool
	verdict
	temperature int // tenths, 0: none
	method      string
	who         string
	plate       string
	override    string
	purpose     string
	car         string // with others, in one request; "" if not

	scan, firstReading string // names
	permit             *permit
	annulled, annuls   bool // taken back; takes back another one and is no scan
}
