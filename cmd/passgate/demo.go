package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"passgate/loadtest/demo"
)

// DemoCmd runs the main job.
type DemoCmd struct {
	Residents int    `default:"2000" help:"Synthetic residents, at least 50."`
	Days      int    `default:"2" help:"Days to live through, 1 to 20."`
	Seed      uint64 `default:"1" help:"The same seed gives the same town and the same days."`
	Workers   int    `default:"16" help:"Requests in flight."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (DemoCmd) Help() string {
	return `Starts a server with a Redis of its own in a temporary folder, lives through
the days over HTTP, and compares every answer, gate window and trajectory with
an oracle that shares no code with the server. Exit code 0 only if they agree.

Example:

    passgate demo --residents 2000 --days 2 --json`
}

// Run runs it.
func (cmd *DemoCmd) Run(ctx context.Context, con *console) error {
	if cmd.Residents < 50 || cmd.Residents > 1_000_000 {
		return badInput("--residents %d: give 50 to 1000000", cmd.Residents)
	}
	if cmd.Days < 1 || cmd.Days > 20 {
		return badInput("--days %d: give 1 to 20", cmd.Days)
	}
	dir, err := os.MkdirTemp("", "passgate-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder

	shanghai := time.FixedZone("CST", 8*3600)
	start := time.Date(2020, time.February, 10, 0, 0, 0, 0, shanghai) // a Monday of that winter
	var clock atomic.Int64
	clock.Store(start.Add(-2 * time.Hour).UnixMilli())
	report, err := cmd.live(ctx, con, dir, start, &clock)
	if err != nil {
		return err
	}
	if cmd.JSON {
		err = printJSON(con.Out, report)
	} else {
		err = report.Write(con.Out)
	}
	if err == nil && !report.Agrees {
		err = errRefused
	}
	return err
}

// live starts the server with a clock that only the demo moves, and runs the
// days.
func (cmd *DemoCmd) live(ctx context.Context, con *console, dir string, start time.Time, clock *atomic.Int64) (demo.Report, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	serve := ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "pg:", Data: dir, Retention: 28}
	logger := slog.New(slog.NewTextHandler(con.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	srv, err := serve.open(ctx, con, logger, func() time.Time { return time.UnixMilli(clock.Load()) })
	if err != nil {
		return demo.Report{}, err
	}
	defer srv.close()
	password, err := firstLogin(ctx, srv.store, true)
	if err != nil {
		return demo.Report{}, err
	}
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx) }()
	report, err := demo.Run(ctx, demo.Config{
		BaseURL: srv.url(), AdminLogin: adminLogin, AdminPassword: password,
		Residents: cmd.Residents, Days: cmd.Days, Seed: cmd.Seed, Workers: cmd.Workers, Start: start,
		SetClock: func(t time.Time) { clock.Store(t.UnixMilli()) },
		Progress: progressLines(con),
	})
	stop()
	return report, errors.Join(err, <-done)
}

// progressLines prints a stage's progress at most once a second.
func progressLines(con *console) func(stage string, done, total int) {
	var last time.Time
	return func(stage string, done, total int) {
		if now := time.Now(); done == total || now.Sub(last) > time.Second {
			last = now
			con.say("demo: %-12s %d of %d", stage, done, total)
		}
	}
}
