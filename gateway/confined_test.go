package gateway

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// setStatus is a decision of the medic's.
func (w *world) setStatus(person uint64, status checkpoint.Status) {
	w.t.Helper()
	w.must(w.store.SetStatus(w.t.Context(), person, status))
}

// batchOut waits until what was decided is in the list.
func (w *world) batchOut() { w.clock.Advance(batchLength + batchGrace) }

func TestAPhoneWithoutNetworkKnowsWhoHasToStayAtHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	people := map[checkpoint.Status]uint64{}
	for _, status := range []checkpoint.Status{checkpoint.StatusRed, checkpoint.StatusObservation, checkpoint.StatusQuarantine} {
		people[status] = w.enrol("某某", "V1", "3-303")
		w.setStatus(people[status], status)
	}
	people[checkpoint.StatusYellow] = w.people["wang"]
	w.setStatus(w.people["wang"], checkpoint.StatusYellow)
	w.batchOut()
	list := w.list(0)
	for status, id := range people {
		for _, kind := range []codes.Kind{codes.KindApp, codes.KindPaper, codes.KindVisitor} {
			if list.Contains(w.idOf(w.passOf(id, kind, w.clock.Now()))) != status.Confines() {
				t.Errorf("%s: the pass of kind %v is in the list: %v", status, kind, !status.Confines())
			}
		}
	}
	// Every code of the days after is in the list six hours before it begins.
	red := people[checkpoint.StatusRed]
	for range 14 {
		w.clock.Advance(3*time.Hour + 10*time.Minute)
		list = mergedWith(t, list, w.list(list.Counter))
		for _, ahead := range []time.Duration{0, 5*time.Hour + 50*time.Minute} {
			at := w.clock.Now().Add(ahead)
			if !list.Contains(w.idOf(w.passOf(red, codes.KindApp, at))) || !list.Contains(w.idOf(w.passOf(red, codes.KindPaper, at))) {
				t.Fatalf("at %s the passes of %s later are not in the list", w.clock.Now().UTC(), ahead)
			}
		}
	}
}

func mergedWith(t *testing.T, list, delta codes.RevocationList) codes.RevocationList {
	t.Helper()
	merged, err := codes.Merge(list, delta)
	if err != nil {
		t.Fatal(err)
	}
	return merged
}

func TestWhoIsGreenAgainGoesOnWithTheSamePasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	w.setStatus(wang, checkpoint.StatusRed)
	w.clock.Advance(20 * time.Hour)
	pass := w.pass(wang)
	w.scan("D1", w.passScan(pass).with(fields{"direction": "out"})).decided("deny", "status_red")
	w.setStatus(wang, checkpoint.StatusGreen)
	w.scan("D1", w.passScan(pass).with(fields{"direction": "out"})).decided("pass", "ok")
	if who, err := w.store.Resident(t.Context(), wang); err != nil || who.Generation != 0 {
		t.Errorf("generation %d, %v: turning red voids no pass", who.Generation, err)
	}
	// What phones have read stays with them for half a day, and no longer.
	w.clock.Advance(12 * time.Hour)
	for range 8 {
		w.clock.Advance(3*time.Hour + 10*time.Minute)
		if w.list(0).Contains(w.idOf(w.pass(wang))) {
			t.Fatalf("a code of %s is refused offline", w.clock.Now().UTC())
		}
	}
	if w.list(0).Contains(w.idOf(w.passOf(wang, codes.KindPaper, w.clock.Now()))) {
		t.Error("a paper pass of the second day after is refused offline")
	}
}

func TestPassesOfTheConfinedStayVoidWhenTheyAreRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	w.setStatus(wang, checkpoint.StatusQuarantine)
	w.clock.Advance(time.Hour)
	w.revoke(wang)
	w.batchOut()
	if !w.list(0).Contains(w.idOf(w.pass(wang))) {
		t.Error("with a new generation an offline phone lets them pass")
	}
	w.setStatus(wang, checkpoint.StatusGreen)
	w.revoke(wang)
	w.batchOut()
	if w.list(0).Contains(w.idOf(w.passOf(wang, codes.KindPaper, w.clock.Now()))) {
		t.Error("after green a new generation is in no list")
	}
}

// TestEveryGatewayGivesTheSameListOfTheConfined: one that has run all the time and
// one that starts now, at any moment of the days in between.
func TestEveryGatewayGivesTheSameListOfTheConfined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	steps := []func(){
		func() { w.setStatus(wang, checkpoint.StatusRed) },
		func() { w.setStatus(li, checkpoint.StatusObservation) },
		func() {},
		func() { w.revoke(wang) },
		func() { w.setStatus(wang, checkpoint.StatusRed) }, // confirmed
		func() { w.setStatus(li, checkpoint.StatusRecovered) },
		func() {},
		func() { w.setStatus(wang, checkpoint.StatusGreen) },
	}
	old := w.server
	for i, step := range steps {
		// 9 hours and 5 minutes bring every part of a span, its last minutes too.
		w.clock.Advance(9*time.Hour + 5*time.Minute)
		step()
		w.list(0)
		w.batchOut()
		grown := w.listOf(old)
		w.serve()
		if fresh := w.list(0); grown.Counter != fresh.Counter || !slices.Equal(grown.IDs, fresh.IDs) {
			t.Errorf("step %d: %d entries under %d and %d entries under %d", i, len(grown.IDs), grown.Counter, len(fresh.IDs), fresh.Counter)
		}
	}
	w.clock.Advance(batchSettled)
	grown := w.listOf(old)
	w.serve()
	if fresh := w.list(0); grown.Counter != fresh.Counter || !slices.Equal(grown.IDs, fresh.IDs) || len(fresh.IDs) == 0 {
		t.Errorf("settled: %d entries under %d and %d entries under %d", len(grown.IDs), grown.Counter, len(fresh.IDs), fresh.Counter)
	}
	w.clock.Advance(VoidFor)
	if rest := w.listOf(old); len(rest.IDs) != 0 {
		t.Errorf("%d entries when all passes have expired", len(rest.IDs))
	}
}

// listOf asks one of several gateways.
func (w *world) listOf(server *Server) codes.RevocationList {
	w.t.Helper()
	text, err := server.revocationList(w.t.Context(), 0)
	w.must(err)
	keys, err := w.ring.JWKS(w.clock.Now())
	w.must(err)
	verifier, err := codes.VerifierFromJWKS(keys)
	w.must(err)
	list, err := verifier.VerifyList(text, w.clock.Now())
	w.must(err)
	return list
}

// TestTheListOfTheConfinedStaysSmall: a phone keeps all of it.
func TestTheListOfTheConfinedStaysSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.setStatus(w.enrol("隔离"+string(rune('甲'+i)), "V1", "1-101"), checkpoint.StatusQuarantine)
	}
	w.clock.Advance(14 * 24 * time.Hour)
	if n := len(w.list(0).IDs); n > 20_000 {
		t.Errorf("%d entries for 20 people in quarantine for two weeks", n)
	}
	w.do(http.MethodGet, "/v1/revocations", w.as("leader"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.clock.Advance(confinedFor)
	if w.list(0).Contains(w.idOf(w.pass(w.people["wang"]))) {
		t.Error("somebody else's pass is in the list")
	}
}
