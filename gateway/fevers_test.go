package gateway

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
)

// measure scans a person on the way in, now, with a temperature.
func (w *world) measure(device string, person uint64, temperature float64, more ...fields) fields {
	w.t.Helper()
	scan := w.newScan(person).with(fields{"temperature": temperature})
	for _, f := range more {
		scan = scan.with(f)
	}
	return w.scan(device, scan).ok(http.StatusOK).json()
}

// answers fails the test unless an answer has this decision, reason, action
// and these flags.
func (w *world) answers(got fields, decision, reason, action string, flags ...string) {
	w.t.Helper()
	set := []string{}
	for _, f := range list(got, "flags") {
		set = append(set, f.(string))
	}
	slices.Sort(flags)
	slices.Sort(set)
	if got["decision"] != decision || got["reason"] != reason || got["action"] != action || !slices.Equal(set, flags) {
		w.t.Errorf("answered %v %v %v %v, want %s %s %s %v", got["decision"], got["reason"], got["action"], set, decision, reason, action, flags)
	}
}

// list is a member that is a list.
func list(f fields, name string) []any {
	out, _ := f[name].([]any)
	return out
}

// object is a member that is an object.
func object(f any, name string) fields {
	m, ok := f.(map[string]any)
	if !ok {
		m, _ = f.(fields)
	}
	inner, _ := m[name].(map[string]any)
	return inner
}

// high is a first reading over the line, which asks for a second one.
func (w *world) high(device string, person uint64, more ...fields) {
	w.t.Helper()
	w.answers(w.measure(device, person, 38.0, more...), "remeasure", "remeasure", "measure_again", "temperature_high")
}

// fever is a second one, which opens a case.
func (w *world) fever(device string, person uint64, more ...fields) {
	w.t.Helper()
	w.answers(w.measure(device, person, 38.4, more...), "deny", "fever", "hold_here", "temperature_high")
}

// openFevers are the open cases as somebody sees them.
func (w *world) openFevers(login string) (cases []fields) {
	w.t.Helper()
	for _, c := range list(w.do(http.MethodGet, "/v1/fevers", w.as(login), nil).ok(http.StatusOK).json(), "fevers") {
		cases = append(cases, c.(map[string]any))
	}
	return cases
}

// casesOf counts a person's open cases.
func (w *world) casesOf(person uint64) (n int) {
	w.t.Helper()
	for _, c := range w.openFevers("medic") {
		if object(c, "person")["id"] == checkpoint.FormatPersonID(person) {
			n++
		}
	}
	return n
}

// reported makes both reports of the case at path.
func (w *world) reported(path string) {
	w.t.Helper()
	for _, level := range []string{"community", "subdistrict"} {
		w.do(http.MethodPost, path+"/reports", w.as("medic"), fields{"level": level, "to": "许商街道"}).ok(http.StatusOK)
	}
}

var ambulance = fields{"how": "ambulance", "hospital": "商河县人民医院", "plate": "鲁A12120"}

// handedOver writes the hand-over down, too.
func (w *world) handedOver(path string) {
	w.t.Helper()
	w.reported(path)
	w.do(http.MethodPost, path+"/handover", w.as("medic"), ambulance).ok(http.StatusOK)
}

