package archive

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

func TestArchiverCarriesTheLogsOverAndCutsThem(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.scan(40)
	r := w.archiver()
	var last atomic.Pointer[Progress]
	var events atomic.Int64
	r.Observe = func(p Progress) { events.Add(int64(p.Events)); last.Store(&p) }
	run(t, r)
	eventually(t, "everything is archived", func() bool { return events.Load() == 40 })
	wantAll(t, w.archived(), w.scanned)
	if days := w.archive.Days(); !slices.Equal(days, []int64{firstDay, firstDay + 1}) {
		t.Errorf("days %v", days)
	}
	if log := w.logged(); len(log) != 40 { // what is not in the indexes stays in the log
		t.Errorf("%d entries are left of 40 that nobody has projected", len(log))
	}
	stop := w.project()
	eventually(t, "the logs are cut", func() bool { return len(w.logged()) == 0 })
	stop()
	w.scan(7)
	eventually(t, "more is archived", func() bool { return events.Load() == 47 })
	time.Sleep(100 * time.Millisecond)
	if log := w.logged(); len(log) != 7 {
		t.Errorf("%d entries are left of 7 that nobody has projected", len(log))
	}
	w.project()
	w.scan(10)
	eventually(t, "what came later is archived and cut", func() bool { return len(w.logged()) == 0 })
	got := w.archived()
	wantAll(t, got, w.scanned)
	if len(got) != len(w.scanned) {
		t.Errorf("%d events archived, of %d", len(got), len(w.scanned))
	}
	eventually(t, "no lag", func() bool { p := last.Load(); return p.Err == nil && p.Lag == checkpoint.LogLag{} })
	for part := range checkpoint.Partitions {
		used := slices.ContainsFunc(w.people, func(id uint64) bool { return checkpoint.PartitionOf(id) == part })
		if w.archive.Covers(part) != used {
			t.Errorf("partition %d covered: %v", part, !used)
		}
	}
}

func TestLogKeepsWhatIsYoung(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.scan(40)
	w.project()
	r := w.archiver()
	r.Settle = time.Hour
	rounds := make(chan Progress, 1000)
	r.Observe = func(p Progress) {
		select {
		case rounds <- p:
		default:
		}
	}
	stop := run(t, r)
	<-rounds
	p := <-rounds
	if len(w.archived()) != 0 || p.Lag.Events != 40 || p.Lag.Entries != 40 || p.Lag.Age <= 0 || p.Lag.Age > time.Hour {
		t.Errorf("archived before it settled: %+v", p)
	}
	stop()
	r = w.archiver()
	r.Keep = time.Hour
	run(t, r)
	eventually(t, "all is archived", func() bool { return len(w.archived()) == 40 })
	time.Sleep(100 * time.Millisecond)
	if log := w.logged(); len(log) != 40 {
		t.Errorf("%d entries are left of 40 that are minutes old", len(log))
	}
	lag, err := w.store.LogLag(t.Context())
	must(t, err)
	if lag.Events != 0 || lag.Entries != 40 {
		t.Errorf("lag %+v", lag)
	}
}

// Whatever step the archiver dies at, log and archive together have every event,
// and the next one completes the work.
func TestArchiverThatDiesAnywhereLosesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.project()
	dead := errors.New("dead")
	for at := 0; at < 40; at += 1 + stride()/2 {
		w.scan(3)
		steps := 0
		w.archive.hook = func(step string) error {
			if steps++; steps > at {
				return fmt.Errorf("%w at %s", dead, step)
			}
			return nil
		}
		if err := w.oneRound(); err != nil && !errors.Is(err, dead) {
			t.Fatalf("step %d: %v", at, err)
		}
		w.archive = reopen(t, w.archive) // as the next process does
		wantAll(t, append(w.archived(), w.logged()...), w.scanned)
	}
	run(t, w.archiver())
	eventually(t, "everything is archived and cut", func() bool { return len(w.logged()) == 0 })
	wantAll(t, w.archived(), w.scanned)
}

// What is written to a log after it was read stays there, although it is in the
// indexes when the log is cut.
func TestEntryThatComesBeforeTheCutStaysInTheLog(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.project()
	w.scan(20)
	came := false
	w.archive.hook = func(step string) error {
		if step == "archived" && !came {
			came = true
			w.scan(20)
			w.projected()
		}
		return nil
	}
	must(t, w.oneRound())
	if !came {
		t.Fatal("nothing was archived")
	}
	wantAll(t, append(w.archived(), w.logged()...), w.scanned)
}

