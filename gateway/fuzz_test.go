package gateway

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"passgate/checkpoint"
)

// The fuzzers of this file send what they make up through the server's whole
// handler, to a real Redis, without a connection between.

// fuzzWorld is a town that fuzzers ask.
type fuzzWorld struct {
	*world
	handler fasthttp.RequestHandler
	staff   string // session of an enroller
}

func newFuzzWorld(f *testing.F) *fuzzWorld {
	f.Helper()
	w := newWorld(f)
	return &fuzzWorld{w, w.server.app.Handler(), w.as("enroller")}
}

// reset begins another minute.
func (d *minuteDesk) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries = nil
}

// post sends one body. It fails the test on an answer that no client may cause,
// and on a problem that is none of the table.
func (w *fuzzWorld) post(t testing.TB, path, token, media string, body []byte) answer {
	t.Helper()
	var ctx fasthttp.RequestCtx
	raw := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", path, token, media, len(body))
	if err := ctx.Request.Read(bufio.NewReader(bytes.NewReader(append(raw, body...)))); err != nil {
		t.Fatal(err)
	}
	w.server.scans.reset() // the clock stands still, and so would the minute
	w.handler(&ctx)
	a := answer{t, ctx.Response.StatusCode(), http.Header{}, bytes.Clone(ctx.Response.Body())}
	if a.status == http.StatusOK {
		return a
	}
	var p problemBody
	err := json.Unmarshal(a.body, &p)
	known, ok := problems[p.Code]
	if err != nil || !ok || known.status != a.status || a.status >= 500 || p.Detail == "" {
		t.Fatalf("%q: status %d, %s", body, a.status, a.body)
	}
	return a
}

