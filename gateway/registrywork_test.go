package gateway

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// doorNear is a door of a site whose household lies in the partition of a person, or
// (same false) in another one.
func (w *world) doorNear(person uint64, site string, same bool) string {
	w.t.Helper()
	for n := range 10_000 {
		door := fmt.Sprintf("9-%d", n)
		household, err := w.store.HouseholdAt(site, door)
		w.must(err)
		if (household>>58 == person>>58) == same {
			return door
		}
	}
	w.t.Fatal("no door")
	return ""
}

// work does something to a record, in the form of the contract.
func (w *world) work(login string, person uint64, what string, in fields) answer {
	w.t.Helper()
	got := w.do(http.MethodPost, personPath(person, "/"+what), w.as(login), in)
	got.conforms(contract(w.t), http.MethodPost, "/v1/residents/{id}/"+what)
	return got
}

// idIn reads an ID of a person out of an answer.
func (w *world) idIn(got answer, name string) uint64 {
	w.t.Helper()
	text, _ := got.ok(http.StatusOK).json()[name].(string)
	id, err := checkpoint.ParsePersonID(text)
	w.must(err)
	return id
}

func (w *world) trajectoryOf(person uint64) fields {
	w.t.Helper()
	return w.do(http.MethodGet, personPath(person, "/trajectory"), w.as("tracer"), nil).ok(http.StatusOK).json()
}

func TestMoveWithinAPartitionKeepsTheID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	wang, li := w.people["wang"], w.people["li"]
	phone := w.phone(wang)
	paper := w.passOf(wang, codes.KindPaper, w.clock.Now())
	door := w.doorNear(wang, "V1", true)

	t.Log("who may not")
	w.work("grid", wang, "move", fields{"site": "V1", "door": door}).problem(http.StatusForbidden, "forbidden", "")
	w.work("enroller-a2", wang, "move", fields{"site": "V2", "door": door}).problem(http.StatusForbidden, "out_of_scope", "")
	w.work("enroller-a2", li, "move", fields{"site": "V1", "door": door}).problem(http.StatusForbidden, "out_of_scope", "")
	w.work("clerk-a1", wang, "move", fields{"site": "V2", "door": door}).problem(http.StatusForbidden, "out_of_scope", "")
	w.work("clerk-a1", wang, "move", fields{"site": "ML"}).problem(http.StatusUnprocessableEntity, "invalid", "site")

	t.Log("behind another door of the village: the pass stays, the phone of the old household does not")
	got := w.work("clerk-a1", wang, "move", fields{"site": "V1", "door": door}).ok(http.StatusOK)
	if b := got.json(); b["id"] != hexID(wang) || b["changed"] != true || b["passes_void"] != false {
		t.Errorf("moved %s", got.body)
	}
	if b := w.work("clerk-a1", wang, "move", fields{"site": "V1", "door": door}).ok(http.StatusOK).json(); b["changed"] != false {
		t.Errorf("again: %v", b)
	}
	w.scan("D1", w.passScan(paper)).decided("pass", "ok")
	w.my(phone, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")

	t.Log("to another village: the old pass is void, the exemption from outings ends")
	_, err := w.store.Exempt(t.Context(), wang, w.clock.Now().Add(24*time.Hour).UnixMilli(), checkpoint.ExemptMedical, "medic")
	w.must(err)
	got = w.work("leader", wang, "move", fields{"site": "V2", "door": w.doorNear(wang, "V2", true)}).ok(http.StatusOK)
	if b := got.json(); b["id"] != hexID(wang) || b["passes_void"] != true || b["permits_ended"] != 1.0 {
		t.Errorf("moved %s", got.body)
	}
	w.scan("D2", w.passScan(paper)).decided("deny", "revoked")
	w.scan("D2", w.passScan(w.pass(wang))).decided("pass", "ok")

	t.Log("who has to stay at home does not move")
	w.decide("medic", wang, "quarantine", "close_contact")
	w.work("leader", wang, "move", fields{"site": "V1", "door": "1-101"}).problem(http.StatusUnprocessableEntity, "invalid", "id")
}

func TestMoveAcrossPartitionsMakesASuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := newDocument()
	wang := w.enrolWith(checkpoint.NewResident{Name: "王五", IDNumber: number, Phone: "13900139000", Site: "V1", Door: "5-1"})
	phone := w.phone(wang)
	old := w.pass(wang)
	w.project()
	words := func() fields { return w.written("王五", number[len(number)-4:], "13900139000") }
	walkIn := object(w.scan("E1", words()).ok(http.StatusOK).json(), "person")["id"].(string)
	w.do(http.MethodPost, "/v1/walk-ins/"+walkIn+"/match", w.as("enroller"), fields{"resident": hexID(wang)}).ok(http.StatusOK)
	w.step(time.Minute, "E1", wang, "out")
	w.step(time.Minute, "E1", wang, "in")
	w.step(time.Minute, "E1", w.people["li"], "in")
	first := w.newScan(wang).with(fields{"direction": "in"})
	w.clock.Advance(time.Minute)
	first["occurred_at"] = utcTime(w.clock.Now().UnixMilli())
	w.scan("E2", first).decided("pass", "ok")
	w.my(phone, http.MethodPost, "requests", fields{"id": "request-1", "resident": hexID(wang), "kind": "shopping", "text": "米 10 斤"}).ok(http.StatusOK)
	w.decide("medic", wang, "yellow", "returned_from_risk_area")
	matter, err := w.store.AddMatter(t.Context(), checkpoint.Matter{ID: 7, Kind: "test_thing", Node: "V1C", Person: wang, State: "open"})
	w.must(err)

	home := fields{"site": "V2", "door": w.doorNear(wang, "V2", false)}
	w.clock.Advance(time.Minute)
	moved := w.work("enroller", wang, "move", home)
	next := w.idIn(moved, "id")
	if b := moved.json(); next == wang || b["before"] != hexID(wang) || b["changed"] != true || b["passes_void"] != true {
		t.Fatalf("moved %s", moved.body)
	}

	t.Log("the same again, by the old and by the new ID")
	for _, id := range []uint64{wang, next} {
		if again := w.work("enroller", id, "move", home).ok(http.StatusOK).json(); again["id"] != hexID(next) || again["changed"] != false {
			t.Errorf("again: %v", again)
		}
	}
	w.work("enroller", wang, "move", fields{"site": "V1", "door": "5-1"}).problem(http.StatusUnprocessableEntity, "invalid", "id")

	t.Log("at the gates: the old pass no more, the new one at the new home")
	w.scan("D2", w.passScan(old)).decided("deny", "revoked")
	if again := w.scan("E2", first).decided("pass", "ok"); again["duplicate"] != true {
		t.Errorf("an answered scan again: %v", again)
	}
	w.clock.Advance(time.Minute)
	if got := w.scan("D2", w.passScan(w.pass(next))).decided("pass", "ok"); object(got, "person")["home"] != "V2" {
		t.Errorf("at the new home: %v", got)
	}
	byDocument := w.newScan(0).with(fields{"resident": nil, "id_document": number})
	if got := w.scan("E1", byDocument).ok(http.StatusOK).json(); object(got, "person")["id"] != hexID(next) {
		t.Errorf("by document it is %v", got)
	}
	if got := w.scan("E1", words()).ok(http.StatusOK).json(); object(got, "person")["id"] != hexID(next) {
		t.Errorf("the walk-in's words are %v", got)
	}

	t.Log("the trace follows, and is one person's")
	if events := w.trajectoryOf(next).list("events"); len(events) != 8 {
		t.Errorf("%d events: %v", len(events), events)
	}
	eventually(t, "contacts show one person", func() bool {
		got := w.do(http.MethodGet, personPath(w.people["li"], "/contacts?from=2020-02-11&to=2020-02-12"), w.as("tracer"), nil).ok(http.StatusOK).json()
		people := got.list("contacts")
		return len(people) == 1 && people[0].in("person")["id"] == hexID(next)
	})

	t.Log("what was written follows; the household's phone does not")
	file := w.do(http.MethodGet, personPath(next, ""), w.as("enroller"), nil).ok(http.StatusOK).json()
	if file["status"] != "yellow" || file["phone"] != "13900139000" || len(file.list("decisions")) != 1 || file.list("decisions")[0]["ground"] != "returned_from_risk_area" {
		t.Errorf("on file: %v", file)
	}
	requests := w.do(http.MethodGet, "/v1/requests", w.as("grid"), nil).ok(http.StatusOK).json().list("requests")
	if len(requests) != 1 || requests[0].in("person")["id"] != hexID(next) {
		t.Errorf("requests %v", requests)
	}
	if m, err := w.store.Matter(t.Context(), matter.Kind, matter.ID); err != nil || m.Person != next || m.Node != "V2C" {
		t.Errorf("a record of the office: %+v, %v", m, err)
	}
	w.my(phone, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	found := w.do(http.MethodPost, "/v1/residents/search", w.as("enroller"), fields{"phone": "13900139000"}).ok(http.StatusOK).json().list("residents")
	if len(found) != 1 || found[0]["id"] != hexID(next) {
		t.Errorf("found by phone %v", found)
	}
	homes, err := w.store.Homes(t.Context(), "V1C")
	w.must(err)
	if len(homes) != 1 { // Wang Xiaoming's
		t.Errorf("homes of the old village: %v", homes)
	}
	if n := w.do(http.MethodGet, "/v1/sites/ML/inside", w.as("leader"), nil).ok(http.StatusOK).json()["inside"]; n != 2.0 {
		t.Errorf("%v inside the mall, want Wang and Li", n)
	}

	t.Log("and back again: a third ID with all of it")
	last := w.idIn(w.work("leader", next, "move", fields{"site": "V1", "door": w.doorNear(next, "V1", false)}), "id")
	if events := w.trajectoryOf(last).list("events"); last == next || len(events) != 8 {
		t.Errorf("%x after %x: %d events", last, next, len(events))
	}
	got := w.do(http.MethodGet, personPath(last, "/work"), w.as("auditor"), nil).ok(http.StatusOK)
	got.conforms(contract(t), http.MethodGet, "/v1/residents/{id}/work")
	if work := got.json().list("work"); len(work) != 2 || work[0]["before"] != hexID(next) || work[1]["before"] != hexID(wang) || work[0]["by"] != "leader" {
		t.Errorf("work %s", got.body)
	}
}

