package checkpoint

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd/redistest"
)

// The tests run on a real redis-server of their own. With
// PASSGATE_TEST_REDIS=cluster the same tests run on a Redis Cluster of three
// masters and three replicas on loopback, with =sentinel behind sentinels, with
// =memory on the in-process one.
var (
	testAddrs    []string
	testMaster   string
	testInMemory bool
)

func TestMain(m *testing.M) {
	flag.Parse()
	redis.SetLogger(quiet{}) // the tests cut connections on purpose
	os.Exit(redistest.Main(m, func(r redistest.Redis) {
		testAddrs, testMaster, testInMemory = r.Addrs, r.Master, r.InMemory
	}))
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// testClock is a clock that only moves when told.
type testClock struct{ ms atomic.Int64 }

func (c *testClock) Now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *testClock) Advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// testStart is a Tuesday noon in Shanghai.
var testStart = time.Date(2020, 2, 11, 4, 0, 0, 0, time.UTC)

var (
	testFieldKey = bytes.Repeat([]byte{1}, 32)
	testIndexKey = bytes.Repeat([]byte{2}, 32)
	testPrefixes atomic.Int64
)

func testClient(t testing.TB, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	return connect(t, &redis.UniversalOptions{Addrs: testAddrs, MasterName: testMaster}, tune)
}

func clientOf(t testing.TB, addrs []string, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	return connect(t, &redis.UniversalOptions{Addrs: addrs}, tune)
}

func connect(t testing.TB, o *redis.UniversalOptions, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	o = tune(o)
	o.ReadTimeout, o.WriteTimeout = 10*time.Second, 10*time.Second // a loaded machine is no failure here
	c := Connect(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// newStore opens a store of its own prefix with a small town in it: villages
// v-01 and v-02, compound c-01, mall-01 and pharmacy-01, a gate "<site>-g1" and
// an enrolled device "<site>-d1" each.
func newStore(t testing.TB) (*Store, *testClock) {
	t.Helper()
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	s := openStore(t, fmt.Sprintf("t%d:", testPrefixes.Add(1)), clock)
	if err := s.Change(t.Context(), smallTown); err != nil {
		t.Fatalf("set up the town: %v", err)
	}
	return s, clock
}

func openStore(t testing.TB, prefix string, clock *testClock) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{
		Client: testClient(t, Tune), Prefix: prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now,
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return s
}

func smallTown(d *Draft) error {
	for _, n := range []GridNode{
		{ID: "root", Name: "许商街道", Level: 1},
		{ID: "area-1", Parent: "root", Name: "第一管区", Level: 2},
		{ID: "area-2", Parent: "root", Name: "第二管区", Level: 2},
		{ID: "mg-1", Parent: "area-1", Name: "网格1", Level: 4},
		{ID: "mg-2", Parent: "area-2", Name: "网格2", Level: 4},
	} {
		if err := d.PutGridNode(n); err != nil {
			return err
		}
	}
	for _, site := range []Site{
		{Code: "v-01", Name: "佟道口村", Kind: Village, Grid: "area-1"},
		{Code: "v-02", Name: "羊角岭村", Kind: Village, Grid: "area-2"},
		{Code: "c-01", Name: "力诺小区", Kind: Compound, Grid: "area-1"},
		{Code: "mall-01", Name: "商场", Kind: Mall, Grid: "area-1", SiteRules: SiteRules{TemperatureOn: TemperatureIn}},
		{Code: "pharmacy-01", Name: "药店", Kind: Pharmacy, Grid: "area-2", SiteRules: SiteRules{TemperatureOn: TemperatureNone}},
	} {
		if err := d.PutSite(site); err != nil {
			return err
		}
		if err := d.PutGate(Gate{Code: site.Code + "-g1", Name: "东门", Site: site.Code, Open: true}); err != nil {
			return err
		}
		dev := Device{Code: site.Code + "-d1", Gate: site.Code + "-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte(site.Code)}
		if err := d.PutDevice(dev); err != nil {
			return err
		}
	}
	return nil
}

// revokeDevice puts a device out of use.
func revokeDevice(t testing.TB, s *Store, code string) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error {
		dev, _ := d.Device(code)
		revoked := *dev
		revoked.RevokedAt = d.Now()
		return d.PutDevice(revoked)
	}))
}

// project runs a projector until the test ends.
func project(t testing.TB, s *Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p := s.NewProjector(testClient(t, TuneReader), slog.New(slog.DiscardHandler))
	go func() { defer close(done); p.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// eventually waits for something that another goroutine brings about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func mustEnrol(t testing.TB, s *Store, rows ...NewResident) []uint64 {
	t.Helper()
	results, err := s.Enrol(t.Context(), rows)
	if err != nil {
		t.Fatalf("enrol: %v", err)
	}
	ids := make([]uint64, len(rows))
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("enrol row %d: %v", i, r.Err)
		}
		ids[i] = r.ID
	}
	return ids
}

// allKeys lists every key of a store's prefix.
func allKeys(t testing.TB, s *Store) (out []string) {
	t.Helper()
	var mu sync.Mutex // the masters of a cluster are asked at once
	scan := func(ctx context.Context, c redis.UniversalClient) error {
		it := c.Scan(ctx, 0, strings.TrimSuffix(s.keys.prefix, ":")+":*", 1000).Iterator()
		for it.Next(ctx) {
			mu.Lock()
			out = append(out, it.Val())
			mu.Unlock()
		}
		return it.Err()
	}
	var err error
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error { return scan(ctx, c) })
	} else {
		err = scan(t.Context(), s.rdb)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
