package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/codes"
)

func TestReadyAndHealthy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodGet, "/healthz", "", nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/readyz", "", nil).ok(http.StatusOK)
	w.server.ring = w.ring.VerifyOnly()
	eventually(t, "a gateway without a signing key is not ready", func() bool {
		return w.do(http.MethodGet, "/readyz", "", nil).status == http.StatusServiceUnavailable
	})
}

// A gateway whose data a newer release has taken over says so and lets nobody in.
func TestAGatewayIsNotReadyForDataOfANewerRelease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.watchRules()
	meta := w.prefix + "{reg}:meta"
	w.must(w.redis.HSet(t.Context(), meta, "format", checkpoint.DataFormat+1).Err())
	w.must(w.redis.HIncrBy(t.Context(), meta, "version", 1).Err())
	eventually(t, "the gateway says that it is not ready", func() bool {
		return w.do(http.MethodGet, "/readyz", "", nil).status == http.StatusServiceUnavailable
	})
	if got := w.do(http.MethodGet, "/readyz", "", nil); !strings.Contains(string(got.body), "newer programs") {
		t.Errorf("it does not say why: %s", got.body)
	}
	w.scan("D1", w.newScan(w.people["wang"])).problem(http.StatusServiceUnavailable, "unavailable", "")
}

func TestRedisGoesAndComesBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, err := redisd.Start(ctx, redisd.Options{Dir: t.TempDir(), Persist: true, Fsync: "always"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(ctx) })
	w := newWorldOn(t, srv, 0)
	scan := w.newScan(w.people["wang"])
	first := w.scan("D1", scan).decided("pass", "ok")
	w.do(http.MethodGet, "/readyz", "", nil).ok(http.StatusOK)
	w.must(srv.Kill())

	for _, ask := range []func() answer{
		func() answer { return w.scan("D1", w.newScan(w.people["li"])) },
		func() answer { return w.scan("D1", scan) },
		func() answer { return w.batch("D1", w.newScan(w.people["li"])) },
		func() answer { return w.do(http.MethodGet, "/v1/gates/G1/events", w.as("tracer"), nil) },
		func() answer {
			return w.do(http.MethodGet, "/v1/gates/G1/events", w.as("tracer"), nil, "Accept", mimeCSV)
		},
		func() answer { return w.do(http.MethodGet, "/v1/gates/G1/refusals", w.as("tracer"), nil) },
		func() answer {
			return w.do(http.MethodGet, personPath(w.people["li"], "/trajectory"), w.as("tracer"), nil)
		},
	} {
		began := time.Now()
		got := ask()
		got.problem(http.StatusServiceUnavailable, "unavailable", "")
		if took := time.Since(began); took > 2*time.Second || got.header.Get("Retry-After") != "1" {
			t.Errorf("refused after %s, Retry-After %q", took, got.header.Get("Retry-After"))
		}
	}
	w.do(http.MethodGet, "/healthz", "", nil).ok(http.StatusOK)
	eventually(t, "the gateway says that it is not ready", func() bool {
		return w.do(http.MethodGet, "/readyz", "", nil).status == http.StatusServiceUnavailable
	})
	if logs := w.logs.String(); strings.Contains(logs, "王") || !strings.Contains(logs, "request failed") {
		t.Errorf("the log is %s", logs)
	}

	w.must(srv.Restart(ctx))
	eventually(t, "the gateway is ready again", func() bool {
		return w.do(http.MethodGet, "/readyz", "", nil).status == http.StatusOK
	})
	w.scan("D1", scan).repeats(first)
	w.scan("D2", w.newScan(w.people["li"])).decided("pass", "ok")
}

func TestStalledRedisIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, err := redisd.Start(ctx, redisd.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(ctx) })
	w := newWorldOn(t, srv, 0)
	w.must(w.redis.Do(ctx, "CLIENT", "PAUSE", "4000", "ALL").Err())
	began := time.Now()
	w.scan("D1", w.newScan(w.people["wang"])).problem(http.StatusServiceUnavailable, "unavailable", "")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("answered after %s", took)
	}
}

func TestServerNeedsItsParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ring, err := codes.CreateRing(t.TempDir()+"/keys", w.clock.Now())
	w.must(err)
	for name, cfg := range map[string]Config{
		"store": {Ring: ring, SessionKey: make([]byte, 32)}, "ring": {Store: w.store, SessionKey: make([]byte, 32)},
		"key": {Store: w.store, Ring: ring, SessionKey: make([]byte, 16)},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("a server without its %s is made", name)
		}
	}
}
