package checkpoint

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
)

// alertsOf reads the alerts of the last and the next day.
func alertsOf(t testing.TB, s *Store) (found []Alert) {
	t.Helper()
	const day = 86_400_000
	must(t, s.Alerts(t.Context(), s.now()-day, s.now()+day, func(a *Alert) error {
		found = append(found, *a)
		return nil
	}))
	return found
}

// Every kind is raised by what it says and by nothing else, exactly once.
func TestEventsThatDeserveItBecomeAlerts(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-01")
		strict := *site
		strict.Outings, strict.OutingDays = 1, 1
		return d.PutSite(strict)
	}))
	rows := make([]NewResident, 8)
	for i := range rows {
		rows[i] = resident(i+1, "v-01")
	}
	rows[0].Status, rows[1].Status, rows[2].Status = StatusRed, StatusQuarantine, StatusYellow
	ids := mustEnrol(t, s, rows...)
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	expected := []string{}
	step := func(res ScanResult, kinds ...AlertKind) {
		if kinds != nil {
			expected = append(expected, fmt.Sprintf("%016x %v", res.Person.ID, kinds))
		}
		clock.Advance(time.Second)
	}
	told := func(g *gatePost, person uint64, way Direction, temp Celsius, d Decision, r Reason, a Action) ScanResult {
		req := g.request(person, way, temp)
		req.Late, req.Told = true, &Told{d, r, a}
		return g.send(req)
	}
	emergency := func(person uint64, way Direction) ScanResult {
		req := mall.request(person, way, 36_5)
		req.Override = OverrideMedical
		return mall.send(req)
	}
	step(home.scan(ids[0], Out, 36_5), AlertBreach, AlertDeniedExit)
	step(home.scan(ids[0], In, 36_5)) // let home with company
	step(mall.scan(ids[1], In, 36_5), AlertBreach)
	step(mall.scan(ids[2], In, 36_5)) // yellow is no alert
	step(home.scan(ids[3], Out, 36_5))
	step(home.scan(ids[3], Out, 36_5), AlertDeniedExit) // the household's outings are used up
	expired := home.request(ids[4], Out, 36_5)
	expired.Who, expired.Pass = ByAppPass, appPass(ids[4], clock.Now().Add(-time.Hour), "old")
	step(home.send(expired)) // the pass is refused, nobody is held
	step(home.scan(ids[5], In, 38_0))
	step(home.scan(ids[5], In, 38_4), AlertFever)
	step(home.scan(ids[5], In, 36_5)) // let home
	step(mall.scan(ids[5], In, 36_5), AlertFeverOut)
	step(mall.scan(ids[5], Out, 0), AlertFeverOut)
	step(emergency(ids[5], In), AlertFeverOut, AlertOverride)
	step(emergency(ids[6], Out), AlertOverride)
	step(told(mall, ids[1], In, 36_5, Pass, ReasonOK, Admit), AlertBreach, AlertConflict)
	step(told(mall, ids[6], In, 36_5, Deny, ReasonSiteFull, SendBack)) // refused offline: nobody went in
	step(mall.scan(ids[7], Out, 38_0))
	step(mall.scan(ids[7], Out, 38_4), AlertFever, AlertDeniedExit)

	project(t, s)
	check := func() {
		var got []string
		eventually(t, "the alerts are there", func() bool {
			got = nil
			for _, a := range alertsOf(t, s) {
				got = append(got, fmt.Sprintf("%016x %v", a.Event.Person, a.Kinds))
			}
			return len(got) >= len(expected)
		})
		if !reflect.DeepEqual(got, expected) {
			t.Errorf("alerts\n got %v\nwant %v", got, expected)
		}
	}
	check()
	projectAll(t, s)
	check()
}

// The same event as in the trail, with nothing lost.
func TestAlertIsTheEventItself(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	home.fevered(id)
	eventually(t, "the alert is there", func() bool { return len(alertsOf(t, s)) == 1 })
	if got, want := alertsOf(t, s)[0].Event, trailOf(t, s, id)[1]; got != want {
		t.Errorf("alert %+v\nevent %+v", got, want)
	}
}

