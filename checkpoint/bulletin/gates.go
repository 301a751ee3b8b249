package bulletin

import (
	"context"
	"slices"

	"passgate/checkpoint"
)

// gatesOf lists the gates in a tally, open or not, with the place of their nodes by
// their numbers.
func (t *tally) gatesOf(reg *checkpoint.Registry) (gates []*checkpoint.Gate, at map[uint32]int) {
	at = map[uint32]int{}
	for _, gate := range reg.Gates() {
		node := ""
		if site, ok := reg.Site(gate.Site); ok {
			node = site.Grid
		}
		if place, ok := t.at(reg, node); ok {
			gates, at[gate.Num] = append(gates, gate), place
		}
	}
	return gates, at
}

// countGates counts what passed the gates: one walk through their indexes of the day.
func (b *Book) countGates(ctx context.Context, t *tally) error {
	reg := b.store.Registry()
	gates, at := t.gatesOf(reg)
	p, seen := newPassed(), map[uint32]bool{}
	err := b.store.EventsAt(ctx, gates, t.From, t.To, func(e *checkpoint.ScanEvent) error {
		place, went := at[e.Gate], e.Moved()
		t.own[place].count(scanLines, e, went)
		if e.Person != 0 && went {
			p.add(e.Person, place)
		}
		seen[e.Gate] = true
		return nil
	})
	if err != nil {
		return err
	}
	p.count(t)
	for _, gate := range gates {
		if gate.Open && !seen[gate.Num] {
			for _, line := range bySource[fromSilentGates.name] {
				t.own[at[gate.Num]][line]++
			}
		}
	}
	return nil
}

// count counts a scan for some lines, and for the parts of those that it counts for.
func (n Numbers) count(some []scanLine, e *checkpoint.ScanEvent, went bool) {
	for i := range some {
		if l := &some[i]; l.is(e, went) {
			n[l.place]++
			n.count(l.parts, e, went)
		}
	}
}

// passed notes who passed gates of which nodes.
type passed struct {
	number map[uint64]uint64 // of each person
	pairs  []uint64          // number of a person, and place of a node in the lowest 20 bits
	last   uint64
}

func newPassed() *passed { return &passed{number: map[uint64]uint64{}} }

func (p *passed) add(person uint64, place int) {
	number, met := p.number[person]
	if !met {
		number = uint64(len(p.number)) + 1
		p.number[person] = number
	}
	if pair := number<<20 | uint64(place); pair != p.last { //nolint:gosec // the grid has fewer nodes than that
		p.pairs, p.last = append(p.pairs, pair), pair
	}
}

// count counts each person once at each node below which they passed.
func (p *passed) count(t *tally) {
	slices.Sort(p.pairs)
	line, by := places["people"], make([]uint64, len(t.nodes)) // who was counted last
	for _, pair := range slices.Compact(p.pairs) {
		person := pair >> 20
		t.up(int(pair&0xfffff), func(place int) bool {
			if by[place] == person {
				return false
			}
			by[place] = person
			t.whole[place][line]++
			return true
		})
	}
}

// silentGates are the open gates without a scan on the day, or a refusal.
func (b *Book) silentGates(ctx context.Context, node string, d *span, fn func(*record)) error {
	reg := b.store.Registry()
	gates, _ := newTally(reg, b.root(), node, *d).gatesOf(reg)
	seen := map[uint32]bool{}
	err := b.store.EventsAt(ctx, gates, d.From, d.To, func(e *checkpoint.ScanEvent) error {
		seen[e.Gate] = true
		return nil
	})
	for _, gate := range gates {
		if site, ok := reg.Site(gate.Site); ok && err == nil && gate.Open && !seen[gate.Num] {
			fn(&record{Node: site.Grid, Opened: d.From, State: "silent", Ref: "gate/" + gate.Code, Gate: gate.Code})
		}
	}
	return err
}
