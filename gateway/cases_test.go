package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint"
)

// openCase opens a case over HTTP as a medic.
func (w *world) openCase(in fields) fields {
	w.t.Helper()
	if in["kind"] == nil {
		in["kind"] = "confirmed"
	}
	if in["title"] == nil {
		in["title"] = "县医院确诊一例"
	}
	return w.do(http.MethodPost, "/v1/cases", w.as("medic"), in).ok(http.StatusCreated).json()
}

func (w *world) personID(name string) string { return checkpoint.FormatPersonID(w.people[name]) }

func TestACaseOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	opened := w.do(http.MethodPost, "/v1/cases", w.as("medic"), fields{
		"kind": "confirmed", "title": "县医院确诊一例", "person": w.personID("wang"), "onset_at": "2020-02-09",
	}).ok(http.StatusCreated)
	opened.conforms(doc, http.MethodPost, "/v1/cases")
	c := opened.json()
	code := c["code"].(string)
	if c["grid"] != "V1C" || c["opened_by"] != "medic" || c["period_from"] != "2020-02-06T16:00:00.000Z" || c["outcome"] != "" {
		t.Errorf("opened %v", c)
	}
	who := c["people"].([]any)[0].(map[string]any)
	if who["name_masked"] != "王*明" || who["name"] != nil {
		t.Errorf("about %v", who)
	}

	attached := w.do(http.MethodPost, "/v1/cases/"+code+"/people", w.as("tracer"), fields{"people": []string{w.personID("li")}}).ok(http.StatusOK)
	attached.conforms(doc, http.MethodGet, "/v1/cases/{code}")
	if people := attached.json()["people"].([]any); len(people) != 2 {
		t.Errorf("people %v", people)
	}
	list := w.do(http.MethodGet, "/v1/cases?state=open", w.as("auditor"), nil).ok(http.StatusOK)
	list.conforms(doc, http.MethodGet, "/v1/cases")
	if got := list.json()["cases"].([]any); len(got) != 2 || got[0].(map[string]any)["code"] != code {
		t.Errorf("open cases %v", got)
	}

	path := "/v1/cases/" + code
	w.do(http.MethodPost, path+"/close", w.as("tracer"), fields{"outcome": "resolved"}).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPost, path+"/close", w.as("leader"), fields{"outcome": "done"}).problem(http.StatusUnprocessableEntity, "invalid", "outcome")
	for range 2 {
		closed := w.do(http.MethodPost, path+"/close", w.as("leader"), fields{"outcome": "resolved"}).ok(http.StatusOK).json()
		if closed["closed_by"] != "leader" || closed["closed_at"] == nil {
			t.Errorf("closed %v", closed)
		}
	}
	w.do(http.MethodPost, path+"/close", w.as("leader"), fields{"outcome": "excluded"}).problem(http.StatusConflict, "case_closed", "")
	w.do(http.MethodPost, path+"/people", w.as("tracer"), fields{"people": []string{w.personID("li")}}).problem(http.StatusConflict, "case_closed", "")
	w.do(http.MethodGet, "/v1/cases/C999", w.as("medic"), nil).problem(http.StatusNotFound, "not_found", "")
}

func TestWhatACaseCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, in := range map[string]fields{
		"kind":        {"kind": "flu", "title": "x"},
		"title":       {"kind": "other", "title": "a\nb"},
		"grid":        {"kind": "other", "title": "x", "grid": "nowhere"},
		"onset_at":    {"kind": "other", "title": "x", "onset_at": "2020-03-01"},
		"isolated_at": {"kind": "other", "title": "x", "onset_at": "2020-02-09", "isolated_at": "2020-02-08"},
	} {
		w.do(http.MethodPost, "/v1/cases", w.as("medic"), in).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	w.do(http.MethodPost, "/v1/cases", w.as("tracer"), fields{"kind": "other", "title": "x"}).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPost, "/v1/cases", w.as("leader-a2"), fields{"kind": "other", "title": "x", "person": w.personID("wang")}).
		problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/cases", w.as("leader-a2"), fields{"kind": "other", "title": "x", "grid": "A1"}).
		problem(http.StatusForbidden, "out_of_scope", "")
}

