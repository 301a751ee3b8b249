package journal

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("PASSGATE_LONG") == "" {
		_ = flag.Set("rapid.checks", "10") // each step of a history waits for the disk
	}
	goleak.VerifyTestMain(m)
}

var testKey = bytes.Repeat([]byte{7}, 32)

// testClock is set by hand.
type testClock struct {
	mu sync.Mutex
	ms int64
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.UnixMilli(c.ms)
}

func (c *testClock) set(ms int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ms = ms
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func options(dir string) Options {
	return Options{Dir: dir, Key: testKey, MaxBytes: minMaxBytes, Logger: quiet()}
}

func open(t testing.TB, o Options) *Journal {
	t.Helper()
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, j.Close()) })
	return j
}

func newJournal(t testing.TB) *Journal {
	t.Helper()
	return open(t, options(filepath.Join(t.TempDir(), "journal")))
}

func reopen(t testing.TB, j *Journal) *Journal {
	t.Helper()
	must(t, j.Close())
	return open(t, j.o)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func owe(t testing.TB, j *Journal, partition int, value string) uint64 {
	t.Helper()
	seq, err := j.Owe(t.Context(), partition, []byte(value))
	must(t, err)
	return seq
}

func texts(entries []Entry) (values []string) {
	for _, e := range entries {
		values = append(values, string(e.Value))
	}
	return values
}

func owed(t testing.TB, j *Journal, partition int) []string {
	t.Helper()
	entries, err := j.Owed(partition, 0, 1<<20)
	must(t, err)
	return texts(entries)
}

func kept(t testing.TB, j *Journal, partition int, since int64) (values []string) {
	t.Helper()
	must(t, j.Kept(partition, since, func(e Entry) error {
		values = append(values, string(e.Value))
		return nil
	}))
	return values
}

func want[T comparable](t testing.TB, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func TestOwedIsReadInOrderAndLeavesWhenPaid(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	a, b := owe(t, j, 3, "a"), owe(t, j, 3, "b")
	other := owe(t, j, 63, "other")
	c := owe(t, j, 3, "c")
	if !(a < b && b < other && other < c) {
		t.Fatalf("sequences %d %d %d %d do not grow", a, b, other, c)
	}
	want(t, "owed", owed(t, j, 3), "a", "b", "c")
	want(t, "partitions", j.OwedPartitions(), 3, 63)
	some, err := j.Owed(3, a, 1)
	must(t, err)
	want(t, "the one behind a", texts(some), "b")
	must(t, j.Paid(b, other))
	must(t, j.Paid(b, 99<<8|3)) // again, and what never was
	j = reopen(t, j)
	want(t, "owed", owed(t, j, 3), "a", "c")
	want(t, "partitions", j.OwedPartitions(), 3)
	if n := j.OwedCount(); n != 2 {
		t.Fatalf("%d owed", n)
	}
	if d := owe(t, j, 3, "d"); d <= c {
		t.Fatalf("sequence %d came before %d was taken", d, c)
	}
}

func TestOldestOwedIsTold(t *testing.T) {
	t.Parallel()
	clock := &testClock{ms: 5000}
	o := options(t.TempDir())
	o.Now = clock.now
	j := open(t, o)
	if _, ok := j.OldestOwed(); ok {
		t.Fatal("an empty journal owes")
	}
	first := owe(t, j, 9, "first")
	clock.set(4000) // set back
	owe(t, j, 2, "second")
	if at, ok := j.OldestOwed(); !ok || at != 4000 {
		t.Fatalf("oldest %d %v", at, ok)
	}
	must(t, j.Paid(first))
	entries, err := j.Owed(2, 0, 10)
	must(t, err)
	if e := entries[0]; e.At != 4000 || e.Partition != 2 {
		t.Fatalf("%+v", e)
	}
}

func TestSetAsideIsKeptWithItsReason(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	a, b := owe(t, j, 1, "a"), owe(t, j, 1, "b")
	must(t, j.SetAside(a, "unknown gate"))
	must(t, j.SetAside(a, "again"))
	must(t, j.Paid(a)) // is not owed any more, so it stays
	must(t, j.Paid(b))
	wantErr(t, j.SetAside(b, "too late"), ErrNotOwed)
	j = reopen(t, j)
	var seen []string
	must(t, j.Aside(func(e Entry, why string) error {
		seen = append(seen, fmt.Sprint(e.Seq == a, e.Partition, string(e.Value), why))
		return nil
	}))
	want(t, "aside", seen, fmt.Sprint(true, 1, "a", "unknown gate"))
	if s := j.Stats(); s.Aside != 1 || s.Owed != 0 {
		t.Fatalf("%+v", s)
	}
	must(t, j.ForgetAside(j.o.Now().UnixMilli()+1))
	if s := j.Stats(); s.Aside != 0 {
		t.Fatalf("%+v", s)
	}
}

// What is set aside later may have come earlier.
func TestForgettingLooksAgainWhenMoreIsSetAside(t *testing.T) {
	t.Parallel()
	o, clock := options(filepath.Join(t.TempDir(), "journal")), &testClock{ms: 1000}
	o.Now = clock.now
	j := open(t, o)
	early := owe(t, j, 1, "early")
	clock.set(2000)
	late := owe(t, j, 1, "late")
	must(t, j.SetAside(late, "why"))
	must(t, j.ForgetAside(1500))
	must(t, j.SetAside(early, "why"))
	for _, turn := range []struct {
		before int64
		left   int
	}{{1000, 2}, {1500, 1}, {2000, 1}, {2001, 0}} {
		must(t, j.ForgetAside(turn.before))
		if n := j.Stats().Aside; n != turn.left {
			t.Errorf("%d are set aside after what came before %d was forgotten, want %d", n, turn.before, turn.left)
		}
	}
}

func TestAsideShowsAllOfMany(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	const n = 2*readAtOnce + 3
	together(t, n, func(i int) {
		seq, err := j.Owe(t.Context(), i%64, []byte("x"))
		must(t, err)
		must(t, j.SetAside(seq, "no"))
	})
	seen := map[uint64]bool{}
	must(t, j.Aside(func(e Entry, _ string) error { seen[e.Seq] = true; return nil }))
	if len(seen) != n || j.Stats().Aside != n {
		t.Fatalf("%d shown, %d counted, want %d", len(seen), j.Stats().Aside, n)
	}
}

// together calls a function n times at once.
func together(t testing.TB, n int, fn func(i int)) {
	t.Helper()
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { fn(i) })
	}
	group.Wait()
}

