package gateway

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
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
	one := w.do(http.MethodGet, path, w.as("leader"), nil).ok(http.StatusOK)
	one.conforms(doc, "GET", "/v1/status-proposals/{id}")
	if people := list(one.json(), "people"); len(people) != 1 || people[0].(map[string]any)["id"] != hexID(wang) {
		t.Errorf("the proposal: %v", one.json())
	}
	w.do(http.MethodGet, path, w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
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

	t.Log("approved and cut off after the first ten; one of the rest is decided otherwise meanwhile, another has left: the others are done later, once")
	id, err := checkpoint.ParseMatterID(proposal["id"].(string))
	w.must(err)
	leader, _ := w.store.Registry().Staff("leader")
	_, err = w.store.TurnMatter(t.Context(), office.KindProposal, id, leader.Num, "", func(m *checkpoint.Matter) error {
		var p office.Proposal
		w.must(m.Get(&p))
		p.Second, p.At, p.Done, m.State = leader.Num, w.store.Now(), 10, office.ProposalApproved
		return m.Put(p)
	})
	w.must(err)
	w.clock.Advance(time.Minute)
	w.decide("medic", ids[19], "green", "correction")
	w.decide("medic", ids[18], "green", "correction")
	w.do(http.MethodPost, "/v1/residents/"+people[18]+"/erase", w.as("enroller"), fields{"reason": "已死亡"}).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/status-proposals/"+id.String()+"/approve", w.as("medic"), fields{}).problem(http.StatusForbidden, "same_person", "")
	w.must(w.server.office.SettleProposals(t.Context()))
	w.scan("E1", w.newScan(ids[20])).decided("deny", "quarantine")
	w.scan("E1", w.newScan(ids[19])).decided("pass", "ok")
	after := w.do(http.MethodPost, "/v1/status-proposals/"+id.String()+"/approve", w.as("leader"), fields{}).ok(http.StatusOK).json()
	failed := map[any]any{}
	for _, f := range list(after, "failed") {
		failed[f.(map[string]any)["resident"]] = f.(map[string]any)["detail"]
	}
	want := map[any]any{people[18]: "is not on record any more", people[19]: "has another status since this one was decided"}
	if after["state"] != "applied" || !maps.Equal(failed, want) {
		t.Errorf("state %v, failed %v", after["state"], failed)
	}
	history := list(w.do(http.MethodGet, personPath(ids[0], ""), w.as("medic"), nil).ok(http.StatusOK).json(), "decisions")
	if len(history) != 1 { // the first ten were not looked at again
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

func TestAHospitalsPositiveResultIsTheSecondParty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, path := w.people["wang"], w.feverOf("wang")
	w.handedOver(path)
	in := w.redFor(14).with(fields{"case": "", "fever": path[len("/v1/fevers/"):]})
	red := func(login string, person uint64) answer {
		return w.do(http.MethodPut, personPath(person, "/status"), w.as(login), in)
	}
	w.do(http.MethodPost, path+"/screening", w.as("medic"), fields{"result": "inconclusive"}).ok(http.StatusOK)
	red("admin", wang).problem(http.StatusConflict, "wrong_state", "")
	code := w.do(http.MethodPost, path+"/hospital-link", w.as("medic"), nil).ok(http.StatusOK).json()["code"]
	w.do(http.MethodPost, "/v1/hospital/result", "", fields{"code": code, "result": "positive", "doctor": "刘医生"}).ok(http.StatusOK)
	red("medic", wang).problem(http.StatusForbidden, "same_person", "") // who made the code
	red("admin", w.people["li"]).problem(http.StatusUnprocessableEntity, "invalid", "fever")
	if got := red("admin", wang).ok(http.StatusOK).json(); got["status"] != "red" {
		t.Errorf("got %v", got)
	}
	w.do(http.MethodPost, path+"/close", w.as("medic"), fields{"outcome": "screened_positive"}).ok(http.StatusOK)
	w.scan("E1", w.newScan(wang)).decided("deny", "status_red")
}

// A proposal about as many people as there may be fits into its record, whatever
// happens to them.
func TestTheLargestProposalFits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := make([]uint64, office.MaxProposed)
	for i := range people {
		people[i] = 1<<63 + uint64(i)
	}
	medic, _ := w.store.Registry().Staff("medic")
	p := office.Proposal{
		Status: checkpoint.StatusQuarantine, Ground: "close_contact", Evidence: strings.Repeat("证", 200), Case: w.kase, By: medic.Num, Office: "A1",
		Until: w.clock.Now().Add(24 * time.Hour).UnixMilli(),
	}
	m, err := w.server.office.Propose(t.Context(), "the-largest", "A1", p, people)
	w.must(err)
	leader, _ := w.store.Registry().Staff("leader")
	m, err = w.server.office.DecideProposal(t.Context(), m.ID, leader.Num, true, "")
	w.must(err)
	w.must(m.Get(&p))
	if failed := p.FailedFor(&m); m.State != office.ProposalApplied || len(failed) != len(people) || failed[1999].Person != people[1999] {
		t.Errorf("%s, %d of nobody failed", m.State, len(failed))
	}
}
