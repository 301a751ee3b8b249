package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// newPolicy closes the malls, from now on.
func newPolicy(code string) fields {
	return fields{
		"code": code, "name": "关闭商场", "ground": "指挥部第1号通告",
		"parts": []fields{{"kinds": []string{"mall"}, "rules": fields{"closed": true}, "note": "商场一律关闭"}},
	}
}

func (w *world) putPolicy(login string, policy fields) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/policies", w.as(login), policy)
}

func (w *world) endPolicy(login, code string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/policies/"+code+"/end", w.as(login), nil)
}

// inForce are the rules of a site that the list of sites shows.
func (w *world) inForce(site string) fields {
	w.t.Helper()
	list, _ := w.do(http.MethodGet, "/v1/sites", w.as("admin"), nil).ok(http.StatusOK).json()["sites"].([]any)
	for _, v := range list {
		if record, _ := v.(map[string]any); record["code"] == site {
			rules, _ := record["in_force"].(map[string]any)
			return rules
		}
	}
	w.t.Fatalf("no site %s", site)
	return nil
}

func TestPolicyIsPutSeenAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	w.scan("E1", w.newScan(wang)).decided("pass", "ok")
	put := w.putPolicy("leader", newPolicy("malls-1")).ok(http.StatusCreated).json()
	began := w.clock.Now().UnixMilli()
	for member, want := range map[string]any{
		"code": "malls-1", "state": "in_force", "created_by": "leader", "ended_by": "", "until": nil, "ended_at": nil,
		"from": utcTime(began).String(), "created_at": utcTime(began).String(),
	} {
		if put[member] != want {
			t.Errorf("%s is %v, want %v", member, put[member], want)
		}
	}
	w.scan("E1", w.newScan(wang)).decided("deny", "site_closed")
	w.scan("D1", w.newScan(wang)).decided("pass", "ok")

	rules := w.inForce("ML")
	if text := fmt.Sprint(rules["closed"], rules["policies"], w.inForce("V1")["closed"]); text != "true [map[code:malls-1 name:关闭商场]] false" {
		t.Errorf("in force: %s", text)
	}
	if site, _ := w.store.Registry().Site("ML"); site.Closed {
		t.Error("the site itself was changed")
	}
	for device, want := range map[string]bool{"E1": true, "D1": false} {
		me := w.do(http.MethodGet, "/v1/me", w.deviceToken(device), nil).ok(http.StatusOK).json()
		if rules, _ := me["site_rules"].(map[string]any); rules["closed"] != want || rules["fever_line"] != 37.3 {
			t.Errorf("%s sees %v", device, me["site_rules"])
		}
	}

	w.clock.Advance(time.Minute)
	ended := w.endPolicy("admin", "malls-1").ok(http.StatusOK).json()
	if ended["state"] != "ended" || ended["ended_by"] != "admin" || ended["ended_at"] != utcTime(began+60_000).String() {
		t.Errorf("ended: %v", ended)
	}
	w.scan("E1", w.newScan(wang)).decided("pass", "ok")
	w.clock.Advance(time.Minute)
	if again := w.endPolicy("leader", "malls-1").ok(http.StatusOK).json(); again["ended_by"] != "admin" || again["ended_at"] != ended["ended_at"] {
		t.Errorf("ended again: %v", again)
	}
	w.endPolicy("admin", "none").problem(http.StatusNotFound, "not_found", "")
	w.putPolicy("leader", newPolicy("malls-1")).problem(http.StatusConflict, "exists", "")
	if rules := w.inForce("ML"); rules["closed"] != false || len(rules["policies"].([]any)) != 0 {
		t.Errorf("after the end: %v", rules)
	}
}

func TestPoliciesAreListedWithTheirState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(d time.Duration) utcTime { return utcTime(w.clock.Now().Add(d).UnixMilli()) }
	w.putPolicy("admin", newPolicy("over").with(fields{"until": at(time.Hour)})).ok(http.StatusCreated)
	w.putPolicy("admin", newPolicy("on")).ok(http.StatusCreated)
	w.putPolicy("admin", newPolicy("next").with(fields{"from": at(3 * time.Hour), "until": at(4 * time.Hour)})).ok(http.StatusCreated)
	w.putPolicy("admin", newPolicy("a2").with(fields{"nodes": []string{"A2"}, "parts": []fields{{"rules": fields{"disinfection": true}}}})).ok(http.StatusCreated)
	w.clock.Advance(2 * time.Hour)
	for _, c := range []struct{ login, query, want string }{
		{"admin", "", "over on next a2"},
		{"leader", "?state=in_force", "on a2"},
		{"leader", "?state=coming", "next"},
		{"leader", "?state=ended", "over"},
		{"leader-a2", "", "a2"}, // there is no mall in A2
	} {
		got := w.do(http.MethodGet, "/v1/policies"+c.query, w.as(c.login), nil).ok(http.StatusOK).names("policies", "code")
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s%s: %v, want %s", c.login, c.query, got, c.want)
		}
	}
	w.do(http.MethodGet, "/v1/policies?state=old", w.as("admin"), nil).problem(http.StatusUnprocessableEntity, "invalid", "state")
	// What holds for the whole town is seen where it holds.
	w.putPolicy("admin", newPolicy("town").with(fields{"parts": []fields{{"rules": fields{"temperature_on": "both"}}}})).ok(http.StatusCreated)
	if got := w.do(http.MethodGet, "/v1/policies", w.as("leader-a2"), nil).names("policies", "code"); strings.Join(got, " ") != "a2 town" {
		t.Errorf("leader-a2 sees %v", got)
	}
}

