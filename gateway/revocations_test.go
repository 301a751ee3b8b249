package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"passgate/codes"
)

// list fetches and verifies the revocation list with the served keys.
func (w *world) list(since uint64) codes.RevocationList {
	w.t.Helper()
	keys := w.do(http.MethodGet, "/.well-known/jwks.json", "", nil).ok(http.StatusOK)
	verifier, err := codes.VerifierFromJWKS(keys.body)
	w.must(err)
	got := w.do(http.MethodGet, fmt.Sprintf("/v1/revocations?since=%d", since), w.deviceToken("D1"), nil).ok(http.StatusOK)
	if media := got.header.Get("Content-Type"); media != "application/jwt" {
		w.t.Errorf("Content-Type %q", media)
	}
	list, err := verifier.VerifyList(string(got.body), w.clock.Now())
	w.must(err)
	return list
}

func (w *world) revoke(person uint64) {
	w.t.Helper()
	w.do(http.MethodPost, personPath(person, "/passes/revoke"), w.as("admin"), fields{"reason": "lost"}).ok(http.StatusOK)
}

// idOf is the jti of a pass.
func (w *world) idOf(text string) [8]byte {
	w.t.Helper()
	pass, refusal := w.ring.Verifier().Verify(text)
	if refusal != nil {
		w.t.Fatal(refusal)
	}
	return pass.ID
}

func TestRevokedPassesAreInTheSignedList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	if empty := w.list(0); empty.Counter != 0 || len(empty.IDs) != 0 {
		t.Fatalf("a list before any revocation: %+v", empty)
	}
	var void [][8]byte
	now := w.clock.Now()
	for _, kind := range []string{"app", "paper", "visitor"} {
		for _, from := range []time.Duration{0, 24 * time.Hour} {
			pass := fields{"kind": kind, "not_before": now.Add(from).Format(time.RFC3339)}
			compact, _ := w.issue(wang, pass).ok(http.StatusCreated).json()["compact"].(string)
			void = append(void, w.idOf(compact))
		}
	}
	valid := w.idOf(w.pass(li))
	w.revoke(wang)
	w.clock.Advance(time.Second)
	if open := w.list(0); len(open.IDs) != 0 {
		t.Errorf("a batch of %d is out before its minute is over", len(open.IDs))
	}
	w.clock.Advance(batchLength + batchGrace)
	first := w.list(0)
	for i, id := range void {
		if !first.Contains(id) {
			t.Errorf("pass %d of those issued before is not in the list", i)
		}
	}
	if first.Contains(valid) || first.Contains(w.idOf(w.pass(wang))) {
		t.Error("a valid pass is in the list")
	}
	// Of a full batch a few app passes have expired in this minute.
	if n := len(first.IDs); first.Counter == 0 || first.Since != 0 || n > codes.PadTo || n < codes.PadTo-20 {
		t.Errorf("counter %d since %d with %d entries", first.Counter, first.Since, len(first.IDs))
	}

	// Another revocation comes as a delta that holds nothing old.
	w.clock.Advance(batchRepeat)
	w.revoke(li)
	w.clock.Advance(batchLength + batchGrace)
	delta := w.list(first.Counter)
	if delta.Since != first.Counter || delta.Counter <= first.Counter || !delta.Contains(valid) || delta.Contains(void[3]) {
		t.Errorf("the delta: counter %d since %d after %d, %d entries", delta.Counter, delta.Since, first.Counter, len(delta.IDs))
	}
	merged, err := codes.Merge(first, delta)
	w.must(err)
	if full := w.list(0); full.Counter != delta.Counter || len(merged.IDs) < len(full.IDs) || !merged.Contains(void[3]) {
		t.Errorf("merged %d entries, the full list has %d", len(merged.IDs), len(full.IDs))
	}
	w.clock.Advance(batchRepeat)
	if none := w.list(delta.Counter); len(none.IDs) != 0 || none.Counter != delta.Counter {
		t.Errorf("a delta with nothing new: %d entries, counter %d", len(none.IDs), none.Counter)
	}
	if unknown := w.list(delta.Counter + 1); unknown.Since != 0 || len(unknown.IDs) == 0 {
		t.Error("whoever has a counter that is not known does not get the full list")
	}
}

func TestEveryGatewayGivesTheSameList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.revoke(w.people["wang"])
	w.clock.Advance(2 * time.Minute)
	first := w.list(0)
	w.revoke(w.people["li"])
	w.clock.Advance(26 * time.Hour) // all app passes of both have expired
	grown := w.list(0)
	w.serve() // a gateway that starts only now
	fresh := w.list(0)
	if grown.Counter != fresh.Counter || !slices.Equal(grown.IDs, fresh.IDs) || len(fresh.IDs) == 0 {
		t.Errorf("%d entries under %d and %d entries under %d", len(grown.IDs), grown.Counter, len(fresh.IDs), fresh.Counter)
	}
	if len(grown.IDs) >= 2*len(first.IDs) {
		t.Errorf("%d entries of one, %d of two a day later: nothing expired", len(first.IDs), len(grown.IDs))
	}
	w.clock.Advance(batchSettled)
	if settled := w.list(0); len(settled.IDs) == 0 || len(settled.IDs) >= len(grown.IDs) {
		t.Errorf("two days later %d entries of %d", len(settled.IDs), len(grown.IDs))
	}
	w.clock.Advance(VoidFor)
	forgot := w.list(0)
	w.serve()
	never := w.list(0)
	for _, end := range []codes.RevocationList{forgot, never} {
		if len(end.IDs) != 0 || end.Counter != grown.Counter {
			t.Errorf("when all have expired: %d entries under %d, it was %d", len(end.IDs), end.Counter, grown.Counter)
		}
	}
}

func TestListIsForDevicesAndAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodGet, "/v1/revocations", w.as("admin"), nil).ok(http.StatusOK)
	w.do(http.MethodGet, "/v1/revocations", w.as("leader"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodGet, "/v1/revocations", "", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.do(http.MethodGet, "/v1/revocations?since=-1", w.as("admin"), nil).problem(http.StatusUnprocessableEntity, "invalid", "since")
}
