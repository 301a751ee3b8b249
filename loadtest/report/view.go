package report

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"passgate/gateway/chart"
	"passgate/loadtest"
	"passgate/loadtest/figures"
	"passgate/loadtest/limits"
)

// view is the page as the template shows it.
type view struct {
	Title    string
	Made     string
	Commands []string
	Warnings []string
	Verdicts []verdict
	Goals    []goal
	Drills   []drillView
	Cost     *costView
	Latency  *latencyView
	Baseline *baselineView
	Machine  []row
}

// row is a name with what it is.
type row struct{ Name, Value string }

// verdict is what one load test says of every scan of it.
type verdict struct {
	Kind  string
	Good  bool
	Words string
	Rows  []row
	// Examples of what is wrong.
	Examples []string
}

// goal is a figure beside what it should be.
type goal struct {
	Name, How, Note string
	Measured        bool
	Value           limits.Spread
	Goal            string
	Met             bool
	figure          string // under which it stands in a set of figures
}

func viewOf(p *Page) (*view, error) {
	v := &view{Title: "passgate under load"}
	var at time.Time
	var machine *loadtest.Machine
	seen := func(when time.Time, m *loadtest.Machine) {
		if at.IsZero() {
			at, machine = when, m
		}
	}
	for _, r := range p.Reports {
		seen(r.StartedAt, &r.Machine)
		d, err := drillOf(r)
		if err != nil {
			return nil, err
		}
		v.Drills = append(v.Drills, d)
		v.Verdicts = append(v.Verdicts, verdictOf(r))
		v.Warnings = append(v.Warnings, warningsOf(r)...)
		if r.Command != "" {
			v.Commands = append(v.Commands, r.Command)
		}
	}
	if c := p.Cost; c != nil {
		seen(c.StartedAt, &c.Machine)
		v.Cost = costOf(c)
		f := c.Figures["cost_of_scan"]
		v.aim("cost_of_scan", "CPU of gateway and Redis for a scan ÷ that of its parts, each by itself", f, "at most 1", f.Median <= 1)
	}
	if l := p.Latency; l != nil {
		seen(l.StartedAt, &l.Machine)
		var err error
		if v.Latency, err = latencyOf(l); err != nil {
			return nil, err
		}
		f := l.Figures["latency_p99"]
		v.aim("latency", fmt.Sprintf("p99 at %s scans/s ÷ p99 of a bare echo under the same driver", chart.Number(l.Rate)), f, "at most 3", f.Median <= 3)
	}
	if b := p.Baseline; b != nil {
		seen(b.StartedAt, &b.Machine)
		v.Baseline = baselineOf(b)
		f := b.Figures["gate_to_baseline"]
		v.aim("baseline", "scans per CPU second ÷ those of PostgreSQL, just as durable", f, "at least 5", f.Median >= 5)
	}
	if f := p.Figures; f != nil {
		seen(f.StartedAt, &f.Machine)
		v.Goals = goalsOf(f, v.Goals)
	}
	if machine == nil {
		return nil, errors.New("report: nothing to show")
	}
	v.Made, v.Machine = at.UTC().Format("2 January 2006, 15:04 UTC"), machineRows(machine)
	return v, nil
}

// goalsOf are the goals of a set of figures, with what of more is not among them:
// cost and latency are there under their own names.
func goalsOf(set *figures.Set, more []goal) []goal {
	var goals []goal
	for _, known := range figures.All() {
		f := set.Figures[known.Name]
		if f == nil {
			continue
		}
		words := "at most " + chart.Number(f.Goal)
		switch {
		case f.AtLeast:
			words = "at least " + chart.Number(f.Goal)
		case f.Goal == 0:
			words = "none"
		}
		if f.Unit != "ratio" {
			words += " " + f.Unit
		}
		g := goal{Name: strings.ReplaceAll(known.Name, "_", " "), How: f.How, Goal: words, Note: f.Note}
		if f.Value != nil {
			g.Value, g.Measured = limits.Spread{Min: *f.Min, Median: *f.Median, Max: *f.Max}, true
		}
		g.Met = f.Met != nil && *f.Met
		goals = append(goals, g)
	}
	for _, g := range more {
		if g.figure == "" || set.Figures[g.figure] == nil {
			goals = append(goals, g)
		}
	}
	return goals
}

