package gateway

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// Whoever answers for a part of the town cannot tell by trying IDs, numbers and
// codes what there is in another part.
func TestWhatIsElsewhereLooksLikeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phc, err := testPHC()
	w.must(err)
	medic := checkpoint.Staff{Login: "medic-a2", Name: "某某", Role: checkpoint.RoleMedic, Grid: "A2", PasswordHash: phc}
	w.change(func(d *checkpoint.Draft) error { return d.PutStaff(medic) })
	theirs, err := w.store.OpenCase(t.Context(), checkpoint.Case{Kind: checkpoint.CaseOther, Title: "别处", Grid: "A1"}, "medic")
	w.must(err)
	shut, err := w.store.OpenCase(t.Context(), checkpoint.Case{Kind: checkpoint.CaseOther, Title: "别处", Grid: "A1"}, "medic")
	w.must(err)
	_, err = w.store.CloseCase(t.Context(), shut.Code, checkpoint.CaseExcluded, "medic")
	w.must(err)
	permit := w.do(http.MethodPost, "/v1/permits", w.as("leader"), w.newPermit()).ok(http.StatusCreated).json()
	number := fmt.Sprint(permit["number"])
	wang := checkpoint.FormatPersonID(w.people["wang"])
	for _, c := range []struct{ login, method, path, there, none string }{
		{"enroller-a2", "GET", "/v1/residents/%s", wang, "0000000000000001"},
		{"tracer-a2", "GET", "/v1/residents/%s/trajectory", wang, "0000000000000001"},
		{"tracer-a2", "GET", "/v1/residents/%s/contacts", wang, "0000000000000001"},
		{"enroller-a2", "POST", "/v1/residents/%s/passes", wang, "0000000000000001"},
		{"enroller-a2", "POST", "/v1/residents/%s/erase", wang, "0000000000000001"},
		{"medic-a2", "PUT", "/v1/residents/%s/status", wang, "0000000000000001"},
		{"tracer-a2", "GET", "/v1/cases/%s", theirs.Code, "C-9999"},
		{"tracer-a2", "POST", "/v1/cases/%s/lifts", theirs.Code, "C-9999"},
		{"leader-a2", "GET", "/v1/permits/%s", number, "999999"},
		{"leader-a2", "POST", "/v1/permits/%s/withdraw", number, "999999"},
		{"tracer-a2", "GET", "/v1/gates/%s/events", "G1", "G999"},
		{"tracer-a2", "GET", "/v1/sites/%s/inside/people", "V1", "V999"},
		{"leader-a2", "POST", "/v1/staff/%s/badge", "tracer", "nobody"},
		{"leader-a2", "DELETE", "/v1/devices/%s", "D1", "D999"},
	} {
		body := any(fields{"reason": "核实情况", "hops": 2, "people": 9, "days": 9, "kind": "app"})
		if c.method == http.MethodGet {
			body = nil
		}
		there := w.do(c.method, fmt.Sprintf(c.path, c.there), w.as(c.login), body)
		none := w.do(c.method, fmt.Sprintf(c.path, c.none), w.as(c.login), body)
		if there.status < 400 || there.status != none.status || !bytes.Equal(there.body, none.body) {
			t.Errorf("%s %s: %d %s\nand for what is not there: %d %s", c.login, c.path, there.status, there.body, none.status, none.body)
		}
	}
	trajectory := personPath(w.people["li"], "/trajectory")
	ask := func(kase string) answer {
		return w.do(http.MethodGet, trajectory, w.as("tracer-a2"), nil, headerCase, kase)
	}
	for _, kase := range []string{theirs.Code, shut.Code} {
		if there, none := ask(kase), ask("C-9999"); there.status != none.status || !bytes.Equal(there.body, none.body) {
			t.Errorf("under case %s: %d %s\nand under none: %d %s", kase, there.status, there.body, none.status, none.body)
		}
	}
	ask(w.kase).ok(http.StatusOK)
}

