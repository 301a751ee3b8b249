package gateway

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// events reads a gate's events page by page.
func (w *world) events(gate, query string, limit int) []fields {
	w.t.Helper()
	var all []fields
	cursor := ""
	for {
		path := fmt.Sprintf("/v1/gates/%s/events?limit=%d&cursor=%s&%s", gate, limit, cursor, query)
		page := w.do(http.MethodGet, path, w.as("tracer"), nil).ok(http.StatusOK).json()
		list, _ := page["events"].([]any)
		if len(list) > limit {
			w.t.Fatalf("a page of %d has %d events", limit, len(list))
		}
		for _, v := range list {
			e, _ := v.(map[string]any)
			all = append(all, e)
		}
		if cursor, _ = page["next"].(string); cursor == "" {
			return all
		}
	}
}

// pass through E1 (in) n times, a minute apart, by wang and li in turn.
func (w *world) passMall(n int) {
	w.t.Helper()
	for i := range n {
		scan := w.newScan(w.people[[]string{"wang", "li"}[i%2]])
		if i/2%2 == 1 {
			scan["direction"] = "out"
		}
		w.scan("E1", scan).ok(http.StatusOK)
		w.clock.Advance(time.Minute)
	}
	eventually(w.t, "the gate's index has all events", func() bool { return len(w.events("M1", "", 1000)) == n })
}

func TestGateWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.passMall(10)
	all := w.events("M1", "", 1000)
	person, _ := all[0]["person"].(map[string]any)
	if person["id"] != checkpoint.FormatPersonID(w.people["wang"]) || person["name_masked"] != "王*明" ||
		all[0]["device"] != "E1" || all[0]["lane"] != "车道-E1" || all[0]["temperature"] != 36.5 || all[0]["who"] != "resident" {
		t.Errorf("the first event is %v", all[0])
	}
	for i, e := range all {
		if want := utcTime(testStart.Add(time.Duration(i) * time.Minute).UnixMilli()).String(); e["occurred_at"] != want {
			t.Errorf("event %d is of %v, want %s", i, e["occurred_at"], want)
		}
	}
	for _, limit := range []int{1, 3, 10} {
		if got := w.events("M1", "", limit); !reflect.DeepEqual(got, all) {
			t.Errorf("pages of %d give %d events, or others", limit, len(got))
		}
	}
	for query, want := range map[string]int{
		"direction=in": 6, "direction=out": 4, "decision=pass": 10, "decision=deny": 0,
		"from=2020-02-11T04:03:00Z&to=2020-02-11T04:05:00Z":                                    2, // from included, to excluded
		"from=2020-02-11T12:03:00%2B08:00&to=2020-02-11T12:05:00%2B08:00":                      2,
		"from=2020-02-11T12:03:00+08:00":                                                       7,
		"from=2020-02-11&to=2020-02-12":                                                        10,
		"from=2020-02-12&to=2020-02-13":                                                        0,
		"from=2020-02-11T04:03:00Z&to=2020-02-11T04:03:00Z":                                    0,
		"direction=out&from=2020-02-11T04:00:00Z&to=2020-02-11T04:03:00Z":                      1,
		"direction=in&decision=pass&from=2020-02-11T04:00:00.000Z&to=2020-02-11T04:00:00.001Z": 1,
	} {
		if got := w.events("M1", query, 1000); len(got) != want {
			t.Errorf("%s: %d events, want %d", query, len(got), want)
		}
	}
	if got := w.events("M2", "", 10); len(got) != 0 {
		t.Errorf("the other gate has %d events", len(got))
	}
}

func TestGateWindowByReadingAndReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	for _, temp := range []any{30.0, 36.4, 36.5, 37.2, 37.3, 45.0, nil} {
		scan := w.newScan(w.people["wang"])
		if temp == nil {
			delete(scan, "temperature")
			delete(scan, "temperature_method")
		} else {
			scan["temperature"] = temp
		}
		w.scan("E1", scan).ok(http.StatusOK)
		w.clock.Advance(time.Minute)
	}
	eventually(t, "the index has all", func() bool { return len(w.events("M1", "", 100)) == 7 })
	for query, want := range map[string][]any{
		"temperature_min=37.3":                      {37.3, 45.0},
		"temperature_max=36.4":                      {30.0, 36.4},
		"temperature_min=36.5&temperature_max=37.2": {36.5, 37.2},
		"temperature_min=36.5&temperature_max=36.5": {36.5},
		"temperature_min=30":                        {30.0, 36.4, 36.5, 37.2, 37.3, 45.0},
		"temperature=none":                          {nil},
		"temperature=none&decision=pass":            {},
		"reason=ok":                                 {36.4, 36.5, 37.2},
		"reason=remeasure":                          {37.3},
		"reason=fever":                              {45.0, nil}, // the open case refuses the next time, whatever is read
		"reason=fever&temperature_max=40":           {},
	} {
		got := []any{}
		for _, e := range w.events("M1", query, 2) {
			got = append(got, e["temperature"])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
		if lines := strings.Count(w.stream("/v1/gates/M1/events?"+query, mimeNDJSON), "\n"); lines != len(want) {
			t.Errorf("%s: %d lines, want %d", query, lines, len(want))
		}
	}
}

func TestGateWindowRefusesNonsense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, field := range map[string]string{
		"from=yesterday": "from", "to=2020-02-30": "to", "from=2020-02-11T04:00:00": "from", "from=2020-02-12&to=2020-02-11": "to",
		"from=2019-11-01&to=2020-02-11": "to", "direction=up": "direction", "decision=maybe": "decision",
		"reason=bored": "reason", "temperature_min=365": "temperature_min", "temperature_max=36.55": "temperature_max",
		"temperature_min=29.9": "temperature_min", "temperature_max=NaN": "temperature_max", "temperature=some": "temperature",
		"temperature_min=37.3&temperature_max=37.2": "temperature_max", "temperature=none&temperature_min=36": "temperature",
		"limit=0": "limit", "limit=1001": "limit", "limit=x": "limit", "cursor=zz": "cursor", "from=0001-01-01&to=0001-01-02": "to",
	} {
		got := w.do(http.MethodGet, "/v1/gates/M1/events?"+query, w.as("tracer"), nil)
		got.problem(http.StatusUnprocessableEntity, "invalid", field)
		if t.Failed() {
			t.Fatalf("query %s", query)
		}
	}
}

func TestDeviceSeesItsGateForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.passMall(2)
	see := func(device, gate, query string) answer {
		return w.do(http.MethodGet, "/v1/gates/"+gate+"/events"+query, w.deviceToken(device), nil)
	}
	if list, _ := see("E1", "M1", "").ok(http.StatusOK).json()["events"].([]any); len(list) != 2 {
		t.Errorf("%d events, want 2", len(list))
	}
	see("E2", "M1", "").problem(http.StatusForbidden, "out_of_scope", "")
	see("E1", "NONE", "").problem(http.StatusForbidden, "out_of_scope", "")
	see("E1", "M1", "?from=2020-02-01").problem(http.StatusUnprocessableEntity, "invalid", "from")
	w.clock.Advance(23 * time.Hour)
	if list, _ := see("E1", "M1", "").ok(http.StatusOK).json()["events"].([]any); len(list) != 2 {
		t.Errorf("%d events a day later, want 2", len(list))
	}
	w.clock.Advance(2 * time.Hour)
	for _, query := range []string{"", "?to=2020-02-12"} {
		if list, _ := see("E1", "M1", query).ok(http.StatusOK).json()["events"].([]any); len(list) != 0 {
			t.Errorf("%q: %d events two days later, want 0", query, len(list))
		}
	}
}
