package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint/redisd"
)

// sweeperOf is a sweeper that does not rest.
func sweeperOf(s *Store) *Sweeper {
	w := s.NewSweeper(nil, slog.New(slog.DiscardHandler))
	w.changesKept = 0
	w.share = 0
	return w
}

// sweep does what the sweeps of a whole day do: what the first one leaves
// without anything is gone after the second one.
func sweep(t testing.TB, s *Store) (last SweepResult) {
	t.Helper()
	for range 2 {
		var err error
		if last, err = sweeperOf(s).Sweep(t.Context()); err != nil {
			t.Fatalf("sweep: %v", err)
		}
	}
	return last
}

// projected waits until all that was recorded is in the indexes.
func projected(t testing.TB, s *Store) {
	t.Helper()
	eventually(t, "the projector is at the end of every log", func() bool {
		for part := range Partitions {
			last := s.rdb.XRevRangeN(t.Context(), s.keys.log(part), "+", "-", 1).Val()
			if len(last) > 0 && s.rdb.HGet(t.Context(), s.keys.partition(part), "cur").Val() != last[0].ID {
				return false
			}
		}
		return true
	})
}

// stored is all that Redis holds under a store's prefix: keys with their values
// in one text each. The audit has a schedule of its own.
func stored(t testing.TB, s *Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, key := range allKeys(t, s) {
		if strings.Contains(key, "{aud}") {
			continue
		}
		ctx, text := t.Context(), []string{key}
		switch kind := s.rdb.Type(ctx, key).Val(); kind {
		case "string":
			text = append(text, s.rdb.Get(ctx, key).Val())
		case "hash":
			for field, v := range s.rdb.HGetAll(ctx, key).Val() {
				text = append(text, field, v)
			}
		case "zset":
			text = append(text, s.rdb.ZRange(ctx, key, 0, -1).Val()...)
		case "set":
			text = append(text, s.rdb.SMembers(ctx, key).Val()...)
		case "stream":
			for _, m := range s.rdb.XRange(ctx, key, "-", "+").Val() {
				for field, v := range m.Values {
					text = append(text, field, fmt.Sprint(v))
				}
			}
		case "none":
		default:
			t.Fatalf("key %q is a %s", key, kind)
		}
		all[key] = strings.Join(text, "\x00")
	}
	return all
}

// holding lists the keys in which, name or value, a text is, without the prefix.
func holding(t testing.TB, s *Store, text string) (keys []string) {
	t.Helper()
	for key, all := range stored(t, s) {
		if strings.Contains(all, text) {
			keys = append(keys, strings.TrimPrefix(key, s.keys.prefix))
		}
	}
	slices.Sort(keys)
	return keys
}

// pastTown is a town in which everything has happened, and what must not be found
// in it when retention is over.
type pastTown struct {
	s             *Store
	clock         *testClock
	residents     []uint64
	walkIn, alias uint64 // a stranger; one who turned out to be residents[1]
	visitor       uint64 // with a permit
	marks         map[string]string
	refused       ScanRequest
}

func newPastTown(t testing.TB) *pastTown {
	t.Helper()
	s, clock := newStore(t)
	project(t, s)
	guards(t, s, "wang", "li")
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-02")
		limited := *site
		limited.Outings, limited.OutingDays = 5, 2
		return d.PutSite(limited)
	}))
	p := &pastTown{s: s, clock: clock, marks: map[string]string{}}
	row := resident(3, "v-02")
	row.Grid = ""
	p.residents = mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), row)
	home, far, mall := post(t, s, clock, "v-01"), post(t, s, clock, "v-02"), post(t, s, clock, "mall-01")

	home.open("shift-0001", "wang")
	home.send(home.drive(p.residents[0], Out, "鲁A12345"))
	far.scan(p.residents[2], Out, 36_5) // counts as an outing
	p.walkIn = mall.walkInOf(lisi)
	p.alias = mall.walkInOf(WalkIn{Name: "赵六", Phone: "13911111111"})
	match(t, s, p.alias, p.residents[1])
	desk := newDeskOf(t, s, p.residents[0])
	p.visitor = desk.issue(1, many).Person
	home.scan(p.visitor, In, 36_5)
	clock.Advance(time.Minute)
	urgent := mall.request(p.residents[1], In, 0)
	urgent.Override = OverrideMedical
	mall.send(urgent) // an alert
	wrong := mall.request(p.residents[0], In, 36_5)
	mall.send(wrong)
	_, err := mall.takeBack("annul-0001", wrong, p.residents[0])
	must(t, err)
	p.refused = mall.request(0, In, 0)
	_, err = s.Refuse(t.Context(), p.refused, ReasonBadSignature)
	must(t, err)
	fever := mall.fevered(p.residents[2])
	_, err = s.CloseFever(t.Context(), fever.ID, FeverFalseReading, "medic-1", "note")
	must(t, err)
	_, err = s.CloseShift(t.Context(), home.closing("shift-0001", "hand-over"))
	must(t, err)
	_, err = s.Revoke(t.Context(), p.residents[1])
	must(t, err)
	c := mustOpenCase(t, s, Case{People: p.residents[:1]})
	must(t, s.AskAbout(t.Context(), &c, []uint64{p.residents[2], p.walkIn}))
	must(t, s.NoteMet(t.Context(), c.Code, []uint64{p.residents[0]}))
	_, err = s.CloseCase(t.Context(), c.Code, CaseExcluded, "medic")
	must(t, err)
	projected(t, s)

	for _, person := range append([]uint64{p.walkIn, p.alias, p.visitor}, p.residents...) {
		for i, e := range trailOf(t, s, person) {
			p.marks[fmt.Sprintf("event %d of %016x", i, person)] = string(e.Hash[:])
		}
	}
	hash := scanHash(mall.device, p.refused.ID)
	p.marks["refusal"] = string(hash[:])
	p.marks["walk-in"], p.marks["visitor"] = raw(p.walkIn), raw(p.visitor)
	p.marks["shift"] = "shift-0001"
	p.marks["day"] = fmt.Sprintf("e:%d", dayOf(testStart.UnixMilli()))
	p.marks["fever case"] = raw(uint64(fever.ID))
	return p
}