// A stolen phone must not find out by trying documents who lives here.
func TestDocumentsAreNotTriedAtAGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := newDocument()
	w.enrolWith(checkpoint.NewResident{Name: "赵六", IDNumber: document, Site: "V1", Door: "3-1"})
	by := func(number string) fields {
		return w.newScan(0).with(fields{"resident": nil, "id_document": number})
	}
	for range unknownsAMinute {
		w.scan("D1", by(newDocument())).decided("deny", "unknown_person")
	}
	w.scan("D1", by(newDocument())).problem(http.StatusTooManyRequests, "too_many", "")
	if got := w.batch("D1", by(newDocument())).results()[0]; got["result"] != nil {
		t.Errorf("in a batch: %v", got)
	}
	annul := fields{"id": "annul-0001", "scan": "scan-none-1", "occurred_at": utcTime(w.clock.Now().UnixMilli()), "annulled_at": utcTime(w.clock.Now().UnixMilli())}
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("D1"), annul.with(fields{"id_document": newDocument()})).problem(http.StatusTooManyRequests, "too_many", "")
	known := w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E1"), annul.with(fields{"id_document": document}))
	unknown := w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("E1"), annul.with(fields{"id_document": newDocument()}))
	if known.status != unknown.status || !bytes.Equal(known.body, unknown.body) {
		t.Errorf("taking back tells who is known: %d %s, %d %s", known.status, known.body, unknown.status, unknown.body)
	}

	w.scan("D1", by(document)).decided("pass", "ok") // whoever lives here comes in
	w.scan("D1", by(newDocument()).with(fields{"override": fields{"reason": "fire"}})).ok(http.StatusOK)
	w.scan("E1", by(newDocument())).decided("deny", "unknown_person")
	w.clock.Advance(time.Minute)
	w.scan("D1", by(newDocument())).decided("deny", "unknown_person")
}

// Staff cannot find out without a trace, nor by the thousand, who lives elsewhere.
func TestTryingDocumentsLeavesATrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := newDocument()
	w.enrolWith(checkpoint.NewResident{Name: "赵六", IDNumber: document, Site: "V1", Door: "3-1"})
	enroller := w.as("enroller-a2")
	row := fields{"name": "某人", "id_number": document, "site": "V2", "door": "1-1"}
	for name, bad := range map[string]fields{"name": {"name": "\x01"}, "phone": {"phone": "12"}, "door": {"door": strings.Repeat("x", 500)}} {
		known := w.do(http.MethodPost, "/v1/residents", enroller, row.with(bad))
		unknown := w.do(http.MethodPost, "/v1/residents", enroller, row.with(bad).with(fields{"id_number": newDocument()}))
		if known.status != http.StatusUnprocessableEntity || !bytes.Equal(known.body, unknown.body) {
			t.Errorf("a row with a bad %s tells who is known: %d %s, %d %s", name, known.status, known.body, unknown.status, unknown.body)
		}
	}
	w.do(http.MethodPost, "/v1/residents", enroller, row).problem(http.StatusForbidden, "out_of_scope", "")
	entries := string(w.do(http.MethodGet, "/v1/audit?after=0", w.as("auditor"), nil).ok(http.StatusOK).body)
	if !strings.Contains(entries, `"actor":"enroller-a2","role":"enroller","action":"POST /v1/residents"`) || !strings.Contains(entries, `"outcome":"out_of_scope"`) {
		t.Errorf("the attempt is not in the audit: %s", entries)
	}

	search := func(login string) answer {
		return w.do(http.MethodPost, "/v1/residents/search", w.as(login), fields{"id_number": newDocument()})
	}
	for range searchesAMinute {
		search("grid").ok(http.StatusOK)
	}
	search("grid").problem(http.StatusTooManyRequests, "too_many", "")
	search("enroller").ok(http.StatusOK)
	rows := make([]fields, searchesAMinute)
	for i := range rows {
		rows[i] = fields{"id_document": newDocument()} // of nobody: a row is told so, as long as it is looked up
	}
	told := w.do(http.MethodPost, "/v1/enterprises/ML/staff", w.as("enroller"), fields{"people": rows}).ok(http.StatusOK).json().list("results")
	if told[searchesAMinute-2]["code"] != "invalid" || told[searchesAMinute-1]["code"] != "too_many" {
		t.Errorf("documents of an enterprise's people: %v", told[searchesAMinute-2:])
	}
}

