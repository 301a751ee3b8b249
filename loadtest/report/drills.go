package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"

	"github.com/HdrHistogram/hdrhistogram-go"

	"passgate/gateway/chart"
	"passgate/loadtest"
)

// drillView is one load test: a run, or several that belong together.
type drillView struct {
	Kind    string
	Curve   template.HTML // of several rates
	Table   []*loadtest.Result
	Runs    []runView
	Figures []figureRow
}

// figureRow is a figure of a load test.
type figureRow struct{ Name, Value string }

// runView is one run.
type runView struct {
	Name, Words string
	Charts      []drawn
	Counts      []group
	Open        bool // shown at once
}

// drawn is a chart with its name and the names of its lines.
type drawn struct {
	Title  string
	Legend []string
	SVG    template.HTML
}

// group is what answers came to, by one of their properties.
type group struct {
	Name string
	Rows []row
}

// shownAtOnce is how many runs of a load test are not folded up.
const shownAtOnce = 2

func drillOf(r *loadtest.Report) (drillView, error) {
	v := drillView{Kind: r.Kind, Table: r.Runs}
	if len(r.Runs) > 1 {
		v.Curve = curveOf(r)
	}
	for i, run := range r.Runs {
		one, err := runOf(run)
		if err != nil {
			return v, fmt.Errorf("report: run %s: %w", run.Name, err)
		}
		one.Open = i < shownAtOnce && len(r.Runs) <= shownAtOnce
		v.Runs = append(v.Runs, one)
	}
	if len(r.Runs) == 1 { // with several, the table says it
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range r.Figures {
				if !yield(name) {
					return
				}
			}
		}) {
			v.Figures = append(v.Figures, figureRow{name, chart.Number(r.Figures[name])})
		}
	}
	return v, nil
}

// rateOf is how many scans a second were due, in the middle of the run.
func rateOf(r *loadtest.Result) float64 {
	var offered []int64
	for _, s := range r.Series {
		if s.Offered > 0 {
			offered = append(offered, s.Offered)
		}
	}
	if len(offered) == 0 {
		return float64(r.Offered) / max(r.Seconds, 1e-9)
	}
	slices.Sort(offered)
	return float64(offered[len(offered)/2])
}

// curveOf draws the percentiles of several runs: against the rate of a curve,
// against the size of the town otherwise.
func curveOf(r *loadtest.Report) template.HTML {
	c := chart.Chart{Title: "Latency by rate", Across: "scans/s offered", LogX: true, LogY: true}
	x := rateOf
	if r.Kind == "scale" {
		c.Title, c.Across = "Latency by size of the town", "people enrolled"
		x = func(r *loadtest.Result) float64 { return float64(r.People) }
	}
	c.Lines = []chart.Line{{Name: "p50", Dots: true}, {Name: "p99", Dots: true}, {Name: "p99.9", Dots: true}}
	for _, run := range r.Runs {
		for i, p := range []int64{run.Latency.P50, run.Latency.P99, run.Latency.P999} {
			c.Lines[i].X, c.Lines[i].Y = append(c.Lines[i].X, x(run)), append(c.Lines[i].Y, float64(p)/1000)
		}
	}
	return c.SVG()
}

func runOf(r *loadtest.Result) (runView, error) {
	v := runView{Name: r.Name}
	v.Words = fmt.Sprintf("%s; %s people, seed %d, %d devices. Generator: processes %d, connections %d, CPU %.1f s.",
		r.Pace, thousands(int64(r.People)), r.Seed, r.Devices, r.Generator.Processes, r.Generator.Connections, r.Generator.CPU)
	hdr := chart.Chart{Title: "Latency percentiles, ms", LogY: true}
	if err := percentiles(&hdr, "from when it was due", &r.Latency); err != nil {
		return v, err
	}
	if err := percentiles(&hdr, "from when it left", &r.Service); err != nil {
		return v, err
	}
	for _, c := range append(seriesOf(r.Series), hdr) {
		if svg := c.SVG(); svg != "" {
			d := drawn{Title: c.Title, SVG: svg}
			for _, l := range c.Lines {
				d.Legend = append(d.Legend, l.Name)
			}
			v.Charts = append(v.Charts, d)
		}
	}
	for _, g := range []struct {
		name string
		of   map[string]int64
	}{{"kinds of scans", r.Kinds}, {"decisions", r.Decisions}, {"reasons", r.Reasons}, {"HTTP statuses", r.Statuses}, {"errors", r.Errors}} {
		if len(g.of) > 0 {
			v.Counts = append(v.Counts, group{g.name, countRows(g.of)})
		}
	}
	return v, nil
}

