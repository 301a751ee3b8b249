package gateway

import (
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
)

func TestTrajectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	step := func(after time.Duration, device, direction string) {
		w.clock.Advance(after)
		w.scan(device, w.newScan(wang).with(fields{"direction": direction})).ok(http.StatusOK)
	}
	step(0, "D1", "in")                         // home since noon of the 11th
	step(20*time.Hour, "D1", "out")             // 08:00 on the 12th
	step(30*time.Minute, "E1", "in")            // 08:30 the mall, east
	step(90*time.Minute, "E2", "out")           // 10:00 the mall, west
	step(30*time.Minute, "D2", "in")            // turned away at the other village
	step(30*time.Minute, "D1", "in")            // 11:00 home
	w.clock.Advance(time.Hour + 30*time.Second) // and asked about at 12:00

	path := "/v1/residents/" + checkpoint.FormatPersonID(wang) + "/trajectory"
	got := w.do(http.MethodGet, path+"?from=2020-02-12&to=2020-02-13", w.as("tracer"), nil).ok(http.StatusOK).json()
	who, _ := got["resident"].(map[string]any)
	if who["name_masked"] != "王*明" || who["home"] != "V1" || who["id"] != checkpoint.FormatPersonID(wang) {
		t.Errorf("resident %v", who)
	}
	type stay struct{ site, entry, exit, from, to, open, minutes any }
	want := []stay{
		{"V1", "G1", "G1", "2020-02-11T04:00:00.000Z", "2020-02-12T00:00:00.000Z", false, 1200.0}, // began before the window
		{"ML", "M1", "M2", "2020-02-12T00:30:00.000Z", "2020-02-12T02:00:00.000Z", false, 90.0},
		{"V1", "G1", "", "2020-02-12T03:00:00.000Z", nil, true, 60.0},
	}
	stays, _ := got["stays"].([]any)
	if len(stays) != len(want) {
		t.Fatalf("%d stays, want %d: %v", len(stays), len(want), stays)
	}
	for i, v := range stays {
		s, _ := v.(map[string]any)
		if got := (stay{s["site"], s["entry_gate"], s["exit_gate"], s["from"], s["to"], s["open"], s["minutes"]}); got != want[i] {
			t.Errorf("stay %d\n got %v\nwant %v", i, got, want[i])
		}
	}
	events, _ := got["events"].([]any)
	if len(events) != 5 {
		t.Fatalf("%d events in the window, want 5", len(events))
	}
	refused, _ := events[3].(map[string]any)
	if refused["gate"] != "G2" || refused["site"] != "V2" || refused["decision"] != "deny" || refused["reason"] != "outsider" {
		t.Errorf("the refusal is %v", refused)
	}

	// What is asked about the past does not know what came later.
	then := w.do(http.MethodGet, path+"?from=2020-02-12&to=2020-02-12T01:00:00Z", w.as("tracer"), nil).ok(http.StatusOK).json()
	stays, _ = then["stays"].([]any)
	last, _ := stays[len(stays)-1].(map[string]any)
	if len(stays) != 2 || last["site"] != "ML" || last["open"] != true || last["minutes"] != 30.0 {
		t.Errorf("as of 09:00 the stays are %v", stays)
	}
}
