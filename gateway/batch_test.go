package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

func (w *world) batch(device string, scans ...any) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/scans/batch", w.deviceToken(device), fields{"scans": scans})
}

// results are the answers of a batch, in order.
func (a answer) results() []fields {
	a.t.Helper()
	var out struct {
		Results []fields `json:"results"`
	}
	if err := json.Unmarshal(a.ok(http.StatusOK).body, &out); err != nil {
		a.t.Fatal(err)
	}
	return out.Results
}

func TestBatchAnswersEachScanOnItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hours := func(n int) fields {
		return fields{"occurred_at": utcTime(w.clock.Now().Add(-time.Duration(n) * time.Hour).UnixMilli())}
	}
	wang := w.newScan(w.people["wang"])
	old := w.passOf(w.people["wang"], codes.KindApp, w.clock.Now().Add(-5*time.Hour))
	scans := []any{
		wang.with(hours(3)).with(fields{"id": "offline-1", "told": fields{"decision": "pass", "reason": "ok"}}),
		wang.with(hours(2)).with(fields{"id": "offline-2", "temperature": 365}),
		fields{"temprature": 36.5, "id": "offline-3"},
		wang.with(hours(5)).with(fields{"id": "offline-4", "resident": nil, "pass": old}),
		wang.with(hours(29 * 24)).with(fields{"id": "offline-5"}),
		wang.with(hours(1)).with(fields{"id": "offline-6", "told": fields{"decision": "deny", "reason": "status_red"}}),
		wang.with(hours(1)).with(fields{"id": "offline-7", "resident": nil, "pass": "https://example.com"}),
		7,
		wang.with(hours(1)).with(fields{"id": "offline-8", "told": fields{"decision": "maybe", "reason": "ok"}}),
		json.RawMessage(`{"id":"offline-9","id":"offline-9"}`),
	}
	type outcome struct{ id, decision, reason, code, field any }
	want := []outcome{
		{"offline-1", "pass", "ok", nil, nil},
		{"offline-2", nil, nil, "invalid", "temperature"},
		{"offline-3", nil, nil, "unknown_field", "temprature"},
		{"offline-4", "pass", "ok", nil, nil},
		{"offline-5", nil, nil, "invalid", "occurred_at"},
		{"offline-6", "deny", "status_red", nil, nil},
		{"offline-7", "deny", "not_our_pass", nil, nil},
		{"", nil, nil, "bad_json", nil},
		{"offline-8", nil, nil, "invalid", "told.decision"},
		{"offline-9", nil, nil, "bad_json", "id"},
	}
	first := w.batch("D1", scans...).results()
	for i, r := range first {
		result, _ := r["result"].(map[string]any)
		failure, _ := r["error"].(map[string]any)
		got := outcome{r["id"], result["decision"], result["reason"], failure["code"], failure["field"]}
		if got != want[i] {
			t.Errorf("scan %d: got %v, want %v", i, got, want[i])
		}
	}
	flags := func(r fields) any { result, _ := r["result"].(map[string]any); return result["flags"] }
	if got := flags(first[0]); !reflect.DeepEqual(got, []any{"late"}) {
		t.Errorf("told as decided: flags %v, want late", got)
	}
	if got := flags(first[5]); !reflect.DeepEqual(got, []any{"late", "conflict", "already_inside"}) {
		t.Errorf("told otherwise: flags %v, want late, conflict and already_inside", got)
	}
	// Sent again, everything gets its answer again and nothing is recorded.
	before := w.eventsBetween(w.people["wang"], "2020-02-10", "2020-02-13")
	for i, r := range w.batch("D1", scans...).results() {
		result, _ := r["result"].(map[string]any)
		if want, _ := first[i]["result"].(map[string]any); want != nil {
			want["duplicate"] = true
		}
		if !reflect.DeepEqual(r, first[i]) || result != nil && result["duplicate"] != true {
			t.Errorf("repeat of scan %d: got %v, want %v", i, r, first[i])
		}
	}
	if after := w.eventsBetween(w.people["wang"], "2020-02-10", "2020-02-13"); before != 3 || after != 3 {
		t.Errorf("%d events, then %d; want 3", before, after)
	}
}

func TestBatchKeepsTheOrderOfOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The second high reading of each is a fever only if it comes second.
	var scans []any
	for i := range 40 {
		id := w.enrol("赵某", "V1", fmt.Sprint("9-", i))
		for second := range 2 {
			at := w.clock.Now().Add(time.Duration(second-60) * time.Minute)
			scans = append(scans, w.newScan(id).with(fields{"temperature": 38.5, "occurred_at": utcTime(at.UnixMilli())}))
		}
	}
	for i, r := range w.batch("D1", scans...).results() {
		result, _ := r["result"].(map[string]any)
		if want := []string{"remeasure", "fever"}[i%2]; result["reason"] != want {
			t.Errorf("reading %d of a person: %v, want %s", i%2+1, r, want)
		}
	}
}

func TestBatchOfAThousandAndNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scans := make([]any, maxBatch+1)
	for i := range scans {
		person := w.people["wang"]
		if i%2 == 0 {
			person = w.people["li"]
		}
		at := utcTime(w.clock.Now().Add(-time.Duration(i) * time.Minute).UnixMilli())
		scans[i] = w.newScan(person).with(fields{"occurred_at": at})
	}
	w.batch("E1", scans...).problem(http.StatusUnprocessableEntity, "invalid", "scans")
	w.batch("E1").problem(http.StatusUnprocessableEntity, "invalid", "scans")
	// The deadline of a request may end a batch early on a slow machine: the rest
	// is said to be unavailable, and sent again.
	eventually(t, "all of the batch is recorded", func() bool {
		for _, r := range w.batch("E1", scans[:maxBatch]...).results() {
			if failure, _ := r["error"].(map[string]any); failure != nil && failure["code"] != "unavailable" {
				t.Fatalf("%v", r)
			} else if failure != nil {
				return false
			}
		}
		return true
	})
	if n := w.eventsBetween(w.people["wang"], "2020-02-10", "2020-02-13"); n != maxBatch/2 {
		t.Errorf("%d events, want %d", n, maxBatch/2)
	}
}

func TestLateScanIsJudgedAtItsTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pass := w.pass(w.people["wang"])
	scan := w.byPass(pass)
	w.clock.Advance(6 * time.Hour)
	w.scan("D1", scan).problem(http.StatusUnprocessableEntity, "invalid", "occurred_at")
	result, _ := w.batch("D1", scan).results()[0]["result"].(map[string]any)
	if result["decision"] != "pass" || result["recorded_at"] != "2020-02-11T10:00:00.000Z" {
		t.Errorf("the late scan is answered %v", result)
	}
	late := scan.with(fields{"id": "too-late-1", "occurred_at": utcTime(w.clock.Now().UnixMilli())})
	w.scan("D1", late).decided("deny", "expired")
	if id := checkpoint.FormatPersonID(w.people["wang"]); result["person"].(map[string]any)["id"] != id {
		t.Errorf("recorded for %v, want %s", result["person"], id)
	}
}