// Emergencies without a name are in no log: their alert is written before the
// answer, and what a crash left undone the next try does.
func TestEmergencyWithoutANameIsAnAlertAtOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	home := post(t, s, clock, "v-01")
	req := home.request(0, Out, 0)
	req.Who, req.Presented, req.Override = ByNobody, "", OverrideFire
	send := func() {
		_, err := s.Refuse(t.Context(), req, ReasonUnknownPerson)
		must(t, err)
	}
	for range 3 {
		send()
		clock.Advance(time.Second)
	}
	got := alertsOf(t, s)
	if len(got) != 1 || !reflect.DeepEqual(got[0].Kinds, []AlertKind{AlertOverride}) || got[0].Event.Person != 0 ||
		got[0].Event.Override != OverrideFire || got[0].Event.RecordedAt != req.OccurredAt {
		t.Fatalf("alerts %+v", got)
	}

	t.Log("recorded, and the alert was not reached")
	base := s.keys.alerts(dayOf(req.OccurredAt))
	must(t, s.rdb.Del(t.Context(), base, chunk(base, 0)).Err())
	send()
	if again := alertsOf(t, s); !reflect.DeepEqual(again, got) {
		t.Errorf("alerts %+v, want %+v", again, got)
	}

	t.Log("the gate's record was lost with its master, and is made again from what was told: in other words")
	gate, _ := s.Registry().Gate("v-01-g1")
	refusals := s.keys.refusals(gate.Num, dayOf(req.OccurredAt))
	must(t, s.rdb.Del(t.Context(), refusals, chunk(refusals, 0)).Err())
	resent := req
	resent.Told, resent.Journaled = &Told{Pass, ReasonMalformed, Admit}, req.OccurredAt
	_, err := s.Refuse(t.Context(), resent, ReasonUnknownPerson)
	must(t, err)
	if again := alertsOf(t, s); len(again) != 1 || again[0].Event.Reason != resent.Told.Reason {
		t.Errorf("alerts %+v, want one, as it was told", again)
	}

	t.Log("a forged code is none, unless a device let it pass offline")
	forged := home.request(0, Out, 0)
	forged.Presented = "forged"
	_, err = s.Refuse(t.Context(), forged, ReasonBadSignature)
	must(t, err)
	passed := home.request(0, In, 0)
	passed.Presented, passed.Late, passed.Told = "forged", true, &Told{Pass, ReasonOK, Admit}
	_, err = s.Refuse(t.Context(), passed, ReasonBadSignature)
	must(t, err)
	if got := alertsOf(t, s); len(got) != 2 || !reflect.DeepEqual(got[1].Kinds, []AlertKind{AlertConflict}) {
		t.Errorf("alerts %+v", got)
	}
}

func TestAlertOfAScanTakenBackIsMarked(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	red := resident(1, "v-01")
	red.Status = StatusRed
	id := mustEnrol(t, s, red)[0]
	home := post(t, s, clock, "v-01")
	slip := home.request(id, Out, 36_5)
	home.send(slip)
	eventually(t, "the alert is there", func() bool { return len(alertsOf(t, s)) == 1 })
	_, err := home.takeBack("annul-0001", slip, id)
	must(t, err)
	eventually(t, "it is marked", func() bool {
		got := alertsOf(t, s)
		return len(got) == 1 && got[0].Event.Annulled
	})
}

func TestAlertsOfAWindowComeInOrderAcrossDays(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	mall := post(t, s, clock, "mall-01")
	red := resident(1, "v-01")
	red.Status = StatusRed
	id := mustEnrol(t, s, red)[0]
	var times []int64
	for range 6 { // 4 hours apart, from 04:00 UTC into the next day
		times = append(times, clock.Now().UnixMilli())
		mall.scan(id, In, 36_5)
		clock.Advance(4 * time.Hour)
	}
	eventually(t, "all are there", func() bool { return len(alertsOf(t, s)) == len(times) })
	read := func(from, to int64) (at []int64) {
		must(t, s.Alerts(t.Context(), from, to, func(a *Alert) error {
			at = append(at, a.Event.OccurredAt)
			return nil
		}))
		return at
	}
	if got := read(times[0], times[5]+1); !reflect.DeepEqual(got, times) {
		t.Errorf("all: %v, want %v", got, times)
	}
	if got := read(times[1]+1, times[5]); !reflect.DeepEqual(got, times[2:5]) {
		t.Errorf("from after the second to before the last: %v, want %v", got, times[2:5])
	}
	if got := read(times[1], times[1]); got != nil {
		t.Errorf("an empty window: %v", got)
	}
	var bad *FieldError
	if err := s.Alerts(t.Context(), 0, maxWindow+1, nil); !errors.As(err, &bad) || bad.Field != "to" {
		t.Errorf("a window too long: %v", err)
	}
}
