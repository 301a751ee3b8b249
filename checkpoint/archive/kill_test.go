package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"passgate/checkpoint"
)

// What the tests of interrupted work begin with and do: a day of many small
// segments; then an append of two days, a compaction and the end of the first.
const testCrowd = 3

var (
	baseEvents = someEvents(firstDay, 2*testCrowd, 1)
	moreEvents = append(someEvents(firstDay, 20, 2), someEvents(firstDay+1, 30, 3)...)
	keptEvents = append(slices.Clone(baseEvents[:5]), moreEvents[:5]...)
)

func baseArchive(t testing.TB, a *Archive) {
	t.Helper()
	for i := range testCrowd {
		must(t, a.Append(t.Context(), baseEvents[2*i:2*i+2], map[int]string{1: "1-0"}))
	}
}

// works are the steps, each safe to repeat.
var works = []struct {
	name string
	do   func(ctx context.Context, a *Archive) error
}{
	{"append", func(ctx context.Context, a *Archive) error {
		return a.Append(ctx, moreEvents, map[int]string{1: "2-0"})
	}},
	{"compact", func(ctx context.Context, a *Archive) error { return a.Compact(ctx) }},
	{"destroy", func(ctx context.Context, a *Archive) error {
		kept := count(keptEvents)
		return a.Destroy(ctx, firstDay, func(e *checkpoint.ScanEvent) bool { return kept[*e] > 0 })
	}},
}

// wantHeld fails if something is lost after work that was cut off; done are the
// works that were acknowledged.
func wantHeld(t testing.TB, a *Archive, done []string) {
	t.Helper()
	m, err := a.current(t.Context())
	must(t, err)
	appended := slices.Contains(done, "append")
	if cursor := m.Logs[1].Cursor; appended && cursor != "2-0" || cursor != "2-0" && cursor != "1-0" {
		t.Fatalf("after %v: cursor %q", done, cursor)
	}
	want := slices.Clone(keptEvents[:5]) // of the base
	if !slices.Contains(done, "compact") {
		want = slices.Clone(baseEvents) // the end of the day has not begun
	}
	got := append(readDay(t, a, firstDay), readDay(t, a, firstDay+1)...)
	if m.Logs[1].Cursor == "2-0" {
		want = append(append(want, moreEvents[20:]...), moreEvents[:5]...)
	}
	have := count(got)
	for _, e := range want {
		if have[e] == 0 {
			t.Fatalf("after %v: lost %+v", done, e)
		}
	}
}

// finishWorks does everything again and looks at the outcome.
func finishWorks(t testing.TB, a *Archive) {
	t.Helper()
	for _, w := range works {
		must(t, w.do(t.Context(), a))
	}
	must(t, works[2].do(t.Context(), a)) // the end of what came after the end
	wantAll(t, readDay(t, a, firstDay), keptEvents)
	wantAll(t, readDay(t, a, firstDay+1), moreEvents[20:])
	var rest []string
	for _, name := range onDisk(t, a) {
		if strings.HasSuffix(name, tempMark) || strings.Contains(name, "/"+DayName(firstDay)) && !strings.Contains(name, evidenceName) {
			rest = append(rest, name)
		}
	}
	keys, err := filepath.Glob(a.keys + "/*")
	must(t, err)
	folders, err := filepath.Glob(a.path(evidenceName) + "/*")
	must(t, err)
	if len(rest) > 0 || len(keys) != 2 || len(folders) != 1 {
		t.Fatalf("left over: %v, keys %v, evidence %v", rest, keys, folders)
	}
	if notices := reopen(t, a).Notices(); len(notices) > 0 {
		t.Fatalf("notices %q", notices)
	}
}

// copyOf copies an archive with its keys to a folder of its own.
func copyOf(t testing.TB, a *Archive) *Archive {
	t.Helper()
	dir := t.TempDir()
	must(t, os.CopyFS(filepath.Join(dir, "archive"), os.DirFS(a.dir)))
	must(t, os.CopyFS(filepath.Join(dir, "keys"), os.DirFS(filepath.Dir(a.keys))))
	return open(t, filepath.Join(dir, "archive"), filepath.Join(dir, "keys"))
}

// stride is how many steps lie between two that are tried: all are with
// PASSGATE_LONG=1.
func stride() int {
	if os.Getenv("PASSGATE_LONG") != "" {
		return 1
	}
	return 4
}

// The disk is full at any step: nothing is lost, nothing is half there, and the
// same work succeeds when there is room.
func TestFullDiskAtAnyStepLosesNothing(t *testing.T) {
	t.Parallel()
	base := newArchive(t)
	baseArchive(t, base)
	for at := 0; ; at += stride() {
		a := copyOf(t, base)
		a.crowd = testCrowd
		n := 0
		a.hook = func(step string) error {
			if n++; n > at {
				return fmt.Errorf("%s: %w", step, syscall.ENOSPC)
			}
			return nil
		}
		var done []string
		for _, w := range works {
			err := w.do(t.Context(), a)
			if err == nil {
				done = append(done, w.name)
				continue
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s at %d: %v", w.name, at, err)
			}
			break
		}
		a.hook = nil
		wantHeld(t, a, done)
		finishWorks(t, a)
		if len(done) == len(works) {
			t.Logf("%d steps", at)
			return
		}
	}
}

// TestKilledWorker is no test but the process that is killed.
func TestKilledWorker(t *testing.T) {
	at, err := strconv.Atoi(os.Getenv("ARCHIVE_KILL_AT"))
	if err != nil {
		t.Skip("only by TestKillAtAnyStepLosesNothing")
	}
	a := open(t, "archive", "keys")
	a.crowd = testCrowd
	n := 0
	a.hook = func(string) error {
		if n++; n > at {
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return nil
	}
	for _, w := range works {
		must(t, w.do(t.Context(), a))
		fmt.Printf("\nacknowledged %s\n", w.name)
	}
}

func TestKillAtAnyStepLosesNothing(t *testing.T) {
	t.Parallel()
	base := newArchive(t)
	baseArchive(t, base)
	for at := 0; ; at += stride() {
		a := copyOf(t, base)
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWorker$", "-test.v")
		cmd.Env = append(os.Environ(), "ARCHIVE_KILL_AT="+strconv.Itoa(at))
		cmd.Dir = filepath.Dir(a.dir)
		out, err := cmd.Output()
		var done []string
		for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "acknowledged "); ok {
				done = append(done, name)
			}
		}
		a = reopen(t, a)
		a.crowd = testCrowd
		wantHeld(t, a, done)
		finishWorks(t, a)
		if err == nil {
			if len(done) != len(works) {
				t.Fatalf("the worker ended after %v: %s", done, out)
			}
			t.Logf("%d steps", at)
			return
		}
	}
}