// left names the marks that are still there.
func (p *pastTown) left(t testing.TB) (names []string) {
	t.Helper()
	for name, mark := range p.marks {
		if keys := holding(t, p.s, mark); len(keys) > 0 {
			names = append(names, fmt.Sprintf("%s in %q", name, keys))
		}
	}
	slices.Sort(names)
	return names
}

func TestNothingIsLeftWhenRetentionIsOver(t *testing.T) {
	t.Parallel()
	p := newPastTown(t)
	n := len(p.marks)
	// One millisecond before the day goes nothing has gone.
	dayOver := (dayOf(testStart.UnixMilli())+1)*dayMillis + p.s.retention.Milliseconds() + sweepMargin.Milliseconds()
	p.clock.ms.Store(dayOver - 1)
	sweep(t, p.s)
	if left := p.left(t); len(left) < n-2 { // shifts and fever cases go to the millisecond
		t.Errorf("only %d of %d marks are left of a day that is kept: %q", len(left), n, left)
	}
	p.clock.Advance(time.Millisecond)
	if left := p.left(t); len(left) < n-2 {
		t.Errorf("without a sweep only %d of %d marks are left", len(left), n)
	}
	sweep(t, p.s)
	if left := p.left(t); len(left) > 0 {
		t.Errorf("left: %s", strings.Join(left, "\n"))
	}
	if keys := holding(t, p.s, raw(p.residents[1])); !slices.Equal(kindsOf(keys), []string{"h", "i", "p", "p", "log"}) {
		t.Errorf("a resident is in %q %q", kindsOf(keys), keys) // in the second p as who the alias is
	}
	for i, id := range p.residents {
		if r, err := p.s.Resident(t.Context(), id); err != nil || r.Name != "王小明" || r.Kind != KindResident {
			t.Errorf("resident %d: %+v, %v", i, r, err)
		}
	}
	p.clock.Advance(90 * 24 * time.Hour)
	sweep(t, p.s)
	for name, id := range map[string]uint64{"asked about": p.residents[2], "met": p.residents[0], "revoked": p.residents[1]} {
		if keys := holding(t, p.s, raw(id)); slices.Contains(kindsOf(keys), "log") || slices.Contains(kindsOf(keys), "case") {
			t.Errorf("%s is in %q", name, keys)
		}
	}
	if c, err := p.s.Case(t.Context(), "C1"); err != nil || len(c.People) > 0 || c.Title != "" || c.Outcome != CaseExcluded {
		t.Errorf("case %+v, %v", c, err)
	}
}

