package gateway

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"passgate/checkpoint"
)

// written is a scan of somebody whom the guard wrote down.
func (w *world) written(name, tail, phone string) fields {
	return w.newScan(0).with(fields{"resident": nil, "walk_in": fields{"name": name, "id_tail": tail, "phone": phone}})
}

func TestWalkInTurnsOutToBeAResident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	doc := contract(t)
	number := newDocument()
	zhao := w.enrolWith(checkpoint.NewResident{Name: "赵六", IDNumber: number, Phone: "13800138000", Site: "V2"})
	son := w.enrolWith(checkpoint.NewResident{Name: "赵七", IDNumber: newDocument(), Phone: "13800138000", Site: "V1"})
	zhaoID := checkpoint.FormatPersonID(zhao)
	words := func() fields { return w.written("赵六", number[len(number)-4:], "13800138000") }
	old := words()
	first := w.scan("E1", old).decided("pass", "ok")
	id := object(first, "person")["id"].(string)
	path := "/v1/walk-ins/" + id

	t.Log("who may it be")
	got := w.do(http.MethodGet, path+"/candidates", w.as("tracer"), nil).ok(http.StatusOK)
	got.conforms(doc, "GET", "/v1/walk-ins/{id}/candidates")
	candidates := list(got.json(), "candidates")
	if len(candidates) != 2 || got.json()["resident"] != nil {
		t.Fatalf("candidates %s", got.body)
	}
	likely, _ := candidates[0].(map[string]any)
	if likely["id"] != zhaoID || likely["same_name"] != true || likely["same_tail"] != true || likely["name_masked"] != "赵*" {
		t.Errorf("the likeliest is %v", likely)
	}
	if got := list(w.do(http.MethodGet, path+"/candidates", w.as("tracer-a2"), nil).ok(http.StatusOK).json(), "candidates"); len(got) != 1 {
		t.Errorf("a tracer of A2 sees %v", got)
	}

	t.Log("it was him")
	match := fields{"resident": zhaoID}
	w.do(http.MethodPost, path+"/match", w.as("enroller-a2"), fields{"resident": checkpoint.FormatPersonID(son)}).
		problem(http.StatusForbidden, "out_of_scope", "")
	w.clock.Advance(time.Minute)
	got = w.do(http.MethodPost, path+"/match", w.as("tracer-a2"), match).ok(http.StatusOK)
	got.conforms(doc, "POST", "/v1/walk-ins/{id}/match")
	want := fields{
		"walk_in":    map[string]any{"id": id, "name_masked": "赵*"},
		"resident":   map[string]any{"id": zhaoID, "name_masked": "赵*"},
		"matched_at": "2020-02-11T04:01:00.000Z", "matched_by": "tracer-a2",
	}
	if !reflect.DeepEqual(got.json(), want) {
		t.Errorf("match %s", got.body)
	}
	if again := w.do(http.MethodPost, path+"/match", w.as("tracer"), match).ok(http.StatusOK).json(); !reflect.DeepEqual(again, want) {
		t.Errorf("matched again: %v", again)
	}

	t.Log("the words are his scan now, and he is red")
	w.must(w.store.SetStatus(t.Context(), zhao, checkpoint.StatusRed))
	denied := w.scan("E1", words()).decided("deny", "status_red")
	if object(denied, "person")["id"] != zhaoID {
		t.Errorf("scanned as %v", denied["person"])
	}
	w.scan("E1", old).repeats(first)
	got = w.do(http.MethodGet, personPath(zhao, "/trajectory"), w.as("tracer-a2"), nil).ok(http.StatusOK)
	got.conforms(doc, "GET", "/v1/residents/{id}/trajectory")
	events := list(got.json(), "events")
	if len(events) != 2 || object(events[0], "person")["id"] != id || object(events[1], "person") != nil {
		t.Errorf("trajectory %s", got.body)
	}
	if stays := list(got.json(), "stays"); len(stays) == 0 || stays[len(stays)-1].(map[string]any)["site"] != "ML" {
		t.Errorf("stays %v", stays)
	}
	got = w.do(http.MethodGet, "/v1/residents/"+id+"/trajectory", w.as("tracer"), nil).ok(http.StatusOK)
	got.conforms(doc, "GET", "/v1/residents/{id}/trajectory")
	if who := object(object(got.json(), "resident"), "known_as"); who["id"] != zhaoID {
		t.Errorf("the walk-in's own trajectory: %s", got.body)
	}
	var shown map[string]any
	eventually(t, "the gate's window shows who it was", func() bool {
		events := list(w.do(http.MethodGet, "/v1/gates/M1/events", w.as("tracer"), nil).ok(http.StatusOK).json(), "events")
		if len(events) == 2 {
			shown = object(events[0], "person")
		}
		return len(events) == 2
	})
	if shown["id"] != id || object(shown, "known_as")["id"] != zhaoID {
		t.Errorf("in the gate's window it is %v", shown)
	}

	t.Log("or was it not")
	w.do(http.MethodPost, path+"/match", w.as("tracer"), fields{"resident": checkpoint.FormatPersonID(son)}).
		problem(http.StatusConflict, "other_content", "")
	for range 2 {
		got = w.do(http.MethodDelete, path+"/match", w.as("grid"), nil).ok(http.StatusOK)
		got.conforms(doc, "DELETE", "/v1/walk-ins/{id}/match")
		if got.json()["resident"] != nil {
			t.Errorf("taken back: %s", got.body)
		}
	}
	if events := list(w.do(http.MethodGet, personPath(zhao, "/trajectory"), w.as("tracer"), nil).ok(http.StatusOK).json(), "events"); len(events) != 1 {
		t.Errorf("his trajectory after that has %d events", len(events))
	}
	w.do(http.MethodPost, path+"/match", w.as("tracer"), fields{"resident": checkpoint.FormatPersonID(son)}).ok(http.StatusOK)
	w.do(http.MethodDelete, path+"/match", w.as("enroller-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
}

func TestMatchesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := object(w.scan("E1", w.written("孙八", "", "")).ok(http.StatusOK).json(), "person")["id"].(string)
	other := object(w.scan("E1", w.written("周九", "", "")).ok(http.StatusOK).json(), "person")["id"].(string)
	wang, nobody := checkpoint.FormatPersonID(w.people["wang"]), checkpoint.FormatPersonID(w.people["wang"]+1)
	for name, c := range map[string]struct {
		id, resident string
		status       int
		code, field  string
	}{
		"itself":          {id, id, 422, "invalid", "resident"},
		"another walk-in": {id, other, 422, "invalid", "resident"},
		"of a resident":   {wang, checkpoint.FormatPersonID(w.people["li"]), 422, "invalid", "id"},
		"not an ID":       {"12", wang, 422, "invalid", "id"},
		"to no ID":        {id, "wang", 422, "invalid", "resident"},
		"to nobody":       {id, nobody, 404, "not_found", ""},
		"of nobody":       {nobody, wang, 404, "not_found", ""},
	} {
		t.Log(name)
		w.do(http.MethodPost, "/v1/walk-ins/"+c.id+"/match", w.as("enroller"), fields{"resident": c.resident}).problem(c.status, c.code, c.field)
	}
	w.do(http.MethodGet, "/v1/walk-ins/"+wang+"/candidates", w.as("grid"), nil).problem(http.StatusUnprocessableEntity, "invalid", "id")
	w.do(http.MethodGet, "/v1/walk-ins/"+nobody+"/candidates", w.as("grid"), nil).problem(http.StatusNotFound, "not_found", "")
	if got := list(w.do(http.MethodGet, "/v1/walk-ins/"+id+"/candidates", w.as("grid"), nil).ok(http.StatusOK).json(), "candidates"); len(got) != 0 {
		t.Errorf("without a phone: %v", got)
	}
}

