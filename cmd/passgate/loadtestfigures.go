package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/drill"
	"passgate/loadtest/figures"
	"passgate/loadtest/limits"
	loadreport "passgate/loadtest/report"
)

// loadtestFiguresCmd measures every figure, one after the other.
type loadtestFiguresCmd struct {
	Quick bool     `help:"Smaller sizes and fewer runs, in a few minutes: to see that all of it works. The goals are meant for the full sizes."`
	Only  []string `placeholder:"NAME,…" help:"Only these figures, or what these measurements yield: cost, latency, rush_hour, size, gate_window, replay, enrolment."`
	Runs  int      `help:"How often each is measured, 1 to 50; 5 if not given, 3 with --quick. The rush hour and the memory are measured once."`
	Seed  uint64   `default:"1" help:"The same seed gives the same town."`
	JSON  bool     `name:"json" help:"Print JSON."`
	HTML  string   `name:"html" type:"path" placeholder:"FILE" help:"Also write a page."`
}

// Help is shown by --help.
func (loadtestFiguresCmd) Help() string {
	return `Measures what passgate promises, each figure beside its yardstick in the same run,
with services of its own in TMPDIR, which has to be on a disk. The full sizes need
6 GB of memory and about an hour. Exit code 1: a goal was missed, or something could
not be measured.

Examples:

    passgate loadtest --json
    passgate loadtest --quick --only cost_of_scan,replay`
}

// figureSizes are how much is measured.
type figureSizes struct {
	runs, turns, scans, people int // of cost and latency
	rate                       float64
	each                       time.Duration // of each side of a latency
	rushPeople                 int
	rush                       time.Duration
	townPeople, days           int // of size and replay
	window                     int // events
	rows                       int // enrolled
}

const figureConnections = 128

var (
	fullSizes = figureSizes{
		runs: 5, turns: 3, scans: 5000, people: 50_000, rate: 1000, each: 30 * time.Second, rushPeople: 100_000, rush: 3 * time.Minute,
		townPeople: 100_000, days: 14, window: 1_000_000, rows: 100_000,
	}
	quickSizes = figureSizes{
		runs: 3, turns: 2, scans: 2000, people: 10_000, rate: 1000, each: 5 * time.Second, rushPeople: 20_000, rush: 15 * time.Second,
		townPeople: 6000, days: 14, window: 100_000, rows: 5000,
	}
)

// measurements are the ways in which figures are measured, in order.
var measurements = []struct {
	name string
	run  func(*figuresRun, context.Context) error
}{
	{"cost", (*figuresRun).cost},
	{"latency", (*figuresRun).latency},
	{"rush_hour", (*figuresRun).rushHour},
	{"size", (*figuresRun).size},
	{"gate_window", (*figuresRun).gateWindow},
	{"replay", (*figuresRun).replay},
	{"enrolment", (*figuresRun).enrolment},
}

// figuresRun is one run of the command.
type figuresRun struct {
	figureSizes
	set  *figures.Set
	con  *console
	seed uint64
	name string // of the measurement under way
}

func (r *figuresRun) say(format string, args ...any) {
	r.con.say("loadtest %s: %s", r.name, fmt.Sprintf(format, args...))
}

// Run measures and prints.
func (cmd *loadtestFiguresCmd) Run(ctx context.Context, con *console) error {
	set, err := figures.Choose(cmd.Only)
	if err != nil {
		return badInput("--only: %w", err)
	}
	r := &figuresRun{figureSizes: fullSizes, set: set, con: con, seed: cmd.Seed}
	if set.Quick = cmd.Quick; cmd.Quick {
		r.figureSizes = quickSizes
	}
	if cmd.Runs != 0 {
		if err := within(bound{"runs", cmd.Runs, 1, 50}); err != nil {
			return err
		}
		r.runs = cmd.Runs
	}
	if err := r.all(ctx); err != nil {
		return err
	}
	if cmd.HTML != "" {
		if err := writePage(pageOf(set), cmd.HTML); err != nil {
			return err
		}
	}
	if cmd.JSON {
		err = printJSON(con.Out, set)
	} else {
		err = set.Write(con.Out)
	}
	if err == nil && !set.Met() {
		err = errRefused
	}
	return err
}

