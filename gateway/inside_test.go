package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
)

// watchRules keeps the store's view of rules and occupancy fresh.
func (w *world) watchRules() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.store.WatchRules(ctx, slog.New(slog.DiscardHandler)) }()
	w.t.Cleanup(func() { cancel(); <-done })
}

func TestSiteTakesAsManyPeopleAsItHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.watchRules()
	w.changeSite("ML", func(site *checkpoint.Site) { site.Capacity = 1 })
	inside := func(caller string) answer { return w.do(http.MethodGet, "/v1/sites/ML/inside", caller, nil) }
	w.scan("E1", w.newScan(w.people["wang"])).decided("pass", "ok")
	if got := inside(w.as("leader")).ok(http.StatusOK).json(); got["inside"] != 1.0 || got["capacity"] != 1.0 {
		t.Errorf("%v", got)
	}
	eventually(t, "the mall is full for the next one", func() bool {
		w.clock.Advance(time.Second)
		full := w.scan("E2", w.newScan(w.people["li"])).ok(http.StatusOK).json()["reason"] == "site_full"
		if !full { // the count follows within a quarter of a second
			w.scan("E2", w.newScan(w.people["li"]).with(fields{"direction": "out"})).ok(http.StatusOK)
		}
		return full
	})
	w.scan("E1", w.newScan(w.people["wang"])).decided("pass", "ok") // takes no further place
	w.scan("E1", w.newScan(w.people["wang"]).with(fields{"direction": "out"})).decided("pass", "ok")
	eventually(t, "there is room again", func() bool {
		w.clock.Advance(time.Second)
		return w.scan("E2", w.newScan(w.people["li"])).ok(http.StatusOK).json()["decision"] == "pass"
	})
	inside(w.deviceToken("E2")).ok(http.StatusOK)
	inside(w.deviceToken("D1")).problem(http.StatusForbidden, string(codeOutOfScope), "")
	inside(w.as("leader-a2")).problem(http.StatusForbidden, string(codeOutOfScope), "")
}
