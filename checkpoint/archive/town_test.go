package archive

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd/redistest"
)

// The tests of the archiver run on a redis-server of their own, with
// PASSGATE_TEST_REDIS=cluster on a Redis Cluster.
var (
	testAddrs    []string
	testPrefixes atomic.Int64
)

func TestMain(m *testing.M) {
	if os.Getenv("ARCHIVE_KILL_AT") != "" {
		os.Exit(m.Run())
	}
	os.Exit(redistest.Main(m, func(r redistest.Redis) { testAddrs = r.Addrs }))
}

// town is a store with some people in it, and an archive beside it.
type town struct {
	t       testing.TB
	store   *checkpoint.Store
	client  redis.UniversalClient
	prefix  string
	archive *Archive
	people  []uint64
	device  uint32
	now     atomic.Int64
	scanned []checkpoint.ScanEvent // what the trails hold
	log     safeBuffer
}

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to the log.
func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) has(part string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.b.String(), part)
}

func clientOf(t testing.TB, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	t.Helper()
	o := tune(&redis.UniversalOptions{Addrs: testAddrs})
	o.ReadTimeout = 10 * time.Second // a loaded machine is no failure here
	c := redis.NewUniversalClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func newTown(t testing.TB) *town {
	t.Helper()
	w := &town{t: t, prefix: fmt.Sprintf("a%d:", testPrefixes.Add(1)), archive: newArchive(t), client: clientOf(t, checkpoint.Tune)}
	w.now.Store(time.Date(2020, 2, 10, 23, 50, 0, 0, time.UTC).UnixMilli())
	var err error
	w.store, err = checkpoint.Open(t.Context(), checkpoint.Config{
		Client: w.client, Prefix: w.prefix, FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
		Clock: func() time.Time { return time.UnixMilli(w.now.Load()) },
	})
	must(t, err)
	must(t, w.store.Change(t.Context(), func(d *checkpoint.Draft) error {
		steps := []error{
			d.PutGridNode(checkpoint.GridNode{ID: "root", Name: "许商街道", Level: 1}),
			d.PutSite(checkpoint.Site{Code: "v-01", Name: "佟道口村", Kind: checkpoint.Village, Grid: "root"}),
			d.PutGate(checkpoint.Gate{Code: "v-01-g1", Name: "东门", Site: "v-01", Open: true}),
			d.PutDevice(checkpoint.Device{Code: "v-01-d1", Gate: "v-01-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte("x")}),
		}
		for _, err := range steps {
			if err != nil {
				return err
			}
		}
		return nil
	}))
	device, _ := w.store.Registry().Device("v-01-d1")
	w.device = device.Num
	var rows []checkpoint.NewResident
	for i := range 20 {
		rows = append(rows, checkpoint.NewResident{
			Name: "王小明", IDNumber: fmt.Sprintf("P%07d", i), Site: "v-01", Door: fmt.Sprintf("1-1-%d", i), Grid: "root",
		})
	}
	results, err := w.store.Enrol(t.Context(), rows)
	must(t, err)
	for _, r := range results {
		must(t, r.Err)
		w.people = append(w.people, r.ID)
	}
	return w
}

// scan lets n people pass, a minute apart; the events go over midnight.
func (w *town) scan(n int) {
	w.t.Helper()
	for range n {
		i := len(w.scanned)
		w.now.Add(60_000)
		at, person := w.now.Load(), w.people[i%len(w.people)]
		direction := checkpoint.In
		if i/len(w.people)%2 == 1 {
			direction = checkpoint.Out
		}
		_, err := w.store.Scan(w.t.Context(), checkpoint.ScanRequest{
			ID: fmt.Sprintf("scan-%06d", i), Device: w.device, OccurredAt: at, Direction: direction, Who: checkpoint.ByResident,
			Person: person, Presented: checkpoint.FormatPersonID(person), Temperature: 36_5, Method: checkpoint.Wrist, Plate: "鲁A12345",
		})
		must(w.t, err)
		must(w.t, w.store.Trail(w.t.Context(), person, at, at+1, func(e *checkpoint.ScanEvent) error {
			w.scanned = append(w.scanned, *e)
			return nil
		}))
		if len(w.scanned) != i+1 {
			w.t.Fatalf("scan %d is not in the trail", i)
		}
	}
}

// project runs a projector until the returned function is called.
func (w *town) project() (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p := w.store.NewProjector(clientOf(w.t, checkpoint.TuneReader), slog.New(slog.DiscardHandler))
	go func() { defer close(done); p.Run(ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	w.projected()
	return stop
}

// projected waits until every event is in the gate's index.
func (w *town) projected() {
	w.t.Helper()
	eventually(w.t, "the events are in the gate's index", func() bool {
		n := 0
		must(w.t, w.store.Events(w.t.Context(), checkpoint.Window{Gate: "v-01-g1", From: firstDay * dayMs, To: (firstDay + 7) * dayMs}, func(*checkpoint.ScanEvent) error {
			n++
			return nil
		}))
		return n >= len(w.scanned)
	})
	time.Sleep(100 * time.Millisecond) // the cursors follow the events
}

// archiver makes one that does at once what may be done.
func (w *town) archiver() *Archiver {
	r := NewArchiver(w.store, w.archive, slog.New(slog.NewTextHandler(&w.log, nil)))
	r.Every, r.Settle, r.Keep, r.Takeover, r.retry = 20*time.Millisecond, -time.Minute, -time.Minute, 0, 20*time.Millisecond
	return r
}

// run runs an archiver until the returned function is called.
func run(t testing.TB, r *Archiver) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	t.Cleanup(stop)
	return stop
}

// archived reads all days.
func (w *town) archived() (events []checkpoint.ScanEvent) {
	w.t.Helper()
	for _, day := range w.archive.Days() {
		events = append(events, readDay(w.t, w.archive, day)...)
	}
	return events
}

// logged reads all logs.
func (w *town) logged() (events []checkpoint.ScanEvent) {
	w.t.Helper()
	for part := range checkpoint.Partitions {
		batch, err := w.store.NextInLog(w.t.Context(), part, "", 0, 10_000)
		must(w.t, err)
		events = append(events, batch.Events...)
	}
	return events
}

// eventually waits for something that another goroutine brings about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// replaceArchive puts the archive's folder back to a copy of it.
func (w *town) replaceArchive(copied string) {
	w.t.Helper()
	must(w.t, os.RemoveAll(w.archive.dir))
	if copied != "" {
		must(w.t, os.CopyFS(w.archive.dir, os.DirFS(copied)))
	}
	w.archive = reopen(w.t, w.archive)
}

func (w *town) copyArchive() string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "copy")
	must(w.t, os.CopyFS(dir, os.DirFS(w.archive.dir)))
	return dir
}
