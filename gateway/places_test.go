package gateway

import (
	"net/http"
	"strings"
	"testing"
)

// names collects one member of each object of a list.
func (a answer) names(list, member string) []string {
	a.t.Helper()
	all, ok := a.json()[list].([]any)
	if !ok {
		a.t.Fatalf("no list %s in %.200s", list, a.body)
	}
	var out []string
	for _, v := range all {
		record, _ := v.(map[string]any)
		name, _ := record[member].(string)
		out = append(out, name)
	}
	return out
}

func TestListsOfPlacesAreCutToTheScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ login, path, list, member, want string }{
		{"tracer", "/v1/sites", "sites", "code", "ML V1 V2"},
		{"tracer-a2", "/v1/sites", "sites", "code", "V2"},
		{"tracer-a2", "/v1/gates", "gates", "code", "G2"},
		{"tracer-a2", "/v1/grid", "nodes", "id", "A2 V2C"},
		{"leader-a2", "/v1/devices", "devices", "code", "D2"},
		{"tracer-a2", "/v1/staff", "staff", "login", "enroller-a2 leader-a2 tracer-a2"},
	} {
		got := w.do(http.MethodGet, c.path, w.as(c.login), nil).ok(http.StatusOK).names(c.list, c.member)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s sees %s: %v, want %s", c.login, c.path, got, c.want)
		}
	}
	w.do(http.MethodGet, "/v1/sites", w.deviceToken("D1"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodGet, "/v1/devices", w.as("tracer"), nil).problem(http.StatusForbidden, "forbidden", "")
}

func TestSiteIsPutWithItsRulesAndInForceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site := fields{"name": "三村", "kind": "village", "grid": "V1C", "fever_line": 37.5, "opens_at": "06:00", "closes_at": "22:00", "anti_passback": "deny"}
	got := w.do(http.MethodPut, "/v1/sites/V3", w.as("admin"), site).ok(http.StatusOK).json()
	for member, want := range map[string]any{
		"code": "V3", "kind": "village", "fever_line": 37.5, "low_line": 35.0, "temperature_on": "both",
		"remeasure_minutes": 10.0, "anti_passback": "deny", "replayed_pass": "warn", "closed": false,
	} {
		if got[member] != want {
			t.Errorf("%s is %v, want %v", member, got[member], want)
		}
	}
	// What was read can be written back.
	if again := w.do(http.MethodPut, "/v1/sites/V3", w.as("admin"), got).ok(http.StatusOK).json(); again["fever_line"] != 37.5 {
		t.Errorf("written back: %v", again)
	}
	for field, bad := range map[string]fields{
		"kind": {"kind": "palace"}, "grid": {"grid": "nowhere"}, "fever_line": {"fever_line": 375}, "low_line": {"low_line": "cold"},
		"name": {"name": "a\u202eb"}, "opens_at": {"opens_at": "6:00"}, "code": {"code": "V9"}, "remeasure_minutes": {"remeasure_minutes": 90},
		"anti_passback": {"anti_passback": "maybe"}, "temperature_on": {"temperature_on": "never"},
	} {
		w.do(http.MethodPut, "/v1/sites/V3", w.as("admin"), site.with(bad)).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	w.do(http.MethodPut, "/v1/sites/V3", w.as("admin"), site.with(fields{"colour": "red"})).problem(http.StatusBadRequest, "unknown_field", "colour")
	w.do(http.MethodPut, "/v1/sites/a%20b", w.as("admin"), site).problem(http.StatusUnprocessableEntity, "invalid", "code")
	w.do(http.MethodPut, "/v1/sites/V3", w.as("leader"), site).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodPut, "/v1/sites/V3", "", site).problem(http.StatusUnauthorized, "unauthorized", "")
}

func TestSecondOpenGateOfAVillageIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin")
	second := fields{"name": "后门", "site": "V1", "open": true}
	w.do(http.MethodPut, "/v1/gates/G1b", admin, second).problem(http.StatusUnprocessableEntity, "invalid", "open")
	w.do(http.MethodPut, "/v1/gates/G1b", admin, second.with(fields{"open": false})).ok(http.StatusOK)
	w.do(http.MethodPut, "/v1/gates/G1", admin, fields{"name": "村口", "site": "V1", "open": false}).ok(http.StatusOK)
	got := w.do(http.MethodPut, "/v1/gates/G1b", admin, second).ok(http.StatusOK).json()
	if got["open"] != true || got["code"] != "G1b" {
		t.Errorf("the gate is %v", got)
	}
	w.do(http.MethodPut, "/v1/gates/M3", admin, fields{"name": "北门", "site": "ML", "open": true}).ok(http.StatusOK) // not residential

	w.do(http.MethodPut, "/v1/gates/G9", admin, fields{"site": "V1"}).problem(http.StatusUnprocessableEntity, "invalid", "open")
	w.do(http.MethodPut, "/v1/gates/G9", admin, fields{"site": "V9", "open": false}).problem(http.StatusUnprocessableEntity, "invalid", "site")
	w.do(http.MethodPut, "/v1/gates/G1", admin, fields{"site": "V2", "open": false}).problem(http.StatusUnprocessableEntity, "invalid", "site")
	w.do(http.MethodPut, "/v1/gates/G9", w.as("tracer"), second).problem(http.StatusForbidden, "forbidden", "")
}

func TestGridNodeIsPutBelowItsParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	node := fields{"parent": "V1C", "name": "一村一网格", "level": 4, "head": "grid"}
	got := w.do(http.MethodPut, "/v1/grid/V1C-1", w.as("admin"), node).ok(http.StatusOK).json()
	if got["id"] != "V1C-1" || got["parent"] != "V1C" || got["level"] != 4.0 || got["head"] != "grid" {
		t.Errorf("the node is %v", got)
	}
	for field, bad := range map[string]fields{
		"parent": {"parent": "nowhere"}, "level": {"level": 5}, "name": {"name": " "}, "id": {"id": "other"},
	} {
		w.do(http.MethodPut, "/v1/grid/V1C-1", w.as("admin"), node.with(bad)).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	w.do(http.MethodPut, "/v1/grid/V1C-1", w.as("grid"), node).problem(http.StatusForbidden, "forbidden", "")
}

func TestSetupPutsEverythingOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	town := map[string]any{
		"grid": []fields{ // children first: the order is free
			{"id": "N4", "parent": "N3", "name": "微网格", "level": 4},
			{"id": "N3", "parent": "A1", "name": "三村", "level": 3},
		},
		"sites": []fields{{"code": "V3", "name": "三村", "kind": "village", "grid": "N3"}},
		"gates": []fields{
			{"code": "V3-g2", "name": "新门", "site": "V3", "open": true},
			{"code": "V3-g1", "name": "旧门", "site": "V3", "open": false},
		},
	}
	before := w.store.Registry().Version
	got := w.do(http.MethodPost, "/v1/setup", w.as("admin"), town).ok(http.StatusOK).json()
	if got["grid"] != 2.0 || got["sites"] != 1.0 || got["gates"] != 2.0 || got["rules_version"] != float64(before+1) {
		t.Errorf("set up: %v, the version before was %d", got, before)
	}
	w.do(http.MethodPost, "/v1/setup", w.as("admin"), town).ok(http.StatusOK) // again: no harm

	// Which gate is open changes hands in one request, in either order.
	town["gates"] = []fields{
		{"code": "V3-g1", "name": "旧门", "site": "V3", "open": true}, {"code": "V3-g2", "name": "新门", "site": "V3", "open": false},
	}
	w.do(http.MethodPost, "/v1/setup", w.as("admin"), town).ok(http.StatusOK)
	if gate, _ := w.store.Registry().Gate("V3-g1"); !gate.Open {
		t.Error("the old gate is not open")
	}

	bad := map[string]any{
		"grid":  []fields{{"id": "N5", "parent": "A1", "name": "四村", "level": 3}},
		"sites": []fields{{"code": "V4", "name": "四村", "kind": "village", "grid": "N5"}, {"code": "V5", "name": "五村", "kind": "village", "grid": "N6"}},
	}
	w.do(http.MethodPost, "/v1/setup", w.as("admin"), bad).problem(http.StatusUnprocessableEntity, "invalid", "sites[1].grid")
	if _, ok := w.store.Registry().Grid("N5"); ok {
		t.Error("a refused setup left a node behind")
	}
	twice := map[string]any{"gates": []fields{{"code": "M1", "site": "ML", "open": true}, {"code": "M1", "site": "ML", "open": false}}}
	w.do(http.MethodPost, "/v1/setup", w.as("admin"), twice).problem(http.StatusUnprocessableEntity, "invalid", "gates[1].code")
	w.do(http.MethodPost, "/v1/setup", w.as("leader"), town).problem(http.StatusForbidden, "forbidden", "")
}

func TestSetupTakesAWholeTown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var grid, sites, gates []fields
	for i := range 900 {
		code := "S" + string(rune('a'+i/100)) + string(rune('a'+i/10%10)) + string(rune('a'+i%10))
		grid = append(grid, fields{"id": code, "parent": "A1", "name": "网格" + code, "level": 3})
		if i < 300 {
			sites = append(sites, fields{"code": code, "name": "小区" + code, "kind": "compound", "grid": code})
			gates = append(gates, fields{"code": code + "-g1", "name": "门", "site": code, "open": true})
		}
	}
	got := w.do(http.MethodPost, "/v1/setup", w.as("admin"), map[string]any{"grid": grid, "sites": sites, "gates": gates}).ok(http.StatusOK).json()
	if got["grid"] != 900.0 || got["sites"] != 300.0 || got["gates"] != 300.0 {
		t.Errorf("set up: %v", got)
	}
}

func TestRulesTableIsPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, token := range []string{w.as("inspector"), w.deviceToken("D1")} {
		got := w.do(http.MethodGet, "/v1/rules/table", token, nil).ok(http.StatusOK)
		rules, _ := got.json()["rules"].([]any)
		if len(rules) != 9*7*2*2 {
			t.Errorf("%d rows, want one for each status, site kind, direction and own home", len(rules))
		}
		for _, r := range rules {
			row, _ := r.(map[string]any)
			if row["status"] == "red" && row["site_kind"] == "village" && row["direction"] == "in" && row["own_home"] == true &&
				(row["decision"] != "pass" || row["action"] != "escort" || row["color"] != "yellow") {
				t.Errorf("red and coming home: %v", row)
			}
		}
		if names := got.names("reasons", "zh"); len(names) < 20 || names[0] != "通行" {
			t.Errorf("reasons: %v", names)
		}
	}
	w.do(http.MethodGet, "/v1/rules/table", "", nil).problem(http.StatusUnauthorized, "unauthorized", "")
}
