package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/loadtest/demo"
)

// DemoCmd runs the main job.
type DemoCmd struct {
	Residents int    `default:"2000" help:"Synthetic residents, at least 50."`
	Days      int    `default:"2" help:"Days to live through, 1 to 20."`
	Seed      uint64 `default:"1" help:"The same seed gives the same town and the same days."`
	Workers   int    `default:"16" help:"Requests in flight."`
	Redis     string `default:"managed" help:"As for serve. In a Redis, cluster or Sentinel of yours the demo has keys of its own, which it removes."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (DemoCmd) Help() string {
	return `Starts a server with a Redis of its own in a temporary folder, lives through
the days over HTTP, and compares every answer, gate window and trajectory with
an oracle that shares no code with the server. Exit code 0 only if they agree.

Examples:

    passgate demo --residents 2000 --days 2 --json
    passgate demo --redis cluster://10.0.0.1:6379,10.0.0.2:6379`
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
	prefix := "pg:demo-" + rand.Text() + ":"
	serve := ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: cmd.Redis, Prefix: prefix, Data: dir, Retention: 28, Drain: new(time.Duration)}
	logger := slog.New(slog.NewTextHandler(con.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	srv, err := serve.open(ctx, con, logger, func() time.Time { return time.UnixMilli(clock.Load()) })
	if err != nil {
		return demo.Report{}, err
	}
	defer srv.close()
	if cmd.Redis != "managed" {
		defer func() {
			if err := removeKeys(context.WithoutCancel(ctx), srv.backend, prefix); err != nil {
				con.say("demo: keys that begin with %s are left in Redis: %v", prefix, err)
			}
		}()
	}
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

// removeKeys deletes every key of the prefix, on every master.
func removeKeys(ctx context.Context, b *backend, prefix string) error {
	client := b.client(checkpoint.Tune)
	defer client.Close() //nolint:errcheck // nothing is lost with it
	remove := func(ctx context.Context, c *redis.Client) error {
		keys := c.Scan(ctx, 0, prefix+"*", 1000).Iterator()
		for keys.Next(ctx) {
			if err := c.Unlink(ctx, keys.Val()).Err(); err != nil {
				return err
			}
		}
		return keys.Err()
	}
	switch c := client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, remove)
	case *redis.Client:
		return remove(ctx, c)
	}
	return nil
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