func TestKeptShowsTheWindowInOrder(t *testing.T) {
	t.Parallel()
	clock := &testClock{}
	o := options(t.TempDir())
	o.Now = clock.now
	j := open(t, o)
	for ms := range int64(10) {
		clock.set(1000 + ms)
		must(t, j.Keep(int(ms%2), fmt.Append(nil, ms)))
		if ms == 5 {
			want(t, "so far", kept(t, j, 0, 0), "0", "2", "4") // what comes now goes into another block
		}
	}
	want(t, "all of partition 1", kept(t, j, 1, 0), "1", "3", "5", "7", "9")
	want(t, "since 1004", kept(t, j, AllPartitions, 1004), "4", "5", "6", "7", "8", "9")
	j = reopen(t, j)
	want(t, "after opening again", kept(t, j, 0, 1002), "2", "4", "6", "8")
	must(t, j.Forget(1006))
	want(t, "what is left", kept(t, j, 1, 0), "7", "9")
	must(t, j.Forget(2000))
	if s := j.Stats(); s.Kept != 0 || s.Pending != 0 {
		t.Fatalf("%+v", s)
	}
}

func TestFactsStay(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	if v, err := j.Meta("master"); v != nil || err != nil {
		t.Fatal(v, err)
	}
	must(t, j.SetMeta("master", []byte("one")))
	must(t, j.SetMeta("master", []byte("two")))
	j = reopen(t, j)
	v, err := j.Meta("master")
	must(t, err)
	if string(v) != "two" {
		t.Fatalf("%q", v)
	}
	if j.SetMeta("", nil) == nil || j.SetMeta(checkName, nil) == nil {
		t.Fatal("a bad name was taken")
	}
}