// A device is of one gate: at all others it is nobody.
func TestDeviceSeesNothingOfOtherGates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.scan("D2", w.newScan(w.people["li"])).decided("pass", "ok")
	for _, path := range []string{"/v1/gates/G2/events", "/v1/gates/G2/refusals", "/v1/gates/G2/shifts", "/v1/sites/V2/inside", "/v1/permits?site=V2"} {
		w.do(http.MethodGet, path, w.deviceToken("D1"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	}
	for _, path := range []string{
		personPath(w.people["li"], ""), personPath(w.people["li"], "/trajectory"), "/v1/cases", "/v1/fevers", "/v1/alerts", "/v1/audit", "/v1/staff", "/v1/residents?site=V2",
	} {
		w.do(http.MethodGet, path, w.deviceToken("D1"), nil).problem(http.StatusForbidden, "forbidden", "")
	}
}

// Whoever can make accounts could be two persons. The audit tells.
func TestWhoGivesPowersIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := fields{"login": "second", "name": "某某", "role": "leader", "grid": "", "password": "another long password"}
	w.do(http.MethodPut, "/v1/staff/second", w.as("admin"), second).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/staff/second/badge", w.as("leader"), nil).ok(http.StatusCreated)
	made := w.do(http.MethodPost, "/v1/devices", w.as("leader"), fields{"gate": "G1", "lane": "一"}).ok(http.StatusCreated).json()
	code, _ := made["code"].(string)
	w.do(http.MethodDelete, "/v1/devices/"+code, w.as("leader"), nil).ok(http.StatusNoContent)
	entries := string(w.do(http.MethodGet, "/v1/audit?after=0", w.as("auditor"), nil).ok(http.StatusOK).body)
	for action, subject := range map[string]string{
		"PUT /v1/staff/:login": "second", "POST /v1/staff/:login/badge": "second", "POST /v1/devices": code, "DELETE /v1/devices/:code": code,
	} {
		if !strings.Contains(entries, `"action":"`+action+`","case":"","reason":"","subject":"`+subject+`"`) {
			t.Errorf("%s of %s is not in the audit: %s", action, subject, entries)
		}
	}
	if strings.Contains(entries, "another long password") || strings.Contains(entries, "PGE1-") || strings.Contains(entries, "PGB1-") {
		t.Error("a secret is in the audit")
	}
}

// A case of the whole town is everybody's business, but not everybody's to end,
// and whom it is about is told to those who answer for them.
func TestCaseOfTheTownIsNotForItsPartsToEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.personID("wang"), w.personID("li")
	w.do(http.MethodPost, "/v1/cases/"+w.kase+"/people", w.as("leader"), fields{"people": []string{wang, li}}).ok(http.StatusOK)
	for path, token := range map[string]string{"/v1/cases/" + w.kase: w.as("tracer-a2"), "/v1/cases": w.as("leader-a2")} {
		body := string(w.do(http.MethodGet, path, token, nil).ok(http.StatusOK).body)
		if strings.Contains(body, "王") || !strings.Contains(body, wang) || !strings.Contains(body, "李") {
			t.Errorf("%s tells a part of the town %s", path, body)
		}
	}
	if body := string(w.do(http.MethodGet, "/v1/cases/"+w.kase, w.as("tracer"), nil).ok(http.StatusOK).body); !strings.Contains(body, "王") {
		t.Errorf("who answers for the town is told %s", body)
	}
	path := "/v1/cases/" + w.kase + "/close"
	w.do(http.MethodPost, path, w.as("leader-a2"), fields{"outcome": "mistaken"}).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, path, w.as("leader"), fields{"outcome": "mistaken"}).ok(http.StatusOK)
}