// The fever path: first reading, second reading, case, what follows at every
// gate, closing, and the way in again.
func TestFeverPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	wang := w.people["wang"]
	first := w.newScan(wang).with(fields{"temperature": 38.0})
	w.answers(w.scan("E1", first).ok(http.StatusOK).json(), "remeasure", "remeasure", "measure_again", "temperature_high")
	if n := w.casesOf(wang); n != 0 {
		t.Fatalf("%d cases after one reading", n)
	}
	w.clock.Advance(2 * time.Minute)
	second := w.newScan(wang).with(fields{"temperature": 38.4, "remeasure_of": first["id"]})
	answer := w.scan("E1", second).ok(http.StatusOK).json()
	w.answers(answer, "deny", "fever", "hold_here", "temperature_high")
	if answer["color"] != "red" {
		t.Errorf("the screen is %v", answer["color"])
	}

	t.Log("report")
	cases := w.openFevers("medic")
	if len(cases) != 1 {
		t.Fatalf("open cases: %v", cases)
	}
	c := cases[0]
	for field, want := range (fields{
		"state": "open", "home": "V1", "site": "ML", "site_name": "商场", "gate": "M1",
		"opened_at": second["occurred_at"].(utcTime).String(), "outcome": "", "closed_at": nil, "closed_by": "", "note": "",
		"person": map[string]any{"id": checkpoint.FormatPersonID(wang), "name_masked": "王*明"},
		"first":  map[string]any{"at": first["occurred_at"].(utcTime).String(), "temperature": 38.0},
		"second": map[string]any{"at": second["occurred_at"].(utcTime).String(), "temperature": 38.4},
	}) {
		if !reflect.DeepEqual(c[field], want) {
			t.Errorf("%s is %v, want %v", field, c[field], want)
		}
	}
	path := "/v1/fevers/" + c["id"].(string)

	t.Log("held everywhere, seen home and kept there; exits are recorded")
	w.clock.Advance(time.Minute)
	w.answers(w.measure("E2", wang, 36.5), "deny", "fever", "hold_here", "fever_case")
	w.answers(w.measure("D2", wang, 36.5), "deny", "outsider", "register", "fever_case")
	w.answers(w.measure("E2", wang, 36.5, fields{"direction": "out"}), "pass", "ok", "escort", "fever_case")
	w.answers(w.measure("D1", wang, 36.5), "pass", "ok", "escort", "fever_case")
	w.clock.Advance(time.Minute)
	w.answers(w.measure("D1", wang, 36.5, fields{"direction": "out"}), "deny", "fever", "hold_here", "fever_case")
	trail := w.do(http.MethodGet, personPath(wang, "/trajectory"), w.as("tracer"), nil).ok(http.StatusOK).json()
	if n := len(list(trail, "events")); n != 7 {
		t.Errorf("%d events on record, want all 7", n)
	}

	t.Log("reported, handed over, screened")
	w.handedOver(path)
	w.do(http.MethodPost, path+"/screening", w.as("medic"), fields{"result": "negative"}).ok(http.StatusOK)

	t.Log("closed by a medic: in again")
	closing := fields{"outcome": "screened_negative", "note": "县医院排除"}
	got := w.do(http.MethodPost, path+"/close", w.as("medic"), closing)
	got.ok(http.StatusOK).conforms(doc, "POST", "/v1/fevers/{id}/close")
	closed := got.json()
	for field, want := range (fields{
		"state": "closed", "outcome": "screened_negative", "note": "县医院排除", "closed_by": "medic",
		"closed_at": utcTime(w.clock.Now().UnixMilli()).String(),
	}) {
		if closed[field] != want {
			t.Errorf("%s is %v, want %v", field, closed[field], want)
		}
	}
	w.answers(w.measure("E1", wang, 36.5), "pass", "ok", "admit")
	if n := w.casesOf(wang); n != 0 {
		t.Errorf("%d cases open after closing", n)
	}

	t.Log("once")
	w.clock.Advance(time.Minute)
	if again := w.do(http.MethodPost, path+"/close", w.as("admin"), closing).ok(http.StatusOK).json(); !reflect.DeepEqual(again, closed) {
		t.Errorf("closed again: %v, want %v", again, closed)
	}
	w.do(http.MethodPost, path+"/close", w.as("medic"), fields{"outcome": "false_reading"}).problem(http.StatusConflict, "other_content", "")
	listed := w.do(http.MethodGet, "/v1/fevers?state=closed", w.as("leader"), nil).ok(http.StatusOK)
	listed.conforms(doc, "GET", "/v1/fevers")
	if cases := list(listed.json(), "fevers"); len(cases) != 1 || !reflect.DeepEqual(fields(cases[0].(map[string]any)), closed) {
		t.Errorf("closed cases: %v", cases)
	}
}

