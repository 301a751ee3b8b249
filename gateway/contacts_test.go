package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// step lets time pass and somebody be scanned.
func (w *world) step(after time.Duration, device string, person uint64, direction string) {
	w.t.Helper()
	w.clock.Advance(after)
	w.scan(device, w.newScan(person).with(fields{"direction": direction})).ok(http.StatusOK)
}

// metAtTheMall lets Wang, Li and Zhao (of Wang's household) and a walk-in go to
// the mall, from noon of the 11th at the place, and waits for the index.
func (w *world) metAtTheMall() (zhao uint64, wang string) {
	w.t.Helper()
	w.project()
	zhao = w.enrol("赵某", "V1", "1-101")
	people := w.people
	w.step(0, "E1", people["wang"], "in")
	w.step(10*time.Minute, "E2", people["li"], "in")
	w.scan("E1", w.newScan(0).with(fields{"resident": nil, "walk_in": fields{"name": "孙八", "id_tail": "123X", "phone": "13800138000"}})).ok(http.StatusOK)
	w.step(30*time.Minute, "E1", people["wang"], "out")
	w.step(10*time.Minute, "E1", people["li"], "out")
	w.step(10*time.Minute, "D1", people["wang"], "in")
	w.step(time.Minute, "D1", zhao, "out")
	w.clock.Advance(time.Minute)
	tracer := w.as("tracer")
	eventually(w.t, "the gates' indexes have the events", func() bool {
		n := 0
		for gate, want := range map[string]int{"M1": 4, "M2": 1, "G1": 2} {
			events, _ := w.do(http.MethodGet, "/v1/gates/"+gate+"/events", tracer, nil).json()["events"].([]any)
			n += min(len(events), want)
		}
		return n == 7
	})
	return zhao, personPath(people["wang"], "")
}

// list gives a list of objects in an answer.
func (f fields) list(name string) (out []fields) {
	list, _ := f[name].([]any)
	for _, v := range list {
		o, _ := v.(map[string]any)
		out = append(out, o)
	}
	return out
}

func (f fields) in(name string) fields {
	o, _ := f[name].(map[string]any)
	return o
}

func TestContactsOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zhao, wang := w.metAtTheMall()
	doc := contract(t)
	got := w.do(http.MethodGet, wang+"/contacts?from=2020-02-11&to=2020-02-12&gate_margin=60", w.as("tracer"), nil).ok(http.StatusOK)
	got.conforms(doc, "GET", "/v1/residents/{id}/contacts")
	body := got.json()
	var rows []string
	for _, c := range body.list("contacts") {
		p := c.in("person")
		rows = append(rows, fmt.Sprint(p["name_masked"], c["kinds"], c["exposure"], " ", c["minutes"]))
		if c["hop"] != 1.0 || p["outside"] != false || len(c.list("chain")) != 1 {
			t.Errorf("%v", c)
		}
	}
	slices.Sort(rows[1:]) // two of one rank are in order of their IDs, which are drawn
	if want := []string{"赵*[household gate] 602 0", "孙*[venue] 30 30", "李*[venue] 30 30"}; !slices.Equal(rows, want) {
		t.Fatalf("contacts %q, want %q", rows, want)
	}
	if body["total"] != 3.0 || body["outside"] != 0.0 || len(body.list("cuts")) != 0 || body["period"] != "given" {
		t.Errorf("%v found, %v outside, cuts %v, period %v", body["total"], body["outside"], body["cuts"], body["period"])
	}
	evidence := body.list("contacts")[0].list("evidence")
	gate := evidence[len(evidence)-1]
	if gate["kind"] != "gate" || gate["site"] != "V1" || gate.in("mine")["direction"] != "in" || gate.in("theirs")["direction"] != "out" {
		t.Errorf("evidence %v", gate)
	}

	for _, c := range body.list("contacts") {
		if c.in("person")["name_masked"] != "李*" {
			continue
		}
		m := c.list("evidence")[0]
		mine, theirs := m.in("my_stay"), m.in("their_stay")
		if mine["from"] != "2020-02-11T04:00:00.000Z" || mine["to"] != "2020-02-11T04:40:00.000Z" || theirs["from"] != "2020-02-11T04:10:00.000Z" || theirs["to"] != "2020-02-11T04:50:00.000Z" {
			t.Errorf("together at the mall: mine %v, theirs %v", mine, theirs)
		}
	}

	csv := w.do(http.MethodGet, wang+"/contacts?from=2020-02-11&to=2020-02-12", w.as("tracer"), nil, "Accept", "text/csv").ok(http.StatusOK)
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(string(csv.body), "\ufeff")), "\r\n")
	if lines[0] != contactColumns || len(lines) != 4 || !strings.HasPrefix(lines[1], "1,1,"+checkpoint.FormatPersonID(zhao)+",false,A1,赵*,resident,V1,household gate,602,0,2,") {
		t.Errorf("CSV %q", lines)
	}
	csv.conforms(doc, "GET", "/v1/residents/{id}/contacts")
}

