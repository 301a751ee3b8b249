package checkpoint

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func mustOpenCase(t testing.TB, s *Store, c Case) Case {
	t.Helper()
	if c.Kind == "" {
		c.Kind = CaseConfirmed
	}
	if c.Title == "" {
		c.Title = "县医院确诊一例"
	}
	opened, err := s.OpenCase(t.Context(), c, "medic")
	must(t, err)
	return opened
}

func caseTown(t testing.TB) (*Store, *testClock, []uint64) {
	t.Helper()
	s, clock := newStore(t)
	return s, clock, mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "c-01"))
}

// The period in which meetings count begins two days before the first symptoms,
// before the sample where there were none, and ends with the isolation.
func TestPeriodOfACase(t *testing.T) {
	t.Parallel()
	day := (24 * time.Hour).Milliseconds()
	now := 100 * day
	for name, w := range map[string]struct {
		c        Case
		from, to int64
	}{
		"symptoms":                {Case{OnsetAt: 90 * day, SampledAt: 95 * day}, 88 * day, now},
		"sample only":             {Case{SampledAt: 95 * day}, 93 * day, now},
		"nothing known":           {Case{OpenedAt: 99 * day}, 85 * day, now},
		"isolated":                {Case{OnsetAt: 90 * day, IsolatedAt: 96 * day}, 88 * day, 96 * day},
		"isolated before symptom": {Case{SampledAt: 99 * day, IsolatedAt: 96 * day}, 96 * day, 96 * day},
	} {
		if from, to := w.c.Period(now); from != w.from || to != w.to {
			t.Errorf("%s: %d to %d, want %d to %d", name, from/day, to/day, w.from/day, w.to/day)
		}
	}
}

