package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
)

// same compares two dumps and names what differs.
func same(t *testing.T, got, want map[string][]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%q:\n got %q\nwant %q", key, got[key], want[key])
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%q should not be there: %q", key, got[key])
		}
	}
}

func TestIndexesThatAreLostComeBackFromTheLogAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newTown(t, 24)
	w.live(3)
	w.project()
	before := w.dump()
	opt := w.options()
	if r := w.verify(opt); r.Differs() != 0 || !r.Whole() || r.Events < 400 {
		t.Fatalf("before: %+v", r)
	}
	w.loseIndexes()
	r := w.rebuild(opt)
	same(t, w.dump(), before)
	if !r.Whole() || r.Events != int64(len(w.events())) {
		t.Errorf("report %+v", r)
	}
	again := w.verify(opt)
	if again.Differs() != 0 {
		t.Errorf("afterwards: %+v", again)
	}
	for i, f := range again.Families {
		if f.Events == 0 || f.Digest != f.RedisDigest || f.Digest != r.Families[i].Digest {
			t.Errorf("family %+v, rebuilt %+v", f, r.Families[i])
		}
	}
}

// shelf is an archive in memory.
type shelf struct {
	days    map[int64][]checkpoint.ScanEvent
	damaged map[int64]string
	lost    bool // it does not have what was taken away of the logs
	during  func() error
}

func archived(events []checkpoint.ScanEvent) *shelf {
	s := &shelf{days: map[int64][]checkpoint.ScanEvent{}, damaged: map[int64]string{}}
	for i := range events {
		day := checkpoint.DayOf(events[i].OccurredAt)
		s.days[day] = append(s.days[day], events[i])
	}
	return s
}

func (s *shelf) Days() []int64 { return sortedKeys(s.days) }

func (s *shelf) Read(_ context.Context, day int64, fn func(*checkpoint.ScanEvent) error) (damaged []string, err error) {
	if s.during != nil {
		if err := s.during(); err != nil {
			return nil, err
		}
	}
	if why, ok := s.damaged[day]; ok {
		damaged = append(damaged, why)
	}
	for i := range s.days[day] {
		if err := fn(&s.days[day][i]); err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

func (s *shelf) Covers(int) bool { return !s.lost }

// trimLogs takes the entries of all logs away but for the last ones.
func (w *town) trimLogs(keep int64) {
	w.t.Helper()
	for _, key := range w.partitions() {
		must(w.t, w.rdb.XTrimMaxLen(w.t.Context(), key+"log", keep).Err())
	}
}

func TestArchiveAndLogTogetherMakeAnEmptyRedisWhole(t *testing.T) {
	t.Parallel()
	w := newTown(t, 24)
	w.live(2)
	w.project()
	before := w.dump()
	opt := w.options()
	opt.Archive = archived(w.events())
	w.trimLogs(1) // what is left is in both
	if r := w.verify(opt); r.Differs() != 0 || !r.Whole() {
		t.Errorf("before: %+v", r)
	}
	w.drop(func(_, rest string) bool { return rest != "log" })
	w.store = w.open() // no registry, no people
	r := w.rebuild(opt)
	after := w.dump()
	for key, value := range before { // what needs a site, and what needs a refusal
		if strings.Contains(key, "p:") || strings.HasSuffix(key, "n") || strings.HasPrefix(key, "al") {
			continue
		}
		if !slices.Equal(after[key], value) {
			t.Errorf("%q:\n got %q\nwant %q", key, after[key], value)
		}
	}
	if !slices.Equal(r.Skipped, []string{noSites}) || r.FromLog == 0 || r.FromArchive != r.Events {
		t.Errorf("report %+v", r)
	}
	if again := w.verify(opt); again.Differs() != 0 || again.Families[0].Digest != r.Families[0].Digest {
		t.Errorf("afterwards: %+v", again)
	}
	// Nobody becomes known by it.
	if _, err := w.store.Resident(t.Context(), w.people[0]); !errors.Is(err, checkpoint.ErrNotFound) {
		t.Errorf("somebody is on record: %v", err)
	}
}

func TestDamagedDayIsNamedAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t, 24)
	w.live(2)
	w.project()
	before := w.dump()
	events := w.events()
	w.trimLogs(0)
	shelf := archived(events)
	days := shelf.Days()
	day := days[len(days)-1]
	shelf.days[day] = shelf.days[day][:10] // the rest cannot be read
	shelf.damaged[day] = "2020-02-13/0001.age: cut off"
	opt := w.options()
	opt.Archive = shelf
	r := w.rebuild(opt)
	same(t, w.dump(), before)
	if r.Whole() || len(r.Damaged) != 1 || !strings.Contains(r.Damaged[0].Why, "0001.age") || r.Damaged[0].Day != archive.DayName(day) {
		t.Errorf("damage %+v", r.Damaged)
	}
	if v := w.verify(opt); v.Whole() || v.Differs() != 0 || v.Families[0].Kept == 0 {
		t.Errorf("compared: %+v", v)
	}
	// On an empty Redis the rest is there.
	w.loseIndexes()
	if r := w.rebuild(opt); r.Events != int64(len(events)-len(archived(events).days[day])+10) {
		t.Errorf("%d events of %d", r.Events, len(events))
	}
}

func TestLogThatWasCutWithoutAnArchiveTakesNothingAway(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.project()
	before := w.dump()
	w.trimLogs(2)
	r := w.rebuild(w.options())
	same(t, w.dump(), before)
	if r.Whole() {
		t.Errorf("report %+v", r)
	}
	opt := w.options()
	opt.Archive = &shelf{lost: true}
	if v := w.verify(opt); v.Whole() || v.Differs() != 0 {
		t.Errorf("compared: %+v", v)
	}
}

