package checkpoint

import (
	"log/slog"
	"testing"
	"time"
)

// oneHeld is a projector with the lease of a partition that owes an event of some time
// ago, and the lags that it tells.
func oneHeld(t *testing.T, s *Store) (p *Projector, group []*followed, lags *[]time.Duration) {
	t.Helper()
	p = s.NewProjector(testClient(t, TuneReader), slog.New(slog.DiscardHandler))
	lags = new([]time.Duration)
	p.Observe = func(step Projection) { *lags = append(*lags, step.Lag) }
	group = []*followed{{part: 3}}
	must(t, p.lead(t.Context(), group))
	if p.Held() != 1 {
		t.Fatal("the lease is not free")
	}
	group[0].owe("9-9", s.now()-60_000)
	return p, group, lags
}

// A gateway whose lease somebody else has taken does not go on telling of what it owed.
func TestALostLeaseIsNoLag(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	p, group, lags := oneHeld(t, s)
	var log syncBuffer
	p.logger, p.settles.told = slog.New(slog.NewTextHandler(&log, nil)), true
	other := s.NewProjector(p.reader, p.logger)
	must(t, s.rdb.HDel(t.Context(), s.keys.partition(3), "lo").Err()) // it ran out
	taken := []*followed{{part: 3}}
	must(t, other.lead(t.Context(), taken))
	group[0].next = time.Time{}
	must(t, p.lead(t.Context(), group))
	if p.Held() != 0 || other.Held() != 1 {
		t.Fatalf("%d and %d partitions are held, want 0 and 1", p.Held(), other.Held())
	}
	must(t, p.advance(group, make([]string, 1), &written{events: 1, oldest: s.now() - 5}, time.Now()))
	if len(*lags) != 1 || (*lags)[0] > time.Second || len(p.owed(group)) != 0 {
		t.Errorf("lags %v are told, and %d partitions are said to owe something", *lags, len(p.owed(group)))
	}
	if p.settle(t.Context(), group); log.count("in the indexes again") != 0 || log.count("leases that this gateway lost") != 1 {
		t.Error("it says that all is indexed, which only the other one can tell")
	}
}

// While nothing can be written nothing is told, from which it is seen that the indexes
// stand still; with the first event that is written what waits is told, too.
func TestWhatWaitsIsToldBesideWhatIsWritten(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	p, group, lags := oneHeld(t, s)
	must(t, p.advance(group, make([]string, 1), &written{}, time.Now()))
	if len(*lags) != 0 {
		t.Errorf("lags %v are told of a step that wrote nothing", *lags)
	}
	must(t, p.advance(group, make([]string, 1), &written{events: 1, oldest: s.now() - 5}, time.Now()))
	if len(*lags) != 2 || (*lags)[1] != time.Minute {
		t.Errorf("lags %v are told beside an event that was written, want those of that and of what waits", *lags)
	}
}
