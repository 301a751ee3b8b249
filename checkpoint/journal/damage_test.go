package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled is a journal's file with all kinds of records, some of them removed.
type filled struct {
	content []byte
	owed    map[uint64]string
	aside   map[uint64]bool
	paid    map[uint64]bool
	kept    int
}

func fill(t *testing.T, entries int) filled {
	t.Helper()
	j := newJournal(t)
	f := filled{owed: map[uint64]string{}, aside: map[uint64]bool{}, paid: map[uint64]bool{}}
	var paid []uint64
	type promise struct {
		seq   uint64
		value string
	}
	made := make([]promise, entries)
	together(t, entries, func(i int) {
		value := fmt.Sprint(i, strings.Repeat("v", i%700))
		seq, err := j.Owe(t.Context(), i%7, []byte(value))
		must(t, err)
		made[i] = promise{seq, value}
	})
	for i, p := range made {
		switch {
		case i%5 == 0:
			paid = append(paid, p.seq)
			f.paid[p.seq] = true
		case i%17 == 0:
			must(t, j.SetAside(p.seq, "why"))
			f.aside[p.seq] = true
		default:
			f.owed[p.seq] = p.value
		}
	}
	must(t, j.Paid(paid...))
	for i := range entries {
		must(t, j.Keep(i%7, []byte(strings.Repeat("k", 500))))
		f.kept++
	}
	must(t, j.SetMeta("fact", []byte("one")))
	must(t, j.SetMeta("fact", []byte("two")))
	seq := owe(t, j, 3, "in the last commit")
	f.owed[seq] = "in the last commit"
	must(t, j.Close())
	content, err := os.ReadFile(j.path())
	must(t, err)
	f.content = content
	return f
}

// used is how far the file was written.
func (f *filled) used() int {
	used := len(f.content)
	for f.content[used-1] == 0 {
		used--
	}
	return used
}

// opened opens a copy of the file, and tells what is missing.
func (f *filled) opened(t *testing.T, content []byte) (j *Journal, lost int) {
	t.Helper()
	o := options(t.TempDir())
	must(t, os.WriteFile(filepath.Join(o.Dir, fileName), content, 0o600))
	j, err := Open(o)
	must(t, err)
	found := map[uint64]bool{}
	for _, p := range j.OwedPartitions() {
		entries, err := j.Owed(p, 0, 1<<20)
		must(t, err)
		for _, e := range entries {
			value, promised := f.owed[e.Seq]
			if promised && value != string(e.Value) || !promised && !f.paid[e.Seq] && !f.aside[e.Seq] {
				t.Fatalf("%d was made up", e.Seq)
			}
			found[e.Seq] = true
		}
	}
	must(t, j.Aside(func(e Entry, why string) error {
		if !f.aside[e.Seq] || why != "why" {
			t.Fatalf("%d %q was made up", e.Seq, why)
		}
		found[e.Seq] = true
		return nil
	}))
	for seq := range f.owed {
		if !found[seq] {
			lost++
		}
	}
	for seq := range f.aside {
		if !found[seq] {
			lost++
		}
	}
	return j, lost
}

// wantKeptFile checks that the damaged file is as it was, and that the new one is
// whole and usable.
func wantKeptFile(t *testing.T, j *Journal, content []byte) {
	t.Helper()
	d := j.Stats().Damage
	if d == nil || len(d.Faults) == 0 || j.Stats().Damaged != 1 {
		t.Fatalf("no damage is told: %+v", j.Stats())
	}
	was, err := os.ReadFile(d.File)
	must(t, err)
	if string(was) != string(content) {
		t.Fatal("the damaged file was changed")
	}
	owe(t, j, 1, "goes on")
	must(t, j.Close())
	again := open(t, j.o)
	if s := again.Stats(); s.Damage != nil || s.Damaged != 1 {
		t.Fatalf("the new file is not whole: %+v", s)
	}
}

func TestAFlippedByteCostsAtMostOneRecord(t *testing.T) {
	t.Parallel()
	f := fill(t, 200)
	flips := 60
	if os.Getenv("PASSGATE_LONG") != "" {
		flips = 3000
	}
	used, seen := f.used(), 0
	for n := range flips {
		content := append([]byte(nil), f.content...)
		at := rand.IntN(used)
		if n < 8 { // the metas and the first pages are worth a sure try
			at = n*pageSize/2 + rand.IntN(80)
		}
		content[at] ^= 1 << rand.IntN(8)
		j, lost := f.opened(t, content)
		switch d := j.Stats().Damage; {
		case lost > 1:
			t.Fatalf("byte %d: %d lost; %+v", at, lost, d)
		case lost > 0 && d == nil:
			t.Fatalf("byte %d: a loss is not told", at)
		case d != nil:
			seen++
			wantKeptFile(t, j, content)
		}
		must(t, j.Close())
	}
	if seen < flips/10 {
		t.Fatalf("only %d of %d flips were noticed", seen, flips)
	}
	t.Logf("%d of %d flips touched something that is in use", seen, flips)
}

