package gateway

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/journal"
	"passgate/checkpoint/redisd"
)

// While Redis is away guards get their answers, marked, staff are told to try
// again, the gateway stays ready, and afterwards the record has what was told.
func TestGatesAreAnsweredWithoutRedis(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, err := redisd.Start(ctx, redisd.Options{Dir: t.TempDir(), Persist: true, Fsync: "always"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(ctx) })
	w := newWorldOn(t, srv, 0)
	j, err := journal.Open(journal.Options{Dir: t.TempDir(), Key: bytes.Repeat([]byte{7}, 32), Now: w.clock.Now})
	w.must(err)
	standby, err := w.store.NewStandby(ctx, checkpoint.StandbyConfig{Journal: j})
	w.must(err)
	w.server.standby = standby
	running, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); standby.Run(running) }()
	t.Cleanup(func() { stop(); <-done; w.must(j.Close()) })

	first := w.newScan(w.people["wang"])
	online := w.scan("D1", first).decided("pass", "ok")
	w.must(srv.Kill())
	w.scan("D1", first).repeats(online)
	second := w.newScan(w.people["li"])
	told := w.scan("D2", second).decided("pass", "ok")
	if told["degraded"] != true || !strings.Contains(strings.Join(texts(told["flags"]), " "), "degraded") {
		t.Errorf("told %v", told)
	}
	w.scan("D2", second).repeats(told)
	forged := w.newScan(w.people["li"])
	delete(forged, "resident")
	forged["pass"] = "PG1:NONSENSE"
	w.scan("D1", forged).decided("deny", "malformed")
	w.batch("D1", w.newScan(w.people["li"])).problem(http.StatusServiceUnavailable, "unavailable", "") // its device keeps it
	w.do(http.MethodGet, "/v1/gates/G1/events", w.as("tracer"), nil).problem(http.StatusServiceUnavailable, "unavailable", "")
	ready := w.do(http.MethodGet, "/readyz", "", nil).ok(http.StatusOK).json()
	if ready["status"] != "degraded" || ready["entry_refused"] != false {
		t.Errorf("ready: %v", ready)
	}

	w.must(srv.Restart(ctx))
	eventually(t, "what was told is recorded", func() bool { st := standby.Stats(); return st.Owed == 0 && st.Down == 0 })
	w.scan("D2", second).repeats(told)
	w.scan("D1", w.newScan(w.people["wang"])).decided("pass", "ok")
	eventually(t, "the gateway is ready", func() bool {
		return w.do(http.MethodGet, "/readyz", "", nil).json()["status"] == "ready"
	})
	if took := standby.Age(); took > time.Minute {
		t.Errorf("the copy is %s old", took)
	}
}

func texts(list any) (out []string) {
	items, _ := list.([]any)
	for _, v := range items {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
