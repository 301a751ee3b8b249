package gateway

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// auditPage asks for a page of the audit as somebody.
func (w *world) auditPage(login, query string) (entries []fields, next string) {
	w.t.Helper()
	got := w.do(http.MethodGet, "/v1/audit"+query, w.as(login), nil).ok(http.StatusOK)
	var page struct {
		Entries []fields
		Next    string
	}
	w.must(json.Unmarshal(got.body, &page))
	return page.Entries, page.Next
}

// auditStream asks for the audit as lines and reads them strictly.
func (w *world) auditStream(login, query string) (records []checkpoint.AuditRecord) {
	w.t.Helper()
	got := w.do(http.MethodGet, "/v1/audit"+query, w.as(login), nil, "Accept", mimeNDJSON).ok(http.StatusOK)
	if got.header.Get("Content-Type") != mimeNDJSON {
		w.t.Fatalf("a %s", got.header.Get("Content-Type"))
	}
	for line := range bytes.Lines(got.body) {
		r, err := checkpoint.ParseAuditJSON(bytes.TrimSuffix(line, []byte("\n")))
		w.must(err)
		records = append(records, r)
	}
	return records
}

// ask has the tracers and a medic read about people.
func (w *world) askAround() {
	w.t.Helper()
	w.do(http.MethodGet, "/v1/residents/"+w.personID("wang")+"/trajectory", w.as("tracer"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/residents/"+w.personID("li")+"/trajectory", w.as("tracer-a2"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/residents/"+w.personID("wang")+"/trajectory", w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.clock.Advance(time.Minute)
	w.do(http.MethodGet, "/v1/residents/"+w.personID("wang"), w.as("medic"), nil).ok(http.StatusOK)
}

func TestTheAuditIsAskedByWhoWhatAndWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.askAround()
	for query, want := range map[string]int{
		"": 4, "?actor=tracer-a2": 2, "?actor=nobody": 0, "?case=" + w.kase: 3, "?subject=" + w.personID("wang"): 3, "?subject=" + w.personID("wang")[:8]: 0,
		"?action=/trajectory": 3, "?action=/trajectory&actor=tracer": 1, "?from=2020-02-11T04:00:30Z": 1, "?to=2020-02-11T04:00:30Z": 3,
		"?from=2020-02-12T00:00:00Z&to=2020-02-13T00:00:00Z": 0,
	} {
		query = strings.Replace(query+"&", "?&", "?", 1)
		query = strings.TrimSuffix(query, "&")
		got, next := w.auditPage("auditor", query)
		asked := 0 // the reads of the audit are in it, too
		for _, e := range got {
			if e["actor"] != "auditor" {
				asked++
			}
		}
		if asked != want || next != "" {
			t.Errorf("%q gives %d entries and next %q, want %d", query, asked, next, want)
		}
	}
	w.do(http.MethodGet, "/v1/audit?actor=tracer", w.as("auditor"), nil).ok(http.StatusOK).conforms(contract(t), http.MethodGet, "/v1/audit")
	first, _ := w.auditPage("auditor", "?actor=tracer")
	if e := first[0]; e["reason"] != "核实行程" || e["role"] != "tracer" || e["outcome"] != "answered" || e["subject"] != w.personID("wang") || e["at"] != "2020-02-11T04:00:00.000Z" {
		t.Errorf("entry %v", e)
	}
	refused, _ := w.auditPage("auditor", "?actor=tracer-a2&subject="+w.personID("wang"))
	if len(refused) != 1 || refused[0]["outcome"] != "out_of_scope" {
		t.Errorf("refused %v", refused)
	}
}

func TestTheAuditComesInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 7 {
		_, err := w.store.Audit(t.Context(), checkpoint.AuditEntry{Actor: "medic", Action: "GET /v1/fevers", Request: fmt.Sprint(i)})
		w.must(err)
	}
	var got []string
	query, pages := "?actor=medic&limit=3", 0
	for next := ""; ; pages++ {
		entries, after := w.auditPage("auditor", query+next)
		for _, e := range entries {
			got = append(got, e["request"].(string))
		}
		if after == "" {
			break
		}
		next = "&cursor=" + after
	}
	if strings.Join(got, "") != "0123456" || pages > 4 {
		t.Errorf("read %v in %d pages", got, pages)
	}
	for _, bad := range []struct{ query, field string }{
		{"?limit=0", "limit"},
		{"?limit=1001", "limit"},
		{"?cursor=x", "cursor"},
		{"?cursor=0", "cursor"},
		{"?after=-1", "after"},
		{"?after=x", "after"},
		{"?after=0&from=2020-02-11", "after"},
		{"?from=yesterday", "from"},
	} {
		w.do(http.MethodGet, "/v1/audit"+bad.query, w.as("auditor"), nil).problem(http.StatusUnprocessableEntity, "invalid", bad.field)
	}
}