// Where the archive was put back under a running archiver, nothing is written
// as if what lies between were there.
func TestAppendThatDoesNotFollowOnIsRefused(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	must(t, a.Append(t.Context(), nil, map[int]string{1: "5-0"}))
	events := someEvents(firstDay, 3, 1)
	for cursor, want := range map[string]error{"5-1": errMoved, "6-0": errMoved, "5-0": nil, "4-9": nil} {
		err := a.append(t.Context(), events, map[int]mark{1: {Cursor: cursor}}, map[int]mark{1: {Cursor: "5-0"}})
		if !errors.Is(err, want) {
			t.Errorf("from %s: %v, want %v", cursor, err, want)
		}
	}
	if got := readDay(t, a, firstDay); len(got) != 2*len(events) {
		t.Errorf("%d events", len(got))
	}
}

// oneRound lets an archiver look at the logs once.
func (w *town) oneRound() error {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	r := w.archiver()
	r.Observe = func(Progress) { cancel() }
	_, err := r.own(ctx)
	return err
}

func TestFullDiskStopsTheArchiverAndNothingElse(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.project()
	w.scan(20)
	var full atomic.Bool
	full.Store(true)
	w.archive.hook = func(string) error {
		if full.Load() {
			return syscall.ENOSPC
		}
		return nil
	}
	r := w.archiver()
	var failed atomic.Int64
	r.Observe = func(p Progress) {
		if errors.Is(p.Err, syscall.ENOSPC) && p.Lag.Events == 20 {
			failed.Add(1)
		}
	}
	run(t, r)
	eventually(t, "the failure is reported", func() bool { return failed.Load() >= 2 })
	if log := w.logged(); len(log) != 20 {
		t.Errorf("%d of 20 entries are left", len(log))
	}
	full.Store(false)
	eventually(t, "it goes on when there is room", func() bool { return len(w.logged()) == 0 })
	wantAll(t, w.archived(), w.scanned)
}

func TestOlderCopyOfTheArchiveIsNoticed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.project()
	w.scan(20)
	stop := run(t, w.archiver())
	eventually(t, "the first events are archived", func() bool { return len(w.logged()) == 0 })
	stop()
	old := w.copyArchive()
	w.scan(20)
	stop = run(t, w.archiver())
	eventually(t, "more are archived and cut", func() bool { return len(w.logged()) == 0 })
	stop()
	w.replaceArchive(old)
	w.scan(20)
	run(t, w.archiver())
	eventually(t, "the archiver goes on", func() bool { return len(w.logged()) == 0 })
	wantAll(t, w.archived(), slices.Concat(w.scanned[:20], w.scanned[40:]))
	c, err := w.archive.Contents(t.Context())
	must(t, err)
	used := map[int]bool{}
	for _, id := range w.people {
		used[checkpoint.PartitionOf(id)] = true
	}
	if len(c.Gaps) != len(used) {
		t.Errorf("%d gaps, of %d partitions", len(c.Gaps), len(used))
	}
	for _, g := range c.Gaps {
		if !used[g.Partition] || g.After == "" || checkpoint.CompareLogEntries(g.After, g.UpTo) >= 0 || w.archive.Covers(g.Partition) {
			t.Errorf("gap %+v", g)
		}
	}
	if !w.log.has("entries of the log are in neither log nor archive") {
		t.Error("nothing in the log")
	}
}

// What the log still has is archived again.
func TestEmptyArchiveBeginsAnewWithTheLog(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.project()
	w.scan(20)
	r := w.archiver()
	r.Keep = time.Hour
	stop := run(t, r)
	eventually(t, "the events are archived", func() bool { return len(w.archived()) == 20 })
	stop()
	w.replaceArchive("")
	r = w.archiver()
	r.Takeover = time.Hour
	stop = run(t, r)
	eventually(t, "the other archive is noticed", func() bool { return w.log.has("this is not the archive that the store had") })
	time.Sleep(100 * time.Millisecond)
	if n := len(w.archived()); n != 0 {
		t.Errorf("%d events archived before the wait was over", n)
	}
	stop()
	run(t, w.archiver())
	eventually(t, "all is archived again", func() bool { return len(w.archived()) == 20 })
	wantAll(t, w.archived(), w.scanned)
	c, err := w.archive.Contents(t.Context())
	must(t, err)
	if len(c.Gaps) != 0 {
		t.Errorf("gaps %+v though nothing was cut", c.Gaps)
	}
}

