package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// told is a report as it is taken down.
var told = fields{
	"id": "call-0001", "channel": "phone", "kind": "complaint", "text": "东门晚上没有人量体温", "node": "V1C",
	"caller": fields{"name": "张兰花", "phone": "13800138000"},
}

// report takes one down.
func (w *world) report(login string, more fields) answer {
	w.t.Helper()
	return w.staffCall(login, http.MethodPost, "/v1/reports", "/v1/reports", told.with(more))
}

// turnReport changes one.
func (w *world) turnReport(login, id, verb string, body fields) answer {
	w.t.Helper()
	return w.staffCall(login, http.MethodPost, "/v1/reports/"+id+"/"+verb, "/v1/reports/{id}/"+verb, body)
}

func TestReportIsAssignedAnsweredAndReopened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	w.report("tracer", nil).problem(http.StatusForbidden, "forbidden", "")
	w.report("leader-a2", nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.report("clerk-a1", fields{"caller": fields{"name": "张兰花", "anonymous": true}}).problem(http.StatusUnprocessableEntity, "invalid", "caller.anonymous")
	w.report("clerk-a1", fields{"kind": "gossip"}).problem(http.StatusUnprocessableEntity, "invalid", "kind")
	first := w.report("clerk-a1", nil).ok(http.StatusOK)
	id := first.json()["id"].(string)
	if again := w.report("clerk-a1", nil).ok(http.StatusOK); string(again.body) != string(first.body) {
		t.Errorf("again %s", again.body)
	}
	w.report("clerk-a1", fields{"text": "别的事"}).problem(http.StatusConflict, "other_content", "")

	read := func(login string) answer {
		return w.staffCall(login, http.MethodGet, "/v1/reports/"+id, "/v1/reports/{id}", nil)
	}
	w.clock.Advance(4*time.Hour + time.Second)
	if got := w.due()["report/"+id]; got != "report_overdue V1C" {
		t.Errorf("nobody has it after four hours: %v", w.due())
	}
	w.turnReport("boss-a1", id, "close", fields{"outcome": "solved", "answer": "好了"}).problem(http.StatusConflict, "wrong_state", "")
	w.turnReport("clerk-a1", id, "assign", fields{"owner": "cadre-v1c"}).problem(http.StatusForbidden, "forbidden", "")
	w.turnReport("boss-a1", id, "assign", fields{"owner": "leader-a2"}).problem(http.StatusUnprocessableEntity, "invalid", "owner")
	assigned := w.turnReport("boss-a1", id, "assign", fields{"owner": "cadre-v1c", "note": "请今日核实"}).ok(http.StatusOK).json()
	if assigned["due_at"] != "2020-02-12T08:00:01.000Z" || len(w.due()) != 0 {
		t.Errorf("assigned %v, due %v", assigned, w.due())
	}
	for login, sees := range map[string]bool{"cadre-v1c": true, "boss-a1": false, "admin": false, "auditor": false} {
		got := read(login).ok(http.StatusOK)
		if strings.Contains(string(got.body), "13800138000") != sees || strings.Contains(string(got.body), "张兰花") != sees {
			t.Errorf("who called, for %s: %s", login, got.body)
		}
	}
	read("clerk-a1").problem(http.StatusForbidden, "out_of_scope", "") // took it down, and does not have it
	read("leader-a2").problem(http.StatusForbidden, "out_of_scope", "")
	if list := w.staffCall("cadre-v1c", http.MethodGet, "/v1/reports?state=assigned", "/v1/reports", nil).rows("reports"); len(list) != 1 || list[0]["caller"] != nil {
		t.Errorf("list %v", list)
	}
	w.clock.Advance(24*time.Hour + time.Second)
	if got := w.due()["report/"+id]; got != "report_overdue V1C" {
		t.Errorf("no answer in a day: %v", w.due())
	}
	w.turnReport("peer-v1c", id, "close", fields{"outcome": "solved", "answer": "好了"}).problem(http.StatusForbidden, "forbidden", "")
	closed := w.turnReport("cadre-v1c", id, "close", fields{"outcome": "solved", "answer": "已安排夜间值守"}).ok(http.StatusOK).json()
	if closed["minutes_to_close"] != 28.0*60 {
		t.Errorf("closed %v", closed)
	}
	w.turnReport("cadre-v1c", id, "close", fields{"outcome": "solved", "answer": "已安排夜间值守"}).ok(http.StatusOK)
	w.turnReport("boss-a1", id, "close", fields{"outcome": "unfounded", "answer": "不实"}).problem(http.StatusConflict, "wrong_state", "")
	w.turnReport("boss-a1", id, "reopen", fields{}).problem(http.StatusUnprocessableEntity, "invalid", "note")
	w.turnReport("boss-a1", id, "reopen", fields{"note": "当晚仍无人"}).ok(http.StatusOK)
	if list := w.staffCall("boss-a1", http.MethodGet, "/v1/reports?state=reopened", "/v1/reports", nil).rows("reports"); len(list) != 1 || list[0]["owner"] != "" {
		t.Errorf("reopened %v", list)
	}
}

