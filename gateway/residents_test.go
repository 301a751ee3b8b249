package gateway

import (
	"net/http"
	"strings"
	"testing"

	"passgate/checkpoint"
)

// personPath is the path of a person's routes.
func personPath(id uint64, rest string) string {
	return "/v1/residents/" + checkpoint.FormatPersonID(id) + rest
}

func TestPersonIsEnrolledReadAndFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := newDocument()
	person := fields{"name": "欧阳小明", "id_number": document, "phone": "138 0013 8000", "site": "V2", "door": "3-2-501"}
	made := w.do(http.MethodPost, "/v1/residents", w.as("enroller-a2"), person).ok(http.StatusCreated).json()
	id, _ := made["id"].(string)
	if made["created"] != true || made["changed"] != false || len(id) != 16 {
		t.Fatalf("enrolled: %v", made)
	}
	again := w.do(http.MethodPost, "/v1/residents", w.as("enroller-a2"), person).ok(http.StatusOK).json()
	if again["id"] != id || again["created"] != false || again["changed"] != false {
		t.Errorf("enrolled again: %v", again)
	}
	again = w.do(http.MethodPost, "/v1/residents", w.as("enroller"), person.with(fields{"phone": "13900139000"})).ok(http.StatusOK).json()
	if again["id"] != id || again["changed"] != true {
		t.Errorf("enrolled with another phone: %v", again)
	}

	read := w.do(http.MethodGet, "/v1/residents/"+id, w.as("enroller"), nil).ok(http.StatusOK)
	for member, want := range map[string]any{
		"id": id, "kind": "resident", "name": "欧阳小明", "id_number": document, "phone": "13900139000", "site": "V2",
		"door": "3-2-501", "grid": "V2C", "status": "green", "generation": 0.0, "created_at": "2020-02-11T04:00:00.000Z",
	} {
		if got := read.json()[member]; got != want {
			t.Errorf("%s is %v, want %v", member, got, want)
		}
	}
	if cache := read.header.Get("Cache-Control"); cache != "no-store" {
		t.Errorf("Cache-Control of a person: %q", cache)
	}
	masked := strings.Repeat("*", 14) + document[14:]
	for _, role := range []string{"grid", "medic"} {
		if got := w.do(http.MethodGet, "/v1/residents/"+id, w.as(role), nil).ok(http.StatusOK).json()["id_number"]; got != masked {
			t.Errorf("%s sees the number as %v", role, got)
		}
	}

	for _, search := range []fields{{"id_number": strings.ToLower(document)}, {"phone": "+8613900139000"}} {
		got := w.do(http.MethodPost, "/v1/residents/search", w.as("tracer-a2"), search).ok(http.StatusOK)
		if ids := got.names("residents", "id"); len(ids) != 1 || ids[0] != id {
			t.Fatalf("searching %v found %v", search, ids)
		}
		if s := string(got.body); strings.Contains(s, document) || strings.Contains(s, "13900139000") || strings.Contains(s, "小明") ||
			!strings.Contains(s, masked) || !strings.Contains(s, "欧阳**") {
			t.Errorf("a search shows %s", s)
		}
	}
	if strings.Contains(w.logs.String(), document) {
		t.Error("the document is in the log")
	}
}

func TestPeopleWhoCannotBeEnrolled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	person := fields{"name": "王小明", "id_number": newDocument(), "site": "V2"}
	for field, bad := range map[string]fields{
		"name": {"name": nil}, "id_number": {"id_number": "11010519491231002Y"}, "phone": {"phone": "123"}, "site": {"site": "V9"},
		"grid": {"grid": "MLC"}, "door": {"door": strings.Repeat("x", 61)},
	} {
		w.do(http.MethodPost, "/v1/residents", w.as("admin"), person.with(bad)).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	for _, status := range []string{"red", "quarantine", "recovered"} { // that is a medic's to decide, on a ground
		w.do(http.MethodPost, "/v1/residents", w.as("admin"), person.with(fields{"status": status})).problem(http.StatusBadRequest, "unknown_field", "status")
	}
	w.do(http.MethodPost, "/v1/residents", w.as("admin"), person.with(fields{"site": "ML"})).problem(http.StatusUnprocessableEntity, "invalid", "site")
	w.do(http.MethodPost, "/v1/residents", w.as("medic"), person).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPost, "/v1/residents", w.deviceToken("D2"), person).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPost, "/v1/residents/search", w.as("enroller"), fields{"id_number": person["id_number"]}).ok(http.StatusOK)
	if got := w.do(http.MethodPost, "/v1/residents/search", w.as("enroller"), fields{"id_number": person["id_number"]}).names("residents", "id"); len(got) != 0 {
		t.Errorf("somebody who was refused is found: %v", got)
	}
}

func TestPeopleOutOfScopeAreOutOfReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a2 := w.as("enroller-a2")
	document := newDocument()
	there := fields{"name": "赵六", "id_number": document, "site": "V1", "phone": "13700137000"}
	w.do(http.MethodPost, "/v1/residents", a2, there).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/residents", w.as("enroller"), there).ok(http.StatusCreated)
	// Enrolling somebody of V1 into V2 would bring them under the caller.
	w.do(http.MethodPost, "/v1/residents", a2, there.with(fields{"site": "V2"})).problem(http.StatusForbidden, "out_of_scope", "")

	wang := w.people["wang"]
	w.do(http.MethodGet, personPath(wang, ""), a2, nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, personPath(wang, "/passes"), a2, fields{"kind": "app"}).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, personPath(wang, "/passes/revoke"), a2, fields{"reason": "lost"}).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/residents?site=V1", a2, nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/sites/V1/sheet", a2, nil).problem(http.StatusForbidden, "out_of_scope", "")
	for _, search := range []fields{{"id_number": document}, {"phone": "13700137000"}} {
		if got := w.do(http.MethodPost, "/v1/residents/search", a2, search).ok(http.StatusOK).names("residents", "id"); len(got) != 0 {
			t.Errorf("searching %v finds people out of scope: %v", search, got)
		}
	}
}

// Two people of one name are told apart, and whoever answers for a part of the town
// finds theirs only.
func TestPeopleAreFoundByNameInScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for site, who := range map[string]fields{
		"V1": {"id_number": "11010519491231002X", "door": "3-2-501"}, "V2": {"id_number": newDocument(), "door": "7"},
	} {
		w.do(http.MethodPost, "/v1/residents", w.as("enroller"), who.with(fields{"name": "欧阳小敏", "site": site})).ok(http.StatusCreated)
	}
	search := func(login string, more fields) []fields {
		got := w.do(http.MethodPost, "/v1/residents/search", w.as(login), fields{"name": " 欧阳 小敏"}.with(more)).ok(http.StatusOK)
		if text := string(got.body); strings.Contains(text, "小敏") || got.json()["more"] != false {
			t.Errorf("%s is told %s", login, text)
		}
		return got.json().list("residents")
	}
	both := search("leader", nil)
	if len(both) != 2 {
		t.Fatalf("found %v", both)
	}
	for i, want := range []map[string]any{{"site_name": "一村", "door": "3-2-501", "birth_year": 1949.0, "name_masked": "欧阳**"}, {"door": "7"}} {
		for member, value := range want {
			if got := both[i][member]; got != value {
				t.Errorf("%s is %v, want %v", member, got, value)
			}
		}
	}
	if got := search("tracer-a2", nil); len(got) != 1 || got[0]["site"] != "V2" {
		t.Errorf("a tracer of the area of V2 finds %v", got)
	}
	if got := search("enroller", fields{"site": "V1"}); len(got) != 1 || got[0]["site"] != "V1" {
		t.Errorf("at V1 there are %v", got)
	}
}

func TestReadsAndSearchesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	enroller := w.as("enroller")
	w.do(http.MethodGet, "/v1/residents/0000000000000001", enroller, nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/residents/ABC", enroller, nil).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	w.do(http.MethodGet, personPath(w.people["wang"], ""), w.as("auditor"), nil).problem(http.StatusForbidden, "forbidden", "")
	search := func(body fields) answer { return w.do(http.MethodPost, "/v1/residents/search", enroller, body) }
	search(fields{}).problem(http.StatusUnprocessableEntity, "invalid", "id_number")
	search(fields{"id_number": newDocument(), "phone": "13800138000"}).problem(http.StatusUnprocessableEntity, "invalid", "id_number")
	search(fields{"phone": "1"}).problem(http.StatusUnprocessableEntity, "invalid", "phone")
	search(fields{"name": "王*明"}).problem(http.StatusUnprocessableEntity, "invalid", "name")
	search(fields{"name": "王小明", "phone": "13800138000"}).problem(http.StatusUnprocessableEntity, "invalid", "id_number")
	search(fields{"phone": "13800138000", "site": "V1"}).problem(http.StatusUnprocessableEntity, "invalid", "site")
	search(fields{"name": "王小明", "site": "V9"}).problem(http.StatusUnprocessableEntity, "invalid", "site")
	w.do(http.MethodPost, "/v1/residents/search", w.as("auditor"), fields{"phone": "13800138000"}).problem(http.StatusForbidden, "forbidden", "")
}

func TestStatusIsInForceAtTheNextScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	path := personPath(wang, "/status")
	w.scan("E1", w.newScan(wang)).decided("pass", "ok")
	got := w.do(http.MethodPut, path, w.as("medic"), fields{"status": "quarantine", "ground": "close_contact", "until": "2020-02-25T04:00:00Z"}).ok(http.StatusOK).json()
	if got["status"] != "quarantine" || got["id"] != checkpoint.FormatPersonID(wang) {
		t.Errorf("set %v", got)
	}
	w.scan("E1", w.newScan(wang)).decided("deny", "quarantine")
	w.do(http.MethodPut, path, w.as("medic"), fields{"status": "plaid", "ground": "fever"}).problem(http.StatusUnprocessableEntity, "invalid", "status")
	w.do(http.MethodPut, path, w.as("medic"), fields{"status": "green"}).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	w.do(http.MethodPut, path, w.as("medic"), fields{"status": "green", "ground": "a whim"}).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	w.do(http.MethodPut, path, w.as("enroller"), fields{"status": "green", "ground": "recovered"}).problem(http.StatusForbidden, "forbidden", "")
	if strings.Contains(w.logs.String(), checkpoint.FormatPersonID(wang)) {
		t.Error("the person is in the log")
	}
}

func TestExportOfASiteCanBeImportedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people["周八"] = w.enrolWith(checkpoint.NewResident{Name: "周八", IDNumber: newDocument(), Site: "V2", Door: "-1-101", Phone: "13600136000"})
	got := w.do(http.MethodGet, "/v1/residents?site=V2", w.as("enroller-a2"), nil).ok(http.StatusOK)
	text := string(got.body)
	if got.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(text, "\ufeffid,name,id_number,") ||
		strings.Count(text, "\n") != 3 || !strings.Contains(text, ",'-1-101,") || strings.Contains(text, "王小明") {
		t.Errorf("exported %s", text)
	}
	back := w.do(http.MethodPost, "/v1/residents/import", w.as("enroller-a2"), text, "Content-Type", "text/csv").ok(http.StatusOK).json()
	if back["unchanged"] != 2.0 || back["created"] != 0.0 || back["changed"] != 0.0 {
		t.Errorf("imported again: %v", back)
	}
	lines := w.do(http.MethodGet, "/v1/residents?site=V2", w.as("enroller-a2"), nil, "Accept", "application/x-ndjson").ok(http.StatusOK)
	if lines.header.Get("Content-Type") != "application/x-ndjson" || strings.Count(string(lines.body), "\n") != 2 || !strings.Contains(string(lines.body), `"door":"-1-101"`) {
		t.Errorf("NDJSON: %s", lines.body)
	}
	zhou, stranger := checkpoint.FormatPersonID(w.people["周八"]), checkpoint.FormatPersonID(w.people["wang"])
	home := w.do(http.MethodGet, "/v1/residents?site=V2&resident="+zhou, w.as("enroller-a2"), nil, "Accept", "application/x-ndjson").ok(http.StatusOK)
	if strings.Count(string(home.body), "\n") != 1 || !strings.Contains(string(home.body), "周八") {
		t.Errorf("one household: %s", home.body)
	}
	w.do(http.MethodGet, "/v1/residents?site=V2&resident="+stranger, w.as("enroller-a2"), nil).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	w.do(http.MethodGet, "/v1/residents", w.as("enroller"), nil).problem(http.StatusUnprocessableEntity, "invalid", "site")
	w.do(http.MethodGet, "/v1/residents?site=V9", w.as("enroller"), nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/residents?site=V2", w.as("medic"), nil).problem(http.StatusForbidden, "forbidden", "")
}
