package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"passgate/loadtest"
	"passgate/loadtest/limits"
	loadreport "passgate/loadtest/report"
)

// The page says what was lost, holds what was measured, needs nothing else, and
// takes what it is given for text.
func TestLoadReportIsOnePageThatSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	run := &loadtest.Result{Name: "<i>1</i>", Counts: loadtest.Counts{Offered: 1200, Acknowledged: 1200}, Latency: loadtest.Latency{P50: 400, P99: 2000, P999: 9000}}
	for at := range 3 {
		run.Series = append(run.Series, loadtest.Second{At: at, Offered: 400, Done: 400, P50: 400, P99: 2000, P999: 9000})
	}
	drill := &loadtest.Report{Kind: "run", Runs: []*loadtest.Result{run}, Audits: []*loadtest.Audit{{Acknowledged: 1200}}}
	spread := func(v float64) limits.Spread { return limits.Spread{Min: v, Median: v, Max: v} }
	documents := []any{
		drill,
		limits.Cost{Figures: map[string]limits.Spread{"cost_of_scan": spread(0.9), "gateway_us": spread(70), "redis_us": spread(30), "scan_us": spread(100), "parts_us": spread(111)}},
		loadreport.Baseline{Figures: map[string]limits.Spread{"gate_to_baseline": spread(4), "gate_us": spread(100), "baseline_us": spread(400)}},
	}
	page := func() string {
		dir := t.TempDir()
		cmd := loadtestReportCmd{Out: filepath.Join(dir, "page.html")}
		for i, d := range documents {
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			cmd.Files = append(cmd.Files, filepath.Join(dir, string(rune('a'+i))))
			if err := os.WriteFile(cmd.Files[i], text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Run(&console{Out: new(bytes.Buffer)}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(cmd.Out)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	holds := func(text string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("the page lacks %q", w)
			}
		}
	}
	good := page()
	holds(good, "All 1\u202f200 acknowledged scans were looked up", `<polyline class="c2"`, "at least 5", `<td class="missed">missed`, `<td class="met">met`, "&lt;i&gt;1")
	for _, no := range []string{"http://", "https://", "<script", "<i>1", "<link", "@import", "url("} {
		if strings.Contains(good, no) {
			t.Errorf("the page holds %q", no)
		}
	}
	drill.Audits[0].Lost = 3
	holds(page(), "3 of 1\u202f200 acknowledged scans are not on record as they were answered", `class="verdict bad"`)
	drill.Audits = nil
	holds(page(), "Not audited", `class="verdict bad"`)

	if err := new(loadreport.Page).Add([]byte(`{"a":1}`)); err == nil {
		t.Error("a document of something else is taken")
	}
}