// The case of a walk-in is shown with the resident that they turned out to be,
// to those who answer for the resident's home, too.
func TestFeverCaseOfAMatchedWalkIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	words := w.written("李四", "", "13800138000")
	id := object(w.scan("E1", words.with(fields{"temperature": 38.0})).decided("remeasure", "remeasure"), "person")["id"].(string)
	w.clock.Advance(time.Minute)
	w.scan("E1", w.written("李四", "", "13800138000").with(fields{"temperature": 38.4})).decided("deny", "fever")
	if got := w.openFevers("leader-a2"); len(got) != 0 {
		t.Errorf("A2 sees %v before anybody knows who it is", got)
	}
	li := checkpoint.FormatPersonID(w.people["li"])
	w.do(http.MethodPost, "/v1/walk-ins/"+id+"/match", w.as("tracer"), fields{"resident": li}).ok(http.StatusOK)
	cases := w.openFevers("leader-a2")
	if len(cases) != 1 || object(cases[0], "person")["id"] != id || object(object(cases[0], "person"), "known_as")["id"] != li || cases[0]["home"] != "V2" {
		t.Fatalf("A2 sees %v", cases)
	}
	got := w.do(http.MethodGet, "/v1/fevers/"+cases[0]["id"].(string), w.as("medic"), nil).ok(http.StatusOK)
	got.conforms(contract(t), "GET", "/v1/fevers/{id}")
	if contact := object(got.json(), "contact"); contact["door"] != "2-202" {
		t.Errorf("contact %v", contact)
	}
	w.answers(w.measure("E1", w.people["li"], 36.5), "deny", "fever", "hold_here", "fever_case")
}
