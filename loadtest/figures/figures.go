// Package figures is the table of what passgate promises to show by numbers: each
// figure with how it is measured, its unit and its goal, and what one run of the
// measurements came to. It measures nothing itself.
package figures

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/limits"
)

// Figure is one figure and what was measured of it. Its JSON names are kept from
// version to version.
type Figure struct {
	Name string `json:"-"`
	// By is the measurement that yields it, and maybe others.
	By   string `json:"by"`
	How  string `json:"how"`
	Unit string `json:"unit"`
	// Goal is the most that it may be; the least if AtLeast is set.
	Goal    float64 `json:"goal"`
	AtLeast bool    `json:"at_least,omitempty"`

	// Value is the median of Runs. Without a run it is nil, and so are the others.
	Value  *float64  `json:"value"`
	Met    *bool     `json:"met"`
	Runs   []float64 `json:"runs"`
	Min    *float64  `json:"min"`
	Median *float64  `json:"median"`
	Max    *float64  `json:"max"`

	// Detail is what the figure was computed from, by names that say the unit.
	Detail map[string]float64 `json:"detail,omitempty"`
	// Note says why there is no value, or what makes it doubtful.
	Note string `json:"note,omitempty"`
}

const ratio = "ratio"

// Kind is that of a Set.
const Kind = "figures"

// All are the figures in the order of the table, none of them measured.
func All() []*Figure {
	return []*Figure{
		{
			Name: "cost_of_scan", By: "cost", Unit: ratio, Goal: 1,
			How: "CPU of gateway and Redis for a scan ÷ bare echo + one Ed25519 verification + reference script",
		},
		{
			Name: "latency", By: "latency", Unit: ratio, Goal: 3,
			How: "p99 from the time a send was due ÷ p99 of the bare echo under the same driver",
		},
		{Name: "rush_hour_lost", By: "rush_hour", Unit: "scans", How: "acknowledged, but not in trail and gate window: peak half hour × 30"},
		{Name: "rush_hour_duplicated", By: "rush_hour", Unit: "scans", How: "recorded more than once"},
		{Name: "rush_hour_errors", By: "rush_hour", Unit: "scans", How: "not answered, shed, answered wrongly, or on record otherwise"},
		{Name: "memory_per_event", By: "size", Unit: "B", Goal: 100, How: "used_memory, connections aside ÷ events: 14 days, 4 events a person and day, logs of the last 36 h"},
		{Name: "trajectory", By: "size", Unit: ratio, Goal: 1.3, How: "14 days of a person: time with all events in the store ÷ time with a tenth"},
		{Name: "contacts", By: "size", Unit: ratio, Goal: 1.3, How: "7 days of a person: time with all events in the store ÷ time with a tenth"},
		{Name: "gate_window", By: "gate_window", Unit: ratio, Goal: 0.5, AtLeast: true, How: "rows/s of a window streamed over HTTP as CSV ÷ raw pipelined ZRANGE WITHSCORES"},
		{Name: "replay", By: "replay", Unit: ratio, Goal: 0.5, AtLeast: true, How: "events/s of a replay ÷ the same two ZADDs an event, raw and pipelined"},
		{Name: "enrolment", By: "enrolment", Unit: ratio, Goal: 5, How: "CSV rows to residents found by ID number ÷ raw pipelined HSET of the same rows"},
		{
			Name: "phone", By: "phone", Unit: "ms", Goal: 300, How: "QR in view to verdict on the guard's page, median",
			Note: "measured in a browser: cd gateway/web && PASSGATE_LONG=1 npm run e2e -- --no-deps camera",
		},
	}
}

// Put takes what the runs of a measurement came to.
func (f *Figure) Put(runs ...float64) {
	if len(runs) == 0 {
		return
	}
	s := limits.SpreadOf(runs)
	met := s.Median <= f.Goal
	if f.AtLeast {
		met = s.Median >= f.Goal
	}
	f.Runs, f.Value, f.Min, f.Median, f.Max, f.Met = runs, &s.Median, &s.Min, &s.Median, &s.Max, &met
}

