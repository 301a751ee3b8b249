package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
)

func TestAGridMembersListMissesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("grid")
		own := *old
		own.Login, own.Grid = "grid-v1", "V1C-1"
		return firstError(
			d.PutGridNode(checkpoint.GridNode{ID: "V1C-1", Parent: "V1C", Name: "一村一格", Level: 4}),
			d.PutGridNode(checkpoint.GridNode{ID: "V1C-2", Parent: "V1C", Name: "一村二格", Level: 4}), d.PutStaff(own))
	})
	live := func(name, door, node string) uint64 {
		return w.enrolWith(checkpoint.NewResident{Name: name, IDNumber: newDocument(), Site: "V1", Door: door, Grid: node})
	}
	chen, zhou := live("陈一", "2-201", "V1C-1"), live("周二", "2-202", "V1C-1")
	live("陈二", "2-201", "V1C-1")
	live("吴三", "3-301", "V1C-2")
	alone := w.enrolWith(checkpoint.NewResident{Name: "郑独", IDNumber: newDocument(), Site: "V1", Grid: "V1C-2"})
	w.do(http.MethodPut, "/v1/disinfections/plans", w.as("leader"), fields{"site": "V1", "rounds": fields{"corridor": 2}}).ok(http.StatusOK)

	observation := w.observe(chen, "obs-00001", nil)
	w.my(w.phone(zhou), http.MethodPost, "requests", fields{"id": "request-1", "resident": hexID(zhou), "kind": "medicine"}).ok(http.StatusOK)
	w.my(w.phone(w.people["li"]), http.MethodPost, "requests", fields{"id": "request-1", "resident": hexID(w.people["li"]), "kind": "rubbish"}).ok(http.StatusOK)
	today := func(login, node string) fields {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/grid/"+node+"/today", w.as(login), nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/grid/{id}/today")
		return got.json()
	}
	rows := func(of map[string]any, part string) []any { return of[part].([]any) }
	coverage := func(node, query string) fields {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/grid/"+node+"/coverage"+query, w.as("leader"), nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/grid/{id}/coverage")
		return got.json()
	}
	for _, path := range []string{"/v1/grid/V1C/today", "/v1/grid/V2C/coverage", "/v1/grid/none/today"} {
		w.do(http.MethodGet, path, w.as("grid-v1"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	}
	w.do(http.MethodGet, "/v1/grid/V1C/today", w.as("medic"), nil).problem(http.StatusForbidden, "forbidden", "")

	t.Log("each row has what the call that answers it takes")
	w.clock.Advance(3 * time.Hour) // 15:00: the afternoon's reading is due
	list := today("grid-v1", "V1C-1")
	readings, reports, requests := rows(list, "readings"), rows(list, "reports"), rows(list, "requests")
	homes := list["homes"].(map[string]any)
	if len(readings) != 1 || len(reports) != 1 || len(requests) != 1 || homes["homes"] != 2.0 || homes["reached"] != 0.0 || homes["complete"] != false {
		t.Fatalf("list %v", list)
	}
	rounds := rows(today("leader", "V1C"), "rounds")
	if len(rounds) != 2 || rounds[0].(map[string]any)["overdue"] != true || rounds[1].(map[string]any)["overdue"] != false {
		t.Errorf("rounds %v", rounds)
	}
	reading := readings[0].(map[string]any)
	w.do(http.MethodPost, fmt.Sprintf("/v1/residents/%s/readings", reading["resident"]), w.as("grid-v1"), w.readingOf(0, "reading-1", 36.6).with(fields{"resident": nil})).ok(http.StatusOK)
	if got := reports[0].(map[string]any)["observation"]; got != observation {
		t.Errorf("the report is for %v", got)
	}
	w.do(http.MethodPost, "/v1/observations/"+observation+"/reports", w.as("grid-v1"), fields{"all_well": true}).ok(http.StatusOK)
	w.do(http.MethodPost, fmt.Sprintf("/v1/requests/%s/done", requests[0].(map[string]any)["id"]), w.as("grid-v1"), fields{"note": "已送到"}).ok(http.StatusOK)
	visit := func(login string, in fields) answer {
		got := w.do(http.MethodPost, "/v1/visits", w.as(login), in)
		got.conforms(doc, http.MethodPost, "/v1/visits")
		return got
	}
	missing := rows(homes, "missing")
	first, second := missing[0].(map[string]any), missing[1].(map[string]any)
	if first["door"] != "2-201" || first["people"] != 2.0 || second["door"] != "2-202" {
		t.Errorf("missing %v", missing)
	}
	visit("grid-v1", fields{"site": "V1", "household": first["household"], "outcome": "reached"}).ok(http.StatusOK)
	visit("grid-v1", fields{"site": "V1", "household": second["household"], "outcome": "absent", "note": "敲门无人应"}).ok(http.StatusOK)
	list = today("grid-v1", "V1C-1")
	if n := len(rows(list, "readings")) + len(rows(list, "reports")) + len(rows(list, "requests")); n != 0 {
		t.Errorf("still to be done: %v", list)
	}
	left := rows(list["homes"].(map[string]any), "missing")
	if len(left) != 1 || left[0].(map[string]any)["tried"].(map[string]any)["note"] != "敲门无人应" {
		t.Errorf("who was absent is not reached: %v", left)
	}

	t.Log("the town knows how many homes are left, and which")
	town := coverage("XS", "")
	if town["homes"] != 6.0 || town["reached"] != 1.0 || len(rows(town, "missing")) != 5 {
		t.Errorf("town %v", town)
	}
	for _, n := range rows(town, "below") {
		n := n.(map[string]any)
		want := map[string]string{"A1": "5 1 4", "V1C": "5 1 4", "V1C-1": "2 1 1", "V1C-2": "2 0 2", "A2": "1 0 1", "V2C": "1 0 1"}[n["node"].(string)]
		if got := fmt.Sprint(n["homes"], n["reached"], n["missing"]); got != want {
			t.Errorf("%s: %s, want %s", n["node"], got, want)
		}
	}
	visit("grid-v1", fields{"site": "V1", "door": "3-301", "outcome": "reached"}).problem(http.StatusForbidden, "out_of_scope", "")
	visit("medic", fields{"site": "V1", "door": "3-301", "outcome": "reached"}).problem(http.StatusForbidden, "forbidden", "")
	visit("grid", fields{"site": "V1", "outcome": "reached"}).problem(http.StatusUnprocessableEntity, "invalid", "household")
	visit("grid", fields{"site": "V1", "door": "9-999", "outcome": "reached"}).problem(http.StatusNotFound, "not_found", "")
	visit("grid", fields{"site": "V1", "door": "3-301", "outcome": "reached", "at": "2026-01-01T00:00:00Z"}).problem(http.StatusUnprocessableEntity, "invalid", "at")
	yesterday := w.clock.Now().Add(-24 * time.Hour)
	visit("grid", fields{"site": "V1", "door": "3-301", "outcome": "reached", "at": yesterday.UTC().Format(time.RFC3339)}).ok(http.StatusOK)
	if got := coverage("XS", "")["reached"]; got != 1.0 {
		t.Errorf("a visit of yesterday counts today: %v reached", got)
	}
	if got := coverage("XS", "?day="+yesterday.In(time.FixedZone("", 8*3600)).Format(time.DateOnly))["reached"]; got != 1.0 {
		t.Errorf("a visit of yesterday does not count then: %v reached", got)
	}
	visit("grid", fields{"site": "V1", "door": "3-301", "outcome": "gone"}).problem(http.StatusUnprocessableEntity, "invalid", "outcome")
	visit("grid-v1", fields{"site": "V1", "door": "2-202", "outcome": "reached"}).ok(http.StatusOK)
	visit("grid", fields{"site": "V1", "door": "1-101", "outcome": "reached"}).ok(http.StatusOK)
	visit("grid", fields{"site": "V1", "door": "3-301", "outcome": "reached"}).ok(http.StatusOK)
	if again := visit("grid", fields{"site": "V1", "door": "3-301", "outcome": "absent"}).ok(http.StatusOK).json(); again["outcome"] != "reached" {
		t.Errorf("who was reached is not any more: %v", again)
	}
	village := coverage("V1C", "")
	if left := rows(village, "missing"); len(left) != 1 || left[0].(map[string]any)["door"] != "" || left[0].(map[string]any)["node"] != "V1C-2" {
		t.Fatalf("one home is missing: %v", left)
	}
	one := rows(village, "missing")[0].(map[string]any)
	visit("grid", fields{"site": "V1", "household": one["household"], "outcome": "refused"}).ok(http.StatusOK)
	if coverage("V1C", "")["complete"] != false {
		t.Error("who refused was not reached")
	}
	visit("grid", fields{"site": "V1", "household": one["household"], "outcome": "reached"}).ok(http.StatusOK)
	if village = coverage("V1C", ""); village["complete"] != true || village["reached"] != 5.0 {
		t.Errorf("nobody is missing: %v", village)
	}

	t.Log("a round is a day at the place; who has moved away is missed by nobody")
	w.until(12, 0, 0)
	w.must(w.store.SetStatus(t.Context(), alone, checkpoint.StatusGone))
	if village = coverage("V1C", ""); village["homes"] != 4.0 || village["reached"] != 0.0 {
		t.Errorf("after midnight: %v", village)
	}
	if again := visit("grid", fields{"site": "V1", "door": "3-301", "outcome": "reached"}).ok(http.StatusOK).json(); again["day"] != "2020-02-12" {
		t.Errorf("a visit of the new round: %v", again)
	}
	if village = coverage("V1C", ""); village["reached"] != 1.0 {
		t.Errorf("the new round: %v", village)
	}
	if before := coverage("V1C", "?day=2020-02-11"); before["reached"] != 4.0 || before["complete"] != true {
		t.Errorf("the day before: %v", before)
	}
}

// TestANarrowPartOfTheTownSeesAllOfItsRequests: what others ask for does not push them
// out of the page.
func TestANarrowPartOfTheTownSeesAllOfItsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(person uint64, n int) {
		_, err := w.store.OpenRequest(t.Context(), person, fmt.Sprintf("request-%d", n), "rubbish", "")
		w.must(err)
		w.clock.Advance(time.Millisecond)
	}
	for n := range 5 {
		ask(w.people["wang"], n)
	}
	for n := range 3 {
		ask(w.people["li"], n)
	}
	var seen []string
	cursor, pages := "", 0
	for {
		got := w.do(http.MethodGet, "/v1/requests?limit=2&cursor="+cursor, w.as("leader-a2"), nil).ok(http.StatusOK)
		for _, r := range got.json()["requests"].([]any) {
			seen = append(seen, r.(map[string]any)["id"].(string))
		}
		pages++
		if cursor = got.json()["next"].(string); cursor == "" {
			break
		}
	}
	li := hexID(w.people["li"])
	if want := fmt.Sprint([]string{li + "-request-0", li + "-request-1", li + "-request-2"}); fmt.Sprint(seen) != want || pages != 2 {
		t.Errorf("seen %v in %d pages", seen, pages)
	}
	w.do(http.MethodGet, "/v1/requests?cursor=x", w.as("grid"), nil).problem(http.StatusUnprocessableEntity, "invalid", "cursor")
	w.wantDue("request_overdue")
	w.clock.Advance(24 * time.Hour)
	if n := len(w.dueOf("request_overdue")); n != 8 {
		t.Errorf("%d requests are overdue", n)
	}
	if r := w.do(http.MethodGet, "/v1/requests?limit=1", w.as("leader-a2"), nil).ok(http.StatusOK).json()["requests"].([]any)[0].(map[string]any); r["overdue"] != true {
		t.Errorf("listed %v", r)
	}
	_, err := w.store.TakeRequest(t.Context(), w.people["li"], "request-0", "", 1)
	w.must(err)
	if n := len(w.dueOf("request_overdue")); n != 7 {
		t.Errorf("%d requests are overdue after one was taken", n)
	}
}