// all makes every measurement that is needed. One that fails is noted and the
// others go on.
func (r *figuresRun) all(ctx context.Context) error {
	began := time.Now()
	for _, m := range measurements {
		if !r.set.Needs(m.name) {
			continue
		}
		r.name = m.name
		start := time.Now()
		r.say("begins")
		err := m.run(r, ctx)
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
		if err != nil {
			r.say("failed: %s", plain(err.Error()))
			r.set.Fail(m.name, err)
		}
		r.say("took %s", time.Since(start).Round(time.Second))
	}
	r.set.Seconds = time.Since(began).Seconds()
	return nil
}

// pageOf shows what a set has in common with other load tests.
func pageOf(set *figures.Set) *loadreport.Page {
	page := new(loadreport.Page)
	page.AddFigures(set)
	return page
}

func (r *figuresRun) bench() limits.Bench {
	return limits.Bench{People: r.people, Seed: r.seed, Progress: func(what string) { r.say("%s", what) }}
}

func (r *figuresRun) cost(ctx context.Context) error {
	cost, err := limits.MeasureCost(ctx, limits.CostConfig{
		Bench: r.bench(), Runs: r.runs, Turns: r.turns, Scans: r.scans, Connections: figureConnections,
	})
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	r.set.Cost, r.set.Machine.Redis = cost, cost.Machine.Redis
	r.set.Put("cost_of_scan", medians(cost.Figures), each(cost.Runs, func(run *limits.Run) float64 { return run.Ratio })...)
	return nil
}

func (r *figuresRun) latency(ctx context.Context) error {
	found, err := limits.MeasureLatency(ctx, limits.LatencyConfig{
		Bench: r.bench(), Runs: r.runs, Rate: r.rate, For: r.each, Connections: figureConnections,
	})
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	r.set.Latency, r.set.Machine.Redis = found, found.Machine.Redis
	r.set.Put("latency", medians(found.Figures), each(found.Runs, func(run *limits.LatencyRun) float64 { return run.Ratio })...)
	return nil
}

// each takes one value out of every run.
func each[T any](runs []T, of func(*T) float64) []float64 {
	values := make([]float64, len(runs))
	for i := range runs {
		values[i] = of(&runs[i])
	}
	return values
}

func medians(of map[string]limits.Spread) map[string]float64 {
	out := map[string]float64{}
	for name, s := range of {
		out[name] = s.Median
	}
	return out
}

// rushHour makes one run, whose every scan is looked up.
func (r *figuresRun) rushHour(ctx context.Context) (err error) {
	d, err := drill.Open(ctx, drill.Config{
		People: r.rushPeople, Seed: r.seed, Connections: 2 * figureConnections, Patience: 10 * time.Second,
		Say: r.say, Progress: loadProgress(r.con),
	})
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	report, err := drill.Rush(ctx, d, r.rush)
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	r.set.Rush, r.set.Machine.Redis = report, report.Machine.Redis
	lost, doubled := 0.0, 0.0
	for _, a := range report.Audits {
		lost, doubled = lost+float64(a.Lost+a.Half), doubled+float64(a.Doubled)
	}
	detail := map[string]float64{}
	for _, run := range report.Runs {
		detail["scans"] += float64(run.Offered)
		detail["seconds"] += run.Seconds
	}
	r.set.Put("rush_hour_lost", detail, lost)
	r.set.Put("rush_hour_duplicated", nil, doubled)
	r.set.Put("rush_hour_errors", nil, float64(errorsOf(report)))
	return nil
}

// errorsOf counts whoever at a gate had no right answer at once, and what is on
// record otherwise than it was sent and answered.
func errorsOf(r *loadtest.Report) (n int64) {
	for _, run := range r.Runs {
		n += run.Failed + run.Shed + run.Mistaken
	}
	for _, a := range r.Audits {
		n += a.Changed + a.Strange
	}
	return n
}