func TestLeadersMakePoliciesForTheirSubtree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := newPolicy("p").with(fields{"parts": []fields{{"rules": fields{"disinfection": true}}}})
	for name, c := range map[string]struct {
		where fields
		mine  bool
	}{
		"town": {fields{}, false}, "root": {fields{"nodes": []string{"XS"}}, false}, "other-node": {fields{"nodes": []string{"A1"}}, false},
		"mixed": {fields{"nodes": []string{"A2", "A1"}}, false}, "other-site": {fields{"nodes": []string{"A2"}, "sites": []string{"ML"}}, false},
		"unknown": {fields{"nodes": []string{"nowhere"}}, false}, "unknown-site": {fields{"sites": []string{"nowhere"}}, false},
		"node": {fields{"nodes": []string{"A2"}}, true}, "below": {fields{"nodes": []string{"V2C"}}, true}, "site": {fields{"sites": []string{"V2"}}, true},
	} {
		policy := all.with(c.where).with(fields{"code": name})
		preview := w.do(http.MethodPost, "/v1/policies/preview", w.as("leader-a2"), policy)
		put := w.putPolicy("leader-a2", policy)
		if c.mine {
			preview.ok(http.StatusOK)
			put.ok(http.StatusCreated)
			w.endPolicy("leader-a2", name).ok(http.StatusOK)
			continue
		}
		preview.problem(http.StatusForbidden, "out_of_scope", "")
		put.problem(http.StatusForbidden, "out_of_scope", "")
		if strings.HasPrefix(name, "unknown") {
			w.putPolicy("admin", policy).problem(http.StatusUnprocessableEntity, "invalid", map[string]string{"unknown": "nodes", "unknown-site": "sites"}[name])
			continue
		}
		w.putPolicy("admin", policy).ok(http.StatusCreated)
		w.endPolicy("leader-a2", name).problem(http.StatusForbidden, "out_of_scope", "")
		w.endPolicy("leader", name).ok(http.StatusOK)
	}
}

// What the town orders cannot be loosened from below, neither by a newer policy
// nor by ending it.
func TestTownsPolicyLiesOverThoseOfItsParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := func(code string, disinfection bool) fields {
		return newPolicy(code).with(fields{
			"sites": []string{"V2"}, "parts": []fields{{"rules": fields{"disinfection": disinfection}}},
		})
	}
	w.putPolicy("admin", order("town", true)).ok(http.StatusCreated)
	w.putPolicy("leader-a2", order("area", false)).ok(http.StatusCreated)
	if got := w.inForce("V2")["disinfection"]; got != true {
		t.Errorf("the area's newer policy loosens the town's: %v", got)
	}
	w.endPolicy("leader-a2", "town").problem(http.StatusForbidden, "out_of_scope", "")
	w.endPolicy("admin", "town").ok(http.StatusOK)
	if got := w.inForce("V2")["disinfection"]; got != false {
		t.Errorf("with the town's policy ended the area's holds: %v", got)
	}
}

