package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"passgate/checkpoint"
)

// metrics is the page that Prometheus reads.
func (w *world) metrics() string {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.server.Metrics().Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		w.t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func TestMetricsTellOfScansAndOfNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.server.Metrics().WatchPool(w.redis.PoolStats)
	wang := checkpoint.FormatPersonID(w.people["wang"])
	pass := w.pass(w.people["wang"])
	w.scan("D1", w.byPass(pass).with(fields{"plate": "鲁A12345"})).decided("pass", "ok")
	w.scan("D1", w.byPass("https://example.com")).decided("deny", "not_our_pass")
	w.scan("D1", w.newScan(0).with(fields{"resident": "nobody"})).problem(422, "invalid", "resident")
	w.do(http.MethodGet, "/v1/residents/"+wang+"/trajectory", w.as("tracer"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/residents/"+wang+"/nothing", w.as("tracer"), nil).ok(http.StatusNotFound)
	eventually(t, "the projector's lag is known", func() bool {
		return strings.Contains(w.metrics(), "passgate_projector_lag_seconds_count 1")
	})
	page := w.metrics()
	for _, want := range []string{
		"passgate_scan_seconds_count 2\n",
		`passgate_scan_stage_seconds_count{stage="verify"} 2`,
		`passgate_scan_stage_seconds_count{stage="decide"} 2`,
		`passgate_scan_stage_seconds_count{stage="respond"} 2`,
		`passgate_scans_total{decision="pass",reason="ok",site_kind="village"} 1`,
		`passgate_scans_total{decision="deny",reason="not_our_pass",site_kind="village"} 1`,
		`passgate_http_requests_total{route="POST /v1/scans",status="200"} 2`,
		`passgate_http_requests_total{route="POST /v1/scans",status="422"} 1`,
		`passgate_http_requests_total{route="GET /v1/residents/:id/trajectory",status="200"} 1`,
		`passgate_http_requests_total{route="unmatched",status="404"} 1`,
		`passgate_redis_pool{state="total"} `,
		"passgate_rules_age_seconds ", "go_goroutines ", "process_cpu_seconds_total ",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, personal := range []string{wang, "王", "鲁", "A12345", pass, "PG1"} {
		if strings.Contains(page, personal) {
			t.Errorf("the page has %q", personal)
		}
	}
}
