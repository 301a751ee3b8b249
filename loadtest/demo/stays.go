package demo

import "fmt"

// longestStay ends a stay at a place where nobody lives when its exit is
// missing; people may stay at home for as long as they like.
const longestStay = 24 * 60 * minute

// stay is a presence at one site, UTC ms.
type stay struct {
	site, entry, exit int // exit and entry are gates, -1 if not seen
	from, to          int64
	open, inferred    bool
	reentry, conflict bool

	elsewhere, refused bool // ended by what was seen elsewhere; by an exit that was refused
}

// stays says where somebody was, by the rules that tracing goes by: accepted
// entries begin a stay; any exit ends it, even one that the guard was advised
// against, until the next exit there; what is missing is concluded, the latest
// end that is possible.
func (o *oracle) stays(p *person, asOf int64) []stay {
	b := stayBook{o: o}
	events := p.counting()
	for len(events) > 0 && events[len(events)-1].at > asOf {
		events = events[:len(events)-1]
	}
	for i, e := range events {
		gate, disputed := o.gateOf(e), e.flags&conflict != 0 || o.outOfOrder(events, i)
		switch {
		case e.in && e.decision == pass:
			b.enter(gate, e.at, disputed)
		case !e.in:
			b.leave(gate, e, disputed)
		}
	}
	if b.now == nil {
		return b.done
	}
	if end := b.latest(b.now, asOf); end < asOf || b.longest(b.now) == asOf {
		b.end(end, -1)
		return b.done
	}
	b.now.to, b.now.open = asOf, true
	return append(b.done, *b.now)
}

// outOfOrder tells that an event's place among the others is in doubt: another
// one at another place or the other way at the same instant, or two that a
// device kept and sent in the other order.
func (o *oracle) outOfOrder(events []event, i int) bool {
	e := events[i]
	for _, other := range events {
		moves := (!other.in || other.decision == pass) && (!e.in || e.decision == pass)
		if moves && other.at == e.at && (other.in != e.in || o.gates[o.gateOf(other)].site != o.gates[o.gateOf(e)].site) {
			return true
		}
		if other.flags&e.flags&late != 0 && other.device == e.device &&
			(other.at < e.at && other.recorded > e.recorded || other.at > e.at && other.recorded < e.recorded) {
			return true
		}
	}
	return false
}

// stayBook is what is known while a person's events are gone through.
type stayBook struct {
	o    *oracle
	done []stay
	now  *stay // where the person is, if anywhere
}

// longest is when the longest stay is over, far off where people live.
func (b *stayBook) longest(s *stay) int64 {
	if b.o.sites[s.site].residential {
		return 1 << 62
	}
	return s.from + longestStay
}

// latest is the end of a stay if nothing tells of one before at.
func (b *stayBook) latest(s *stay, at int64) int64 { return min(at, b.longest(s)) }

func (b *stayBook) end(at int64, exit int) {
	b.now.to, b.now.exit, b.now.inferred = at, exit, exit < 0
	b.done, b.now = append(b.done, *b.now), nil
}

func (b *stayBook) enter(gate int, at int64, disputed bool) {
	site, again := b.o.gates[gate].site, false
	if b.now != nil {
		end := b.latest(b.now, at)
		again = b.now.site == site && end == at
		b.now.elsewhere = b.now.site != site && end == at
		b.end(end, -1)
	} else if n := len(b.done); n > 0 {
		b.done[n-1].refused = false // they did leave
	}
	b.now = &stay{site: site, entry: gate, exit: -1, from: at, reentry: again, conflict: disputed}
}

func (b *stayBook) leave(gate int, e event, disputed bool) {
	site, n := b.o.gates[gate].site, len(b.done)
	refused := e.decision != pass
	if b.now != nil && b.now.site == site {
		b.now.conflict, b.now.refused = b.now.conflict || disputed, refused
		b.end(e.at, gate)
		return
	}
	if b.now == nil && n > 0 && b.done[n-1].refused && b.done[n-1].site == site && e.at <= b.longest(&b.done[n-1]) {
		last := &b.done[n-1]
		last.to, last.exit, last.refused, last.conflict = e.at, gate, refused, last.conflict || disputed
		return
	}
	half := b.now == nil && n > 0 && b.done[n-1].entry < 0
	if b.now != nil {
		end := b.latest(b.now, e.at)
		half, b.now.elsewhere = end == e.at, end == e.at
		b.end(end, -1)
	}
	b.done = append(b.done, stay{
		site: site, entry: -1, exit: gate, from: e.at, to: e.at, inferred: true, conflict: disputed, refused: refused,
	})
	if n = len(b.done); half && n >= 3 && b.done[n-3].site == site && b.done[n-3].elsewhere && e.at <= b.longest(&b.done[n-3]) {
		for k := n - 3; k < n; k++ { // what was seen here crosses what was seen there
			b.done[k].conflict = true
		}
	}
}

// gateOf is where an event was.
func (o *oracle) gateOf(e event) int { return o.deviceGate[e.device] }

// wireStay is a stay as the server tells it.
type wireStay struct {
	Site      string  `json:"site"`
	SiteName  string  `json:"site_name"`
	EntryGate string  `json:"entry_gate"`
	ExitGate  string  `json:"exit_gate"`
	From      string  `json:"from"`
	To        *string `json:"to"`
	Open      bool    `json:"open"`
	Inferred  bool    `json:"inferred"`
	Reentry   bool    `json:"reentry"`
	Conflict  bool    `json:"conflict"`
	Minutes   int64   `json:"minutes"`
}

func (w wireStay) String() string {
	to := "now"
	if w.To != nil {
		to = *w.To
	}
	marks := ""
	for _, m := range []struct {
		set  bool
		word string
	}{{w.Open, " open"}, {w.Inferred, " inferred"}, {w.Reentry, " reentry"}, {w.Conflict, " conflict"}} {
		if m.set {
			marks += m.word
		}
	}
	return fmt.Sprintf("%s %q>%q %s-%s %d min%s", w.Site, w.EntryGate, w.ExitGate, w.From, to, w.Minutes, marks)
}

// wire puts the oracle's stay as the server has to.
func (o *oracle) wire(s stay) wireStay {
	w := wireStay{
		Site: o.sites[s.site].code, From: wireTime(s.from), Open: s.open, Inferred: s.inferred,
		Reentry: s.reentry, Conflict: s.conflict, Minutes: (s.to - s.from) / minute,
	}
	if s.entry >= 0 {
		w.EntryGate = o.gates[s.entry].code
	}
	if s.exit >= 0 {
		w.ExitGate = o.gates[s.exit].code
	}
	if to := wireTime(s.to); !s.open {
		w.To = &to
	}
	return w
}
