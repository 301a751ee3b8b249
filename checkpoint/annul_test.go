package checkpoint

import (
	"errors"
	"testing"
	"time"
)

// takeBack annuls a scan of the post's device.
func (g *gatePost) takeBack(id string, scan ScanRequest, person uint64) (AnnulResult, error) {
	g.t.Helper()
	return g.s.Annul(g.t.Context(), AnnulRequest{
		ID: id, Device: g.device, Scan: scan.ID, OccurredAt: scan.OccurredAt, At: g.clock.Now().UnixMilli(), Person: person,
	})
}

func TestAnnulledScanStaysOnRecordAndCountsForNothing(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	clock.Advance(time.Minute)
	wrong := mall.request(id, In, 36_5)
	want(t, mall.send(wrong), Pass, ReasonOK, Admit, 0)
	inside := func() [2]int {
		v, _ := s.Registry().Site("v-01")
		m, _ := s.Registry().Site("mall-01")
		n, err := s.Inside(t.Context(), []*Site{v, m})
		must(t, err)
		return [2]int{n[0], n[1]}
	}
	if n := inside(); n != [2]int{0, 1} {
		t.Errorf("inside before: %v", n)
	}
	clock.Advance(time.Minute)
	res, err := mall.takeBack("annul-0001", wrong, id)
	must(t, err)
	if res.Duplicate || res.RecordedAt != clock.Now().UnixMilli() {
		t.Errorf("%+v", res)
	}
	if n := inside(); n != [2]int{1, 0} {
		t.Errorf("inside after: %v", n)
	}
	trail := trailOf(t, s, id)
	if len(trail) != 3 || trail[0].Annulled {
		t.Fatalf("%+v", trail)
	}
	for _, e := range trail[1:] {
		if e.Annulled == e.IsAnnulment() || e.Moved() || e.OccurredAt != wrong.OccurredAt {
			t.Errorf("%+v", e)
		}
	}
	if res := mall.send(wrong); res.Decision != Pass || !res.Duplicate {
		t.Errorf("a repeat of the annulled scan flips: %+v", res)
	}
	clock.Advance(time.Second)
	if again, err := mall.takeBack("annul-0001", wrong, id); !errors.Is(err, ErrOtherContent) {
		t.Errorf("the same annulment at another time is other content: %+v, %v", again, err)
	}
	want(t, home.scan(id, Out, 36_5), Pass, ReasonOK, Admit, 0) // inside at home again
}

func TestAnnulmentIsSafeToRepeatAndHasItsLimits(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	scan := home.request(ids[0], In, 36_5)
	home.send(scan)
	req := AnnulRequest{
		ID: "annul-0001", Device: home.device, Scan: scan.ID, OccurredAt: scan.OccurredAt,
		At: clock.Now().UnixMilli(), Person: ids[0],
	}
	first, err := s.Annul(t.Context(), req)
	must(t, err)
	clock.Advance(time.Hour) // a retry is answered however late it comes
	retry := req
	retry.Late = true
	second, err := s.Annul(t.Context(), retry)
	if err != nil || !second.Duplicate || second.RecordedAt != first.RecordedAt {
		t.Errorf("%+v, %v", second, err)
	}
	if _, err := home.takeBack("annul-0002", scan, ids[0]); !errors.Is(err, ErrTooLate) {
		t.Errorf("an hour later: %v", err)
	}
	fresh := home.request(ids[0], In, 36_5)
	home.send(fresh)
	if _, err := mall.takeBack("annul-0003", fresh, ids[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("by another device: %v", err)
	}
	if _, err := home.takeBack("annul-0004", fresh, ids[1]); !errors.Is(err, ErrNotFound) {
		t.Errorf("of another person: %v", err)
	}
	_, err = home.takeBack("annul-0005", fresh, ids[0])
	must(t, err)
	if _, err := home.takeBack("annul-0006", fresh, ids[0]); !errors.Is(err, ErrAnnulled) {
		t.Errorf("a second annulment: %v", err)
	}
	revokeDevice(t, s, "mall-01-d1")
	if _, err := mall.takeBack("annul-0008", fresh, ids[0]); !errors.Is(err, ErrRevoked) {
		t.Errorf("by a revoked device: %v", err)
	}
	clock.Advance(AnnulWithin)
	edge := home.request(ids[1], In, 36_5)
	home.send(edge)
	clock.Advance(AnnulWithin)
	_, err = home.takeBack("annul-0007", edge, ids[1])
	must(t, err)
}

func TestAnnulledReadingIsForgottenAndAnAnnulledSecondOneGivesTheFirstBack(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	home := post(t, s, clock, "v-01")

	slip := home.request(ids[0], In, 38_0)
	want(t, home.send(slip), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	_, err := home.takeBack("annul-0001", slip, ids[0])
	must(t, err)
	want(t, home.scan(ids[0], In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)

	want(t, home.scan(ids[1], In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	clock.Advance(time.Minute)
	second := home.request(ids[1], In, 36_5) // typed for somebody else
	want(t, home.send(second), Pass, ReasonOK, Admit, FlagRemeasured)
	_, err = home.takeBack("annul-0002", second, ids[1])
	must(t, err)
	clock.Advance(time.Minute)
	want(t, home.scan(ids[1], In, 38_0), Deny, ReasonFever, HoldHere, FlagTemperatureHigh)
}

// The index of the gate shows the same as the trail.
func TestGateWindowMarksTheAnnulledScan(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	scan := home.request(id, In, 36_5)
	home.send(scan)
	_, err := home.takeBack("annul-0001", scan, id)
	must(t, err)
	var events []ScanEvent
	eventually(t, "the index has both", func() bool {
		events = nil
		w := Window{Gate: "v-01-g1", From: scan.OccurredAt, To: scan.OccurredAt + 1}
		must(t, s.Events(t.Context(), w, func(e *ScanEvent) error { events = append(events, *e); return nil }))
		return len(events) == 2
	})
	if events[0].Annulled == events[1].Annulled || events[0].IsAnnulment() == events[1].IsAnnulment() {
		t.Errorf("%+v", events)
	}
}
