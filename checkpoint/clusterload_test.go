package checkpoint

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// misfortune is something that happens to a cluster under load. It returns when
// it is over and the cluster is whole again.
type misfortune struct {
	name  string
	loses bool // writes that were answered are gone: the control has to see it
	hurt  func(t *testing.T, c *redisd.Cluster, slot int)
}

var misfortunes = []misfortune{
	{"a master is killed whose replica was behind", true, func(t *testing.T, c *redisd.Cluster, slot int) {
		master := c.MasterOf(t.Context(), slot)
		replica := c.ReplicaOf(t.Context(), master)
		c.Part(replica, false)
		time.Sleep(600 * time.Millisecond) // less than it takes to hold it for dead
		must(t, master.Kill())
		c.Heal()
		awaitHeir(t, c, slot, master)
		time.Sleep(time.Second)
		must(t, master.Restart(t.Context()))
	}},
	{"a master is parted from the others and not from the gates", true, func(t *testing.T, c *redisd.Cluster, slot int) {
		master := c.MasterOf(t.Context(), slot)
		c.Part(master, false)
		awaitHeir(t, c, slot, master)
		time.Sleep(time.Second)
		c.Heal()
	}},
	{"a master is parted from everybody", false, func(t *testing.T, c *redisd.Cluster, slot int) {
		master := c.MasterOf(t.Context(), slot)
		c.Part(master, true)
		awaitHeir(t, c, slot, master)
		time.Sleep(time.Second)
		c.Heal()
	}},
	{"a replica is promoted", false, func(t *testing.T, c *redisd.Cluster, slot int) {
		master := c.MasterOf(t.Context(), slot)
		must(t, c.Promote(t.Context(), c.ReplicaOf(t.Context(), master), ""))
		awaitHeir(t, c, slot, master)
	}},
	{"a slot is moved", false, func(t *testing.T, c *redisd.Cluster, slot int) {
		other := c.MasterOf(t.Context(), (slot+6000)%16384)
		finish, err := c.BeginMove(t.Context(), slot, other)
		must(t, err)
		time.Sleep(500 * time.Millisecond)
		must(t, finish(t.Context()))
	}},
	{"a master is paused", false, func(t *testing.T, c *redisd.Cluster, slot int) {
		master := c.MasterOf(t.Context(), slot)
		must(t, master.Pause())
		awaitHeir(t, c, slot, master)
		must(t, master.Resume())
	}},
}

func awaitHeir(t *testing.T, c *redisd.Cluster, slot int, old *redisd.Server) {
	t.Helper()
	eventually(t, "the slot has another master", func() bool {
		now := c.MasterOf(t.Context(), slot)
		return now != nil && now != old
	})
}

// Under a steady load everything happens to one master in turn. Whatever was
// answered is on record once at the end, in the trail and in the gate's window;
// before the watch has sent again what a master forgot, the same account sees
// that it is gone.
func TestNothingAnsweredIsLostWhateverHappensToACluster(t *testing.T) {
	t.Parallel()
	rate, turns := 150, misfortunes[:2]
	if os.Getenv("PASSGATE_LONG") != "" {
		rate, turns = 500, misfortunes
	}
	c := clusterOf(t, true)
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	o := redis.UniversalOptions{Addrs: c.Addrs()}
	s := storeOn(t, o, clock)
	must(t, s.Change(t.Context(), smallTown))
	g := newGates(t, s, 300, testStart.UnixMilli())
	gate, _ := s.Registry().Gate("v-01-g1")
	slot := slotOfKey(t, c, s.keys.gateDay(gate.Num, 0))

	var mu sync.Mutex
	changes, gone := 0, 0
	watch := s.NewMasterWatch(0, nil, func(ctx context.Context, partitions []int, since time.Time) error {
		lost, _ := g.missing(t)
		err := g.resend(ctx, partitions, since.Add(-DefaultResendWindow))
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			changes++
		}
		gone = max(gone, lost)
		return err
	}, slog.New(slog.DiscardHandler))
	backgroundOf(t, s, o, watch)
	backgroundOf(t, storeOn(t, o, clock), o, nil) // a second gateway's projector

	for turn, m := range turns {
		mu.Lock()
		changes, gone = 0, 0
		mu.Unlock()
		g.base = testStart.UnixMilli() + int64(turn)*20_000_000
		clock.ms.Store(g.base)
		g.all, g.slowest, g.gap = nil, map[int]time.Duration{}, map[int]time.Duration{}

		stop := g.scanAt(t, rate)
		time.Sleep(time.Second)
		m.hurt(t, c, slot)
		settled, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		must(t, c.Settled(settled))
		cancel()
		time.Sleep(time.Second)
		stop()
		eventually(t, m.name+": the watch tells of the change", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return changes > 0
		})
		eventually(t, m.name+": nothing is missing", func() bool {
			lost, _ := g.missing(t)
			return lost == 0
		})
		_, twice := g.missing(t)
		g.sameWindow(t)
		mu.Lock()
		t.Logf("%s: %d answered at %d/s, %d gone before they were sent again, %d twice, %d changes told, %s", m.name, len(g.all), rate, gone, twice, changes, g.waits())
		if twice != 0 || m.loses && gone == 0 {
			t.Errorf("%s: %d twice; %d gone before they were sent again", m.name, twice, gone)
		}
		mu.Unlock()
	}
}

// waits tells how long the gates waited: the longest of any partition, and the
// longest of the half of them that waited least.
func (g *gates) waits() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var gaps, calls []time.Duration
	for p, d := range g.gap {
		gaps = append(gaps, d)
		calls = append(calls, g.slowest[p])
	}
	return "longest wait " + spread(gaps) + ", longest call " + spread(calls)
}
