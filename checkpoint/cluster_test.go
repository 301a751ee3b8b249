package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// ownServers skips a test that starts servers of its own where the tests run on
// another kind of Redis than usual: it would be the same again.
func ownServers(t testing.TB) {
	t.Helper()
	if os.Getenv("PASSGATE_TEST_REDIS") != "" {
		t.Skip("has servers of its own, is in the plain run")
	}
}

// clusterOf starts a cluster of three masters with a replica each that may be
// hurt.
func clusterOf(t testing.TB) *redisd.Cluster {
	t.Helper()
	ownServers(t)
	dir, err := os.MkdirTemp("", "pgc") // short, for the sockets
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := redisd.StartCluster(ctx, redisd.ClusterOptions{Dir: dir, Masters: 3, Replicas: 1, NodeTimeout: 1500 * time.Millisecond, Cuttable: true})
	must(t, err)
	t.Cleanup(func() {
		c.Heal()
		_ = c.Stop()
	})
	return c
}

// storeOn is newStore on servers of the test's own, with the timeouts that a
// gateway has.
func storeOn(t testing.TB, o redis.UniversalOptions, clock *testClock) *Store {
	t.Helper()
	client := Connect(Tune(&o))
	t.Cleanup(func() { _ = client.Close() })
	var s *Store
	eventually(t, "the store opens", func() bool { // right after a fail-over it may not
		var err error
		s, err = Open(t.Context(), Config{Client: client, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now})
		if err != nil && !errors.Is(err, ErrUnavailable) {
			t.Fatal(err)
		}
		return err == nil
	})
	return s
}

// toldScan is a scan with the answer that its device has.
type toldScan struct {
	req ScanRequest
	res ScanResult
	at  time.Time // when it was answered
}

// gates are devices that scan at a steady rate, whatever the answers do, and
// repeat a scan until it is answered.
type gates struct {
	s    *Store
	ids  []uint64
	base int64 // occurred_at of the first
	// ask is who answers them, the store if nil.
	ask func(context.Context, ScanRequest) (ScanResult, error)

	unanswered atomic.Int64

	mu      sync.Mutex
	all     []toldScan
	slowest map[int]time.Duration // longest single call, by partition
	gap     map[int]time.Duration // longest time from being due to being answered
}

// scanAt runs the gates at a rate per second until stop, which waits for the
// last answer.
func (g *gates) scanAt(t *testing.T, rate int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	var scans sync.WaitGroup
	go func() {
		defer close(done)
		start := time.Now()
		for i := 0; ctx.Err() == nil; i++ {
			due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
			Sleep(ctx, time.Until(due))
			scans.Go(func() { g.scan(t, i, due) })
		}
		scans.Wait()
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func (g *gates) scan(t *testing.T, i int, due time.Time) {
	device, _ := g.s.Registry().Device("v-01-d1")
	person := g.ids[i%len(g.ids)]
	p := partitionOf(person)
	req := ScanRequest{
		ID: fmt.Sprintf("gate-%d-%06d", g.base, i), Device: device.Num, OccurredAt: g.base + int64(i),
		Direction: In, Who: ByResident, Person: person, Presented: FormatPersonID(person), Temperature: 36_5,
	}
	for end := due.Add(90 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		begin := time.Now()
		ask := g.ask
		if ask == nil {
			ask = g.s.Scan
		}
		res, err := ask(t.Context(), req)
		now := time.Now()
		g.mu.Lock()
		g.slowest[p] = max(g.slowest[p], now.Sub(begin))
		if err == nil {
			g.all = append(g.all, toldScan{req, res, now})
			g.gap[p] = max(g.gap[p], now.Sub(due))
		}
		g.mu.Unlock()
		switch {
		case err == nil, t.Context().Err() != nil: // answered; or the test is over
			return
		case !errors.Is(err, ErrUnavailable):
			t.Errorf("scan %s: %v", req.ID, err)
			return
		case now.After(end):
			if g.unanswered.Add(1) == 1 {
				t.Errorf("scan %s, and maybe others, was not answered for 90 s: %v", req.ID, err)
			}
			return
		}
	}
}

// begin empties the account for scans from another time on.
func (g *gates) begin(base int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.base, g.all = base, nil
	g.slowest, g.gap = map[int]time.Duration{}, map[int]time.Duration{}
}

// answered is a copy of what was answered so far.
func (g *gates) answered() []toldScan {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]toldScan(nil), g.all...)
}

