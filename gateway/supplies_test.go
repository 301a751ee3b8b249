package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint/alarm"
	"passgate/checkpoint/office"
)

// alarmsDue are the kinds and nodes of what the office would raise now.
func (w *world) alarmsDue() []string {
	w.t.Helper()
	due, err := office.New(w.store).SuppliesDue(w.t.Context())
	w.must(err)
	names := []string{}
	for _, a := range due {
		names = append(names, string(a.Kind)+" "+a.Node)
	}
	slices.Sort(names)
	return names
}

func (w *world) wantAlarms(when string, want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if got := w.alarmsDue(); fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("%s: alarms %v, want %v", when, got, want)
	}
}

func TestSuppliesAreObtainedHandedOutAndAddUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, leader, grid := contract(t), w.as("leader"), w.as("grid")
	move := func(token string, in fields) answer {
		t.Helper()
		return w.do(http.MethodPost, "/v1/supplies/movements", token, in)
	}
	in := fields{"id": "supply-in-1", "movement": "in", "node": "A1", "item": "mask", "quantity": 1000, "from": "县指挥部"}
	move(leader, in).problem(http.StatusUnprocessableEntity, "invalid", "item") // not in the list yet
	mask := fields{"name": "一次性口罩", "unit": "只"}
	w.do(http.MethodPut, "/v1/supplies/items/mask", grid, mask).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPut, "/v1/supplies/items/mask", leader, mask).ok(http.StatusOK).conforms(doc, http.MethodPut, "/v1/supplies/items/{code}")
	w.do(http.MethodPut, "/v1/supplies/items/mask", leader, mask.with(fields{"unit": "盒"})).problem(http.StatusConflict, "wrong_state", "")
	w.do(http.MethodGet, "/v1/supplies/items", grid, nil).ok(http.StatusOK).conforms(doc, http.MethodGet, "/v1/supplies/items")

	t.Log("obtained, handed on to a village, handed out there")
	first := move(leader, in).ok(http.StatusOK)
	first.conforms(doc, http.MethodPost, "/v1/supplies/movements")
	if again := move(leader, in).ok(http.StatusOK); string(again.body) != string(first.body) {
		t.Errorf("sent again: %s", again.body)
	}
	move(leader, in.with(fields{"quantity": 999})).problem(http.StatusConflict, "other_content", "")
	give := fields{"id": "supply-move-1", "movement": "transfer", "node": "A1", "item": "mask", "quantity": 300, "to": fields{"node": "V1C"}}
	gave := move(leader, give).ok(http.StatusOK)
	gave.conforms(doc, http.MethodPost, "/v1/supplies/movements")
	out := fields{"id": "supply-out-1", "movement": "out", "node": "V1C", "item": "mask", "quantity": 20, "to": fields{"resident": hexID(w.people["wang"])}, "received_by": "王小明之妻"}
	move(w.as("leader-a2"), out).problem(http.StatusForbidden, "out_of_scope", "")
	move(w.as("leader-a2"), give.with(fields{"id": "supply-move-2", "node": "V2C"})).problem(http.StatusForbidden, "out_of_scope", "")
	handed := move(grid, out).ok(http.StatusOK)
	if e := handed.json(); e["after"] != float64(280) || e["delta"] != float64(-20) {
		t.Errorf("handed out %v", e)
	}
	move(grid, out.with(fields{"id": "supply-out-2", "quantity": 281})).problem(http.StatusConflict, "not_enough", "")
	move(grid, out.with(fields{"id": "supply-out-3", "to": fields{"site": "V1", "staff": "grid"}})).problem(http.StatusUnprocessableEntity, "invalid", "to")
	move(grid, fields{"id": "supply-count", "movement": "correction", "node": "V1C", "item": "mask", "quantity": -5}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	line := fields{"node": "V1C", "item": "mask", "low": 280}
	w.do(http.MethodPut, "/v1/supplies/lines", grid, line).ok(http.StatusOK).conforms(doc, http.MethodPut, "/v1/supplies/lines")
	w.wantAlarms("at the line")
	move(grid, fields{"id": "supply-count", "movement": "correction", "node": "V1C", "item": "mask", "quantity": -5, "reason": "受潮"}).ok(http.StatusOK)
	w.wantAlarms("below the line", string(alarm.StockLow)+" V1C")

	t.Log("a movement is taken back by another one, once")
	undo := fields{"id": "supply-undo-1", "movement": "take_back", "of": handed.json()["id"], "reason": "登记错误"}
	move(w.as("leader-a2"), undo).problem(http.StatusForbidden, "out_of_scope", "")
	if e := move(grid, undo).ok(http.StatusOK).json(); e["after"] != float64(295) || e["of"] != handed.json()["id"] {
		t.Errorf("taken back %v", e)
	}
	move(grid, undo).ok(http.StatusOK)
	move(grid, undo.with(fields{"id": "supply-undo-2"})).problem(http.StatusConflict, "wrong_state", "")
	w.wantAlarms("above the line again")
	move(leader, undo.with(fields{"id": "supply-undo-3", "of": gave.json()["id"]})).problem(http.StatusConflict, "not_enough", "") // 295 of 300 are left

	t.Log("midnight, and the time until entries are gone, change nothing of what is there")
	w.clock.Advance(12 * time.Hour) // midnight at the place
	leader, grid = w.as("leader"), w.as("grid")
	move(grid, out.with(fields{"id": "supply-out-4", "quantity": 15})).ok(http.StatusOK)
	stocks := w.do(http.MethodGet, "/v1/supplies?node=A1&from=2020-02-12", leader, nil).ok(http.StatusOK)
	stocks.conforms(doc, http.MethodGet, "/v1/supplies")
	got := stocks.json()["items"].([]any)[0].(map[string]any)
	if fmt.Sprint(got["flow"]) != "map[closing:980 in:0 opening:995 out:15]" || got["amount"] != float64(980) || got["own"] != float64(700) {
		t.Errorf("the second day: %v", got)
	}
	page := w.do(http.MethodGet, "/v1/supplies/movements?node=V1C&from=2020-02-11", grid, nil).ok(http.StatusOK)
	page.conforms(doc, http.MethodGet, "/v1/supplies/movements")
	rows := page.json()["movements"].([]any)
	last := rows[0].(map[string]any)
	if to := last["to"].(map[string]any); len(rows) != 5 || to["name"] != "王小明" || to["door"] != "1-101" || last["received_by"] != "王小明之妻" {
		t.Errorf("%d movements, the last %v", len(rows), last)
	}
	w.must(w.store.Erase(t.Context(), w.people["wang"], "admin"))
	page = w.do(http.MethodGet, "/v1/supplies/movements?node=V1C&from=2020-02-11", grid, nil).ok(http.StatusOK)
	if e := page.json()["movements"].([]any)[0].(map[string]any); e["received_by"] != "" || e["after"] != float64(280) || e["to"].(map[string]any)["resident"] != nil {
		t.Errorf("after the erasure: %v", e)
	}
	if n := len(w.do(http.MethodGet, "/v1/supplies", w.as("leader-a2"), nil).ok(http.StatusOK).json()["items"].([]any)); n != 0 {
		t.Errorf("another part of the grid sees %d items", n)
	}
	w.do(http.MethodGet, "/v1/supplies?node=A1", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
}
