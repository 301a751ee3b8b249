package checkpoint

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"passgate/checkpoint/redisd"
)

// recording is how often each event is held, by all that the gate index keeps
// of it: two that differ in anything are two events.
type recording map[ScanEvent]int

func (r recording) add(e *ScanEvent) error {
	kept := *e
	kept.Digest = [4]byte{} // not in the gate index
	r[kept]++
	return nil
}

func (r recording) total() (n int) {
	for _, times := range r {
		n += times
	}
	return n
}

// trailsOf collects the trails; a person who is gone has an empty one.
func trailsOf(t *testing.T, s *Store, ids []uint64, from, to int64) recording {
	t.Helper()
	r := recording{}
	for _, id := range ids {
		if err := s.Trail(t.Context(), id, from, to, r.add); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
	return r
}

// fireAccount compares what devices were told with what is held.
type fireAccount struct {
	lost    int // acknowledged, but not held with this answer
	twice   int // held more than once, acknowledged or not
	unasked int // held, but never acknowledged: at most the last scan of each device
}

func account(all []acknowledged, held recording) (a fireAccount) {
	byScan := map[acknowledged]int{}
	hashes := map[[8]byte]int{}
	for e, n := range held {
		byScan[acknowledged{e.Person, e.Hash, e.Outcome}] += n
		hashes[e.Hash] += n
	}
	for _, n := range hashes {
		if n > 1 {
			a.twice++
		}
	}
	for _, ack := range all {
		if byScan[ack] == 0 {
			a.lost++
		}
		delete(hashes, ack.hash)
	}
	a.unasked = len(hashes)
	return a
}

func TestKilledRedisKeepsTrailsAndGateWindowTheSame(t *testing.T) {
	t.Parallel()
	s, clock, srv := storeOnOwnRedis(t, redisd.Options{Persist: true, Fsync: "always"})
	var rows []NewResident
	for i := range 100 {
		rows = append(rows, resident(i, "v-01"))
	}
	ids := mustEnrol(t, s, rows...)

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var projected atomic.Int64
	p := s.NewProjector(clientOf(t, []string{srv.Socket()}, TuneReader), slog.New(slog.DiscardHandler))
	p.Observe = func(step Projection) { projected.Add(int64(step.Events)) }
	go func() { defer close(done); p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })

	base := clock.Now().UnixMilli()
	end := base + 100_000
	all := scanUnderFire(t, s, ids, base, func(scans *atomic.Int64) {
		eventually(t, "the projector is at work", func() bool { return projected.Load() > 0 })
		killThrice(t, srv)(scans)
	})

	trails := trailsOf(t, s, ids, base, end)
	a := account(all, trails)
	t.Logf("%d scans acknowledged over three kills, %d held: %+v", len(all), trails.total(), a)
	if a.lost != 0 || a.twice != 0 || a.unasked > 16 {
		t.Errorf("trails: %+v", a)
	}
	window := recording{}
	read := func() bool {
		window = recording{}
		must(t, s.Events(t.Context(), Window{Gate: "v-01-g1", From: base, To: end}, window.add))
		return window.total() >= trails.total()
	}
	eventually(t, "every event in the gate's window", read)
	time.Sleep(2 * projectEvery) // a step done over would show now
	read()
	for e, n := range trails {
		if window[e] != n {
			t.Errorf("the gate's window holds %d times what the trail holds %d times: %+v", window[e], n, e)
		}
		delete(window, e)
	}
	if len(window) > 0 {
		t.Errorf("%d events in the gate's window alone", len(window))
	}
}

// The control: the same load and the same kills, but nothing is written to a
// file, and the same account has to show it.
func TestKilledRedisWithoutAFileFailsTheSameAccount(t *testing.T) {
	t.Parallel()
	s, clock, srv := storeOnOwnRedis(t, redisd.Options{Persist: false})
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	base := clock.Now().UnixMilli()
	all := scanUnderFire(t, s, ids, base, killThrice(t, srv))
	passed := 0
	for _, ack := range all {
		if ack.Decision == Pass {
			passed++
		}
	}
	a := account(all, trailsOf(t, s, ids, base, base+100_000))
	t.Logf("%d scans acknowledged, %d let through: %+v", len(all), passed, a)
	if passed == 0 || a.lost < passed {
		t.Errorf("of %d people let through the account misses only %d", passed, a.lost)
	}
}
