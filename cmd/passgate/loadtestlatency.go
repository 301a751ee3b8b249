package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/limits"
	"passgate/loadtest/rig"
)

// loadtestLatencyCmd compares latencies with those of echoes.
type loadtestLatencyCmd struct {
	Runs        int           `default:"5" help:"How often each server is measured, 1 to 50."`
	Rate        float64       `default:"1000" help:"Scans a second, 1 to 100000."`
	For         time.Duration `default:"30s" help:"How long each server takes in a run, 1s to 10m."`
	Connections int           `default:"128" help:"Connections, 1 to 2000."`
	People      int           `default:"50000" help:"Residents enrolled, 2000 to 1000000."`
	Seed        uint64        `default:"1" help:"The same seed gives the same town."`
	CPUs        []int         `name:"cpus" placeholder:"N" help:"Processors for the servers; all if not given."`
	JSON        bool          `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (loadtestLatencyCmd) Help() string {
	return `Sends scans at a fixed rate, whatever the answers do, to a gateway of its own and
in turn to a bare Fiber echo, and compares the 99th percentiles. A third server,
the durable echo, writes one key to a Redis like the gateway's before it answers:
no answer that is as durable comes sooner. Latency runs from the time at which a
send was due.

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
	line("run   server             p50      p99    p99.9      max   p99 to echo's")
	for i, r := range l.Runs {
		row := func(name string, t *loadtest.Latency, ratio float64) {
			line("%3d   %-12s %9d %8d %8d %8d %15.2f", i+1, name, t.P50, t.P99, t.P999, t.Max, ratio)
		}
		row("gateway", &r.Gateway, r.Ratio)
		row("durable echo", &r.Durable, r.Floor)
		row("echo", &r.Echo, 1)
		line("      sends of the worst left late by %d at p99", r.Generator)
	}
	for _, of := range [][2]string{{"latency_p99", "gateway"}, {"latency_floor", "durable echo"}} {
		f := l.Figures[of[0]]
		line("ratio of p99, %-13s min %.2f, median %.2f, max %.2f", of[1]+":", f.Min, f.Median, f.Max)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
