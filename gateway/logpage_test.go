package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// typedPage is page 7 of a gate, printed so long ago.
func (w *world) typedPage(gate string, back time.Duration) string {
	w.t.Helper()
	w.clock.Advance(-back)
	_, _, err := w.store.TakeLogPages(w.t.Context(), gate, 7, codes.MaxLogPage)
	w.must(err)
	w.clock.Advance(back)
	return w.pageOf(gate, back)
}

// pageOf is the text of page 7, whether it was printed or not.
func (w *world) pageOf(gate string, back time.Duration) string {
	return codes.LogPage{Gate: gate, Date: w.clock.Now().Add(-back).In(w.store.Zone()).Format("20060102"), Number: 7}.String()
}

// paperRow is a row of somebody who was let in an hour ago.
func (w *world) paperRow(n int, person uint64) fields {
	return fields{
		"row": n, "occurred_at": utcTime(w.clock.Now().Add(-time.Hour).UnixMilli()), "direction": "in",
		"resident": checkpoint.FormatPersonID(person), "temperature": 36.5, "told": fields{"decision": "pass"},
	}
}

// typePage sends rows of a page.
func (w *world) typePage(token, gate string, page string, more fields, rows ...fields) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/gates/"+gate+"/paper", token, fields{"page": page, "rows": rows}.with(more))
}

// rowOf is what became of a row: its error's code, or its decision.
func (a answer) rowOf(i int) (row map[string]any, word string) {
	a.t.Helper()
	row = a.ok(http.StatusOK).json()["results"].([]any)[i].(map[string]any)
	if e, ok := row["error"].(map[string]any); ok {
		return e, e["code"].(string)
	}
	result := row["result"].(map[string]any)
	return result, result["decision"].(string)
}

func TestAPageIsTypedBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	wang, li := w.people["wang"], w.people["li"]
	w.setStatus(li, checkpoint.StatusRed)
	page := w.typedPage("G1", 0)
	rows := []fields{
		w.paperRow(1, wang),
		w.paperRow(2, li), // let in on the spot, by nobody who could know
		w.paperRow(3, wang).with(fields{"resident": nil, "walk_in": fields{"name": "赵六", "id_tail": "123X", "phone": ""}, "told": fields{"decision": "deny", "reason": "outsider"}}),
		w.paperRow(4, wang).with(fields{"resident": nil, "id_document": newDocument()}), // nobody has it
		w.paperRow(5, wang).with(fields{"told": fields{"decision": "deny"}}),            // refused why?
		w.paperRow(26, wang),
		w.paperRow(6, wang).with(fields{"id": "scan-00000001"}),
		w.paperRow(7, wang).with(fields{"told": nil}),
		w.paperRow(8, wang).with(fields{"occurred_at": utcTime(w.clock.Now().Add(-15 * time.Hour).UnixMilli())}), // the day before it was printed, copied from another page
	}
	got := w.typePage(w.as("grid"), "G1", page, nil, rows...)
	got.conforms(contract(t), "POST", "/v1/gates/{gate}/paper")
	for i, want := range []string{"pass", "pass", "deny", "pass", "invalid", "invalid", "unknown_field", "invalid", "pass"} {
		if row, word := got.rowOf(i); word != want {
			t.Errorf("row %d: %s, want %s: %v", i+1, word, want, row)
		}
	}
	if row, _ := got.rowOf(1); !strings.Contains(strings.Join(texts(row["flags"]), " "), "conflict") || row["reason"] != "ok" {
		t.Errorf("a red person who was let in: %v", row)
	}
	again := w.typePage(w.deviceToken("D1"), "G1", page, nil, rows[0]) // by somebody else, on a phone
	if row, word := again.rowOf(0); word != "pass" || row["duplicate"] != true {
		t.Errorf("typed again: %v", row)
	}
	eventually(t, "the gate's events have the rows", func() bool { return len(w.events("G1", "", 10)) == 4 })
	w.scan("D1", w.newScan(wang).with(fields{"direction": "out"})).decided("pass", "ok")
	eventually(t, "the scan is there", func() bool { return len(w.events("G1", "", 10)) == 5 })
	for i, e := range w.events("G1", "", 10) {
		source, staff, lane := "paper", "grid", "纸质登记"
		if i == 4 {
			source, staff, lane = "scan", "", "车道-D1"
		}
		if e["source"] != source || e["staff"] != staff || e["lane"] != lane {
			t.Errorf("event %d: source %v, staff %v, lane %v", i, e["source"], e["staff"], e["lane"])
		}
	}
	csv := w.stream("/v1/gates/G1/events", mimeCSV)
	if strings.Count(csv, ",paper\r\n") != 4 || strings.Count(csv, ",scan\r\n") != 1 {
		t.Errorf("sources in CSV:\n%s", csv)
	}
}

func TestARowIsReplacedInTheOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	wang, li := w.people["wang"], w.people["li"]
	page, token := w.typedPage("G1", 24*time.Hour), w.as("leader")
	w.typePage(token, "G1", page, nil, w.paperRow(1, wang)).rowOf(0)
	for _, other := range []fields{w.paperRow(1, li), w.paperRow(1, wang).with(fields{"temperature": 36.6}), w.paperRow(1, wang).with(fields{"direction": "out"})} {
		if row, word := w.typePage(token, "G1", page, nil, other).rowOf(0); word != "row_taken" {
			t.Errorf("a row with other content: %v", row)
		}
	}
	if row, word := w.typePage(token, "G1", page, fields{"replace": true}, w.paperRow(1, li)).rowOf(0); word != "pass" {
		t.Fatalf("replaced: %v", row)
	}
	eventually(t, "both and the annulment are on record", func() bool { return len(w.events("G1", "", 10)) == 3 })
	standing := 0
	for _, e := range w.events("G1", "", 10) {
		if e["annulled"] == false && e["annulment"] == false {
			standing++
			if person := e["person"].(map[string]any); person["id"] != checkpoint.FormatPersonID(li) {
				t.Errorf("%v stands", e)
			}
		}
	}
	if standing != 1 {
		t.Errorf("%d passages of one row stand", standing)
	}
	// No phone takes back what was typed: it is not its own.
	at := w.paperRow(1, li)["occurred_at"]
	w.clock.Advance(-55 * time.Minute) // within the quarter of an hour
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("D1"), fields{
		"id": "annul-0001", "scan": strings.Split(page, "-")[2] + "-7-1/1", "occurred_at": at,
		"annulled_at": utcTime(w.clock.Now().UnixMilli()), "resident": checkpoint.FormatPersonID(li),
	}).problem(http.StatusNotFound, "not_found", "")
}

func TestNobodyTypesPagesOfAnotherGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	row := w.paperRow(1, w.people["wang"])
	own, other := w.typedPage("G1", 0), w.typedPage("G2", 0)
	w.typePage(w.deviceToken("D1"), "G2", other, nil, row).problem(http.StatusForbidden, "out_of_scope", "")
	w.typePage(w.deviceToken("D1"), "G1", other, nil, row).problem(http.StatusUnprocessableEntity, "invalid", "page")
	w.typePage(w.as("leader-a2"), "G1", own, nil, row).problem(http.StatusForbidden, "out_of_scope", "")
	w.typePage(w.as("tracer"), "G1", own, nil, row).problem(http.StatusForbidden, "forbidden", "")
	w.typePage("", "G1", own, nil, row).problem(http.StatusUnauthorized, "unauthorized", "")
	beyond := codes.LogPage{Gate: "G1", Date: strings.Split(own, "-")[2], Number: 8}.String()                                                                                 // of 7 that were printed
	for _, bad := range []string{"", beyond, "PGL1-G1-20200211-7-AAAA", strings.Replace(own, "-7-", "-8-", 1), w.pageOf("G1", -24*time.Hour), w.pageOf("G1", 48*time.Hour)} { // still to come, and never printed
		w.typePage(w.as("leader"), "G1", bad, nil, row).problem(http.StatusUnprocessableEntity, "invalid", "page")
	}
	w.typePage(w.as("leader"), "NONE", own, nil, row).problem(http.StatusNotFound, "not_found", "")
	w.typePage(w.as("leader"), "G1", own, nil).problem(http.StatusUnprocessableEntity, "invalid", "rows")
	if events := trailOfWang(w); len(events) != 0 {
		t.Errorf("%d events of pages that were refused", len(events))
	}
	// The log's device is no phone: it is neither revoked nor given a code.
	w.typePage(w.as("leader"), "G1", own, nil, row).rowOf(0)
	device, err := w.store.PaperDevice(t.Context(), "G1")
	w.must(err)
	w.do(http.MethodDelete, "/v1/devices/"+device.Code, w.as("leader"), nil).problem(http.StatusUnprocessableEntity, "invalid", "code")
	if list := string(w.do(http.MethodGet, "/v1/devices", w.as("leader"), nil).ok(http.StatusOK).body); !strings.Contains(list, `"state":"paper"`) {
		t.Errorf("devices: %s", list)
	}
}

func trailOfWang(w *world) (events []checkpoint.ScanEvent) {
	w.t.Helper()
	now := w.clock.Now().UnixMilli()
	w.must(w.store.Trail(w.t.Context(), w.people["wang"], now-24*3600*1000, now+1, func(e *checkpoint.ScanEvent) error {
		events = append(events, *e)
		return nil
	}))
	return events
}
