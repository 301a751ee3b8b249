package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// decide decides about somebody as a member of staff, for a day where an end is
// possible.
func (w *world) decide(login string, person uint64, status, ground string) answer {
	w.t.Helper()
	in := fields{"status": status, "ground": ground, "evidence": "2 月 9 日与确诊者同乘"}
	if status != "green" {
		in["until"] = utcTime(w.clock.Now().Add(24 * time.Hour).UnixMilli())
	}
	if status != "red" {
		return w.do(http.MethodPut, personPath(person, "/status"), w.as(login), in).ok(http.StatusOK)
	}
	in["case"] = w.kase
	return w.approved(w.do(http.MethodPut, personPath(person, "/status"), w.as(login), in).ok(http.StatusAccepted))
}

// approved has the leader approve what was proposed.
func (w *world) approved(proposed answer) answer {
	w.t.Helper()
	id := object(proposed.json(), "proposal")["id"].(string)
	return w.do(http.MethodPost, "/v1/status-proposals/"+id+"/approve", w.as("leader"), fields{}).ok(http.StatusOK)
}

// member is how a household sees one of its members on a phone.
func (w *world) member(phone string, person uint64) fields {
	w.t.Helper()
	answer := w.my(phone, http.MethodGet, "household", nil).ok(http.StatusOK)
	answer.conforms(contract(w.t), http.MethodGet, "/v1/my/household")
	for _, m := range answer.json()["members"].([]any) {
		if m := m.(map[string]any); m["id"] == hexID(person) {
			return m
		}
	}
	w.t.Fatalf("%s is no member: %s", hexID(person), answer.body)
	return nil
}

func contestOf(person uint64, id, text string) fields {
	return fields{"id": id, "resident": hexID(person), "text": text}
}

func (w *world) readingOf(person uint64, id string, temperature float64) fields {
	return fields{"id": id, "resident": hexID(person), "at": utcTime(w.clock.Now().UnixMilli()), "temperature": temperature, "symptoms": []string{"cough"}}
}

func TestAPersonIsToldWhyAndByWhichOffice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	phone := w.phone(wang)
	got := w.decide("medic", wang, "quarantine", "close_contact")
	got.conforms(contract(t), http.MethodPut, "/v1/residents/{id}/status")
	if set := got.json(); set["by"] != "medic" || set["by_office"] != "许商街道" || set["until"] != "2020-02-12T04:00:00.000Z" || set["evidence"] == nil {
		t.Errorf("decided %v", set)
	}
	m := w.member(phone, wang)
	if m["ground"] != "close_contact" || fmt.Sprint(m["ground_text"]) != "map[en:Close contact of a case zh:密切接触者]" ||
		m["since"] != "2020-02-11T04:00:00.000Z" || m["until"] != "2020-02-12T04:00:00.000Z" || m["by_office"] != "许商街道" {
		t.Errorf("told %v", m)
	}
	if text := fmt.Sprint(m); strings.Contains(text, "同乘") || strings.Contains(text, "medic") {
		t.Errorf("the household is told author or evidence: %s", text)
	}
	if o := fmt.Sprint(m["observed"]); o != "map[from:2020-02-11T04:00:00.000Z readings_due:[am] report:<nil> report_due:false today:[] until:2020-02-12T04:00:00.000Z]" {
		t.Errorf("observed %s", o)
	}
	file := w.do(http.MethodGet, personPath(wang, ""), w.as("medic"), nil).ok(http.StatusOK)
	file.conforms(contract(t), http.MethodGet, "/v1/residents/{id}")
	if d := file.json()["decisions"].([]any); len(d) != 1 || d[0].(map[string]any)["evidence"] != "2 月 9 日与确诊者同乘" {
		t.Errorf("decisions %v", d)
	}
	if text := string(w.do(http.MethodGet, personPath(wang, ""), w.as("grid"), nil).ok(http.StatusOK).body); strings.Contains(text, "同乘") {
		t.Errorf("a grid member reads the evidence: %s", text)
	}
	w.do(http.MethodPut, personPath(wang, "/status"), w.as("medic"), fields{"status": "red", "ground": "positive_test"}).
		problem(http.StatusUnprocessableEntity, "invalid", "until")
	w.clock.Advance(24 * time.Hour)
	if _, err := w.store.LapseStatuses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m = w.member(phone, wang); m["status"] != "yellow" || m["ground"] != "lapsed" || m["observed"] != nil {
		t.Errorf("when its time was over: %v", m)
	}
}

