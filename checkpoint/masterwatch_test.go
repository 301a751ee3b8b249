package checkpoint

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint/redisd"
)

// notes is a MasterMemory.
type notes map[string][]byte

func (n notes) Meta(key string) ([]byte, error)    { return n[key], nil }
func (n notes) SetMeta(key string, v []byte) error { n[key] = v; return nil }

// tellings is what a watch told.
type tellings struct {
	fail  error
	done  []int // all the same
	parts []int
	since time.Time
	times int
}

func (c *tellings) changed(_ context.Context, partitions []int, since time.Time) ([]int, error) {
	c.parts, c.since = partitions, since
	c.times++
	return c.done, c.fail
}

func TestWatchTellsOnceOfARestart(t *testing.T) {
	t.Parallel()
	s, _, srv := storeOnOwnRedis(t, redisd.Options{Persist: true})
	quietly := slog.New(slog.DiscardHandler)
	kept, told := notes{}, &tellings{}
	w := s.NewMasterWatch(0, kept, told.changed, quietly)
	now := time.Now()
	look := func(after time.Duration) {
		t.Helper()
		now = now.Add(after)
		eventually(t, "the master is seen", func() bool { return w.look(t.Context(), now) == nil || told.fail != nil })
	}
	restart := func() {
		t.Helper()
		must(t, srv.Kill())
		must(t, srv.Restart(t.Context()))
	}
	for range 5 {
		look(time.Second)
	}
	if told.times != 0 {
		t.Fatal("told of a change that was none")
	}

	last := now
	restart()
	look(time.Second)
	if told.times != 0 {
		t.Error("told before calls on their way had an end")
	}
	told.fail = errors.New("the gateway cannot")
	look(watchSettle)
	for range 120 {
		look(watchPoll)
	}
	if told.times < 4 || told.times > 8 {
		t.Errorf("what could not be seen to was told %d times in a minute", told.times)
	}
	told.fail, told.times = nil, 1
	look(watchRetry)
	look(time.Second)
	if told.times != 2 || len(told.parts) != Partitions || !told.since.Equal(last.Truncate(time.Millisecond)) {
		t.Errorf("told %d times, last of %d partitions since %s; want twice, the first was refused, since %s", told.times, len(told.parts), told.since, last)
	}
	if got, want := w.Needed(), now.Add(-watchRemember-DefaultResendWindow); got.Before(want.Add(-time.Second)) {
		t.Errorf("needed since %s, want not before %s", got, want)
	}

	// Another gateway, and the same one after a stop in which the master changed.
	other := s.NewMasterWatch(0, nil, told.changed, quietly)
	must(t, other.look(t.Context(), now))
	must(t, other.look(t.Context(), now.Add(watchSettle)))
	if told.times != 2 {
		t.Error("a gateway that knew no other master told of a change")
	}
	look(watchRemember)
	last = now
	restart()
	w = s.NewMasterWatch(0, kept, told.changed, quietly)
	must(t, w.recall())
	look(time.Hour)
	look(watchSettle)
	if told.times != 3 || !told.since.Equal(last.Truncate(time.Millisecond)) {
		t.Errorf("told %d times, since %s: a change while the gateway was stopped, last look at %s", told.times, told.since, last)
	}
}

// Two servers are replaced, and for one nothing can be sent yet: what the other lost is not
// sent again and again, but for what lies with gates, once all answer.
func TestAServerThatIsAwayHasNothingSentAgainForAnother(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	told := &tellings{fail: errors.New("one is away"), done: []int{0, 1}}
	w := s.NewMasterWatch(0, nil, told.changed, slog.New(slog.DiscardHandler))
	began := time.Now()
	at := func(seconds int) time.Time { return began.Add(time.Duration(seconds) * time.Second) }
	for p := range 3 {
		w.seen[p].note(Master{Run: "old"}, at(0))
		w.seen[p].note(Master{Run: "new"}, at(1))
	}
	tell := func(all bool, seconds, times int, parts ...int) {
		t.Helper()
		_, _ = w.tell(t.Context(), all, at(seconds))
		if told.times != times || !slices.Equal(told.parts, parts) {
			t.Errorf("after %d s: told %d times, last of %v; want %d times, of %v", seconds, told.times, told.parts, times, parts)
		}
	}
	tell(false, 10, 1, 0, 1, 2)
	told.done = []int{2}
	tell(false, 10, 1, 0, 1, 2) // not at once
	tell(false, 20, 2, 2)
	tell(false, 60, 2, 2) // gates are left, and a master is away
	must(t, w.remember(at(20)))
	if got, want := w.Needed(), began.Add(-DefaultResendWindow); got.After(want) {
		t.Errorf("needed since %s: the refusals since %s may be forgotten", got, want)
	}
	told.fail = nil
	tell(true, 80, 3)
	if !told.since.Equal(began.Truncate(time.Millisecond)) || len(w.beside) != 0 {
		t.Errorf("gates' refusals are sent again since %s, want %s; %v is left", told.since, began, w.beside)
	}
	tell(true, 200, 3)
}

