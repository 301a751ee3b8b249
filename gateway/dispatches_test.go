package gateway

import (
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
)

// foundHeads adds people who answer for parts of the grid: boss-a1 (leader) heads A1,
// cadre-v1c (grid) V1C, where peer-v1c works, too; clerk-a1 is an enroller of A1.
func (w *world) foundHeads() {
	w.t.Helper()
	phc, err := testPHC()
	w.must(err)
	w.change(func(d *checkpoint.Draft) error {
		for _, st := range []checkpoint.Staff{
			{Login: "boss-a1", Role: checkpoint.RoleLeader, Grid: "A1"},
			{Login: "cadre-v1c", Role: checkpoint.RoleGrid, Grid: "V1C"},
			{Login: "peer-v1c", Role: checkpoint.RoleGrid, Grid: "V1C"},
			{Login: "clerk-a1", Role: checkpoint.RoleEnroller, Grid: "A1"},
		} {
			st.Name, st.PasswordHash = st.Login, phc
			if err := d.PutStaff(st); err != nil {
				return err
			}
		}
		return nil
	})
	w.change(func(d *checkpoint.Draft) error {
		for node, login := range map[string]string{"XS": "leader", "A1": "boss-a1", "V1C": "cadre-v1c"} {
			old, _ := d.Grid(node)
			n := *old
			n.Head = login
			if err := d.PutGridNode(n); err != nil {
				return err
			}
		}
		return nil
	})
}

// staffCall is a call of staff that has to be answered as the contract says.
func (w *world) staffCall(login, method, path, pattern string, body any) answer {
	w.t.Helper()
	got := w.do(method, path, w.as(login), body)
	got.conforms(contract(w.t), method, pattern)
	return got
}

// in is a time from now on, as the API has it.
func (w *world) in(d time.Duration) utcTime { return utcTime(w.clock.Now().Add(d).UnixMilli()) }

// rows are the objects of a list.
func (a answer) rows(name string) []fields {
	a.t.Helper()
	list, ok := a.ok(http.StatusOK).json()[name].([]any)
	if !ok {
		a.t.Fatalf("no list %s: %.300s", name, a.body)
	}
	out := make([]fields, len(list))
	for i := range list {
		out[i] = list[i].(map[string]any)
	}
	return out
}

// due is what the office would raise an alarm about.
func (w *world) due() map[string]string {
	w.t.Helper()
	alarms, err := w.server.office.EnterpriseDue(w.t.Context())
	w.must(err)
	out := map[string]string{}
	for _, a := range alarms {
		out[a.Ref] = string(a.Kind) + " " + a.Node
	}
	return out
}