func TestAContestIsAnsweredWithinTwoDaysByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, wang := contract(t), w.people["wang"]
	phone := w.phone(wang)
	w.my(phone, http.MethodPost, "contests", contestOf(wang, "contest-1", "我没坐过那趟车")).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	w.decide("medic", wang, "quarantine", "close_contact")
	opened := w.my(phone, http.MethodPost, "contests", contestOf(wang, "contest-1", "我没坐过那趟车")).ok(http.StatusOK)
	opened.conforms(doc, http.MethodPost, "/v1/my/contests")
	again := w.my(phone, http.MethodPost, "contests", contestOf(wang, "contest-1", "我没坐过那趟车")).ok(http.StatusOK)
	if string(opened.body) != string(again.body) || opened.json()["due_at"] != "2020-02-13T04:00:00.000Z" {
		t.Errorf("opened %s, again %s", opened.body, again.body)
	}
	w.my(phone, http.MethodPost, "contests", contestOf(wang, "contest-1", "别的话")).problem(http.StatusConflict, "other_content", "")
	w.my(phone, http.MethodPost, "contests", contestOf(wang, "contest-2", "别的话")).problem(http.StatusConflict, "contest_open", "")

	alerts := func() []any {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/alerts", w.as("leader"), nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/alerts")
		return got.json()["contests"].([]any)
	}
	if n := len(alerts()); n != 0 {
		t.Errorf("%d contests are overdue at once", n)
	}
	w.clock.Advance(48 * time.Hour)
	if n := len(alerts()); n != 1 {
		t.Errorf("%d contests are overdue after 48 hours", n)
	}
	list := w.do(http.MethodGet, "/v1/contests", w.as("leader"), nil).ok(http.StatusOK)
	list.conforms(doc, http.MethodGet, "/v1/contests")
	first := list.json()["contests"].([]any)[0].(map[string]any)
	if first["overdue"] != true || first["about"].(map[string]any)["by"] != "medic" || first["person"].(map[string]any)["name"] != "王小明" {
		t.Errorf("listed %v", first)
	}
	if n := len(w.do(http.MethodGet, "/v1/contests", w.as("leader-a2"), nil).ok(http.StatusOK).json()["contests"].([]any)); n != 0 {
		t.Errorf("another part of the grid has it in its list")
	}
	path := "/v1/contests/" + first["id"].(string) + "/answer"
	upheld := fields{"state": "upheld", "answer": "同乘名单在案"}
	w.do(http.MethodPost, path, w.as("leader-a2"), upheld).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, path, w.as("medic"), upheld).problem(http.StatusForbidden, "same_person", "")
	w.do(http.MethodPost, path, w.as("leader"), fields{"state": "changed", "answer": "已更正"}).problem(http.StatusUnprocessableEntity, "invalid", "state")
	w.decide("medic", wang, "green", "correction")
	w.do(http.MethodPost, path, w.as("leader"), fields{"state": "changed", "answer": "查实不是本人,已更正"}).ok(http.StatusOK).
		conforms(doc, http.MethodPost, "/v1/contests/{id}/answer")
	w.do(http.MethodPost, path, w.as("leader"), upheld).problem(http.StatusConflict, "other_content", "")
	if n := len(alerts()); n != 0 {
		t.Errorf("%d contests are overdue after the answer", n)
	}
	m := w.member(phone, wang)
	if k := m["contest"].(map[string]any); m["status"] != "green" || k["state"] != "changed" || k["answer"] != "查实不是本人,已更正" {
		t.Errorf("told %v", m)
	}
	reads := string(w.my(phone, http.MethodGet, "readers?resident="+hexID(wang), nil).ok(http.StatusOK).body)
	if !strings.Contains(reads, "答复申诉") {
		t.Errorf("who answered has read it, and %s", reads)
	}
}