func TestValuesAreSealed(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	owe(t, j, 1, "Wang Xiaoming owed")
	must(t, j.SetAside(owe(t, j, 1, "Wang Xiaoming aside"), "Wang Xiaoming why"))
	must(t, j.Keep(1, []byte("Wang Xiaoming kept")))
	must(t, j.SetMeta("fact", []byte("Wang Xiaoming fact")))
	must(t, j.Close())
	content, err := os.ReadFile(j.path())
	must(t, err)
	if bytes.Contains(content, []byte("Wang")) {
		t.Fatal("the file can be read by anybody")
	}
	for name, mode := range map[string]os.FileMode{fileName: 0o600, lockName: 0o600, "": 0o700 | os.ModeDir} {
		info, err := os.Stat(filepath.Join(j.o.Dir, name))
		must(t, err)
		if info.Mode() != mode {
			t.Errorf("%q has mode %v", name, info.Mode())
		}
	}
}

func TestAnotherKeyIsRefusedAndTheFileLeftAlone(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	owe(t, j, 1, "a")
	must(t, j.Close())
	o := j.o
	o.Key = bytes.Repeat([]byte{8}, 32)
	_, err := Open(o)
	wantErr(t, err, ErrKey)
	want(t, "owed under the right key", owed(t, open(t, j.o), 1), "a")
	o.Key = o.Key[:31]
	if _, err = Open(o); err == nil || !strings.Contains(err.Error(), "give 32") {
		t.Fatal(err)
	}
}

func TestASecondOwnerIsRefused(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	_, err := Open(j.o)
	wantErr(t, err, ErrInUse)
	if !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Fatalf("%v does not say who", err)
	}
	go func() {
		time.Sleep(100 * time.Millisecond)
		_ = j.Close()
	}()
	open(t, j.o) // the first leaves in time
}

func TestClosedRefuses(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	must(t, j.Close())
	_, err := j.Owe(t.Context(), 1, nil)
	wantErr(t, err, ErrClosed)
	_, err = j.Owed(1, 0, 1)
	wantErr(t, err, ErrClosed)
	wantErr(t, j.Keep(1, nil), ErrClosed)
	wantErr(t, j.Paid(1), ErrClosed)
	_ = j.Stats()
}

func TestBadInputIsRefused(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	for _, partition := range []int{-1, Partitions} {
		if _, err := j.Owe(t.Context(), partition, nil); err == nil || j.Keep(partition, nil) == nil {
			t.Errorf("partition %d was taken", partition)
		}
	}
	if _, err := j.Owe(t.Context(), 1, make([]byte, MaxValue+1)); err == nil {
		t.Error("a value that is too long was taken")
	}
	owe(t, j, 1, strings.Repeat("x", MaxValue))
	must(t, j.Keep(1, make([]byte, MaxValue)))
	j = reopen(t, j)
	if n := len(kept(t, j, 1, 0)); n != 1 || len(owed(t, j, 1)) != 1 {
		t.Fatal("the longest value is lost")
	}
}

// stall holds the writer, as a disk that does not answer would.
func stall(t *testing.T, j *Journal) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	done, err := j.ask(nil, 0, func(*bbolt.Tx, *change) error {
		close(held)
		<-free
		return nil
	})
	must(t, err)
	<-held
	return func() { close(free); must(t, <-done) }
}