func TestCorrectMergeAndDeath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	wang, li := w.people["wang"], w.people["li"]
	mine := w.do(http.MethodGet, personPath(wang, ""), w.as("enroller"), nil).ok(http.StatusOK).json()["id_number"]
	old := w.pass(wang)

	t.Log("a wrong digit")
	right := newDocument()
	fix := fields{"id_number": right, "reason": "录错一位"}
	w.work("medic", wang, "correct", fix).problem(http.StatusForbidden, "forbidden", "")
	w.work("enroller-a2", wang, "correct", fix).problem(http.StatusForbidden, "out_of_scope", "")
	w.work("clerk-a1", wang, "correct", fields{"id_number": right}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	for i, want := range []string{"[id_number]", "[]"} {
		if got := w.work("clerk-a1", wang, "correct", fix).ok(http.StatusOK).json(); fmt.Sprint(got["changed"]) != want {
			t.Errorf("time %d: %v", i+1, got)
		}
	}
	w.scan("D1", w.passScan(old)).decided("deny", "revoked")
	for number, want := range map[any]int{right: 1, mine: 0} {
		if found := w.do(http.MethodPost, "/v1/residents/search", w.as("enroller"), fields{"id_number": number}).ok(http.StatusOK).json().list("residents"); len(found) != want {
			t.Errorf("%d found by %v", len(found), number)
		}
	}

	t.Log("the same person was entered by passport as well, and that one is yellow")
	twin := w.enrolWith(checkpoint.NewResident{Name: "王小明", IDNumber: "E12345678", Site: "V1", Door: "7-7"})
	w.work("clerk-a1", wang, "correct", fields{"id_number": "E12345678", "reason": "护照"}).problem(http.StatusUnprocessableEntity, "invalid", "id_number")
	w.clock.Advance(time.Minute)
	w.scan("E1", w.newScan(twin)).ok(http.StatusOK)
	twinPass := w.pass(twin)
	w.decide("medic", twin, "quarantine", "close_contact")
	w.work("clerk-a1", wang, "merge", fields{"other": hexID(twin), "reason": "同一人"}).problem(http.StatusUnprocessableEntity, "invalid", "other") // would free the passport
	w.clock.Advance(time.Minute)
	w.decide("medic", twin, "yellow", "returned_from_risk_area")
	merge := fields{"other": hexID(twin), "reason": "同一人"}
	w.work("clerk-a1", wang, "merge", merge.with(fields{"other": hexID(li)})).problem(http.StatusForbidden, "out_of_scope", "")
	w.work("clerk-a1", wang, "merge", merge.with(fields{"other": hexID(wang)})).problem(http.StatusUnprocessableEntity, "invalid", "other")
	w.clock.Advance(time.Minute)
	for range 2 {
		if got := w.work("clerk-a1", wang, "merge", merge).ok(http.StatusOK).json(); got["status"] != "yellow" {
			t.Errorf("the stricter status stays: %v", got)
		}
	}
	w.work("leader", li, "merge", merge).problem(http.StatusUnprocessableEntity, "invalid", "other")
	if decisions := w.do(http.MethodGet, personPath(wang, ""), w.as("medic"), nil).ok(http.StatusOK).json().list("decisions"); decisions[0]["ground"] != "returned_from_risk_area" {
		t.Errorf("decisions %v", decisions)
	}
	if events := w.trajectoryOf(wang).list("events"); len(events) != 2 {
		t.Errorf("the trace of both: %v", events)
	}
	w.scan("D1", w.passScan(twinPass)).decided("deny", "revoked")
	w.scan("E1", w.newScan(0).with(fields{"resident": nil, "id_document": "E12345678"})).decided("deny", "unknown_person")

	t.Log("death")
	gone := fields{"ground": "deceased", "date": "2020-02-10", "reason": "死亡证明"}
	pass := w.pass(li)
	phone := w.phone(li)
	w.work("grid", li, "gone", gone).problem(http.StatusForbidden, "forbidden", "")
	w.work("clerk-a1", li, "gone", gone).problem(http.StatusForbidden, "out_of_scope", "")
	w.work("enroller-a2", li, "gone", gone.with(fields{"date": "2020-02-12"})).problem(http.StatusUnprocessableEntity, "invalid", "date")
	for range 2 {
		if got := w.work("enroller-a2", li, "gone", gone).ok(http.StatusOK).json(); got["status"] != "gone" {
			t.Errorf("gone: %v", got)
		}
	}
	w.work("enroller-a2", li, "gone", gone.with(fields{"ground": "moved_away"})).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	w.work("enroller-a2", li, "move", fields{"site": "V2", "door": "1"}).problem(http.StatusUnprocessableEntity, "invalid", "id")
	w.scan("D2", w.passScan(pass)).decided("deny", "revoked")
	w.my(phone, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	if homes, err := w.store.Homes(t.Context(), "V2C"); err != nil || len(homes) != 0 {
		t.Errorf("homes that are counted: %v, %v", homes, err)
	}

	t.Log("it was a mistake")
	w.decide("medic", li, "green", "correction")
	w.scan("D2", w.passScan(pass)).decided("deny", "revoked")
	w.scan("D2", w.passScan(w.pass(li))).decided("pass", "ok")
}