func TestDispatchGoesFromItsOwnerToWhoeverLooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	give := func(login string, more fields) answer {
		body := fields{"id": "task-0001", "node": "V1C", "problem": "村口缺一顶帐篷", "source": "finding/0123456789abcdef", "owner": "cadre-v1c", "due_at": w.in(12 * time.Hour)}
		return w.staffCall(login, http.MethodPost, "/v1/dispatches", "/v1/dispatches", body.with(more))
	}
	give("medic", nil).problem(http.StatusForbidden, "forbidden", "")
	give("leader-a2", nil).problem(http.StatusForbidden, "out_of_scope", "")
	give("boss-a1", fields{"owner": "leader-a2"}).problem(http.StatusUnprocessableEntity, "invalid", "owner")
	give("boss-a1", fields{"due_at": w.in(-time.Hour)}).problem(http.StatusUnprocessableEntity, "invalid", "due_at")
	first := give("boss-a1", nil).ok(http.StatusOK)
	id := first.json()["id"].(string)
	if again := give("boss-a1", nil).ok(http.StatusOK); string(again.body) != string(first.body) {
		t.Errorf("again %s", again.body)
	}
	give("boss-a1", fields{"problem": "另一件事"}).problem(http.StatusConflict, "other_content", "")

	turn := func(login, verb string, body fields) answer {
		return w.staffCall(login, http.MethodPost, "/v1/dispatches/"+id+"/"+verb, "/v1/dispatches/{id}/"+verb, body)
	}
	turn("peer-v1c", "take", fields{}).problem(http.StatusForbidden, "forbidden", "")
	turn("leader-a2", "verify", fields{}).problem(http.StatusForbidden, "out_of_scope", "")
	turn("boss-a1", "verify", fields{}).problem(http.StatusConflict, "wrong_state", "")
	taken := turn("cadre-v1c", "take", fields{}).ok(http.StatusOK)
	if again := turn("cadre-v1c", "take", fields{}).ok(http.StatusOK); string(again.body) != string(taken.body) {
		t.Errorf("taken again %s", again.body)
	}

	w.clock.Advance(12*time.Hour + time.Second) // past midnight in Shanghai
	if got := w.due()["dispatch/"+id]; got != "dispatch_overdue V1C" {
		t.Errorf("overdue: %v", w.due())
	}
	day := func(day string) int {
		return len(w.staffCall("boss-a1", http.MethodGet, "/v1/dispatches?day="+day, "/v1/dispatches", nil).rows("dispatches"))
	}
	if mine, other := day("2020-02-11"), day("2020-02-12"); mine != 1 || other != 0 {
		t.Errorf("%d on its day, %d on the next", mine, other)
	}
	list := w.staffCall("cadre-v1c", http.MethodGet, "/v1/dispatches?owner=cadre-v1c&state=taken", "/v1/dispatches", nil).rows("dispatches")
	if len(list) != 1 || list[0]["overdue"] != true {
		t.Errorf("the owner's list: %v", list)
	}
	w.do(http.MethodGet, "/v1/dispatches?node=V1C", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")

	turn("boss-a1", "reassign", fields{"owner": "peer-v1c", "note": "换人", "due_at": w.in(time.Hour)}).ok(http.StatusOK)
	turn("cadre-v1c", "done", fields{"note": "已搭好"}).problem(http.StatusForbidden, "forbidden", "")
	turn("peer-v1c", "done", fields{}).problem(http.StatusUnprocessableEntity, "invalid", "note")
	turn("peer-v1c", "done", fields{"note": "已搭好"}).ok(http.StatusOK)
	turn("peer-v1c", "verify", fields{}).problem(http.StatusForbidden, "same_person", "")
	turn("boss-a1", "reopen", fields{"note": "漏雨", "due_at": w.in(time.Hour)}).ok(http.StatusOK)
	turn("peer-v1c", "done", fields{"note": "换了篷布"}).ok(http.StatusOK)
	closed := turn("boss-a1", "verify", fields{"note": "看过"}).ok(http.StatusOK)
	if again := turn("boss-a1", "verify", fields{"note": "看过"}).ok(http.StatusOK); string(again.body) != string(closed.body) || len(closed.json()["steps"].([]any)) != 7 {
		t.Errorf("closed %s, again %s", closed.body, again.body)
	}
	one := func(login string) answer {
		return w.staffCall(login, http.MethodGet, "/v1/dispatches/"+id, "/v1/dispatches/{id}", nil)
	}
	if read := one("medic").ok(http.StatusOK); string(read.body) != string(closed.body) {
		t.Errorf("read by itself %s", read.body)
	}
	one("leader-a2").problem(http.StatusForbidden, "out_of_scope", "")
	turn("leader", "verify", fields{"note": "也看过"}).problem(http.StatusConflict, "wrong_state", "")
	if len(w.due()) != 0 {
		t.Errorf("still due: %v", w.due())
	}
	if list := w.staffCall("boss-a1", http.MethodGet, "/v1/dispatches?state=verified", "/v1/dispatches", nil).rows("dispatches"); len(list) != 1 {
		t.Errorf("verified: %v", list)
	}
}