// kindsOf are the first letters of keys behind their tags, sorted; "log" for the
// revocations.
func kindsOf(keys []string) (kinds []string) {
	for _, key := range keys {
		_, rest, _ := strings.Cut(key, "}:")
		switch {
		case strings.HasPrefix(key, "{rev}"):
			kinds = append(kinds, "log")
		case strings.HasPrefix(key, "{case}"):
			kinds = append(kinds, "case")
		case !strings.HasPrefix(rest, "x"): // blind indexes
			kinds = append(kinds, rest[:1])
		}
	}
	slices.SortFunc(kinds, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return kinds
}

// Whoever was forgotten and comes again is entered anew; the words of somebody
// who is known as a resident still are the resident.
func TestWhoWasForgottenComesAgain(t *testing.T) {
	t.Parallel()
	p := newPastTown(t)
	p.clock.Advance(40 * 24 * time.Hour)
	sweep(t, p.s)
	if _, err := p.s.Resident(t.Context(), p.walkIn); !errors.Is(err, ErrNotFound) {
		t.Errorf("the walk-in: %v", err)
	}
	if r, err := p.s.Resident(t.Context(), p.alias); err != nil || r.Name != "" || r.Phone != "" || r.NameMasked != "" {
		t.Errorf("the walk-in who is known: %+v, %v", r, err)
	}
	if ids, err := p.s.FindByPhone(t.Context(), "13911111111"); err != nil || len(ids) > 0 {
		t.Errorf("found by phone: %x, %v", ids, err)
	}
	mall := post(t, p.s, p.clock, "mall-01")
	mall.n = 1000
	if id := mall.walkInOf(lisi); id != p.walkIn {
		t.Errorf("the walk-in is %x now, was %x", id, p.walkIn)
	}
	if r, err := p.s.Resident(t.Context(), p.walkIn); err != nil || r.Name != "李四" {
		t.Errorf("the walk-in who came again: %+v, %v", r, err)
	}
	if id := mall.walkInOf(WalkIn{Name: "赵六", Phone: "13911111111"}); id != p.residents[1] {
		t.Errorf("the walk-in who is known is %x, not resident %x", id, p.residents[1])
	}
	unmatch(t, p.s, p.alias, p.residents[1])
	if id := mall.walkInOf(WalkIn{Name: "赵六", Phone: "13911111111"}); id != p.alias {
		t.Errorf("the walk-in who is known no more is %x, not %x", id, p.alias)
	}
	if r, err := p.s.Resident(t.Context(), p.alias); err != nil || r.Name != "赵六" {
		t.Errorf("the walk-in who is known no more: %+v, %v", r, err)
	}
	desk := newDeskOf(t, p.s, p.residents[0])
	desk.n = 100
	if again := desk.issue(1); again.Person != p.visitor {
		t.Errorf("the visitor is %x now, was %x", again.Person, p.visitor)
	}
}

// What was looked at a moment ago may have changed: the script looks again.
func TestNobodyIsForgottenWhoHasJustCome(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	walkIn := post(t, s, clock, "mall-01").walkInOf(lisi)
	keys := []string{s.keys.person(walkIn), s.keys.identity(walkIn), s.keys.trail(walkIn), s.keys.homeSet(partitionOf(walkIn), 0)}
	must(t, s.rdb.HDel(t.Context(), keys[0], "l").Err())
	for _, want := range []string{"kept", "gone", "kept"} {
		got, err := s.run(t.Context(), s.rdb, forgetScript, keys, "forget", s.now()+1, raw(walkIn))
		if err != nil || got != want {
			t.Errorf("forget: %v, %v, want %s", got, err, want)
		}
		must(t, s.rdb.Del(t.Context(), chunk(keys[2], 0)).Err())
	}
}

// The events of a person in an open case stay, for the case and for nobody
// else, until 14 days after it was closed.
func TestEvidenceOutlivesRetention(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	mall := post(t, s, clock, "mall-01")
	at := s.now()
	mall.scan(ids[0], In, 36_5)
	mall.scan(ids[1], In, 36_5)
	known := mall.walkInOf(lisi)
	match(t, s, known, ids[0])
	projected(t, s)
	c := mustOpenCase(t, s, Case{People: ids[:1]})

	read := func() [3]int {
		t.Helper()
		var n [3]int
		for i, id := range ids {
			must(t, s.Trail(t.Context(), id, at, at+1, func(*ScanEvent) error { n[i]++; return nil }))
		}
		must(t, s.Events(t.Context(), Window{Gate: "mall-01-g1", From: at, To: at + 1}, func(*ScanEvent) error { n[2]++; return nil }))
		return n
	}
	check := func(when string, want [3]int) {
		t.Helper()
		for range 2 {
			if got := read(); got != want {
				t.Errorf("%s: events of the one in the case, of the other, of the gate: %v, want %v", when, got, want)
			}
			sweep(t, s)
		}
	}
	clock.Advance(s.retention)
	check("in the last millisecond", [3]int{2, 1, 3})
	clock.Advance(time.Millisecond)
	check("past retention", [3]int{2, 0, 2})
	clock.Advance(30 * 24 * time.Hour)
	check("a month later", [3]int{2, 0, 2})
	if keys := holding(t, s, raw(ids[1])); slices.Contains(kindsOf(keys), "e") || slices.Contains(kindsOf(keys), "t") {
		t.Errorf("the other one is in %q", keys)
	}
	_, err := s.CloseCase(t.Context(), c.Code, CaseResolved, "medic")
	must(t, err)
	clock.Advance(CaseHold - time.Millisecond)
	check("13 days after it was closed", [3]int{2, 0, 2})
	clock.Advance(time.Millisecond)
	check("14 days after it was closed", [3]int{})
	if left := s.rdb.Exists(t.Context(), chunk(s.keys.trail(ids[0]), 0)).Val(); left != 0 {
		t.Error("the trail is still there")
	}
}

// An archive that only takes note of what it is told.
type fakeArchive struct {
	days      []int64
	destroyed []int64
	keeps     func(day int64, keep func(*ScanEvent) bool)
	err       error
}

func (a *fakeArchive) Days() []int64 { return a.days }

func (a *fakeArchive) Destroy(_ context.Context, day int64, keep func(*ScanEvent) bool) error {
	a.destroyed = append(a.destroyed, day)
	a.keeps(day, keep)
	return a.err
}

func TestDaysOfTheArchiveAreDestroyed(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	mustOpenCase(t, s, Case{People: ids[:1]})
	today := dayOf(s.now())
	clock.Advance(s.retention + 24*time.Hour)
	a := &fakeArchive{days: []int64{today - 1, today, today + 1}, err: errors.New("the disk is gone")}
	a.keeps = func(_ int64, keep func(*ScanEvent) bool) {
		if !keep(&ScanEvent{Person: ids[0]}) || keep(&ScanEvent{Person: ids[1]}) {
			t.Error("kept is not who is in a case")
		}
	}
	w := s.NewSweeper(a, slog.New(slog.DiscardHandler))
	w.share = 0
	if err := w.SweepArchive(t.Context()); !errors.Is(err, a.err) || !slices.Equal(a.destroyed, []int64{today - 1, today}) {
		t.Errorf("destroyed %v, want %v; %v", a.destroyed, a.days[:2], err)
	}
	a.err = nil
	removed := int64(0)
	w.Observe = func(r map[string]int64) { removed += r["archive days"] }
	must(t, w.SweepArchive(t.Context()))
	if removed != 2 {
		t.Errorf("%d days were destroyed", removed)
	}
}

func TestOneProcessSweepsAtATime(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	run, err := sweeperOf(s).begin(t.Context())
	must(t, err)
	other := sweeperOf(s)
	if _, err := other.Sweep(t.Context()); !errors.Is(err, ErrSweeping) {
		t.Errorf("beside another one: %v", err)
	}
	run.end(t.Context())
	must(t, other.sweepIfDue(t.Context()))
	clock.Advance(SweepEvery - time.Millisecond)
	must(t, other.sweepIfDue(t.Context()))
	if last := other.Last(); last == nil || last.FinishedAt != testStart.UnixMilli() {
		t.Errorf("last sweep %+v, want the one an hour ago", last)
	}
	clock.Advance(time.Millisecond)
	must(t, other.sweepIfDue(t.Context()))
	if last, err := s.LastSweep(t.Context()); err != nil || last.FinishedAt != s.now() {
		t.Errorf("last sweep %+v, %v", last, err)
	}
}

// Whoever scans while days are swept loses nothing: what lies within retention
// afterwards is what was recorded within it.
func TestSweepsBesideScansLoseNothing(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	rows := make([]NewResident, 6)
	for i := range rows {
		rows[i] = resident(i+1, "v-01")
	}
	ids := mustEnrol(t, s, rows...)
	ctx, stop := context.WithCancel(t.Context())
	var sweeps sync.WaitGroup
	sweeps.Go(func() {
		for ctx.Err() == nil {
			if _, err := sweeperOf(s).Sweep(t.Context()); err != nil {
				t.Errorf("sweep: %v", err)
			}
		}
	})
	recorded := make([][]int64, len(ids)) // times
	var gates sync.WaitGroup
	for i, id := range ids {
		gates.Go(func() {
			gate := post(t, s, clock, "mall-01")
			gate.n = i * 10_000
			for n := range 750 {
				req := gate.request(id, In, 36_5)
				req.Late = true // the clock of all moves on
				req.OccurredAt -= int64(n%7) * 11 * 3_600_000
				if req.OccurredAt < 0 {
					req.OccurredAt = 1
				}
				if _, err := s.Scan(t.Context(), req); err != nil {
					t.Errorf("scan: %v", err)
					return
				}
				recorded[i] = append(recorded[i], req.OccurredAt)
				clock.Advance(45 * time.Minute)
			}
		})
	}
	gates.Wait()
	stop()
	sweeps.Wait()
	projected(t, s)
	sweep(t, s)
	since, until, all := s.oldestShown(), s.now(), 0
	for i, id := range ids {
		var got, want []int64
		must(t, s.Trail(t.Context(), id, since, until, func(e *ScanEvent) error { got = append(got, e.OccurredAt); return nil }))
		for _, at := range recorded[i] {
			if at >= since {
				want = append(want, at)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("person %d: %d events, recorded %d", i, len(got), len(want))
		}
		all += len(want)
		gate := post(t, s, clock, "mall-01")
		gate.n = 90_000 + 10*i
		wrong := gate.request(id, In, 36_5)
		gate.send(wrong)
		if _, err := gate.takeBack(fmt.Sprintf("annul-%03d", i), wrong, id); err != nil { // compares the size of the trail
			t.Errorf("person %d: %v", i, err)
		}
		if n := s.rdb.ZCount(t.Context(), chunk(s.keys.trail(id), 0), "-inf", fmt.Sprint("(", s.oldestKept())).Val(); n > 0 {
			t.Errorf("person %d: %d old events are left", i, n)
		}
	}
	n := 0
	must(t, s.Events(t.Context(), Window{Gate: "mall-01-g1", From: since, To: until}, func(*ScanEvent) error { n++; return nil }))
	if n != all || all < 300 {
		t.Errorf("the gate has %d events, the people %d", n, all)
	}
}

// What was deleted is in no file any more when the append-only file was written
// anew, which a sweep has done.
func TestDeletedEventsLeaveTheDisk(t *testing.T) {
	t.Parallel()
	if testInMemory {
		t.Skip("needs a redis-server")
	}
	s, clock, srv := storeOnOwnRedis(t, redisd.Options{Persist: true, Fsync: "no"})
	ctx, cancel := context.WithCancel(t.Context())
	var projector sync.WaitGroup
	projector.Go(func() {
		s.NewProjector(clientOf(t, []string{srv.Socket()}, TuneReader), slog.New(slog.DiscardHandler)).Run(ctx)
	})
	t.Cleanup(func() { cancel(); projector.Wait() })
	mall := post(t, s, clock, "mall-01")
	walkIn := mall.walkInOf(lisi)
	hash := trailOf(t, s, walkIn)[0].Hash
	projected(t, s)
	dir := s.rdb.ConfigGet(t.Context(), "dir").Val()["dir"]
	inFiles := func() (names []string) {
		must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // a file that goes while the folder is read
			}
			data, _ := os.ReadFile(path)
			if strings.Contains(string(data), string(hash[:])) || strings.Contains(string(data), raw(walkIn)) {
				names = append(names, path)
			}
			return nil
		}))
		return names
	}
	clock.Advance(s.retention + 25*time.Hour)
	if len(inFiles()) == 0 {
		t.Fatal("the event is in no file to begin with")
	}
	sweep(t, s)
	eventually(t, "the event is in no file", func() bool { return len(inFiles()) == 0 })
	if n := holding(t, s, string(hash[:])); len(n) > 0 {
		t.Errorf("still in %q", n)
	}
}

