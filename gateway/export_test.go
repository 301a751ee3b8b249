package gateway

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// stream reads a gate's whole window in a form.
func (w *world) stream(path, media string) string {
	w.t.Helper()
	got := w.do(http.MethodGet, path, w.as("tracer"), nil, "Accept", media).ok(http.StatusOK)
	if !strings.HasPrefix(got.header.Get("Content-Type"), media) {
		w.t.Errorf("%s came as %s", media, got.header.Get("Content-Type"))
	}
	return string(got.body)
}

func TestStreamsHoldWhatThePagesHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.passMall(300)
	pages := w.events("M1", "", 100)

	lines := strings.Split(strings.TrimSuffix(w.stream("/v1/gates/M1/events", mimeNDJSON), "\n"), "\n")
	if len(lines) != len(pages) {
		t.Fatalf("%d lines, %d events in pages", len(lines), len(pages))
	}
	for i, line := range lines {
		var e fields
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		person, _ := pages[i]["person"].(map[string]any)
		want := pages[i].with(fields{"person": map[string]any{"id": person["id"]}})
		if !reflect.DeepEqual(e, want) {
			t.Fatalf("line %d\n got %v\nwant %v", i+1, e, want)
		}
	}

	for i, line := range strings.Split(strings.TrimSuffix(w.stream("/v1/gates/M1/events?names=true", mimeNDJSON), "\n"), "\n") {
		var e fields
		if err := json.Unmarshal([]byte(line), &e); err != nil || !reflect.DeepEqual(e, pages[i]) {
			t.Fatalf("line %d with names\n got %v, %v\nwant %v", i+1, e, err, pages[i])
		}
	}
	w.do(http.MethodGet, "/v1/gates/M1/events?names=true", w.as("tracer"), nil, "Accept", mimeCSV).problem(http.StatusUnprocessableEntity, "invalid", "names")

	text, bom := strings.CutPrefix(w.stream("/v1/gates/M1/events", mimeCSV), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !bom {
		t.Fatalf("BOM %v, %v", bom, err)
	}
	if len(rows) != len(pages)+1 {
		t.Fatalf("%d rows with the header, %d events in pages", len(rows), len(pages))
	}
	for i, row := range rows[1:] {
		for col, name := range rows[0] {
			want := pages[i][name]
			switch name {
			case "person":
				want = want.(map[string]any)["id"]
			case "flags":
				want = strings.Trim(fmt.Sprint(want), "[]")
			case "temperature", "annulled", "annulment":
				want = fmt.Sprint(want)
			}
			if row[col] != want {
				t.Fatalf("row %d: %s is %q, want %q", i+1, name, row[col], want)
			}
		}
	}
	if got := w.stream("/v1/gates/M1/events?direction=out", mimeNDJSON); strings.Count(got, "\n") != 150 {
		t.Errorf("%d lines on the way out, want 150", strings.Count(got, "\n"))
	}
}

func TestEmptyStreams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.stream("/v1/gates/M1/events", mimeNDJSON); got != "" {
		t.Errorf("NDJSON of nothing is %q", got)
	}
	if got := w.stream("/v1/gates/M1/events", mimeCSV); strings.Count(got, "\r\n") != 1 || !strings.HasPrefix(got, "\ufeffoccurred_at,") {
		t.Errorf("CSV of nothing is %q", got)
	}
	var refusals fields
	if err := json.Unmarshal([]byte(w.stream("/v1/gates/M1/refusals", "application/json")), &refusals); err != nil {
		t.Fatal(err)
	}
	if list, ok := refusals["refusals"].([]any); !ok || len(list) != 0 || refusals["gate"] != "M1" {
		t.Errorf("refusals of nothing are %v", refusals)
	}
}

func TestNoFormulaLeavesTheCSV(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Device("E1")
		dev := *old
		dev.Lane = `=HYPERLINK("http://x","a,b")`
		return d.PutDevice(dev)
	})
	plates := []string{"=1+2", "+1", "-1", "@SUM(A1)", `a"b,c`, "鲁A12345"}
	for _, plate := range plates {
		w.scan("E1", w.newScan(w.people["wang"]).with(fields{"plate": plate, "plate_unchecked": true})).ok(http.StatusOK)
		w.clock.Advance(time.Minute)
	}
	w.scan("E1", w.byPass("https://example.com").with(fields{"plate": "=9", "plate_unchecked": true})).decided("deny", "not_our_pass")
	eventually(t, "the index has all", func() bool { return len(w.events("M1", "", 100)) == len(plates) })
	read := func(path string) [][]string {
		rows, err := csv.NewReader(strings.NewReader(w.stream(path, mimeCSV))).ReadAll()
		w.must(err)
		return rows[1:]
	}
	for i, row := range append(read("/v1/gates/M1/events"), read("/v1/gates/M1/refusals")...) {
		lane, plate := row[13], row[14]
		want := append(plates, "=9")[i]
		if strings.ContainsRune("=+-@", rune(want[0])) {
			want = "'" + want
		}
		if lane != `'=HYPERLINK("http://x","a,b")` || plate != want {
			t.Errorf("lane %q, plate %q; want %q", lane, plate, want)
		}
	}
	for i, line := range strings.Split(strings.TrimSpace(w.stream("/v1/gates/M1/events", mimeNDJSON)), "\n") {
		var e fields
		if err := json.Unmarshal([]byte(line), &e); err != nil || e["plate"] != plates[i] {
			t.Errorf("NDJSON plate %v, want %q (%v)", e["plate"], plates[i], err)
		}
	}
}

// endless serves a stream over a source of the test's own.
func endless(t *testing.T, source eventSource) (w *world, url string) {
	t.Helper()
	w = newWorld(t)
	w.serve(func(s *Server) {
		s.app.Get("/endless", func(c *fiber.Ctx) error {
			s.begin(c)
			c.SetUserContext(t.Context())
			return s.stream(c, streamForms[mimeNDJSON], source)
		})
	})
	return w, w.url + "/endless"
}

func TestStreamStopsWhenTheClientLeaves(t *testing.T) {
	t.Parallel()
	stopped := make(chan error, 1)
	_, url := endless(t, func(_ context.Context, row func(*checkpoint.ScanEvent) error) error {
		for {
			if err := row(&checkpoint.ScanEvent{Person: 7, Direction: checkpoint.In}); err != nil {
				stopped <- err
				return err
			}
		}
	})
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/endless"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("%s %v", line, err)
	}
	_ = conn.Close()
	select {
	case <-stopped:
	case <-time.After(10 * time.Second):
		t.Fatal("10 s after the client left the stream still reads")
	}
}

func TestStreamThatFailsIsCutOff(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return checkpoint.ErrUnavailable },
		"panic": func() error { panic("a mistake") },
	} {
		w, url := endless(t, func(_ context.Context, row func(*checkpoint.ScanEvent) error) error {
			for range 1000 {
				if err := row(&checkpoint.ScanEvent{Person: 7, Direction: checkpoint.In}); err != nil {
					return err
				}
			}
			return fail()
		})
		res, err := w.http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err == nil {
			t.Errorf("%s: a stream that failed looks whole", name)
		}
		if !strings.Contains(w.logs.String(), "stream failed") {
			t.Errorf("%s: nothing is logged", name)
		}
	}
}
