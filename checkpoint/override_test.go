package checkpoint

import (
	"testing"
	"time"
)

// An emergency passes whatever the rules say; the reason says what it passed
// over, and everything that the scan showed is still on record.
func TestEmergencyPassesEveryRule(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	neighbour := resident(4, "v-02")
	neighbour.Grid = ""
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"), neighbour)
	home := post(t, s, clock, "v-01")
	must(t, s.SetStatus(t.Context(), ids[0], StatusRed))
	override := func(req ScanRequest) ScanRequest {
		req.Override = OverrideMedical
		return req
	}
	want(t, home.send(override(home.request(ids[0], Out, 36_5))), Pass, ReasonStatusRed, Admit, FlagBreach|FlagOverride)
	want(t, home.send(override(home.request(ids[1], Out, 0))), Pass, ReasonTemperatureRequired, Admit, FlagOverride)
	want(t, home.send(override(home.request(ids[1], In, 36_5))), Pass, ReasonOK, Admit, FlagOverride)
	want(t, home.send(override(home.request(ids[3], In, 36_5))), Pass, ReasonOutsider, Admit, FlagOverride)

	t.Log("a fever stays a fever: the ambulance goes out, the case is opened")
	want(t, home.scan(ids[2], Out, 39_0), Remeasure, ReasonRemeasure, MeasureAgain, FlagTemperatureHigh)
	want(t, home.send(override(home.request(ids[2], Out, 39_0))), Pass, ReasonFever, Admit, FlagTemperatureHigh|FlagOverride)
	if n := s.rdb.ZCard(t.Context(), s.keys.fevers(partitionOf(ids[2]))).Val(); n != 1 {
		t.Errorf("%d open cases", n)
	}
}

func TestEmergencyWithoutANameIsKeptEvenBehindAFlood(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	home := post(t, s, clock, "v-01")
	for range maxRefusalsPerMinute + 10 {
		req := home.request(0, In, 0)
		req.Presented = "forged"
		_, err := s.Refuse(t.Context(), req, ReasonBadSignature)
		must(t, err)
	}
	req := home.request(0, Out, 0)
	req.Who, req.Presented, req.Override = ByNobody, "", OverrideFire
	res, err := s.Refuse(t.Context(), req, ReasonUnknownPerson)
	must(t, err)
	want(t, res, Pass, ReasonUnknownPerson, Admit, FlagOverride)
	kept := 0
	w := Window{Gate: "v-01-g1", From: clock.Now().Add(-time.Minute).UnixMilli(), To: clock.Now().Add(time.Minute).UnixMilli()}
	must(t, s.Refusals(t.Context(), w, func(e *ScanEvent) error {
		if e.Override == OverrideFire {
			kept++
		}
		return nil
	}))
	if kept != 1 {
		t.Errorf("the emergency is on record %d times", kept)
	}
	revokeDevice(t, s, "v-01-d1")
	req = home.request(0, Out, 0)
	req.Who, req.Override = ByNobody, OverrideFire
	res, err = s.Refuse(t.Context(), req, ReasonUnknownPerson)
	must(t, err)
	want(t, res, Deny, ReasonDeviceRevoked, SendBack, FlagOverride) // a stolen phone opens no gate
}
