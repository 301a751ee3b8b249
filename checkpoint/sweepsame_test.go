package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// answersOf is what every reader says of a whole town now: as far back as the
// longest question reaches, and of a moment and a person in it.
func answersOf(m *movingTown) (answers []string) {
	m.t.Helper()
	s, ctx := m.s, m.t.Context()
	from, to := s.now()-maxWindow+1, s.now()+1
	tell := func(what string, err error, answer any) {
		must(m.t, err)
		answers = append(answers, fmt.Sprintf("%s: %+v", what, answer))
	}
	events := func(what string, read func(fn func(*ScanEvent) error) error) {
		var all []ScanEvent
		err := read(func(e *ScanEvent) error { all = append(all, *e); return nil })
		tell(what, err, all)
	}
	for _, person := range m.people {
		events("trail "+FormatPersonID(person), func(fn func(*ScanEvent) error) error {
			err := s.Trail(ctx, person, from, to, fn)
			if errors.Is(err, ErrNotFound) { // a visitor of whom nothing is left
				return nil
			}
			return err
		})
	}
	for _, gate := range s.Registry().Gates() {
		w := Window{Gate: gate.Code, From: from, To: to}
		events("gate "+gate.Code, func(fn func(*ScanEvent) error) error { return s.Events(ctx, w, fn) })
		events("refusals at "+gate.Code, func(fn func(*ScanEvent) error) error { return s.Refusals(ctx, w, fn) })
	}
	for _, plate := range []string{"鲁A12345", "鲁B54321"} {
		events("plate "+plate, func(fn func(*ScanEvent) error) error { return s.ByPlate(ctx, plate, from, to, fn) })
	}
	var alerts []Alert
	err := s.Alerts(ctx, from, to, func(a *Alert) error { alerts = append(alerts, *a); return nil })
	tell("alerts", err, alerts)
	moment := s.oldestShown() + (36 * time.Hour).Milliseconds()
	inside, err := s.InsideAt(ctx, "mall-01", moment)
	tell("inside", err, inside)
	met, err := s.Contacts(ctx, ContactQuery{Person: m.people[0], From: from, To: to, GateMargin: 2 * time.Minute, Hops: 1})
	tell("contacts", err, met)
	return answers
}

// Whatever anybody asks, a sweep changes no answer: what goes was shown no more
// before, but to whom it is evidence for, and for them it stays.
func TestSweepsChangeNoAnswer(t *testing.T) {
	t.Parallel()
	towns := 1
	if os.Getenv("PASSGATE_LONG") != "" {
		towns = 10
	}
	movingTowns(t, towns, func(t *testing.T, m *movingTown) {
		held := m.people[1]
		mustOpenCase(t, m.s, Case{People: []uint64{held}})
		shown := 0
		for hours := 0; hours <= 24*movingDays+40; hours += 28 {
			m.clock.ms.Store(m.begin + m.s.retention.Milliseconds() + int64(hours)*3_600_000)
			before := answersOf(m)
			sweep(t, m.s)
			if after := answersOf(m); !slices.Equal(before, after) {
				for i := range before {
					if before[i] != after[i] {
						t.Fatalf("%d hours behind retention, before a sweep\n%.2000s\nafter it\n%.2000s", hours, before[i], after[i])
					}
				}
			}
			shown += len(fmt.Sprint(before))
		}
		if shown < 50_000 {
			t.Errorf("the answers were too short to tell: %d bytes", shown)
		}
		var left []string
		for _, person := range m.people {
			if n := len(mustWholeTrail(t, m.s, person)); n > 0 != (person == held) {
				left = append(left, fmt.Sprintf("%x: %d events", person, n))
			}
		}
		if len(left) > 0 {
			t.Errorf("the record of %x is evidence, all others are over: %q", held, left)
		}
	})
}

func mustWholeTrail(t testing.TB, s *Store, person uint64) []ScanEvent {
	t.Helper()
	events, err := s.wholeTrail(t.Context(), person)
	must(t, err)
	return events
}