// resend sends again, with their answers, the scans of partitions that were
// answered since.
func (g *gates) resend(ctx context.Context, partitions []int, since time.Time) error {
	concerned := map[int]bool{}
	for _, p := range partitions {
		concerned[p] = true
	}
	for _, a := range g.answered() {
		if !concerned[partitionOf(a.req.Person)] || a.at.Before(since) {
			continue
		}
		req := a.req
		req.Told = &Told{Decision: a.res.Decision, Reason: a.res.Reason, Action: a.res.Action}
		req.Journaled = a.res.RecordedAt
		if _, err := g.s.Scan(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

// missing counts what was answered and is not on record with that answer, and
// what is on record more than once.
func (g *gates) missing(t *testing.T) (lost, twice int) {
	t.Helper()
	type answer struct {
		person uint64
		hash   [8]byte
		Decision
		Reason
	}
	held, hashes := map[answer]int{}, map[[8]byte]int{}
	for _, id := range g.ids {
		var trail []*ScanEvent
		eventually(t, "a trail is read", func() bool {
			trail = nil
			err := g.s.Trail(t.Context(), id, g.base, g.base+1_000_000, func(e *ScanEvent) error {
				kept := *e
				trail = append(trail, &kept)
				return nil
			})
			return err == nil
		})
		for _, e := range trail {
			held[answer{e.Person, e.Hash, e.Decision, e.Reason}]++
			hashes[e.Hash]++
		}
	}
	for _, a := range g.answered() {
		if held[answer{a.req.Person, scanHash(a.req.Device, a.req.ID), a.res.Decision, a.res.Reason}] == 0 {
			lost++
		}
	}
	for _, n := range hashes {
		if n > 1 {
			twice++
		}
	}
	return lost, twice
}

// sameWindow fails unless the gate's window comes to hold what the trails hold,
// once.
func (g *gates) sameWindow(t *testing.T) {
	t.Helper()
	trails := trailsOf(t, g.s, g.ids, g.base, g.base+1_000_000)
	window := recording{}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		window = recording{}
		err := g.s.Events(t.Context(), Window{Gate: "v-01-g1", From: g.base, To: g.base + 1_000_000}, window.add)
		if err == nil && maps.Equal(window, trails) {
			return
		}
	}
	for e, n := range trails {
		if window[e] != n {
			t.Errorf("the gate's window holds %d times what the trail holds %d times: %+v", window[e], n, e)
		}
	}
	t.Errorf("%d events in the gate's window, %d in the trails", window.total(), trails.total())
}

func newGates(t *testing.T, s *Store, people int, base int64) *gates {
	t.Helper()
	var rows []NewResident
	for i := range people {
		rows = append(rows, resident(i, "v-01"))
	}
	g := &gates{s: s, ids: mustEnrol(t, s, rows...)}
	g.begin(base)
	return g
}

// backgroundOf runs a gateway's projector and watches until the test ends.
func backgroundOf(t *testing.T, s *Store, o redis.UniversalOptions, watch *MasterWatch) {
	t.Helper()
	reader := Connect(TuneReader(&o))
	ctx, cancel := context.WithCancel(context.Background())
	quietly := slog.New(slog.DiscardHandler)
	var work sync.WaitGroup
	work.Go(func() { s.NewProjector(reader, quietly).Run(ctx) })
	work.Go(func() { s.WatchRules(ctx, quietly) })
	if watch != nil {
		work.Go(func() { watch.Run(ctx) })
	}
	t.Cleanup(func() {
		cancel()
		work.Wait()
		_ = reader.Close()
	})
}

// waits tells how long the gates waited: the longest of any partition, and that of
// the half of them that waited least.
func (g *gates) waits() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var gaps, calls []time.Duration
	for p, d := range g.gap {
		gaps, calls = append(gaps, d), append(calls, g.slowest[p])
	}
	return "longest wait " + spread(gaps) + ", longest call " + spread(calls)
}

// spread is the median and the longest of some durations.
func spread(d []time.Duration) string {
	if len(d) == 0 {
		return "none"
	}
	slices.Sort(d)
	return fmt.Sprintf("%s (half of the partitions %s)", d[len(d)-1].Round(time.Millisecond), d[len(d)/2].Round(time.Millisecond))
}
