package checkpoint

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// erasedTown is a resident with a household, a visitor of theirs and a walk-in
// whom they turned out to be.
type erasedTown struct {
	s        *Store
	clock    *testClock
	mall     *gatePost
	person   uint64
	neighbor uint64
	visitor  uint64
	alias    uint64
}

func newErasedTown(t testing.TB) *erasedTown {
	t.Helper()
	s, clock := newStore(t)
	rows := []NewResident{resident(1, "v-01"), resident(2, "v-01")}
	rows[0].Name, rows[0].Phone, rows[1].Phone = "赵六", "13911111111", "13911111111"
	ids := mustEnrol(t, s, rows...)
	e := &erasedTown{s: s, clock: clock, mall: post(t, s, clock, "mall-01"), person: ids[0], neighbor: ids[1]}
	e.alias = e.mall.walkInOf(WalkIn{Name: "赵六", Phone: "13911111111"})
	match(t, s, e.alias, e.person)
	e.visitor = newDeskOf(t, s, e.neighbor).issue(1, many).Person
	clock.Advance(time.Minute)
	e.mall.scan(e.person, Out, 36_5)
	_, err := s.Exempt(t.Context(), e.person, s.now()+3_600_000, ExemptWork, "li")
	must(t, err)
	return e
}

// nameless checks that nothing tells who the person was, and that their events
// are still there.
func (e *erasedTown) nameless(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	r, err := e.s.Resident(ctx, e.person)
	if want := (Resident{ID: e.person, Kind: KindErased, Status: StatusGone, Generation: r.Generation}); err != nil || r != want || r.Generation == 0 {
		t.Errorf("erased: %+v, %v", r, err)
	}
	if w, err := e.s.Resident(ctx, e.alias); err != nil || w.Name != "" || w.NameMasked != "" || w.Phone != "" {
		t.Errorf("the walk-in that they turned out to be: %+v, %v", w, err)
	}
	if _, err := e.s.FindByDocument(ctx, "P0000001"); !errors.Is(err, ErrNotFound) {
		t.Errorf("found by document: %v", err)
	}
	if ids, err := e.s.FindByPhone(ctx, "13911111111"); err != nil || !slices.Equal(ids, []uint64{e.neighbor}) {
		t.Errorf("found by phone: %x, %v", ids, err)
	}
	if slices.Contains(membersOf(t, e.s, "v-01"), e.person) {
		t.Error("still among the people of the village")
	}
	if keys := holding(t, e.s, raw(e.person)); slices.ContainsFunc(keys, func(key string) bool {
		_, rest, _ := strings.Cut(key, "}:")
		return strings.HasPrefix(rest, "x") || strings.HasPrefix(rest, "i") || strings.HasPrefix(rest, "h") || strings.HasPrefix(rest, "m")
	}) {
		t.Errorf("the ID is in %q", keys)
	}
	if n := len(trailOf(t, e.s, e.person)); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

func TestErasureTakesTheIdentityAtOnceAndTheRestBySchedule(t *testing.T) {
	t.Parallel()
	e := newErasedTown(t)
	for range 2 {
		must(t, e.s.Erase(t.Context(), e.person, "li"))
		e.nameless(t)
	}
	if n, err := e.s.Resident(t.Context(), e.neighbor); err != nil || n.Phone != "13911111111" {
		t.Errorf("the neighbour: %+v, %v", n, err)
	}
	old := e.mall.request(e.person, In, 36_5)
	old.Who, old.Pass = ByAppPass, appPass(e.person, e.clock.Now(), "12345678")
	if res := e.mall.send(old); res.Decision != Deny || res.Reason != ReasonRevoked || res.Person.NameMasked != "" {
		t.Errorf("an old pass: %+v", res)
	}
	again := mustEnrol(t, e.s, NewResident{Name: "赵六", IDNumber: "P0000001", Site: "v-01", Door: "1-1-1"})[0]
	if again == e.person {
		t.Error("who enrols again has the erased ID")
	}
	must(t, e.s.Erase(t.Context(), e.visitor, "li"))
	if v, err := e.s.Resident(t.Context(), e.visitor); err != nil || v.Kind != KindErased || v.Name != "" {
		t.Errorf("the visitor: %+v, %v", v, err)
	}
	project(t, e.s)
	projected(t, e.s)
	e.clock.Advance(e.s.retention + 25*time.Hour)
	sweep(t, e.s)
	for _, id := range []uint64{e.person, e.alias, e.visitor} {
		keys := holding(t, e.s, raw(id))
		if !slices.Equal(kindsOf(keys), []string{"log"}) && len(keys) > 0 { // revocations are kept for longer
			t.Errorf("%x is in %q", id, keys)
		}
	}
}

func TestEvidenceIsNotErased(t *testing.T) {
	t.Parallel()
	e := newErasedTown(t)
	if err := e.s.Erase(t.Context(), 12345, "li"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	c := mustOpenCase(t, e.s, Case{People: []uint64{e.alias}}) // a walk-in whom they turned out to be
	if err := e.s.Erase(t.Context(), e.person, "li"); !errors.Is(err, ErrHeld) {
		t.Errorf("in a case: %v", err)
	}
	_, err := e.s.CloseCase(t.Context(), c.Code, CaseExcluded, "medic")
	must(t, err)
	e.clock.Advance(CaseHold - time.Millisecond)
	if err := e.s.Erase(t.Context(), e.person, "li"); !errors.Is(err, ErrHeld) {
		t.Errorf("in a case that was closed: %v", err)
	}
	fever := e.mall.fevered(e.neighbor)
	if err := e.s.Erase(t.Context(), e.neighbor, "li"); !errors.Is(err, ErrHeld) {
		t.Errorf("with a fever: %v", err)
	}
	if r, err := e.s.Resident(t.Context(), e.neighbor); err != nil || r.Name == "" {
		t.Errorf("something was erased: %+v, %v", r, err)
	}
	_, err = e.s.CloseFever(t.Context(), fever.ID, FeverFalseReading, "medic-1", "Zhao, at home")
	must(t, err)
	e.clock.Advance(CaseHold)
	must(t, e.s.Erase(t.Context(), e.neighbor, "li"))
	if closed, err := e.s.Fever(t.Context(), fever.ID); err != nil || closed.Note != "" || closed.Person != e.neighbor {
		t.Errorf("the fever case: %+v, %v", closed, err)
	}
}

// Whoever is confined cannot shed it by a new record: nothing that would free their
// document is done before the confinement is over; a number that is corrected leads to them as before.
func TestNobodyShedsAConfinementByANewRecord(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	clerk := &Staff{Num: 1, Login: "clerk"}
	for _, status := range []Status{StatusRed, StatusObservation, StatusQuarantine} {
		must(t, s.SetStatus(t.Context(), ids[0], status))
		_, err := s.Correct(t.Context(), ids[0], Correction{IDNumber: "P9999999", Reason: "wrong digit"}, clerk)
		must(t, err)
		for what, err := range map[string]error{
			"erase": s.Erase(t.Context(), ids[0], "clerk"),
			"gone":  s.Leave(t.Context(), ids[0], Leaving{Ground: "moved_away", Date: "2020-02-01", Reason: "said so"}, clerk),
			"merge": s.Merge(t.Context(), ids[1], ids[0], "one person", clerk),
		} {
			if why := new(FieldError); !errors.As(err, &why) || !strings.Contains(why.Why, status.String()) {
				t.Errorf("%s of somebody who is %s: %v", what, status, err)
			}
		}
		if again := mustEnrol(t, s, resident(1, "v-01")); again[0] != ids[0] {
			t.Errorf("%s: enrolled anew as %x", status, again[0])
		}
	}
	must(t, s.Merge(t.Context(), ids[0], ids[1], "one person", clerk)) // who is confined is kept, by both numbers
	if again := mustEnrol(t, s, NewResident{Name: resident(1, "v-01").Name, IDNumber: resident(2, "v-01").IDNumber, Site: "v-01"}); again[0] != ids[0] {
		t.Errorf("by the number of the record that was merged: enrolled anew as %x", again[0])
	}
	must(t, s.SetStatus(t.Context(), ids[0], StatusGreen))
	must(t, s.Erase(t.Context(), ids[0], "clerk"))
}

// dying lets so many commands and pipelines of a client through, then none.
type dying struct{ left atomic.Int64 }

var errDied = errors.New("died here")

func (d *dying) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *dying) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if d.left.Add(-1) < 0 {
			cmd.SetErr(errDied)
			return errDied
		}
		return next(ctx, cmd)
	}
}

