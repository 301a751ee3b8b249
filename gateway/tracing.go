package gateway

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"passgate/checkpoint"
)

// Bounds of tracing. Anybody can ask for a trace by a header, so there are only so
// many of those, and they take none from those that are picked by chance.
const (
	askedASecond  = 5 // traces that callers ask for
	pickedASecond = 5 // traces by chance
	spansWaiting  = 2048
	spansAtOnce   = 512
	spansEvery    = time.Second
	sendTimeout   = 5 * time.Second
	sayAgain      = time.Minute // between two complaints about a collector
)

// TracingConfig says where traces go.
type TracingConfig struct {
	// Collector is the address of an OTLP receiver over HTTP, such as
	// http://localhost:4318; without a path it is asked at /v1/traces.
	Collector string
	// Ratio of the requests without a traceparent that are traced, 0 to 1.
	Ratio float64
	// Version of the program.
	Version string
	// Logger hears of a collector that takes nothing; slog.Default() if nil.
	Logger *slog.Logger
}

// Tracing tells a collector what some requests took, by OpenTelemetry. A span has the
// pattern of its route, never the path, and words of closed lists. A request is traced
// if its traceparent says so, or by chance if it has none; one whose traceparent says
// that it is not sampled is not. A collector that is gone costs spans and nothing else.
type Tracing struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	below    uint64 // of 64 bits of chance: traced
	asked    perSecond
	picked   perSecond
	spans    spanCount
}

// NewTracing checks the address; nothing is sent before there is a span.
func NewTracing(cfg TracingConfig) (*Tracing, error) {
	at, err := url.Parse(cfg.Collector)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.RawQuery != "" || at.Fragment != "" || at.User != nil {
		return nil, fmt.Errorf("gateway: the address of a collector of traces must be like http://localhost:4318, without user, query and fragment")
	}
	if cfg.Ratio < 0 || cfg.Ratio > 1 || math.IsNaN(cfg.Ratio) {
		return nil, fmt.Errorf("gateway: the ratio of traced requests is %v: give 0 to 1", cfg.Ratio)
	}
	if at.Path == "" || at.Path == "/" {
		at.Path = "/v1/traces"
	}
	t := &Tracing{asked: perSecond{most: askedASecond}, picked: perSecond{most: pickedASecond}}
	exporter := otlptrace.NewUnstarted(&otlpClient{url: at.String(), http: &http.Client{Timeout: sendTimeout}})
	sender := &spanSender{SpanExporter: exporter, count: &t.spans, logger: cmp.Or(cfg.Logger, slog.Default())}
	queue := sdktrace.NewBatchSpanProcessor(sender,
		sdktrace.WithMaxQueueSize(spansWaiting), sdktrace.WithMaxExportBatchSize(spansAtOnce),
		sdktrace.WithBatchTimeout(spansEvery), sdktrace.WithExportTimeout(sendTimeout))
	if t.below = math.MaxUint64; cfg.Ratio < 1 {
		t.below = uint64(cfg.Ratio * (1 << 64))
	}
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.AlwaysSample()), // of those that begin picked
		sdktrace.WithSpanProcessor(spanQueue{queue, &t.spans}),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "passgate"), attribute.String("service.version", cfg.Version),
			attribute.String("service.instance.id", fmt.Sprintf("%016x", rand.Uint64())), //nolint:gosec // a name, not a secret
		)))
	t.tracer = t.provider.Tracer("passgate/gateway")
	return t, nil
}

// Shutdown sends what waits to be sent, at most until ctx ends.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("gateway: traces: %w", err)
	}
	return nil
}

// watchTracing counts the spans that are lost. A second server that shares the set
// shares the traces.
func (m *Metrics) watchTracing(t *Tracing) {
	_ = m.registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "passgate_trace_spans_dropped_total", Help: "Spans of traces that no collector took.",
	}, func() float64 { return float64(t.spans.dropped.Load()) }))
}

// perSecond lets so many through in each second.
type perSecond struct {
	most  int64
	state atomic.Int64 // the second, and in the last 8 bits how many it had
}

func (p *perSecond) take(now time.Time) bool {
	for {
		old, second := p.state.Load(), now.Unix()
		next := second<<8 | 1
		if old>>8 == second {
			if next = old + 1; old&0xff >= p.most {
				return false
			}
		}
		if p.state.CompareAndSwap(old, next) {
			return true
		}
	}
}

// traced is a request that is traced; nil: one that is not.
type traced struct {
	tracer trace.Tracer
	ctx    context.Context //nolint:containedctx // of the spans, as long as the request
	span   trace.Span
}

// trace begins the span of a request, if it is traced.
func (s *Server) trace(c *fiber.Ctx, method, pattern string) *traced {
	if s.tracing == nil {
		return nil
	}
	t := s.tracing.begin(c, method, pattern)
	if t != nil {
		c.Locals(tracedKey, t)
	}
	return t
}

// begin decides whether a request is traced, and begins its span.
func (t *Tracing) begin(c *fiber.Ctx, method, pattern string) *traced {
	ctx := context.Background()
	if parent := c.Request().Header.Peek("traceparent"); len(parent) > 0 {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": string(bytes.TrimSpace(parent))})
	}
	switch of := trace.SpanContextFromContext(ctx); {
	case of.IsValid() && (!of.IsSampled() || !t.asked.take(time.Now())):
		return nil
	case of.IsValid():
	case t.below == 0 || rand.Uint64() > t.below || !t.picked.take(time.Now()): //nolint:gosec // chance
		return nil
	}
	name := pattern
	if method != "" {
		name = method + " " + pattern
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", method), attribute.String("http.route", pattern), attribute.String("passgate.request", requestID(c)),
	))
	return &traced{t.tracer, ctx, span}
}

// stage adds a span for a part of the work that is over.
func (t *traced) stage(name string, began, ended time.Time) {
	_, span := t.tracer.Start(t.ctx, name, trace.WithTimestamp(began))
	span.End(trace.WithTimestamp(ended))
}

// outcome tells what was decided about a scan.
func (t *traced) outcome(kind checkpoint.SiteKind, o checkpoint.Outcome) {
	t.span.SetAttributes(attribute.String("passgate.decision", o.Decision.String()),
		attribute.String("passgate.reason", o.Reason.String()), attribute.String("passgate.site_kind", kindLabel(kind)))
}

// end ends the span. Of an error only its code is told: the rest could be about
// somebody.
func (t *traced) end(status int, err error) {
	t.span.SetAttributes(attribute.Int("http.response.status_code", status))
	if err != nil {
		t.span.SetAttributes(attribute.String("error.type", string(explain(err).code)))
	}
	if status >= http.StatusInternalServerError {
		t.span.SetStatus(codes.Error, "")
	}
	t.span.End()
}

// id is the trace's ID in hexadecimal digits.
func (t *traced) id() string { return t.span.SpanContext().TraceID().String() }

// tracedOf is the trace of a request, nil if it has none.
func tracedOf(c *fiber.Ctx) *traced {
	t, _ := c.Locals(tracedKey).(*traced)
	return t
}
