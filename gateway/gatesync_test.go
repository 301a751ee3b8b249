package gateway

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"passgate/checkpoint"
)

// sync is what a device is told.
func (w *world) sync(device string, headers ...string) answer {
	w.t.Helper()
	return w.do(http.MethodGet, "/v1/gate/sync", w.deviceToken(device), nil, headers...)
}

func TestADeviceIsToldWhatItNeedsToDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(d *checkpoint.Draft) error {
		return d.PutGridNode(checkpoint.GridNode{ID: "A1", Parent: "XS", Name: "一管区", Level: 2, Phone: "0531-84880000"})
	})
	got := w.sync("D1").ok(http.StatusOK)
	got.conforms(contract(t), "GET", "/v1/gate/sync")
	sync := got.json()
	site := sync["site"].(map[string]any)
	if site["code"] != "V1" || site["residential"] != true || site["zone"] != "Asia/Shanghai" {
		t.Errorf("site %v", site)
	}
	if sync["call"] != "0531-84880000" || sync["stale_after"] != float64(4*3600) || sync["past_limit"] != "refuse" || sync["now"] != "2020-02-11T04:00:00.000Z" {
		t.Errorf("call %v, stale after %v, past it %v, now %v", sync["call"], sync["stale_after"], sync["past_limit"], sync["now"])
	}
	// With the key the device tells its own residents' passes from others.
	key, err := base64.RawURLEncoding.DecodeString(site["key"].(string))
	w.must(err)
	for _, who := range []struct {
		name string
		own  bool
	}{{"wang", true}, {"li", false}} {
		pass, refusal := w.ring.Verifier().Verify(w.pass(w.people[who.name]))
		if refusal != nil {
			t.Fatal(refusal)
		}
		if pass.OfSite(key) != who.own {
			t.Errorf("%s is of this site: %v", who.name, !who.own)
		}
	}
	table := sync["table"].(map[string]any)
	cell := func(whose, way string) any {
		c := table[whose].(map[string]any)[way].(map[string]any)
		return [2]any{c["decision"], c["reason"]}
	}
	for _, want := range []struct {
		whose, way       string
		decision, reason any
	}{{"own", "in", "pass", "ok"}, {"own", "out", "pass", "ok"}, {"other", "in", "deny", "outsider"}, {"other", "out", "pass", "ok"}} {
		if got := cell(want.whose, want.way); got != [2]any{want.decision, want.reason} {
			t.Errorf("table of %s on the way %s: %v", want.whose, want.way, got)
		}
	}
	keys := w.do(http.MethodGet, "/.well-known/jwks.json", "", nil).json()
	if len(sync["jwks"].(map[string]any)["keys"].([]any)) != len(keys["keys"].([]any)) {
		t.Error("other keys than those of the JWKS")
	}
}

func TestADeviceKnowsTheRulesOfTheNextDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.clock.Now()
	at := func(d time.Duration) any { return utcTime(start.Add(d).UnixMilli()).String() }
	closed := fields{"parts": []fields{{"rules": fields{"closed": true}}}}
	for code, span := range map[string][2]time.Duration{"soon": {time.Hour, 3 * time.Hour}, "later": {2 * time.Hour, 30 * time.Hour}, "far": {8 * 24 * time.Hour, 9 * 24 * time.Hour}} {
		w.do(http.MethodPost, "/v1/policies", w.as("admin"), closed.with(fields{
			"code": code, "name": code, "ground": "市指挥部通告", "sites": []string{"V1"}, "from": at(span[0]), "until": at(span[1]),
		})).ok(http.StatusCreated)
	}
	rules := w.sync("D1").ok(http.StatusOK).json()["rules"].([]any)
	want := []fields{
		{"from": nil, "until": at(time.Hour), "closed": false},
		{"from": at(time.Hour), "until": at(30 * time.Hour), "closed": true}, // two policies, one closing
		{"from": at(30 * time.Hour), "until": nil, "closed": false},
	}
	if len(rules) != len(want) {
		t.Fatalf("%d spans, want %d: %v", len(rules), len(want), rules)
	}
	for i := range want {
		span := rules[i].(map[string]any)
		for field, v := range want[i] {
			if span[field] != v {
				t.Errorf("span %d: %s is %v, want %v", i, field, span[field], v)
			}
		}
	}
	// A scan at a time is judged by the span that holds the time.
	w.clock.Advance(90 * time.Minute)
	w.scan("D1", w.newScan(w.people["li"]).with(fields{"direction": "out"})).decided("pass", "ok")
	if now := w.sync("D1").json()["rules"].([]any)[0].(map[string]any); now["closed"] != true || now["from"] != nil {
		t.Errorf("in the span itself: %v", now)
	}
}

func TestPollingIsCheapWhileNothingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.openShift("D1", w.opening("shift-0001", w.makeBadge("leader"))).ok(http.StatusOK)
	w.sync("D2").ok(http.StatusOK) // another gate has another answer
	first := w.sync("D1").ok(http.StatusOK)
	tag := first.header.Get("ETag")
	w.clock.Advance(time.Minute)
	if same := w.sync("D1", "If-None-Match", tag); same.status != http.StatusNotModified || len(same.body) != 0 {
		t.Errorf("a minute later: %d with %d bytes", same.status, len(same.body))
	}
	if w.sync("D2").header.Get("ETag") == tag {
		t.Error("two gates have the same tag")
	}
	w.scan("D1", w.newScan(w.people["wang"])).decided("pass", "ok")
	w.scan("D1", w.newScan(w.people["li"])).decided("deny", "outsider")
	w.scan("D1", w.newScan(w.people["wang"]).with(fields{"direction": "out"})).decided("pass", "ok")
	eventually(t, "the shift's scans are counted", func() bool {
		now := w.sync("D1", "If-None-Match", tag)
		if now.status == http.StatusNotModified { // they are counted a moment later
			return false
		}
		counts, _ := now.ok(http.StatusOK).json()["shifts_counts"].(map[string]any)
		return counts["in"] == float64(1) && counts["out"] == float64(1) && counts["denied"] == float64(1)
	})
	tag = w.sync("D1").header.Get("ETag")
	w.changeSite("V1", func(site *checkpoint.Site) { site.FeverLine = 37_5 })
	changed := w.sync("D1", "If-None-Match", tag).ok(http.StatusOK).json()
	if line := changed["rules"].([]any)[0].(map[string]any)["fever_line"]; line != 37.5 {
		t.Errorf("fever line %v after it was changed", line)
	}
	w.revokeDevice("D1")
	w.sync("D1", "If-None-Match", tag).problem(http.StatusUnauthorized, "unauthorized", "")
}

func TestTheClockIsForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.do(http.MethodGet, "/v1/time", "", nil).ok(http.StatusOK)
	got.conforms(contract(t), "GET", "/v1/time")
	if got.json()["now"] != "2020-02-11T04:00:00.000Z" {
		t.Errorf("now %s", got.body)
	}
}
