package demo

import (
	"encoding/json"
	"fmt"
	"time"
)

// scan is one scan, frozen before it is sent: for the oracle and for the wire.
type scan struct {
	id           string
	device       int // index of the device; gate and site follow from it
	gate, site   int
	person       int // index in the oracle's people; -1 if it names nobody
	at           int64
	recorded     int64 // when the server gets it first
	in           bool
	who          string // as the record says it: app, paper, resident, id_document, walk_in
	pass         *validity
	unreadable   string // why the code or document names nobody, "" if it does
	temperature  int
	method       string
	firstReading string // name of the scan with the first reading
	plate        string
	disinfected  bool
	car          string // with others, in one request; "" if not
	override     string // why an emergency overrides the rules
	purpose      string
	late         bool
	told         *told

	named scanBody // who it is, on the wire
	body  []byte   // as it is sent to /v1/scans
}

// name is what the oracle calls the scan: an ID is the device's own.
func (s *scan) name() string { return fmt.Sprintf("%d/%s", s.device, s.id) }

func (s *scan) event(v verdict) event {
	return event{
		at: s.at, recorded: s.recorded, device: s.device, in: s.in, verdict: v,
		temperature: s.temperature, method: s.method, who: s.who, plate: s.plate,
		override: s.override, purpose: s.purpose, car: s.car, scan: s.name(), firstReading: s.firstReading,
	}
}

// reading is what waits for a second one after the scan.
func (s *scan) reading() reading {
	return reading{s.at, s.site, s.name(), s.temperature >= feverLine, s.temperature}
}

func (s *scan) direction() string {
	if s.in {
		return "in"
	}
	return "out"
}

// scanBody is a scan on the wire.
type scanBody struct {
	ID          string      `json:"id"`
	OccurredAt  string      `json:"occurred_at"`
	Pass        string      `json:"pass,omitempty"`
	Resident    string      `json:"resident,omitempty"`
	IDDocument  string      `json:"id_document,omitempty"`
	WalkIn      *walkInBody `json:"walk_in,omitempty"`
	Direction   string      `json:"direction"`
	Temperature json.Number `json:"temperature,omitempty"`
	Method      string      `json:"temperature_method,omitempty"`
	RemeasureOf string      `json:"remeasure_of,omitempty"`
	Plate       string      `json:"plate,omitempty"`
	Vehicle     string      `json:"vehicle,omitempty"`
	Disinfected bool        `json:"vehicle_disinfected,omitempty"`
	Purpose     string      `json:"purpose,omitempty"`
	Override    *reasonBody `json:"override,omitempty"`
	Told        *toldBody   `json:"told,omitempty"`
}

type reasonBody struct {
	Reason string `json:"reason"`
}

type walkInBody struct {
	Name   string `json:"name"`
	IDTail string `json:"id_tail"`
	Phone  string `json:"phone"`
}

type toldBody struct {
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Action   string `json:"action,omitempty"`
}

// freeze fills in what the wire says apart from who it is.
func (s *scan) freeze(b scanBody, remeasureOf string) {
	s.named = b
	b.ID, b.OccurredAt, b.Direction = s.id, wireTime(s.at), s.direction()
	if s.temperature != 0 {
		b.Temperature, b.Method = json.Number(degrees(s.temperature)), s.method
	}
	b.RemeasureOf, b.Plate, b.Disinfected, b.Purpose = remeasureOf, s.plate, s.disinfected, s.purpose
	if s.override != "" {
		b.Override = &reasonBody{s.override}
	}
	if s.told != nil {
		b.Told = &toldBody{s.told.decision, s.told.reason, s.told.action}
	}
	body, err := json.Marshal(b) // #nosec G117 -- a pass is there to be shown
	if err != nil {
		panic("demo: a scan is made of strings and numbers: " + err.Error())
	}
	s.body = body
}

func degrees(tenths int) string { return fmt.Sprintf("%d.%d", tenths/10, tenths%10) }

const wireForm = "2006-01-02T15:04:05.000Z"

// wireTime writes UTC ms as RFC 3339.
func wireTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(wireForm) }

// scanAnswer is what the server says to a scan.
type scanAnswer struct {
	ID       string `json:"id"`
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Color    string `json:"color"`
	Action   string `json:"action"`
	Text     struct {
		ZH string `json:"zh"`
		EN string `json:"en"`
	} `json:"text"`
	Person *struct {
		ID         string `json:"id"`
		NameMasked string `json:"name_masked"`
		Kind       string `json:"kind"`
		Home       string `json:"home"`
	} `json:"person"`
	OccurredAt string   `json:"occurred_at"`
	RecordedAt string   `json:"recorded_at"`
	Duplicate  bool     `json:"duplicate"`
	Degraded   bool     `json:"degraded"`
	Flags      []string `json:"flags"`
}

// String is the answer in the form in which the oracle's expectation is put.
// Whether it is a duplicate is compared apart.
func (a *scanAnswer) String() string {
	who := "nobody"
	if a.Person != nil {
		who = fmt.Sprintf("%s %s of %q", a.Person.Kind, a.Person.ID, a.Person.Home)
	}
	f, known := flagsOf(a.Flags)
	words := f.String()
	if !known {
		words = fmt.Sprint(a.Flags)
	}
	if a.Text.ZH == "" || a.Text.EN == "" || a.Degraded {
		words += fmt.Sprintf(" text %v degraded %v", a.Text, a.Degraded)
	}
	return fmt.Sprintf("%s: %s %s %s %s [%s] %s at %s recorded %s",
		a.ID, a.Decision, a.Reason, a.Color, a.Action, words, who, a.OccurredAt, a.RecordedAt)
}

// expected is what String of the answer has to be.
func (o *oracle) expected(s *scan, v verdict) string {
	who := "nobody"
	if s.unreadable == "" {
		p, home := &o.people[s.person], ""
		if p.home != noHome {
			home = o.sites[p.home].code
		}
		who = fmt.Sprintf("%s %s of %q", p.kind, p.id, home)
	}
	return fmt.Sprintf("%s: %s %s %s %s [%s] %s at %s recorded %s",
		s.id, v.decision, v.reason, v.color(), v.action, v.flags, who, wireTime(s.at), wireTime(s.recorded))
}