// Set are the figures of one run of the command. Its JSON names are kept from
// version to version.
type Set struct {
	Kind      string             `json:"kind"` // figures
	StartedAt time.Time          `json:"started_at"`
	Seconds   float64            `json:"seconds"`
	Machine   loadtest.Machine   `json:"machine"`
	Quick     bool               `json:"quick"` // smaller than the goals are meant for
	Figures   map[string]*Figure `json:"figures"`

	// What the first ones come from, as their own commands print it.
	Cost    *limits.Cost      `json:"cost,omitempty"`
	Latency *limits.Latencies `json:"latency,omitempty"`
	Rush    *loadtest.Report  `json:"rush,omitempty"`

	order []*Figure
}

// ErrUnknown is given for a name that is none of the table's.
var ErrUnknown = errors.New("no such figure")

// Choose gives the set of the figures that are named, by figure or by
// measurement; all without a name.
func Choose(names []string) (*Set, error) {
	s := &Set{Kind: Kind, StartedAt: time.Now().UTC(), Machine: loadtest.ThisMachine(), Figures: map[string]*Figure{}}
	all := All()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(f *Figure) bool { return f.Name == name || f.By == name }) {
			return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
		}
	}
	for _, f := range all {
		if len(names) == 0 || slices.Contains(names, f.Name) || slices.Contains(names, f.By) {
			s.order = append(s.order, f)
			s.Figures[f.Name] = f
		}
	}
	return s, nil
}

// Needs tells whether some figure of a measurement was chosen.
func (s *Set) Needs(measurement string) bool {
	return slices.ContainsFunc(s.order, func(f *Figure) bool { return f.By == measurement })
}

// Put takes the runs of a figure, and leaves out one that was not chosen.
func (s *Set) Put(name string, detail map[string]float64, runs ...float64) {
	if f := s.Figures[name]; f != nil {
		f.Detail = detail
		f.Put(runs...)
	}
}

// Fail notes why the figures of a measurement have no value.
func (s *Set) Fail(measurement string, err error) {
	for _, f := range s.order {
		if f.By == measurement && f.Value == nil {
			missed := false
			f.Note, f.Met = err.Error(), &missed
		}
	}
}

// Met tells that no goal was missed and no measurement failed.
func (s *Set) Met() bool {
	return !slices.ContainsFunc(s.order, func(f *Figure) bool { return f.Met != nil && !*f.Met })
}

// Write prints the table.
func (s *Set) Write(w io.Writer) error {
	var b strings.Builder
	m := s.Machine
	fmt.Fprintf(&b, "figures of %s: %s, %d cores, %s; %.0f s", s.StartedAt.Format(time.RFC3339), m.CPU, m.Cores, m.Go, s.Seconds)
	if m.Redis != "" {
		fmt.Fprintf(&b, "; Redis %s", m.Redis)
	}
	if s.Quick {
		b.WriteString("; smaller than the goals are meant for")
	}
	b.WriteString("\n\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "figure\tmeasured\tmin\tmax\truns\tgoal\tmet\thow")
	for _, f := range s.order {
		goal := "≤ "
		if f.AtLeast {
			goal = "≥ "
		}
		goal += number(f.Goal) + unitOf(f)
		if f.Value == nil {
			_, _ = fmt.Fprintf(t, "%s\t-\t\t\t\t%s\t%s\t%s\n", f.Name, goal, word(f.Met), f.Note)
			continue
		}
		_, _ = fmt.Fprintf(t, "%s\t%s%s\t%s\t%s\t%d\t%s\t%s\t%s\n", f.Name, number(*f.Value), unitOf(f), number(*f.Min), number(*f.Max), len(f.Runs), goal, word(f.Met), f.How)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func unitOf(f *Figure) string {
	if f.Unit == ratio {
		return ""
	}
	return " " + f.Unit
}

func word(met *bool) string {
	switch {
	case met == nil:
		return "-"
	case *met:
		return "yes"
	}
	return "NO"
}

// number writes whole numbers as such and others with two digits.
func number(v float64) string {
	if v == float64(int64(v)) {
		return fmt.Sprintf("%d", int64(v))
	}
	return fmt.Sprintf("%.2f", v)
}
