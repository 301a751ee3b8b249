package gateway

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"passgate/checkpoint"
)

// collector takes spans as an OpenTelemetry collector does.
type collector struct {
	url   string
	mu    sync.Mutex
	got   []*tracepb.Span
	text  string        // all that came, in words
	holds chan struct{} // calls wait until it is closed; nil: they do not
}

func newCollector(t testing.TB, holds chan struct{}) *collector {
	t.Helper()
	c := &collector{holds: holds}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.holds != nil {
			<-c.holds
		}
		body, err := io.ReadAll(r.Body)
		var data tracepb.TracesData
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(body, &data) != nil {
			t.Errorf("%s %s %s cannot be read", r.Method, r.URL, r.Header)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.text += prototext.Format(&data)
		for _, of := range data.GetResourceSpans() {
			for _, scope := range of.GetScopeSpans() {
				c.got = append(c.got, scope.GetSpans()...)
			}
		}
	}))
	t.Cleanup(srv.Close)
	c.url = srv.URL
	return c
}

// spans are those that came.
func (c *collector) spans() []*tracepb.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got
}

func newTracing(t testing.TB, url string, ratio float64, logs io.Writer) *Tracing {
	t.Helper()
	tracing, err := NewTracing(TracingConfig{Collector: url, Ratio: ratio, Version: "test", Logger: slog.New(slog.NewTextHandler(logs, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracing.Shutdown(context.Background()) })
	return tracing
}

// tracedWorld is a town whose gateway tells a collector of traces.
func tracedWorld(t *testing.T, url string, ratio float64) (*world, *Tracing) {
	t.Helper()
	w := newWorld(t)
	tracing := newTracing(t, url, ratio, w.logs)
	w.serve(func(s *Server) {
		s.tracing = tracing
		s.metrics.watchTracing(tracing)
	})
	return w, tracing
}

const testTrace, testParent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

// attributes are a span's, as text.
func attributes(span *tracepb.Span) string {
	var b strings.Builder
	for _, a := range span.GetAttributes() {
		fmt.Fprintf(&b, "%s=%s%d ", a.GetKey(), a.GetValue().GetStringValue(), a.GetValue().GetIntValue())
	}
	return b.String()
}

// TestAScanIsTracedAndTellsOfNobody: only the one whose traceparent asks for it, in
// spans below the caller's, one for each stage.
func TestAScanIsTracedAndTellsOfNobody(t *testing.T) {
	t.Parallel()
	c := newCollector(t, nil)
	w, tracing := tracedWorld(t, c.url, 0)
	wang := w.people["wang"]
	pass := w.pass(wang)
	scan := w.byPass(pass)
	send := func(flags string, scan fields) answer {
		return w.do(http.MethodPost, "/v1/scans?from=secret", w.deviceToken("D1"), scan, "traceparent", "00-"+testTrace+"-"+testParent+"-"+flags)
	}
	send("00", w.byPass(w.pass(w.people["li"]))).ok(http.StatusOK)
	w.scan("D1", w.newScan(wang)).ok(http.StatusOK)
	send("01", scan).decided("pass", "ok")
	path := "/v1/residents/" + checkpoint.FormatPersonID(wang) + "/status"
	w.do(http.MethodPut, path, w.as("medic"), "{", "traceparent", "00-"+testTrace+"-"+testParent+"-01").problem(http.StatusBadRequest, "bad_json", "")
	w.must(tracing.Shutdown(t.Context()))

	byName := map[string]*tracepb.Span{}
	for _, span := range c.spans() {
		byName[span.GetName()] = span
		if got := hex.EncodeToString(span.GetTraceId()); got != testTrace {
			t.Errorf("%s is of trace %s", span.GetName(), got)
		}
	}
	root := byName["POST /v1/scans"]
	if root == nil || len(c.spans()) != 6 {
		t.Fatalf("%d spans came, want the scan, its four stages and the other request:\n%s", len(c.spans()), c.text)
	}
	if got := hex.EncodeToString(root.GetParentSpanId()); got != testParent || root.GetKind() != tracepb.Span_SPAN_KIND_SERVER {
		t.Errorf("the request's span is below %s, kind %s", got, root.GetKind())
	}
	for _, want := range []string{"http.route=/v1/scans", "http.response.status_code=200", "passgate.decision=pass", "passgate.reason=ok", "passgate.site_kind=village"} {
		if !strings.Contains(attributes(root), want) {
			t.Errorf("the request's span does not say %s: %s", want, attributes(root))
		}
	}
	from := root.GetStartTimeUnixNano()
	for _, name := range stageNames {
		span := byName[name]
		if span == nil || string(span.GetParentSpanId()) != string(root.GetSpanId()) {
			t.Fatalf("the stage %s is not below the request:\n%s", name, c.text)
		}
		if span.GetStartTimeUnixNano() < from || span.GetEndTimeUnixNano() < span.GetStartTimeUnixNano() || span.GetEndTimeUnixNano() > root.GetEndTimeUnixNano() {
			t.Errorf("the stage %s does not follow the one before within the request", name)
		}
		from = span.GetEndTimeUnixNano()
	}
	if got := attributes(byName["PUT /v1/residents/:id/status"]); !strings.Contains(got, "error.type=bad_json") {
		t.Errorf("the refused request says %s", got)
	}
	for _, personal := range []string{checkpoint.FormatPersonID(wang), "王", pass, scan["id"].(string), "secret", w.deviceToken("D1"), "medic"} {
		if strings.Contains(c.text, personal) {
			t.Errorf("the spans have %q:\n%s", personal, c.text)
		}
	}
}

// TestLogLinesOfATracedRequestNameItsTrace, and those of all its request.
func TestLogLinesOfATracedRequestNameItsTrace(t *testing.T) {
	t.Parallel()
	w, _ := tracedWorld(t, newCollector(t, nil).url, 0)
	exempt := func(headers ...string) string {
		got := w.do(http.MethodPut, "/v1/residents/"+checkpoint.FormatPersonID(w.people["wang"])+"/exemption", w.as("medic"),
			fields{"ground": "medical", "until": utcTime(w.clock.Now().Add(24 * time.Hour).UnixMilli())}, headers...).ok(http.StatusOK)
		for line := range strings.Lines(w.logs.String()) {
			if strings.Contains(line, got.header.Get("X-Request-Id")) {
				return line
			}
		}
		t.Fatalf("no line has the request's ID:\n%s", w.logs)
		return ""
	}
	if line := exempt(); strings.Contains(line, "trace=") {
		t.Errorf("a request that is not traced: %s", line)
	}
	if line := exempt("traceparent", "00-"+testTrace+"-"+testParent+"-01"); !strings.Contains(line, "trace="+testTrace) {
		t.Errorf("a traced request: %s", line)
	}
}

// TestNobodyCanHaveEverythingTraced: there are five a second for all who ask, and as
// many by chance.
func TestNobodyCanHaveEverythingTraced(t *testing.T) {
	t.Parallel()
	c := newCollector(t, nil)
	w, tracing := tracedWorld(t, c.url, 1)
	began := time.Now()
	for range 40 {
		w.do(http.MethodGet, "/v1/time", "", nil, "traceparent", "00-"+testTrace+"-"+testParent+"-01").ok(http.StatusOK)
		w.do(http.MethodGet, "/v1/time", "", nil).ok(http.StatusOK)
	}
	seconds := int(time.Since(began)/time.Second) + 2 // that it may have touched
	w.must(tracing.Shutdown(t.Context()))
	asked := strings.Count(c.text, "parent_span_id")
	for what, n := range map[string]int{"asked for": asked, "picked": len(c.spans()) - asked} {
		if n < 5 || n > 5*seconds {
			t.Errorf("of 40 requests %d are traced that were %s, in at most %d seconds", n, what, seconds)
		}
	}
}

// TestADeadCollectorHarmsNobody: requests are answered, the loss is counted and said
// once, and the server ends.
func TestADeadCollectorHarmsNobody(t *testing.T) {
	t.Parallel()
	w, tracing := tracedWorld(t, "http://127.0.0.1:1", 0)
	for range 2 {
		w.do(http.MethodPost, "/v1/scans", w.deviceToken("D1"), w.newScan(w.people["wang"]), "traceparent", "00-"+testTrace+"-"+testParent+"-01").ok(http.StatusOK)
	}
	w.must(tracing.Shutdown(t.Context()))
	if page := w.metrics(); !strings.Contains(page, "passgate_trace_spans_dropped_total 10\n") {
		t.Error("the page does not count 10 lost spans")
	}
	if n := strings.Count(w.logs.String(), "the collector takes no traces"); n != 1 {
		t.Errorf("the loss is said %d times:\n%s", n, w.logs)
	}
}

// TestSpansThatDoNotFitAreCounted while a collector takes its time; the others arrive.
func TestSpansThatDoNotFitAreCounted(t *testing.T) {
	t.Parallel()
	holds := make(chan struct{})
	c := newCollector(t, holds)
	tracing := newTracing(t, c.url, 0, io.Discard)
	for range spansWaiting + 100 {
		_, span := tracing.tracer.Start(t.Context(), "request")
		span.End()
	}
	if got := tracing.spans.dropped.Load(); got != 100 {
		t.Errorf("%d spans are counted as lost, want 100", got)
	}
	close(holds)
	if err := tracing.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(c.spans()); got != spansWaiting {
		t.Errorf("%d spans arrived, want %d", got, spansWaiting)
	}
}

func TestTracingRefusesWhatIsNoCollector(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"localhost:4318", "ftp://x", "http://", "http://user:secret@x", "http://x?token=y", "http://x#y", "\x7f"} {
		if _, err := NewTracing(TracingConfig{Collector: bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, ratio := range []float64{-0.1, 1.1} {
		if _, err := NewTracing(TracingConfig{Collector: "http://x", Ratio: ratio}); err == nil {
			t.Errorf("a ratio of %v is taken", ratio)
		}
	}
}
