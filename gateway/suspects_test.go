package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// villages adds a village with a gate and a device in each of the areas named,
// V11, V12 and so on.
func (w *world) villages(areas ...string) {
	w.t.Helper()
	w.change(func(d *checkpoint.Draft) error {
		for i, area := range areas {
			n := fmt.Sprint(11 + i)
			if err := firstError(
				d.PutSite(checkpoint.Site{Code: "V" + n, Name: n + "村", Kind: checkpoint.Village, Grid: area}),
				d.PutGate(checkpoint.Gate{Code: "G" + n, Name: "村口", Site: "V" + n, Open: true}),
				d.PutDevice(w.device("D"+n, "G"+n)),
			); err != nil {
				return err
			}
		}
		return nil
	})
}

// takes lets a device take readings of people on the way in, one a second.
func (w *world) takes(device string, readings ...float64) {
	w.t.Helper()
	for _, v := range readings {
		w.clock.Advance(time.Second)
		w.scan(device, w.newScan(w.people["wang"]).with(fields{"temperature": v})).ok(http.StatusOK)
	}
}

// around gives n readings of people whose median is a value in tenths.
func around(middle, n int) (readings []float64) {
	for i := range n {
		readings = append(readings, float64(middle-2+i%5)/10)
	}
	return readings
}

func TestSuspectGatesAreToldToThoseWhoAnswerForThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.villages("A1", "A1", "A1", "A1", "A1", "A2")
	for _, device := range []string{"D1", "D11", "D12", "D13", "D14"} {
		w.takes(device, around(364, 30)...)
	}
	w.takes("D15", around(358, 35)...) // its battery is low
	made := make([]float64, 40)
	for i := range made {
		made[i] = 36.5
	}
	w.takes("D16", made...) // nobody is measured
	ask := func(who, query string) answer { return w.do(http.MethodGet, "/v1/gates/suspect"+query, w.as(who), nil) }
	list := func(who string) (rows []fields) {
		got, _ := ask(who, "").ok(http.StatusOK).json()["suspects"].([]any)
		for _, row := range got {
			rows = append(rows, fields(row.(map[string]any)))
		}
		return rows
	}
	eventually(t, "both gates are named with all their readings", func() bool {
		rows := list("leader")
		return len(rows) == 2 && rows[0]["readings"] == 35.0 && rows[1]["readings"] == 40.0
	})

	rows := list("medic")
	for i, want := range []fields{
		{
			"kind": "drift", "gate": "G15", "gate_name": "村口", "site": "V15", "site_name": "15村", "method": "forehead", "direction": "in",
			"median": 35.8, "neighbours": 5.0, "neighbours_median": 36.4, "mode_share": 0.2,
		},
		{
			"kind": "constant", "gate": "G16", "site": "V16", "method": "forehead", "direction": "in",
			"median": 36.5, "neighbours": 6.0, "neighbours_median": 36.4, "mode": 36.5, "mode_share": 1.0,
		},
	} {
		for name, v := range want {
			if rows[i][name] != v {
				t.Errorf("%s of %s is %v, want %v", name, want["gate"], rows[i][name], v)
			}
		}
		text, _ := rows[i]["text"].(map[string]any)
		said := fmt.Sprint(text["zh"], text["en"])
		for _, word := range map[string][]string{
			"drift": {"0.6℃", "换电池", "0.6 °C lower", "change the battery"}, "constant": {"36.5℃", "100 %", "talk to the guard"},
		}[rows[i]["kind"].(string)] {
			if !strings.Contains(said, word) {
				t.Errorf("%s: %q does not say %q", want["gate"], said, word)
			}
		}
	}
	if rows := list("leader-a2"); len(rows) != 1 || rows[0]["gate"] != "G16" {
		t.Errorf("the leader of A2 is told %v", rows)
	}
	ask("leader", "").conforms(contract(t), "GET", "/v1/gates/suspect")

	for day, suspects := range map[string]int{"2020-02-11": 2, "2020-02-10": 0, "2020-02-09": 0} {
		got := ask("auditor", "?day="+day).ok(http.StatusOK).json()
		if rows, _ := got["suspects"].([]any); len(rows) != suspects || got["day"] != day {
			t.Errorf("on %s: %v", day, got)
		}
	}
	for _, day := range []string{"2020-02-12", "2020-02-08", "yesterday", "2020-02-11T00:00:00Z"} {
		got := ask("auditor", "?day="+day)
		got.problem(http.StatusUnprocessableEntity, "invalid", "day")
		got.conforms(contract(t), "GET", "/v1/gates/suspect")
	}
}

func TestNoReadingsMakeNoSuspects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.do(http.MethodGet, "/v1/gates/suspect", w.as("leader"), nil).ok(http.StatusOK)
	if rows, ok := got.json()["suspects"].([]any); !ok || len(rows) != 0 {
		t.Errorf("%s", got.body)
	}
	got.conforms(contract(t), "GET", "/v1/gates/suspect")
}
