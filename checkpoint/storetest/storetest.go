// Package storetest is a small town on a real Redis, for the tests of packages that
// work on a checkpoint.Store.
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd/redistest"
)

var (
	at       redis.UniversalOptions
	prefixes atomic.Int64
)

// Main runs a package's tests, see redistest. Use it as TestMain.
func Main(m *testing.M) {
	redis.SetLogger(quiet{})
	os.Exit(redistest.Main(m, func(r redistest.Redis) {
		at = redis.UniversalOptions{Addrs: r.Addrs, MasterName: r.Master}
	}))
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// Start is when a town begins: a Tuesday noon in Shanghai.
var Start = time.Date(2020, 2, 11, 4, 0, 0, 0, time.UTC)

// Clock only moves when told.
type Clock struct{ ms atomic.Int64 }

// Now is what the store believes.
func (c *Clock) Now() time.Time { return time.UnixMilli(c.ms.Load()) }

// Advance moves it forward.
func (c *Clock) Advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// Set moves it to a time.
func (c *Clock) Set(t time.Time) { c.ms.Store(t.UnixMilli()) }

// W is a small town:
//
//	grid     XS ─ A1 ─ V1C ─ V1C-1, A1 ─ C1C ─ C1C-1, XS ─ A2 ─ V2C ─ V2C-1
//	sites    V1 (village, V1C-1), C1 (compound, C1C-1), V2 (village, V2C-1),
//	         ML (mall, C1C), PH (pharmacy, C1C), EN (enterprise, V2C);
//	         each with a gate "<site>-g1" and a device "<site>-d1"
//	staff    one of each role, named like it, for the town; head-a1, head-v1c,
//	         head-v1c-1 (leader, grid, grid), heads of their nodes; leader heads XS
//	people   wang and zhang of V1 1-101, li of C1 2-202, zhao of V2 3-303
type W struct {
	Store  *checkpoint.Store
	Clock  *Clock
	Redis  redis.UniversalClient
	Prefix string // of the store's keys
	People map[string]uint64
}

// New makes one, under a prefix of its own.
func New(t testing.TB) *W {
	t.Helper()
	w := &W{Clock: &Clock{}, Prefix: fmt.Sprintf("o%d:", prefixes.Add(1)), People: map[string]uint64{}}
	w.Clock.Set(Start)
	o := at
	w.Redis = connect(t, checkpoint.Tune(&o))
	w.Store = w.Open(t, w.Redis)
	must(t, w.Store.Change(t.Context(), found))
	for _, p := range []struct{ name, key, document, site, door string }{
		{"王小明", "wang", "11010519491231002X", "V1", "1-101"},
		{"张兰", "zhang", "P1000001", "V1", "1-101"},
		{"李四", "li", "P1000002", "C1", "2-202"},
		{"赵六", "zhao", "P1000003", "V2", "3-303"},
	} {
		results, err := w.Store.Enrol(t.Context(), []checkpoint.NewResident{{Name: p.name, IDNumber: p.document, Site: p.site, Door: p.door}})
		must(t, err)
		must(t, results[0].Err)
		w.People[p.key] = results[0].ID
	}
	return w
}

// Open opens the town's store once more, as another gateway would.
func (w *W) Open(t testing.TB, client redis.UniversalClient) *checkpoint.Store {
	t.Helper()
	s, err := checkpoint.Open(t.Context(), checkpoint.Config{
		Client: client, Prefix: w.Prefix, Clock: w.Clock.Now,
		FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
	})
	must(t, err)
	return s
}

// Project runs a projector until the test ends, or stop is called.
func (w *W) Project(t testing.TB) (stop func()) {
	t.Helper()
	o := at
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p := w.Store.NewProjector(connect(t, checkpoint.TuneReader(&o)), slog.New(slog.DiscardHandler))
	go func() { defer close(done); p.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func connect(t testing.TB, o *redis.UniversalOptions) redis.UniversalClient {
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 10*time.Second, 10*time.Second, 10*time.Second // a loaded machine is no failure here
	c := checkpoint.Connect(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func found(d *checkpoint.Draft) error {
	for _, n := range []checkpoint.GridNode{
		{ID: "XS", Name: "许商街道", Level: 1, Head: "leader", Phone: "0531-84880000"},
		{ID: "A1", Parent: "XS", Name: "第一管区", Level: 2, Head: "head-a1"},
		{ID: "A2", Parent: "XS", Name: "第二管区", Level: 2},
		{ID: "V1C", Parent: "A1", Name: "佟道口村", Level: 3, Head: "head-v1c"},
		{ID: "V1C-1", Parent: "V1C", Name: "佟道口村1网格", Level: 4, Head: "head-v1c-1"},
		{ID: "C1C", Parent: "A1", Name: "力诺社区", Level: 3},
		{ID: "C1C-1", Parent: "C1C", Name: "力诺小区网格", Level: 4},
		{ID: "V2C", Parent: "A2", Name: "羊角岭村", Level: 3},
		{ID: "V2C-1", Parent: "V2C", Name: "羊角岭村1网格", Level: 4},
	} {
		if err := d.PutGridNode(n); err != nil {
			return err
		}
	}
	for _, s := range []checkpoint.Site{
		{Code: "V1", Name: "佟道口村", Kind: checkpoint.Village, Grid: "V1C-1"},
		{Code: "C1", Name: "力诺小区", Kind: checkpoint.Compound, Grid: "C1C-1"},
		{Code: "V2", Name: "羊角岭村", Kind: checkpoint.Village, Grid: "V2C-1"},
		{Code: "ML", Name: "商场", Kind: checkpoint.Mall, Grid: "C1C"},
		{Code: "PH", Name: "药店", Kind: checkpoint.Pharmacy, Grid: "C1C"},
		{Code: "EN", Name: "力诺瑞特", Kind: checkpoint.Enterprise, Grid: "V2C"},
	} {
		gate := checkpoint.Gate{Code: s.Code + "-g1", Name: "东门", Site: s.Code, Open: true}
		device := checkpoint.Device{Code: s.Code + "-d1", Gate: gate.Code, Lane: "1", EnrolledAt: 1, TokenHash: []byte(s.Code)}
		for _, err := range []error{d.PutSite(s), d.PutGate(gate), d.PutDevice(device)} {
			if err != nil {
				return err
			}
		}
	}
	return foundStaff(d)
}

func foundStaff(d *checkpoint.Draft) error {
	staff := []checkpoint.Staff{
		{Login: "head-a1", Role: checkpoint.RoleLeader, Grid: "A1"},
		{Login: "head-v1c", Role: checkpoint.RoleGrid, Grid: "V1C"},
		{Login: "head-v1c-1", Role: checkpoint.RoleGrid, Grid: "V1C-1"},
	}
	for _, role := range []checkpoint.Role{
		checkpoint.RoleAdmin, checkpoint.RoleLeader, checkpoint.RoleEnroller, checkpoint.RoleGrid, checkpoint.RoleMedic,
		checkpoint.RolePharmacist, checkpoint.RoleInspector, checkpoint.RoleTracer, checkpoint.RoleAuditor,
	} {
		staff = append(staff, checkpoint.Staff{Login: string(role), Role: role, Grid: "XS"})
	}
	for _, who := range staff {
		who.Name, who.PasswordHash = who.Login, "unused"
		if err := d.PutStaff(who); err != nil {
			return err
		}
	}
	return nil
}
