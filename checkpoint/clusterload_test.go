package checkpoint

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// misfortune is something that happens to a group of servers under load. It
// returns when it is over.
type misfortune struct {
	name  string
	loses bool // writes that were answered are gone: the control has to see it
	quick bool // belongs to the normal run
	hurt  func(t *testing.T)
}

// outOfStep is how long replicas hear nothing before their master is killed: less
// than it takes to hold anybody for dead.
const outOfStep = 600 * time.Millisecond

// clusterMisfortunes happen to the master that has the slot.
func clusterMisfortunes(c *redisd.Cluster, slot int) []misfortune {
	master := func(t *testing.T) *redisd.Server {
		var m *redisd.Server
		eventually(t, "the slot has a master", func() bool {
			m = c.MasterOf(t.Context(), slot)
			return m != nil
		})
		return m
	}
	replaced := func(t *testing.T, old *redisd.Server) {
		failedOver(t, func() bool {
			now := c.MasterOf(t.Context(), slot)
			return now != nil && now != old
		})
		time.Sleep(time.Second)
	}
	return slices.Concat([]misfortune{
		{"a master is killed whose replica was behind", true, true, func(t *testing.T) {
			m := master(t)
			c.Part(c.ReplicaOf(t.Context(), m), false)
			time.Sleep(outOfStep)
			must(t, m.Kill())
			c.Heal()
			replaced(t, m)
			must(t, m.Restart(t.Context()))
		}},
	}, separations("a master", true, c, master, replaced), []misfortune{
		{"a replica is promoted", false, false, func(t *testing.T) {
			m := master(t)
			must(t, c.Promote(t.Context(), c.ReplicaOf(t.Context(), m), ""))
			replaced(t, m)
		}},
		{"a replica is promoted by force", false, false, func(t *testing.T) {
			m := master(t)
			must(t, c.Promote(t.Context(), c.ReplicaOf(t.Context(), m), "FORCE"))
			replaced(t, m)
		}},
		{"a partition and a gate's index are moved", false, false, func(t *testing.T) {
			for p := range Partitions { // the first one on the master of the gate's index
				if s := slotOfPartition(p); c.MasterOf(t.Context(), s) == master(t) {
					moveUnderLoad(t, c, s)
					break
				}
			}
			moveUnderLoad(t, c, slot)
		}},
	})
}

// parting is what cuts servers off and joins them again.
type parting interface {
	Part(s *redisd.Server, clients bool)
	Heal()
}

// separations leave a master alive and out of reach until another one has its
// place; quick: the first of them belongs to the normal run.
func separations(who string, quick bool, net parting, master func(*testing.T) *redisd.Server, replaced func(*testing.T, *redisd.Server)) []misfortune {
	parted := func(clients bool) func(t *testing.T) {
		return func(t *testing.T) {
			m := master(t)
			net.Part(m, clients)
			replaced(t, m)
			net.Heal()
		}
	}
	return []misfortune{
		{who + " is parted from the others, not from the gates", true, quick, parted(false)},
		{who + " is parted from everybody", false, false, parted(true)},
		{who + " is paused", false, false, func(t *testing.T) {
			m := master(t)
			must(t, m.Pause())
			replaced(t, m)
			must(t, m.Resume())
		}},
	}
}

// failedOver waits for another master, which on a busy machine takes more than one
// vote.
func failedOver(t *testing.T, other func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !other(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody took over from the master within a minute")
		}
	}
}

func moveUnderLoad(t *testing.T, c *redisd.Cluster, slot int) {
	t.Helper()
	var to *redisd.Server
	for _, s := range c.Nodes()[:6] {
		if m := c.MasterOf(t.Context(), slot); s != m && c.ReplicaOf(t.Context(), s) != nil {
			to = s
		}
	}
	finish, err := c.BeginMove(t.Context(), slot, to)
	must(t, err)
	time.Sleep(500 * time.Millisecond)
	must(t, finish(t.Context()))
}

// Under a steady load everything happens to one master in turn. Whatever was
// answered is on record once at the end, in the trail and in the gate's window;
// before the watch has sent again what a master forgot, the same account sees
// that it is gone. Not in parallel with others, which would take the time from the
// servers by which they see who lives.
func TestNothingAnsweredIsLostWhateverHappensToACluster(t *testing.T) {
	c := clusterOf(t)
	o := redis.UniversalOptions{Addrs: c.Addrs()}
	live(t, o, c.Settled, func(s *Store) []misfortune {
		gate, _ := s.Registry().Gate("v-01-g1")
		return clusterMisfortunes(c, int(slotOf(fmt.Sprintf("g%d", gate.Num))))
	})
}

// life is a town under load on a group of servers, with all that a gateway runs
// beside the scans.
type life struct {
	s     *Store
	clock *testClock
	g     *gates
	rate  int

	mu      sync.Mutex
	changes int // told by the watch
	gone    int // answered and not on record when it told of a change
}

func live(t *testing.T, o redis.UniversalOptions, settled func(context.Context) error, misfortunes func(*Store) []misfortune) {
	t.Helper()
	l := &life{clock: &testClock{}, rate: 150}
	long := os.Getenv("PASSGATE_LONG") != ""
	if long {
		l.rate = 500
	}
	l.clock.ms.Store(testStart.UnixMilli())
	l.s = storeOn(t, o, l.clock)
	must(t, l.s.Change(t.Context(), smallTown))
	l.g = newGates(t, l.s, 300, testStart.UnixMilli())
	watch := l.s.NewMasterWatch(0, nil, l.changed(t), slog.New(slog.DiscardHandler))
	backgroundOf(t, l.s, o, watch)
	backgroundOf(t, storeOn(t, o, l.clock), o, nil) // a second gateway's projector
	for turn, m := range misfortunes(l.s) {
		if long || m.quick {
			l.through(t, turn, m, settled)
		}
	}
}

// changed counts what is missing, then sends again.
func (l *life) changed(t *testing.T) MasterChange {
	return func(ctx context.Context, partitions []int, since time.Time) ([]int, error) {
		lost, _ := l.g.missing(t)
		err := l.g.resend(ctx, partitions, since.Add(-DefaultResendWindow))
		l.mu.Lock()
		defer l.mu.Unlock()
		if err == nil {
			l.changes++
		}
		l.gone = max(l.gone, lost)
		return nil, err
	}
}

// through lets one misfortune happen and takes account when it is over.
func (l *life) through(t *testing.T, turn int, m misfortune, settled func(context.Context) error) {
	t.Helper()
	base := testStart.UnixMilli() + int64(turn)*20_000_000
	l.clock.ms.Store(base)
	l.g.begin(base)
	l.mu.Lock()
	l.changes, l.gone = 0, 0
	l.mu.Unlock()

	stop := l.g.scanAt(t, l.rate)
	time.Sleep(time.Second)
	m.hurt(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, settled(ctx))
	time.Sleep(time.Second)
	stop()
	eventually(t, m.name+": the watch tells of the change", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.changes > 0
	})
	eventually(t, m.name+": nothing is missing", func() bool {
		lost, _ := l.g.missing(t)
		return lost == 0
	})
	_, twice := l.g.missing(t)
	l.g.sameWindow(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Logf("%s: %d answered at %d/s, %d of them gone until they were sent again, %d twice, %d changes told, %s",
		m.name, len(l.g.all), l.rate, l.gone, twice, l.changes, l.g.waits())
	if twice != 0 {
		t.Errorf("%s: %d scans are on record twice", m.name, twice)
	}
	if m.loses && l.gone == 0 {
		t.Errorf("%s: the account does not see what a master forgot", m.name)
	}
}