// A case of another part of the grid is not one's business; one of the whole
// town is everybody's.
func TestCasesStayInTheirPartOfTheGrid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.openCase(fields{"person": w.personID("wang")})["code"].(string)
	w.do(http.MethodGet, "/v1/cases/"+code, w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/cases/"+code+"/people", w.as("tracer-a2"), fields{"people": []string{w.personID("li")}}).
		problem(http.StatusForbidden, "out_of_scope", "")
	if got := w.do(http.MethodGet, "/v1/cases", w.as("tracer-a2"), nil).ok(http.StatusOK).json()["cases"].([]any); len(got) != 1 {
		t.Errorf("tracer-a2 sees %d cases, want the town's only", len(got))
	}
	w.do(http.MethodGet, "/v1/residents/"+w.personID("li")+"/trajectory", w.as("tracer-a2"), nil, headerCase, code).
		problem(http.StatusForbidden, "out_of_scope", "")
}

func TestALiftTakesASecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.openCase(fields{"person": w.personID("wang")})["code"].(string)
	path := "/v1/cases/" + code + "/lifts"
	ask := fields{"days": 28, "reason": "潜伏期较长", "until": "2020-02-14"}
	window := "/v1/gates/G1/events?from=2020-01-20&to=2020-02-11"
	question := func(login string) answer { return w.do(http.MethodGet, window, w.as(login), nil, headerCase, code) }
	question("tracer").problem(http.StatusForbidden, "over_cap", "")

	w.do(http.MethodPost, path, w.as("tracer"), fields{"reason": "潜伏期较长", "until": "2020-02-14"}).problem(http.StatusUnprocessableEntity, "invalid", "people")
	w.do(http.MethodPost, path, w.as("tracer"), fields{"days": 28, "reason": "x", "until": "2020-02-14"}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	w.do(http.MethodPost, path, w.as("tracer"), fields{"days": 28, "reason": "潜伏期较长", "until": "2020-04-14"}).problem(http.StatusUnprocessableEntity, "invalid", "until")
	w.do(http.MethodPost, path, w.as("tracer"), fields{"days": 28, "node": "A2", "reason": "潜伏期较长", "until": "2020-02-14"}).
		problem(http.StatusBadRequest, "unknown_field", "node")
	asked := w.do(http.MethodPost, path, w.as("leader"), ask).ok(http.StatusOK).json()["lifts"].([]any)
	if lift := asked[0].(map[string]any); lift["days"] != 28.0 || lift["number"] != 0.0 || lift["approved_by"] != "" {
		t.Errorf("asked %v", lift)
	}
	question("tracer").problem(http.StatusForbidden, "over_cap", "")
	w.do(http.MethodPost, path+"/0/approve", w.as("tracer"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPost, path+"/0/approve", w.as("leader"), nil).problem(http.StatusForbidden, "same_person", "")
	w.do(http.MethodPost, path+"/0/approve", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, path+"/7/approve", w.as("admin"), nil).problem(http.StatusNotFound, "not_found", "")
	if caps := w.do(http.MethodPost, path+"/0/approve", w.as("admin"), nil).ok(http.StatusOK).json()["caps"].(map[string]any); caps["days"] != 28.0 {
		t.Errorf("caps %v", caps)
	}
	question("tracer").ok(http.StatusOK)
	w.clock.Advance(4 * 24 * time.Hour)
	question("tracer").problem(http.StatusForbidden, "over_cap", "")
	// A leader of a part sees the whole town's case, and does not raise its caps.
	whole := "/v1/cases/" + w.kase + "/lifts"
	w.do(http.MethodPost, whole, w.as("tracer"), fields{"days": 28, "reason": "潜伏期较长", "until": "2020-02-18"}).ok(http.StatusOK)
	w.do(http.MethodPost, whole+"/0/approve", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, whole+"/0/approve", w.as("leader"), nil).ok(http.StatusOK)
}

// Another part of the grid takes a grant of its own leader, and it is for the
// one who asked, under that case, until its end.
func TestAGrantOpensAnotherPartOfTheGrid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/v1/cases/" + w.kase + "/grants"
	where := "/v1/residents/" + w.personID("wang") + "/trajectory"
	question := func() answer { return w.do(http.MethodGet, where, w.as("tracer-a2"), nil) }
	question().problem(http.StatusForbidden, "out_of_scope", "")

	ask := fields{"node": "V1C", "reason": "密接住在一村", "until": "2020-02-12"}
	w.do(http.MethodPost, path, w.as("tracer-a2"), fields{"node": "V9", "reason": "密接住在一村", "until": "2020-02-12"}).
		problem(http.StatusUnprocessableEntity, "invalid", "node")
	w.do(http.MethodPost, path, w.as("tracer-a2"), ask).ok(http.StatusOK)
	question().problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, path+"/0/approve", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, path+"/0/approve", w.as("leader"), nil).ok(http.StatusOK)
	question().ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/gates/G1/events", w.as("tracer-a2"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/gates/M1/events", w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")

	other := w.do(http.MethodPost, "/v1/cases", w.as("medic"), fields{"kind": "other", "title": "x", "grid": "XS"}).ok(http.StatusCreated).json()["code"].(string)
	w.do(http.MethodGet, where, w.as("tracer-a2"), nil, headerCase, other).problem(http.StatusForbidden, "out_of_scope", "")
	w.clock.Advance(24 * time.Hour)
	question().problem(http.StatusForbidden, "out_of_scope", "")
}

func TestPeopleAskedAboutAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kase, err := w.store.Case(t.Context(), w.kase)
	w.must(err)
	where := func(name string) string { return "/v1/residents/" + w.personID(name) + "/trajectory" }
	w.do(http.MethodGet, where("wang"), w.as("tracer"), nil).ok(http.StatusOK)
	var others []uint64
	for i := range checkpoint.DefaultCaps.People - 1 {
		others = append(others, uint64(i+1))
	}
	w.must(w.store.AskAbout(t.Context(), &kase, others))
	w.do(http.MethodGet, where("wang"), w.as("tracer"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, where("li"), w.as("tracer"), nil).problem(http.StatusForbidden, "over_cap", "")
	if got := w.do(http.MethodGet, "/v1/cases/"+w.kase, w.as("tracer"), nil).ok(http.StatusOK).json()["asked"]; got != float64(checkpoint.DefaultCaps.People) {
		t.Errorf("asked about %v people", got)
	}
}

func TestQuestionsNeedACaseAndAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	closed := w.openCase(fields{"grid": "XS"})["code"].(string)
	w.do(http.MethodPost, "/v1/cases/"+closed+"/close", w.as("medic"), fields{"outcome": "mistaken"}).ok(http.StatusOK)
	asks := 0
	for _, r := range w.server.routes() {
		if r.reads != asked {
			continue
		}
		asks++
		path := fillPath(w, r.path)
		ask := func(headers ...string) answer { return w.do(r.method, path, w.as("tracer"), fields{}, headers...) }
		ask(headerCase, "").problem(http.StatusForbidden, "case_needed", "")
		ask(headerCase, "C999").problem(http.StatusForbidden, "case_needed", "")
		ask(headerCase, closed).problem(http.StatusConflict, "case_closed", "")
		for _, reason := range []string{"", "abc", "%20%20abc%20", "%FF%FE%FD%FC", "line%0Abreak", "%E6%A", fmt.Sprintf("%0201d", 0)} {
			ask(headerReason, reason).problem(http.StatusUnprocessableEntity, "invalid", headerReason)
		}
	}
	if asks < 3 {
		t.Errorf("only %d routes ask for a case", asks)
	}
	w.do(http.MethodGet, "/v1/gates/G1/events", w.deviceToken("D1"), nil).ok(http.StatusOK) // its own gate

	t.Log("nobody asks under a case that they opened themselves")
	own := w.do(http.MethodPost, "/v1/cases", w.as("leader"), fields{"kind": "other", "title": "x", "grid": "XS"}).ok(http.StatusCreated).json()["code"].(string)
	where := personPath(w.people["wang"], "/trajectory")
	w.do(http.MethodGet, where, w.as("leader"), nil, headerCase, own).problem(http.StatusForbidden, "same_person", "")
	w.do(http.MethodGet, where, w.as("tracer"), nil, headerCase, own).ok(http.StatusOK)
	w.do(http.MethodGet, where, w.as("leader"), nil).ok(http.StatusOK) // under a colleague's
}

