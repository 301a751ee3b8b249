package gateway

import (
	"net/http"
	"testing"
	"time"
)

// takeBack is the body that annuls a scan now.
func (w *world) takeBack(id string, scan fields) fields {
	return fields{
		"id": id, "scan": scan["id"], "occurred_at": scan["occurred_at"],
		"annulled_at": utcTime(w.clock.Now().UnixMilli()).String(), "resident": scan["resident"],
	}
}

func TestScanIsTakenBackByItsDeviceWithinAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scan := w.newScan(w.people["wang"])
	w.scan("E1", scan).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	body := w.takeBack("annul-0001", scan)
	first := w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E1"), body).ok(http.StatusOK).json()
	if first["duplicate"] != false || first["scan"] != scan["id"] {
		t.Errorf("%v", first)
	}
	again := w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E1"), body).ok(http.StatusOK).json()
	if again["duplicate"] != true || again["recorded_at"] != first["recorded_at"] {
		t.Errorf("%v", again)
	}
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E2"), w.takeBack("annul-0002", scan)).problem(http.StatusNotFound, string(codeNotFound), "")
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E1"), w.takeBack("annul-0003", scan)).problem(http.StatusConflict, string(codeAnnulled), "")

	late := w.newScan(w.people["li"])
	w.scan("E1", late).ok(http.StatusOK)
	w.clock.Advance(15*time.Minute + time.Second)
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E1"), w.takeBack("annul-0004", late)).problem(http.StatusConflict, string(codeTooLate), "")

	trail := w.trailOf(w.people["wang"])
	if len(trail) != 2 {
		t.Fatalf("%d events", len(trail))
	}
	for _, e := range trail {
		e := e.(map[string]any)
		if e["annulled"] == e["annulment"] {
			t.Errorf("%v", e)
		}
	}
}

// What a guard took back offline comes with the scans, and after them.
func TestBatchTakesBackWhatItBrings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scan := w.newScan(w.people["wang"])
	back := w.takeBack("annul-0001", scan)
	bad := w.takeBack("annul-0002", scan).with(fields{"scan": "never-sent"})
	w.clock.Advance(time.Hour)
	got := w.do(http.MethodPost, "/v1/scans/batch", w.deviceToken("E1"), fields{
		"scans": []any{scan}, "annulments": []any{bad, back},
	}).ok(http.StatusOK).json()
	annulments := got["annulments"].([]any)
	if code := annulments[0].(map[string]any)["error"].(map[string]any)["code"]; code != string(codeNotFound) {
		t.Errorf("%v", annulments[0])
	}
	if annulments[1].(map[string]any)["annulment"] == nil {
		t.Errorf("%v", annulments[1])
	}
}
