package checkpoint

import (
	"context"
	"errors"
	"testing"
	"time"
)

// fillGate writes n events, a millisecond apart, into a day of a gate's index.
func fillGate(t testing.TB, s *Store, gate string, n int) (from int64) {
	t.Helper()
	g, _ := s.Registry().Gate(gate)
	from = dayOf(testStart.UnixMilli()) * 86_400_000
	set := Set{SetID: SetID{Family: GateSets, ID: uint64(g.Num), Day: dayOf(from)}}
	for i := range n {
		e := ScanEvent{Person: uint64(i), OccurredAt: from + int64(i), RecordedAt: from + int64(i), Direction: In, Gate: g.Num}
		set.Entries = append(set.Entries, SetEntry{At: e.OccurredAt, Member: e.gateMember()})
	}
	must(t, s.ReplaceSets(t.Context(), []Set{set}))
	return from
}

// What is read ahead comes in order and whole, and never looks whole when it is
// not.
func TestWindowOfManyChunks(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	const n = 3*chunksPerRead*120 + 7
	from := fillGate(t, s, "mall-01-g1", n)
	w := Window{Gate: "mall-01-g1", From: from, To: from + dayMillis}
	next := uint64(0)
	must(t, s.Events(t.Context(), w, func(e *ScanEvent) error {
		if e.Person != next {
			t.Fatalf("event %d is that of person %d", next, e.Person)
		}
		next++
		return nil
	}))
	if next != n {
		t.Errorf("%d events, want %d", next, n)
	}
	for _, stop := range []int{1, chunksPerRead*120 - 1, 2 * chunksPerRead * 120, n - 1} {
		enough, seen := errors.New("enough"), 0
		err := s.Events(t.Context(), w, func(*ScanEvent) error {
			if seen++; seen == stop {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || seen != stop {
			t.Errorf("stopped at %d: %d events, %v", stop, seen, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		seen = 0
		err = s.Events(ctx, w, func(*ScanEvent) error {
			if seen++; seen == stop {
				cancel()
				time.Sleep(5 * time.Millisecond)
			}
			return nil
		})
		if cancel(); stop < n/3 && (err == nil || seen == n) {
			t.Errorf("ended at %d: %d events, %v", stop, seen, err)
		}
	}
}
