package checkpoint

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// days is a number of days in ms.
func days(n int64) int64 { return n * dayMillis }

func decide(t testing.TB, s *Store, person uint64, c StatusChange) StatusRecord {
	t.Helper()
	record, err := s.ChangeStatus(t.Context(), person, c)
	must(t, err)
	return record
}

func statusOf(t testing.TB, s *Store, person uint64) (Resident, []StatusRecord) {
	t.Helper()
	who, err := s.Resident(t.Context(), person)
	must(t, err)
	history, err := s.StatusHistory(t.Context(), &who)
	must(t, err)
	return who, history
}

func TestAStatusSaysWhyByWhomAndUntilWhen(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	who, history := statusOf(t, s, id)
	if len(history) != 1 || history[0] != (StatusRecord{Status: StatusGreen, Since: who.CreatedAt}) {
		t.Errorf("of a status by enrolment is kept %+v", history)
	}
	clock.Advance(time.Hour)
	now := clock.Now().UnixMilli()
	red := StatusChange{StatusRed, "positive_test", now + days(14), "县医院 2 月 11 日核酸报告", 7, "area-1", 0, "", ""}
	wanted := StatusRecord{StatusRed, "positive_test", "县医院 2 月 11 日核酸报告", 7, "area-1", now, now + days(14), "", "", 0}
	if got := decide(t, s, id, red); got != wanted {
		t.Errorf("decided %+v, want %+v", got, wanted)
	}
	if v := home.scan(id, Out, 36_5); v.Decision != Deny || v.Reason != ReasonStatusRed {
		t.Errorf("the gate says %v for %v", v.Decision, v.Reason)
	}
	clock.Advance(time.Hour)
	decide(t, s, id, red) // sent again
	if _, history = statusOf(t, s, id); len(history) != 1 || history[0] != wanted {
		t.Errorf("the same decision again made %+v", history)
	}
	decide(t, s, id, StatusChange{Status: StatusRecovered, Ground: "recovered", By: 8, Office: "root"})
	if _, history = statusOf(t, s, id); len(history) != 2 || history[0] != wanted || history[1].By != 8 || history[1].Until != 0 {
		t.Errorf("history %+v", history)
	}
	if found := holding(t, s, "核酸"); len(found) > 0 {
		t.Errorf("evidence in the clear in %q", found)
	}
}

func TestRedHasAnEndWithinFourteenDays(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	now := clock.Now().UnixMilli()
	for field, c := range map[string][]StatusChange{
		"until": {
			{Status: StatusRed, Ground: "positive_test"},
			{Status: StatusRed, Ground: "positive_test", Until: now + days(14) + 1},
			{Status: StatusObservation, Ground: "observation_started", Until: now},
			{Status: StatusObservation, Ground: "observation_started", Until: now + days(61)},
			{Status: StatusGreen, Ground: "correction", Until: now + days(1)},
		},
		"ground":   {{Status: StatusGreen, Ground: "because"}, {Status: StatusGreen, Ground: GroundLapsed}},
		"evidence": {{Status: StatusYellow, Ground: "fever", Evidence: strings.Repeat("证", 201)}, {Status: StatusYellow, Ground: "fever", Evidence: "a\x1b[2J"}},
		"status":   {{Status: 99, Ground: "fever"}},
	} {
		for _, change := range c {
			_, err := s.ChangeStatus(t.Context(), id, change)
			var bad *FieldError
			if !errors.As(err, &bad) || bad.Field != field {
				t.Errorf("%+v: %v, want a word about %s", change, err, field)
			}
		}
	}
	if _, history := statusOf(t, s, id); len(history) != 1 {
		t.Errorf("a refused decision is kept: %+v", history)
	}
	_, err := s.ChangeStatus(t.Context(), 1, StatusChange{Status: StatusYellow, Ground: "fever"})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("about nobody: %v", err)
	}
}