func (v *view) aim(figure, how string, s limits.Spread, words string, met bool) {
	v.Goals = append(v.Goals, goal{
		Name: strings.ReplaceAll(figure, "_", " "), How: how, Measured: true, Value: s, Goal: words, Met: met, figure: figure,
	})
}

// verdictOf sums up all runs of a report and its audits.
func verdictOf(r *loadtest.Report) verdict {
	v := verdict{Kind: r.Kind, Good: r.Clean()}
	var c loadtest.Counts
	for _, run := range r.Runs {
		c.Offered, c.Acknowledged, c.Shed = c.Offered+run.Offered, c.Acknowledged+run.Acknowledged, c.Shed+run.Shed
		c.Failed, c.Mistaken, c.Degraded = c.Failed+run.Failed, c.Mistaken+run.Mistaken, c.Degraded+run.Degraded
		v.Examples = append(v.Examples, run.Wrong...)
	}
	count := func(name string, n int64) { v.Rows = append(v.Rows, row{name, thousands(n)}) }
	count("offered", c.Offered)
	count("acknowledged", c.Acknowledged)
	count("shed", c.Shed)
	count("errors", c.Failed)
	count("wrong answers", c.Mistaken)
	var a loadtest.Audit
	for _, one := range r.Audits {
		a.Acknowledged, a.Lost, a.Doubled = a.Acknowledged+one.Acknowledged, a.Lost+one.Lost, a.Doubled+one.Doubled
		a.Changed, a.Half, a.Strange = a.Changed+one.Changed, a.Half+one.Half, a.Strange+one.Strange
		v.Examples = append(v.Examples, one.Examples...)
	}
	if len(r.Audits) == 0 {
		v.Words = "Not audited: nobody looked up what was acknowledged."
		v.Good = false
		return v
	}
	count("lost", a.Lost)
	count("doubled", a.Doubled)
	count("answer changed", a.Changed)
	count("half recorded", a.Half)
	count("unexplained", a.Strange)
	switch {
	case v.Good:
		which := ""
		if a.Acknowledged > c.Acknowledged {
			which = ", the warm-up's included,"
		}
		v.Words = fmt.Sprintf("All %s acknowledged scans%s were looked up: each is on record once, with the answer that was given.", thousands(a.Acknowledged), which)
	case c.Mistaken > 0 && a.Clean():
		v.Words = fmt.Sprintf("%s scans were answered with a reason that is not right for them, or for somebody else.", thousands(c.Mistaken))
	default:
		v.Words = fmt.Sprintf("%s of %s acknowledged scans are not on record as they were answered.", thousands(a.Lost+a.Doubled+a.Changed), thousands(a.Acknowledged))
	}
	return v
}

func warningsOf(r *loadtest.Report) []string {
	all := slices.Clone(r.Warnings)
	for _, run := range r.Runs {
		for _, w := range run.Warnings {
			all = append(all, run.Name+": "+w)
		}
	}
	return all
}

func machineRows(m *loadtest.Machine) []row {
	rows := []row{
		{"processor", m.CPU},
		{"cores", strconv.Itoa(m.Cores)},
		{"memory", chart.Number(float64(m.Memory)) + "B"},
		{"kernel", m.Kernel},
		{"Go", m.Go},
		{"Redis", m.Redis},
		{"passgate", m.Version},
	}
	return slices.DeleteFunc(rows, func(r row) bool { return r.Value == "" || r.Value == "0B" })
}

// costView is what a scan costs.
type costView struct {
	Bars     template.HTML
	Rows     []spreadRow
	Profile  []shareRow
	Commands limits.Commands
	Words    string
}

// shareRow is a part of the gateway's time.
type shareRow struct {
	Name    string
	Percent float64
	US      float64
}

// spreadRow is a figure of several runs.
type spreadRow struct {
	Name string
	limits.Spread
}

