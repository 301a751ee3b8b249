// Package report shows what load tests measured as one HTML page that needs
// nothing else: no script, no other file, no other host. It is for screens of all
// sizes, light and dark, and for paper.
package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/figures"
	"passgate/loadtest/limits"
)

//go:embed report.html
var pageText string

// Page is what is shown, as far as it was measured: nil and empty parts are left
// out.
type Page struct {
	Reports  []*loadtest.Report
	Cost     *limits.Cost
	Latency  *limits.Latencies
	Baseline *Baseline
	Figures  *figures.Set
}

// Baseline is what loadtest/postgres came to: the same decisions in PostgreSQL.
// Its JSON names are kept from version to version.
type Baseline struct {
	StartedAt   time.Time        `json:"started_at"`
	Machine     loadtest.Machine `json:"machine"`
	Server      string           `json:"server"`   // PostgreSQL's own words
	Settings    [][2]string      `json:"settings"` // name and value
	People      int              `json:"people"`
	Seed        uint64           `json:"seed"`
	Connections int              `json:"connections"`
	Pool        int              `json:"pool"` // connections to PostgreSQL
	ScansPerRun int              `json:"scans_per_run"`
	Compared    int              `json:"compared"`  // answers of both that were held side by side
	Different   []string         `json:"different"` // the first few of those that were not the same
	Runs        []BaselineRun    `json:"runs"`
	// Figures are those of the runs, and gate_per_cpu_second, baseline_per_cpu_second.
	Figures map[string]limits.Spread `json:"figures"`
}

// BaselineRun is one run: CPU time of a scan, in µs.
type BaselineRun struct {
	Gateway  float64 `json:"gateway_us"`
	Redis    float64 `json:"redis_us"`
	Server   float64 `json:"server_us"`
	Postgres float64 `json:"postgres_us"`
	Gate     float64 `json:"gate_us"`          // gateway and Redis
	Baseline float64 `json:"baseline_us"`      // server and PostgreSQL
	Ratio    float64 `json:"gate_to_baseline"` // scans per CPU second of the gate to those of the baseline

	GatePerSecond     float64 `json:"gate_per_second"` // by the clock, with the client on the same machine
	BaselinePerSecond float64 `json:"baseline_per_second"`
}

// ErrUnknown is given for a document that none of the load tests prints.
var ErrUnknown = errors.New("report: not what a load test prints with --json")

// Add takes what a load test printed with --json. Of runs a page shows all, of
// anything else the last that was added.
func (p *Page) Add(text []byte) error {
	var probe struct {
		Kind    string                     `json:"kind"`
		Figures map[string]json.RawMessage `json:"figures"`
	}
	if err := json.Unmarshal(text, &probe); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	has := func(figure string) bool { return probe.Figures[figure] != nil }
	var into any
	switch {
	case probe.Kind == figures.Kind:
		set := new(figures.Set)
		if err := json.Unmarshal(text, set); err != nil {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		p.AddFigures(set)
		return nil
	case probe.Kind != "":
		run := new(loadtest.Report)
		p.Reports = append(p.Reports, run)
		into = run
	case has("gate_to_baseline"):
		p.Baseline = new(Baseline)
		into = p.Baseline
	case has("cost_of_scan"):
		p.Cost = new(limits.Cost)
		into = p.Cost
	case has("latency_p99"):
		p.Latency = new(limits.Latencies)
		into = p.Latency
	default:
		return ErrUnknown
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return nil
}

// AddFigures takes a set of figures and the measurements that are in it.
func (p *Page) AddFigures(set *figures.Set) {
	p.Figures = set
	if set.Cost != nil {
		p.Cost = set.Cost
	}
	if set.Latency != nil {
		p.Latency = set.Latency
	}
	if set.Rush != nil {
		p.Reports = append(p.Reports, set.Rush)
	}
}

// WriteHTML writes the page.
func (p *Page) WriteHTML(w io.Writer) error {
	t, err := template.New("report").Parse(pageText)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	v, err := viewOf(p)
	if err != nil {
		return err
	}
	var page bytes.Buffer // whole or not at all
	if err := t.Execute(&page, v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = page.WriteTo(w)
	return err //nolint:wrapcheck // the caller's writer
}