func TestACaseIsBounded(t *testing.T) {
	t.Parallel()
	s, clock, people := caseTown(t)
	for field, c := range map[string]Case{
		"kind":        {Kind: "flu", Title: "x"},
		"title":       {Kind: CaseOther},
		"onset_at":    {Kind: CaseOther, Title: "x", OnsetAt: clock.Now().UnixMilli() + 1},
		"isolated_at": {Kind: CaseOther, Title: "x", OnsetAt: 2, IsolatedAt: 1},
	} {
		_, err := s.OpenCase(t.Context(), c, "medic")
		if fe := (*FieldError)(nil); !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := s.OpenCase(t.Context(), Case{Kind: CaseOther, Title: "x", People: []uint64{12345}}, "medic"); !errors.Is(err, ErrNotFound) {
		t.Errorf("about nobody: %v", err)
	}
	c := mustOpenCase(t, s, Case{People: people[:1]})
	if c.Code != "C1" || !c.Open() || c.OpenedBy != "medic" {
		t.Errorf("opened %+v", c)
	}
	for _, code := range []string{"", "C", "C0", "C01", "c1", "C2", "C99999999999"} {
		if _, err := s.Case(t.Context(), code); !errors.Is(err, ErrNotFound) {
			t.Errorf("case %q: %v", code, err)
		}
	}
}

// What a case says names people: none of it is in Redis in the clear.
func TestACaseIsSealed(t *testing.T) {
	t.Parallel()
	s, _, people := caseTown(t)
	mustOpenCase(t, s, Case{Title: "佟道口村王小明一家", People: people[:1]})
	stored, err := s.rdb.HGetAll(t.Context(), s.keys.cases("c")).Result()
	must(t, err)
	for _, v := range stored {
		if strings.Contains(v, "王小明") || strings.Contains(v, "people") {
			t.Errorf("stored in the clear: %q", v)
		}
	}
}

// The cap counts different people; more takes somebody else's approval, for a
// time.
func TestMorePeopleTakeASecondPerson(t *testing.T) {
	t.Parallel()
	s, clock, _ := caseTown(t)
	c := mustOpenCase(t, s, Case{})
	var many []uint64
	for i := range DefaultCaps.People {
		many = append(many, uint64(i+1))
	}
	must(t, s.AskAbout(t.Context(), &c, many))
	must(t, s.AskAbout(t.Context(), &c, many[3:7])) // nobody new
	if err := s.AskAbout(t.Context(), &c, []uint64{7, 1000, 1000}); !errors.Is(err, ErrOverCap) {
		t.Errorf("one too many: %v", err)
	}
	if n, err := s.Asked(t.Context(), []Case{c}); err != nil || n[0] != DefaultCaps.People {
		t.Errorf("%d people asked about, %v", n, err)
	}

	until := clock.Now().Add(time.Hour).UnixMilli()
	lift := Lift{Caps{People: 60}, Approval{Reason: "聚集性疫情", AskedBy: "tracer", Until: until}}
	c, err := s.AskLift(t.Context(), c.Code, lift)
	must(t, err)
	if caps := c.CapsAt(clock.Now().UnixMilli()); caps != DefaultCaps {
		t.Errorf("before anybody approved: %+v", caps)
	}
	if _, err := s.ApproveLift(t.Context(), c.Code, 0, "tracer"); !errors.Is(err, ErrSamePerson) {
		t.Errorf("approved by the one who asked: %v", err)
	}
	if _, err := s.ApproveLift(t.Context(), c.Code, 1, "leader"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such lift: %v", err)
	}
	c, err = s.ApproveLift(t.Context(), c.Code, 0, "leader")
	must(t, err)
	must(t, s.AskAbout(t.Context(), &c, []uint64{1000}))
	if caps := c.CapsAt(until); caps != DefaultCaps {
		t.Errorf("after its end: %+v", caps)
	}
	for _, bad := range []Lift{
		{Caps{}, lift.Approval},
		{Caps{People: 5001}, lift.Approval},
		{Caps{Hops: 4}, lift.Approval},
		{Caps{Days: 7}, Approval{Reason: "x", Until: until}},
		{Caps{Days: 7}, Approval{Reason: "reason", Until: clock.Now().Add(MaxLift + time.Minute).UnixMilli()}},
	} {
		if fe := (*FieldError)(nil); !errors.As(onlyError(s.AskLift(t.Context(), c.Code, bad)), &fe) {
			t.Errorf("%+v was taken", bad)
		}
	}
}

func onlyError[T any](_ T, err error) error { return err }

// A cap holds however many ask at once.
func TestTheCapHoldsAtOnce(t *testing.T) {
	t.Parallel()
	s, _, _ := caseTown(t)
	c := mustOpenCase(t, s, Case{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for i := range 2 * DefaultCaps.People {
		wg.Go(func() {
			err := s.AskAbout(t.Context(), &c, []uint64{uint64(i + 1)})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				taken++
			case !errors.Is(err, ErrOverCap):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken != DefaultCaps.People {
		t.Errorf("%d people, the cap is %d", taken, DefaultCaps.People)
	}
}

func TestAGrantIsForTheOneWhoAskedAndEnds(t *testing.T) {
	t.Parallel()
	s, clock, _ := caseTown(t)
	c := mustOpenCase(t, s, Case{})
	now := clock.Now().UnixMilli()
	until := now + time.Hour.Milliseconds()
	if fe := (*FieldError)(nil); !errors.As(onlyError(s.AskGrant(t.Context(), c.Code, Grant{"nowhere", Approval{Reason: "reason", Until: until}})), &fe) {
		t.Error("a node that is none was taken")
	}
	c, err := s.AskGrant(t.Context(), c.Code, Grant{"area-2", Approval{Reason: "密接住在二管区", AskedBy: "tracer", Until: until}})
	must(t, err)
	if got := c.Granted("tracer", now); got != nil {
		t.Errorf("granted before approval: %v", got)
	}
	c, err = s.ApproveGrant(t.Context(), c.Code, 0, "leader")
	must(t, err)
	if got := c.Granted("tracer", now); len(got) != 1 || got[0] != "area-2" {
		t.Errorf("granted %v", got)
	}
	if got := c.Granted("tracer-2", now); got != nil {
		t.Errorf("granted to somebody else: %v", got)
	}
	if got := c.Granted("tracer", until); got != nil {
		t.Errorf("granted after its end: %v", got)
	}
}

// Many who change one case at once all get their way.
func TestChangesOfACaseDoNotLoseEachOther(t *testing.T) {
	t.Parallel()
	s, clock, _ := caseTown(t)
	c := mustOpenCase(t, s, Case{})
	until := clock.Now().Add(time.Hour).UnixMilli()
	const askers = 12
	var wg sync.WaitGroup
	for range askers {
		wg.Go(func() {
			if _, err := s.AskLift(t.Context(), c.Code, Lift{Caps{Hops: 2}, Approval{Reason: "聚集性疫情", AskedBy: "tracer", Until: until}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if c, err := s.Case(t.Context(), c.Code); err != nil || len(c.Lifts) != askers {
		t.Errorf("%d lifts, %v", len(c.Lifts), err)
	}
}

// The people of a case are held while it is open and 14 days longer.
func TestWhoIsHeld(t *testing.T) {
	t.Parallel()
	s, clock, people := caseTown(t)
	c := mustOpenCase(t, s, Case{People: people[:1]})
	held := func(want ...uint64) {
		t.Helper()
		got, err := s.Held(t.Context())
		must(t, err)
		if len(got) != len(want) {
			t.Errorf("held %v, want %v", got, want)
		}
		for _, id := range want {
			if !got[id] {
				t.Errorf("%x is not held", id)
			}
		}
	}
	_, err := s.AttachToCase(t.Context(), c.Code, people[2:])
	must(t, err)
	held(people[0], people[2])
	clock.Advance(60 * 24 * time.Hour)
	held(people[0], people[2])
	if _, err := s.CloseCase(t.Context(), c.Code, "solved", "medic"); err == nil {
		t.Error("closed with an outcome that is none")
	}
	for range 2 { // again changes nothing
		_, err = s.CloseCase(t.Context(), c.Code, CaseResolved, "medic")
		must(t, err)
	}
	if _, err := s.CloseCase(t.Context(), c.Code, CaseExcluded, "medic"); !errors.Is(err, ErrCaseClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := s.AttachToCase(t.Context(), c.Code, people[1:2]); !errors.Is(err, ErrCaseClosed) {
		t.Errorf("added after closing: %v", err)
	}
	clock.Advance(CaseHold - time.Millisecond)
	held(people[0], people[2])
	if c := sweptCase(t, s, c.Code); len(c.People) != 2 {
		t.Errorf("swept while it holds evidence: %+v", c)
	}
	clock.Advance(time.Millisecond)
	held()
	if c := sweptCase(t, s, c.Code); len(c.People) != 0 || c.Title != "" || c.Outcome != CaseResolved {
		t.Errorf("after its hold: %+v", c)
	}
}

// sweptCase is a case after a sweep.
func sweptCase(t testing.TB, s *Store, code string) Case {
	t.Helper()
	w := s.NewSweeper(nil, slog.New(slog.DiscardHandler))
	w.share = 0
	_, err := w.Sweep(t.Context())
	must(t, err)
	c, err := s.Case(t.Context(), code)
	must(t, err)
	return c
}

// Whoever has a fever case is held with it.
func TestAFeverCaseHolds(t *testing.T) {
	t.Parallel()
	s, clock, people := caseTown(t)
	post(t, s, clock, "v-01").fevered(people[0])
	held, err := s.Held(t.Context())
	must(t, err)
	if len(held) != 1 || !held[people[0]] {
		t.Errorf("held %v", held)
	}
}

// Somebody may be called whom the case was opened about, or whom an answer named, however
// many it named; not whoever was merely attached.
func TestWhoHasToDoWithACase(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	c := mustOpenCase(t, s, Case{People: people[:1]})
	c, err := s.AttachToCase(t.Context(), c.Code, people[1:2])
	must(t, err)
	many := make([]any, 20_000) // a large case
	for i := range many {
		many[i] = raw(uint64(i))
	}
	must(t, s.rdb.SAdd(t.Context(), s.keys.cases("m:"+c.Code), many...).Err())
	must(t, s.NoteMet(t.Context(), c.Code, people[2:]))
	if got, err := s.Strangers(t.Context(), &c, people); err != nil || !slices.Equal(got, people[1:2]) {
		t.Errorf("strangers %x of %x, %v", got, people, err)
	}
}
