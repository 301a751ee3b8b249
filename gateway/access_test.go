package gateway

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"passgate/checkpoint"
)

// wants is the table of DESIGN and of the contract, written out a second time:
// which of the callers gets past the door of each route.
var wants = map[string]string{
	"POST /v1/login": "all", "POST /v1/devices/enrol": "all", "GET /.well-known/jwks.json": "all",
	"GET /ca": "all", "GET /ca.crt": "all",
	"GET /openapi.yaml": "all", "GET /healthz": "all", "GET /readyz": "all",
	"GET /v1/time": "all", "GET /v1/gate/sync": "device", "POST /v1/gate/search": "device",
	"GET /v1/words": "staff", "GET /v1/me": "staff device", "GET /v1/rules/table": "staff device", "GET /v1/revocations": "admin device",
	"POST /v1/scans": "device", "POST /v1/scans/batch": "device", "POST /v1/scans/annul": "device",
	"GET /v1/gates/:gate/events": "admin tracer leader auditor device", "GET /v1/gates/:gate/refusals": "admin tracer leader auditor device",
	"POST /v1/shifts": "device", "POST /v1/shifts/close": "device", "GET /v1/shifts/current": "device", "GET /v1/gates/:gate/shifts": "admin leader device",
	"GET /v1/gates/:gate/paper":  "admin enroller grid leader device",
	"POST /v1/gates/:gate/paper": "admin enroller grid leader device",
	"POST /v1/me/password":       "staff", "POST /v1/me/signout": "staff", "GET /v1/me/totp": "staff", "POST /v1/me/totp": "staff",
	"POST /v1/me/totp/confirm": "staff", "POST /v1/me/totp/remove": "staff", "DELETE /v1/staff/:login/totp": "admin",
	"POST /v1/staff/:login/badge": "admin leader", "DELETE /v1/staff/:login/badge": "admin leader",
	"GET /v1/residents/:id/contacts": "admin tracer leader", "POST /v1/crowd": "admin tracer leader", "GET /v1/sites/:site/inside/people": "admin tracer leader",
	"GET /v1/residents/:id/trajectory": "admin tracer leader", "POST /v1/vehicles/search": "admin tracer leader auditor", "POST /v1/scans/vehicle": "device",
	"POST /v1/residents": "admin enroller", "POST /v1/residents/import": "admin enroller", "POST /v1/residents/workbook": "admin enroller", "GET /v1/residents": "admin enroller",
	"POST /v1/residents/search": "admin enroller tracer leader grid medic", "GET /v1/residents/:id": "admin enroller grid medic",
	"PUT /v1/residents/:id/status": "admin medic", "POST /v1/residents/:id/erase": "admin enroller", "POST /v1/residents/:id/passes": "admin enroller grid",
	"POST /v1/residents/:id/move": "admin enroller leader", "POST /v1/residents/:id/correct": "admin enroller leader", "POST /v1/residents/:id/merge": "admin enroller leader",
	"POST /v1/residents/:id/gone": "admin enroller leader", "GET /v1/residents/:id/work": "admin enroller leader auditor",
	"POST /v1/residents/:id/passes/revoke": "admin enroller medic", "GET /v1/sites/:site/sheet": "admin enroller", "GET /v1/sites/:site/inside": "admin leader tracer device",
	"GET /v1/gates/suspect": "admin leader medic auditor", "GET /v1/sites": "staff", "GET /v1/gates": "staff", "GET /v1/grid": "staff", "GET /v1/staff": "staff",
	"PUT /v1/sites/:site": "admin", "PUT /v1/gates/:gate": "admin", "PUT /v1/grid/:id": "admin", "PUT /v1/staff/:login": "admin",
	"GET /v1/policies": "admin leader", "POST /v1/policies": "admin leader", "GET /v1/policies/presets": "admin leader",
	"POST /v1/policies/preview": "admin leader", "POST /v1/policies/:code/end": "admin leader",
	"GET /v1/campaign": "staff", "POST /v1/campaign": "admin leader",
	"GET /v1/cases": "admin leader medic tracer auditor", "POST /v1/cases": "admin leader medic", "GET /v1/cases/:code": "admin leader medic tracer auditor",
	"POST /v1/cases/:code/close": "admin leader medic", "POST /v1/cases/:code/people": "admin leader medic tracer",
	"POST /v1/cases/:code/lifts": "admin leader medic tracer", "POST /v1/cases/:code/lifts/:number/approve": "admin leader",
	"POST /v1/cases/:code/grants": "admin leader medic tracer", "POST /v1/cases/:code/grants/:number/approve": "admin leader",
	"GET /v1/walk-ins/:id/candidates": "admin enroller tracer grid", "POST /v1/walk-ins/:id/match": "admin enroller tracer grid",
	"DELETE /v1/walk-ins/:id/match": "admin enroller tracer grid", "GET /v1/alerts": "admin leader medic", "GET /v1/fevers": "admin medic leader grid", "GET /v1/fevers/:id": "admin medic leader grid", "POST /v1/fevers/:id/close": "admin medic",
	"POST /v1/status-changes": "admin medic", "GET /v1/status-proposals": "admin medic leader",
	"GET /v1/status-proposals/:id":          "admin medic leader",
	"POST /v1/status-proposals/:id/approve": "admin medic leader", "POST /v1/status-proposals/:id/refuse": "admin medic leader",
	"POST /v1/fevers/:id/reports": "admin medic leader grid", "POST /v1/fevers/:id/handover": "admin medic", "POST /v1/fevers/:id/screening": "admin medic",
	"POST /v1/fevers/:id/hospital-link": "admin medic", "POST /v1/hospital/result": "all", "GET /hospital": "all", "POST /hospital": "all", "GET /hospital.css": "all", "GET /hospital.js": "all",
	"POST /v1/activate": "all", "POST /v1/residents/:id/activation/renew": "admin enroller",
	"GET /v1/contests": "admin medic leader", "POST /v1/contests/:id/answer": "admin medic leader",
	"GET /v1/requests": "admin grid leader", "POST /v1/requests/:id/take": "admin grid", "POST /v1/requests/:id/done": "admin grid",
	"GET /v1/readings/fevers": "admin grid medic leader", "GET /v1/residents/:id/readings": "admin grid medic", "POST /v1/residents/:id/readings": "admin grid",
	"POST /v1/my/contests": "phone", "POST /v1/my/readings": "phone", "GET /v1/my/readings": "phone", "POST /v1/my/requests": "phone", "GET /v1/my/requests": "phone",
	"GET /v1/my/household": "phone", "POST /v1/my/passes": "phone", "GET /v1/my/history": "phone", "GET /v1/my/readers": "phone", "DELETE /v1/my/phones/:id": "phone",
	"POST /v1/permits": "admin enroller grid leader device", "GET /v1/permits": "admin enroller grid leader device",
	"GET /v1/permits/overstayed": "admin enroller grid leader device", "GET /v1/permits/:id": "admin enroller grid leader device",
	"POST /v1/permits/:id/withdraw":   "admin enroller grid leader device",
	"PUT /v1/residents/:id/exemption": "admin enroller medic", "DELETE /v1/residents/:id/exemption": "admin enroller medic",
	"GET /v1/feed": "subscriber", "POST /v1/authority/changes": "subscriber", "GET /v1/authority/changes": "admin enroller leader medic",
	"GET /v1/subscribers": "admin auditor", "GET /v1/subscribers/:name": "admin auditor", "PUT /v1/subscribers/:name": "admin", "DELETE /v1/subscribers/:name": "admin",
	"GET /v1/audit": "admin auditor", "GET /v1/audit/head": "admin auditor",
	"GET /v1/supplies": "admin leader grid enroller", "GET /v1/supplies/items": "admin leader grid enroller", "PUT /v1/supplies/items/:code": "admin leader",
	"PUT /v1/supplies/lines": "admin leader grid", "GET /v1/supplies/movements": "admin leader grid enroller", "POST /v1/supplies/movements": "admin leader grid enroller",
	"GET /v1/bulletin": "admin leader grid medic", "GET /v1/bulletin/rows": "admin leader grid medic", "POST /v1/bulletins": "admin leader",
	"GET /v1/beds": "admin medic leader grid", "POST /v1/beds": "admin leader", "POST /v1/beds/waiting": "admin medic leader grid", "POST /v1/beds/waiting/:id/cancel": "admin medic leader grid",
	"POST /v1/beds/:id/assign": "admin medic leader", "POST /v1/beds/:id/release": "admin medic leader",
	"POST /v1/beds/:id/cleaned": "admin medic leader grid", "POST /v1/beds/:id/out-of-use": "admin medic leader",
	"GET /v1/disinfections": "admin grid leader enroller inspector", "POST /v1/disinfections": "admin grid leader enroller",
	"GET /v1/disinfections/plans": "admin grid leader enroller inspector", "PUT /v1/disinfections/plans": "admin leader",
	"POST /v1/purchases": "admin pharmacist device", "GET /v1/purchases": "admin grid medic leader",
	"POST /v1/purchases/:id/visit": "admin grid medic", "POST /v1/purchases/:id/close": "admin grid medic leader",
	"GET /v1/enterprises": "admin inspector leader enroller", "GET /v1/enterprises/:site": "admin inspector leader enroller", "PUT /v1/enterprises/:site": "admin inspector leader enroller",
	"GET /v1/enterprises/:site/staff": "admin inspector leader enroller", "POST /v1/enterprises/:site/staff": "admin inspector leader enroller",
	"DELETE /v1/enterprises/:site/staff/:id": "admin inspector leader enroller", "POST /v1/enterprises/:site/applications": "admin inspector leader enroller",
	"POST /v1/applications/:id/submit": "admin inspector leader enroller", "POST /v1/applications/:id/return": "admin inspector leader", "POST /v1/applications/:id/approve": "admin leader",
	"POST /v1/applications/:id/refuse": "admin leader", "POST /v1/applications/:id/suspend": "admin inspector leader", "POST /v1/applications/:id/resume": "admin leader",
	"GET /v1/inspections": "admin inspector leader enroller grid", "POST /v1/inspections": "admin inspector leader", "GET /v1/findings": "admin inspector leader enroller grid", "GET /v1/findings/:id": "admin inspector leader enroller grid",
	"POST /v1/findings/:id/corrected": "admin inspector leader enroller grid", "POST /v1/findings/:id/verify": "admin inspector leader", "POST /v1/findings/:id/reopen": "admin inspector leader",
	"GET /v1/reports": "staff", "POST /v1/reports": "admin leader grid enroller auditor inspector medic", "GET /v1/reports/:id": "staff", "POST /v1/reports/:id/assign": "admin leader grid auditor",
	"POST /v1/reports/:id/close": "staff", "POST /v1/reports/:id/reopen": "admin leader grid auditor", "POST /v1/reports/:id/staff": "admin auditor",
	"GET /v1/my/reports": "phone", "POST /v1/my/reports": "phone", "GET /v1/my/notices": "phone",
	"GET /v1/notices": "staff device", "POST /v1/notices": "admin leader grid", "POST /v1/notices/:id/withdraw": "admin leader grid", "GET /v1/notices/:id/leaflet": "staff",
	"GET /v1/dispatches": "staff", "GET /v1/dispatches/:id": "staff", "POST /v1/dispatches": "admin leader grid", "POST /v1/dispatches/:id/take": "staff", "POST /v1/dispatches/:id/done": "staff",
	"POST /v1/dispatches/:id/verify": "admin leader grid", "POST /v1/dispatches/:id/reopen": "admin leader grid", "POST /v1/dispatches/:id/reassign": "admin leader grid",
	"GET /v1/alarms": "admin leader grid medic inspector", "GET /v1/alarms/kinds": "staff", "GET /v1/alarms/:id": "admin leader grid medic inspector",
	"POST /v1/alarms/:id/ack": "admin leader grid medic inspector", "POST /v1/alarms/:id/close": "admin leader grid medic inspector",
	"GET /v1/board": "admin leader grid medic inspector", "GET /v1/board/:gate": "admin leader grid medic inspector", "GET /v1/live": "admin leader grid medic inspector",
	"GET /v1/channels": "admin", "GET /v1/channels/:name": "admin", "PUT /v1/channels/:name": "admin", "DELETE /v1/channels/:name": "admin",
	"POST /v1/channels/:name/test": "admin", "GET /v1/channels/:name/dead": "admin", "POST /v1/channels/:name/retry": "admin",
	"GET /v1/observations": "admin grid medic leader", "POST /v1/observations": "admin medic leader", "GET /v1/observations/:id": "admin grid medic leader",
	"POST /v1/observations/:id/release": "admin medic leader", "POST /v1/observations/:id/extend": "admin medic leader", "POST /v1/observations/:id/people": "admin medic leader",
	"POST /v1/observations/:id/reports": "admin grid medic leader", "POST /v1/my/observation/reports": "phone",
	"GET /v1/returnees": "admin enroller grid medic leader", "POST /v1/returnees": "admin enroller grid medic leader", "POST /v1/returnees/:id/close": "admin enroller grid medic leader",
	"GET /v1/grid/:id/today": "admin grid leader", "GET /v1/grid/:id/coverage": "admin grid leader", "POST /v1/visits": "admin grid leader",
	"POST /v1/setup": "admin", "GET /v1/devices": "admin leader", "POST /v1/devices": "admin leader", "DELETE /v1/devices/:code": "admin leader",

	"POST /v1/cases/:code/contacts":      "tracer leader admin",
	"GET /v1/cases/:code/contacts":       "tracer leader admin",
	"POST /v1/cases/:code/contacts/next": "tracer leader admin",
	"GET /v1/cases/:code/line-list":      "tracer leader admin",
	"GET /v1/calls":                      "tracer leader admin",
	"GET /v1/calls/mine":                 "tracer leader admin",
	"GET /v1/calls/visits":               "grid tracer leader admin",
	"GET /v1/calls/:id":                  "tracer leader admin",
	"POST /v1/calls/:id/phone":           "tracer leader admin",
	"POST /v1/calls/:id/outcome":         "tracer leader grid admin",
	"POST /v1/calls/:id/assign":          "leader admin",
	"POST /v1/calls/:id/release":         "tracer leader admin",
	"POST /v1/calls/:id/transfer":        "tracer leader admin",
}

