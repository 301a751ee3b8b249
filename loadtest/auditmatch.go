package loadtest

import (
	"cmp"
	"fmt"
	"slices"
)

// spot is what a record says of a scan's identity. The ID is not shown: scans
// that share a spot are told apart by their number only.
type spot struct {
	device uint32
	in     bool
	person uint64
	at     int64
}

func (e *entry) spot() spot { return spot{e.device, e.in, e.person, e.at} }

// verdict is a decision with its reason, in words.
type verdict struct{ decision, reason byte }

// group is what was sent at a spot, and what is on record there.
type group struct {
	sent []*entry // acknowledged ones first
	rows []verdict
}

// identities joins the sendings of one identity into one entry: acknowledged if
// any was, with the fault of answers that differ.
func identities(entries []entry) []entry {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id), -cmp.Compare(a.outcome, b.outcome))
	})
	joined := entries[:0]
	for _, e := range entries {
		if n := len(joined); n > 0 && joined[n-1].device == e.device && joined[n-1].at == e.at && joined[n-1].id == e.id {
			first := &joined[n-1]
			if e.outcome == acknowledged && (first.decision != e.decision || first.reason != e.reason || first.person != e.person) {
				first.faults |= faultChanged
			}
			continue
		}
		joined = append(joined, e)
	}
	return joined
}

// groups gathers entries by spot.
func groups(entries []entry) map[spot]*group {
	all := make(map[spot]*group, len(entries))
	for i := range entries {
		e := &entries[i]
		g := all[e.spot()]
		if g == nil {
			g = &group{}
			all[e.spot()] = g
		}
		g.sent = append(g.sent, e)
	}
	for _, g := range all {
		slices.SortStableFunc(g.sent, func(a, b *entry) int { return -cmp.Compare(a.outcome, b.outcome) })
	}
	return all
}

// acknowledged is how many were.
func (g *group) acknowledged() (n int) {
	for _, e := range g.sent {
		if e.outcome == acknowledged {
			n++
		}
	}
	return n
}

// missing is how many acknowledged scans have no record.
func (g *group) missing() int { return max(0, g.acknowledged()-len(g.rows)) }

const whyLost = "it was acknowledged and is not on record"

// judge shares the records out among the entries, each to one with its answer as
// far as there is one, and says how often each is on record. wrong is told what
// is wrong with an acknowledged scan, or with one on record too often.
func (g *group) judge(words []string, wrong func(*entry, fault, string)) (times []byte) {
	times = make([]byte, len(g.sent))
	left := slices.Clone(g.rows)
	take := func(i int, fits func(verdict) bool) bool {
		at := slices.IndexFunc(left, fits)
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
			times[i]++
		}
		return at >= 0
	}
	anything := func(verdict) bool { return true }
	for i, e := range g.sent {
		if e.outcome == acknowledged {
			take(i, func(v verdict) bool { return v == verdict{e.decision, e.reason} })
		}
	}
	for i, e := range g.sent {
		switch {
		case times[i] > 0:
		case e.outcome != acknowledged:
			take(i, anything)
		case len(left) == 0:
			wrong(e, faultLost, whyLost)
		default:
			v := left[0]
			take(i, anything)
			wrong(e, faultChanged, fmt.Sprintf("it was answered %s %s and is on record as %s %s",
				words[e.decision], words[e.reason], words[v.decision], words[v.reason]))
		}
	}
	if len(left) > 0 {
		last := len(g.sent) - 1
		times[last] += byte(min(len(left), 100)) // #nosec G115 -- small
		wrong(g.sent[last], faultDoubled, fmt.Sprintf("%d records too many", len(left)))
	}
	return times
}
