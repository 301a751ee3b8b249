package backup

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
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

func client(t testing.TB, addrs []string) redis.UniversalClient {
	t.Helper()
	o := checkpoint.Tune(&redis.UniversalOptions{Addrs: addrs})
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 30*time.Second, 30*time.Second, 30*time.Second // a loaded machine is no failure here
	c := checkpoint.Connect(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

var (
	prefixes   atomic.Int64
	identity   *age.X25519Identity
	identities sync.Once
)

// recipient is who may restore the backups of the tests.
func recipient(t testing.TB) *age.X25519Identity {
	t.Helper()
	identities.Do(func() {
		var err error
		identity, err = age.GenerateX25519Identity()
		must(t, err)
	})
	return identity
}

// world is a small town with a server's folder of data.
type world struct {
	t      testing.TB
	prefix string
	data   string
	rdb    redis.UniversalClient
	field  []byte
	index  []byte
	store  *checkpoint.Store
	people []uint64
	serial atomic.Int64
}

func newWorld(t testing.TB, addrs []string, people int) *world {
	t.Helper()
	return worldOn(t, client(t, addrs), people)
}

func worldOn(t testing.TB, c redis.UniversalClient, people int) *world {
	t.Helper()
	n := byte(prefixes.Add(1))
	w := &world{
		t: t, prefix: fmt.Sprintf("b%d:", n), data: filepath.Join(t.TempDir(), "data"), rdb: c,
		field: bytes.Repeat([]byte{n}, 32), index: bytes.Repeat([]byte{n, 255}, 16),
	}
	must(t, os.MkdirAll(filepath.Join(w.data, "keys"), 0o700))
	must(t, os.MkdirAll(filepath.Join(w.data, "audit"), 0o700))
	for name, text := range map[string]string{
		"keys/field.key": hex.EncodeToString(w.field), "keys/index.key": hex.EncodeToString(w.index) + "\n", "audit/heads.ndjson": "{}\n",
	} {
		must(t, os.WriteFile(filepath.Join(w.data, name), []byte(text), 0o600))
	}
	w.store = w.open(w.rdb, time.Now)
	must(t, w.store.Change(t.Context(), func(d *checkpoint.Draft) error {
		for _, put := range []error{
			d.PutGridNode(checkpoint.GridNode{ID: "root", Name: "许商街道", Level: 1}),
			d.PutSite(checkpoint.Site{Code: "v-01", Name: "佟道口村", Kind: checkpoint.Village, Grid: "root"}),
			d.PutGate(checkpoint.Gate{Code: "v-01-g1", Name: "东门", Site: "v-01", Open: true}),
			d.PutDevice(checkpoint.Device{Code: "v-01-d1", Gate: "v-01-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte("x")}),
		} {
			if put != nil {
				return put
			}
		}
		return nil
	}))
	w.enrol(people)
	return w
}

func (w *world) enrol(people int) {
	w.t.Helper()
	rows := make([]checkpoint.NewResident, people)
	for i := range rows {
		rows[i] = checkpoint.NewResident{Name: "王小明", IDNumber: fmt.Sprintf("P%07d", w.serial.Add(1)), Phone: fmt.Sprintf("138%08d", w.serial.Add(1)), Site: "v-01", Door: fmt.Sprintf("1-%d", w.serial.Add(1))}
	}
	results, err := w.store.Enrol(w.t.Context(), rows)
	must(w.t, err)
	for _, r := range results {
		must(w.t, r.Err)
		w.people = append(w.people, r.ID)
	}
}

func (w *world) open(c redis.UniversalClient, clock checkpoint.Clock) *checkpoint.Store {
	w.t.Helper()
	s, err := checkpoint.Open(w.t.Context(), checkpoint.Config{Client: c, Prefix: w.prefix, Clock: clock, FieldKey: w.field, IndexKey: w.index})
	must(w.t, err)
	return s
}

// work runs the projector and, if there is an archive, an archiver that cuts the
// logs as soon as it may, until the returned function is called.
func (w *world) work(a *archive.Archive) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	o := checkpoint.TuneReader(&redis.UniversalOptions{Addrs: testAddrs})
	if c, ok := w.rdb.(*redis.ClusterClient); ok {
		o.Addrs = c.Options().Addrs
	}
	reader := checkpoint.Connect(o)
	var wg sync.WaitGroup
	wg.Go(func() { w.store.NewProjector(reader, slog.New(slog.DiscardHandler)).Run(ctx) })
	if a != nil {
		r := archive.NewArchiver(w.store, a, slog.New(slog.DiscardHandler))
		r.Every, r.Settle, r.Keep = 50*time.Millisecond, 20*time.Millisecond, time.Millisecond
		wg.Go(func() { r.Run(ctx) })
	}
	return sync.OnceFunc(func() { cancel(); wg.Wait(); _ = reader.Close() })
}

func (w *world) request(person uint64, way checkpoint.Direction) checkpoint.ScanRequest {
	d, _ := w.store.Registry().Device("v-01-d1")
	return checkpoint.ScanRequest{
		ID: fmt.Sprintf("scan-%06d", w.serial.Add(1)), Device: d.Num, OccurredAt: time.Now().UnixMilli(), Direction: way, Temperature: 36_5,
		Who: checkpoint.ByResident, Person: person, Presented: checkpoint.FormatPersonID(person),
	}
}

// pass lets everybody out and in n times.
func (w *world) pass(n int) {
	w.t.Helper()
	for i := range n {
		for _, p := range w.people {
			_, err := w.store.Scan(w.t.Context(), w.request(p, []checkpoint.Direction{checkpoint.Out, checkpoint.In}[i%2]))
			must(w.t, err)
		}
		time.Sleep(2 * time.Millisecond) // two scans of a person are never in one
	}
}

// source is the world as something to back up.
func (w *world) source(a *archive.Archive) Source {
	return Source{
		Client: w.rdb, Prefix: w.prefix, Archive: a, AuditDir: filepath.Join(w.data, "audit"), RetentionDays: 28,
		Open: func(ctx context.Context, c redis.UniversalClient, clock checkpoint.Clock) (*checkpoint.Store, error) {
			return checkpoint.Open(ctx, checkpoint.Config{Client: c, Prefix: w.prefix, Clock: clock, FieldKey: w.field, IndexKey: w.index})
		},
		Keys: func() (Keys, error) {
			keys := Keys{}
			return keys, filepath.WalkDir(filepath.Join(w.data, "keys"), func(path string, d os.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				name, err := filepath.Rel(filepath.Join(w.data, "keys"), path)
				must(w.t, err)
				keys[filepath.ToSlash(name)], err = os.ReadFile(path)
				return err
			})
		},
	}
}

func (w *world) options() Options {
	return Options{
		Dir: filepath.Join(w.data, "..", "backups"), Temp: filepath.Join(w.data, "backup"), Keep: 72 * time.Hour,
		Version: "test", Recipients: []age.Recipient{recipient(w.t).Recipient()},
	}
}

func (w *world) backup() *Result {
	w.t.Helper()
	r, err := Create(w.t.Context(), w.source(nil), w.options())
	must(w.t, err)
	return r
}

// target is an empty system on a Redis.
func (w *world) target(c redis.UniversalClient) Target {
	return Target{
		Data: filepath.Join(w.t.(*testing.T).TempDir(), "data"),
		Connect: func(context.Context, string) (redis.UniversalClient, func(), error) {
			return c, func() {}, nil
		},
		Open: func(ctx context.Context, c redis.UniversalClient, as Opening) (*checkpoint.Store, error) {
			return checkpoint.Open(ctx, checkpoint.Config{
				Client: c, Prefix: as.Prefix, Clock: as.Clock, Retention: as.Retention, FieldKey: w.field, IndexKey: w.index,
			})
		},
	}
}

func (w *world) restoring() RestoreOptions {
	return RestoreOptions{Identities: []age.Identity{recipient(w.t)}}
}

// names lists the keys of the world in a Redis.
func (w *world) names(c redis.UniversalClient) (all []string) {
	w.t.Helper()
	must(w.t, eachName(w.t.Context(), c, w.prefix, func(names []string) error {
		all = append(all, names...)
		return nil
	}))
	return all
}
