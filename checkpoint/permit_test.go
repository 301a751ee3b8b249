package checkpoint

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// permitDesk issues permits of v-01 in tests, at the request of a host there.
type permitDesk struct {
	t    testing.TB
	s    *Store
	host uint64
	n    int
}

// newDesk enrols the host, resident 1.
func newDesk(t testing.TB, s *Store) *permitDesk {
	t.Helper()
	return newDeskOf(t, s, mustEnrol(t, s, resident(1, "v-01"))[0])
}

func newDeskOf(t testing.TB, s *Store, host uint64) *permitDesk {
	return &permitDesk{t: t, s: s, host: host}
}

// ask is a good request for a visitor with a document, for an hour, which
// tests bend.
func (d *permitDesk) ask(visitor int, edit ...func(*NewPermit)) NewPermit {
	d.n++
	in := NewPermit{
		ID: fmt.Sprintf("permit-%04d", d.n), Visitor: &Visitor{Name: "孙八", IDNumber: fmt.Sprintf("V%07d", visitor)},
		Site: "v-01", Host: d.host, Ground: PermitFamily, Until: d.s.now() + time.Hour.Milliseconds(), Entries: 1, By: "li",
	}
	for _, fn := range edit {
		fn(&in)
	}
	return in
}

func (d *permitDesk) issue(visitor int, edit ...func(*NewPermit)) Permit {
	d.t.Helper()
	p, again, err := d.s.IssuePermit(d.t.Context(), d.ask(visitor, edit...))
	if err != nil || again {
		d.t.Fatalf("issue a permit: %v, again %v", err, again)
	}
	return p
}

// villager enrols a resident of v-02.
func villager(t testing.TB, s *Store, n int) uint64 {
	t.Helper()
	row := resident(n, "v-02")
	row.Grid = ""
	return mustEnrol(t, s, row)[0]
}

func many(in *NewPermit) { in.Entries = 0 }

func TestPermitLetsInFromItsFirstToItsLastMillisecond(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	start := s.now()
	from, until := start+60_000, start+120_000
	p := desk.issue(1, many, func(in *NewPermit) { in.From, in.Until = from, until })
	scanAt := func(at int64) ScanResult {
		req := gate.request(p.Person, In, 36_5)
		req.OccurredAt = at
		return gate.send(req)
	}
	clock.Advance(60 * time.Second)
	want(t, scanAt(from-1), Deny, ReasonNotYetValid, Register, 0)
	res := scanAt(from)
	want(t, res, Pass, ReasonOK, Admit, 0)
	if w := (PermitUse{p.Number, until, EntriesUnlimited}); res.Permit != w {
		t.Errorf("the answer names permit %+v, want %+v", res.Permit, w)
	}
	want(t, scanAt(until-1), Pass, ReasonOK, Admit, FlagAlreadyInside)
	want(t, scanAt(until), Deny, ReasonPermitExpired, Register, 0)
	for _, e := range trailOf(t, s, p.Person) {
		if (e.Decision == Pass) != (e.Permit == p.Number) {
			t.Errorf("%v at %d names permit %d", e.Decision, e.OccurredAt-start, e.Permit)
		}
	}
}

