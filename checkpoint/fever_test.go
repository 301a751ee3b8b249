package checkpoint

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// fevered scans a person high twice, a minute apart, and gives the case.
func (g *gatePost) fevered(person uint64) FeverCase {
	g.t.Helper()
	want(g.t, g.scan(person, In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	g.clock.Advance(time.Minute)
	want(g.t, g.scan(person, In, 38_4), Deny, ReasonFever, HoldHere, FlagTemperatureHigh)
	open, err := g.s.openFevers(g.t.Context())
	must(g.t, err)
	for _, c := range open {
		if c.Person == person {
			return c
		}
	}
	g.t.Fatalf("no open case of %016x among %+v", person, open)
	return FeverCase{}
}

func TestFeverCaseHoldsBothReadingsAndItsEventNamesIt(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall := post(t, s, clock, "mall-01")
	began := clock.Now().UnixMilli()
	c := mall.fevered(id)
	trail := trailOf(t, s, id)
	site, _ := s.Registry().Site("mall-01")
	gate, _ := s.Registry().Gate("mall-01-g1")
	wanted := FeverCase{
		ID: c.ID, Person: id, OpenedAt: began + 60_000, Site: site.Num, Gate: gate.Num,
		First:  FeverReading{trail[0].Hash, began, 38_0},
		Second: FeverReading{trail[1].Hash, began + 60_000, 38_4},
	}
	if !reflect.DeepEqual(c, wanted) || !c.Open() {
		t.Errorf("case %+v\nwant %+v", c, wanted)
	}
	if trail[0].Fever != 0 || trail[1].Fever != c.ID {
		t.Errorf("the events name the cases %v and %v, want the second only: %v", trail[0].Fever, trail[1].Fever, c.ID)
	}
	if parsed, err := ParseFeverID(c.ID.String()); err != nil || parsed != c.ID {
		t.Errorf("%v reads back as %v, %v", c.ID, parsed, err)
	}
	eventually(t, "the gate's window names the case", func() bool {
		page, err := s.Page(t.Context(), Window{Gate: "mall-01-g1", From: began, To: began + 60_001}, "", 10)
		must(t, err)
		return len(page.Events) == 2 && page.Events[1].Fever == c.ID
	})
	stored := s.rdb.ZRange(t.Context(), chunk(s.keys.trail(id), 0), 1, 1).Val()
	if len(stored) != 1 || stored[0] != string(trail[1].trailMember()) {
		t.Errorf("stored %x, want %x", stored, trail[1].trailMember())
	}
}

func TestClosingLetsThePersonInAgain(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	c := mall.fevered(id)
	clock.Advance(time.Minute)
	want(t, mall.scan(id, In, 36_5), Deny, ReasonFever, HoldHere, FlagFeverCase)
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Escort, FlagFeverCase)
	clock.Advance(time.Minute)
	closed, err := s.CloseFever(t.Context(), c.ID, FeverScreenedNegative, "medic-1", "县医院排除")
	must(t, err)
	wanted := c
	wanted.Outcome, wanted.ClosedAt, wanted.ClosedBy, wanted.Note = FeverScreenedNegative, clock.Now().UnixMilli(), "medic-1", "县医院排除"
	if !reflect.DeepEqual(closed, wanted) {
		t.Errorf("closed %+v\nwant %+v", closed, wanted)
	}
	want(t, home.scan(id, Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	if open, err := s.openFevers(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("still open: %+v, %v", open, err)
	}
	for _, key := range allKeys(t, s) {
		if s.rdb.Type(t.Context(), key).Val() == "hash" && strings.Contains(key, "}:f:") {
			for field, v := range s.rdb.HGetAll(t.Context(), key).Val() {
				if strings.Contains(v, "县医院") {
					t.Errorf("the note lies in the clear in field %s", field)
				}
			}
		}
	}
}

func TestCaseIsClosedOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	c := post(t, s, clock, "mall-01").fevered(id)
	first, err := s.CloseFever(t.Context(), c.ID, FeverHandedOver, "medic-1", "120")
	must(t, err)
	clock.Advance(time.Hour)
	again, err := s.CloseFever(t.Context(), c.ID, FeverHandedOver, "medic-2", "another note")
	if err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("closed again: %+v, %v, want the first %+v", again, err, first)
	}
	if _, err := s.CloseFever(t.Context(), c.ID, FeverFalseReading, "medic-1", "120"); !errors.Is(err, ErrFeverClosed) {
		t.Errorf("closed with another outcome: %v", err)
	}
	if now, _ := s.Fever(t.Context(), c.ID); !reflect.DeepEqual(now, first) {
		t.Errorf("the refused closing changed the case: %+v", now)
	}
	if _, err := s.CloseFever(t.Context(), c.ID+1, FeverHandedOver, "medic-1", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("a case that is none: %v", err)
	}
	for field, err := range map[string]error{
		"outcome": second(s.CloseFever(t.Context(), c.ID, "better", "medic-1", "")),
		"by":      second(s.CloseFever(t.Context(), c.ID, FeverHandedOver, "", "")),
		"note":    second(s.CloseFever(t.Context(), c.ID, FeverHandedOver, "medic-1", strings.Repeat("x", MaxFeverNote+1))),
	} {
		var bad *FieldError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A case that is closed late must not let its person out of the next one.
func TestRepeatedClosingLeavesTheNextCaseOpen(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall := post(t, s, clock, "mall-01")
	first := mall.fevered(id)
	var wg sync.WaitGroup
	for range 10 { // at once
		wg.Go(func() {
			if _, err := s.CloseFever(t.Context(), first.ID, FeverFalseReading, "medic-1", ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	clock.Advance(time.Hour)
	next := mall.fevered(id)
	if next.ID == first.ID {
		t.Fatalf("one case for two fevers: %v", next.ID)
	}
	_, err := s.CloseFever(t.Context(), first.ID, FeverFalseReading, "medic-1", "")
	must(t, err)
	want(t, mall.scan(id, In, 36_5), Deny, ReasonFever, HoldHere, FlagFeverCase)
}

func TestClosedCasesAreListedByTimeAndGoWhenRetentionIsOver(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	mall := post(t, s, clock, "mall-01")
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	early, late := mall.fevered(ids[0]), mall.fevered(ids[1])
	if open, err := s.openFevers(t.Context()); err != nil || len(open) != 2 || open[0].ID != early.ID || open[1].ID != late.ID {
		t.Errorf("open: %+v, %v", open, err)
	}
	_, err := s.CloseFever(t.Context(), late.ID, FeverHandedOver, "medic-1", "")
	must(t, err)
	closedAt := clock.Now().UnixMilli()
	clock.Advance(time.Hour)
	_, err = s.CloseFever(t.Context(), early.ID, FeverHandedOver, "medic-1", "")
	must(t, err)
	list := func(from, to int64) (ids []FeverID) {
		cases, err := s.closedFevers(t.Context(), from, to)
		must(t, err)
		for _, c := range cases {
			ids = append(ids, c.ID)
		}
		return ids
	}
	now := clock.Now().UnixMilli()
	for _, c := range []struct {
		from, to int64
		want     []FeverID
	}{
		{0, now + 1, []FeverID{late.ID, early.ID}},
		{closedAt + 1, now + 1, []FeverID{early.ID}},
		{closedAt, now, []FeverID{late.ID}},
		{now + 1, now + 2, nil},
	} {
		if got := list(c.from, c.to); !reflect.DeepEqual(got, c.want) {
			t.Errorf("closed in [%d, %d): %v, want %v", c.from-closedAt, c.to-closedAt, got, c.want)
		}
	}

	t.Log("four weeks later the next sweep takes them away")
	clock.Advance(DefaultRetention + time.Minute)
	if got := list(0, clock.Now().UnixMilli()); got != nil {
		t.Errorf("past retention: %v", got)
	}
	sweep(t, s)
	if _, err := s.Fever(t.Context(), early.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("the case is still there: %v", err)
	}
}

// openFevers are the open cases, the one that waits longest first.
func (s *Store) openFevers(ctx context.Context) ([]FeverCase, error) {
	page, _, err := s.Fevers(ctx, FeverQuery{})
	return page, err
}

// closedFevers are the cases closed in from <= closed_at < to (UTC ms), in the order in
// which they were closed.
func (s *Store) closedFevers(ctx context.Context, from, to int64) ([]FeverCase, error) {
	page, _, err := s.Fevers(ctx, FeverQuery{Closed: true, From: from, To: to})
	return page, err
}
