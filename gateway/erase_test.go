package gateway

import (
	"net/http"
	"strings"
	"testing"

	"passgate/checkpoint"
)

func TestErasureIsAskedForWithAReasonAndOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.personID("li")
	path, asked := "/v1/residents/"+id+"/erase", fields{"reason": "申请书 2020-02-11"}
	w.do(http.MethodPost, path, w.as("enroller-a2"), fields{}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	w.do(http.MethodPost, personPath(w.people["wang"], "/erase"), w.as("enroller-a2"), asked).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/residents/0123456789abcdef/erase", w.as("admin"), asked).problem(http.StatusNotFound, "not_found", "")
	for _, login := range []string{"enroller-a2", "enroller-a2", "admin"} { // again by the same, who does not reach them any more
		got := w.do(http.MethodPost, path, w.as(login), asked).ok(http.StatusOK).json()
		if got["id"] != id || got["kind"] != "erased" {
			t.Errorf("%s: %v", login, got)
		}
	}
	w.do(http.MethodGet, "/v1/residents/"+id, w.as("enroller-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	left := w.do(http.MethodGet, "/v1/residents/"+id, w.as("admin"), nil).ok(http.StatusOK).json()
	if left["name"] != "" || left["id_number"] != "" || left["site"] != "" || left["kind"] != "erased" {
		t.Errorf("left: %v", left)
	}
	var outcomes []string
	w.must(w.store.AuditRecords(t.Context(), 0, 1<<62, func(e *checkpoint.AuditRecord) error {
		if strings.HasSuffix(e.Action, "/erase") && e.Subject == id && e.Actor == "enroller-a2" {
			outcomes = append(outcomes, e.Outcome+" "+e.Reason)
		}
		return nil
	}))
	want := "invalid ,erasing 申请书 2020-02-11,answered 申请书 2020-02-11,erasing 申请书 2020-02-11,answered 申请书 2020-02-11"
	if got := strings.Join(outcomes, ","); got != want {
		t.Errorf("the audit has %q, want %q", got, want)
	}
}

func TestEvidenceIsNotErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openCase(fields{"kind": "confirmed", "title": "一例", "person": w.personID("wang")})
	w.do(http.MethodPost, personPath(w.people["wang"], "/erase"), w.as("admin"), fields{"reason": "request"}).problem(http.StatusConflict, "held", "")
}