func (d *dying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if d.left.Add(-1) < 0 {
			for _, cmd := range cmds {
				cmd.SetErr(errDied)
			}
			return errDied
		}
		return next(ctx, cmds)
	}
}

// An erasure that dies behind any of its steps is completed by the next sweep,
// or by asking again.
func TestErasureIsCompletedWhereverItWasCutOff(t *testing.T) {
	t.Parallel()
	for steps := int64(0); ; steps++ {
		e := newErasedTown(t)
		cut := openStore(t, e.s.keys.prefix, e.clock)
		hook := &dying{}
		hook.left.Store(steps)
		cut.rdb.AddHook(hook)
		err := cut.Erase(t.Context(), e.person, "li")
		done := err == nil
		if !done && !errors.Is(err, ErrUnavailable) {
			t.Fatalf("cut off behind %d steps: %v", steps, err)
		}
		begun := e.s.rdb.HExists(t.Context(), e.s.keys.person(e.person), "x").Val() || done
		if begun && steps%2 == 0 {
			sweep(t, e.s)
		} else {
			must(t, e.s.Erase(t.Context(), e.person, "li"))
		}
		e.nameless(t)
		if t.Failed() {
			t.Fatalf("cut off behind %d steps", steps)
		}
		if done {
			if steps < 10 {
				t.Errorf("the erasure took only %d steps", steps)
			}
			return
		}
	}
}
