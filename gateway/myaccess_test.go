package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// aboutMember are the questions about one person.
var aboutMember = map[string]func(id string) (method, path string, body any){
	"passes": func(id string) (string, string, any) { return http.MethodPost, "passes", fields{"resident": id} },
	"history": func(id string) (string, string, any) {
		return http.MethodGet, "history?resident=" + id, nil
	},
	"readers": func(id string) (string, string, any) {
		return http.MethodGet, "readers?resident=" + id, nil
	},
}

// Another household's people, visitors, people who are not, and those who were
// members once all look the same.
func TestPhonesReachTheirOwnHouseholdOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	phone := w.phone(wang)
	neighbor, gone := w.enrol("赵邻居", "V1", "1-102"), w.enrol("王奶奶", "V1", "1-101")
	w.must(w.store.SetStatus(t.Context(), gone, checkpoint.StatusGone))
	erased := w.enrol("王爷爷", "V1", "1-101")
	w.must(w.store.Erase(t.Context(), erased, "enroller"))
	for what, ask := range aboutMember {
		method, path, body := ask(hexID(wang))
		w.my(phone, method, path, body).ok(http.StatusOK)
		refusals := map[string]bool{}
		for _, id := range []uint64{neighbor, w.people["li"], gone, erased, wang ^ 1, 1} {
			method, path, body := ask(hexID(id))
			got := w.my(phone, method, path, body)
			got.problem(http.StatusForbidden, "out_of_scope", "")
			refusals[string(got.body)] = true
		}
		if len(refusals) != 1 {
			t.Errorf("%s: %d different refusals", what, len(refusals))
		}
		for _, id := range []string{"", "x", strings.ToUpper(hexID(wang)) + "0"} {
			method, path, body := ask(id)
			w.my(phone, method, path, body).problem(http.StatusUnprocessableEntity, "invalid", "resident")
		}
	}
	other := w.my(w.phone(neighbor), http.MethodGet, "household", nil).ok(http.StatusOK).json()
	theirs := other["phones"].([]any)[0].(map[string]any)["id"].(string)
	w.my(phone, http.MethodDelete, "phones/"+theirs, nil).problem(http.StatusNotFound, "not_found", "")
}

func TestPhonesAreNeitherStaffNorDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone := w.phone(w.people["wang"])
	for _, forged := range []string{
		phone[:len(phone)-1], phone + "A", strings.ToUpper(phone), phonePrefix + strings.Repeat("A", phoneChars),
		phonePrefix, devicePrefix + phone[len(phonePrefix):], phone[:len(phone)-1] + "!",
	} {
		w.my(forged, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	}
	w.do(http.MethodGet, "/v1/me", phone, nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPost, "/v1/scans", phone, w.newScan(w.people["wang"])).problem(http.StatusForbidden, "forbidden", "")
	w.my(w.as("admin"), http.MethodGet, "household", nil).problem(http.StatusForbidden, "forbidden", "")
	w.my(w.deviceToken("D1"), http.MethodGet, "household", nil).problem(http.StatusForbidden, "forbidden", "")
	// Much is taken from nobody who is not known without asking.
	w.do(http.MethodPost, "/v1/scans/batch", phone, strings.Repeat(" ", smallBody+1)).problem(http.StatusRequestEntityTooLarge, "too_large", "")
}

