package checkpoint

import (
	"testing"
	"time"
)

func TestHighReadingIsMeasuredAgainAndOnlyTheSecondIsFever(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"), resident(4, "v-01"), resident(5, "v-01"))
	home := post(t, s, clock, "v-01")

	t.Log("second high: fever")
	first := home.request(ids[0], In, 37_5)
	want(t, home.send(first), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	clock.Advance(3 * time.Minute)
	second := home.request(ids[0], In, 37_3)
	second.RemeasureOf = first.ID
	held := home.send(second)
	want(t, held, Deny, ReasonFever, HoldHere, FlagTemperatureHigh)
	if held.Call != "120" {
		t.Errorf("whom to phone: %q", held.Call)
	}
	must(t, s.Change(t.Context(), func(d *Draft) error {
		return d.PutGridNode(GridNode{ID: "root", Name: "许商街道", Level: 1, Phone: "0531-84880120"})
	}))
	if again := home.send(second); again.Call != "0531-84880120" || !again.Duplicate {
		t.Errorf("whom to phone: %+v", again)
	}

	t.Log("second normal: pass, with a flag")
	want(t, home.scan(ids[1], In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	want(t, home.scan(ids[1], In, 36_8), Pass, ReasonOK, Admit, FlagRemeasured)
	want(t, home.scan(ids[1], In, 36_8), Pass, ReasonOK, Admit, FlagAlreadyInside)

	t.Log("too late: starts again")
	want(t, home.scan(ids[2], In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	clock.Advance(11 * time.Minute)
	want(t, home.scan(ids[2], In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)

	t.Log("another person's second reading: starts again")
	stolen := home.request(ids[3], In, 38_0)
	stolen.RemeasureOf = first.ID
	want(t, home.send(stolen), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)

	t.Log("at another site: starts again")
	want(t, home.scan(ids[4], Out, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	mall := post(t, s, clock, "mall-01")
	want(t, mall.scan(ids[4], In, 38_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	want(t, mall.scan(ids[4], In, 38_0), Deny, ReasonFever, HoldHere, FlagTemperatureHigh)
}

func TestLowReadingIsMeasuredElsewhereAndNeverRefusedTwice(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	home := post(t, s, clock, "v-01")
	want(t, home.scan(ids[0], In, 34_2), Remeasure, ReasonTemperatureLow, MeasureAgain, 0)
	want(t, home.scan(ids[0], In, 34_4), Pass, ReasonOK, Admit, FlagTemperatureLow)
	want(t, home.scan(ids[1], In, 34_2), Remeasure, ReasonTemperatureLow, MeasureAgain, 0)
	want(t, home.scan(ids[1], In, 36_2), Pass, ReasonOK, Admit, 0)

	t.Log("unless the site's rule says so; then it starts again, and nobody is kept out of their home")
	mall := post(t, s, clock, "mall-01")
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for _, code := range []string{"v-01", "mall-01"} {
			site, _ := d.Site(code)
			strict := *site
			strict.LowAgain = StrictDeny
			if err := d.PutSite(strict); err != nil {
				return err
			}
		}
		return nil
	}))
	want(t, home.scan(ids[1], Out, 34_2), Remeasure, ReasonTemperatureLow, MeasureAgain, 0)
	want(t, home.scan(ids[1], Out, 34_2), Pass, ReasonOK, Admit, FlagTemperatureLow)
	want(t, mall.scan(ids[1], In, 34_2), Remeasure, ReasonTemperatureLow, MeasureAgain, 0)
	want(t, mall.scan(ids[1], In, 34_2), Deny, ReasonTemperatureLow, Register, FlagTemperatureLow)
	want(t, mall.scan(ids[1], In, 34_2), Remeasure, ReasonTemperatureLow, MeasureAgain, 0)
}

// A low second reading must not talk a high first one away.
func TestLowReadingAfterAHighOneDoesNotClearIt(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	want(t, home.scan(id, In, 38_4), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	want(t, home.scan(id, In, 34_0), Remeasure, ReasonTemperatureLow, MeasureAgain, 0)
	want(t, home.scan(id, In, 38_4), Deny, ReasonFever, HoldHere, FlagTemperatureHigh)
}

func TestTemperatureIsAskedForWhereTheSiteSaysSo(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	want(t, post(t, s, clock, "v-01").scan(id, Out, 0), Incomplete, ReasonTemperatureRequired, MeasureAgain, 0)
	mall := post(t, s, clock, "mall-01") // takes it on the way in only
	want(t, mall.scan(id, In, 0), Incomplete, ReasonTemperatureRequired, MeasureAgain, 0)
	want(t, mall.scan(id, In, 36_4), Pass, ReasonOK, Admit, 0)
	want(t, mall.scan(id, Out, 0), Pass, ReasonOK, Admit, 0)
	want(t, post(t, s, clock, "pharmacy-01").scan(id, In, 0), Pass, ReasonOK, Admit, 0)
}

func TestPassIsJudgedAtTheTimeOfTheScan(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	for _, c := range []struct {
		name   string
		at     time.Duration // of the pass's beginning, from now
		d      Decision
		reason Reason
		action Action
	}{
		{"valid", 0, Pass, ReasonOK, Admit},
		{"59 s early", 59 * time.Second, Pass, ReasonOK, Admit},
		{"61 s early", 61 * time.Second, Deny, ReasonNotYetValid, Register},
		{"59 s over", -659 * time.Second, Pass, ReasonOK, Admit},
		{"60 s over", -660 * time.Second, Deny, ReasonExpired, Register},
	} {
		req := home.request(id, Out, 36_5)
		req.Who, req.Pass = ByAppPass, appPass(id, clock.Now().Add(c.at), c.name)
		if res := home.send(req); res.Decision != c.d || res.Reason != c.reason || res.Action != c.action {
			t.Errorf("%s: %+v", c.name, res.Outcome)
		}
	}
	if _, err := s.Revoke(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	req := home.request(id, In, 36_5)
	req.Who, req.Pass = ByAppPass, appPass(id, clock.Now(), "old")
	want(t, home.send(req), Deny, ReasonRevoked, Register, 0)
	req = home.request(id, In, 36_5)
	req.Who, req.Pass = ByAppPass, appPass(id, clock.Now(), "new")
	req.Pass.Generation = 1
	if res := home.send(req); res.Decision != Pass {
		t.Errorf("a pass issued after the revocation: %+v", res.Outcome)
	}
}

func TestClosedSiteAndHoursBarOthersButNobodyFromHome(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	change := func(code string, edit func(*Site)) {
		must(t, s.Change(t.Context(), func(d *Draft) error {
			site, _ := d.Site(code)
			edited := *site
			edit(&edited)
			return d.PutSite(edited)
		}))
	}
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	change("mall-01", func(s *Site) { s.Closed = true })
	want(t, mall.scan(id, Out, 0), Pass, ReasonOK, Admit, 0)
	want(t, mall.scan(id, In, 36_5), Deny, ReasonSiteClosed, SendBack, 0)
	change("mall-01", func(s *Site) { s.Closed, s.OpensAt, s.ClosesAt = false, "13:00", "22:00" }) // it is 12:00 in Shanghai
	want(t, mall.scan(id, In, 36_5), Deny, ReasonOutsideHours, SendBack, 0)
	change("mall-01", func(s *Site) { s.OpensAt = "12:00" })
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	change("v-01", func(s *Site) { s.Closed = true })
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Admit, FlagOutsideHours)
}

func TestAntiPassbackWarnsAndDeniesByPolicy(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall, home := post(t, s, clock, "mall-01"), post(t, s, clock, "v-01")
	want(t, home.scan(id, Out, 36_5), Pass, ReasonOK, Admit, 0) // no history: nothing to compare with
	want(t, home.scan(id, Out, 36_5), Pass, ReasonOK, Admit, FlagNotInside)
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, FlagAlreadyInside)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for _, code := range []string{"mall-01", "v-01"} {
			site, _ := d.Site(code)
			strict := *site
			strict.AntiPassback = StrictDeny
			if err := d.PutSite(strict); err != nil {
				return err
			}
		}
		return nil
	}))
	want(t, mall.scan(id, In, 36_5), Deny, ReasonAlreadyInside, SendBack, 0)
	want(t, mall.scan(id, Out, 0), Pass, ReasonOK, Admit, 0)
	want(t, mall.scan(id, Out, 0), Deny, ReasonNotInside, Register, 0)
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Admit, FlagAlreadyInside) // never barred from home
}

func TestSameAppPassEnteringTwoGatesIsNoticed(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	enter := func(site string, who WhoKind) ScanResult {
		g := post(t, s, clock, site)
		g.n = int(clock.ms.Add(1) % 100_000)
		req := g.request(id, In, 36_5)
		req.Who, req.Pass = who, appPass(id, testStart, "screenshot")
		return g.send(req)
	}
	want(t, enter("mall-01", ByAppPass), Pass, ReasonOK, Admit, 0)
	want(t, enter("mall-01", ByAppPass), Pass, ReasonOK, Admit, FlagAlreadyInside) // turned back at the same gate
	want(t, enter("pharmacy-01", ByAppPass), Pass, ReasonOK, Admit, FlagReplayedPass)
	want(t, enter("mall-01", ByPaperPass), Pass, ReasonOK, Admit, 0) // paper stays the same for its life
}

func TestWhatADeviceToldStandsAndADifferenceIsMarked(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	must(t, s.SetStatus(t.Context(), id, StatusRed))
	req := home.request(id, Out, 36_5)
	req.OccurredAt -= 3_600_000
	req.Late, req.Told = true, &Told{Decision: Pass, Reason: ReasonOK, Action: Admit}
	want(t, home.send(req), Pass, ReasonOK, Admit, FlagLate|FlagConflict|FlagBreach)
	req = home.request(id, Out, 36_5)
	req.OccurredAt -= 3_500_000
	req.Late, req.Told = true, &Told{Decision: Deny, Reason: ReasonStatusRed, Action: SendBack}
	want(t, home.send(req), Deny, ReasonStatusRed, SendBack, FlagLate|FlagBreach)
}

func TestLateEventDoesNotOverwriteANewerState(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	late := mall.request(id, In, 36_5)
	late.OccurredAt -= 7_200_000
	late.Late = true
	want(t, mall.send(late), Pass, ReasonOK, Admit, FlagLate)
	want(t, home.scan(id, Out, 36_5), Pass, ReasonOK, Admit, 0) // still inside at home
}

func TestWalkInKeepsOneTrailAndItsIdentityIsSealed(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	mall, village := post(t, s, clock, "mall-01"), post(t, s, clock, "v-01")
	req := mall.request(0, In, 36_5)
	req.Who, req.WalkIn = ByWalkIn, &WalkIn{Name: "李四", IDTail: "123X", Phone: "13900000000"}
	res := mall.send(req)
	want(t, res, Pass, ReasonOK, Admit, FlagWalkIn|FlagOutsider)
	if res.Person.Kind != KindWalkIn || res.Person.NameMasked != "李*" {
		t.Errorf("%+v", res.Person)
	}
	again := village.request(0, In, 36_5)
	again.Who, again.WalkIn = ByWalkIn, req.WalkIn
	clock.Advance(time.Second)
	again.OccurredAt = clock.Now().UnixMilli()
	want(t, village.send(again), Deny, ReasonOutsider, Register, FlagWalkIn)
	if trail := trailOf(t, s, res.Person.ID); len(trail) != 2 {
		t.Errorf("%d events in the walk-in's trail", len(trail))
	}
	who, err := s.Resident(t.Context(), res.Person.ID)
	if err != nil || who.Name != "李四" {
		t.Errorf("%+v, %v", who, err)
	}
}

// An old pass must not hide that its owner has to stay at home.
func TestAVoidPassDoesNotHideARedStatus(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	must(t, s.SetStatus(t.Context(), id, StatusRed))
	show := func(at *gatePost, way Direction) ScanResult {
		req := at.request(id, way, 36_5)
		req.Who, req.Pass = ByAppPass, appPass(id, clock.Now().Add(-time.Hour), "old")
		return at.send(req)
	}
	want(t, show(home, Out), Deny, ReasonStatusRed, SendBack, FlagBreach)
	want(t, show(mall, In), Deny, ReasonStatusRed, Escort, FlagBreach)
	want(t, show(mall, Out), Deny, ReasonExpired, Register, FlagBreach)
	want(t, show(home, In), Deny, ReasonExpired, Register, FlagEscort)
}

func TestOpenFeverCaseKeepsThePersonAtHome(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	mall.fevered(id)
	want(t, mall.scan(id, In, 36_5), Deny, ReasonFever, HoldHere, FlagFeverCase)
	want(t, mall.scan(id, Out, 36_5), Pass, ReasonOK, Escort, FlagFeverCase)
	want(t, home.scan(id, In, 36_5), Pass, ReasonOK, Escort, FlagFeverCase)
	want(t, home.scan(id, Out, 36_5), Deny, ReasonFever, HoldHere, FlagFeverCase)
	ambulance := home.request(id, Out, 36_5)
	ambulance.Override = OverrideMedical
	want(t, home.send(ambulance), Pass, ReasonFever, Admit, FlagFeverCase|FlagOverride)
}
