package archive

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"passgate/checkpoint"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// firstDay is the UTC day in which the tests begin.
var firstDay = dayOf(time.Date(2020, 2, 10, 0, 0, 0, 0, time.UTC).UnixMilli())

// newArchive opens an empty archive in a folder of its own.
func newArchive(t testing.TB) *Archive {
	t.Helper()
	dir := t.TempDir()
	return open(t, filepath.Join(dir, "archive"), filepath.Join(dir, "keys"))
}

func open(t testing.TB, dir, keys string) *Archive {
	t.Helper()
	a, err := Open(dir, keys)
	must(t, err)
	return a
}

// reopen opens the same folders again, as another process would.
func reopen(t testing.TB, a *Archive) *Archive {
	t.Helper()
	return open(t, a.dir, filepath.Dir(a.keys))
}

// someEvents makes n events of a day in order of time, as gates make them.
func someEvents(day int64, n int, seed uint64) []checkpoint.ScanEvent {
	random := rand.New(rand.NewPCG(seed, uint64(day)))
	events := make([]checkpoint.ScanEvent, n)
	for i := range events {
		at := day*dayMs + int64(i)*dayMs/int64(n)
		e := checkpoint.ScanEvent{
			Person: random.Uint64(), OccurredAt: at, RecordedAt: at + random.Int64N(300), Gate: 1 + random.Uint32N(230),
			Device: 1 + random.Uint32N(460), Staff: random.Uint32N(700), Direction: checkpoint.In, Method: checkpoint.Forehead,
			Temperature: checkpoint.Celsius(358 + random.Uint32N(14)),
		}
		if i%2 == 1 {
			e.Direction = checkpoint.Out
		}
		if i%13 == 0 {
			e.Plate, e.Disinfected = "鲁A12345", true
		}
		for j := range e.Hash {
			e.Hash[j] = byte(random.Uint32())
		}
		for j := range e.Digest {
			e.Digest[j] = byte(random.Uint32())
		}
		events[i] = e
	}
	return events
}

// readDay reads a day that has to be good.
func readDay(t testing.TB, a *Archive, day int64) (events []checkpoint.ScanEvent) {
	t.Helper()
	events, damaged := readAny(t, a, day)
	if len(damaged) > 0 {
		t.Fatalf("damaged: %v", damaged)
	}
	return events
}

func readAny(t testing.TB, a *Archive, day int64) (events []checkpoint.ScanEvent, damaged []Damage) {
	t.Helper()
	damaged, err := a.Read(t.Context(), day, func(e *checkpoint.ScanEvent) error {
		events = append(events, *e)
		return nil
	})
	must(t, err)
	return events, damaged
}

// count tells how often each event is there.
func count(events []checkpoint.ScanEvent) map[checkpoint.ScanEvent]int {
	n := map[checkpoint.ScanEvent]int{}
	for _, e := range events {
		n[e]++
	}
	return n
}

// wantAll fails unless got holds every event of want, and nothing else.
func wantAll(t testing.TB, got, want []checkpoint.ScanEvent) {
	t.Helper()
	have, should := count(got), count(want)
	for e := range should {
		if have[e] == 0 {
			t.Fatalf("%d of %d events, without %+v", len(got), len(want), e)
		}
	}
	for e := range have {
		if should[e] == 0 {
			t.Fatalf("an event that nobody archived: %+v", e)
		}
	}
}

func TestArchivedEventsAreReadByDay(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	one, two := someEvents(firstDay, 300, 1), someEvents(firstDay+1, 200, 2)
	late := someEvents(firstDay, 5, 3)
	must(t, a.Append(t.Context(), append(slices.Clone(one), two...), map[int]string{3: "1000-1"}))
	must(t, a.Append(t.Context(), late, map[int]string{3: "1000-0", 4: "5-5"}))
	for _, look := range []*Archive{a, reopen(t, a)} {
		if got := look.Days(); !slices.Equal(got, []int64{firstDay, firstDay + 1}) {
			t.Errorf("days %v", got)
		}
		wantAll(t, readDay(t, look, firstDay), append(slices.Clone(one), late...))
		wantAll(t, readDay(t, look, firstDay+1), two)
		wantAll(t, readDay(t, look, firstDay+2), nil)
		m, err := look.current(t.Context())
		must(t, err)
		if m.Logs[3].Cursor != "1000-1" || m.Logs[4].Cursor != "5-5" {
			t.Errorf("cursors %+v", m.Logs)
		}
	}
	if notices := a.Notices(); len(notices) > 0 {
		t.Errorf("notices %q", notices)
	}
}

func TestReadingEndsWithTheReadersError(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	must(t, a.Append(t.Context(), someEvents(firstDay, 10, 1), nil))
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err := a.Read(ctx, firstDay, func(*checkpoint.ScanEvent) error { n++; return os.ErrInvalid })
	if err != os.ErrInvalid || n != 1 { //nolint:errorlint // as it was given
		t.Errorf("%d events, %v", n, err)
	}
	cancel()
	if _, err := a.Read(ctx, firstDay, func(*checkpoint.ScanEvent) error { return nil }); err == nil {
		t.Error("read after the end of the context")
	}
}

// Nobody else on the machine reads a file of the archive or a key.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	must(t, a.Append(t.Context(), someEvents(firstDay, 10, 1), nil))
	for _, root := range []string{a.dir, a.keys} {
		must(t, filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			must(t, err)
			info, err := os.Stat(path)
			must(t, err)
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return nil
		}))
	}
}

// cpu is the processor time that this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkArchive counts processor time too, which other work on the machine
// does not change much.
func BenchmarkArchive(b *testing.B) {
	events := someEvents(firstDay, 300_000, 1)
	report := func(b *testing.B, began time.Duration) {
		n := float64(b.N) * float64(len(events))
		b.ReportMetric(n/b.Elapsed().Seconds(), "events/s")
		b.ReportMetric(n/(cpu()-began).Seconds(), "events/cpu-s")
	}
	b.Run("append", func(b *testing.B) {
		a := newArchive(b)
		began := cpu()
		for b.Loop() {
			must(b, a.Append(b.Context(), events, nil))
		}
		report(b, began)
		m, err := a.current(b.Context())
		must(b, err)
		b.ReportMetric(float64(m.Shelves[0].Files[0].Bytes)/float64(len(events)), "B/event")
	})
	b.Run("read", func(b *testing.B) {
		a := newArchive(b)
		must(b, a.Append(b.Context(), events, nil))
		began := cpu()
		for b.Loop() {
			_, err := a.Read(b.Context(), firstDay, func(*checkpoint.ScanEvent) error { return nil })
			must(b, err)
		}
		report(b, began)
	})
}
