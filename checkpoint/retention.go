package checkpoint

import (
	"context"
	"maps"
	"slices"
	"time"
)

// # Retention
//
// An event is shown until exactly Config.Retention after it occurred. What it
// left behind is taken away by whole UTC days: a day goes when it is over for as
// long as retention, so an event is kept for 28 to 29 days by default. Until
// then it can still be the answer to its own repeat; nothing else sees it.
//
// Of whoever is part of the evidence of an open case, or of an open fever case,
// and until CaseHold after it was closed, events stay and are shown. They go at
// the next sweep.
//
// The Sweeper takes away, wherever it finds it: members of trails, of the
// indexes of gates and plates, of refusals and alerts; entries of the logs; the
// archive of the day with its key; what other offices are told beside scans; the last passage and the waiting reading of
// whoever has not passed since; outings, shifts, permits, closed fever cases and
// revocations that nothing needs any more; phones that nobody uses; lists of who has
// read somebody, as far as the audit was cut off; decisions about a status that another
// one followed, answered contests, readings of diaries and requests (care.lua); who was asked about under a case that
// holds no evidence any more, and whom that case was about; walk-ins and visitors
// of whom nothing is left, with their identity; of a walk-in who is known as a
// resident, all but that. A resident stays for as long as they live here.
//
// What is recorded late has to lie within retention, too, so nothing comes into
// a day that was swept but for clocks that differ: that goes with the next sweep.

// sweepMargin is how much later than its time a day goes, so that a scan which a
// gateway with a slow clock still accepts does not come behind the sweep.
const sweepMargin = 5 * time.Minute

// Retention is how long events are shown after they occurred.
func (s *Store) Retention() time.Duration { return s.retention }

// oldestShown is the time (UTC ms) from which on events are shown.
func (s *Store) oldestShown() int64 { return s.now() - s.retention.Milliseconds() }

// oldestKept is the beginning (UTC ms) of the oldest day that is kept.
func (s *Store) oldestKept() int64 {
	return max(0, dayOf(s.oldestShown()-sweepMargin.Milliseconds())) * dayMillis
}

// horizon is how far back one question sees.
type horizon struct {
	since int64           // UTC ms
	held  map[uint64]bool // whose older events are shown, too
}

// horizonOf is that of a question about what occurred from then on. Only one
// that reaches back beyond retention costs anything.
func (s *Store) horizonOf(ctx context.Context, from int64) (h horizon, err error) {
	if h.since = s.oldestShown(); from < h.since {
		h.held, err = s.evidence(ctx)
	}
	return h, err
}

// clip is the time from which on a question has to be looked up.
func (h *horizon) clip(from int64) int64 {
	if len(h.held) > 0 {
		return from
	}
	return max(from, h.since)
}

func (h *horizon) shows(e *ScanEvent) bool { return e.OccurredAt >= h.since || h.held[e.Person] }

// only hands to fn what is within the horizon.
func (h *horizon) only(fn func(*ScanEvent) error) func(*ScanEvent) error {
	return func(e *ScanEvent) error {
		if !h.shows(e) {
			return nil
		}
		return fn(e)
	}
}

// evidence are all IDs under which events of held people are recorded: with a
// resident the walk-ins that they turned out to be, with a walk-in the resident.
func (s *Store) evidence(ctx context.Context) (map[uint64]bool, error) {
	held, err := s.Held(ctx)
	if err != nil || len(held) == 0 {
		return held, err
	}
	d, all := newDirectory(s), maps.Clone(held)
	if err := d.meet(ctx, slices.Collect(maps.Keys(held))); err != nil {
		return nil, err
	}
	for id := range held {
		if k := d.of(id); k != nil {
			for _, other := range k.ids {
				all[other] = true
			}
		}
	}
	return all, nil
}
