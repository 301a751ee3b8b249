package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"passgate/loadtest/limits"
	"passgate/loadtest/rig"
)

// loadtestCostCmd measures the cost of a scan.
type loadtestCostCmd struct {
	Runs        int    `default:"5" help:"How often all is measured, 1 to 50."`
	Turns       int    `default:"3" help:"How often the parts take turns in a run, 1 to 100."`
	Scans       int    `default:"5000" help:"Scans of a turn, 500 to 100000."`
	Connections int    `default:"128" help:"Connections that send at once, 1 to 2000."`
	People      int    `default:"50000" help:"Residents enrolled, 2000 to 1000000."`
	Seed        uint64 `default:"1" help:"The same seed gives the same town."`
	CPUs        []int  `name:"cpus" placeholder:"N" help:"Processors for the servers; all if not given."`
	JSON        bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (loadtestCostCmd) Help() string {
	return `Saturates a gateway of its own with scans of distinct people and compares the
CPU time that gateway and Redis use for one with the least its parts can cost: a
bare Fiber echo of the same body, one Ed25519 verification, and the frozen
reference script on copies of the same keys, just as durable. Its folder is made
in TMPDIR, which has to be on a disk.

Example:

    passgate loadtest cost --runs 5 --json`
}

// Run measures.
func (cmd *loadtestCostCmd) Run(ctx context.Context, con *console) error {
	err := within(
		bound{"runs", cmd.Runs, 1, 50}, bound{"turns", cmd.Turns, 1, 100}, bound{"scans", cmd.Scans, 500, 100_000},
		bound{"connections", cmd.Connections, 1, 2000}, bound{"people", cmd.People, 2000, 1_000_000},
	)
	if err != nil {
		return err
	}
	cost, err := limits.MeasureCost(ctx, limits.CostConfig{
		Bench: limits.Bench{
			People: cmd.People, Seed: cmd.Seed, Rig: rig.Options{CPUs: cmd.CPUs},
			Progress: func(what string) { con.say("loadtest cost: %s", what) },
		},
		Runs: cmd.Runs, Turns: cmd.Turns, Scans: cmd.Scans, Connections: cmd.Connections,
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(con.Out, cost)
	}
	return printCost(con.Out, cost)
}

// bound is what a flag may be.
type bound struct {
	flag           string
	v, least, most int
}

// within says which flag is out of bounds.
func within(bounds ...bound) error {
	for _, b := range bounds {
		if b.v < b.least || b.v > b.most {
			return badInput("--%s: give %d to %d", b.flag, b.least, b.most)
		}
	}
	return nil
}

// printCost writes the measurement as tables.
func printCost(w io.Writer, c *limits.Cost) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("cost of a scan: %d people, %d connections, %d scans a run, Redis %s; %s, %d cores", c.People, c.Connections, c.ScansPerRun, c.Machine.Redis, c.Machine.CPU, c.Machine.Cores)
	line("CPU time in µs; (s) is the share that the kernel took for it\n")
	line("run    gateway  (s)    redis  (s)     scan     echo   verify  reference    parts   ratio   scans/s  scans/CPU s")
	for i, r := range c.Runs {
		line("%3d   %8.1f %3.0f%% %8.1f %3.0f%% %8.1f %8.1f %8.1f %10.1f %8.1f %7.2f %9.0f %12.0f", i+1,
			r.Gateway.Total, 100*r.Gateway.System/r.Gateway.Total, r.Redis.Total, 100*r.Redis.System/r.Redis.Total, r.Scan,
			r.Echo.Total, r.Verify, r.Reference.Total, r.Parts, r.Ratio, r.ScansPerSecond, r.ScansPerCPUSecond)
	}
	line("\nfigure                     min   median      max")
	for _, name := range []string{
		"cost_of_scan", "scan_us", "gateway_us", "redis_us", "parts_us", "echo_us", "verify_us", "reference_us", "zadd_us", "zrange_us", "scans_per_cpu_second",
	} {
		f := c.Figures[name]
		line("%-21s %8.2f %8.2f %8.2f", name, f.Min, f.Median, f.Max)
	}
	line("\nRedis, for one scan     calls       µs (evalsha: with what it calls)")
	for _, r := range c.Redis {
		line("%-20s %8.2f %8.2f", r.Name, r.Calls, r.US)
	}
	line("\ngateway's profile       share       µs")
	for _, s := range c.Profile {
		line("%-20s %7.1f%% %8.1f", s.Name, 100*s.Share, s.US)
	}
	line("\nidle: %.3f cores, which is in the cost of the scans", c.Idle)
	_, err := io.WriteString(w, b.String())
	return err
}

// loadtestEchoCmd serves the bare echo; loadtest runs it as a child.
type loadtestEchoCmd struct {
	Addr  string `default:"127.0.0.1:0" help:"Address to listen on."`
	Redis string `placeholder:"SOCKET" help:"Unix socket of a Redis in which each request sets a key before it is answered."`
}

// Help is shown by --help.
func (loadtestEchoCmd) Help() string {
	return "Example:\n\n    passgate loadtest echo --addr 127.0.0.1:8081"
}

// Run serves until ctx ends.
func (cmd *loadtestEchoCmd) Run(ctx context.Context, con *console) error {
	return limits.ServeEcho(ctx, cmd.Addr, cmd.Redis, con.Out)
}