func TestSingleUseIsExactAtTwoGatewaysAtOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	other := openStore(t, s.keys.prefix, clock)
	p := newDesk(t, s).issue(1)
	gates := []*gatePost{post(t, s, clock, "v-01"), post(t, other, clock, "v-01")}
	results := make([]ScanResult, 50)
	var wg sync.WaitGroup
	for i := range results {
		req := gates[i%2].request(p.Person, In, 36_5)
		req.ID = fmt.Sprintf("at-once-%03d", i)
		wg.Go(func() {
			var err error
			if results[i], err = gates[i%2].s.Scan(t.Context(), req); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	passed, used := 0, 0
	for _, r := range results {
		switch {
		case r.Decision == Pass && r.Permit.Left == 0 && r.Permit.Number == p.Number:
			passed++
		case r.Decision == Deny && r.Reason == ReasonPermitUsed && r.Permit.Number == 0:
			used++
		}
	}
	if passed != 1 || used != 49 {
		t.Errorf("%d passed and %d were told that it is used", passed, used)
	}
	if p, err := s.Permit(t.Context(), p.Number); err != nil || p.Used != 1 {
		t.Errorf("used %d times, %v", p.Used, err)
	}
}

func TestEntriesAreCountedAndExitsAreNot(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	p := newDesk(t, s).issue(1, func(in *NewPermit) { in.Entries = 2 })
	gate := post(t, s, clock, "v-01")
	for left := 1; left >= 0; left-- {
		res := gate.scan(p.Person, In, 36_5)
		want(t, res, Pass, ReasonOK, Admit, 0)
		if int(res.Permit.Left) != left {
			t.Errorf("%d entries left, want %d", res.Permit.Left, left)
		}
		clock.Advance(time.Minute)
		want(t, gate.scan(p.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider)
		clock.Advance(time.Minute)
	}
	want(t, gate.scan(p.Person, In, 36_5), Deny, ReasonPermitUsed, Register, 0)
}

// What does not let in uses nothing up, and the same scan again neither.
func TestOnlyAnEntryUsesAPermitUp(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	p := newDesk(t, s).issue(1)
	gate := post(t, s, clock, "v-01")
	want(t, gate.scan(p.Person, In, 0), Incomplete, ReasonTemperatureRequired, MeasureAgain, 0)
	want(t, gate.scan(p.Person, In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	req := gate.request(p.Person, In, 36_5)
	first := gate.send(req)
	want(t, first, Pass, ReasonOK, Admit, FlagRemeasured)
	again := gate.send(req)
	if want(t, again, Pass, ReasonOK, Admit, FlagRemeasured); again.Permit != first.Permit || !again.Duplicate {
		t.Errorf("the repeat %+v, first %+v", again, first)
	}
	want(t, gate.scan(p.Person, In, 36_5), Deny, ReasonPermitUsed, Register, 0)

	t.Log("taken back, the entry is free again")
	if _, err := s.Annul(t.Context(), AnnulRequest{
		ID: "annul-0001", Device: gate.device, Scan: req.ID, OccurredAt: req.OccurredAt, At: req.OccurredAt, Person: p.Person,
	}); err != nil {
		t.Fatal(err)
	}
	want(t, gate.scan(p.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
}

func TestPermitHelpsOnlyWhereAndForWhomItIsMeant(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")

	p := desk.issue(1, many, func(in *NewPermit) { in.Plate = "鲁A12345" })
	want(t, post(t, s, clock, "v-02").scan(p.Person, In, 36_5), Deny, ReasonOutsider, Register, 0)

	t.Log("another vehicle is let in with a flag, none at all without")
	byCar := func(plate string) ScanResult {
		req := gate.request(p.Person, In, 36_5)
		req.Plate = plate
		res := gate.send(req)
		clock.Advance(time.Minute)
		want(t, gate.scan(p.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider)
		clock.Advance(time.Minute)
		return res
	}
	want(t, byCar("鲁A12345"), Pass, ReasonOK, Admit, 0)
	want(t, byCar("鲁A54321"), Pass, ReasonOK, Admit, FlagOtherVehicle)
	want(t, byCar(""), Pass, ReasonOK, Admit, 0)

	t.Log("nor does it lift confinement")
	for status, reason := range map[Status]Reason{StatusRed: ReasonStatusRed, StatusQuarantine: ReasonQuarantine, StatusObservation: ReasonQuarantine} {
		must(t, s.SetStatus(t.Context(), p.Person, status))
		want(t, gate.scan(p.Person, In, 36_5), Deny, reason, Escort, FlagBreach)
	}
	must(t, s.SetStatus(t.Context(), p.Person, StatusVisitor))

	t.Log("a site for residents only knows no permits")
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-01")
		edited := *site
		edited.ResidentsOnly = true
		return d.PutSite(edited)
	}))
	want(t, gate.scan(p.Person, In, 36_5), Deny, ReasonOutsider, Register, 0)
}

func TestWithdrawnPermitLetsInNoMore(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	thrice := func(in *NewPermit) { in.Entries = 3 }
	p, coming := desk.issue(1, thrice), desk.issue(2, func(in *NewPermit) { in.From = s.now() + 60_000 })
	want(t, gate.scan(p.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
	clock.Advance(time.Minute)
	for _, number := range []uint32{p.Number, coming.Number} {
		got, err := s.WithdrawPermit(t.Context(), number, "chen")
		if err != nil || got.WithdrawnAt != s.now() || got.WithdrawnBy != "chen" || got.Until != p.Until {
			t.Errorf("withdrawn: %+v, %v", got, err)
		}
	}
	if got, _ := s.Permit(t.Context(), p.Number); got.StateAt(s.now()) != PermitOverstayed {
		t.Errorf("the visitor is inside, the state is %s", got.StateAt(s.now()))
	}
	want(t, gate.scan(p.Person, In, 36_5), Deny, ReasonPermitExpired, Register, 0)
	slow := gate.request(p.Person, In, 36_5) // by a clock that is behind
	slow.OccurredAt -= 50_000
	want(t, gate.send(slow), Deny, ReasonPermitUsed, Register, 0)
	want(t, gate.scan(coming.Person, In, 36_5), Deny, ReasonPermitExpired, Register, 0)
	want(t, gate.scan(p.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider|FlagOverstayed)

	t.Log("withdrawing it again changes nothing")
	clock.Advance(time.Minute)
	got, err := s.WithdrawPermit(t.Context(), p.Number, "wu")
	if err != nil || got.WithdrawnBy != "chen" || got.StateAt(s.now()) != PermitEnded || got.Used != 1 {
		t.Errorf("withdrawn twice: %+v, %v", got, err)
	}
	if _, err := s.WithdrawPermit(t.Context(), 9_999, "wu"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a permit that is none: %v", err)
	}
}

func TestSameRequestGivesTheSamePermit(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk := newDesk(t, s)
	in := desk.ask(1, func(in *NewPermit) { in.From, in.Device = s.now(), "d-1" })
	first, _, err := s.IssuePermit(t.Context(), in)
	must(t, err)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if p, again, err := s.IssuePermit(t.Context(), in); err != nil || !again || p != first {
				t.Errorf("again %v, %+v, %v", again, p, err)
			}
		})
	}
	wg.Wait()
	t.Log("also when its time is over and another person is on shift")
	clock.Advance(2 * time.Hour)
	in.By = "wu"
	if p, again, err := s.IssuePermit(t.Context(), in); err != nil || !again || p != first {
		t.Errorf("again %v, %+v, %v", again, p, err)
	}
	in.Entries = 2
	if _, _, err := s.IssuePermit(t.Context(), in); !errors.Is(err, ErrOtherContent) {
		t.Errorf("the same id with other content: %v", err)
	}
	past := func(in *NewPermit) { in.From = s.now() - 10*60_000 }
	_, _, err = s.IssuePermit(t.Context(), desk.ask(1, past))
	wantField(t, err, "from")
	in = desk.ask(2, past)
	_, _, err = s.IssuePermit(t.Context(), in)
	wantField(t, err, "from")
	if _, err := s.FindByDocument(t.Context(), in.Visitor.IDNumber); !errors.Is(err, ErrNotFound) {
		t.Errorf("a visitor was entered for a permit that was refused: %v", err)
	}
}

// wantField fails the test unless err is about this field.
func wantField(t testing.TB, err error, field string) {
	t.Helper()
	var got *FieldError
	if !errors.As(err, &got) || got.Field != field || got.Why == "" {
		t.Errorf("got %v, want an error of field %s", err, field)
	}
}

func TestPermitsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	desk := newDesk(t, s)
	elsewhere, gone := villager(t, s, 2), villager(t, s, 3)
	must(t, s.SetStatus(t.Context(), gone, StatusGone))
	day := 24 * time.Hour.Milliseconds()
	byID := func(id uint64) func(*NewPermit) {
		return func(in *NewPermit) { in.Person, in.Visitor = id, nil }
	}
	for field, edit := range map[string]func(*NewPermit){
		"id":                func(in *NewPermit) { in.ID = "short" },
		"by":                func(in *NewPermit) { in.By = "" },
		"device":            func(in *NewPermit) { in.Device = "no such code" },
		"visitor":           func(in *NewPermit) { in.Person = elsewhere },
		"person":            byID(desk.host),
		"site":              func(in *NewPermit) { in.Site = "mall-01" },
		"ground":            func(in *NewPermit) { in.Ground = "fun" },
		"host":              func(in *NewPermit) { in.Host = 0 },
		"until":             func(in *NewPermit) { in.Until = s.now() + 30*day + 1 },
		"from":              func(in *NewPermit) { in.From, in.Until = s.now()+31*day, s.now()+32*day },
		"entries":           func(in *NewPermit) { in.Entries = 201 },
		"plate":             func(in *NewPermit) { in.Plate = "鲁A12345鲁A12345鲁A12345" },
		"purpose":           func(in *NewPermit) { in.Purpose = "two\nlines" },
		"visitor.name":      func(in *NewPermit) { in.Visitor.Name = "" },
		"visitor.id_number": func(in *NewPermit) { in.Visitor.IDNumber = "" },
		"visitor.phone":     func(in *NewPermit) { in.Visitor.Phone = "123" },
	} {
		_, _, err := s.IssuePermit(t.Context(), desk.ask(9, edit))
		wantField(t, err, field)
	}
	for field, edit := range map[string]func(*NewPermit){
		"site":         func(in *NewPermit) { in.Site = "v-99" },
		"visitor":      func(in *NewPermit) { in.Visitor = nil },
		"person":       byID(gone),
		"host":         func(in *NewPermit) { in.Host = elsewhere },
		"until":        func(in *NewPermit) { in.Until = s.now() },
		"entries":      func(in *NewPermit) { in.Entries = -1 },
		"purpose":      func(in *NewPermit) { in.Purpose = string(make([]byte, 121)) },
		"visitor.name": func(in *NewPermit) { in.Visitor = &Visitor{Name: "别人", IDNumber: "P0000002"} },
	} {
		_, _, err := s.IssuePermit(t.Context(), desk.ask(9, edit))
		wantField(t, err, field)
	}
	if _, _, err := s.IssuePermit(t.Context(), desk.ask(9, byID(12345))); !errors.Is(err, ErrNotFound) {
		t.Errorf("a person who is not on record: %v", err)
	}
	if _, _, err := s.IssuePermit(t.Context(), desk.ask(9, func(in *NewPermit) { in.Host, in.Ground = 0, PermitOfficial })); err != nil {
		t.Errorf("official business without a host: %v", err)
	}
}

func TestAPersonHasEightPermitsAndTheOldestThatAreOverGo(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	short := desk.issue(1, func(in *NewPermit) { in.Until = s.now() + 60_000 })
	want(t, gate.scan(short.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
	for range 7 {
		desk.issue(1)
	}
	_, _, err := s.IssuePermit(t.Context(), desk.ask(1))
	wantField(t, err, "person")
	clock.Advance(time.Minute)
	last := desk.issue(1, func(in *NewPermit) { in.Entries = 3 })
	if n := len(must2(s.rdb.HGet(t.Context(), s.keys.person(last.Person), "v").Result())(t)); n != 8*permitRecord {
		t.Errorf("%d bytes of permits", n)
	}
	if p, err := s.Permit(t.Context(), short.Number); err != nil || p.Used != 1 || p.StateAt(s.now()) != PermitEnded {
		t.Errorf("the one that made room: %+v, %v", p, err)
	}
	if res := gate.scan(last.Person, In, 36_5); res.Permit.Number != last.Number {
		t.Errorf("let in by %d, the newest is %d", res.Permit.Number, last.Number)
	}
}

// must2 gives a value whose error must be nil.
func must2[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}