// Every read by staff is in the audit: who, why, which case, whom, how many.
func TestTheAuditHasEveryQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	eventually(t, "the scan is in the gate's index", func() bool {
		events, _ := w.do(http.MethodGet, "/v1/gates/G1/events", w.deviceToken("D1"), nil).ok(http.StatusOK).json()["events"].([]any)
		return len(events) == 1
	})
	where := "/v1/residents/" + w.personID("wang") + "/trajectory"
	asked := w.do(http.MethodGet, where, w.as("tracer"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, where, w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, where, w.as("grid"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodGet, "/v1/residents/"+w.personID("li"), w.as("enroller"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/gates/G1/events", w.as("leader"), nil, "Accept", "application/x-ndjson").ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/gates/G1/events", w.deviceToken("D1"), nil).ok(http.StatusOK) // no staff, no entry

	type line struct {
		actor, action, kase, reason, subject, outcome string
		rows                                          int64
	}
	const trajectory, window = "GET /v1/residents/:id/trajectory", "GET /v1/gates/:gate/events"
	want := []line{
		{"tracer", trajectory, w.kase, "核实行程", w.personID("wang"), "answered", 1},
		{"tracer-a2", trajectory, w.kase, "核实行程", w.personID("wang"), "out_of_scope", 0},
		{"grid", trajectory, "", "", w.personID("wang"), "forbidden", 0},
		{"enroller", "GET /v1/residents/:id", "", "", w.personID("li"), "answered", 1},
		{"leader", window, w.kase, "核实行程", "G1", "streaming", -1},
		{"leader", window, w.kase, "核实行程", "G1", "streamed", 1},
	}
	var got []line
	var request string
	for end := time.Now().Add(10 * time.Second); len(got) < len(want) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		got = nil // the end of a stream comes after its answer
		w.must(w.store.AuditRecords(t.Context(), 0, 1<<62, func(e *checkpoint.AuditRecord) error {
			if len(got) == 0 {
				request = e.Request
			}
			got = append(got, line{e.Actor, e.Action, e.Case, e.Reason, e.Subject, e.Outcome, e.Rows})
			return nil
		}))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the audit has\n%v, want\n%v", got, want)
	}
	if request != asked.header.Get("X-Request-Id") {
		t.Errorf("request %q, the answer says %q", request, asked.header.Get("X-Request-Id"))
	}
}

// The audit says of lists how many people were on them.
func TestTheAuditSaysHowMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 3 {
		w.enrol(fmt.Sprintf("赵%d", i), "V1", fmt.Sprintf("2-%d", i)) // with wang four
	}
	w.do(http.MethodGet, "/v1/residents?site=V1", w.as("enroller"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/sites/V1/sheet", w.as("enroller"), nil).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/residents/search", w.as("enroller"), fields{"phone": "15499999999"}).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/fevers", w.as("medic"), nil).ok(http.StatusOK)
	var got []int64
	w.must(w.store.AuditRecords(t.Context(), 0, 1<<62, func(e *checkpoint.AuditRecord) error {
		got = append(got, e.Rows)
		return nil
	}))
	if want := []int64{4, 4, 0, 0}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
}
