package archive

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"passgate/checkpoint"
)

// segments lists the files of a day.
func segments(t testing.TB, a *Archive, day int64) []string {
	t.Helper()
	files, err := filepath.Glob(a.path(DayName(day)) + "/*" + suffix)
	must(t, err)
	return files
}

// Whatever happens to one file: it is named, nothing that was never archived is
// read, nobody panics, and the other files are read whole.
func TestDamagedFileIsNamedAndTheRestIsRead(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	hurt, others := someEvents(firstDay, 1500, 1), someEvents(firstDay, 50, 2)
	must(t, a.Append(t.Context(), hurt, nil))
	must(t, a.Append(t.Context(), others, nil))
	file := segments(t, a, firstDay)[0]
	whole, err := os.ReadFile(file)
	must(t, err)
	all := count(append(slices.Clone(hurt), others...))
	rapid.Check(t, func(rt *rapid.T) {
		bad := slices.Clone(whole)
		at := rapid.IntRange(0, len(bad)-1).Draw(rt, "at")
		how := rapid.SampledFrom([]string{"bit", "cut", "zeros", "more", "block"}).Draw(rt, "how")
		switch how {
		case "bit":
			bad[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case "cut":
			bad = bad[:at]
		case "zeros":
			clear(bad[at:])
		case "more":
			bad = append(bad, bad[at:]...)
		case "block":
			bad = slices.Delete(bad, at, min(len(bad), at+100))
		}
		if bytes.Equal(bad, whole) {
			return
		}
		must(t, os.WriteFile(file, bad, 0o600))
		got, damaged := readAny(t, a, firstDay)
		if len(damaged) != 1 || damaged[0].File != DayName(firstDay)+"/"+filepath.Base(file) || damaged[0].Wrong == "" {
			rt.Fatalf("%s at %d: named %v", how, at, damaged)
		}
		have := count(got)
		for _, e := range others {
			if have[e] == 0 {
				rt.Fatalf("%s at %d: an event of the other file is missing", how, at)
			}
		}
		for e := range have {
			if all[e] == 0 {
				rt.Fatalf("%s at %d: an event that nobody archived: %+v", how, at, e)
			}
		}
		if int64(len(got)) != damaged[0].Events+int64(len(others)) {
			rt.Fatalf("%d events read, %d said", len(got), damaged[0].Events)
		}
	})
	must(t, os.WriteFile(file, whole, 0o600))
	wantAll(t, readDay(t, a, firstDay), append(hurt, others...))
}

// putFile writes a segment with any text in it, listed as it is.
func putFile(t testing.TB, a *Archive, day int64, plain []byte, compressed bool) {
	t.Helper()
	m, err := a.current(t.Context())
	must(t, err)
	s := m.put(DayName(day))
	key, err := ensureKey(a.keyPath(s.Key))
	must(t, err)
	if compressed {
		e, err := zstd.NewWriter(nil)
		must(t, err)
		plain = e.EncodeAll(plain, nil)
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, key.Recipient())
	must(t, err)
	_, err = w.Write(plain)
	must(t, err)
	must(t, w.Close())
	must(t, makeDir(a.path(s.Name)))
	must(t, os.WriteFile(filepath.Join(a.path(s.Name), segmentName(s.Next)), file.Bytes(), 0o600))
	must(t, a.open())
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	good := someEvents(firstDay, 3, 1)
	line := func(e *checkpoint.ScanEvent) string { return string(appendLine(nil, e)) }
	other := someEvents(firstDay+1, 1, 1)
	lines := line(&good[0]) + "{\"person\":\"x\"}\n" + line(&good[1]) + line(&other[0]) + line(&good[2])
	for name, c := range map[string]struct {
		hurt func(a *Archive)
		want string
		read int
	}{
		"bad lines":    {func(a *Archive) { putFile(t, a, firstDay, []byte(lines), true) }, "line 2: at byte 11: want 16 hexadecimal digits; line 4: its occurred_at is of another day", 3},
		"cut line":     {func(a *Archive) { putFile(t, a, firstDay, []byte(lines[:len(lines)-9]), true) }, "the last line is cut off", 2},
		"endless line": {func(a *Archive) { putFile(t, a, firstDay, bytes.Repeat([]byte("x"), 1<<20), true) }, "line 1 is too long", 0},
		"no zstd":      {func(a *Archive) { putFile(t, a, firstDay, []byte(lines), false) }, "after 0 events: ", 0},
		"missing": {func(a *Archive) {
			must(t, a.Append(t.Context(), good, nil))
			must(t, os.Remove(segments(t, a, firstDay)[0]))
		}, "the file is missing", 0},
		"another file": {func(a *Archive) { // a good one, such as an older one of the same name
			must(t, a.Append(t.Context(), good, nil))
			must(t, a.Append(t.Context(), good[:2], nil))
			files := segments(t, a, firstDay)
			text, err := os.ReadFile(files[1])
			must(t, err)
			must(t, os.WriteFile(files[0], text, 0o600))
		}, "its checksum is not the manifest's", 4},
		"no key": {func(a *Archive) {
			must(t, a.Append(t.Context(), good, nil))
			must(t, os.Remove(a.keyPath(DayName(firstDay)+".key")))
		}, "its key is not in the key folder", 0},
		"another key": {func(a *Archive) {
			must(t, a.Append(t.Context(), append(slices.Clone(good), other...), nil))
			must(t, os.Rename(a.keyPath(DayName(firstDay+1)+".key"), a.keyPath(DayName(firstDay)+".key")))
		}, "cannot be decrypted", 0},
		"damaged key": {func(a *Archive) {
			must(t, a.Append(t.Context(), good, nil))
			must(t, os.WriteFile(a.keyPath(DayName(firstDay)+".key"), []byte("AGE-SECRET-KEY-1"), 0o600))
		}, "its key file is damaged", 0},
		"unreadable": {func(a *Archive) {
			must(t, a.Append(t.Context(), good, nil))
			file := segments(t, a, firstDay)[0]
			must(t, os.Remove(file))
			must(t, os.Mkdir(file, 0o700)) // reading a folder fails like a broken disk
		}, "the disk failed", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t)
			c.hurt(a)
			got, damaged := readAny(t, a, firstDay)
			if len(damaged) != 1 || !strings.Contains(damaged[0].String(), c.want) || len(got) != c.read {
				t.Errorf("%d events, %q; want %d, %q", len(got), damaged, c.read, c.want)
			}
			var checked []Checked
			must(t, a.Verify(t.Context(), func(k Checked) error { checked = append(checked, k); return nil }))
			if checked[0].Damage == nil || !strings.Contains(checked[0].Damage.Wrong, c.want) {
				t.Errorf("verify: %+v", checked)
			}
		})
	}
}