func (w *fuzzWorld) seedScans(f *testing.F) (seeds [][]byte) {
	f.Helper()
	good := w.newScan(w.people["wang"])
	for _, scan := range []fields{
		good,
		good.with(fields{"id": "scan-pass", "resident": nil, "pass": w.pass(w.people["li"])}),
		good.with(fields{"id": "scan-walk", "resident": nil, "walk_in": fields{"name": "王五", "id_tail": "123X", "phone": "13800138000"}}),
		good.with(fields{"id": "scan-card", "resident": nil, "id_document": "11010519491231002X", "temperature": nil, "temperature_method": nil}),
		good.with(fields{"id": "scan-fire", "resident": nil, "override": fields{"reason": "fire"}, "direction": "out"}),
		good.with(fields{"id": "scan-car1", "plate": "鲁A12345", "vehicle": "car-00001", "vehicle_disinfected": true, "purpose": "medical"}),
		good.with(fields{"id": "scan-told", "told": fields{"decision": "pass", "reason": "ok", "action": "admit"}, "remeasure_of": "scan-0001"}),
	} {
		text, err := json.Marshal(scan)
		w.must(err)
		seeds = append(seeds, text)
	}
	for _, text := range []string{`{"id":"a","walk_in":{"name":"b"}}`, `{"id":"\u0000\"","temperature":36.5}`, `[{]}`, `}`, `{}`, `{"a":{"a":1,"a":2}}`, `"`, `{"\`, `null`, `{"id":"\ud800"}`} {
		seeds = append(seeds, []byte(text))
	}
	return seeds
}

// FuzzScan: what a device sends as a scan is refused with its fault named, or
// decided; then the same scan is answered in the same way again, and so is the
// scan as this server would have written it.
func FuzzScan(f *testing.F) {
	w := newFuzzWorld(f)
	token := w.deviceToken("D1")
	for i, seed := range w.seedScans(f) {
		if i < 6 {
			w.post(f, "/v1/scans", token, "application/json", seed).ok(http.StatusOK)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first := w.post(t, "/v1/scans", token, "application/json", body)
		if first.status != http.StatusOK {
			return
		}
		var in scanBody
		if err := decodeJSON(body, &in); err != nil {
			t.Fatalf("%s was decided, and is not read: %v", body, err)
		}
		checkScanJSON(t, body, &in)
		rewritten, err := json.Marshal(struct {
			*scanBody
			Told *int `json:"told,omitempty"`
		}{scanBody: &in})
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range [][]byte{body, rewritten} {
			second := w.post(t, "/v1/scans", token, "application/json", again)
			if second.status == http.StatusOK {
				second.repeats(first.json())
			} else {
				t.Fatalf("%s was answered %s, then as %s with %s", body, first.body, again, second.body)
			}
		}
	})
}

// checkScanJSON: a scan that was read means one thing to every reader.
func checkScanJSON(t *testing.T, body []byte, in *scanBody) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatalf("read from %s and cannot be written: %v", body, err)
	}
	var again scanBody
	if err := decodeJSON(text, &again); err != nil || !reflect.DeepEqual(in, &again) {
		t.Fatalf("%s\nis written as %s\nand read as %+v (%v)", body, text, again, err)
	}
	var members map[string]json.RawMessage // a reader that takes exact names, and of two the last
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for i := range reflect.TypeFor[scanBody]().NumField() {
		known[reflect.TypeFor[scanBody]().Field(i).Tag.Get("json")] = true
	}
	for name := range members {
		if !known[name] {
			t.Fatalf("%s: %q is no field, and was accepted", body, name)
		}
	}
}

// FuzzBatch: whatever stands between two good scans, those are recorded, and
// every other has its own answer at its own place.
func FuzzBatch(f *testing.F) {
	w := newFuzzWorld(f)
	for _, seed := range w.seedScans(f) {
		f.Add(seed)
	}
	f.Add([]byte(`1,2,"three",[4],null`))
	f.Add([]byte(`{}],"annulments":[{}`))
	f.Add([]byte(`{}],"scans":[{}`))
	good, err := json.Marshal(w.newScan(w.people["wang"]))
	w.must(err)
	other, err := json.Marshal(w.newScan(w.people["li"]))
	w.must(err)
	token := w.deviceToken("D1")
	f.Fuzz(func(t *testing.T, between []byte) {
		body := fmt.Appendf(nil, `{"scans":[%s,%s,%s]}`, good, between, other)
		a := w.post(t, "/v1/scans/batch", token, "application/json", body)
		var sent struct {
			Scans      []json.RawMessage `json:"scans"`
			Annulments []json.RawMessage `json:"annulments"`
		}
		valid := json.Unmarshal(body, &sent) == nil
		if a.status != http.StatusOK {
			if valid && json.Valid(between) && depth(between) < maxDepth-2 && bytes.Equal(between, bytes.ToValidUTF8(between, nil)) {
				t.Fatalf("%s keeps the others out: %s", between, a.body)
			}
			return
		}
		type place struct {
			Result, Annulment json.RawMessage
			Error             *batchError
		}
		var got struct{ Results, Annulments []place }
		if err := json.Unmarshal(a.body, &got); err != nil || !valid {
			t.Fatalf("%s: answered %s (%v)", body, a.body, err)
		}
		if len(got.Results) != len(sent.Scans) || len(got.Annulments) != len(sent.Annulments) {
			t.Fatalf("%s: %d results of %d, %d annulments of %d", body, len(got.Results), len(sent.Scans), len(got.Annulments), len(sent.Annulments))
		}
		for i, r := range append(got.Results, got.Annulments...) {
			if (r.Result == nil && r.Annulment == nil) == (r.Error == nil) {
				t.Fatalf("%s: answer %d is %+v", body, i, r)
			}
			if r.Error != nil && (problems[r.Error.Code].status == 0 || problems[r.Error.Code].status >= 500) {
				t.Fatalf("%s: answer %d is %+v", body, i, r.Error)
			}
		}
		for _, place := range []int{0, len(sent.Scans) - 1} {
			if scan := sent.Scans[place]; got.Results[place].Result == nil && (bytes.Equal(scan, good) || bytes.Equal(scan, other)) {
				t.Fatalf("%s: good scan %d got %+v", body, place, got.Results[place].Error)
			}
		}
	})
}

// depth is how deep brackets go in valid JSON.
func depth(text []byte) (deepest int) {
	open := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i+1)
		case '{', '[':
			open++
			deepest = max(deepest, open)
		case '}', ']':
			open--
		}
	}
	return deepest
}

const (
	fuzzHeader = "name,id_number,phone,site,door,grid,remark\n"
	fuzzGood   = "Wang Yi,A1234567,13800138000,V1,1-1,,\n"
)

// FuzzImport: of any file every row that says anything is either enrolled or
// named with its number and a reason, and what stands in it keeps no good row
// above or below it out.
func FuzzImport(f *testing.F) {
	w := newFuzzWorld(f)
	for _, seed := range []string{
		"王一,11010519491231002X,13800138000,V1,1-1,,\n王二,\"11010519491231002\",,V1,,,\n",
		"\"a\nb,1\n\"\"\n", "a\"b,c\n", "\"=1+1\",'=A12345,,V1,,\n", ",,,,,,\n\n\r\n,\n", "x,E12345,,V9,,,,,,,,\r\n",
		"\xcd\xf5\xd2\xbb,B1234567,,V1,,,\n", "\x00,\ufeff,\u202e,V1\n", "1.10105E+17,1.10105E+17,1.38E+10,V1\r\n", "\"", "\"\"\"", "\xff\xfe",
		"\r\r", ",,,,,,\"two\nlines\"\n", "\r\n\n\r\nx", "\r",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, between []byte, gb bool) {
		body, charset, media := []byte(fuzzHeader+fuzzGood+string(between)+"\n"+fuzzGood), "", "text/csv"
		if gb {
			charset, media = "gb18030", "text/csv; charset=gb18030"
		}
		a := w.post(t, "/v1/residents/import", w.staff, media, body)
		text, err := toUTF8(body, charset)
		if a.status != http.StatusOK {
			if len(body) < largeBody && bytes.Count(body, []byte("\n")) < maxImportRows {
				t.Fatalf("%q keeps the others out: %s", between, a.body)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, err := readRows(text)
		if err != nil {
			t.Fatalf("%q: taken, and not read: %v", between, err)
		}
		var done imported
		if err := json.Unmarshal(a.body, &done); err != nil {
			t.Fatal(err)
		}
		if done.Created+done.Changed+done.Unchanged+len(done.Errors) != len(rows) {
			t.Fatalf("%q: %d rows, answered %s", between, len(rows), a.body)
		}
		checkRows(t, text, rows, done.Errors)
	})
}

// checkRows holds what became of a file, whose first and last rows are
// fuzzGood, against a plain reading of its lines.
func checkRows(t *testing.T, text string, rows []importRow, faults []rowFault) {
	t.Helper()
	lines := strings.Split(text, "\n")
	named := map[int]bool{}
	for i, row := range rows {
		if i > 0 && row.number <= rows[i-1].number || row.number < 2 || row.number > len(lines) {
			t.Fatalf("%q: row %d behind others", text, row.number)
		}
		named[row.number] = true
	}
	for _, f := range faults {
		if !named[f.Row] || f.Why == "" || len(f.Line) > maxLineShown+len("…") {
			t.Fatalf("%q: fault %+v", text, f)
		}
		if f.Row == 2 {
			t.Fatalf("%q: the first row is good: %+v", text, f)
		}
	}
	last := rows[len(rows)-1]
	quotes := strings.Count(text, `"`)
	if last.why != "" || last.person.IDNumber != "A1234567" || last.number != len(lines)-1 && quotes == 0 {
		if quotes < maxStrayQuotes {
			t.Fatalf("%q: the last row, %d, is read as %+v", text, len(lines)-1, last)
		}
	}
	if quotes > 0 {
		return
	}
	for i, line := range lines[1:] {
		says := strings.Trim(strings.Join(strings.Split(line, ",")[:min(6, strings.Count(line, ",")+1)], ""), " \t\r\v\f\u00a0\u0085\u3000")
		if plainASCII(says) && strings.TrimSpace(says) != "" && !named[i+2] {
			t.Fatalf("%q: row %d is neither taken nor named", text, i+2)
		}
	}
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// FuzzPolicy: a decree in any form is refused with its fault named, or laid
// over the town; then what the API shows of it is accepted as the same decree.
func FuzzPolicy(f *testing.F) {
	w := newFuzzWorld(f)
	for _, seed := range []string{
		`{"code":"P1","name":"封闭","ground":"一号通告","parts":[{"kinds":["village"],"rules":{"outings":1},"note":"每户"}]}`,
		`{"code":"P1","name":"a","ground":"b","preset":"ten-always","from":"2020-02-12T00:00:00+08:00","until":"2020-03-01T00:00:00Z","nodes":["A1"]}`,
		`{"code":"P1","name":"a","ground":"b","sites":["V1"],"parts":[{"kinds":[],"rules":{"fever_line":37.3,"low_line":35,"opens_at":"06:00","closes_at":"22:00"}}]}`,
		`{"code":"P1","name":"a","ground":"b","parts":[{"rules":{"capacity":-1,"temperature_on":"both","anti_passback":"deny"}},{"rules":{"closed":true}}]}`,
		`{"parts":[{"rules":{"closed":true,"closed":false}}]}`, `{"code":"P1","parts":[{"rules":{"Closed":true}}]}`,
	} {
		f.Add([]byte(seed))
	}
	admin := w.as("admin")
	w.post(f, "/v1/policies/preview", admin, "application/json", []byte(`{"code":"P1","name":"a","ground":"b","parts":[{"rules":{"closed":true}}]}`)).ok(http.StatusOK)
	f.Fuzz(func(t *testing.T, body []byte) {
		if a := w.post(t, "/v1/policies/preview", admin, "application/json", body); a.status != http.StatusOK {
			return
		}
		var in policyInput
		if err := decodeJSON(body, &in); err != nil {
			t.Fatal(err)
		}
		staff, _ := w.store.Registry().Staff("admin")
		p, err := in.policy(staff)
		if err != nil {
			t.Fatalf("%s was previewed, and is refused: %v", body, err)
		}
		if p.From == 0 {
			p.From = w.clock.Now().UnixMilli()
		}
		shown := viewOfPolicy(&p, p.From)
		until := ""
		if shown.Until != nil {
			until = shown.Until.String()
		}
		again, err := json.Marshal(map[string]any{
			"code": shown.Code, "name": shown.Name, "ground": shown.Ground, "from": shown.From, "until": until,
			"nodes": shown.Nodes, "sites": shown.Sites, "parts": shown.Parts,
		})
		if err != nil {
			t.Fatal(err)
		}
		if a := w.post(t, "/v1/policies/preview", admin, "application/json", again); a.status != http.StatusOK {
			t.Fatalf("%s is shown as %s, and that is refused: %s", body, again, a.body)
		}
	})
}

// FuzzQuery: a query in any form is refused with its fault named, or answered
// for a window that it names.
func FuzzQuery(f *testing.F) {
	w := newFuzzWorld(f)
	for _, seed := range []string{
		"from=2020-02-10&to=2020-02-11", "from=2020-02-10T08:00:00+08:00&to=2020-02-11T00:00:00Z&limit=5&direction=in&decision=pass",
		"cursor=0000000000000000000000000000000000000000000000ff", "temperature_min=37.3&temperature_max=45", "temperature=none&reason=ok",
		"from=-1", "to=9999-99-99", "limit=1e9", "%", "from=%00&from=%ff", "cursor=ffffffffffffffffffffffffffffffffffffffffffffffff", "format=json",
	} {
		f.Add(seed)
	}
	token := w.deviceToken("D1")
	f.Fuzz(func(t *testing.T, query string) {
		if strings.Contains(query, "format") {
			return // a stream, which needs a connection
		}
		var ctx fasthttp.RequestCtx
		raw := "GET /v1/gates/G1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n\r\n"
		if err := ctx.Request.Read(bufio.NewReader(strings.NewReader(raw))); err != nil {
			t.Fatal(err)
		}
		ctx.Request.URI().SetQueryString(query)
		w.handler(&ctx)
		body := ctx.Response.Body()
		if status := ctx.Response.StatusCode(); status != http.StatusOK {
			var p problemBody
			if json.Unmarshal(body, &p) != nil || status != http.StatusUnprocessableEntity || p.Field == "" {
				t.Fatalf("%q: status %d, %s", query, status, body)
			}
			return
		}
		var got struct {
			From, To time.Time
			Events   []eventView
		}
		if err := json.Unmarshal(body, &got); err != nil || got.To.Before(got.From) || got.To.Sub(got.From) > maxSpan ||
			len(got.Events) > checkpoint.MaxPage {
			t.Fatalf("%q: answered %s (%v)", query, body, err)
		}
	})
}

// FuzzReason: a reason that is taken is one line that says something, whatever
// the header hid it in.
func FuzzReason(f *testing.F) {
	for _, seed := range []string{"%E6%A0%B8%E5%AE%9E%E8%A1%8C%E7%A8%8B", "plain words", "%0d%0aSet-Cookie:%20a", "%", "%zz", "%c3%28", strings.Repeat("a", 201), " a ", "a+b+c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		reason, err := reasonOf(header)
		if err != nil {
			return
		}
		line, err := json.Marshal(reason)
		var again string
		if err != nil || json.Unmarshal(line, &again) != nil || again != reason {
			t.Fatalf("%q gives %q, which the audit cannot keep", header, reason)
		}
		if n := len([]rune(strings.TrimSpace(reason))); n < 4 || n > 200 || strings.ContainsAny(reason, "\r\n\x00\x1b\x7f") {
			t.Fatalf("%q gives %q", header, reason)
		}
	})
}