func TestStaleMastersDelayAndRepeatTheTelling(t *testing.T) {
	t.Parallel()
	old, heir := Master{"a", "1", 3}, Master{"b", "2", 5}
	now := time.Now()
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	var s sighting
	s.note(old, now)
	s.note(old, at(500))
	if s.due(at(60_000)) {
		t.Fatal("a change is due though there was none")
	}
	s.note(heir, at(1000))
	s.note(old, at(1500)) // a node that has not heard of it yet
	s.note(heir, at(2000))
	if s.now != heir || s.due(at(3000)) {
		t.Errorf("%+v: an old claim was believed, or did not delay the telling", s)
	}
	if !s.due(at(1500 + int(watchSettle.Milliseconds()))) {
		t.Error("not due although nobody contradicts any more")
	}
	for ms := 2500; ms < 11_500; ms += 500 {
		s.note(old, at(ms))
	}
	if !s.due(at(11_001)) {
		t.Error("nodes that go on contradicting put the telling off for good")
	}
	if s.Master != old || s.At != at(500).UnixMilli() {
		t.Errorf("%+v: the former master is not the one that was last sure", s)
	}
	// Told; the contradiction goes on: it counts again when it ends.
	s.Master, s.At, s.first, s.latest = s.now, at(11_001).UnixMilli(), time.Time{}, time.Time{}
	s.note(old, at(11_500))
	s.note(heir, at(12_000))
	if !s.due(at(11_500 + int(watchSettle.Milliseconds()))) {
		t.Error("scans that went to the old master after the telling are not sent again")
	}
	// A slot that moves and comes back: the epoch rises.
	back := old
	back.Epoch = 9
	s.note(back, at(20_000))
	if s.now != back {
		t.Error("a master of before that has the slot again is not believed")
	}
}

func TestRewoundProjectorsRestoreALostIndex(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	device, _ := s.Registry().Device("v-01-d1")
	from := clock.Now().UnixMilli()
	for i := range 20 {
		_, err := s.Scan(t.Context(), ScanRequest{
			ID: "rewound-" + string(rune('a'+i)), Device: device.Num, OccurredAt: from + int64(i), Direction: In,
			Who: ByResident, Person: ids[i%2], Presented: "x", Temperature: 36_5,
		})
		must(t, err)
	}
	window := func() int {
		held := recording{}
		must(t, s.Events(t.Context(), Window{Gate: "v-01-g1", From: from, To: from + 1000}, held.add))
		return held.total()
	}
	eventually(t, "all are in the window", func() bool { return window() == 20 })
	gate, _ := s.Registry().Gate("v-01-g1")
	index := s.keys.gateDay(gate.Num, dayOf(from))
	must(t, s.rdb.Del(t.Context(), index, index+":0").Err())
	if window() != 0 {
		t.Fatal("the index is not where it is looked for")
	}
	everyone := make([]int, Partitions)
	for p := range everyone {
		everyone[p] = p
	}
	must(t, s.rewind(t.Context(), everyone, time.Minute, time.Minute))
	eventually(t, "the window is whole again", func() bool { return window() == 20 })
	time.Sleep(3 * projectEvery)
	if n := window(); n != 20 {
		t.Errorf("%d events in the window after a second way through the log", n)
	}
}

// What a lost master had recorded is in the gates' windows already, with the flags
// that it had there. Recorded anew it may have others: it is still one event.
func TestWhatIsRecordedAnewIsInTheWindowOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	g := &gates{s: s, ids: mustEnrol(t, s, resident(1, "v-01"))}
	g.begin(clock.Now().UnixMilli())
	for i := range 3 {
		g.scan(t, i, time.Now())
	}
	g.sameWindow(t)
	person := g.ids[0]
	before := trailsOf(t, s, g.ids, g.base, g.base+1000)
	must(t, s.rdb.Del(t.Context(), s.keys.trail(person)+":0", s.keys.log(partitionOf(person))).Err())
	must(t, s.rdb.HDel(t.Context(), s.keys.person(person), "l", "c").Err())
	if lost, _ := g.missing(t); lost != 3 {
		t.Fatalf("%d scans are forgotten, want 3", lost)
	}

	slices.Reverse(g.all) // in another order, so that other ones find somebody inside
	must(t, g.resend(t.Context(), []int{partitionOf(person)}, time.Time{}))
	g.sameWindow(t)
	eventually(t, "the projector has seen all", func() bool {
		left, err := s.rdb.HGet(t.Context(), s.keys.partition(partitionOf(person)), "cur").Result()
		last := s.rdb.XRevRangeN(t.Context(), s.keys.log(partitionOf(person)), "+", "-", 1).Val()
		return err == nil && len(last) == 1 && last[0].ID == left
	})
	g.sameWindow(t)
	if after := trailsOf(t, s, g.ids, g.base, g.base+1000); maps.Equal(before, after) {
		t.Error("the events are the same in all, and the test shows nothing")
	}
	gate, _ := s.Registry().Gate("v-01-g1")
	counts := s.rdb.HGetAll(t.Context(), s.keys.readings(gate.Num, s.DayAt(g.base))).Val()
	if !slices.Equal(slices.Collect(maps.Values(counts)), []string{"3"}) {
		t.Errorf("3 readings of one temperature are counted as %v", counts)
	}
}