func TestHouseholdReportsInItsNameOrInNobodys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	wang := w.people["wang"]
	phone := w.phone(wang)
	tell := func(more fields) answer {
		got := w.my(phone, http.MethodPost, "reports", fields{"id": "tell-0001", "kind": "help", "text": "买不到药", "resident": hexID(wang)}.with(more))
		got.conforms(contract(t), http.MethodPost, "/v1/my/reports")
		return got
	}
	tell(fields{"resident": hexID(w.people["li"])}).problem(http.StatusForbidden, "out_of_scope", "")
	tell(fields{"anonymous": true}).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	named := tell(nil).ok(http.StatusOK).json()["id"].(string)
	secret := fields{"id": "tell-0002", "kind": "tip_off", "text": "网格员收受烟酒", "resident": nil, "anonymous": true, "about_staff": true}
	hidden := tell(secret).ok(http.StatusOK).json()["id"].(string)
	w.turnReport("cadre-v1c", named, "assign", fields{"owner": "cadre-v1c"}).ok(http.StatusOK)
	if got := w.staffCall("cadre-v1c", http.MethodGet, "/v1/reports/"+named, "/v1/reports/{id}", nil).ok(http.StatusOK).json(); got["caller"].(map[string]any)["name"] != "王小明" {
		t.Errorf("its owner reads %v", got)
	}
	mine := func() []fields {
		got := w.my(phone, http.MethodGet, "reports", nil)
		got.conforms(contract(t), http.MethodGet, "/v1/my/reports")
		return got.rows("reports")
	}
	if list := mine(); len(list) != 1 || list[0]["state"] != "assigned" {
		t.Errorf("the household's list: %v", list)
	}

	// Nobody has said about whom the other one is: auditors have it.
	seen := func(login string) int {
		return len(w.staffCall(login, http.MethodGet, "/v1/reports?staff=true", "/v1/reports", nil).rows("reports"))
	}
	if seen("auditor") != 1 || seen("leader")+seen("admin")+seen("boss-a1")+seen("cadre-v1c") != 0 {
		t.Error("a report about staff who are not named is not for auditors alone")
	}
	w.turnReport("leader", hidden, "assign", fields{"owner": "leader"}).problem(http.StatusNotFound, "not_found", "")
	w.turnReport("auditor", hidden, "staff", fields{"about_staff": []string{"nobody"}}).problem(http.StatusUnprocessableEntity, "invalid", "about_staff")
	w.turnReport("auditor", hidden, "staff", fields{"about_staff": []string{"cadre-v1c"}}).ok(http.StatusOK)
	if seen("auditor") != 1 || seen("boss-a1") != 1 || seen("leader") != 1 || seen("cadre-v1c")+seen("peer-v1c")+seen("clerk-a1") != 0 {
		t.Error("who sees it is not who stands above")
	}
	w.turnReport("boss-a1", hidden, "assign", fields{"owner": "cadre-v1c"}).problem(http.StatusConflict, "wrong_state", "")
	w.turnReport("boss-a1", hidden, "assign", fields{"owner": "peer-v1c"}).problem(http.StatusConflict, "wrong_state", "")
	w.turnReport("boss-a1", hidden, "assign", fields{"owner": "clerk-a1"}).ok(http.StatusOK)
	if seen("clerk-a1") != 1 {
		t.Error("its owner does not see it")
	}
	w.turnReport("clerk-a1", hidden, "close", fields{"outcome": "passed_on", "answer": "已转纪检"}).ok(http.StatusOK)
	if again := tell(secret).ok(http.StatusOK).json(); again["state"] != "closed" || again["answer"] != "已转纪检" {
		t.Errorf("whoever sends it again learns %v", again)
	}
	for i := range 18 {
		tell(fields{"id": fmt.Sprintf("tell-1%03d", i)}).ok(http.StatusOK)
	}
	tell(fields{"id": "tell-2000"}).problem(http.StatusTooManyRequests, "too_many", "")
	w.do(http.MethodPost, personPath(wang, "/erase"), w.as("enroller"), fields{"reason": "本人要求"}).ok(http.StatusOK)
	if got := w.staffCall("auditor", http.MethodGet, "/v1/reports/"+named, "/v1/reports/{id}", nil).ok(http.StatusOK); strings.Contains(string(got.body), "买不到药") {
		t.Errorf("after the erasure: %s", got.body)
	}
}

