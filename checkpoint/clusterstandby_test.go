package checkpoint

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/journal"
	"passgate/checkpoint/redisd"
)

// A gateway on a cluster whose master is killed under load, its replica behind:
// gates are answered throughout, by the copy as far as they have to be, and when
// the replica has taken over, everything that was answered is on record once, with
// the answer that was given. Without a window the same account sees what is lost.
func TestGatesAreAnsweredWhileAMasterIsReplaced(t *testing.T) {
	t.Parallel()
	c := clusterOf(t)
	o := redis.UniversalOptions{Addrs: c.Addrs()}
	rate := 150
	if os.Getenv("PASSGATE_LONG") != "" {
		rate = 500
	}
	for turn, window := range []time.Duration{time.Minute, 0} {
		r := newReplacement(t, c, o, turn, window)
		r.play(t, rate)
		lost, twice := r.g.missing(t)
		st := r.b.Stats()
		t.Logf("window %s: %d answered at %d/s, %d of them by the copy, %d sent again, lost %d, twice %d; %s; normal %s after the kill",
			window, len(r.g.all), rate, st.Degraded, st.Resent, lost, twice, r.g.waits(), r.normal.Round(100*time.Millisecond))
		switch {
		case twice != 0:
			t.Errorf("%d scans are on record twice", twice)
		case window == 0 && lost == 0:
			t.Error("without a window nothing is lost: the account sees nothing")
		case window != 0 && lost != 0:
			t.Errorf("%d answered scans are lost", lost)
		case window != 0 && st.Degraded == 0:
			t.Error("no scan was answered by the copy")
		}
		for p, gap := range r.g.gap {
			if window != 0 && gap > 5*time.Second {
				t.Errorf("partition %d: a gate waited for %s", p, gap)
			}
		}
		if window != 0 {
			r.g.sameWindow(t)
		}
		r.stop()
	}
}

// replacement is a gateway at work while a master is replaced.
type replacement struct {
	c      *redisd.Cluster
	g      *gates
	b      *Standby
	slot   int
	normal time.Duration // from the kill until Redis answers for all and nothing is owed
	stop   func()
}

func newReplacement(t *testing.T, c *redisd.Cluster, o redis.UniversalOptions, turn int, window time.Duration) *replacement {
	t.Helper()
	base := testStart.UnixMilli() + int64(turn)*20_000_000
	clock := &testClock{}
	clock.ms.Store(base)
	s := storeOn(t, o, clock)
	if turn == 0 {
		must(t, s.Change(t.Context(), smallTown))
	}
	r := &replacement{c: c, g: newGates(t, s, 300, base)}
	j, err := journal.Open(journal.Options{Dir: t.TempDir(), Key: bytes.Repeat([]byte{3}, 32), Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	r.b, err = s.NewStandby(t.Context(), StandbyConfig{Journal: j, Window: window, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	r.g.ask = r.b.Scan
	gate, _ := s.Registry().Gate("v-01-g1")
	r.slot = int(slotOf(fmt.Sprintf("g%d", gate.Num)))
	backgroundOf(t, s, o, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { r.b.Run(ctx) })
	r.stop = sync.OnceFunc(func() { cancel(); work.Wait(); must(t, j.Close()) })
	t.Cleanup(r.stop)
	return r
}

// play runs the gates, kills the master of the slot when its replica has heard
// nothing for a while, and waits until all is settled.
func (r *replacement) play(t *testing.T, rate int) {
	t.Helper()
	stop := r.g.scanAt(t, rate)
	time.Sleep(2 * time.Second)
	var m *redisd.Server
	eventually(t, "the slot has a master", func() bool {
		m = r.c.MasterOf(t.Context(), r.slot)
		return m != nil
	})
	r.c.Part(r.c.ReplicaOf(t.Context(), m), false)
	time.Sleep(outOfStep)
	must(t, m.Kill())
	killed := time.Now()
	r.c.Heal()
	eventually(t, "Redis answers for everything again", func() bool {
		st := r.b.Stats()
		now := r.c.MasterOf(t.Context(), r.slot)
		return now != nil && now != m && st.Down == 0 && st.Owed == 0
	})
	r.normal = time.Since(killed)
	time.Sleep(4 * time.Second) // online again, and the watch has told
	stop()
	must(t, m.Restart(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, r.c.Settled(ctx))
	time.Sleep(time.Second)
	if r.b.watch != nil {
		eventually(t, "what the master forgot is sent again", func() bool { lost, _ := r.g.missing(t); return lost == 0 })
	}
	eventually(t, "nothing is owed", func() bool { return r.b.Stats().Owed == 0 })
}