func costOf(c *limits.Cost) *costView {
	f := c.Figures
	v := &costView{Commands: c.Redis}
	for _, p := range c.Profile {
		v.Profile = append(v.Profile, shareRow{p.Name, 100 * p.Share, p.US})
	}
	v.Bars = bars("CPU time of a scan", "µs", []bar{
		{"a scan, in the service", []part{{"gateway", f["gateway_us"].Median}, {"Redis", f["redis_us"].Median}}, f["scan_us"]},
		{"its parts, by themselves", []part{{"echo", f["echo_us"].Median}, {"verify", f["verify_us"].Median}, {"script", f["reference_us"].Median}}, f["parts_us"]},
	})
	for _, of := range [][2]string{
		{"scan_us", "a scan"},
		{"gateway_us", "gateway"},
		{"redis_us", "Redis"},
		{"parts_us", "its parts"},
		{"echo_us", "bare Fiber echo of the same body"},
		{"verify_us", "one Ed25519 verification"},
		{"reference_us", "the reference script in Redis"},
		{"zadd_us", "one ZADD"},
		{"zrange_us", "one ZRANGE"},
	} {
		v.Rows = append(v.Rows, spreadRow{of[1], f[of[0]]})
	}
	v.Words = fmt.Sprintf("%d runs of %s scans by distinct people out of %s, %d connections, seed %d. Idle, the service uses %.3f cores, which is in the cost.",
		len(c.Runs), thousands(int64(c.ScansPerRun)), thousands(int64(c.People)), c.Connections, c.Seed, c.Idle)
	return v
}

// latencyView compares the service with the bare echo at one rate.
type latencyView struct {
	Chart template.HTML
	Rows  []limits.LatencyRun
	Words string
}

func latencyOf(l *limits.Latencies) (*latencyView, error) {
	v := &latencyView{Rows: l.Runs}
	v.Words = fmt.Sprintf("%d runs of %g s each at %s scans/s, one after the other, by the same driver; latency from the time a send was due. The durable echo writes one key before it answers.", len(l.Runs), l.Seconds, chart.Number(l.Rate))
	c := chart.Chart{Title: "Latency percentiles, last run", LogY: true}
	if n := len(l.Runs); n > 0 {
		last := &l.Runs[n-1]
		if err := errors.Join(percentiles(&c, "gate", &last.Gateway), percentiles(&c, "echo", &last.Echo), percentiles(&c, "durable echo", &last.Durable)); err != nil {
			return nil, err
		}
		v.Chart = c.SVG()
	}
	return v, nil
}

// baselineView compares the service with PostgreSQL.
type baselineView struct {
	Bars  template.HTML
	Rows  []spreadRow
	Words string
	*Baseline
}

func baselineOf(b *Baseline) *baselineView {
	f := b.Figures
	v := &baselineView{Baseline: b}
	v.Bars = bars("CPU time of a scan", "µs", []bar{
		{"passgate", []part{{"gateway", f["gateway_us"].Median}, {"Redis", f["redis_us"].Median}}, f["gate_us"]},
		{"the same decision in PostgreSQL", []part{{"server", f["server_us"].Median}, {"PostgreSQL", f["postgres_us"].Median}}, f["baseline_us"]},
	})
	for _, of := range [][2]string{
		{"gate_per_cpu_second", "scans per CPU second, passgate"}, {"baseline_per_cpu_second", "scans per CPU second, PostgreSQL"}, {"gate_to_baseline", "passgate ÷ PostgreSQL"},
	} {
		v.Rows = append(v.Rows, spreadRow{of[1], f[of[0]]})
	}
	same := "all the same"
	if len(b.Different) > 0 {
		same = "NOT all the same"
	}
	v.Words = fmt.Sprintf("%d runs of %s scans for each, %s people, seed %d, %d connections, %d to PostgreSQL. %s answers were compared: %s.",
		len(b.Runs), thousands(int64(b.ScansPerRun)), thousands(int64(b.People)), b.Seed, b.Connections, b.Pool, thousands(int64(b.Compared)), same)
	return v
}

// Number writes a value shortly.
func (s spreadRow) Number(v float64) string { return chart.Number(v) }

// Number writes a value shortly.
func (g goal) Number(v float64) string { return chart.Number(v) }

// thousands writes a count with its thousands apart.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}
