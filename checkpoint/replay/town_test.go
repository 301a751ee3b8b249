package replay

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd/redistest"
)

// The tests run on a redis-server of their own, with PASSGATE_TEST_REDIS=cluster
// on a Redis Cluster of three masters.
var testAddrs []string

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{})
	os.Exit(redistest.Main(m, func(r redistest.Redis) { testAddrs = r.Addrs }))
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// town is a small town that has lived for some days.
type town struct {
	t      testing.TB
	prefix string
	store  *checkpoint.Store
	rdb    redis.UniversalClient
	now    atomic.Int64 // UTC ms
	scans  int
	people []uint64
}

var (
	prefixes  atomic.Int64
	testStart = time.Date(2020, 2, 11, 4, 0, 0, 0, time.UTC)
	siteCodes = []string{"v-01", "v-02", "mall-01", "pharmacy-01"}
)

func client(t testing.TB, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	o := tune(&redis.UniversalOptions{Addrs: testAddrs})
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 30*time.Second, 30*time.Second, 30*time.Second // a loaded machine is no failure here
	c := redis.NewUniversalClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w *town) clock() time.Time { return time.UnixMilli(w.now.Load()) }

func (w *town) pass(d time.Duration) { w.now.Add(d.Milliseconds()) }

func (w *town) open() *checkpoint.Store {
	w.t.Helper()
	s, err := checkpoint.Open(w.t.Context(), checkpoint.Config{
		Client: w.rdb, Prefix: w.prefix, Clock: w.clock,
		FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
	})
	must(w.t, err)
	return s
}