// TestEveryByteOfThePagesIsChecked flips each byte by which bbolt finds its way.
// What is not noticed must do no harm: all records are reached as before.
func TestEveryByteOfThePagesIsChecked(t *testing.T) {
	t.Parallel()
	entries, some := 100, 20
	if os.Getenv("PASSGATE_LONG") != "" {
		entries, some = 300, 1
	}
	f := fill(t, entries)
	keys, err := newSealer(testKey)
	must(t, err)
	look := func(content []byte) findings {
		found, err := examine(bytes.NewReader(content), int64(len(content)), keys, nil)
		if err != nil {
			return findings{faults: []string{err.Error()}}
		}
		return found
	}
	whole := look(f.content)
	noticed := func(what string, at int) {
		content := bytes.Clone(f.content)
		content[at] = 0xff
		if len(look(content).faults) == 0 {
			t.Errorf("%s at byte %d is not noticed", what, at)
		}
	}
	if len(whole.faults) > 0 {
		t.Fatal(whole.faults)
	}
	w := &pageWalk{file: bytes.NewReader(f.content), size: int64(len(f.content)), visit: func(string, []byte, []byte) error { return nil }}
	w.walk()
	flips, unnoticed := 0, 0
	for page := range w.seen {
		start := int(page * pageSize)
		end := start + pageHeader + elementSize*int(binary.LittleEndian.Uint16(f.content[start+10:]))
		kind := binary.LittleEndian.Uint16(f.content[start+8:])
		if page < 2 {
			start, end = start+pageHeader, start+pageHeader+metaSize
		} else if kind != leafPage && kind != branchPage || binary.LittleEndian.Uint64(f.content[start:]) != page {
			continue // goes on with the value of the page before
		}
		if kind == branchPage {
			noticed("a branch's key that leads elsewhere", end)
		}
		if root := bytes.Index(f.content[start:start+pageSize], []byte("owed")); kind == leafPage && root > 0 {
			noticed("a sequence that cannot be", start+root+len("owed")+bucketSize-1)
		}
		for at := start; at < end; at++ {
			if rand.IntN(some) > 0 {
				continue
			}
			content := bytes.Clone(f.content)
			content[at] ^= 1 << rand.IntN(8)
			flips++
			found := look(content)
			overflow := page >= 2 && at-start >= 12 && at-start < 16 // pages too many are only unused
			if len(found.faults) == 0 && (found.whole != whole.whole || !overflow && kind != branchPage) {
				t.Errorf("page %d of kind %d, byte %d: not noticed, and %d of %d records are there", page, kind, at-start, found.whole, whole.whole)
			}
			if len(found.faults) == 0 {
				unnoticed++
			}
		}
	}
	if flips < 50 {
		t.Fatalf("only %d flips", flips)
	}
	t.Logf("%d flips in %d pages, %d without a consequence", flips, len(w.seen), unnoticed)
}

func TestAFileCutOffAnywhereIsRead(t *testing.T) {
	t.Parallel()
	f := fill(t, 200)
	used := f.used()
	for _, part := range []int{1, 7, 100, 4096, 5000, 8192, used / 4, used / 2, used - 1} {
		content := f.content[:part]
		j, lost := f.opened(t, content)
		wantKeptFile(t, j, content)
		if s := j.Stats(); part < pageSize && lost != len(f.owed)+len(f.aside) {
			t.Fatalf("%d bytes held %+v", part, s)
		}
	}
	j, _ := f.opened(t, nil) // made by a process that was killed at once
	must(t, j.Close())
}

func TestDamageIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	f := fill(t, 200)
	content := append([]byte(nil), f.content...)
	for page := 2; page < 6; page++ { // a disk that lost a stretch
		clear(content[page*pageSize : (page+1)*pageSize])
	}
	clear(content[pageSize : 2*pageSize])
	j, lost := f.opened(t, content)
	faults := strings.Join(j.Stats().Damage.Faults, "\n")
	if !strings.Contains(faults, "page 1 (byte 4096)") {
		t.Fatalf("%s", faults)
	}
	t.Logf("%d of %d lost: %s", lost, len(f.owed)+len(f.aside), faults)
	wantKeptFile(t, j, content)
}

func TestGarbageIsNoCrash(t *testing.T) {
	t.Parallel()
	f := fill(t, 100)
	rounds := 20
	if os.Getenv("PASSGATE_LONG") != "" {
		rounds = 1000
	}
	for range rounds {
		content := append([]byte(nil), f.content[:min(len(f.content), 256<<10)]...)
		for range 1 + rand.IntN(50) {
			content[rand.IntN(len(content))] = byte(rand.Uint32())
		}
		j, _ := f.opened(t, content)
		must(t, j.Close())
	}
}

func TestWhatWasPaidLongAgoDoesNotComeBackFromDamage(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	old := owe(t, j, 3, "old")
	must(t, j.Paid(old))
	owe(t, j, 3, "new")
	must(t, j.Close())
	content, err := os.ReadFile(j.path())
	must(t, err)
	clear(content[:2*pageSize]) // both metas
	o := options(t.TempDir())
	must(t, os.WriteFile(filepath.Join(o.Dir, fileName), content, 0o600))
	again := open(t, o)
	want(t, "owed", owed(t, again, 3), "new")
}

func TestRecordsOfABucketWhoseNameIsDamagedAreFound(t *testing.T) {
	t.Parallel()
	f := fill(t, 300)
	content := bytes.ReplaceAll(f.content, []byte("aside"), []byte("asadf"))
	j, lost := f.opened(t, content)
	if lost != 0 {
		t.Fatalf("%d lost: %v", lost, j.Stats().Damage)
	}
	wantKeptFile(t, j, content)
}