// An entry of a log stays until it is projected and, where somebody archives the
// logs, archived.
func TestLogEntriesWaitForProjectorAndArchive(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	gate := post(t, s, clock, "v-01")
	for range 3 {
		gate.scan(person, In, 36_5)
		clock.Advance(time.Minute)
	}
	log, part := s.keys.log(partitionOf(person)), s.keys.partition(partitionOf(person))
	entries := s.rdb.XRange(t.Context(), log, "-", "+").Val()
	for _, c := range []struct {
		field string // of the partition
		entry int    // that it names
		left  int64
	}{{"ac", 2, 3}, {"cur", 0, 2}, {"ac", 1, 2}, {"cur", 2, 1}, {"ac", 2, 0}} {
		must(t, s.rdb.HSet(t.Context(), part, c.field, entries[c.entry].ID).Err())
		clock.Advance(s.retention + 25*time.Hour) // a day that no sweep has seen
		sweep(t, s)
		if left := s.rdb.XLen(t.Context(), log).Val(); left != c.left {
			t.Errorf("%s at entry %d: %d entries are left, want %d", c.field, c.entry, left, c.left)
		}
	}
	if n := s.rdb.HGet(t.Context(), part, "tn").Val(); n != "3" {
		t.Errorf("%s entries are counted as cut off", n)
	}
}
