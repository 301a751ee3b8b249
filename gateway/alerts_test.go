package gateway

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint"
)

// alertsFor are the alerts as somebody sees them.
func (w *world) alertsFor(login, query string) (found []fields) {
	w.t.Helper()
	for _, a := range list(w.do(http.MethodGet, "/v1/alerts"+query, w.as(login), nil).ok(http.StatusOK).json(), "alerts") {
		found = append(found, a.(map[string]any))
	}
	return found
}

func TestAlertsTellWhatWhereWhoAndWhoStoodThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	wang, li := w.people["wang"], w.people["li"]
	w.must(w.store.SetStatus(t.Context(), wang, checkpoint.StatusRed))
	w.answers(w.measure("D1", wang, 36.5, fields{"direction": "out"}), "deny", "status_red", "send_back", "breach")
	w.clock.Advance(time.Second)
	w.high("D2", li)
	w.clock.Advance(time.Second)
	w.fever("D2", li)
	w.clock.Advance(time.Second)
	nobody := w.newScan(0).with(fields{"resident": nil, "direction": "out", "override": fields{"reason": "fire"}})
	w.scan("E1", nobody).decided("pass", "unknown_person")
	if got := w.alertsFor("leader", "?kind=override"); len(got) != 1 || got[0]["person"] != nil || got[0]["override"] != "fire" || got[0]["site"] != "ML" {
		t.Errorf("an emergency without a name, at once: %v", got)
	}

	eventually(t, "the alerts are there", func() bool { return len(w.alertsFor("leader", "")) == 3 })
	got := w.alertsFor("leader", "")
	w.do(http.MethodGet, "/v1/alerts", w.as("leader"), nil).conforms(contract(t), "GET", "/v1/alerts")
	for field, want := range (fields{
		"kind": "breach", "kinds": []any{"breach", "denied_exit"},
		"text":   map[string]any{"zh": checkpoint.AlertBreach.Text().ZH, "en": checkpoint.AlertBreach.Text().EN},
		"person": map[string]any{"id": checkpoint.FormatPersonID(wang), "name_masked": "王*明"},
		"gate":   "G1", "site": "V1", "site_name": "一村", "direction": "out", "decision": "deny", "reason": "status_red",
		"flags": []any{"breach"}, "occurred_at": "2020-02-11T04:00:00.000Z", "device": "D1", "staff": "", "fever": "", "annulled": false,
	}) {
		if !reflect.DeepEqual(got[0][field], want) {
			t.Errorf("%s is %v, want %v", field, got[0][field], want)
		}
	}
	if got[1]["kind"] != "fever_case" || got[1]["fever"] != w.openFevers("medic")[0]["id"] {
		t.Errorf("the fever is %v", got[1])
	}

	t.Log("who may see which")
	if got := w.alertsFor("leader-a2", ""); len(got) != 1 || got[0]["site"] != "V2" {
		t.Errorf("the other area sees %v", got)
	}
	if got := w.alertsFor("medic", "?kind=denied_exit"); len(got) != 1 || got[0]["kind"] != "breach" {
		t.Errorf("by a kind that is not the gravest: %v", got)
	}
	if got := w.alertsFor("medic", "?to=2020-02-11T04:00:00Z"); len(got) != 0 {
		t.Errorf("before anything happened: %v", got)
	}
	w.do(http.MethodGet, "/v1/alerts?kind=late", w.as("medic"), nil).problem(http.StatusUnprocessableEntity, "invalid", "kind")
	w.do(http.MethodGet, "/v1/alerts", w.as("tracer"), nil).problem(http.StatusForbidden, "forbidden", "")
}

func TestContractNamesEveryAlert(t *testing.T) {
	t.Parallel()
	var written, coded []string
	for _, v := range contract(t).Components.Schemas["AlertKind"].Value.Enum {
		written = append(written, v.(string))
	}
	for _, a := range checkpoint.AlertTexts() {
		coded = append(coded, string(a.Kind))
		if a.ZH == "" || a.EN == "" {
			t.Errorf("%s has no sentence", a.Kind)
		}
	}
	if !slices.Equal(written, coded) {
		t.Errorf("openapi.yaml has %v, the table %v", written, coded)
	}
}

// Thermometers that cannot be trusted are listed beside the alerts of today.
func TestAlertsOfTodayTellOfThermometers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.villages("A2")
	made := make([]float64, 40)
	for i := range made {
		made[i] = 36.5
	}
	w.takes("D11", made...)
	suspects := func(login, query string) []any {
		return list(w.do(http.MethodGet, "/v1/alerts"+query, w.as(login), nil).ok(http.StatusOK).json(), "suspects")
	}
	eventually(t, "the gate is named", func() bool { return len(suspects("leader", "")) == 1 })
	if got := suspects("medic", "?from=2020-02-11"); len(got) != 1 || object(got[0], "text")["en"] == "" || got[0].(map[string]any)["gate"] != "G11" {
		t.Errorf("since midnight: %v", got)
	}
	w.do(http.MethodGet, "/v1/alerts", w.as("leader-a2"), nil).ok(http.StatusOK).conforms(contract(t), "GET", "/v1/alerts")
	for _, query := range []string{"?kind=override", "?to=2020-02-11", "?from=2020-02-12&to=2020-02-13"} {
		if got := suspects("leader", query); len(got) != 0 {
			t.Errorf("%s: %v", query, got)
		}
	}
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("leader-a2")
		staff := *old
		staff.Grid = "A1"
		return d.PutStaff(staff)
	})
	if got := suspects("leader-a2", ""); len(got) != 0 {
		t.Errorf("another area sees %v", got)
	}
}