// A phone that was stolen is signed out from another one, or by the community.
func TestStolenPhoneIsSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	stolen, kept := w.phone(wang), w.phone(wang)
	other := w.another() // at once at every gateway
	for _, p := range w.my(kept, http.MethodGet, "household", nil).ok(http.StatusOK).json()["phones"].([]any) {
		if p := p.(map[string]any); p["this"] != true {
			w.my(kept, http.MethodDelete, "phones/"+p["id"].(string), nil).ok(http.StatusNoContent)
		}
	}
	other.my(stolen, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	other.my(kept, http.MethodGet, "household", nil).ok(http.StatusOK)

	renew := "/v1/residents/" + hexID(wang) + "/activation/renew"
	old, tail := w.code(wang), w.tail(wang)
	w.do(http.MethodPost, renew, w.as("enroller-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	answer := w.do(http.MethodPost, renew, w.as("enroller"), nil).ok(http.StatusOK)
	answer.conforms(contract(t), http.MethodPost, "/v1/residents/{id}/activation/renew")
	if got := answer.json(); got["phones_ended"] != 1.0 || got["code"] == old || got["code"] != w.code(wang) {
		t.Errorf("renewed: %v", got)
	}
	w.my(kept, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.do(http.MethodPost, "/v1/activate", "", fields{"code": old, "tail": tail}).problem(http.StatusForbidden, "wrong_code", "")
	w.my(w.phone(wang), http.MethodGet, "household", nil).ok(http.StatusOK)
}

// Whoever moved away has no phone of the household any more, nor its code.
func TestFormerResidentsPhoneIsSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	son := w.enrol("王小小", "V1", "1-101")
	sons, fathers, code := w.phone(son), w.phone(w.people["wang"]), w.code(son)
	w.do(http.MethodPut, "/v1/residents/"+hexID(son)+"/status", w.as("medic"), fields{"status": "gone", "ground": "moved_away"}).ok(http.StatusOK)
	w.my(sons, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	for _, member := range []uint64{son, w.people["wang"]} {
		w.do(http.MethodPost, "/v1/activate", "", fields{"code": code, "tail": w.tail(member)}).problem(http.StatusForbidden, "wrong_code", "")
	}
	home := w.my(fathers, http.MethodGet, "household", nil).ok(http.StatusOK).json()
	if members := home["members"].([]any); len(members) != 1 {
		t.Errorf("members %v", members)
	}
}

// A token of a phone tells nobody whose it is, and Redis has none.
func TestPhoneTokensAreSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone := w.phone(w.people["wang"])
	w.my(phone, http.MethodGet, "household", nil).ok(http.StatusOK)
	if logs := w.logs.String(); strings.Contains(logs, phone) || strings.Contains(logs, phone[len(phonePrefix):]) {
		t.Error("the log has the token")
	}
	got := w.do(http.MethodGet, "/v1/my/household?access_token="+phone, "", nil)
	got.problem(http.StatusUnauthorized, "unauthorized", "")
}

func TestResidentsSeeWhoHasReadThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	phone := w.phone(wang)
	path := "/v1/residents/" + hexID(wang)
	who, err := w.store.Resident(t.Context(), wang)
	w.must(err)
	w.do(http.MethodGet, path, w.as("enroller"), nil).ok(http.StatusOK)
	w.clock.Advance(time.Second)
	w.do(http.MethodGet, path+"/trajectory", w.as("tracer"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, path+"/trajectory", w.as("tracer-a2"), nil).ok(http.StatusForbidden) // has read nothing
	w.do(http.MethodGet, "/v1/residents/"+hexID(w.people["li"]), w.as("enroller"), nil).ok(http.StatusOK)
	w.clock.Advance(time.Second)
	w.do(http.MethodPost, "/v1/residents/search", w.as("grid"), fields{"id_number": who.IDNumber}).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/residents?site=V1", w.as("enroller"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/residents?site=V2", w.as("enroller"), nil).ok(http.StatusOK)
	w.my(phone, http.MethodGet, "household", nil).ok(http.StatusOK) // oneself is not among them
	answer := w.my(phone, http.MethodGet, "readers?resident="+hexID(wang), nil).ok(http.StatusOK)
	answer.conforms(contract(t), http.MethodGet, "/v1/my/readers")
	reads := answer.json()["reads"].([]any)
	want := []string{"导出本场所居民名册，或查看本户成员", "按证件号、电话或姓名查找", "查询活动轨迹", "查看登记信息"}
	if len(reads) != len(want) {
		t.Fatalf("%d reads: %s", len(reads), answer.body)
	}
	for i, r := range reads {
		r := r.(map[string]any)
		if r["what"].(map[string]any)["zh"] != want[i] || r["office"] != "许商街道" || r["role_text"].(map[string]any)["zh"] == "" {
			t.Errorf("read %d: %v", i, r)
		}
	}
	if traced := reads[2].(map[string]any); traced["ground"].(map[string]any)["en"] != "For an epidemiological case" || traced["role"] != "tracer" {
		t.Errorf("traced: %v", traced)
	}
	for _, word := range []string{"核实行程", w.kase + `"`, "某某", hexID(w.people["li"])} { // reason, case, staff, others
		if strings.Contains(string(answer.body), word) {
			t.Errorf("the answer has %q", word)
		}
	}
	for _, r := range w.auditOf(t) {
		if strings.HasPrefix(r.Action, "GET /v1/my") || strings.HasPrefix(r.Action, "POST /v1/my") {
			t.Errorf("a resident is in the audit of staff: %v", r.Action)
		}
	}
}

// auditOf is the whole audit.
func (w *world) auditOf(t *testing.T) (entries []checkpoint.AuditEntry) {
	t.Helper()
	w.must(w.store.AuditRecords(t.Context(), 1, 1<<40, func(e *checkpoint.AuditRecord) error {
		entries = append(entries, e.AuditEntry)
		return nil
	}))
	return entries
}

// Every route by which staff read or change one person has words of its own.
func TestWhatStaffDidHasWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	served := map[string]bool{}
	for _, r := range w.server.routes() {
		served[r.method+" "+r.path] = true
		name := r.method + " " + r.path
		if strings.HasPrefix(r.path, "/v1/residents/:id") && r.reads != nothing && r.path != "/v1/residents/:id/erase" && actionTexts[name] == (textView{}) {
			t.Errorf("%s has no words", name)
		}
	}
	for name := range actionTexts {
		if !served[name] {
			t.Errorf("%s is no route", name)
		}
	}
	for _, role := range append(everyRole(), checkpoint.RoleAdmin) {
		if text := roleTexts[role]; text.ZH == "" || text.EN == "" {
			t.Errorf("the role %s has no words", role)
		}
	}
}
