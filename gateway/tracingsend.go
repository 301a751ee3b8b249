package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// spanCount knows how many spans wait and how many were lost, which the library's queue
// does not tell.
type spanCount struct {
	waiting, dropped atomic.Int64
}

// spanQueue stands before the library's queue: what would not fit is not put in.
type spanQueue struct {
	sdktrace.SpanProcessor
	count *spanCount
}

// OnEnd takes a span that is over.
func (q spanQueue) OnEnd(span sdktrace.ReadOnlySpan) {
	if q.count.waiting.Add(1) > spansWaiting {
		q.count.waiting.Add(-1)
		q.count.dropped.Add(1)
		return
	}
	q.SpanProcessor.OnEnd(span)
}

// spanSender stands behind it: what could not be sent is counted.
type spanSender struct {
	sdktrace.SpanExporter
	count  *spanCount
	logger *slog.Logger
	mu     sync.Mutex
	said   time.Time // when a failure was last logged
}

// ExportSpans sends spans. A failure is told here, not to the library, which would
// print it to standard error.
func (s *spanSender) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := s.SpanExporter.ExportSpans(ctx, spans)
	s.count.waiting.Add(-int64(len(spans)))
	if err == nil {
		return nil
	}
	s.count.dropped.Add(int64(len(spans)))
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.said) > sayAgain {
		s.said = time.Now()
		s.logger.Warn("the collector takes no traces: they are lost; see --traces", "spans", len(spans), "error", err)
	}
	return nil
}

// otlpClient sends spans by OTLP over HTTP. The library's own client brings all of
// gRPC with it, 5 MB of the program; nothing of it is needed for one POST.
type otlpClient struct {
	url  string
	http *http.Client
}

// Start does nothing: there is no connection to make.
func (*otlpClient) Start(context.Context) error { return nil }

// Stop lets go of idle connections.
func (c *otlpClient) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces sends spans. TracesData has the same bytes as the request's message.
func (c *otlpClient) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("gateway: write spans: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("gateway: send spans: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("gateway: send spans: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("gateway: send spans: the collector answered %s", res.Status)
	}
	return nil
}
