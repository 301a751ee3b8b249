package demo

import "sync"

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
	own := p.home == s.site
	v := o.standing(p, s, site)
	if s.late {
		v.flags |= late
	}
	if s.who == "walk_in" {
		v.flags |= walkIn
	}
	v, used := p.visit(v, s, site)
	v = p.ill(v, s, own)
	if s.in && v.decision == pass && site.closed {
		if own {
			v.flags |= outsideHours
		} else {
			v = verdict{deny, "site_closed", sendBack, v.flags}
		}
	}
	v, counts := p.goOut(v, s, site)
	if site.disinfection && s.in && s.plate != "" && !s.disinfected && v.decision == pass {
		v = verdict{incomplete, "disinfection_required", disinfect, v.flags}
	}
	v = p.measure(v, s, site)
	v = p.locate(v, s, site, own)
	v = s.above(v)
	return p.record(v, s, used, counts)
}

// above is what stands above the rules: an emergency passes, and what a phone
// told on its own stays.
func (s *scan) above(v verdict) verdict {
	if s.override != "" {
		v.flags |= overridden
		if v.decision != pass {
			v.decision, v.action = pass, admit
		}
	}
	if t := s.told; t != nil {
		if t.decision != v.decision || t.reason != v.reason && s.override == "" {
			v.flags |= conflict
		}
		v.decision, v.reason, v.action = t.decision, t.reason, t.action
	}
	return v
}

// record keeps the event and what follows from it: the permit used, the outing
// that counts, where the person is.
func (p *person) record(v verdict, s *scan, used *permit, counts bool) verdict {
	e := s.event(v)
	if used != nil && v.decision == pass {
		used.used++
		e.permit = used
	}
	if counts && v.decision == pass {
		p.household.outings = append(p.household.outings, outing{s.at, s.name()})
	}
	p.move(v, s)
	p.history = append(p.history, e)
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
	v = s.above(v)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refusals = append(o.refusals, s.event(v))
	return v
}

// standing is the answer by pass and status alone. A pass that is no good does
// not hide that somebody has to stay at home.
func (o *oracle) standing(p *person, s *scan, site *place) verdict {
	v := table[p.status][situationOf(s.in, site.residential, p.home == s.site)]
	void := p.void(s)
	switch {
	case void == "":
		return v
	case v.reason != "status_red" && v.reason != "quarantine":
		return verdict{deny, void, register, 0}
	case v.decision == pass:
		return verdict{deny, void, register, v.flags}
	}
	return v
}

// void says why the pass that is shown is no good, "" if it is or none is shown.
func (p *person) void(s *scan) string {
	switch {
	case s.pass == nil:
	case s.at < s.pass.notBefore*1000-passLeeway:
		return "not_yet_valid"
	case s.at >= s.pass.expires*1000+passLeeway:
		return "expired"
	case s.pass.generation != p.generation:
		return "revoked"
	}
	return ""
}

// ill applies an open fever case: its person is seen home and stays there.
func (p *person) ill(v verdict, s *scan, own bool) verdict {
	if p.fever == nil {
		return v
	}
	v.flags |= feverCase
	switch {
	case v.decision != pass:
	case s.in == own:
		v.action = escort
	default:
		v.decision, v.reason, v.action = deny, "fever", holdHere
	}
	return v
}

// measure applies the temperature. A high one counts for people refused, too.
func (p *person) measure(v verdict, s *scan, site *place) verdict {
	newest := s.at >= p.first.at
	waits := p.first.at != 0 && p.first.site == s.site && newest && s.at <= p.first.at+remeasureWindow
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
	case t >= feverLine:
		return p.high(v, s, wasHigh, newest)
	case t < lowLine && wasLow:
		p.first = reading{}
		v.flags |= temperatureLow
	case t < lowLine:
		if !going {
			break
		}
		if !waits && newest {
			p.first = s.reading()
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

// high is a first high reading, or a second one: a fever.
func (p *person) high(v verdict, s *scan, again, newest bool) verdict {
	decision, reason := remeasure, "remeasure"
	v.flags, v.action = v.flags|temperatureHigh, measureAgain
	switch {
	case again:
		if p.fever == nil {
			p.fever = &fever{first: p.first, second: s.reading(), gate: s.gate}
		}
		p.first = reading{}
		decision, reason, v.action = deny, "fever", holdHere
	case newest:
		p.first = s.reading()
	}
	if v.decision == pass {
		v.decision, v.reason = decision, reason
	}
	return v
}

// locate compares with where the person was last, unless that is newer.
func (p *person) locate(v verdict, s *scan, site *place, own bool) verdict {
	if v.decision != pass || p.last.at == 0 || s.at < p.last.at {
		return v
	}
	inside := p.last.in && p.last.site == s.site
	// Who left although refused and shows a good pass a moment later left once.
	again := !s.in && p.last.refused && p.last.gate == s.gate && s.at <= p.last.at+remeasureWindow
	if site.passback != "off" && s.in == inside && !again {
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
	p.last = passage{s.at, s.in, v.decision != pass, s.site, s.gate, entry}
}
