package gateway

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract is the OpenAPI file as its users load it, with the schemas of its answers
// closed. Tests only read it: it is loaded once, which takes a second.
func contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := loadContract()
	if err != nil {
		t.Fatalf("openapi.yaml does not load: %v", err)
	}
	return doc
}

var loadContract = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		return nil, err
	}
	seen := map[*openapi3.Schema]bool{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, response := range op.Responses.Map() {
				for _, media := range response.Value.Content {
					closed(media.Schema, seen)
				}
			}
		}
	}
	return doc, nil
})

func TestContractIsValidOpenAPI(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

var pathParam = regexp.MustCompile(`:([a-z]+)`)

func TestContractAndRoutesAreTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	written, served := map[string]bool{}, map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			written[method+" "+path] = true
		}
	}
	for _, r := range w.server.routes() {
		path := pathParam.ReplaceAllString(r.path, "{$1}")
		served[r.method+" "+path] = true
		item := doc.Paths.Value(path)
		if item == nil || item.GetOperation(r.method) == nil {
			continue // said below
		}
		op := item.GetOperation(r.method)
		if public := op.Security != nil && len(*op.Security) == 0; public != r.who.public {
			t.Errorf("%s %s: the file says public %v, the table %v", r.method, path, public, r.who.public)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(written)) {
		if !served[route] {
			t.Errorf("%s is in openapi.yaml and not served", route)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(served)) {
		if !written[route] {
			t.Errorf("%s is served and not in openapi.yaml", route)
		}
	}
	got := w.do(http.MethodGet, "/openapi.yaml", "", nil).ok(http.StatusOK)
	if string(got.body) != string(openAPI) || got.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("served as %s with %d bytes", got.header.Get("Content-Type"), len(got.body))
	}
}

func TestContractNamesEveryProblem(t *testing.T) {
	t.Parallel()
	var written []string
	for _, v := range contract(t).Components.Schemas["Problem"].Value.Properties["code"].Value.Enum {
		name, _ := v.(string)
		written = append(written, name)
	}
	for c := range problems {
		if !slices.Contains(written, string(c)) {
			t.Errorf("code %s is not in openapi.yaml", c)
		}
	}
	if len(written) != len(problems) {
		t.Errorf("openapi.yaml has %d codes, the table %d", len(written), len(problems))
	}
}

// closed forbids members that the schema does not name.
func closed(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || ref.Value == nil || seen[ref.Value] {
		return
	}
	schema := ref.Value
	seen[schema] = true
	if len(schema.Properties) > 0 {
		no := false
		schema.AdditionalProperties = openapi3.BoolSchema{Has: &no}
	}
	for _, p := range schema.Properties {
		closed(p, seen)
	}
	for _, group := range []openapi3.SchemaRefs{schema.OneOf, schema.AllOf, schema.AnyOf, {schema.Items}} {
		for _, p := range group {
			closed(p, seen)
		}
	}
}

// conforms checks an answer against the file: status, media type, body.
func (a answer) conforms(doc *openapi3.T, method, path string) {
	a.t.Helper()
	op := doc.Paths.Value(path).GetOperation(method)
	response := op.Responses.Status(a.status)
	if response == nil && a.status >= 400 {
		response = op.Responses.Default()
	}
	if response == nil {
		a.t.Errorf("%s %s: status %d is not in openapi.yaml: %.200s", method, path, a.status, a.body)
		return
	}
	if len(a.body) == 0 {
		return
	}
	media := response.Value.Content.Get(a.header.Get("Content-Type"))
	if media == nil {
		a.t.Errorf("%s %s: %s is not in openapi.yaml", method, path, a.header.Get("Content-Type"))
		return
	}
	if !strings.Contains(a.header.Get("Content-Type"), "json") {
		return
	}
	var body any
	if err := json.Unmarshal(a.body, &body); err != nil {
		a.t.Errorf("%s %s: %v", method, path, err)
		return
	}
	if err := media.Schema.Value.VisitJSON(body); err != nil {
		a.t.Errorf("%s %s: the answer is not what openapi.yaml says: %v\n%.400s", method, path, err, a.body)
	}
}

