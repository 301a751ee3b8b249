package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// patientCluster is three masters that no pause makes anybody replace.
func patientCluster(t *testing.T) *redisd.Cluster {
	t.Helper()
	ownServers(t)
	dir, err := os.MkdirTemp("", "pgc")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c, err := redisd.StartCluster(t.Context(), redisd.ClusterOptions{Dir: dir, Masters: 3})
	must(t, err)
	t.Cleanup(func() { _ = c.Stop() })
	return c
}

// scanner is a town on a cluster with people in every part of it.
type scanner struct {
	s   *Store
	ids []uint64
	n   int
}

func scannerOn(t *testing.T, c *redisd.Cluster) (*scanner, redis.UniversalOptions) {
	t.Helper()
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	o := redis.UniversalOptions{Addrs: c.Addrs()}
	s := storeOn(t, o, clock)
	must(t, s.Change(t.Context(), smallTown))
	var rows []NewResident
	for i := range 200 {
		rows = append(rows, resident(i, "v-01"))
	}
	return &scanner{s: s, ids: mustEnrol(t, s, rows...)}, o
}

// scan lets a person in once more.
func (n *scanner) scan(t *testing.T, person uint64) error { return n.scanAt(t, "v-01", person) }

func (n *scanner) scanAt(t *testing.T, site string, person uint64) error {
	n.n++
	device, _ := n.s.Registry().Device(site + "-d1")
	_, err := n.s.Scan(t.Context(), ScanRequest{
		ID: fmt.Sprintf("scanner-%06d", n.n), Device: device.Num, OccurredAt: testStart.UnixMilli() + int64(n.n),
		Direction: In, Who: ByResident, Person: person, Presented: FormatPersonID(person), Temperature: 36_5,
	})
	return err
}

// at finds a person whose partition the master holds, or does not.
func (n *scanner) at(t *testing.T, c *redisd.Cluster, master *redisd.Server, holds bool) uint64 {
	t.Helper()
	for _, id := range n.ids {
		if (c.MasterOf(t.Context(), slotOfPartition(partitionOf(id))) == master) == holds {
			return id
		}
	}
	t.Fatal("nobody lives there")
	return 0
}

func slotOfPartition(p int) int { return int(slotOf(partitionTags[p])) }

func TestOnlyWhoLivesInAMovingSlotIsRefused(t *testing.T) {
	t.Parallel()
	c := patientCluster(t)
	n, o := scannerOn(t, c)
	backgroundOf(t, n.s, o, nil)
	for i := range 500 { // five chunks in the gate's index
		must(t, n.scan(t, n.ids[i%len(n.ids)]))
	}
	gate, _ := n.s.Registry().Gate("v-01-g1")
	mover := n.ids[0]
	home := slotOfPartition(partitionOf(mover))
	var other uint64
	for _, id := range n.ids {
		if partitionOf(id) != partitionOf(mover) {
			other = id
		}
	}
	for _, slot := range []int{home, int(slotOf(fmt.Sprintf("g%d", gate.Num)))} {
		to := c.MasterOf(t.Context(), (slot+6000)%slots)
		finish, err := c.BeginMove(t.Context(), slot, to)
		must(t, err)
		begin := time.Now()
		err = n.scan(t, mover)
		if slot == home && (!errors.Is(err, ErrUnavailable) || time.Since(begin) > 2*ClientTimeout) {
			t.Errorf("a scan in a moving slot: %v after %s", err, time.Since(begin))
		}
		for range 20 { // meanwhile the projector meets an index half of which has moved
			must(t, n.scan(t, other))
			time.Sleep(20 * time.Millisecond)
		}
		must(t, finish(t.Context()))
		eventually(t, "who lives in the slot that has moved is let in", func() bool { return n.scan(t, mover) == nil })
	}
	g := &gates{s: n.s, ids: n.ids, base: testStart.UnixMilli()}
	g.sameWindow(t)
}

// An index has keys that its script makes itself. Half way through a move they lie
// on either side, in every combination; whoever wrote then would leave a chunk on
// both sides, and the slot could never be moved to its end.
func TestNothingIsWrittenToAnIndexWhileItsSlotMoves(t *testing.T) {
	t.Parallel()
	c := patientCluster(t)
	n, _ := scannerOn(t, c)
	gate, _ := n.s.Registry().Gate("v-01-g1")
	const days = 25 // within retention
	first := dayOf(testStart.UnixMilli()) - days
	index := func(day, from, to int64) error {
		var members []timed
		for second := from; second < to; second++ {
			e := ScanEvent{Person: n.ids[0], OccurredAt: (first+day)*86_400_000 + second*1000, Gate: gate.Num, Direction: In, Temperature: 36_5}
			members = append(members, timed{e.OccurredAt, e.gateMember()})
		}
		at := (first + day) * 86_400_000
		_, err := n.s.runAll(t.Context(), []call{{projectScript, gateDay{gate.Num, first + day, n.s.DayAt(at)}.keys(n.s.keys), additionArgs(false, members...)}})
		return err
	}
	for day := range int64(days) {
		must(t, index(day, 0, 200)) // two chunks and a table
	}
	slot := int(slotOf(fmt.Sprintf("g%d", gate.Num)))
	finish, err := c.BeginMove(t.Context(), slot, c.MasterOf(t.Context(), (slot+6000)%slots))
	must(t, err)
	for day := range int64(days) {
		if err := index(day, 200, 201); !errors.Is(err, ErrUnavailable) {
			t.Errorf("day %d was written half way: %v", day, err)
		}
	}
	must(t, finish(t.Context()))
	for day := range int64(days) {
		eventually(t, "the index takes events again", func() bool { return index(day, 200, 201) == nil })
		held := recording{}
		must(t, n.s.Events(t.Context(), Window{Gate: "v-01-g1", From: (first + day) * 86_400_000, To: (first + day + 1) * 86_400_000}, held.add))
		if held.total() != 201 {
			t.Errorf("day %d holds %d events", day, held.total())
		}
	}
}

func TestAPausedMasterHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	c := patientCluster(t)
	n, o := scannerOn(t, c)
	paused := n.indexOf(t, c, "v-01")
	here, elsewhere := n.at(t, c, paused, true), n.at(t, c, paused, false)
	index := watchIndex(t, n, o)
	must(t, n.scan(t, here))
	must(t, n.scan(t, elsewhere))
	eventually(t, "both are in the gate's window", func() bool { return index.held("v-01") == 2 })
	must(t, paused.Pause())

	var waiting sync.WaitGroup
	begin := time.Now()
	device, _ := n.s.Registry().Device("v-01-d1")
	for i := range 50 { // what is queued for the paused one
		waiting.Go(func() {
			_, err := n.s.Scan(t.Context(), ScanRequest{
				ID: fmt.Sprintf("waiting-%06d", i), Device: device.Num, OccurredAt: testStart.UnixMilli(),
				Direction: In, Who: ByResident, Person: here, Presented: FormatPersonID(here), Temperature: 36_5,
			})
			if took := time.Since(begin); !errors.Is(err, ErrUnavailable) || took > 2*ClientTimeout+500*time.Millisecond {
				t.Errorf("a scan at the paused master: %v after %s", err, took)
			}
		})
	}
	slowest := time.Duration(0)
	for time.Since(begin) < 2*ClientTimeout {
		sent := time.Now()
		must(t, n.scan(t, elsewhere))
		slowest = max(slowest, time.Since(sent))
		time.Sleep(5 * time.Millisecond)
	}
	waiting.Wait()
	quick := time.Now()
	for range 20 {
		if err := n.scan(t, here); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a scan at the paused master: %v", err)
		}
	}
	t.Logf("elsewhere a scan took %s at most; 20 scans at the paused master were refused in %s", slowest, time.Since(quick))
	if slowest > ClientTimeout/2 {
		t.Errorf("a scan elsewhere waited %s", slowest)
	}
	if took := time.Since(quick); took > 20*ClientTimeout/4 {
		t.Errorf("20 scans were refused in %s: they all waited", took)
	}
	index.goesOnWithout(t, c, paused, elsewhere)
	must(t, paused.Resume())
	eventually(t, "the paused master answers", func() bool { return n.scan(t, here) == nil })
	index.isWhole(t)
}

func TestScriptsThatAServerForgotHealByThemselves(t *testing.T) {
	t.Parallel()
	c := patientCluster(t)
	n, o := scannerOn(t, c)
	reading := o
	cluster := Connect(Tune(&o)).(*redis.ClusterClient)
	t.Cleanup(func() { _ = cluster.Close() })
	for range 3 {
		must(t, cluster.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error { return c.ScriptFlush(ctx).Err() }))
		for _, id := range n.ids {
			must(t, n.scan(t, id))
		}
		must(t, cluster.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error { return c.ScriptFlush(ctx).Err() }))
		must(t, n.s.raiseRules(t.Context(), 1)) // all partitions in one pipeline
	}
	settlesWithoutASlowLog(t, n, reading)
	watchSeesAMasterOfGatesAlone(t, c, n)
}

// watchSeesAMasterOfGatesAlone takes all partitions from the master of a gate, as in the
// middle of a resharding. Its loss concerns no partition, but the gate's refusals and index.
func watchSeesAMasterOfGatesAlone(t *testing.T, c *redisd.Cluster, n *scanner) {
	t.Helper()
	m := n.indexOf(t, c, "v-01")
	for p := range Partitions {
		if slot := slotOfPartition(p); c.MasterOf(t.Context(), slot) == m {
			must(t, c.MoveSlot(t.Context(), slot, c.MasterOf(t.Context(), (slot+6000)%slots)))
		}
	}
	kept, told := notes{}, &tellings{}
	w := n.s.NewMasterWatch(0, kept, told.changed, slog.New(slog.DiscardHandler))
	now := time.Now()
	eventually(t, "the master of gates alone is seen", func() bool {
		must(t, w.look(t.Context(), now))
		return len(w.beside) == 1
	})
	must(t, w.look(t.Context(), now.Add(watchSettle)))
	for p := range w.seen { // what moved until the client knew of it is not meant here
		s := &w.seen[p]
		s.Master, s.first = s.now, time.Time{}
	}
	told.times = 0
	must(t, w.remember(now.Add(watchSettle)))
	must(t, m.Kill())
	must(t, m.Restart(t.Context()))
	w = n.s.NewMasterWatch(0, kept, told.changed, slog.New(slog.DiscardHandler)) // and the gateway starts again
	must(t, w.recall())
	eventually(t, "the new one is seen", func() bool { return w.look(t.Context(), now.Add(watchSettle)) == nil && len(w.beside) == 2 })
	if told.times != 0 {
		t.Error("told before calls on their way had an end")
	}
	must(t, w.look(t.Context(), now.Add(2*watchSettle)))
	must(t, w.look(t.Context(), now.Add(2*watchSettle)))
	if told.times != 1 || len(told.parts) != 0 || !told.since.Equal(now.Add(watchSettle).Truncate(time.Millisecond)) || len(w.beside) != 1 {
		t.Errorf("told %d times, of partitions %v, since %s; %d are known", told.times, told.parts, told.since, len(w.beside))
	}
}