// A store that was put back to an older copy has entries that the manifest
// thinks it has passed.
func TestLogBehindTheArchiveIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.scan(20)
	part := checkpoint.PartitionOf(w.people[0])
	must(t, w.archive.Append(t.Context(), nil, map[int]string{part: "9999999999999-0"}))
	run(t, w.archiver())
	eventually(t, "all is archived", func() bool { return len(count(w.archived())) == 20 })
	if !w.log.has("the log ends before what was archived of it") {
		t.Error("nothing in the log")
	}
}

func TestOneArchiverWorksAtATime(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.project()
	var stops []func()
	for range 4 {
		r := NewArchiver(w.store, open(t, w.archive.dir, strings.TrimSuffix(w.archive.keys, "/archive")), slog.New(slog.DiscardHandler))
		r.Every, r.Settle, r.Keep, r.retry = 10*time.Millisecond, -time.Minute, -time.Minute, 10*time.Millisecond
		stops = append(stops, run(t, r))
	}
	for i := range 8 {
		w.scan(10)
		eventually(t, "the logs are cut", func() bool { return len(w.logged()) == 0 })
		if i%2 == 1 {
			stops[i/2%3]() // the owner or not: three of four end
		}
	}
	got := w.archived()
	wantAll(t, got, w.scanned)
	if len(got) != len(w.scanned) {
		t.Errorf("%d events archived, of %d: two have worked at once", len(got), len(w.scanned))
	}
}

// One that was passed over while it slept does not write over its successor.
func TestArchiverThatSleptWritesNothingTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.scan(20)
	slow := &round{Archiver: w.archiver()}
	var err error
	slow.fence, _, err = w.store.LeaseArchiver(t.Context(), slow.owner, time.Nanosecond, 0, "")
	must(t, err)
	slow.manifest, err = w.archive.current(t.Context())
	must(t, err)
	must(t, slow.begin(t.Context()))
	for part := range checkpoint.Partitions {
		slow.renewed = time.Now()
		must(t, slow.read(t.Context(), part, 1<<46))
	}
	stop := run(t, w.archiver())
	eventually(t, "the successor has archived all", func() bool { return len(w.archived()) == 20 })
	if err := slow.flush(t.Context()); !errors.Is(err, errLost) {
		t.Errorf("%v", err)
	}
	stop()
	must(t, w.archive.append(t.Context(), slow.buffer, slow.from, slow.marks)) // even without the lease: twice, and no mark goes back
	w.scan(1)
	run(t, w.archiver())
	eventually(t, "the new event", func() bool { return len(count(w.archived())) == 21 })
	if n := len(w.archived()); n != 41 {
		t.Errorf("%d events", n)
	}
}

func TestDamagedLogEntryDoesNotStopTheArchiver(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.scan(5)
	must(t, w.client.XAdd(t.Context(), &redis.XAddArgs{Stream: w.aLog(), Values: []any{"e", "broken"}}).Err())
	w.scan(35)
	run(t, w.archiver())
	eventually(t, "all that can be read is archived", func() bool { return len(w.archived()) == 40 })
	if !w.log.has("log entry cannot be read") {
		t.Error("nothing in the log")
	}
}

// aLog is the key of one of the town's logs.
func (w *town) aLog() (key string) {
	w.t.Helper()
	var mu sync.Mutex // the masters of a cluster are asked at once
	scan := func(ctx context.Context, c redis.UniversalClient) error {
		it := c.Scan(ctx, 0, w.prefix+"*:log", 1000).Iterator()
		for it.Next(ctx) {
			mu.Lock()
			key = it.Val()
			mu.Unlock()
		}
		return it.Err()
	}
	if cluster, ok := w.client.(*redis.ClusterClient); ok {
		must(w.t, cluster.ForEachMaster(w.t.Context(), func(ctx context.Context, c *redis.Client) error { return scan(ctx, c) }))
		return key
	}
	must(w.t, scan(w.t.Context(), w.client))
	return key
}