// A key that is lost while its files are there is not replaced by another.
func TestLostKeyIsNotReplaced(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	must(t, a.Append(t.Context(), someEvents(firstDay, 3, 1), nil))
	key := a.keyPath(DayName(firstDay) + ".key")
	must(t, os.Rename(key, key+".away"))
	err := a.Append(t.Context(), someEvents(firstDay, 3, 2), nil)
	if err == nil || !strings.Contains(err.Error(), "restore "+key) {
		t.Errorf("%v", err)
	}
	must(t, os.Rename(key+".away", key))
	must(t, a.Append(t.Context(), someEvents(firstDay, 3, 2), nil))
	if got := readDay(t, a, firstDay); len(got) != 6 {
		t.Errorf("%d events", len(got))
	}
}

func TestEventOutsideTimeIsRefused(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	var field *checkpoint.FieldError
	for _, at := range []int64{-1, (lastDay + 1) * dayMs} {
		if err := a.Append(t.Context(), []checkpoint.ScanEvent{{OccurredAt: at}}, nil); !errors.As(err, &field) {
			t.Errorf("%d: %v", at, err)
		}
	}
	must(t, a.Append(t.Context(), []checkpoint.ScanEvent{{OccurredAt: (lastDay+1)*dayMs - 1, Direction: checkpoint.In}}, nil))
	if got := readDay(t, reopen(t, a), lastDay); len(got) != 1 || DayName(lastDay) != "9999-12-31" {
		t.Errorf("%v on %s", got, DayName(lastDay))
	}
}