func TestASlowDiskHoldsOnlyWhatIsOwed(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	owe(t, j, 1, "before")
	release := stall(t, j)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := j.Owe(ctx, 1, []byte("late"))
	wantErr(t, err, context.DeadlineExceeded)
	if took := time.Since(begin); took > time.Second {
		t.Fatalf("refused after %v", took)
	}
	begin = time.Now()
	for range 1000 {
		must(t, j.Keep(1, []byte("kept")))
	}
	if took := time.Since(begin); took > time.Second {
		t.Fatalf("keeping 1000 took %v", took)
	}
	want(t, "reading goes on", owed(t, j, 1), "before")
	release()
	if n := len(kept(t, j, 1, 0)); n != 1000 {
		t.Fatalf("%d kept", n)
	}
}

func TestKeepIsBoundedInMemory(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	release := stall(t, j)
	value := make([]byte, 1000)
	kept, err := 0, error(nil)
	for ; err == nil; kept++ {
		err = j.Keep(1, value)
	}
	wantErr(t, err, ErrFull)
	if s := j.Stats(); s.Pending > maxPending || s.Pending < maxPending/2 || s.KeptLost != 1 {
		t.Fatalf("%+v", s)
	}
	must(t, j.keepsAgain(release))
	seen := 0
	must(t, j.Kept(1, 0, func(Entry) error { seen++; return nil }))
	if seen != kept { // the one that was refused, and the one after it
		t.Fatalf("%d of %d are there", seen, kept)
	}
}

// keepsAgain frees the writer and waits until a value is kept.
func (j *Journal) keepsAgain(release func()) (err error) {
	release()
	for range 100 {
		if err = j.Keep(1, []byte("again")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

func TestOweIsBoundedOnTheDiskAndPayingMakesRoom(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	value := make([]byte, MaxValue)
	var seqs []uint64
	err := error(nil)
	for err == nil {
		var seq uint64
		if seq, err = j.Owe(t.Context(), len(seqs)%64, value); err == nil {
			seqs = append(seqs, seq)
		}
	}
	wantErr(t, err, ErrFull)
	s := j.Stats()
	if s.Size > s.Max || s.Used < s.Max/3 || s.Owed != len(seqs) {
		t.Fatalf("%+v", s)
	}
	must(t, j.Paid(seqs...))
	owe(t, j, 1, "room again")
	j = reopen(t, j) // mostly empty by now
	want(t, "owed", owed(t, j, 1), "room again")
	if info, err := os.Stat(j.path()); err != nil || info.Size() > s.Size/4 {
		t.Fatalf("the file has still %d bytes (%v)", info.Size(), err)
	}
}

func TestKeptLeavesRoomForWhatIsOwed(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	value := make([]byte, MaxValue)
	for range 1000 { // far more than fits
		if err := j.Keep(1, value); err != nil {
			time.Sleep(time.Millisecond)
		}
	}
	owe(t, j, 1, "owed")
	if s := j.Stats(); s.Kept > s.Max/4+maxSealed*blocksAtOnce || s.KeptLost == 0 {
		t.Fatalf("%+v", s)
	}
	must(t, j.Forget(j.o.Now().UnixMilli()+1))
	must(t, j.Keep(1, []byte("again")))
	want(t, "kept", kept(t, j, 1, 0), "again")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	j := newJournal(t)
	const writers, each = 32, 30
	together(t, writers, func(w int) {
		for i := range each {
			seq, err := j.Owe(t.Context(), w, fmt.Append(nil, i))
			must(t, err)
			must(t, j.Keep(w, fmt.Append(nil, i)))
			if i%3 == 0 {
				must(t, j.Paid(seq))
			}
			_ = j.Stats()
		}
	})
	j = reopen(t, j)
	var left, all []string
	for i := range each {
		if all = append(all, fmt.Sprint(i)); i%3 != 0 {
			left = append(left, fmt.Sprint(i))
		}
	}
	for w := range writers {
		want(t, "owed", owed(t, j, w), left...)
		want(t, "kept", kept(t, j, w, 0), all...)
	}
	if s := j.Stats(); s.Owed != writers*len(left) {
		t.Fatalf("%+v", s)
	}
}
