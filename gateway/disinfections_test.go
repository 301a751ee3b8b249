package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint/alarm"
)

// disinfection is one at a site, now.
func (w *world) disinfection(id, site, kind string) fields {
	return fields{"id": id, "site": site, "kind": kind, "at": utcTime(w.clock.Now().UnixMilli()), "by": "保洁老李", "agent": "84 消毒液 1:100"}
}

func TestRoundsOfDisinfectionAreDueDoneAndMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, grid, leader := contract(t), w.as("grid"), w.as("leader")
	plan := func(token string, in fields) answer {
		t.Helper()
		return w.do(http.MethodPut, "/v1/disinfections/plans", token, in)
	}
	village := fields{"site_kind": "village", "rounds": fields{"corridor": 2, "entrance": 1}}
	plan(w.as("leader-a2"), village).problem(http.StatusForbidden, "out_of_scope", "")
	plan(leader, village.with(fields{"rounds": fields{"corridor": 7}})).problem(http.StatusUnprocessableEntity, "invalid", "rounds")
	plan(leader, village).ok(http.StatusOK).conforms(doc, http.MethodPut, "/v1/disinfections/plans")
	plan(w.as("leader-a2"), fields{"site": "V2", "rounds": fields{"lift": 1}}).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/disinfections/plans", w.as("leader-a2"), nil).ok(http.StatusOK).conforms(doc, http.MethodGet, "/v1/disinfections/plans")

	day := func(query string) (text string) {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/disinfections?"+query, grid, nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/disinfections")
		for _, site := range got.json()["sites"].([]any) {
			v := site.(map[string]any)
			text += fmt.Sprintf("%v due %v done %v overdue %v missed %v extra %v; ", v["site"], v["due"], v["done"], v["overdue"], v["missed"], v["extra"])
		}
		return text
	}
	want := func(query, sites string) {
		t.Helper()
		if got := day(query); got != sites {
			t.Errorf("at %s: %s, want %s", w.clock.Now().UTC().Format(time.TimeOnly), got, sites)
		}
	}
	// It is noon: corridors by 14:00 and 22:00, the entrance by 22:00; V2 has a plan of its own.
	want("", "V1 due 3 done 0 overdue 0 missed 0 extra 0; V2 due 1 done 0 overdue 0 missed 0 extra 0; ")
	w.clock.Advance(2*time.Hour + time.Minute)
	w.wantAlarms("after 14:00", string(alarm.DisinfectionOverdue)+" V1C")
	want("node=V1C", "V1 due 3 done 0 overdue 1 missed 0 extra 0; ")

	t.Log("what is done closes the oldest round, then the next, then it is an extra")
	w.do(http.MethodPost, "/v1/disinfections", w.as("leader-a2"), w.disinfection("round-0001", "V1", "corridor")).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/disinfections", grid, w.disinfection("round-0001", "V1", "street")).problem(http.StatusUnprocessableEntity, "invalid", "kind")
	for i, extra := range []bool{false, false, true} {
		in := w.disinfection(fmt.Sprintf("round-000%d", i+1), "V1", "corridor")
		got := w.do(http.MethodPost, "/v1/disinfections", grid, in).ok(http.StatusOK)
		got.conforms(doc, http.MethodPost, "/v1/disinfections")
		if again := w.do(http.MethodPost, "/v1/disinfections", grid, in); got.json()["extra"] != extra || string(again.body) != string(got.body) {
			t.Errorf("round %d: %s, again %s", i, got.body, again.body)
		}
		w.do(http.MethodPost, "/v1/disinfections", grid, in.with(fields{"kind": "entrance"})).problem(http.StatusConflict, "other_content", "")
	}
	want("node=V1C", "V1 due 3 done 2 overdue 0 missed 0 extra 1; ")
	w.wantAlarms("all that was due is done")

	t.Log("another plan is for what is due from now on")
	plan(leader, village.with(fields{"rounds": fields{"rubbish_point": 2}})).ok(http.StatusOK)
	want("node=V1C", "V1 due 3 done 2 overdue 0 missed 0 extra 1; ") // no entrance any more; the first rubbish round was due before the plan

	t.Log("at midnight in Shanghai what was not done is missed, and another day begins")
	at := utcTime(w.clock.Now().UnixMilli())
	w.clock.Advance(9*time.Hour + 58*time.Minute) // 23:59
	grid = w.as("grid")
	want("node=V1C", "V1 due 3 done 2 overdue 1 missed 0 extra 1; ")
	w.clock.Advance(time.Minute)
	want("node=V1C", "V1 due 2 done 0 overdue 0 missed 0 extra 0; ")
	want("node=V1C&day=2020-02-11", "V1 due 3 done 2 overdue 0 missed 1 extra 1; ")
	w.wantAlarms("a new day")
	late := w.disinfection("round-0004", "V1", "rubbish_point").with(fields{"at": at})
	if got := w.do(http.MethodPost, "/v1/disinfections", grid, late).ok(http.StatusOK).json(); got["extra"] != false {
		t.Errorf("written down the day after: %v", got)
	}
	want("node=V1C&day=2020-02-11", "V1 due 3 done 3 overdue 0 missed 0 extra 1; ")
	w.clock.Advance(48 * time.Hour)
	grid = w.as("grid")
	w.do(http.MethodPost, "/v1/disinfections", grid, late.with(fields{"id": "round-0005"})).problem(http.StatusUnprocessableEntity, "invalid", "at")
}