func TestAStatusThatIsOverEndsByItself(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	home := post(t, s, clock, "v-01")
	now := clock.Now().UnixMilli()
	decide(t, s, ids[0], StatusChange{StatusRed, "positive_test", now + days(1), "", 7, "area-1", 0, "", ""})
	decide(t, s, ids[1], StatusChange{StatusObservation, "observation_started", now + days(1), "", 7, "area-1", 0, "", ""})
	decide(t, s, ids[2], StatusChange{StatusQuarantine, "close_contact", 0, "", 7, "area-1", 0, "", ""}) // without an end
	lapse := func(want int) {
		t.Helper()
		if ended, err := s.LapseStatuses(t.Context()); err != nil || ended != want {
			t.Errorf("ended %d, %v, want %d", ended, err, want)
		}
	}
	lapse(0)
	clock.Advance(24*time.Hour - time.Minute)
	decide(t, s, ids[1], StatusChange{StatusObservation, "observation_started", now + days(14), "", 7, "area-1", 0, "", ""}) // goes on
	clock.Advance(time.Minute)
	lapse(1)
	lapse(0)
	want(t, home.scan(ids[0], Out, 36_5), Pass, ReasonOK, Admit, FlagStatusYellow)
	if v := home.scan(ids[1], Out, 36_5); v.Decision != Deny {
		t.Errorf("who is observed for longer is let out: %v", v.Decision)
	}
	if _, history := statusOf(t, s, ids[0]); len(history) != 2 || history[1] != (StatusRecord{
		StatusYellow, GroundLapsed, "", 0, "area-1", now + days(1), now + days(4), "", "", 0,
	}) {
		t.Errorf("history %+v", history)
	}
	clock.Advance(3 * 24 * time.Hour)
	lapse(1)
	clock.Advance(30 * 24 * time.Hour)
	lapse(1) // the observation
	for i, status := range []Status{StatusGreen, StatusYellow, StatusQuarantine} {
		if who, _ := statusOf(t, s, ids[i]); who.Status != status {
			t.Errorf("person %d is %s, want %s", i, who.Status, status)
		}
	}
}

func TestARecordThatCannotBeReadKeepsNobodyElseConfined(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	for _, id := range ids {
		decide(t, s, id, StatusChange{StatusRed, "positive_test", clock.Now().UnixMilli() + days(1), "", 7, "area-1", 0, "", ""})
	}
	first := slices.Min(ids) // the first that is looked at
	tables, err := s.careTables(t.Context(), []uint64{first})
	must(t, err)
	last, _ := tables[0].of(careStatus).last()
	broken := careRef{first, careStatus, last.id}
	must(t, s.rdb.HSet(t.Context(), s.keys.care(first), broken.field(), "broken").Err())
	clock.Advance(25 * time.Hour)
	if ended, err := s.LapseStatuses(t.Context()); ended != 2 || err == nil {
		t.Errorf("ended %d, %v, want 2 and word of the third", ended, err)
	}
}

// Who decides anew while a status is being ended is not overruled.
func TestADecisionIsNotOverruledByTheEndOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	old := decide(t, s, id, StatusChange{StatusYellow, "fever", clock.Now().UnixMilli() + 1, "", 7, "area-1", 0, "", ""})
	tables, err := s.careTables(t.Context(), []uint64{id})
	must(t, err)
	last, _ := tables[0].of(careStatus).last()
	clock.Advance(time.Hour)
	decide(t, s, id, StatusChange{StatusQuarantine, "close_contact", 0, "", 7, "area-1", 0, "", ""})
	if done, err := s.putStatus(t.Context(), id, old.lapsed(clock.Now().UnixMilli()), string(last.id[:])); done || err != nil {
		t.Errorf("overruled: %v, %v", done, err)
	}
	if who, _ := statusOf(t, s, id); who.Status != StatusQuarantine {
		t.Errorf("the person is %s", who.Status)
	}
}

func TestTheHistoryOfStatusesIsBounded(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	for range 15 {
		for _, status := range []Status{StatusYellow, StatusGreen} {
			clock.Advance(time.Minute)
			decide(t, s, id, StatusChange{Status: status, Ground: "correction", By: 7})
		}
	}
	if _, history := statusOf(t, s, id); len(history) != 20 || history[19].Since != clock.Now().UnixMilli() {
		t.Errorf("%d decisions are kept, the last of %d", len(history), history[len(history)-1].Since)
	}
	if n := s.rdb.HLen(t.Context(), s.keys.care(id)).Val(); n != 21 {
		t.Errorf("%d fields, want 20 records and their table", n)
	}
}