// A person with a first high reading in every case; the second one is what
// differs.
func TestFeverPathUnhappyTurns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var first fields // of the person in turn
	other := w.newScan(w.people["li"]).with(fields{"temperature": 38.0})
	w.scan("E1", other).decided("remeasure", "remeasure")
	for i, turn := range []struct {
		name  string
		then  func(person uint64)
		cases int
	}{
		{"in the last instant", func(p uint64) {
			w.clock.Advance(10 * time.Minute)
			w.fever("E1", p)
		}, 1},
		{"too late starts again", func(p uint64) {
			w.clock.Advance(10*time.Minute + time.Millisecond)
			w.high("E1", p)
		}, 0},
		{"too late, then in time", func(p uint64) {
			w.clock.Advance(10*time.Minute + time.Millisecond)
			w.high("E1", p)
			w.clock.Advance(time.Minute)
			w.fever("E1", p)
		}, 1},
		{"another gate of the site counts", func(p uint64) { w.fever("E2", p) }, 1},
		{"another site starts again", func(p uint64) { w.high("D1", p) }, 0},
		{"another site has its own second reading", func(p uint64) {
			w.high("D1", p)
			w.fever("D1", p)
		}, 1},
		{"named as the second reading of this person", func(p uint64) {
			w.fever("E1", p, fields{"remeasure_of": first["id"]})
		}, 1},
		{"named as the second reading of another person starts again", func(p uint64) {
			w.high("E1", p, fields{"remeasure_of": other["id"]})
		}, 0},
		{"a low second reading does not clear the first", func(p uint64) {
			w.answers(w.measure("E1", p, 34.0), "remeasure", "temperature_low", "measure_again")
			w.fever("E1", p)
		}, 1},
		{"a normal second reading passes, and the next high one is a first", func(p uint64) {
			w.answers(w.measure("E1", p, 36.6), "pass", "ok", "admit", "remeasured")
			w.high("E1", p)
		}, 0},
		{"no second reading at all", func(p uint64) {
			w.answers(w.measure("E1", p, 0, fields{"temperature": nil, "temperature_method": nil}), "incomplete", "temperature_required", "measure_again")
			w.fever("E1", p)
		}, 1},
		{"the ambulance takes them out: passes, and the case is opened all the same", func(p uint64) {
			emergency := fields{"direction": "out", "override": fields{"reason": "medical"}}
			w.answers(w.measure("E1", p, 39.0, emergency), "pass", "fever", "admit", "temperature_high", "override")
			w.answers(w.measure("E1", p, 36.5), "deny", "fever", "hold_here", "fever_case")
		}, 1},
		{"refused for another reason: held all the same", func(p uint64) {
			w.must(w.store.SetStatus(t.Context(), p, checkpoint.StatusRed))
			w.answers(w.measure("E1", p, 39.0), "deny", "status_red", "hold_here", "temperature_high", "breach")
		}, 1},
		{"a third high reading opens no second case", func(p uint64) {
			w.fever("E1", p)
			w.answers(w.measure("E1", p, 38.4), "deny", "fever", "measure_again", "temperature_high", "fever_case")
			w.answers(w.measure("E1", p, 38.4), "deny", "fever", "hold_here", "temperature_high", "fever_case")
		}, 1},
	} {
		t.Log(turn.name)
		person := w.enrol("赵六", "V1", fmt.Sprintf("9-%d", i))
		first = w.newScan(person).with(fields{"temperature": 38.0})
		w.answers(w.scan("E1", first).ok(http.StatusOK).json(), "remeasure", "remeasure", "measure_again", "temperature_high")
		turn.then(person)
		if n := w.casesOf(person); n != turn.cases {
			t.Errorf("%s: %d open cases, want %d", turn.name, n, turn.cases)
		}
	}
}

func TestRetriesOfTheSecondReadingOpenOneCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	w.high("E1", wang)
	w.clock.Advance(time.Minute)
	second := w.newScan(wang).with(fields{"temperature": 38.4})
	var wg sync.WaitGroup
	for range 50 { // all at once
		wg.Go(func() { w.scan("E1", second).decided("deny", "fever") })
	}
	wg.Wait()
	first := w.scan("E1", second).ok(http.StatusOK).json()
	if first["duplicate"] != true || w.casesOf(wang) != 1 {
		t.Errorf("%v, %d cases", first, w.casesOf(wang))
	}
	id := w.openFevers("medic")[0]["id"].(string)
	w.handedOver("/v1/fevers/" + id)
	w.do(http.MethodPost, "/v1/fevers/"+id+"/close", w.as("medic"), fields{"outcome": "handed_over"}).ok(http.StatusOK)
	w.clock.Advance(time.Hour)
	w.scan("E1", second).repeats(first.with(fields{"duplicate": true})) // late, and after closing
	if n := w.casesOf(wang); n != 0 {
		t.Errorf("a retry opened the case again: %d", n)
	}
}

