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
}

// stays says where somebody was, by the rules that tracing goes by: accepted
// entries begin a stay; any exit ends it, even one that the guard was advised
// against; what is missing is concluded, the latest end that is possible.
func (o *oracle) stays(p *person, asOf int64) []stay {
	events := p.counting()
	var done []stay
	var now *stay // where the person is, if anywhere
	leave := func(at int64, exit int) {
		now.to, now.exit, now.inferred = at, exit, exit < 0
		done, now = append(done, *now), nil
	}
	// latest is the end of the running stay if nothing tells of one before at.
	latest := func(at int64) int64 {
		if o.sites[now.site].residential {
			return at
		}
		return min(at, now.from+longestStay)
	}
	for _, e := range events {
		gate := o.gateOf(e)
		site, disputed := o.gates[gate].site, e.flags&conflict != 0
		switch {
		case e.at > asOf:
		case e.in && e.decision == pass:
			again := false
			if now != nil {
				end := latest(e.at)
				again = now.site == site && end == e.at
				leave(end, -1)
			}
			now = &stay{site: site, entry: gate, exit: -1, from: e.at, reentry: again, conflict: disputed}
		case e.in:
		case now != nil && now.site == site:
			now.conflict = now.conflict || disputed
			leave(e.at, gate)
		default:
			if now != nil {
				leave(latest(e.at), -1)
			}
			done = append(done, stay{
				site: site, entry: -1, exit: gate, from: e.at, to: e.at, inferred: true, conflict: disputed,
			})
		}
	}
	if now == nil {
		return done
	}
	if end := latest(asOf); end < asOf || !o.sites[now.site].residential && end == now.from+longestStay {
		leave(end, -1)
		return done
	}
	now.to, now.open = asOf, true
	return append(done, *now)
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
