package gateway

import (
	"net/http"
	"testing"
	"time"
)

func TestFindingOfAnInspectionIsCorrectedAndLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	visit := fields{
		"id": "visit-0001", "site": "ML", "at": w.in(-time.Hour), "note": "例行检查",
		"checklist": []fields{{"item": "masks", "result": "lacking"}, {"item": "plan", "result": "ok", "note": "2 月 8 日版"}},
		"findings":  []fields{{"item": "masks", "severity": "serious", "text": "口罩不足一日用量", "due_at": w.in(6 * time.Hour), "at_site": "李主任"}},
	}
	write := func(login string, more fields) answer {
		return w.staffCall(login, http.MethodPost, "/v1/inspections", "/v1/inspections", visit.with(more))
	}
	write("grid", nil).problem(http.StatusForbidden, "forbidden", "")
	write("leader-a2", nil).problem(http.StatusForbidden, "out_of_scope", "")
	write("inspector", fields{"checklist": []fields{{"item": "roof", "result": "ok"}}}).problem(http.StatusUnprocessableEntity, "invalid", "checklist.item")
	write("inspector", fields{"at": w.in(-50 * time.Hour)}).problem(http.StatusUnprocessableEntity, "invalid", "at")
	first := write("inspector", nil).ok(http.StatusOK)
	if again := write("inspector", nil).ok(http.StatusOK); string(again.body) != string(first.body) {
		t.Errorf("again %s", again.body)
	}
	write("inspector", fields{"note": "另一次"}).problem(http.StatusConflict, "other_content", "")
	finding := first.rows("findings")[0]
	if finding["owner"] != "inspector" || finding["state"] != "open" || finding["site_name"] != "商场" {
		t.Errorf("found %v", finding)
	}
	id := finding["id"].(string)
	turn := func(login, verb string, body fields) answer {
		return w.staffCall(login, http.MethodPost, "/v1/findings/"+id+"/"+verb, "/v1/findings/{id}/"+verb, body)
	}
	w.clock.Advance(7 * time.Hour)
	if got := w.due()["finding/"+id]; got != "finding_overdue MLC" {
		t.Errorf("overdue: %v", w.due())
	}
	if list := w.staffCall("boss-a1", http.MethodGet, "/v1/findings?site=ML&state=open", "/v1/findings", nil).rows("findings"); len(list) != 1 || list[0]["overdue"] != true {
		t.Errorf("open: %v", list)
	}
	if list := w.staffCall("leader-a2", http.MethodGet, "/v1/findings", "/v1/findings", nil).rows("findings"); len(list) != 0 {
		t.Errorf("another part of the grid sees %v", list)
	}
	one := func(login string) answer {
		return w.staffCall(login, http.MethodGet, "/v1/findings/"+id, "/v1/findings/{id}", nil)
	}
	if read := one("grid").ok(http.StatusOK).json(); read["text"] != "口罩不足一日用量" {
		t.Errorf("read by itself %v", read)
	}
	one("leader-a2").problem(http.StatusForbidden, "out_of_scope", "")
	turn("inspector", "verify", fields{}).problem(http.StatusConflict, "wrong_state", "")
	turn("grid", "corrected", fields{}).problem(http.StatusUnprocessableEntity, "invalid", "evidence")
	turn("grid", "corrected", fields{"evidence": "已购入 500 只"}).ok(http.StatusOK)
	if len(w.due()) != 0 {
		t.Errorf("corrected, and due: %v", w.due())
	}
	turn("grid", "verify", fields{}).problem(http.StatusForbidden, "forbidden", "")
	turn("inspector", "reopen", fields{"note": "实为 50 只", "due_at": w.in(time.Hour)}).ok(http.StatusOK)
	turn("enroller", "corrected", fields{"evidence": "补足,见照片"}).ok(http.StatusOK)
	w.clock.Advance(49 * time.Hour)
	if got := w.due()["finding/"+id]; got != "finding_overdue MLC" {
		t.Errorf("nobody has looked for two days: %v", w.due())
	}
	turn("inspector", "verify", fields{"note": "已清点"}).ok(http.StatusOK)
	turn("leader", "verify", fields{"note": "再次"}).problem(http.StatusConflict, "wrong_state", "")
	if list := w.staffCall("inspector", http.MethodGet, "/v1/findings?state=verified", "/v1/findings", nil).rows("findings"); len(list) != 1 || list[0]["evidence"] != "补足,见照片" {
		t.Errorf("verified: %v", list)
	}
	if list := w.staffCall("inspector", http.MethodGet, "/v1/inspections?site=ML&day=2020-02-11", "/v1/inspections", nil).rows("inspections"); len(list) != 1 || list[0]["by"] != "inspector" {
		t.Errorf("visits: %v", list)
	}
}