// Of people who live elsewhere a tracer gets ID and area; a grant opens more.
func TestContactsOutsideTheSubtreeAreIDsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, wang := w.metAtTheMall()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("tracer-a2")
		staff := *old
		staff.Login, staff.Grid = "tracer-a1", "A1"
		return d.PutStaff(staff)
	})
	path := wang + "/contacts?from=2020-02-11&to=2020-02-12"
	body := w.do(http.MethodGet, path, w.as("tracer-a1"), nil).ok(http.StatusOK).json()
	seen := map[string]string{}
	for _, c := range body.list("contacts") {
		p := c.in("person")
		seen[fmt.Sprint(p["id"])] = fmt.Sprint(p["outside"], " ", p["area"], " ", p["name_masked"], " ", p["home"])
	}
	if got := seen[checkpoint.FormatPersonID(w.people["li"])]; got != "true A2  " {
		t.Errorf("Li is shown as %q", got)
	}
	if body["outside"] != 2.0 { // Li, and the walk-in without a home
		t.Errorf("%v outside", body["outside"])
	}
	w.do(http.MethodGet, path, w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	for _, q := range []struct{ query, field string }{
		{"gate_margin=601", "gate_margin"},
		{"min_overlap=-1", "min_overlap"},
		{"hops=4", "hops"},
		{"hops=x", "hops"},
		{"expand=0", "expand"},
		{"limit=10001", "limit"},
		{"from=2020-02-12", "to"},
	} {
		url := wang + "/contacts?to=2020-02-12&" + q.query
		if !strings.HasPrefix(q.query, "from") {
			url += "&from=2020-02-11"
		}
		w.do(http.MethodGet, url, w.as("tracer"), nil).problem(http.StatusUnprocessableEntity, "invalid", q.field)
	}
	w.do(http.MethodGet, path+"&hops=2", w.as("tracer"), nil).problem(http.StatusForbidden, "over_cap", "")
}