func TestPolicyThatCannotBeIsRefusedByField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rules := func(r fields) fields { return fields{"parts": []fields{{"rules": r}}} }
	for _, c := range []struct {
		field string
		bad   fields
	}{
		{"code", fields{"code": "a b"}},
		{"name", fields{"name": ""}},
		{"name", fields{"name": "a\u202eb"}},
		{"ground", fields{"ground": " "}},
		{"from", fields{"from": "tomorrow"}},
		{"from", fields{"from": utcTime(w.clock.Now().UnixMilli() - 1)}},
		{"until", fields{"until": utcTime(w.clock.Now().UnixMilli())}},
		{"nodes", fields{"nodes": []string{"nowhere"}}},
		{"parts", fields{"parts": nil}},
		{"preset", fields{"preset": "twelve-always", "parts": nil}},
		{"parts", fields{"preset": "ten-always"}},
		{"parts", fields{"preset": "market-closure", "parts": nil}}, // there is no market
		{"parts[0].kinds", fields{"parts": []fields{{"kinds": []string{"palace"}, "rules": fields{"closed": true}}}}},
		{"parts[0].note", fields{"parts": []fields{{"note": "a\nb", "rules": fields{"closed": true}}}}},
		{"parts[0].rules", rules(fields{})},
		{"parts[0].rules.fever_line", rules(fields{"fever_line": 375, "low_line": 35})},
		{"parts[0].rules.low_line", rules(fields{"fever_line": 37.5, "low_line": "cold"})},
		{"parts[0].rules.fever_line", rules(fields{"low_line": 35})},
		{"parts[0].rules.opens_at", rules(fields{"opens_at": "6:00", "closes_at": "22:00"})},
		{"parts[0].rules.capacity", rules(fields{"capacity": -1})},
		{"parts[0].rules.outings", rules(fields{"outings": 1})}, // the mall has no households
	} {
		w.putPolicy("admin", newPolicy("bad").with(c.bad)).problem(http.StatusUnprocessableEntity, "invalid", c.field)
	}
	w.putPolicy("admin", newPolicy("bad").with(rules(fields{"colour": "red"}))).problem(http.StatusBadRequest, "unknown_field", "colour")
	if n := len(w.store.Registry().Policies()); n != 0 {
		t.Errorf("%d policies are there", n)
	}
	for _, login := range []string{"medic", "enroller"} {
		w.putPolicy(login, newPolicy("bad")).problem(http.StatusForbidden, "forbidden", "")
	}
}

func TestPresetIsPutAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	presets, _ := w.do(http.MethodGet, "/v1/policies/presets", w.as("leader"), nil).ok(http.StatusOK).json()["presets"].([]any)
	if len(presets) != 4 {
		t.Fatalf("%d presets", len(presets))
	}
	for _, v := range presets {
		preset, _ := v.(map[string]any)
		code, _ := preset["code"].(string)
		policy := fields{"name": preset["zh"], "ground": "通告", "sites": []string{"V1", "ML"}}
		if code == "market-closure" {
			w.changeSite("ML", func(s *checkpoint.Site) { s.Kind = checkpoint.Market })
		}
		// By its name and by its parts it is the same policy.
		named := w.putPolicy("leader", policy.with(fields{"code": code, "preset": code})).ok(http.StatusCreated).json()
		copied := w.putPolicy("leader", policy.with(fields{"code": code + "-2", "parts": preset["parts"]})).ok(http.StatusCreated).json()
		if fmt.Sprint(named["parts"]) != fmt.Sprint(copied["parts"]) {
			t.Errorf("%s: %v\n%v", code, named["parts"], copied["parts"])
		}
	}
}

func TestPreviewTellsWhomAPolicyTouches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.scan("E1", w.newScan(w.people["wang"])).decided("pass", "ok")
	version := w.store.Registry().Version
	policy := newPolicy("look").with(fields{"parts": []fields{
		{"kinds": []string{"mall"}, "rules": fields{"closed": true, "fever_line": 37.0, "low_line": 34.5}},
		{"kinds": []string{"village"}, "rules": fields{"outings": 1}},
	}})
	got := w.do(http.MethodPost, "/v1/policies/preview", w.as("leader"), policy).ok(http.StatusOK).json()
	if text := fmt.Sprint(got["residents"], got["inside"], got["gates"]); text != "2 1 4" {
		t.Errorf("residents, inside, gates: %s", text)
	}
	sites, _ := got["sites"].([]any)
	for i, want := range []string{
		"ML [M1 M2] [map[field:closed new:true old:false] map[field:fever_line new:37 old:37.3] map[field:low_line new:34.5 old:35]] 0 1 true false",
		"V1 [G1] [map[field:outings new:1 old:0] map[field:outing_days new:1 old:0]] 1 0 false false",
		"V2 [G2] [map[field:outings new:1 old:0] map[field:outing_days new:1 old:0]] 1 0 false false",
	} {
		v, _ := sites[i].(map[string]any)
		if text := fmt.Sprint(v["code"], " ", v["gates"], " ", v["changes"], " ", v["residents"], " ", v["inside"], " ", v["closes"], " ", v["overfull"]); text != want {
			t.Errorf("%s\nwant %s", text, want)
		}
	}
	if w.store.Registry().Version != version || len(w.store.Registry().Policies()) != 0 || w.inForce("ML")["closed"] != false {
		t.Error("looking has changed something")
	}
}