func TestReplayThatIsCutOffIsDoneByTheNextOne(t *testing.T) {
	t.Parallel()
	w := newTown(t, 24)
	w.live(1)
	w.project()
	before := w.dump()
	w.loseIndexes()
	for steps := range 12 {
		ctx, cancel := context.WithCancel(t.Context())
		opt := w.options()
		opt.Progress = func(p Progress) {
			if p.Done > int64(steps*40) {
				cancel()
			}
		}
		_, err := Rebuild(ctx, w.store, opt)
		cancel()
		if err == nil && steps < 3 {
			t.Errorf("step %d was not cut off", steps)
		}
	}
	r := w.rebuild(w.options())
	same(t, w.dump(), before)
	if r.Events != int64(len(w.events())) {
		t.Errorf("report %+v", r)
	}
}

func TestStoreInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.project()
	hold, err := w.store.HoldProjectors(t.Context())
	must(t, err)
	w.drop(func(_, rest string) bool { return strings.HasPrefix(rest, "e:") })
	before := w.dump()
	if _, err := Rebuild(t.Context(), w.store, w.options()); !errors.Is(err, checkpoint.ErrInUse) {
		t.Errorf("rebuilt beside somebody else: %v", err)
	}
	same(t, w.dump(), before)
	w.verify(w.options()) // may run
	must(t, hold.Release(t.Context(), nil))
	w.rebuild(w.options())

	// A gateway that begins in the middle is noticed.
	opt := w.options()
	opt.Archive = &shelf{days: map[int64][]checkpoint.ScanEvent{1: nil}, during: func() error {
		w.scan(w.people[0], "v-01", checkpoint.In)
		return nil
	}}
	if _, err := Rebuild(t.Context(), w.store, opt); !errors.Is(err, checkpoint.ErrInUse) {
		t.Errorf("a scan in the middle: %v", err)
	}
}

func TestProjectorGoesOnWhereTheReplayEnded(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.loseIndexes()
	w.rebuild(w.options())
	extents, err := w.store.LogExtents(t.Context())
	must(t, err)
	for part, key := range w.partitions() {
		cursor, err := w.rdb.HGet(t.Context(), key+"part", "cur").Result()
		if extents[part].Entries > 0 && (err != nil || cursor != extents[part].Last) {
			t.Errorf("partition %d: cursor %q, %v, want %s", part, cursor, err, extents[part].Last)
		}
	}
	before := w.dump()
	w.scan(w.people[0], "v-01", checkpoint.Out)
	w.project()
	if after := w.dump(); len(after) < len(before) {
		t.Errorf("%d keys, before %d", len(after), len(before))
	}
	w.pass(time.Minute)
	if r := w.verify(w.options()); r.Differs() != 0 {
		t.Errorf("%+v", r)
	}
}

func TestEventsWithOneIdentityCountOnceAndTheFirstStays(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.project()
	before := w.dump()
	events := w.events()
	twice := slices.Clone(events)
	for i := range twice {
		twice[i].RecordedAt += 1000
	}
	opt := w.options()
	opt.Archive = archived(append(twice, events...))
	w.loseIndexes()
	r := w.rebuild(opt)
	same(t, w.dump(), before)
	if r.Events != int64(len(events)) || r.OtherContent != int64(len(events)) {
		t.Errorf("report %+v", r)
	}
}

func TestSpillGivesBackWhatWasPutInAndLeavesNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := newSpill(dir)
	must(t, err)
	defer s.close()
	want := map[int64][]string{}
	for i := range 20_000 {
		bucket := int64(i % 7)
		record := strings.Repeat(fmt.Sprint(i), i%40)
		want[bucket] = append(want[bucket], record)
		must(t, s.add(bucket, []byte(record)))
	}
	onDisk := make([]byte, 4096)
	if _, err := s.file.ReadAt(onDisk, 0); err != nil || strings.Contains(string(onDisk), "100100100") {
		t.Errorf("the file is readable, %v", err)
	}
	for bucket, records := range want {
		got, err := s.take(bucket)
		must(t, err)
		if len(got) != len(records) {
			t.Fatalf("bucket %d: %d records, want %d", bucket, len(got), len(records))
		}
		for i := range got {
			if string(got[i]) != records[i] {
				t.Fatalf("bucket %d, record %d: %q, want %q", bucket, i, got[i], records[i])
			}
		}
	}
}

func TestTablesAreThoseThatTheProjectorMakes(t *testing.T) {
	t.Parallel()
	w := newTown(t, 12)
	w.live(1)
	w.project()
	tables := func() map[string]string {
		out := map[string]string{}
		for _, key := range w.keys() {
			_, rest := w.cut(key)
			switch {
			case isPerson(rest):
				if table := w.rdb.HGet(t.Context(), key, "c").Val(); table != "" {
					out[key] = table
				}
			case isIndex("", rest) && w.rdb.Type(t.Context(), key).Val() == "string":
				out[key] = w.rdb.Get(t.Context(), key).Val()
			}
		}
		return out
	}
	person := w.personKey(w.people[0])
	before := tables()
	w.loseIndexes()
	w.rebuild(w.options())
	if after := tables(); before[person] == "" || after[person] != before[person] {
		t.Errorf("table %x, want %x", after[person], before[person])
	}
}
