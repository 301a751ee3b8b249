package demo

import "sync"

// place is a site as the oracle sees it.
type place struct {
	code, kind    string
	residential   bool
	temperatureOn string
	passback      string // anti-passback: off, warn or deny
	closed        bool
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
	kind       string // resident or walk_in
	status     string
	generation int // of their passes

	last    passage
	first   reading
	history []event
}

// passage is the last time somebody went through a gate; the zero value is
// never.
type passage struct {
	at         int64
	in         bool
	site, gate int
	pass       validity // the app pass of the last entry
}

// reading is a first high or low temperature that waits for a second one.
type reading struct {
	at   int64
	site int
	scan string // where it came from: device and ID
	high bool
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
}

// oracle predicts the answers. Different people may be judged at the same
// time; the scans of one person have to come one after the other.
type oracle struct {
	sites []place
	gates []entrance
	// deviceGate is the gate of each device.
	deviceGate []int
	people     []person

	mu       sync.Mutex
	refusals []event
}

// judge predicts the answer to a scan and records it.
func (o *oracle) judge(s *scan) verdict {
	if s.unreadable != "" {
		return o.refuse(s)
	}
	p, site := &o.people[s.person], &o.sites[s.site]
	v := o.standing(p, s, site)
	if s.late {
		v.flags |= late
	}
	if s.who == "walk_in" {
		v.flags |= walkIn
	}
	own := p.home == s.site
	if s.in && v.decision == pass && site.closed {
		if own {
			v.flags |= outsideHours
		} else {
			v = verdict{deny, "site_closed", sendBack, v.flags}
		}
	}
	v = p.measure(v, s, site)
	v = p.locate(v, s, site, own)
	if t := s.told; t != nil {
		if t.decision != v.decision || t.reason != v.reason {
			v.flags |= conflict
		}
		v.decision, v.reason, v.action = t.decision, t.reason, t.action
	}
	p.move(v, s)
	p.history = append(p.history, s.event(v))
	return v
}

// refuse answers a code that names nobody.
func (o *oracle) refuse(s *scan) verdict {
	v := verdict{decision: deny, reason: s.unreadable, action: sendBack}
	if s.unreadable == "not_our_pass" || s.unreadable == "unknown_person" || s.unreadable == "malformed" {
		v.action = register
	}
	if s.late {
		v.flags |= late
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refusals = append(o.refusals, s.event(v))
	return v
}

// standing is the answer by pass and status alone.
func (o *oracle) standing(p *person, s *scan, site *place) verdict {
	if s.pass != nil {
		switch {
		case s.at < s.pass.notBefore*1000-passLeeway:
			return verdict{deny, "not_yet_valid", register, 0}
		case s.at >= s.pass.expires*1000+passLeeway:
			return verdict{deny, "expired", register, 0}
		case s.pass.generation != p.generation:
			return verdict{deny, "revoked", register, 0}
		}
	}
	return table[p.status][situationOf(s.in, site.residential, p.home == s.site)]
}

// measure applies the temperature. A high one counts for people refused, too.
func (p *person) measure(v verdict, s *scan, site *place) verdict {
	waits := p.first.at != 0 && p.first.site == s.site && s.at >= p.first.at && s.at <= p.first.at+remeasureWindow
	if s.firstReading != "" && s.firstReading != p.first.scan {
		waits = false
	}
	wasHigh, wasLow := waits && p.first.high, waits && !p.first.high
	going := v.decision == pass
	switch t := s.temperature; {
	case t == 0:
		if going && site.measures(s.in) {
			return verdict{incomplete, "temperature_required", measureAgain, v.flags}
		}
	case t >= feverLine && wasHigh:
		p.first = reading{}
		v.flags, v.action = v.flags|temperatureHigh, holdHere
		if going {
			v.decision, v.reason = deny, "fever"
		}
	case t >= feverLine:
		p.first = reading{s.at, s.site, s.name(), true}
		v.flags, v.action = v.flags|temperatureHigh, measureAgain
		if going {
			v.decision, v.reason = remeasure, "remeasure"
		}
	case t < lowLine && wasLow:
		p.first = reading{}
		v.flags |= temperatureLow
	case t < lowLine:
		if !going {
			break
		}
		if !waits {
			p.first = reading{s.at, s.site, s.name(), false}
		}
		return verdict{remeasure, "temperature_low", measureAgain, v.flags}
	case waits:
		if wasHigh {
			v.flags |= remeasured
		}
		p.first = reading{}
	}
	return v
}

// locate compares with where the person was last, unless that is newer.
func (p *person) locate(v verdict, s *scan, site *place, own bool) verdict {
	if v.decision != pass || p.last.at == 0 || s.at < p.last.at {
		return v
	}
	inside := p.last.in && p.last.site == s.site
	if site.passback != "off" && s.in == inside {
		strict := site.passback == "deny"
		switch {
		case s.in && strict && !own:
			return verdict{deny, "already_inside", sendBack, v.flags}
		case s.in:
			v.flags |= alreadyInside
		case strict:
			return verdict{deny, "not_inside", register, v.flags}
		default:
			v.flags |= notInside
		}
	}
	if s.in && p.last.in && s.who == "app" && *s.pass == p.last.pass && p.last.gate != s.gate {
		v.flags |= replayedPass
	}
	return v
}

// move keeps where the person is now. Whoever leaves although the guard only
// has to write them down (an expired pass, say) has left.
func (p *person) move(v verdict, s *scan) {
	if s.at < p.last.at || v.decision != pass && (s.in || v.action != register) {
		return
	}
	entry := p.last.pass
	if s.in {
		entry = validity{}
		if s.who == "app" {
			entry = *s.pass
		}
	}
	p.last = passage{s.at, s.in, s.site, s.gate, entry}
}