func TestFeverInADiaryReachesGridMembersAndMedics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, wang := contract(t), w.people["wang"]
	w.change(func(d *checkpoint.Draft) error {
		node, _ := d.Grid("A1")
		office := *node
		office.Phone = "0531-84880000"
		return d.PutGridNode(office)
	})
	phone := w.phone(wang)
	w.my(phone, http.MethodPost, "readings", w.readingOf(wang, "reading-1", 36.5)).problem(http.StatusConflict, "not_observed", "")
	w.decide("medic", wang, "observation", "returned_from_risk_area")
	normal := w.my(phone, http.MethodPost, "readings", w.readingOf(wang, "reading-1", 36.5)).ok(http.StatusOK)
	normal.conforms(doc, http.MethodPost, "/v1/my/readings")
	if r := normal.json(); r["fever"] != false || r["slot"] != "am" || r["by"] != "household" {
		t.Errorf("written %v", r)
	}
	if due := fmt.Sprint(w.member(phone, wang)["observed"].(map[string]any)["readings_due"]); due != "[]" {
		t.Errorf("due %s after the reading", due)
	}
	w.clock.Advance(3 * time.Hour)
	high := w.my(phone, http.MethodPost, "readings", w.readingOf(wang, "reading-2", 38.2)).ok(http.StatusOK).json()
	advice := high["advice"].(map[string]any)
	if high["fever"] != true || high["slot"] != "pm" || !strings.Contains(advice["zh"].(string), "0531-84880000") || !strings.Contains(advice["en"].(string), "0531-84880000") {
		t.Errorf("fever: %v", high)
	}
	for _, login := range []string{"grid", "medic", "leader"} {
		got := w.do(http.MethodGet, "/v1/readings/fevers", w.as(login), nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/readings/fevers")
		list := got.json()["readings"].([]any)
		if len(list) != 1 || list[0].(map[string]any)["person"].(map[string]any)["door"] != "1-101" {
			t.Errorf("%s sees %v", login, list)
		}
	}
	if n := len(w.do(http.MethodGet, "/v1/alerts", w.as("medic"), nil).ok(http.StatusOK).json()["readings"].([]any)); n != 1 {
		t.Errorf("%d alerts of fever", n)
	}
	if n := len(w.do(http.MethodGet, "/v1/readings/fevers", w.as("leader-a2"), nil).ok(http.StatusOK).json()["readings"].([]any)); n != 0 {
		t.Errorf("another part of the grid sees it")
	}

	t.Log("a grid member writes for who has no phone, and sees what is missing")
	w.clock.Advance(24 * time.Hour)
	w.decide("medic", wang, "observation", "returned_from_risk_area") // goes on
	path := personPath(wang, "/readings")
	taken := w.readingOf(wang, "reading-3", 36.6).with(fields{"resident": nil})
	written := w.do(http.MethodPost, path, w.as("grid"), taken).ok(http.StatusOK)
	written.conforms(doc, http.MethodPost, "/v1/residents/{id}/readings")
	if written.json()["by"] != "staff" {
		t.Errorf("written %s", written.body)
	}
	diary := w.do(http.MethodGet, path, w.as("grid"), nil).ok(http.StatusOK)
	diary.conforms(doc, http.MethodGet, "/v1/residents/{id}/readings")
	if n := len(diary.json()["readings"].([]any)); n != 3 {
		t.Errorf("%d readings", n)
	}
	days := fmt.Sprint(diary.json()["days"])
	if days != "[map[day:2020-02-11 due:[] missed:[] taken:[am pm]] map[day:2020-02-12 due:[] missed:[am] taken:[pm]]]" {
		t.Errorf("days %s", days)
	}
	own := w.my(phone, http.MethodGet, "readings?resident="+hexID(wang), nil).ok(http.StatusOK)
	own.conforms(doc, http.MethodGet, "/v1/my/readings")
	if len(own.json()["readings"].([]any)) != 3 {
		t.Errorf("own diary %s", own.body)
	}
}

func TestARequestGoesFromTheHouseholdToTheGridMemberAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, wang := contract(t), w.people["wang"]
	phone := w.phone(wang)
	ask := fields{"id": "request-1", "resident": hexID(wang), "kind": "medicine", "text": "降压药"}
	opened := w.my(phone, http.MethodPost, "requests", ask).ok(http.StatusOK)
	opened.conforms(doc, http.MethodPost, "/v1/my/requests")
	if again := w.my(phone, http.MethodPost, "requests", ask); string(again.body) != string(opened.body) {
		t.Errorf("sent again: %s", again.body)
	}
	w.my(phone, http.MethodPost, "requests", ask.with(fields{"id": "request-2", "kind": "gold"})).problem(http.StatusUnprocessableEntity, "invalid", "kind")
	list := w.do(http.MethodGet, "/v1/requests", w.as("grid"), nil).ok(http.StatusOK)
	list.conforms(doc, http.MethodGet, "/v1/requests")
	first := list.json()["requests"].([]any)[0].(map[string]any)
	if first["person"].(map[string]any)["door"] != "1-101" || first["state"] != "open" {
		t.Errorf("listed %v", first)
	}
	path := "/v1/requests/" + first["id"].(string)
	w.do(http.MethodPost, path+"/take", w.as("leader"), fields{}).problem(http.StatusForbidden, "forbidden", "")
	taken := w.do(http.MethodPost, path+"/take", w.as("grid"), fields{}).ok(http.StatusOK)
	taken.conforms(doc, http.MethodPost, "/v1/requests/{id}/take")
	if r := taken.json(); r["state"] != "taken" || r["taken_by"] != "grid" {
		t.Errorf("taken %v", r)
	}
	w.do(http.MethodPost, path+"/done", w.as("grid"), fields{"note": "放在门口"}).ok(http.StatusOK).conforms(doc, http.MethodPost, "/v1/requests/{id}/done")
	mine := w.my(phone, http.MethodGet, "requests", nil).ok(http.StatusOK)
	mine.conforms(doc, http.MethodGet, "/v1/my/requests")
	if r := mine.json()["requests"].([]any)[0].(map[string]any); r["state"] != "done" || r["note"] != "放在门口" || r["id"] != "request-1" {
		t.Errorf("told %v", r)
	}
	for state, n := range map[string]int{"": 0, "open": 0, "taken": 0, "done": 1} {
		if got := w.do(http.MethodGet, "/v1/requests?state="+state, w.as("leader"), nil).ok(http.StatusOK).json()["requests"].([]any); len(got) != n {
			t.Errorf("state %q: %d requests, want %d", state, len(got), n)
		}
	}
	w.do(http.MethodPost, "/v1/requests/"+hexID(wang)+"-request-9/take", w.as("grid"), fields{}).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodPost, "/v1/requests/request-1/take", w.as("grid"), fields{}).problem(http.StatusUnprocessableEntity, "invalid", "id")
}