// Who changes the rules that gates go by, or tries to, is in the audit.
func TestWhoChangesTheRulesIsInTheAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site := fields{"code": "V9", "kind": "village", "name": "九村", "grid": "V1C"}
	w.do(http.MethodPut, "/v1/sites/V9", w.as("admin"), site).ok(http.StatusOK)
	w.do(http.MethodPut, "/v1/gates/V9-g1", w.as("admin"), fields{"code": "V9-g1", "site": "V9", "name": "大门", "open": true}).ok(http.StatusOK)
	w.do(http.MethodPut, "/v1/grid/c9", w.as("admin"), fields{"id": "c9", "name": "九社区", "level": 1}).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/setup", w.as("admin"), fields{"sites": []fields{site}}).ok(http.StatusOK)
	w.do(http.MethodPut, "/v1/sites/V9", w.as("leader"), site).problem(http.StatusForbidden, "forbidden", "")
	entries, _ := w.auditPage("admin", "")
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprint(e["actor"], " ", e["action"], " ", e["subject"], " ", e["outcome"]))
	}
	want := []string{
		"admin PUT /v1/sites/:site V9 answered", "admin PUT /v1/gates/:gate V9-g1 answered", "admin PUT /v1/grid/:id c9 answered",
		"admin POST /v1/setup  answered", "leader PUT /v1/sites/:site V9 forbidden",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the audit has %q, want %q", got, want)
	}
}

// Who reads the audit is in it, once for a page and twice for a stream, and the
// stream ends.
func TestReadersOfTheAuditAreInIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.askAround()
	before, _, err := w.store.AuditHead(t.Context())
	w.must(err)
	w.auditPage("auditor", "?actor=tracer")
	lines := w.auditStream("admin", "?after=0")
	if len(lines) != int(before)+1 {
		t.Errorf("%d lines, want %d", len(lines), before+1)
	}
	eventually(t, "the end of the stream on record", func() bool {
		head, _, err := w.store.AuditHead(t.Context())
		return err == nil && head == before+3
	})
	var last []checkpoint.AuditEntry
	w.must(w.store.AuditRecords(t.Context(), before+1, before+4, func(e *checkpoint.AuditRecord) error { last = append(last, e.AuditEntry); return nil }))
	for i, want := range []struct {
		actor, outcome string
		rows           int64
	}{{"auditor", "answered", 1}, {"admin", "streaming", -1}, {"admin", "streamed", int64(len(lines))}} {
		if e := last[i]; e.Actor != want.actor || e.Outcome != want.outcome || e.Rows != want.rows || e.Action != "GET /v1/audit" {
			t.Errorf("entry %+v, want %+v", e, want)
		}
	}
}

// An auditor of a part of the grid sees what its people did, and no chain.
func TestAuditorsSeeTheirPartOfTheGrid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("tracer-a2")
		auditor := *old
		auditor.Login, auditor.Role = "auditor-a2", checkpoint.RoleAuditor
		return d.PutStaff(auditor)
	})
	w.askAround()
	got, _ := w.auditPage("auditor-a2", "")
	if len(got) != 2 || got[0]["actor"] != "tracer-a2" || got[1]["actor"] != "tracer-a2" {
		t.Errorf("sees %v", got)
	}
	if lines := w.auditStream("auditor-a2", ""); len(lines) != 3 { // and the one who read before
		t.Errorf("%d lines", len(lines))
	}
	w.do(http.MethodGet, "/v1/audit?after=0", w.as("auditor-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/audit", w.as("tracer"), nil).problem(http.StatusForbidden, "forbidden", "")
}

// What the API gives is enough to verify the chain, without a secret.
func TestTheChainVerifiesOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.askAround()
	got := w.do(http.MethodGet, "/v1/audit/head", w.as("auditor"), nil).ok(http.StatusOK)
	got.conforms(contract(t), http.MethodGet, "/v1/audit/head")
	var signed struct {
		Head      checkpoint.AuditHead  `json:"head"`
		PublicKey string                `json:"public_key"`
		Cut       *checkpoint.AuditHead `json:"cut"`
	}
	w.must(json.Unmarshal(got.body, &signed))
	key, err := hex.DecodeString(signed.PublicKey)
	w.must(err)
	verify := func() checkpoint.AuditReport {
		v := checkpoint.NewAuditVerifier()
		v.AddHeads("head", []checkpoint.AuditHead{signed.Head}, []ed25519.PublicKey{key})
		for _, r := range w.auditStream("auditor", "?after=0") {
			v.Add(&r)
		}
		return v.Report()
	}
	if report := verify(); len(report.Findings) != 0 || report.Signed != 4 || signed.Head.Gateway != "gw-test" || signed.Cut != nil {
		t.Errorf("untouched: %+v", report)
	}
	w.must(w.redis.XDel(t.Context(), w.prefix+"{aud}:log", "2-0").Err())
	if report := verify(); report.Sound() || report.Findings[0].Seq != 2 {
		t.Errorf("an entry deleted: %+v", report)
	}
}

// Nothing about people is answered that cannot be put on record.
func TestWithoutTheAuditThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodGet, "/v1/residents/"+w.personID("wang"), w.as("medic"), nil).ok(http.StatusOK)
	w.must(w.redis.Del(t.Context(), w.prefix+"{aud}:log").Err())
	w.must(w.redis.Set(t.Context(), w.prefix+"{aud}:log", "not a stream", 0).Err())
	got := w.do(http.MethodGet, "/v1/residents/"+w.personID("wang"), w.as("medic"), nil)
	got.problem(http.StatusServiceUnavailable, "unavailable", "")
	if bytes.Contains(got.body, []byte("小明")) {
		t.Errorf("answered %s", got.body)
	}
	w.scan("D1", w.newScan(w.people["wang"])).decided("pass", "ok") // gates go on
	figures := w.metrics()
	for _, want := range []string{"passgate_audit_failures_total 1", "passgate_audit_head_seq 1", "passgate_audit_broken_total 0"} {
		if !strings.Contains(figures, want+"\n") {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}
