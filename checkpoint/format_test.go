package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// reopen opens a store of testStore's secrets once more, as another program would.
func reopen(t *testing.T, s *Store, change func(*Config)) (*Store, error) {
	t.Helper()
	cfg := Config{Client: testClient(t, Tune), Prefix: s.keys.prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: s.clock, Program: "passgate test"}
	if change != nil {
		change(&cfg)
	}
	return Open(t.Context(), cfg)
}

// setFormat makes a store say what another release would have said.
func setFormat(t *testing.T, s *Store, version, readableFrom int, by string) {
	t.Helper()
	must(t, s.rdb.HSet(t.Context(), s.keys.registry("meta"), "format", readableFrom).Err())
	must(t, s.rdb.HSet(t.Context(), s.keys.format(), "version", version, "by", by, "at", testStart.UnixMilli()).Err())
}

func formatOf(t *testing.T, s *Store) Format {
	t.Helper()
	f, err := s.Format(t.Context())
	must(t, err)
	return f
}

func TestAnEmptyStoreGetsTheNewestFormat(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	want := Format{Version: DataFormat, ReadableFrom: readableFrom, At: clock.Now().UnixMilli(), By: "this program"}
	if got := formatOf(t, s); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if last := formatSteps[len(formatSteps)-1]; last.to != DataFormat || last.readableFrom != readableFrom || formatSteps[0].to != OldestFormat+1 {
		t.Errorf("the steps lead from %d to %d", formatSteps[0].to-1, last.to)
	}
}

// What the release before this one left has no record of its format, and who only
// looks leaves it so: that release may still be at work.
func TestDataOfTheReleaseBeforeIsCarriedForward(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	must(t, s.rdb.Del(t.Context(), s.keys.format()).Err())
	_, err := reopen(t, s, func(c *Config) { c.AsIs = true })
	must(t, err)
	if got := formatOf(t, s); got != (Format{Version: 2, ReadableFrom: 2}) {
		t.Fatalf("who only looks left %+v", got)
	}
	var log bytes.Buffer
	_, err = reopen(t, s, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	must(t, err)
	if got := formatOf(t, s); got.Version != DataFormat || got.By != "passgate test" || got.At != s.now() {
		t.Errorf("carried forward to %+v", got)
	}
	if !strings.Contains(log.String(), "from=2 to=3") {
		t.Errorf("the log does not tell of it: %s", &log)
	}
	if got, err := s.rdb.HGet(t.Context(), s.keys.registry("meta"), "format").Result(); err != nil || got != "2" {
		t.Errorf("the release before reads format %q, %v: it would not start any more", got, err)
	}
}

func TestWhoMayWorkOnNewerData(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	setFormat(t, s, 9, DataFormat, "passgate v9.1")
	_, err := reopen(t, s, nil)
	must(t, err)
	if got := formatOf(t, s); got.Version != 9 || got.By != "passgate v9.1" {
		t.Errorf("a program that may work there made it %+v", got)
	}
	setFormat(t, s, 9, 8, "passgate v9.1")
	_, err = reopen(t, s, nil)
	for _, word := range []string{"format 9 (by passgate v9.1", "format 8 or a newer one", "passgate test knows up to 3", "restore a backup"} {
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), word) {
			t.Errorf("the refusal does not say %q: %v", word, err)
		}
	}
	if err := s.reload(t.Context()); !errors.Is(err, ErrFormat) {
		t.Errorf("one that is at work goes on in data that is not for it: %v", err)
	}
	must(t, s.rdb.Del(t.Context(), s.keys.format()).Err())
	must(t, s.rdb.HSet(t.Context(), s.keys.registry("meta"), "format", 1).Err())
	if _, err := reopen(t, s, nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "format 1, passgate test carries forward from 2") {
		t.Errorf("of before all releases: %v", err)
	}
}

// A newer program may end the time of this one while it is at work.
func TestNobodyIsScannedInDataThatIsForNewerProgramsAlone(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	home := post(t, s, clock, "v-01")
	if done, err := s.noteFormat(t.Context(), DataFormat, DataFormat+1, DataFormat+1); err != nil || !done {
		t.Fatalf("raise the format: %v, %v", done, err)
	}
	if err := s.refresh(t.Context()); !errors.Is(err, ErrFormat) {
		t.Fatalf("it does not find out: %v", err)
	}
	req := home.request(id, In, 36_5)
	if _, err := s.Scan(t.Context(), req); !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrFormat) {
		t.Errorf("scanned: %v", err)
	}
	if _, err := s.Annul(t.Context(), AnnulRequest{ID: "annul-0001", Device: req.Device}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("taken back: %v", err)
	}
	if _, err := b.Scan(t.Context(), req); !errors.Is(err, ErrUnavailable) || len(b.lost()) > 0 {
		t.Errorf("scanned by a copy: %v; Redis is said to be away for %d parts", err, len(b.lost()))
	}
	b.cutAll()
	if _, err := b.Scan(t.Context(), req); !errors.Is(err, ErrUnavailable) {
		t.Errorf("scanned by a copy without Redis: %v", err)
	}
	setFormat(t, s, DataFormat, readableFrom, "a backup that is restored")
	must(t, s.refresh(t.Context()))
	_, err := s.Scan(t.Context(), req)
	must(t, err)
}

