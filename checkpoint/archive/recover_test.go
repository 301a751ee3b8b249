package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLostManifestIsMadeAnew(t *testing.T) {
	t.Parallel()
	damage := func(name string, how func(text []byte) []byte) func(*testing.T, *Archive) {
		return func(t *testing.T, a *Archive) {
			text, err := os.ReadFile(a.path(name))
			must(t, err)
			must(t, os.WriteFile(a.path(name), how(text), 0o600))
		}
	}
	remove := func(name string) func(*testing.T, *Archive) {
		return func(t *testing.T, a *Archive) { must(t, os.Remove(a.path(name))) }
	}
	cut := func(text []byte) []byte { return text[:len(text)/2] }
	flip := func(text []byte) []byte { text[len(text)/3] ^= 1; return text }
	empty := func([]byte) []byte { return nil }
	for name, c := range map[string]struct {
		hurt   []func(*testing.T, *Archive)
		cursor string // that is known after it
		notice string
	}{
		"torn":             {[]func(*testing.T, *Archive){damage(manifestName, cut)}, "1-0", "the manifest is damaged"},
		"flipped":          {[]func(*testing.T, *Archive){damage(manifestName, flip)}, "1-0", "the manifest is damaged"},
		"empty":            {[]func(*testing.T, *Archive){damage(manifestName, empty)}, "1-0", "the manifest is damaged"},
		"missing":          {[]func(*testing.T, *Archive){remove(manifestName)}, "1-0", "the manifest is missing"},
		"both torn":        {[]func(*testing.T, *Archive){damage(manifestName, cut), damage(previousName, cut)}, "", "from their beginning"},
		"both missing":     {[]func(*testing.T, *Archive){remove(manifestName), remove(previousName)}, "", "from their beginning"},
		"previous missing": {[]func(*testing.T, *Archive){remove(previousName)}, "2-0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t)
			one, two := someEvents(firstDay, 20, 1), someEvents(firstDay, 30, 2)
			must(t, a.Append(t.Context(), one, map[int]string{7: "1-0"}))
			must(t, a.Append(t.Context(), two, map[int]string{7: "2-0"}))
			before, err := a.Contents(t.Context())
			must(t, err)
			for _, hurt := range c.hurt {
				hurt(t, a)
			}
			b := reopen(t, a)
			wantAll(t, readDay(t, b, firstDay), slices.Concat(one, two))
			m, err := b.current(t.Context())
			must(t, err)
			if m.Logs[7].Cursor != c.cursor {
				t.Errorf("cursor %q, want %q", m.Logs[7].Cursor, c.cursor)
			}
			after, err := b.Contents(t.Context())
			must(t, err)
			if !slices.Equal(after.Holdings, before.Holdings) || c.cursor != "" && after.Name != before.Name {
				t.Errorf("before %+v\nafter  %+v", before, after)
			}
			notices := strings.Join(b.Notices(), "\n")
			if !strings.Contains(notices, c.notice) || (c.notice == "") != (notices == "") {
				t.Errorf("notices %q", notices)
			}
			if again := reopen(t, b).Notices(); len(again) > 0 {
				t.Errorf("it is told again: %q", again)
			}
		})
	}
}

// A server that runs while its manifest is damaged goes on.
func TestManifestIsMadeAnewUnderway(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	events := someEvents(firstDay, 20, 1)
	must(t, a.Append(t.Context(), events[:10], nil))
	must(t, os.WriteFile(a.path(manifestName), []byte("{"), 0o600))
	if days := a.Days(); !slices.Equal(days, []int64{firstDay}) {
		t.Errorf("days %v", days)
	}
	must(t, os.WriteFile(a.path(manifestName), []byte("{"), 0o600))
	wantAll(t, readDay(t, a, firstDay), events[:10])
	must(t, os.WriteFile(a.path(manifestName), []byte("{"), 0o600))
	must(t, a.Append(t.Context(), events[10:], nil))
	wantAll(t, readDay(t, a, firstDay), events)
}

// A file of another format is not mistaken for a damaged one.
func TestManifestOfAnotherFormatIsRefused(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	m, err := a.current(t.Context())
	must(t, err)
	m.Format = formatVersion + 1
	text, err := m.encode()
	must(t, err)
	must(t, os.WriteFile(a.path(manifestName), text, 0o600))
	if _, err := Open(a.dir, filepath.Dir(a.keys)); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Errorf("%v", err)
	}
}

func TestFilesLeftByACrashAreTidied(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	events := someEvents(firstDay, 20, 1)
	must(t, a.Append(t.Context(), events, nil))
	folder := a.path(DayName(firstDay))
	text, err := os.ReadFile(segments(t, a, firstDay)[0])
	must(t, err)
	must(t, os.WriteFile(filepath.Join(folder, segmentName(7)), text, 0o600))
	must(t, os.WriteFile(filepath.Join(folder, segmentName(8)), text[:300], 0o600))
	must(t, os.WriteFile(filepath.Join(folder, segmentName(9)+tempMark), text, 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "notes.txt"), nil, 0o600))
	b := reopen(t, a)
	got, damaged := readAny(t, b, firstDay)
	if len(got) != 2*len(events) || len(damaged) != 1 || !strings.Contains(damaged[0].File, segmentName(8)) {
		t.Errorf("%d events, %v", len(got), damaged)
	}
	if exists(filepath.Join(folder, segmentName(9)+tempMark)) || !exists(filepath.Join(folder, "notes.txt")) {
		t.Error("the unfinished file is there, or somebody else's is not")
	}
	if notices := b.Notices(); len(notices) != 3 {
		t.Errorf("notices %q", notices)
	}
	must(t, b.Append(t.Context(), events, nil)) // under a number that is free
	if files := segments(t, b, firstDay); len(files) != 4 || filepath.Base(files[3]) != segmentName(9) {
		t.Errorf("files %v", files)
	}
}

func TestManySmallSegmentsBecomeOne(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	const most = 5
	a.crowd = most
	events := someEvents(firstDay, 300, 1)
	next := someEvents(firstDay+1, 10, 1)
	must(t, a.Append(t.Context(), next, nil))
	for i := range most {
		if i > 0 {
			must(t, a.Compact(t.Context()))
		}
		if files := segments(t, a, firstDay); len(files) != i {
			t.Fatalf("%d files after %d", len(files), i)
		}
		must(t, a.Append(t.Context(), events[i*10:i*10+10], nil))
	}
	hurt := segments(t, a, firstDay)[3]
	text, err := os.ReadFile(hurt)
	must(t, err)
	must(t, os.WriteFile(hurt, text[:len(text)-1], 0o600))
	must(t, a.Compact(t.Context()))
	files := segments(t, a, firstDay)
	if len(files) != 2 || files[0] != hurt {
		t.Errorf("files %v", files)
	}
	got, damaged := readAny(t, a, firstDay)
	if len(damaged) != 1 || len(count(got)) < (most-1)*10 {
		t.Errorf("%d events, %v", len(got), damaged)
	}
	for i := most; i < 2*most-2; i++ { // the damaged one is not tried again
		must(t, a.Append(t.Context(), events[:1], nil))
		must(t, a.Compact(t.Context()))
	}
	if files = segments(t, a, firstDay); len(files) != most {
		t.Errorf("%d files", len(files))
	}
	wantAll(t, readDay(t, a, firstDay+1), next)
	if b := reopen(t, a); len(b.Notices()) > 0 {
		t.Errorf("notices %q", b.Notices())
	}
}