// TestAnswersAreAsWritten asks every route that answers in JSON.
func TestAnswersAreAsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	doc := contract(t)
	admin, device := w.as("admin"), w.deviceToken("D1")
	wang := personPath(w.people["wang"], "")
	scan := w.newScan(w.people["wang"])
	policy := fields{"code": "p1", "name": "十个一律", "ground": "市指挥部通告", "preset": "ten-always", "until": utcTime(w.clock.Now().Add(time.Hour).UnixMilli())}
	person := fields{"name": "赵六", "id_number": newDocument(), "phone": "13800138000", "site": "V1"}
	w.scan("D1", w.newScan(w.people["wang"]).with(fields{"temperature": 38.5})).ok(http.StatusOK)
	w.scan("D1", w.passScan("PG1:BROKEN")).ok(http.StatusOK)
	eventually(t, "the gate's index has the event", func() bool {
		events, _ := w.do(http.MethodGet, "/v1/gates/G1/events", admin, nil).json()["events"].([]any)
		return len(events) > 0
	})
	for _, ask := range []struct {
		method, path, url, token string
		body                     any
	}{
		{"POST", "/v1/login", "", "", fields{"login": "tracer", "password": testPassword}},
		{"POST", "/v1/login", "", "", fields{"login": "tracer", "password": "wrong"}},
		{"GET", "/v1/me", "", admin, nil},
		{"GET", "/v1/me", "", device, nil},
		{"GET", "/v1/me", "", "nobody", nil},
		{"POST", "/v1/scans", "", device, scan},
		{"POST", "/v1/scans", "", device, scan}, // a duplicate
		{"POST", "/v1/scans", "", device, scan.with(fields{"temperature": 36.6})},
		{"POST", "/v1/scans", "", device, scan.with(fields{"temperature": 99})},
		{"POST", "/v1/scans", "", device, w.passScan("https://example.org")},
		{"POST", "/v1/scans/batch", "", device, fields{"scans": []fields{w.newScan(w.people["li"]), scan.with(fields{"direction": "up"})}}},
		{"POST", "/v1/scans/vehicle", "", device, w.car(w.newRider(w.people["wang"]), fields{"id": "rider-bad"})},
		{"POST", "/v1/scans/vehicle", "", device, w.car()},
		{"POST", "/v1/vehicles/search", "", admin, fields{"plate": "鲁A12345"}},
		{"POST", "/v1/vehicles/search", "", admin, fields{"plate": "鲁A1234O"}},
		{"GET", "/v1/gates/{gate}/events", "/v1/gates/G1/events", admin, nil},
		{"GET", "/v1/gates/{gate}/events", "/v1/gates/G9/events", admin, nil},
		{"GET", "/v1/gates/{gate}/refusals", "/v1/gates/G1/refusals", admin, nil},
		{"GET", "/v1/residents/{id}/trajectory", wang + "/trajectory", admin, nil},
		{"POST", "/v1/residents", "", admin, person},
		{"POST", "/v1/residents", "", admin, person},
		{"POST", "/v1/residents", "", admin, person.with(fields{"site": "V9"})},
		{"POST", "/v1/residents", "", admin, "{"},
		{"POST", "/v1/residents/search", "", admin, fields{"phone": "13800138000"}},
		{"GET", "/v1/residents", "/v1/residents?site=V1", admin, nil},
		{"GET", "/v1/residents/{id}", wang, admin, nil},
		{"PUT", "/v1/residents/{id}/status", wang + "/status", admin, fields{"status": "yellow", "ground": "authority"}},
		{"POST", "/v1/residents/{id}/passes", wang + "/passes", admin, fields{"kind": "app"}},
		{"POST", "/v1/residents/{id}/passes/revoke", wang + "/passes/revoke", admin, fields{"reason": "lost"}},
		{"GET", "/v1/sites/{site}/sheet", "/v1/sites/V1/sheet", admin, nil},
		{"GET", "/v1/gates/{gate}/paper", "/v1/gates/G1/paper?pages=2", device, nil},
		{"GET", "/ca", "", "", nil},
		{"POST", "/v1/policies", "", admin, policy},
		{"POST", "/v1/policies", "", admin, policy}, // the name is taken
		{"POST", "/v1/policies/preview", "", admin, policy.with(fields{"code": "p2", "preset": nil, "parts": []fields{{"kinds": []string{"mall"}, "rules": fields{"fever_line": 37.0, "low_line": 34.5, "capacity": 5}}}})},
		{"POST", "/v1/policies/preview", "", admin, policy.with(fields{"code": "p2", "until": "2000-01-01T00:00:00Z"})},
		{"GET", "/v1/policies", "", admin, nil},
		{"GET", "/v1/policies/presets", "", admin, nil},
		{"GET", "/v1/me", "", device, nil},
		{"GET", "/v1/sites", "", admin, nil},
		{"POST", "/v1/policies/{code}/end", "/v1/policies/p1/end", admin, nil},
		{"POST", "/v1/policies/{code}/end", "/v1/policies/none/end", admin, nil},
		{"GET", "/v1/sites", "", admin, nil},
		{"PUT", "/v1/sites/{site}", "/v1/sites/V3", admin, fields{"name": "三村", "kind": "village", "grid": "V1C"}},
		{"GET", "/v1/gates", "", admin, nil},
		{"PUT", "/v1/gates/{gate}", "/v1/gates/V3-g1", admin, fields{"site": "V3", "open": true}},
		{"GET", "/v1/grid", "", admin, nil},
		{"PUT", "/v1/grid/{id}", "/v1/grid/N4", admin, fields{"parent": "V1C", "name": "微网格", "level": 4}},
		{"PUT", "/v1/staff/{login}", "/v1/staff/fang", admin, fields{"name": "方", "role": "guard", "grid": "A1"}},
		{"POST", "/v1/staff/{login}/badge", "/v1/staff/fang/badge", admin, nil},
		{"DELETE", "/v1/staff/{login}/badge", "/v1/staff/tracer/badge", admin, nil},
		{"GET", "/v1/me/totp", "", w.as("tracer"), nil},
		{"POST", "/v1/me/totp", "", w.as("tracer"), fields{}},
		{"POST", "/v1/me/totp/confirm", "", w.as("tracer"), fields{"code": "1"}},
		{"POST", "/v1/me/totp/remove", "", w.as("tracer"), fields{"password": testPassword, "code": "1"}},
		{"POST", "/v1/me/password", "", w.as("tracer"), fields{"old": testPassword, "new": "ten chars!"}},
		{"POST", "/v1/me/signout", "", w.as("tracer-a2"), fields{}},
		{"DELETE", "/v1/staff/{login}/totp", "/v1/staff/tracer/totp", admin, nil},
		{"GET", "/v1/staff", "", admin, nil},
		{"PUT", "/v1/staff/{login}", "/v1/staff/new", admin, fields{"name": "新", "role": "medic", "password": "ten chars!"}},
		{"POST", "/v1/setup", "", admin, fields{"gates": []fields{{"code": "M3", "site": "ML", "open": true}}}},
		{"GET", "/v1/rules/table", "", device, nil},
		{"GET", "/v1/words", "", admin, nil},
		{"POST", "/v1/devices", "", admin, fields{"gate": "G1", "lane": "一道"}},
		{"POST", "/v1/devices/enrol", "", "", fields{"code": "PGE1-" + strings.Repeat("A", 26)}},
		{"GET", "/v1/devices", "", admin, nil},
		{"DELETE", "/v1/devices/{code}", "/v1/devices/E2", admin, nil},
		{"GET", "/v1/devices", "", admin, nil},
		{"GET", "/v1/revocations", "", device, nil},
		{"GET", "/.well-known/jwks.json", "", "", nil},
		{"GET", "/healthz", "", "", nil},
		{"GET", "/readyz", "", "", nil},
	} {
		url := ask.url
		if url == "" {
			url = ask.path
		}
		w.do(ask.method, url, ask.token, ask.body).conforms(doc, ask.method, ask.path)
	}
	csv := "name,id_number,site\n钱七," + newDocument() + ",V1\n钱八,x,V1\n"
	w.importCSV("admin", csv, "text/csv").ok(http.StatusOK).conforms(doc, "POST", "/v1/residents/import")
	w.do("POST", "/v1/residents/import?preview=1", admin, csv, "Content-Type", "text/csv").ok(http.StatusOK).conforms(doc, "POST", "/v1/residents/import")
	badge := w.makeBadge("fang")
	shift := w.opening("shift-0001", badge)
	for _, body := range []fields{shift, shift, w.opening("shift-0002", w.makeBadge("leader")), w.opening("shift-0003", badge+"A")} {
		w.openShift("D1", body).conforms(doc, "POST", "/v1/shifts")
	}
	w.closeShift("D1", "shift-0001", "note").ok(http.StatusOK).conforms(doc, "POST", "/v1/shifts/close")
	w.do("GET", "/v1/shifts/current", device, nil).ok(http.StatusOK).conforms(doc, "GET", "/v1/shifts/current")
	w.do("GET", "/v1/me", device, nil).ok(http.StatusOK).conforms(doc, "GET", "/v1/me")
	w.do("GET", "/v1/gates/G1/shifts", admin, nil).ok(http.StatusOK).conforms(doc, "GET", "/v1/gates/{gate}/shifts")
	_, code := w.newEnrolCode()
	w.enrolDevice(code).ok(http.StatusOK).conforms(doc, "POST", "/v1/devices/enrol")
}
