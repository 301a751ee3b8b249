package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
)

// redFor is a red decision under the world's case.
func (w *world) redFor(days int) fields {
	return fields{
		"status": "red", "ground": "positive_test", "evidence": "县医院第17号", "case": w.kase,
		"until": utcTime(w.clock.Now().Add(time.Duration(days) * 24 * time.Hour).UnixMilli()),
	}
}

func TestRedTakesASecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	wang := w.people["wang"]
	put := func(in fields) answer {
		return w.do(http.MethodPut, personPath(wang, "/status"), w.as("medic"), in)
	}
	red := w.redFor(14)
	for field, in := range map[string]fields{
		"evidence": red.with(fields{"evidence": " "}), "case": red.with(fields{"case": ""}), "until": w.redFor(15),
	} {
		put(in).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	put(red.with(fields{"case": "C99"})).problem(http.StatusNotFound, "not_found", "")

	got := put(red).ok(http.StatusAccepted)
	got.conforms(doc, "PUT", "/v1/residents/{id}/status")
	proposal := object(got.json(), "proposal")
	path := "/v1/status-proposals/" + proposal["id"].(string)
	if again := object(put(red).ok(http.StatusAccepted).json(), "proposal"); again["id"] != proposal["id"] {
		t.Errorf("sent again it is another proposal: %v", again)
	}
	w.scan("E1", w.newScan(wang)).decided("pass", "ok")
	decide := func(login, verb string, in fields) answer {
		return w.do(http.MethodPost, path+"/"+verb, w.as(login), in)
	}
	decide("medic", "approve", fields{}).problem(http.StatusForbidden, "same_person", "")
	decide("leader-a2", "approve", fields{}).problem(http.StatusForbidden, "out_of_scope", "")
	decide("grid", "approve", fields{}).problem(http.StatusForbidden, "forbidden", "")
	decide("leader", "refuse", fields{}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	if n := len(list(w.do(http.MethodGet, "/v1/status-proposals", w.as("leader-a2"), nil).ok(http.StatusOK).json(), "proposals")); n != 0 {
		t.Errorf("another part of the grid sees %d proposals", n)
	}
	listed := w.do(http.MethodGet, "/v1/status-proposals", w.as("leader"), nil).ok(http.StatusOK)
	listed.conforms(doc, "GET", "/v1/status-proposals")
	if n := len(list(listed.json(), "proposals")); n != 1 {
		t.Errorf("%d proposals wait", n)
	}
	due, err := w.server.office.StatusesDue(t.Context())
	w.must(err)
	if len(due) != 1 || due[0].Kind != "proposal_waiting" {
		t.Errorf("alarms: %v", due)
	}

	t.Log("approved: in force at once, with both on record")
	got = decide("leader", "approve", fields{}).ok(http.StatusOK)
	got.conforms(doc, "POST", "/v1/status-proposals/{id}/approve")
	if p := got.json(); p["state"] != "applied" || p["decided_by"] != "leader" || len(list(p, "failed")) != 0 {
		t.Errorf("approved: %v", p)
	}
	w.scan("E1", w.newScan(wang)).decided("deny", "status_red")
	person := w.do(http.MethodGet, personPath(wang, ""), w.as("medic"), nil).ok(http.StatusOK).json()
	if d := list(person, "decisions")[0].(map[string]any); d["by"] != "medic" || d["second"] != "leader" {
		t.Errorf("the decision is %v", d)
	}
	decide("leader", "approve", fields{}).ok(http.StatusOK) // twice
	decide("leader", "refuse", fields{"reason": "太晚了"}).problem(http.StatusConflict, "wrong_state", "")
	closed := list(w.do(http.MethodGet, "/v1/status-proposals?state=closed", w.as("leader"), nil).ok(http.StatusOK).json(), "proposals")
	if len(closed) != 1 {
		t.Errorf("decided ones: %v", closed)
	}

	t.Log("refused; and one that nobody looked at for a day")
	li := w.people["li"]
	propose := func() string {
		in := w.redFor(3)
		return object(w.do(http.MethodPut, personPath(li, "/status"), w.as("medic"), in).ok(http.StatusAccepted).json(), "proposal")["id"].(string)
	}
	path = "/v1/status-proposals/" + propose()
	for range 2 {
		got = decide("leader", "refuse", fields{"reason": "证据不足"}).ok(http.StatusOK)
		if p := got.json(); p["state"] != "refused" || p["reason"] != "证据不足" {
			t.Errorf("refused: %v", p)
		}
	}
	decide("leader", "approve", fields{}).problem(http.StatusConflict, "wrong_state", "")
	w.clock.Advance(time.Minute)
	path = "/v1/status-proposals/" + propose()
	w.clock.Advance(24*time.Hour + time.Minute)
	decide("leader", "approve", fields{}).problem(http.StatusConflict, "wrong_state", "")
	w.must(w.server.office.SettleProposals(t.Context()))
	if open := list(w.do(http.MethodGet, "/v1/status-proposals", w.as("leader"), nil).ok(http.StatusOK).json(), "proposals"); len(open) != 0 {
		t.Errorf("after a day: %v", open)
	}
	w.scan("E2", w.newScan(li)).decided("pass", "ok")
}

func TestManyChangesAtOnceTakeASecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	people := make([]string, 21)
	ids := make([]uint64, 21)
	for i := range people {
		ids[i] = w.enrol("赵六", "V1", fmt.Sprintf("9-%d", i))
		people[i] = checkpoint.FormatPersonID(ids[i])
	}
	change := func(id string, people []string) fields {
		return fields{
			"id": id, "status": "quarantine", "ground": "close_contact", "evidence": "同一班车", "case": w.kase, "people": people,
			"until": utcTime(w.clock.Now().Add(24 * time.Hour).UnixMilli()),
		}
	}
	send := func(in fields) answer { return w.do(http.MethodPost, "/v1/status-changes", w.as("medic"), in) }
	send(change("change-1", nil)).problem(http.StatusUnprocessableEntity, "invalid", "people")
	send(change("change-1", []string{"0000000000000001"})).problem(http.StatusForbidden, "out_of_scope", "")
	send(change("change-1", people[:1]).with(fields{"case": ""})).problem(http.StatusUnprocessableEntity, "invalid", "case")

	few := send(change("change-1", people[:20])).ok(http.StatusOK)
	few.conforms(doc, "POST", "/v1/status-changes")
	if got := few.json(); got["changed"] != 20.0 {
		t.Errorf("twenty: %v", got)
	}
	w.scan("E1", w.newScan(ids[0])).decided("deny", "quarantine")
	w.scan("E1", w.newScan(ids[20])).decided("pass", "ok")

	many := send(change("change-2", people)).ok(http.StatusAccepted)
	many.conforms(doc, "POST", "/v1/status-changes")
	proposal := object(many.json(), "proposal")
	if proposal["count"] != 21.0 {
		t.Errorf("proposed: %v", proposal)
	}
	w.scan("E1", w.newScan(ids[20])).decided("pass", "ok")

	t.Log("cut off after it was approved: the rest is done later, once")
	id, err := checkpoint.ParseMatterID(proposal["id"].(string))
	w.must(err)
	_, err = w.store.TurnMatter(t.Context(), "status_proposal", id, 0, "", func(m *checkpoint.Matter) error {
		m.State = "approved"
		return nil
	})
	w.must(err)
	w.must(w.server.office.SettleProposals(t.Context()))
	w.scan("E1", w.newScan(ids[20])).decided("deny", "quarantine")
	history := list(w.do(http.MethodGet, personPath(ids[0], ""), w.as("medic"), nil).ok(http.StatusOK).json(), "decisions")
	if len(history) > 3 {
		t.Errorf("one person was changed %d times", len(history))
	}
	read := 0
	for _, e := range w.auditStream("auditor", "") {
		if e.Action == "POST /v1/status-changes" && e.Outcome == "answered" {
			read++
		}
	}
	if read != 2 {
		t.Errorf("%d changes are in the audit, want 2", read)
	}
}