func TestTipOffLeavesNoTraceForThoseItIsAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	reports := []fields{
		{"id": "tip-00001", "kind": "tip_off", "text": "收受烟酒", "about_staff": []string{"cadre-v1c"}},
		{"id": "tip-00002", "kind": "tip_off", "text": "收受烟酒", "about_staff": []string{"leader", "admin"}},
	}
	start, later := w.clock.ms.Load(), w.clock.Now().Add(30*time.Hour).UnixMilli()
	w.clock.ms.Store(later)
	hiddenFrom := [][]string{{"cadre-v1c", "peer-v1c"}, {"leader", "admin", "boss-a1", "cadre-v1c", "grid", "enroller"}}
	watchers := []string{"cadre-v1c", "peer-v1c", "leader", "admin"}
	before := map[string]map[string]string{}
	for _, login := range watchers[:2] {
		before[login] = w.everything(login)
	}
	w.clock.ms.Store(start)
	ids := make([]string, len(reports))
	for i, r := range reports {
		ids[i] = w.report("auditor", r.with(fields{"caller": fields{"name": "举报人", "phone": "13812345678"}})).ok(http.StatusOK).json()["id"].(string)
		w.turnReport("auditor", ids[i], "assign", fields{"owner": "auditor"}).ok(http.StatusOK)
		w.staffCall("auditor", http.MethodGet, "/v1/reports/"+ids[i], "/v1/reports/{id}", nil).ok(http.StatusOK)
		for _, login := range hiddenFrom[i] {
			w.checkHidden(login, ids[i])
		}
	}
	if n := len(w.staffCall("auditor", http.MethodGet, "/v1/reports?staff=true", "/v1/reports", nil).rows("reports")); n != 2 {
		t.Fatalf("the auditor sees %d", n)
	}
	if rows := w.auditedRows(); len(rows) != 1 || rows[0] != 1.0 {
		t.Errorf("the audit tells how many there are: %v", rows)
	}
	w.report("clerk-a1", fields{"about_staff": []string{"auditor", "leader"}}).problem(http.StatusUnprocessableEntity, "invalid", "about_staff")

	w.clock.ms.Store(later) // they are overdue by now
	alarms, err := w.server.office.EnterpriseDue(t.Context())
	w.must(err)
	if len(alarms) != 2 {
		t.Fatalf("alarms %v", alarms)
	}
	for i, a := range alarms {
		w.must(w.server.alarms.Raise(t.Context(), a))
		for _, login := range hiddenFrom[i] {
			who, _ := w.store.Registry().Staff(login)
			if !slices.Contains(a.Hidden, who.Num) {
				t.Errorf("the alarm about %v is not hidden from %s", reports[i]["about_staff"], login)
			}
		}
	}
	for i, login := range watchers {
		for path, body := range w.everything(login) {
			traces := append([]string{"13812345678", "举报人"}, ids...)
			if i >= 2 { // leader and admin may know of the first one
				traces = append(traces[:2], ids[1])
			} else {
				traces = append(traces, "收受烟酒")
			}
			for _, trace := range traces {
				if strings.Contains(body, trace) {
					t.Errorf("%s finds %s in %s", login, trace, path)
				}
			}
			if i < 2 && body != before[login][path] && !strings.HasPrefix(path, "/v1/audit") {
				t.Errorf("%s sees another %s:\n%.300s\n%.300s", login, path, before[login][path], body)
			}
		}
	}
}

