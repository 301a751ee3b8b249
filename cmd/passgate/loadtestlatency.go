package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"passgate/loadtest/limits"
	"passgate/loadtest/rig"
)

// loadtestLatencyCmd compares latencies with those of the bare echo.
type loadtestLatencyCmd struct {
	Runs        int           `default:"5" help:"How often both are measured, 1 to 50."`
	Rate        float64       `default:"1000" help:"Scans a second, 1 to 100000."`
	For         time.Duration `default:"30s" help:"How long each of both takes in a run, 1s to 10m."`
	Connections int           `default:"128" help:"Connections, 1 to 2000."`
	People      int           `default:"50000" help:"Residents enrolled, 2000 to 1000000."`
	Seed        uint64        `default:"1" help:"The same seed gives the same town."`
	CPUs        []int         `name:"cpus" placeholder:"N" help:"Processors for the servers; all if not given."`
	JSON        bool          `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (loadtestLatencyCmd) Help() string {
	return `Sends scans at a fixed rate, whatever the answers do, to a gateway of its own and
in turn to a bare Fiber echo, and compares the 99th percentiles. Latency runs
from the time at which a send was due.

Example:

    passgate loadtest latency --rate 1000 --for 30s --json`
}

// Run measures.
func (cmd *loadtestLatencyCmd) Run(ctx context.Context, con *console) error {
	err := within(
		bound{"runs", cmd.Runs, 1, 50}, bound{"rate", int(cmd.Rate), 1, 100_000}, bound{"for", int(cmd.For / time.Second), 1, 600},
		bound{"connections", cmd.Connections, 1, 2000}, bound{"people", cmd.People, 2000, 1_000_000},
	)
	if err != nil {
		return err
	}
	found, err := limits.MeasureLatency(ctx, limits.LatencyConfig{
		Bench: limits.Bench{
			People: cmd.People, Seed: cmd.Seed, Rig: rig.Options{CPUs: cmd.CPUs},
			Progress: func(what string) { con.say("loadtest latency: %s", what) },
		},
		Runs: cmd.Runs, Rate: cmd.Rate, For: cmd.For, Connections: cmd.Connections,
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(con.Out, found)
	}
	return printLatencies(con.Out, found)
}

// printLatencies writes the comparison as tables.
func printLatencies(w io.Writer, l *limits.Latencies) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("latency at %.0f scans/s for %.0f s each, %d people, Redis %s; %s, %d cores", l.Rate, l.Seconds, l.People, l.Machine.Redis, l.Machine.CPU, l.Machine.Cores)
	line("µs from the time that a send was due\n")
	line("run       gateway p50      p99    p99.9      max    echo p50      p99    p99.9      max   ratio of p99   generator p99")
	for i, r := range l.Runs {
		g, e := r.Gateway, r.Echo
		line("%3d   %15d %8d %8d %8d %11d %8d %8d %8d %14.2f %15d", i+1, g.P50, g.P99, g.P999, g.Max, e.P50, e.P99, e.P999, e.Max, r.Ratio, r.Generator)
	}
	f := l.Figures["latency_p99"]
	line("\nratio of p99: min %.2f, median %.2f, max %.2f", f.Min, f.Median, f.Max)
	_, err := io.WriteString(w, b.String())
	return err
}
