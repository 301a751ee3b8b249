package gateway

import (
	"net/http"
	"testing"
	"time"
)

// firm is one enterprise as a list gives it.
func (w *world) firm(login, query string) fields {
	w.t.Helper()
	list := w.staffCall(login, http.MethodGet, "/v1/enterprises"+query, "/v1/enterprises", nil).rows("enterprises")
	if len(list) != 1 {
		w.t.Fatalf("%s lists %v", query, list)
	}
	return list[0]
}

func TestEnterpriseGoesBackToWorkAndIsStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	if got := w.firm("inspector", "?state=none"); got["site"] != "ML" || got["state"] != "none" {
		t.Errorf("an enterprise that nothing is known of: %v", got)
	}
	terms := fields{"measures": "错峰上下班", "headcount": 40, "start": "2020-02-17"}
	apply := func(login string, more fields) answer {
		return w.staffCall(login, http.MethodPost, "/v1/enterprises/ML/applications", "/v1/enterprises/{site}/applications", terms.with(fields{"id": "app-00001"}).with(more))
	}
	apply("grid", nil).problem(http.StatusForbidden, "forbidden", "")
	apply("enroller-a2", nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/enterprises/V1", w.as("inspector"), nil).problem(http.StatusUnprocessableEntity, "invalid", "site")
	id := apply("clerk-a1", nil).ok(http.StatusOK).json()["id"].(string)
	apply("clerk-a1", nil).ok(http.StatusOK)
	apply("clerk-a1", fields{"headcount": 50}).problem(http.StatusConflict, "other_content", "")
	apply("clerk-a1", fields{"id": "app-00002"}).problem(http.StatusConflict, "wrong_state", "")
	turn := func(login, verb string, body fields) answer {
		return w.staffCall(login, http.MethodPost, "/v1/applications/"+id+"/"+verb, "/v1/applications/{id}/"+verb, body)
	}
	turn("clerk-a1", "submit", fields{}).problem(http.StatusConflict, "wrong_state", "") // no plan, no masks
	profile := fields{"contact": "王芳", "phone": "13800138000", "plan_on_file": true, "masks": 400, "thermometers": 3, "staff_limit": 2}
	w.staffCall("clerk-a1", http.MethodPut, "/v1/enterprises/ML", "/v1/enterprises/{site}", profile.with(fields{"masks": -1})).problem(http.StatusUnprocessableEntity, "invalid", "masks")
	w.staffCall("clerk-a1", http.MethodPut, "/v1/enterprises/ML", "/v1/enterprises/{site}", profile).ok(http.StatusOK)
	turn("clerk-a1", "submit", fields{}).ok(http.StatusOK)
	turn("inspector", "return", fields{}).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	turn("inspector", "return", fields{"ground": "食堂如何分散用餐?"}).ok(http.StatusOK)
	turn("boss-a1", "submit", fields{"mended": terms.with(fields{"measures": "分批用餐"})}).ok(http.StatusOK)
	w.clock.Advance(49 * time.Hour)
	if got := w.due()["application/"+id]; got != "application_overdue MLC" {
		t.Errorf("a decision is overdue: %v", w.due())
	}
	approval := fields{"ground": "措施到位", "valid_until": w.in(10 * 24 * time.Hour)}
	turn("boss-a1", "approve", approval).problem(http.StatusForbidden, "same_person", "")
	turn("inspector", "approve", approval).problem(http.StatusForbidden, "forbidden", "")
	turn("leader-a2", "approve", approval).problem(http.StatusForbidden, "out_of_scope", "")
	approved := turn("leader", "approve", approval).ok(http.StatusOK)
	if got := approved.json(); got["policy"] != nil || got["measures"] != "分批用餐" || len(got["steps"].([]any)) != 5 {
		t.Errorf("approved %s", approved.body)
	}
	turn("leader", "approve", approval).ok(http.StatusOK)
	turn("leader", "refuse", fields{"ground": "反悔"}).problem(http.StatusConflict, "wrong_state", "")
	if got := w.firm("boss-a1", "?state=approved"); got["in_force"] != id || got["gates_closed"] != false {
		t.Errorf("at work: %v", got)
	}

	offer := turn("inspector", "suspend", fields{"ground": "发现一例发热\n未报告"}).ok(http.StatusOK).json()["policy"].(map[string]any)
	stop := func(token string) answer {
		return w.do(offer["method"].(string), offer["path"].(string), token, offer["body"])
	}
	stop(w.as("inspector")).problem(http.StatusForbidden, "forbidden", "")
	w.scan("E1", w.newScan(w.people["wang"])).decided("pass", "ok")
	stop(w.as("boss-a1")).ok(http.StatusCreated)
	w.scan("E1", w.newScan(w.people["li"])).decided("deny", "site_closed")
	if got := w.firm("boss-a1", "?node=A1"); got["state"] != "suspended" || got["gates_closed"] != true {
		t.Errorf("stopped: %v", got)
	}
	turn("inspector", "resume", fields{"ground": "已整改"}).problem(http.StatusForbidden, "forbidden", "")
	offer = turn("leader", "resume", fields{"ground": "已整改"}).ok(http.StatusOK).json()["policy"].(map[string]any)
	stop(w.as("boss-a1")).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.scan("E1", w.newScan(w.people["li"])).decided("pass", "ok")

	w.clock.Advance(10 * 24 * time.Hour)
	if got := w.due()["application/"+id]; got != "approval_lapsed MLC" {
		t.Errorf("an approval has run out: %v", w.due())
	}
	w.firm("inspector", "?state=lapsed")
	old := id
	id = apply("clerk-a1", fields{"id": "app-00003"}).ok(http.StatusOK).json()["id"].(string)
	turn("clerk-a1", "submit", fields{}).ok(http.StatusOK)
	turn("boss-a1", "approve", fields{"ground": "续期", "valid_until": w.in(24 * time.Hour)}).ok(http.StatusOK)
	file := w.staffCall("inspector", http.MethodGet, "/v1/enterprises/ML", "/v1/enterprises/{site}", nil).ok(http.StatusOK)
	apps := file.rows("applications")
	if len(apps) != 2 || apps[0]["state"] != "approved" || apps[1]["state"] != "replaced" || apps[1]["id"] != old || len(w.due()) != 0 {
		t.Errorf("%v; due %v", apps, w.due())
	}
	id = apply("clerk-a1", fields{"id": "app-00004"}).ok(http.StatusOK).json()["id"].(string)
	turn("boss-a1", "refuse", fields{"ground": "不再需要"}).ok(http.StatusOK)
	turn("boss-a1", "suspend", fields{"ground": "停"}).problem(http.StatusConflict, "wrong_state", "")
	if got := w.firm("inspector", "?node=MLC"); got["state"] != "approved" { // under the one before
		t.Errorf("a refusal takes away what is in force: %v", got)
	}
}

func TestEnterpriseKeepsAListOfItsStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	const path, pattern = "/v1/enterprises/ML/staff", "/v1/enterprises/{site}/staff"
	profile := fields{"contact": "王芳", "phone": "0531-84880000", "staff_limit": 3}
	w.staffCall("clerk-a1", http.MethodPut, "/v1/enterprises/ML", "/v1/enterprises/{site}", profile).ok(http.StatusOK)
	people := fields{"people": []fields{
		{"resident": hexID(w.people["wang"]), "job": "保安"},
		{"resident": hexID(w.people["li"])},
		{"id_document": "P1234567", "name": "赵强", "phone": "13900139000"},
		{"id_document": "P7654321"},
		{"id_document": "P7654321", "name": "孙五"},
	}}
	w.do(http.MethodPost, path, w.as("enroller-a2"), people).problem(http.StatusForbidden, "out_of_scope", "")
	for range 2 { // sent again it changes nothing
		results := w.staffCall("clerk-a1", http.MethodPost, path, pattern, people).rows("results")
		for i, want := range []string{"", "", "", "invalid", "not_enough"} {
			if results[i]["code"] != want || (results[i]["person"] == nil) != (want != "") {
				t.Errorf("row %d: %v, want %q", i, results[i], want)
			}
		}
	}
	staff := map[any]fields{}
	for _, who := range w.staffCall("clerk-a1", http.MethodGet, path, pattern, nil).rows("staff") {
		staff[who["name"]] = who
	}
	if len(staff) != 3 || staff["王小明"]["resident"] != hexID(w.people["wang"]) || staff["李*"]["resident"] != nil || staff["赵强"]["id_document"] != "****4567" {
		t.Errorf("staff %v", staff) // li lives in another part of the grid
	}
	leave := func(id any) answer {
		return w.staffCall("clerk-a1", http.MethodDelete, path+"/"+id.(string), pattern+"/{id}", nil)
	}
	if got := leave(staff["赵强"]["id"]).ok(http.StatusOK).json(); got["state"] != "left" {
		t.Errorf("left %v", got)
	}
	leave(staff["赵强"]["id"]).ok(http.StatusOK)
	leave("0123456789abcdef").problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, personPath(w.people["wang"], "/erase"), w.as("enroller"), fields{"reason": "本人要求"}).ok(http.StatusOK)
	results := w.staffCall("clerk-a1", http.MethodPost, path, pattern, fields{"people": []fields{{"id_document": "P7654321", "name": "孙五"}, {"id_document": "P7654322", "name": "周六"}}}).rows("results")
	if results[0]["code"] != "" || results[1]["code"] != "" { // two places are free: one left, one was erased
		t.Errorf("after two are gone: %v", results)
	}
	if file := w.staffCall("clerk-a1", http.MethodGet, "/v1/enterprises/ML", "/v1/enterprises/{site}", nil).ok(http.StatusOK).json(); file["staff"] != 3.0 {
		t.Errorf("%v people work there", file["staff"])
	}
}
