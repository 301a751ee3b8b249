package gateway

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// feverOf gives somebody two high readings at the mall and the path of their case.
func (w *world) feverOf(person string) (path string) {
	w.t.Helper()
	w.high("E1", w.people[person])
	w.clock.Advance(time.Minute)
	w.fever("E1", w.people[person])
	for _, c := range w.openFevers("medic") {
		if object(c, "person")["id"] == w.personID(person) {
			return "/v1/fevers/" + c["id"].(string)
		}
	}
	w.t.Fatal("there is no case")
	return ""
}

func (w *world) procedure(path string) fields {
	w.t.Helper()
	return object(w.do(http.MethodGet, path, w.as("medic"), nil).ok(http.StatusOK).json(), "procedure")
}

// raised are the kinds of alarms that fever cases deserve now.
func (w *world) raised() (kinds []alarm.Kind) {
	w.t.Helper()
	due, err := w.server.office.FeversDue(w.t.Context())
	w.must(err)
	for i := range due {
		kinds = append(kinds, due[i].Kind)
	}
	return kinds
}

func TestAFeverCaseGoesThroughTwoReportsHandoverAndScreening(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	path := w.feverOf("wang")
	step := func(login, name string, body fields) answer {
		return w.do(http.MethodPost, path+"/"+name, w.as(login), body)
	}
	next := func(want string, minutes int) {
		t.Helper()
		p := w.procedure(path)
		at := utcTime(testStart.Add(time.Duration(minutes) * time.Minute).UnixMilli()).String()
		if p["next_step"] != want || minutes > 0 && p["due_at"] != at {
			t.Errorf("next is %v by %v, want %s by %s", p["next_step"], p["due_at"], want, at)
		}
	}
	next("report_community", 1+10) // opened in the first minute

	t.Log("overdue: an alarm for as long as it is")
	w.clock.Advance(10*time.Minute + time.Millisecond)
	if got := w.raised(); len(got) != 1 || got[0] != alarm.FeverOverdue || w.procedure(path)["overdue"] != true {
		t.Errorf("alarms %v, %v", got, w.procedure(path))
	}

	t.Log("two reports, in their order")
	step("medic", "reports", fields{"level": "subdistrict", "to": "许商街道办事处"}).problem(http.StatusConflict, "wrong_state", "")
	got := step("grid", "reports", fields{"level": "community", "to": "佟道口村委会", "note": "同住三人"})
	got.ok(http.StatusOK).conforms(doc, "POST", "/v1/fevers/{id}/reports")
	first := object(object(got.json(), "procedure"), "community")
	if first["by"] != "grid" || first["to"] != "佟道口村委会" || len(w.raised()) != 0 {
		t.Errorf("report 1 is %v; alarms %v", first, w.raised())
	}
	w.clock.Advance(time.Minute)
	again := object(object(step("medic", "reports", fields{"level": "community", "to": "佟道口村委会", "note": "同住三人"}).ok(http.StatusOK).json(), "procedure"), "community")
	if again["at"] != first["at"] || again["by"] != "grid" {
		t.Errorf("the same again became %v", again)
	}
	step("medic", "reports", fields{"level": "community", "to": "别处"}).problem(http.StatusConflict, "wrong_state", "")
	step("grid", "reports", fields{"level": "subdistrict", "to": "许商街道办事处"}).problem(http.StatusForbidden, "forbidden", "")
	next("report_subdistrict", 1+30)
	step("leader", "reports", fields{"level": "subdistrict", "to": "许商街道办事处"}).ok(http.StatusOK)
	next("handover", 1+120)

	t.Log("nothing is skipped")
	step("medic", "screening", fields{"result": "negative"}).problem(http.StatusConflict, "wrong_state", "")
	step("medic", "hospital-link", nil).problem(http.StatusConflict, "wrong_state", "")
	for _, outcome := range []string{"handed_over", "screened_negative", "screened_positive", "observation"} {
		step("medic", "close", fields{"outcome": outcome}).problem(http.StatusConflict, "wrong_state", "")
	}
	step("grid", "handover", ambulance).problem(http.StatusForbidden, "forbidden", "")
	step("medic", "handover", fields{"how": "ambulance", "hospital": "县医院"}).problem(http.StatusUnprocessableEntity, "invalid", "plate")
	step("medic", "handover", ambulance).ok(http.StatusOK).conforms(doc, "POST", "/v1/fevers/{id}/handover")
	step("medic", "handover", fields{"how": "on_foot", "hospital": "别的医院"}).problem(http.StatusConflict, "wrong_state", "")
	step("medic", "close", fields{"outcome": "false_reading"}).problem(http.StatusConflict, "wrong_state", "")

	t.Log("a result that says nothing is followed by another")
	step("medic", "screening", fields{"result": "inconclusive"}).ok(http.StatusOK)
	next("screening", 0)
	w.clock.Advance(time.Hour)
	step("medic", "screening", fields{"result": "positive", "doctor": "刘医生"}).ok(http.StatusOK).conforms(doc, "POST", "/v1/fevers/{id}/screening")
	step("medic", "screening", fields{"result": "negative"}).problem(http.StatusConflict, "wrong_state", "")
	if got := w.raised(); len(got) != 1 || got[0] != alarm.FeverPositive {
		t.Errorf("alarms after a positive result: %v", got)
	}
	step("medic", "close", fields{"outcome": "screened_negative"}).problem(http.StatusConflict, "wrong_state", "")
	step("medic", "close", fields{"outcome": "screened_positive"}).ok(http.StatusOK).conforms(doc, "POST", "/v1/fevers/{id}/close")
	step("medic", "close", fields{"outcome": "screened_positive"}).ok(http.StatusOK)
	step("medic", "close", fields{"outcome": "handed_over"}).problem(http.StatusConflict, "other_content", "")
	step("medic", "reports", fields{"level": "community", "to": "晚了"}).problem(http.StatusConflict, "wrong_state", "")
	if p := w.procedure(path); p["stage"] != "closed" || p["next_step"] != "" || len(w.raised()) != 0 {
		t.Errorf("after closing: %v", p)
	}
}