// auditedRows are the rows that the audit, as an admin reads it, says of lists of
// reports about staff.
func (w *world) auditedRows() (rows []any) {
	w.t.Helper()
	list := w.do(http.MethodGet, "/v1/audit?action=/v1/reports&from=2020-02-10&to=2020-02-14&limit=1000", w.as("admin"), nil).rows("entries")
	for _, entry := range list {
		if strings.Contains(fmt.Sprint(entry), "staff=true") && entry["actor"] == "auditor" {
			rows = append(rows, entry["rows"])
		}
	}
	return rows
}

// checkHidden fails the test unless a report looks to somebody as if it were not there.
func (w *world) checkHidden(login, id string) {
	w.t.Helper()
	for _, verb := range []string{"", "/assign", "/close", "/reopen"} {
		method, body := http.MethodPost, any(fields{})
		switch verb {
		case "":
			method, body = http.MethodGet, nil
		case "/assign":
			body = fields{"owner": login}
		case "/close":
			body = fields{"outcome": "solved", "answer": "好了"}
		case "/reopen":
			body = fields{"note": "再查"}
		}
		hidden := w.do(method, "/v1/reports/"+id+verb, w.as(login), body)
		none := w.do(method, "/v1/reports/0123456789abcdef"+verb, w.as(login), body)
		if hidden.status != none.status || string(hidden.body) != string(none.body) || hidden.status < 400 {
			w.t.Errorf("%s, %s: %d %s, but of one that is not there %d %s", login, verb, hidden.status, hidden.body, none.status, none.body)
		}
	}
	task := fields{"id": "task-" + id[:8], "node": "V1C", "problem": "查", "owner": login, "due_at": w.in(time.Hour)}
	for _, kind := range []string{"report/", "staff_report/"} {
		hidden := w.do(http.MethodPost, "/v1/dispatches", w.as(login), task.with(fields{"source": kind + id}))
		none := w.do(http.MethodPost, "/v1/dispatches", w.as(login), task.with(fields{"source": kind + "0123456789abcdef"}))
		if hidden.status != none.status || string(hidden.body) != string(none.body) || hidden.status < 400 {
			w.t.Errorf("%s dispatches it: %d %s, but one that is not there %d %s", login, hidden.status, hidden.body, none.status, none.body)
		}
	}
}

// everything is what somebody gets from every GET of the API, by its path.
func (w *world) everything(login string) map[string]string {
	w.t.Helper()
	staff, _ := w.store.Registry().Staff(login)
	token, all := w.as(login), map[string]string{}
	lists := []string{"/v1/reports", "/v1/dispatches", "/v1/alarms", "/v1/bulletin"}
	more := []string{"?staff=true", "?staff=true&state=assigned", "?day=2020-02-11", "?group=kind,node", "?node=V1C&day=2020-02-11"}
	for _, r := range w.server.routes() {
		if r.method != http.MethodGet || r.who.public || !slices.Contains(r.who.staff, staff.Role) || strings.HasSuffix(r.path, "/paper") {
			continue // of a paper log each page is another one
		}
		path := strings.NewReplacer(":login", login, ":code", "none", ":site", "V1", ":gate", "G1", ":id", hexID(w.people["wang"])).Replace(r.path)
		queries := []string{""}
		switch {
		case slices.Contains(lists, path):
			queries = append(queries, more...)
		case path == "/v1/audit":
			queries = []string{"?from=2020-02-10&to=2020-02-14&limit=1000"}
		case path == "/v1/residents":
			queries = []string{"?site=V1"}
		}
		for _, query := range queries {
			all[path+query] = string(w.do(http.MethodGet, path+query, token, nil).body)
		}
	}
	return all
}
