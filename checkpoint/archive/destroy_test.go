package archive

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"passgate/checkpoint"
)

// onDisk lists every file and folder of the archive and of its keys.
func onDisk(t testing.TB, a *Archive) (names []string) {
	t.Helper()
	for _, root := range []string{a.dir, a.keys} {
		must(t, filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			must(t, err)
			names = append(names, path)
			return nil
		}))
	}
	return names
}

func mentions(names []string, part string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, part) })
}

func nobody(*checkpoint.ScanEvent) bool { return false }

func TestDestroyedDayIsGone(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	rest := someEvents(firstDay+1, 10, 1)
	must(t, a.Append(t.Context(), someEvents(firstDay, 10, 1), nil))
	must(t, a.Append(t.Context(), append(someEvents(firstDay, 10, 2), rest...), nil))
	key, err := os.Open(a.keyPath(DayName(firstDay) + ".key")) // whoever has it open still
	must(t, err)
	defer key.Close()
	must(t, a.Destroy(t.Context(), firstDay, nobody))
	text := make([]byte, 500)
	n, err := key.Read(text)
	must(t, err)
	if strings.Trim(string(text[:n]), "#") != "" {
		t.Errorf("the key was not overwritten: %q", text[:n])
	}
	for _, look := range []*Archive{a, reopen(t, a)} {
		if names := onDisk(t, look); mentions(names, DayName(firstDay)) || mentions(names, evidenceName) {
			t.Errorf("on the disk: %v", names)
		}
		if days := look.Days(); !slices.Equal(days, []int64{firstDay + 1}) {
			t.Errorf("days %v", days)
		}
		wantAll(t, readDay(t, look, firstDay), nil)
		wantAll(t, readDay(t, look, firstDay+1), rest)
		c, err := look.Contents(t.Context())
		must(t, err)
		if len(c.Destroyed) != 1 || c.Destroyed[0].Day != firstDay {
			t.Errorf("destroyed %+v", c.Destroyed)
		}
	}
	must(t, a.Destroy(t.Context(), firstDay, nobody)) // again, and a day that never was
	must(t, a.Destroy(t.Context(), firstDay-1, nobody))
}

func TestEvidenceOutlivesItsDay(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	events := someEvents(firstDay, 100, 1)
	must(t, a.Append(t.Context(), events[:50], nil))
	must(t, a.Append(t.Context(), events[50:], nil))
	held := func(from int) func(e *checkpoint.ScanEvent) bool {
		keep := count(events[from:60])
		return func(e *checkpoint.ScanEvent) bool { return keep[*e] > 0 }
	}
	check := func(from int, evidence string) {
		t.Helper()
		for _, look := range []*Archive{a, reopen(t, a)} {
			wantAll(t, readDay(t, look, firstDay), events[from:60])
			names := onDisk(t, look)
			if mentions(names, "/"+DayName(firstDay)) && !mentions(names, "/"+evidence) || !mentions(names, "evidence-"+evidence+".key") {
				t.Errorf("on the disk: %v", names)
			}
			if days := look.Days(); !slices.Equal(days, []int64{firstDay}) {
				t.Errorf("days %v", days)
			}
		}
	}
	must(t, a.Destroy(t.Context(), firstDay, held(40)))
	check(40, DayName(firstDay)+".1")
	written, err := a.Contents(t.Context())
	must(t, err)
	must(t, a.Destroy(t.Context(), firstDay, held(40))) // nothing changes: nothing is written
	again, err := a.Contents(t.Context())
	must(t, err)
	if !again.Written.Equal(written.Written) {
		t.Error("written although nothing changed")
	}
	must(t, a.Destroy(t.Context(), firstDay, held(55))) // a case has closed
	check(55, DayName(firstDay)+".2")
	if mentions(onDisk(t, a), DayName(firstDay)+".1") {
		t.Error("the first evidence is there still")
	}

	late := someEvents(firstDay, 3, 9)[:1] // comes after the end of its day, and goes with the next call
	must(t, a.Append(t.Context(), late, nil))
	wantAll(t, readDay(t, a, firstDay), append(late, events[55:60]...))
	must(t, a.Destroy(t.Context(), firstDay, held(55)))
	wantAll(t, readDay(t, a, firstDay), events[55:60])

	must(t, a.Destroy(t.Context(), firstDay, nobody))
	if names := onDisk(t, a); mentions(names, DayName(firstDay)) || len(a.Days()) != 0 {
		t.Errorf("on the disk: %v", names)
	}
}

func TestDamageDoesNotKeepADay(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	events := someEvents(firstDay, 20, 1)
	must(t, a.Append(t.Context(), events[:10], nil))
	must(t, a.Append(t.Context(), events[10:], nil))
	file := segments(t, a, firstDay)[0]
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, text[:200], 0o600))
	keep := count(events)
	err = a.Destroy(t.Context(), firstDay, func(e *checkpoint.ScanEvent) bool { return keep[*e] > 0 })
	var damage *DamageError
	if !errors.As(err, &damage) || len(damage.Damaged) != 1 || !strings.Contains(err.Error(), filepath.Base(file)) {
		t.Errorf("%v", err)
	}
	wantAll(t, readDay(t, a, firstDay), events[10:])
	if mentions(onDisk(t, a), "/"+DayName(firstDay)+"/") {
		t.Error("the day is there still")
	}
}

// What the disk does not give may be evidence: the day waits.
func TestDiskThatFailsKeepsADay(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	must(t, a.Append(t.Context(), someEvents(firstDay, 10, 1), nil))
	file := segments(t, a, firstDay)[0]
	must(t, os.Rename(file, file+".away"))
	must(t, os.Mkdir(file, 0o700))
	if err := a.Destroy(t.Context(), firstDay, nobody); err == nil {
		t.Error("destroyed unseen")
	}
	must(t, os.Remove(file))
	must(t, os.Rename(file+".away", file))
	readDay(t, a, firstDay)
	must(t, a.Destroy(t.Context(), firstDay, nobody))
}