// newTown opens a store with four sites, a gate and a device each, and enrols
// people.
func newTown(t testing.TB, people int) *town {
	t.Helper()
	w := &town{t: t, prefix: fmt.Sprintf("r%d:", prefixes.Add(1)), rdb: client(t, checkpoint.Tune)}
	w.now.Store(testStart.UnixMilli())
	w.store = w.open()
	must(t, w.store.Change(t.Context(), func(d *checkpoint.Draft) error {
		if err := d.PutGridNode(checkpoint.GridNode{ID: "root", Name: "许商街道", Level: 1}); err != nil {
			return err
		}
		kinds := []checkpoint.SiteKind{checkpoint.Village, checkpoint.Village, checkpoint.Mall, checkpoint.Pharmacy}
		for i, code := range siteCodes {
			if err := d.PutSite(checkpoint.Site{Code: code, Name: code, Kind: kinds[i], Grid: "root"}); err != nil {
				return err
			}
			if err := d.PutGate(checkpoint.Gate{Code: code + "-g1", Name: "东门", Site: code, Open: true}); err != nil {
				return err
			}
			dev := checkpoint.Device{Code: code + "-d1", Gate: code + "-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte(code)}
			if err := d.PutDevice(dev); err != nil {
				return err
			}
		}
		return nil
	}))
	rows := make([]checkpoint.NewResident, people)
	for i := range rows {
		rows[i] = checkpoint.NewResident{Name: "王小明", IDNumber: fmt.Sprintf("P%07d", i), Site: siteCodes[i%2], Door: fmt.Sprintf("1-1-%d", i/3)}
	}
	results, err := w.store.Enrol(t.Context(), rows)
	must(t, err)
	for _, r := range results {
		must(t, r.Err)
		w.people = append(w.people, r.ID)
	}
	return w
}

// request is a normal scan of a person, which tests bend.
func (w *town) request(person uint64, site string, way checkpoint.Direction) checkpoint.ScanRequest {
	d, _ := w.store.Registry().Device(site + "-d1")
	w.scans++
	return checkpoint.ScanRequest{
		ID: fmt.Sprintf("scan-%06d", w.scans), Device: d.Num, OccurredAt: w.now.Load(), Direction: way, Temperature: 36_5,
		Who: checkpoint.ByResident, Person: person, Presented: checkpoint.FormatPersonID(person),
	}
}

func (w *town) send(req checkpoint.ScanRequest) checkpoint.ScanResult {
	w.t.Helper()
	res, err := w.store.Scan(w.t.Context(), req)
	must(w.t, err)
	return res
}

func (w *town) scan(person uint64, site string, way checkpoint.Direction) {
	w.t.Helper()
	w.send(w.request(person, site, way))
}

// live lets everybody go out and come home for some days, and then does one of
// each thing that leaves a trace of its own.
func (w *town) live(days int) {
	w.t.Helper()
	home := func(i int) string { return siteCodes[i%2] }
	for range days {
		for i, id := range w.people {
			w.pass(20 * time.Second)
			w.scan(id, home(i), checkpoint.Out)
			w.pass(time.Second)
			w.scan(id, siteCodes[2+i%2], checkpoint.In)
		}
		for i, id := range w.people {
			w.scan(id, siteCodes[2+i%2], checkpoint.Out)
			w.pass(10 * time.Second)
			if i%5 != 0 { // some stay away
				w.scan(id, home(i), checkpoint.In) // while the next one comes out, in the same millisecond
			}
		}
		w.pass(24 * time.Hour)
	}
	w.oddities()
}

// oddities are the scans that are not everyday ones.
func (w *town) oddities() {
	t, s := w.t, w.store
	t.Helper()
	p := w.people
	for i := range 150 { // more than a chunk of one person and gate
		w.pass(time.Second)
		w.scan(p[0], "mall-01", []checkpoint.Direction{checkpoint.In, checkpoint.Out}[i%2])
	}
	late := w.request(p[1], "v-02", checkpoint.Out)
	late.OccurredAt, late.Late = late.OccurredAt-30*3600_000, true
	w.send(late)

	wrong := w.request(p[2], "mall-01", checkpoint.In)
	w.send(wrong)
	w.pass(time.Minute)
	_, err := s.Annul(t.Context(), checkpoint.AnnulRequest{
		ID: "annul-0001", Device: wrong.Device, Scan: wrong.ID, OccurredAt: wrong.OccurredAt, At: w.now.Load(), Person: p[2],
	})
	must(t, err)

	hot := w.request(p[11], "mall-01", checkpoint.In)
	hot.Temperature = 38_0
	w.send(hot)
	w.pass(time.Second)
	_, err = s.Annul(t.Context(), checkpoint.AnnulRequest{
		ID: "annul-0002", Device: hot.Device, Scan: hot.ID, OccurredAt: hot.OccurredAt, At: w.now.Load(), Person: p[11],
	})
	must(t, err)

	for i := range 3 {
		car := w.request(p[3+i], "v-01", checkpoint.Out)
		car.Plate, car.Vehicle = "鲁A12345", "car-00001"
		w.send(car)
		w.pass(time.Minute)
	}
	for range 2 { // a fever case
		hot := w.request(p[6], "mall-01", checkpoint.In)
		hot.Temperature = 38_4
		w.send(hot)
		w.pass(time.Minute)
	}
	waiting := w.request(p[7], "mall-01", checkpoint.In)
	waiting.Temperature = 38_0
	w.send(waiting)

	written := w.request(0, "mall-01", checkpoint.In)
	written.Who, written.WalkIn, written.Presented = checkpoint.ByWalkIn, &checkpoint.WalkIn{Name: "李四", IDTail: "123X", Phone: "13900000000"}, "walk"
	walkIn := w.send(written).Person.ID
	w.pass(time.Minute)
	_, err = s.MatchWalkIn(t.Context(), walkIn, p[8], "tracer-1")
	must(t, err)
	stranger := w.request(0, "pharmacy-01", checkpoint.In)
	stranger.Who, stranger.WalkIn, stranger.Presented = checkpoint.ByWalkIn, &checkpoint.WalkIn{Name: "赵六", IDTail: "4567", Phone: "13800000000"}, "other"
	w.send(stranger)

	emergency := w.request(p[9], "mall-01", checkpoint.In)
	emergency.Override = 1
	w.send(emergency)
	told := w.request(p[10], "mall-01", checkpoint.In)
	told.Late, told.Told = true, &checkpoint.Told{Decision: checkpoint.Deny, Reason: checkpoint.ReasonSiteClosed, Action: checkpoint.SendBack}
	w.send(told)

	permit, _, err := s.IssuePermit(t.Context(), checkpoint.NewPermit{
		ID: "permit-0001", Visitor: &checkpoint.Visitor{Name: "孙七", IDNumber: "P9999999"}, Site: "v-01", Host: p[0], Ground: "family",
		Until: w.now.Load() + 3600_000, By: "leader-1",
	})
	must(t, err)
	w.scan(permit.Person, "v-01", checkpoint.In)

	nobody := w.request(0, "mall-01", checkpoint.In)
	nobody.Override, nobody.Presented = 1, "someone"
	_, err = s.Refuse(t.Context(), nobody, checkpoint.ReasonUnknownPerson)
	must(t, err)
	w.pass(30 * time.Second)
}

// project runs a projector until every log is in the indexes.
func (w *town) project() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	p := w.store.NewProjector(client(w.t, checkpoint.TuneReader), slog.New(slog.DiscardHandler))
	go func() { defer close(done); p.Run(ctx) }()
	defer func() { cancel(); <-done }()
	extents, err := w.store.LogExtents(w.t.Context())
	must(w.t, err)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		behind := 0
		for part, key := range w.partitions() {
			cursor, _ := w.rdb.HGet(w.t.Context(), key+"part", "cur").Result()
			if extents[part].Entries > 0 && cursor != extents[part].Last {
				behind++
			}
		}
		if behind == 0 {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%d partitions are not projected", behind)
		}
	}
}

// partitions are the beginnings of the keys of every partition.
func (w *town) partitions() []string {
	out := make([]string, checkpoint.Partitions)
	for p := range out {
		name := checkpoint.SetID{ID: uint64(p) << 58}.Name() //nolint:gosec // 0 to 63
		out[p] = w.prefix + name[:strings.Index(name, ":")+1]
	}
	return out
}

func (w *town) options() Options {
	return Options{Now: w.clock, TempDir: w.t.TempDir()}
}

func (w *town) rebuild(opt Options) *Report {
	w.t.Helper()
	r, err := Rebuild(w.t.Context(), w.store, opt)
	must(w.t, err)
	return r
}

func (w *town) verify(opt Options) *Report {
	w.t.Helper()
	r, err := Verify(w.t.Context(), w.store, opt)
	must(w.t, err)
	return r
}
