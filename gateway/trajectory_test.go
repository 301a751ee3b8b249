package gateway

import (
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

func TestTrajectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	step := func(after time.Duration, device, direction string) {
		w.clock.Advance(after)
		w.scan(device, w.newScan(wang).with(fields{"direction": direction})).ok(http.StatusOK)
	}
	step(0, "D1", "in")                         // home since noon of the 11th
	step(20*time.Hour, "D1", "out")             // 08:00 on the 12th
	step(30*time.Minute, "E1", "in")            // 08:30 the mall, east
	step(90*time.Minute, "E2", "out")           // 10:00 the mall, west
	step(30*time.Minute, "D2", "in")            // turned away at the other village
	step(30*time.Minute, "D1", "in")            // 11:00 home
	w.clock.Advance(time.Hour + 30*time.Second) // and asked about at 12:00

	path := "/v1/residents/" + checkpoint.FormatPersonID(wang) + "/trajectory"
	got := w.do(http.MethodGet, path+"?from=2020-02-12&to=2020-02-13", w.as("tracer"), nil).ok(http.StatusOK).json()
	who, _ := got["resident"].(map[string]any)
	if who["name_masked"] != "王*明" || who["home"] != "V1" || who["id"] != checkpoint.FormatPersonID(wang) {
		t.Errorf("resident %v", who)
	}
	type stay struct{ site, entry, exit, from, to, open, minutes any }
	want := []stay{
		{"V1", "G1", "G1", "2020-02-11T04:00:00.000Z", "2020-02-12T00:00:00.000Z", false, 1200.0}, // began before the window
		{"ML", "M1", "M2", "2020-02-12T00:30:00.000Z", "2020-02-12T02:00:00.000Z", false, 90.0},
		{"V1", "G1", "", "2020-02-12T03:00:00.000Z", nil, true, 60.0},
	}
	stays, _ := got["stays"].([]any)
	if len(stays) != len(want) {
		t.Fatalf("%d stays, want %d: %v", len(stays), len(want), stays)
	}
	for i, v := range stays {
		s, _ := v.(map[string]any)
		if got := (stay{s["site"], s["entry_gate"], s["exit_gate"], s["from"], s["to"], s["open"], s["minutes"]}); got != want[i] {
			t.Errorf("stay %d\n got %v\nwant %v", i, got, want[i])
		}
	}
	events, _ := got["events"].([]any)
	if len(events) != 5 {
		t.Fatalf("%d events in the window, want 5", len(events))
	}
	refused, _ := events[3].(map[string]any)
	if refused["gate"] != "G2" || refused["site"] != "V2" || refused["decision"] != "deny" || refused["reason"] != "outsider" {
		t.Errorf("the refusal is %v", refused)
	}

	// What is asked about the past does not know what came later.
	then := w.do(http.MethodGet, path+"?from=2020-02-12&to=2020-02-12T01:00:00Z", w.as("tracer"), nil).ok(http.StatusOK).json()
	stays, _ = then["stays"].([]any)
	last, _ := stays[len(stays)-1].(map[string]any)
	if len(stays) != 2 || last["site"] != "ML" || last["open"] != true || last["minutes"] != 30.0 {
		t.Errorf("as of 09:00 the stays are %v", stays)
	}
}

// irregularDay is a day of wang's on which scans are missing, and one at a gate
// that would not let him in.
func irregularDay(w *world) (path string) {
	wang := w.people["wang"]
	step := func(after time.Duration, device, direction string, temperature float64) {
		w.clock.Advance(after)
		w.scan(device, w.newScan(wang).with(fields{"direction": direction, "temperature": temperature})).ok(http.StatusOK)
	}
	step(0, "E1", "out", 36.5)           // 12:00, only the exit of the mall
	step(time.Hour, "E1", "in", 36.5)    // 13:00
	step(time.Hour, "E2", "in", 36.4)    // 14:00, again
	step(time.Hour, "D2", "in", 36.4)    // 15:00, turned away at the other village
	step(time.Hour, "D1", "in", 36.4)    // 16:00, home
	step(time.Hour, "D1", "out", 37.9)   // 17:00, has to be measured again
	step(2*time.Minute, "D1", "out", 36) // and goes
	w.clock.Advance(3 * time.Hour)
	return "/v1/residents/" + checkpoint.FormatPersonID(wang) + "/trajectory?from=2020-02-11&to=2020-02-12"
}

func TestTrajectoryExplainsItsMarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := irregularDay(w)
	answer := w.do(http.MethodGet, path, w.as("tracer"), nil).ok(http.StatusOK)
	answer.conforms(contract(t), http.MethodGet, "/v1/residents/{id}/trajectory")
	got := answer.json()
	var lines []string
	for _, v := range got["stays"].([]any) {
		s := v.(map[string]any)
		lines = append(lines, fmt.Sprint(s["site"], " ", s["minutes"], " ", s["inferred"], s["unknown_start"], s["reentry"], s["late"], s["conflict"], " ", s["why"]))
	}
	want := []string{
		"ML 0 true true false false false [exit_only]",
		"ML 60 true false false false false [entered_again]",
		"ML 120 true false true false false [seen_elsewhere reentry]",
		"V1 62 false false false false false [exit_refused]",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("stays\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	var codes []string
	for _, v := range got["explained"].([]any) {
		x := v.(map[string]any)
		codes = append(codes, x["code"].(string))
		if x["zh"] == "" || x["en"] == "" {
			t.Errorf("rule without words: %v", x)
		}
	}
	if !slices.Equal(codes, []string{"entered_again", "seen_elsewhere", "exit_only", "reentry", "exit_refused"}) {
		t.Errorf("explained: %v", codes)
	}
	attempts := got["attempts"].([]any)
	if len(attempts) != 1 {
		t.Fatalf("attempts %v, want the one at the other village", attempts)
	}
	if a := attempts[0].(map[string]any); a["gate"] != "G2" || a["site_name"] != "二村" || a["reason"] != "outsider" || a["occurred_at"] != "2020-02-11T07:00:00.000Z" {
		t.Errorf("attempt %v", a)
	}
}

func TestTrajectoryAsTableAndPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changeSite("ML", func(s *checkpoint.Site) { s.Name = `<商场> & "广场"` })
	path := irregularDay(w)
	table := w.do(http.MethodGet, path, w.as("tracer"), nil, "Accept", "text/csv").ok(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(table.body), "\ufeff"))).ReadAll()
	w.must(err)
	if len(rows) != 5 || strings.Join(rows[0], ",") != stayColumns || rows[4][0] != "V1" || rows[4][6] != "62" || rows[4][13] != "exit_refused" ||
		rows[1][1] != `<商场> & "广场"` || rows[1][9] != "true" {
		t.Errorf("table %q", rows)
	}

	picture := w.do(http.MethodGet, path, w.as("tracer"), nil, "Accept", "image/svg+xml").ok(http.StatusOK)
	svg := string(picture.body)
	if got := picture.header.Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("Content-Type %q", got)
	}
	for _, want := range []string{"王*明", "一村", "二村", "&lt;商场&gt; &amp;", "37.9", "2月11日周二", "截至 as of 2020-02-11 20:02", "案件 case " + w.kase, "asked by tracer"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the picture does not have %q", want)
		}
	}
	if strings.Contains(svg, "王小明") || strings.Contains(svg, "<script") {
		t.Error("the picture has a name or a script")
	}
	if err := xml.Unmarshal(picture.body, new(struct{})); err != nil {
		t.Errorf("the picture is no XML: %v", err)
	}
	w.do(http.MethodGet, path, w.as("medic"), nil, "Accept", "image/svg+xml").problem(http.StatusForbidden, "forbidden", "")
}

func TestTheLongestStayIsARuleOfTheSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	admin := w.as("admin")
	site := fields{"name": "商场", "kind": "mall", "grid": "MLC", "max_stay_hours": 3}
	put := w.do(http.MethodPut, "/v1/sites/ML", admin, site).ok(http.StatusOK)
	put.conforms(doc, http.MethodPut, "/v1/sites/{site}")
	if got := put.json()["max_stay_hours"]; got != 3.0 {
		t.Errorf("max_stay_hours %v", got)
	}
	w.do(http.MethodPut, "/v1/sites/ML", admin, site.with(fields{"max_stay_hours": 673})).problem(http.StatusUnprocessableEntity, "invalid", "max_stay_hours")
	path := "/v1/residents/" + w.personID("wang") + "/trajectory?from=2020-02-11&to=2020-02-12"
	w.scan("E1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	last := func() fields {
		stays := w.do(http.MethodGet, path, w.as("tracer"), nil).ok(http.StatusOK).json()["stays"].([]any)
		return stays[len(stays)-1].(map[string]any)
	}
	w.clock.Advance(3*time.Hour - time.Second)
	if s := last(); s["open"] != true || len(s["why"].([]any)) != 0 {
		t.Errorf("within three hours: %v", s)
	}
	w.clock.Advance(time.Second)
	if s := last(); s["open"] != false || s["minutes"] != 180.0 || fmt.Sprint(s["why"]) != "[never_left]" {
		t.Errorf("after three hours: %v", s)
	}
}