// What a device told when it was offline stands; two high readings open a case
// all the same.
func TestOfflineReadingsOpenACaseWhenTheyArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	reading := func(person uint64, minute int, told fields) fields {
		at := utcTime(w.clock.Now().Add(-3*time.Hour + time.Duration(minute)*time.Minute).UnixMilli())
		return w.newScan(person).with(fields{"occurred_at": at, "temperature": 38.2, "told": told})
	}
	again := fields{"decision": "remeasure", "reason": "remeasure", "action": "measure_again"}
	held, passed := fields{"decision": "deny", "reason": "fever", "action": "hold_here"}, fields{"decision": "pass", "reason": "ok", "action": "admit"}
	scans := []any{reading(wang, 0, again), reading(wang, 3, held), reading(li, 1, again), reading(li, 4, passed)}
	for range 2 { // sent again, it is the same
		got := w.batch("E1", scans...).results()
		result := func(i int) fields { return object(got[i], "result") }
		w.answers(result(0), "remeasure", "remeasure", "measure_again", "late", "temperature_high")
		w.answers(result(1), "deny", "fever", "hold_here", "late", "temperature_high")
		w.answers(result(3), "pass", "ok", "admit", "late", "temperature_high", "conflict")
		if w.casesOf(wang) != 1 || w.casesOf(li) != 1 {
			t.Errorf("%d and %d cases", w.casesOf(wang), w.casesOf(li))
		}
	}
	w.answers(w.measure("E2", li, 36.5), "deny", "fever", "hold_here", "fever_case")
}

func TestWhoSeesAndClosesAFeverCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	for _, login := range []string{"medic-a1", "medic-a2"} {
		w.change(func(d *checkpoint.Draft) error {
			old, _ := d.Staff("medic")
			staff := *old
			staff.Num, staff.Login, staff.Grid = 0, login, strings.ToUpper(login[len(login)-2:])
			return d.PutStaff(staff)
		})
	}
	w.high("E1", w.people["wang"]) // lives in A1, measured in A1
	w.fever("E1", w.people["wang"])
	w.clock.Advance(time.Minute)
	w.high("E1", w.people["li"]) // lives in A2, measured in A1
	w.fever("E1", w.people["li"])
	for login, want := range map[string][]string{
		"medic": {"王*明", "李*"}, "leader": {"王*明", "李*"}, "medic-a1": {"王*明", "李*"}, "medic-a2": {"李*"}, "leader-a2": {"李*"},
	} {
		var got []string
		for _, c := range w.openFevers(login) {
			got = append(got, object(c, "person")["name_masked"].(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s sees %v, want %v", login, got, want)
		}
	}
	cases := w.openFevers("medic")
	wang, li := "/v1/fevers/"+cases[0]["id"].(string), "/v1/fevers/"+cases[1]["id"].(string)
	w.do(http.MethodGet, wang, w.as("medic-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, wang+"/close", w.as("medic-a2"), fields{"outcome": "handed_over"}).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, li+"/close", w.as("leader-a2"), fields{"outcome": "handed_over"}).problem(http.StatusForbidden, "forbidden", "")

	got := w.do(http.MethodGet, li, w.as("medic-a2"), nil).ok(http.StatusOK)
	got.conforms(doc, "GET", "/v1/fevers/{id}")
	if contact := object(got.json(), "contact"); contact["name"] != "李四" || contact["site"] != "V2" || contact["door"] != "2-202" {
		t.Errorf("a medic is told %v", contact)
	}
	if _, told := w.do(http.MethodGet, li, w.as("leader-a2"), nil).ok(http.StatusOK).json()["contact"]; told {
		t.Error("a leader is told the name")
	}
	w.handedOver(li)
	w.do(http.MethodPost, li+"/close", w.as("medic-a2"), fields{"outcome": "handed_over"}).ok(http.StatusOK)

	for path, c := range map[string]struct {
		body  fields
		field string
	}{
		wang + "/close":       {fields{"outcome": "better"}, "outcome"},
		li + "/close":         {fields{"outcome": "handed_over", "note": strings.Repeat("长", 67)}, "note"},
		"/v1/fevers/12/close": {fields{"outcome": "handed_over"}, "id"},
	} {
		w.do(http.MethodPost, path, w.as("medic"), c.body).problem(http.StatusUnprocessableEntity, "invalid", c.field)
	}
	w.do(http.MethodGet, "/v1/fevers/00000000000000aa", w.as("medic"), nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/fevers?state=all", w.as("medic"), nil).problem(http.StatusUnprocessableEntity, "invalid", "state")
	then := "?from=2020-02-11T11:59:00%2B08:00&to=2020-02-11T12:00:30%2B08:00"
	if got := list(w.do(http.MethodGet, "/v1/fevers"+then, w.as("medic"), nil).ok(http.StatusOK).json(), "fevers"); len(got) != 1 {
		t.Errorf("open cases of that minute: %v", got)
	}
	if got := list(w.do(http.MethodGet, "/v1/fevers?state=closed&to=2020-02-11", w.as("medic"), nil).ok(http.StatusOK).json(), "fevers"); len(got) != 0 {
		t.Errorf("cases closed the day before: %v", got)
	}
}