// Without from and to the question is about the case's time.
func TestContactsTakeThePeriodOfTheCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, wang := w.metAtTheMall()
	onset := w.clock.Now().Add(-24 * time.Hour)
	kase := w.do(http.MethodPost, "/v1/cases", w.as("medic"), fields{
		"kind": "confirmed", "title": "病例", "person": checkpoint.FormatPersonID(w.people["wang"]), "onset_at": utcTime(onset.UnixMilli()),
	}).ok(http.StatusCreated).json()
	code, _ := kase["code"].(string)
	calls := func() answer { // about Li, whom Wang met at the mall
		return w.do(http.MethodPost, "/v1/cases/"+code+"/contacts", w.as("tracer"), fields{
			"index": w.personID("wang"), "contacts": []fields{{"resident": w.personID("li"), "hop": 1}},
		})
	}
	calls().problem(http.StatusUnprocessableEntity, "invalid", "contacts") // before anybody has asked
	body := w.do(http.MethodGet, wang+"/contacts", w.as("tracer"), nil, "Trace-Case", code).ok(http.StatusOK).json()
	if added := calls().ok(http.StatusOK).json(); added["added"] != 1.0 {
		t.Errorf("a contact is on the list: %v", added)
	}
	from := utcTime(onset.Add(-48 * time.Hour).UnixMilli()).String()
	if body["period"] != "case" || body["from"] != from || len(body.list("contacts")) != 3 {
		t.Errorf("period %v from %v, want %s; %d contacts", body["period"], body["from"], from, len(body.list("contacts")))
	}
	// A case of which nothing is known goes back 14 days from its opening, which
	// in a week is more than one question may be about.
	w.clock.Advance(7 * 24 * time.Hour)
	body = w.do(http.MethodGet, wang+"/contacts", w.as("tracer"), nil).ok(http.StatusOK).json()
	cuts := body.list("cuts")
	if len(cuts) != 1 || cuts[0]["kind"] != "days" || cuts[0]["at"] != 14.0 {
		t.Errorf("cuts %v", cuts)
	}
}

func TestCrowdAndWhoWasInsideOverTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.metAtTheMall()
	doc, tracer := contract(t), w.as("tracer")
	question := fields{"at_least": 2, "windows": []fields{
		{"site": "ML", "from": "2020-02-11T12:00:00+08:00", "to": "2020-02-11T12:30:00+08:00"},
		{"gate": "M1", "from": "2020-02-11T12:35:00+08:00", "to": "2020-02-11T13:30:00+08:00"},
	}}
	got := w.do(http.MethodPost, "/v1/crowd", tracer, question).ok(http.StatusOK)
	got.conforms(doc, "POST", "/v1/crowd")
	body, names := got.json(), []string{}
	for _, m := range body.list("people") {
		names = append(names, fmt.Sprint(m.in("person")["name_masked"], m["windows"], m["minutes"]))
	}
	slices.Sort(names)
	if want := []string{"李*[0 1] 35", "王*明[0 1] 35"}; !slices.Equal(names, want) || body["total"] != 2.0 {
		t.Errorf("crowd %q, want %q of %v", names, want, body["total"])
	}
	csv := w.do(http.MethodPost, "/v1/crowd", tracer, question, "Accept", "text/csv").ok(http.StatusOK)
	if n := strings.Count(string(csv.body), "\r\n"); n != 3 {
		t.Errorf("CSV of %d lines: %s", n, csv.body)
	}
	w.do(http.MethodPost, "/v1/crowd", w.as("tracer-a2"), question).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/crowd", tracer, question.with(fields{"at_least": 3})).problem(http.StatusUnprocessableEntity, "invalid", "at_least")
	w.do(http.MethodPost, "/v1/crowd", tracer, fields{"at_least": 2, "windows": []fields{}}).problem(http.StatusUnprocessableEntity, "invalid", "windows")

	at := "2020-02-11T12:20:00%2B08:00"
	inside := w.do(http.MethodGet, "/v1/sites/ML/inside/people?at="+at, tracer, nil).ok(http.StatusOK)
	inside.conforms(doc, "GET", "/v1/sites/{site}/inside/people")
	if body := inside.json(); body["total"] != 3.0 || body.list("people")[0].in("person")["name_masked"] != "王*明" || body.list("people")[0]["gate"] != "M1" {
		t.Errorf("inside %v", body)
	}
	if body := w.do(http.MethodGet, "/v1/sites/ML/inside/people", tracer, nil).ok(http.StatusOK).json(); body["total"] != 1.0 {
		t.Errorf("inside now %v", body)
	}
	w.do(http.MethodGet, "/v1/sites/ML/inside/people", tracer, nil, "Accept", "text/csv").ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/sites/ML/inside/people?at=2020-03-11", tracer, nil).problem(http.StatusUnprocessableEntity, "invalid", "at")
	w.do(http.MethodGet, "/v1/sites/ML/inside/people", w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
}
