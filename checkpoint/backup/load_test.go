package backup

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/redisd"
	"passgate/checkpoint/replay"
)

// acked is a scan and its answer.
type acked struct {
	req checkpoint.ScanRequest
	got checkpoint.ScanResult
	at  time.Time
}

// load scans at a steady pace, whatever the answers take, until stop is called,
// which gives all that were acknowledged.
func (w *world) load(perSecond int) (stop func() []acked) {
	var mu sync.Mutex
	var all []acked
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	people := slices.Clone(w.people)
	wg.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// Somebody who was seen in the same millisecond would be crowded.
			way := []checkpoint.Direction{checkpoint.Out, checkpoint.In}[i/len(people)%2]
			req := w.request(people[i%len(people)], way)
			wg.Go(func() {
				got, err := w.store.Scan(context.Background(), req)
				if err != nil {
					w.t.Errorf("a scan during the backup: %v", err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, acked{req, got, time.Now()})
			})
		}
	})
	return func() []acked { cancel(); wg.Wait(); return all }
}

// backupUnderLoad backs a world up while scans come in and the projector works;
// with an archive, an archiver also cuts the logs as soon as it may. Then the
// backup is restored elsewhere.
func backupUnderLoad(t *testing.T, from []string, archived bool, masters int, to redis.UniversalClient) {
	w := newWorld(t, from, 300)
	var a *archive.Archive
	var err error
	if archived {
		a, err = archive.Open(filepath.Join(w.data, "archive"), filepath.Join(w.data, "keys"))
		must(t, err)
	}
	stopWork := w.work(a)
	t.Cleanup(stopWork)
	stopLoad := w.load(400)
	time.Sleep(1200 * time.Millisecond)
	w.enrol(20)
	began := time.Now()
	taken, err := Create(t.Context(), w.source(a), w.options())
	must(t, err)
	scans := stopLoad()
	stopWork()
	if taken.Manifest.Masters != masters || taken.Manifest.Damaged != 0 || taken.Manifest.Events == 0 {
		t.Errorf("%d masters, %d damaged, %d events", taken.Manifest.Masters, taken.Manifest.Damaged, taken.Manifest.Events)
	}
	target := w.target(to)
	restored, err := Restore(t.Context(), taken.Dir, target, w.restoring())
	must(t, err)
	if !archived {
		for name, digest := range w.digestsUpTo(taken.Manifest.Logs) {
			if restored.Digests[name] != digest {
				t.Errorf("digest of %s: restored %s, the source's logs up to the backup give %s", name, restored.Digests[name], digest)
			}
		}
	}
	w.checkRestored(to, scans, began)
	w.checkPeople(to)
}

// digestsUpTo are the digests of what the source's logs hold up to some entries:
// made by a replay on another Redis.
func (w *world) digestsUpTo(last []string) map[string]string {
	w.t.Helper()
	ctx := w.t.Context()
	other := w.open(newRedis(w.t), time.Now)
	events := replay.Events(func(fn func(*checkpoint.ScanEvent) error) error {
		for part := range last {
			for after := ""; checkpoint.CompareLogEntries(after, last[part]) < 0; {
				batch, err := w.store.NextInLog(ctx, part, after, 0, 1) // one by one, to stop in time
				must(w.t, err)
				for i := range batch.Events {
					must(w.t, fn(&batch.Events[i]))
				}
				after = batch.Last
			}
		}
		return nil
	})
	report, err := replay.Rebuild(ctx, other, replay.Options{Archive: events})
	must(w.t, err)
	digests := map[string]string{}
	for i := range report.Families {
		digests[report.Families[i].Name] = report.Families[i].Digest
	}
	return digests
}