// countRows are counts, the greatest first.
func countRows(counts map[string]int64) []row {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return int(min(max(counts[b]-counts[a], -1), 1))
		}
		if a < b {
			return -1
		}
		return 1
	})
	rows := make([]row, len(names))
	for i, name := range names {
		rows[i] = row{name, thousands(counts[name])}
	}
	return rows
}

// seriesOf draws what happened by seconds.
func seriesOf(series []loadtest.Second) []chart.Chart {
	ms := func(us int64) float64 { return float64(us) / 1000 }
	mb := func(bytes int64) float64 { return float64(bytes) / 1e6 }
	type of = func(*loadtest.Second) float64
	charts := []chart.Chart{}
	add := func(title string, logY, zero bool, names []string, values ...of) {
		c := chart.Chart{Title: title, Across: "seconds", LogY: logY, FromZero: zero}
		for i, value := range values {
			l, some := chart.Line{Name: names[i]}, false
			for j := range series {
				y := value(&series[j])
				some = some || y > 0
				l.X, l.Y = append(l.X, float64(series[j].At)), append(l.Y, y)
			}
			if some { // what is never there, or was not read, is left out
				c.Lines = append(c.Lines, l)
			}
		}
		charts = append(charts, c)
	}
	add("Scans a second", false, true, []string{"offered", "answered", "shed", "errors"},
		func(s *loadtest.Second) float64 { return float64(s.Offered) }, func(s *loadtest.Second) float64 { return float64(s.Done) },
		func(s *loadtest.Second) float64 { return float64(s.Shed) }, func(s *loadtest.Second) float64 { return float64(s.Failed) })
	add("Latency, ms", true, false, []string{"p50", "p99", "p99.9"},
		func(s *loadtest.Second) float64 { return ms(s.P50) }, func(s *loadtest.Second) float64 { return ms(s.P99) },
		func(s *loadtest.Second) float64 { return ms(s.P999) })
	add("Due, but not answered", false, true, []string{"scans"}, func(s *loadtest.Second) float64 { return float64(s.Waiting) })
	add("Processors in use", false, true, []string{"gateway", "Redis", "generator"},
		func(s *loadtest.Second) float64 { return s.GatewayCPU }, func(s *loadtest.Second) float64 { return s.RedisCPU },
		func(s *loadtest.Second) float64 { return s.GeneratorCPU })
	add("Memory, MB", false, true, []string{"gateway, resident", "gateway, heap", "Redis, resident"},
		func(s *loadtest.Second) float64 { return mb(s.GatewayRSS) }, func(s *loadtest.Second) float64 { return mb(s.Heap) },
		func(s *loadtest.Second) float64 { return mb(s.RedisRSS) })
	add("Goroutines of the gateway", false, true, []string{"goroutines"}, func(s *loadtest.Second) float64 { return float64(s.Goroutines) })
	return charts
}

// percentiles adds the line of a distribution: latency in ms against 1/(1-p), which
// gives each further nine the same width. A distribution without its histogram is
// left out.
func percentiles(c *chart.Chart, name string, l *loadtest.Latency) error {
	c.LogX, c.Across = true, "percentile"
	c.XText = func(v float64) string {
		return strconv.FormatFloat(math.Round(1e6*100*(1-1/v))/1e6, 'f', -1, 64) + " %"
	}
	if l.Histogram == "" || l.Count == 0 {
		return nil
	}
	h, err := hdrhistogram.Decode([]byte(l.Histogram))
	if err != nil {
		return fmt.Errorf("report: histogram: %w", err)
	}
	out := chart.Line{Name: name}
	for n := 0.0; n <= math.Log10(float64(l.Count)); n += 0.05 {
		over := math.Pow(10, n)
		out.X, out.Y = append(out.X, over), append(out.Y, float64(h.ValueAtPercentile(100*(1-1/over)))/1000)
	}
	c.Lines = append(c.Lines, out)
	return nil
}