// trial is two steps that tests take: the first marks all partitions, a few in a batch.
type trial struct {
	steps   []formatStep
	batches atomic.Int64
	fails   atomic.Int64 // after so many batches, once
}

var errTrial = errors.New("cut off")

func newTrial(perBatch int) *trial {
	tr := &trial{}
	mark := func(ctx context.Context, s *Store, cursor string) (next string, changed int, err error) {
		from, _ := strconv.Atoi(cursor) // "" is 0
		if tr.fails.Add(-1) == 0 {
			return "", 0, errTrial
		}
		tr.batches.Add(1)
		to := min(from+perBatch, Partitions)
		for p := from; p < to; p++ {
			if err := s.rdb.HIncrBy(ctx, s.keys.partition(p), "mark", 1).Err(); err != nil {
				return "", 0, err
			}
		}
		if to < Partitions {
			next = strconv.Itoa(to)
		}
		return next, to - from, nil
	}
	tr.steps = []formatStep{
		formatSteps[0],
		{to: DataFormat + 1, readableFrom: DataFormat, what: "marks", run: mark},
		{to: DataFormat + 2, readableFrom: DataFormat + 1, what: "marks are read by all"},
	}
	return tr
}

func marks(t *testing.T, s *Store) (n []int) {
	t.Helper()
	for p := range Partitions {
		m, err := s.rdb.HGet(t.Context(), s.keys.partition(p), "mark").Int()
		if err != nil && !isNil(err) {
			t.Fatal(err)
		}
		n = append(n, m)
	}
	return n
}

func TestStepsGoOnWhereTheyWereCutOff(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	tr := newTrial(10)
	tr.fails.Store(4)
	if err := s.migrate(t.Context(), tr.steps); !errors.Is(err, errTrial) || !strings.Contains(err.Error(), "format 3 to 4 (start again") {
		t.Fatalf("cut off: %v", err)
	}
	if got := formatOf(t, s); got.Version != DataFormat || got.ReadableFrom != readableFrom {
		t.Errorf("cut off, the data says %+v", got)
	}
	other, err := reopen(t, s, nil) // in another process, which knows no more than Redis does
	must(t, err)
	must(t, other.migrate(t.Context(), tr.steps))
	if got := formatOf(t, s); got.Version != 5 || got.ReadableFrom != 4 || got.By != "passgate test" {
		t.Errorf("the data says %+v", got)
	}
	if got := marks(t, s); strings.Trim(fmt.Sprint(got), "[1 ]") != "" {
		t.Errorf("not each partition was marked once: %v", got)
	}
	must(t, s.migrate(t.Context(), tr.steps))
	if tr.batches.Load() != 7 {
		t.Errorf("%d batches for 64 partitions by 10: what was done is done again", tr.batches.Load())
	}
}

// Gateways are started together, and gates go on meanwhile.
func TestOneCarriesForwardAndTheOthersWait(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	tr := newTrial(4)
	others := make([]*Store, 4) // all open before one writes the format that they do not know
	for i := range others {
		other, err := reopen(t, s, nil)
		must(t, err)
		others[i] = other
	}
	var all sync.WaitGroup
	for _, other := range others {
		all.Go(func() {
			if err := other.migrate(t.Context(), tr.steps); err != nil {
				t.Error(err)
			}
		})
	}
	for range 10 {
		home.scan(id, In, 36_5)
		clock.Advance(time.Second)
	}
	all.Wait()
	if n := tr.batches.Load(); n != 16 {
		t.Errorf("%d batches for 64 partitions by 4", n)
	}
	if got := formatOf(t, s); got.Version != 5 {
		t.Errorf("the data says %+v", got)
	}
	if done, err := s.noteFormat(t.Context(), 3, 4, 3); err != nil || done {
		t.Errorf("one that was slow put the format back: %v", err)
	}
}