// fillPath puts the town's names into a route's pattern, and what is not there
// where something could be changed.
func fillPath(w *world, pattern string) string {
	return strings.NewReplacer(
		":gate", "G1", ":id", checkpoint.FormatPersonID(w.people["wang"]), ":site", "V1", ":code", "none", ":login", "none", ":name", "none", ":number", "0",
	).Replace(pattern)
}

func TestEveryRouteForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	callers := map[string]string{"nobody": "", "device": w.deviceToken("D1"), "stranger": w.deviceToken("unknown"), "forger": w.as("admin") + "x"}
	callers["phone"] = w.phone(w.people["li"])
	callers["subscriber"] = w.subscribe("jinan", nil)
	for _, role := range append([]checkpoint.Role{checkpoint.RoleAdmin}, everyRole()...) {
		callers[string(role)] = w.as(string(role))
	}
	routes := w.server.routes()
	if len(routes) != len(wants) {
		t.Errorf("%d routes, the test knows %d", len(routes), len(wants))
	}
	// What exists not is what the path names, so that nothing is changed; a
	// device does not look at another gate, the phone is of another household.
	for _, r := range routes {
		name := r.method + " " + r.path
		want, known := wants[name]
		if !known {
			t.Errorf("%s is not in the test's table", name)
			continue
		}
		may := strings.Fields(want)
		for caller, token := range callers {
			var body any
			if r.method != http.MethodGet {
				body = "{"
			}
			got := w.do(r.method, fillPath(w, r.path)+map[bool]string{true: "?site=V1"}[name == "GET /v1/residents"], token, body)
			code := ""
			if got.status >= 400 {
				code, _ = got.json()["code"].(string)
			}
			known := caller == "device" || caller == "phone" || caller == "subscriber"
			staff := !known && caller != "nobody" && caller != "stranger" && caller != "forger"
			allowed := slices.Contains(may, "all") || slices.Contains(may, caller) || staff && slices.Contains(may, "staff")
			switch {
			case allowed && (code == "unauthorized" || code == "forbidden" || code == "out_of_scope"):
				t.Errorf("%s is refused to %s: %s", name, caller, code)
			case !allowed && (staff || known) && (got.status != http.StatusForbidden || code != "forbidden"):
				t.Errorf("%s lets %s in: %d %s", name, caller, got.status, code)
			case !allowed && !staff && !known && (got.status != http.StatusUnauthorized || code != "unauthorized"):
				t.Errorf("%s lets %s in: %d %s", name, caller, got.status, code)
			}
		}
	}
}

func TestStaffSeeTheirSubtreeOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracer, enroller, leader := w.as("tracer-a2"), w.as("enroller-a2"), w.as("leader-a2")
	wang, li := checkpoint.FormatPersonID(w.people["wang"]), checkpoint.FormatPersonID(w.people["li"])
	for _, c := range []struct{ token, method, mine, theirs string }{
		{tracer, "GET", "/v1/gates/G2/events", "/v1/gates/G1/events"},
		{tracer, "GET", "/v1/gates/G2/refusals", "/v1/gates/M1/refusals"},
		{tracer, "GET", "/v1/residents/" + li + "/trajectory", "/v1/residents/" + wang + "/trajectory"},
		{enroller, "GET", "/v1/residents/" + li, "/v1/residents/" + wang},
		{enroller, "GET", "/v1/residents?site=V2", "/v1/residents?site=V1"},
		{enroller, "GET", "/v1/sites/V2/sheet", "/v1/sites/V1/sheet"},
		{leader, "DELETE", "/v1/devices/D2", "/v1/devices/D1"},
	} {
		w.do(c.method, c.theirs, c.token, nil).problem(http.StatusForbidden, "out_of_scope", "")
		if got := w.do(c.method, c.mine, c.token, nil); got.status >= 300 {
			t.Errorf("%s: %d %.200s", c.mine, got.status, got.body)
		}
	}
	for _, none := range []string{"/v1/gates/NONE/events", "/v1/residents/0000000000000001/trajectory"} {
		w.do(http.MethodGet, none, tracer, nil).problem(http.StatusForbidden, "out_of_scope", "") // as if it were elsewhere
		w.do(http.MethodGet, none, w.as("tracer"), nil).problem(http.StatusNotFound, "not_found", "")
	}
	w.do(http.MethodGet, "/v1/residents/1/trajectory", tracer, nil).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	// The root's node is the whole town, and so is no node.
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("tracer-a2")
		staff := *old
		staff.Grid = "XS"
		return d.PutStaff(staff)
	})
	w.do(http.MethodGet, "/v1/gates/G1/events", tracer, nil).ok(http.StatusOK)
}

func TestPathsAndMethodsThatDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(http.MethodGet, "/v1/nothing", "", nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/login", "", nil).problem(http.StatusMethodNotAllowed, "method_not_allowed", "")
	w.do(http.MethodGet, "/v1/Me", w.as("admin"), nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/me", w.as("admin"), nil, "X-Long", strings.Repeat("x", 9<<10)).
		problem(http.StatusRequestHeaderFieldsTooLarge, "header_too_large", "")
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	for _, path := range []string{"/healthz", "/v1/me", "/v1/nothing"} {
		got := w.do(http.MethodGet, path, "", nil, "X-Request-Id", "chosen-by-the-client")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Cache-Control": "no-store",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.header.Get(name), want)
			}
		}
		id := got.header.Get("X-Request-Id")
		if len(id) != 16 || seen[id] {
			t.Errorf("%s: request ID %q", path, id)
		}
		seen[id] = true
	}
}