// checkRestored: what was acknowledged before the backup began is there and gets
// the same answer again; what is there is what the source has.
func (w *world) checkRestored(c redis.UniversalClient, scans []acked, began time.Time) {
	w.t.Helper()
	ctx, s := w.t.Context(), w.open(c, time.Now)
	before := 0
	for _, one := range scans {
		if !one.at.Before(began) {
			continue
		}
		before++
		again, err := s.Scan(ctx, one.req)
		must(w.t, err)
		if !again.Duplicate || again.Decision != one.got.Decision || again.RecordedAt != one.got.RecordedAt {
			w.t.Fatalf("scan %s, acknowledged before the backup: %+v, was %+v", one.req.ID, again, one.got)
		}
	}
	if before < 50 {
		w.t.Errorf("only %d scans before the backup: the load was none", before)
	}
	for _, p := range w.people {
		set := []checkpoint.Set{{SetID: checkpoint.SetID{Family: checkpoint.TrailSets, ID: p}}}
		have, err := s.ReadSets(ctx, set)
		must(w.t, err)
		source, err := w.store.ReadSets(ctx, set)
		must(w.t, err)
		all := map[string]bool{}
		for _, e := range source[0].Entries {
			all[string(e.Member)] = true
		}
		for _, e := range have[0].Entries {
			if !all[string(e.Member)] {
				w.t.Errorf("an event at %d that the source has not", e.At)
			}
		}
	}
}

// checkPeople: everybody is found by their document, and a change of the rules
// and scans go on.
func (w *world) checkPeople(c redis.UniversalClient) {
	w.t.Helper()
	ctx, s := w.t.Context(), w.open(c, time.Now)
	for _, p := range w.people {
		person, err := w.store.Resident(ctx, p)
		must(w.t, err)
		found, err := s.FindByDocument(ctx, person.IDNumber)
		must(w.t, err)
		if found != p {
			w.t.Fatalf("person %x by document: %x", p, found)
		}
	}
	must(w.t, s.Change(ctx, func(d *checkpoint.Draft) error {
		return d.PutSite(checkpoint.Site{Code: "v-02", Name: "羊角岭村", Kind: checkpoint.Village, Grid: "root"})
	}))
	_, err := s.Scan(ctx, w.request(w.people[0], checkpoint.Out))
	must(w.t, err)
}

func newRedis(t testing.TB) redis.UniversalClient {
	t.Helper()
	srv, err := redisd.Start(t.Context(), redisd.Options{Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() { must(t, srv.Stop(context.Background())) })
	return client(t, []string{srv.Socket()})
}

func newCluster(t testing.TB, replicas int) []string {
	t.Helper()
	c, err := redisd.StartCluster(t.Context(), redisd.ClusterOptions{Dir: t.TempDir(), Masters: 3, Replicas: replicas})
	must(t, err)
	t.Cleanup(func() { must(t, c.Stop()) })
	return c.Addrs()
}

// testMasters is how many masters the Redis of the tests has.
func testMasters() int {
	if len(testAddrs) > 1 {
		return 3
	}
	return 1
}

func TestBackupUnderLoadHasAllThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	backupUnderLoad(t, testAddrs, false, testMasters(), newRedis(t))
}

func TestBackupUnderLoadWhileLogsAreCut(t *testing.T) {
	t.Parallel()
	backupUnderLoad(t, testAddrs, true, testMasters(), newRedis(t))
}

func TestBackupOfAClusterGoesToOneRedisAndBack(t *testing.T) {
	t.Parallel()
	addrs := newCluster(t, 1)
	one := newRedis(t)
	backupUnderLoad(t, addrs, false, 3, one)

	w := newWorld(t, testAddrs, 50)
	w.pass(2)
	taken := w.backup()
	cluster := client(t, addrs)
	restored, err := Restore(t.Context(), taken.Dir, w.target(cluster), w.restoring())
	must(t, err)
	if restored.Digests["trail"] != taken.Manifest.Digests["trail"] {
		t.Errorf("digests: %v, %v", restored.Digests, taken.Manifest.Digests)
	}
	w.checkPeople(cluster)
}
