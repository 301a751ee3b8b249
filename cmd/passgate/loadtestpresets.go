package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/drill"
)

// loadtestCurveCmd finds out how latency rises with the rate.
type loadtestCurveCmd struct {
	drillFlags
	Rates string        `default:"100,250,500,1000,1500,2000,3000,4000,6000,8000,10000,15000,20000" placeholder:"R,R,…" help:"Rates, ascending; the first that is too much ends it."`
	Each  time.Duration `default:"8s" help:"How long each is held, 1s to 10m."`
}

// Help is shown by --help.
func (loadtestCurveCmd) Help() string {
	return `Offers one rate after the other until the service does not keep up: less than
95 % acknowledged, or half of the scans later than 500 ms. Latency runs from the
time at which a scan was due.

Example:

    passgate loadtest curve --each 10s --html curve.html`
}

// Run runs it.
func (cmd *loadtestCurveCmd) Run(ctx context.Context, con *console) error {
	var rates []float64
	for text := range strings.SplitSeq(cmd.Rates, ",") {
		rate, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || rate < 1 || rate > loadtest.MaxRate || len(rates) > 0 && rate <= rates[len(rates)-1] {
			return badInput("--rates: %q: give rates from 1 to %d, ascending", clip(text, 20), loadtest.MaxRate)
		}
		rates = append(rates, rate)
	}
	if cmd.Each < time.Second || cmd.Each > 10*time.Minute {
		return badInput("--each %s: give 1s to 10m", cmd.Each)
	}
	return cmd.drill(ctx, con, "curve", func(d *drill.Drill) (*loadtest.Report, error) {
		return drill.Curve(ctx, d, drill.CurveConfig{Rates: rates, Each: cmd.Each})
	})
}

// loadtestRushCmd is the rush hour.
type loadtestRushCmd struct {
	drillFlags
	For time.Duration `name:"for" default:"3m" help:"In how much time the hour and a half pass, 15s to 90m; the rates stay the same."`
}

// Help is shown by --help.
func (loadtestRushCmd) Help() string {
	return `The busiest half hour of a working day with thirty times its usual number of
people, between the half hours before and after it, in the shape of real door
counts and with everything that goes wrong in a town: forged and expired codes,
fevers, phones that were offline. The figures to see are errors, lost and doubled.

Example:

    passgate loadtest rush --people 100000 --for 3m`
}

// Run runs it.
func (cmd *loadtestRushCmd) Run(ctx context.Context, con *console) error {
	if cmd.For < 15*time.Second || cmd.For > 90*time.Minute {
		return badInput("--for %s: give 15s to 90m", cmd.For)
	}
	return cmd.drill(ctx, con, "rush", func(d *drill.Drill) (*loadtest.Report, error) { return drill.Rush(ctx, d, cmd.For) })
}

// loadtestSpikeCmd multiplies the rate within seconds.
type loadtestSpikeCmd struct {
	drillFlags
	Rate   float64       `default:"400" help:"Scans a second before and after, 1 to 100000."`
	Times  float64       `default:"10" help:"By how much it is multiplied, 1 to 100."`
	Before time.Duration `default:"15s" help:"How long the rate is held before and after, 5s to 1h."`
	Rise   time.Duration `default:"10s" help:"Within which time it rises, 100ms to 10m."`
	Hold   time.Duration `default:"10s" help:"How long it stays, 1s to 1h."`
}

// Help is shown by --help.
func (loadtestSpikeCmd) Help() string {
	return `Multiplies the rate by ten within ten seconds, as when the code system of the
next town fails. Says what was shed, whether anything acknowledged was lost, and
how long the service took to be as fast as before.

Example:

    passgate loadtest spike --rate 400 --retries 3`
}

// Run runs it.
func (cmd *loadtestSpikeCmd) Run(ctx context.Context, con *console) error {
	c := drill.SpikeConfig{Rate: cmd.Rate, Times: cmd.Times, Before: cmd.Before, Rise: cmd.Rise, Hold: cmd.Hold}
	if c.Rate < 1 || c.Rate > 100_000 || c.Times < 1 || c.Times > 100 || c.Before < 5*time.Second || c.Before > time.Hour ||
		c.Rise < 100*time.Millisecond || c.Rise > 10*time.Minute || c.Hold < time.Second || c.Hold > time.Hour {
		return badInput("the spike is out of bounds: see --help")
	}
	return cmd.drill(ctx, con, "spike", func(d *drill.Drill) (*loadtest.Report, error) { return drill.Spike(ctx, d, c) })
}

// loadtestSoakCmd holds a rate for long.
type loadtestSoakCmd struct {
	drillFlags
	Rate     float64       `default:"1000" help:"Scans a second, 1 to 100000: half of what the service can take."`
	Duration time.Duration `default:"30m" help:"How long, 10s to 168h."`
}

// Help is shown by --help.
func (loadtestSoakCmd) Help() string {
	return `Holds a rate for half an hour and says what grows: memory and goroutines of the
gateway after the first third, and what an event takes in Redis.

Example:

    passgate loadtest soak --rate 800 --duration 30m`
}

// Run runs it.
func (cmd *loadtestSoakCmd) Run(ctx context.Context, con *console) error {
	if cmd.Rate < 1 || cmd.Rate > 100_000 || cmd.Duration < 10*time.Second || cmd.Duration > 168*time.Hour || len(cmd.Target) > 0 {
		return badInput("a soak takes --rate 1 to 100000, --duration 10s to 168h, and a service of its own")
	}
	return cmd.drill(ctx, con, "soak", func(d *drill.Drill) (*loadtest.Report, error) {
		return drill.Soak(ctx, d, cmd.Rate, cmd.Duration)
	})
}

// loadtestScaleCmd compares towns of different size.
type loadtestScaleCmd struct {
	drillFlags
	Sizes  []int         `default:"10000,100000,1000000" help:"Residents of the towns, in ascending order."`
	Rate   float64       `default:"500" help:"Scans a second, 1 to 100000."`
	Each   time.Duration `default:"10s" help:"How long each has load in a round, 2s to 10m."`
	Rounds int           `default:"5" help:"How often they take turns, 1 to 50."`
}

// Help is shown by --help.
func (loadtestScaleCmd) Help() string {
	return `Enrols towns of different size, each with a service of its own, has them take
turns under the same rate, and compares the CPU time of a scan: what a machine can
take in a second is the inverse of it. A million people take about 2 GB.

Example:

    passgate loadtest scale --sizes 10000,1000000 --no-audit`
}

// Run runs it.
func (cmd *loadtestScaleCmd) Run(ctx context.Context, con *console) error {
	for i, n := range cmd.Sizes {
		if n < 1000 || n > 10_000_000 || i > 0 && n <= cmd.Sizes[i-1] {
			return badInput("--sizes: give 1000 to 10000000, ascending")
		}
	}
	if len(cmd.Sizes) < 2 || cmd.Rate < 1 || cmd.Rate > 100_000 || cmd.Each < 2*time.Second || cmd.Each > 10*time.Minute || cmd.Rounds < 1 || cmd.Rounds > 50 || len(cmd.Target) > 0 {
		return badInput("give two --sizes at least, and see the bounds in --help; the services are its own")
	}
	c, err := cmd.config(ctx, con, "scale")
	if err != nil {
		return err
	}
	report, err := drill.Scale(ctx, c, drill.ScaleConfig{People: cmd.Sizes, Rate: cmd.Rate, Each: cmd.Each, Rounds: cmd.Rounds})
	return cmd.show(con, report, err)
}