func TestAFeverCaseBecomesAnObservation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := w.feverOf("wang")
	w.reported(path)
	closing := fields{"outcome": "observation"}
	w.do(http.MethodPost, path+"/close", w.as("medic"), closing).problem(http.StatusConflict, "wrong_state", "")
	w.setStatus(w.people["wang"], checkpoint.StatusObservation)
	w.do(http.MethodPost, path+"/close", w.as("medic"), closing).ok(http.StatusOK)
}

func TestAFeverCaseIsClosedThoughTheGatewayDiedInBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	office := w.server.office
	path := w.feverOf("wang")
	id, err := checkpoint.ParseFeverID(strings.TrimPrefix(path, "/v1/fevers/"))
	w.must(err)
	// The procedure is closed, the case is not: what is left when the second step was
	// never taken.
	_, err = w.store.TurnMatter(t.Context(), "fever", checkpoint.MatterID(id), 0, "", func(m *checkpoint.Matter) error {
		m.State, m.ClosedAt = "closed", w.store.Now()
		return m.Put(map[string]string{"o": "false_reading", "b": "medic"})
	})
	w.must(err)
	w.answers(w.measure("E2", w.people["wang"], 36.5), "deny", "fever", "hold_here", "fever_case")
	w.must(office.SettleFevers(t.Context()))
	w.clock.Advance(time.Minute)
	w.answers(w.measure("E2", w.people["wang"], 36.5), "pass", "ok", "admit")
	fever, err := w.store.Fever(t.Context(), id)
	w.must(err)
	if fever.Outcome != checkpoint.FeverFalseReading || fever.ClosedBy != "medic" {
		t.Errorf("the case is %+v", fever)
	}
}

