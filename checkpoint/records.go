package checkpoint

import (
	"context"

	"passgate/checkpoint/trajectory"
)

// records reads what many people did, to tell where they were: each record only
// as far back as it takes. Events with early <= occurred_at < end are read, and
// all from first on where the first of those is an exit at a site that matters:
// then the stay that it ends began before.
type records struct {
	s                 *Store
	d                 *directory
	first, early, end int64 // UTC ms
	matters           func(site uint32) bool
}

// each hands fn the facts of one person after the other. People without any are
// passed over; fn must not keep the facts.
func (r *records) each(ctx context.Context, ids []uint64, fn func(*known, []trajectory.Event)) error {
	if err := r.d.meet(ctx, ids); err != nil {
		return err
	}
	people := make([]*known, 0, len(ids))
	for _, id := range ids {
		if k := r.d.of(id); k != nil {
			people = append(people, k)
		}
	}
	reg := r.s.Registry()
	var again []*known
	err := r.s.eachTrail(ctx, people, func(*known) int64 { return r.early }, r.end, func(k *known, events []ScanEvent) error {
		facts := reg.Facts(events)
		if r.early > r.first && r.beginsInside(facts) {
			again = append(again, k)
		} else {
			fn(k, facts)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.s.eachTrail(ctx, again, func(*known) int64 { return r.first }, r.end, func(k *known, events []ScanEvent) error {
		fn(k, reg.Facts(events))
		return nil
	})
}

// recordsSince is how far back it matters what happened before from, in a
// question that ends at end: 61 days, or as long as events are shown to everybody
// if the question is about no more than that. The minute is for the time that the
// question takes.
func (s *Store) recordsSince(from, end int64) int64 {
	since := max(0, end-maxWindow)
	if shown := s.oldestShown() + 60_000; from >= shown {
		since = max(since, shown)
	}
	return since
}

// beginsInside tells whether the first movement is an exit at a site that
// matters. Of several at one instant any may be the first.
func (r *records) beginsInside(facts []trajectory.Event) bool {
	var at int64
	for _, f := range facts {
		if f.Direction == trajectory.In && !f.Accepted {
			continue
		}
		if at != 0 && f.At != at {
			return false
		}
		at = f.At
		if f.Direction == trajectory.Out && r.matters(f.Site) {
			return true
		}
	}
	return false
}