// swapped is a code with another last but one letter: what is in the last one does not
// all count.
func swapped(code string) string {
	i, letter := len(code)-2, "A"
	if code[i] == 'A' {
		letter = "B"
	}
	return code[:i] + letter + code[i+1:]
}

func TestAHospitalGivesItsResultByACodeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).behindProxy()
	doc := contract(t)
	path := w.feverOf("wang")
	w.handedOver(path)
	link := func() string {
		got := w.do(http.MethodPost, path+"/hospital-link", w.as("medic"), nil)
		got.ok(http.StatusOK).conforms(doc, "POST", "/v1/fevers/{id}/hospital-link")
		return got.json()["code"].(string)
	}
	send := func(code, result string) answer {
		return w.do(http.MethodPost, "/v1/hospital/result", "", fields{"code": code, "result": result, "doctor": "刘医生"})
	}
	old := link()
	code := link()
	send(old, "negative").problem(http.StatusForbidden, "code_used", "")                                // voided by the newer one
	send(swapped(code), "negative").problem(http.StatusForbidden, "code_used", "")                      // guessed
	send("PGF1-NOTACODE", "negative").problem(http.StatusForbidden, "code_used", "")                    // none at all
	send(code, "better").problem(http.StatusUnprocessableEntity, "invalid", "result")                   // the code is still good
	dictated := strings.ToLower(" " + strings.Replace(code, "-", " ", 1)[:12] + " " + code[12:] + "\n") // as the page of a fever case spells it
	send(dictated, "negative").ok(http.StatusOK).conforms(doc, "POST", "/v1/hospital/result")
	send(code, "negative").ok(http.StatusOK) // the answer was lost: sent again
	send(code, "positive").problem(http.StatusForbidden, "code_used", "")
	p := w.procedure(path)
	results := list(p, "screenings")
	if len(results) != 1 || results[0].(map[string]any)["by"] != "hospital" || results[0].(map[string]any)["doctor"] != "刘医生" || p["link_until"] != nil {
		t.Errorf("the procedure is %v", p)
	}

	t.Log("too old; the form")
	other := w.feverOf("li")
	w.handedOver(other)
	path = other
	code = link()
	form := func(code string) answer {
		body := url.Values{"code": {code}, "result": {"inconclusive"}, "doctor": {"<b>刘</b>"}}.Encode()
		return w.do(http.MethodPost, "/hospital", "", body, "Content-Type", "application/x-www-form-urlencoded")
	}
	page := w.do(http.MethodGet, "/hospital", "", nil).ok(http.StatusOK)
	if !strings.Contains(string(page.body), "<form") || !strings.Contains(page.header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("the form is %.200s", page.body)
	}
	if got := string(form("PGF1-WRONG").ok(http.StatusForbidden).body); !strings.Contains(got, "代码不正确") || strings.Contains(got, "<b>刘") {
		t.Errorf("a wrong code is answered with %.600s", got)
	}
	if got := string(form(code).ok(http.StatusOK).body); !strings.Contains(got, "已登记") {
		t.Errorf("the form is answered with %.300s", got)
	}
	code = link()
	w.clock.Advance(48 * time.Hour)
	send(code, "negative").problem(http.StatusForbidden, "code_used", "")
	if strings.Contains(w.logs.String(), code[5:]) {
		t.Error("a code is in the logs")
	}

	t.Log("a flood from one address shuts out nobody else")
	from := func(address, code string) answer {
		in := fields{"code": code, "result": "negative", "doctor": "刘医生"}
		return w.do(http.MethodPost, "/v1/hospital/result", "", in, "X-Forwarded-For", address)
	}
	code = link()
	for range triesAMinute {
		w.must(w.server.doorstep.admit("198.51.100.1", w.server.now()))
	}
	from("198.51.100.1", code).problem(http.StatusTooManyRequests, "too_many", "")
	from("198.51.100.2", code).ok(http.StatusOK)
}
