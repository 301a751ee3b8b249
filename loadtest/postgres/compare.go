package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/limits"
	"passgate/loadtest/report"
	"passgate/loadtest/rig"
	"passgate/loadtest/world"
)

//go:embed schema.sql
var schemaSQL string

//go:embed scan.sql
var scanSQL string

// settle is how long the accounts stay open after the last answer: the gate's
// projector and PostgreSQL's writers finish later.
const settle = 400 * time.Millisecond

// comparison is gate and baseline, running, with the same town.
type comparison struct {
	options
	gate     *rig.Rig
	world    *world.World
	database *cluster
	child    *rig.Child
	url      string // of the baseline's server
}

// compare starts both, compares them and ends them.
func compare(ctx context.Context, o options) (_ *report.Baseline, err error) {
	temp, err := os.MkdirTemp(o.dir, "pgload-bin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	if err := usePassgate(ctx, o.passgate, temp); err != nil {
		return nil, err
	}
	c := &comparison{options: o}
	defer func() { err = errors.Join(err, c.close()) }()
	b := &report.Baseline{
		StartedAt: time.Now().UTC(), Machine: loadtest.ThisMachine(), People: o.people, Seed: o.seed,
		Connections: o.connections, Pool: o.pool, ScansPerRun: o.slices * o.scans, Settings: append(slices.Clone(settings), o.set...),
	}
	if err := c.open(ctx, b); err != nil {
		return nil, err
	}
	if err := c.runAll(ctx, b); err != nil {
		return nil, err
	}
	// Afterwards, since the day leaves people with a fever at home.
	b.Compared, b.Different, err = c.same(ctx, o.check)
	return b, err
}

func (c *comparison) open(ctx context.Context, b *report.Baseline) (err error) {
	say("start the gate and a town of %d", c.people)
	if c.gate, err = rig.Start(ctx, rig.Options{Dir: c.dir}); err != nil {
		return err
	}
	keys := filepath.Join(c.gate.DataDir, "keys")
	ring, err := codes.OpenRing(keys)
	if err != nil {
		return err
	}
	c.world, err = world.Prepare(ctx, world.Config{URL: c.gate.URL, Token: c.gate.AdminToken, Seed: c.seed, People: c.people, Ring: ring})
	if err != nil {
		return err
	}
	say("start PostgreSQL and copy the town")
	if c.database, err = startCluster(ctx, c.dir, c.set); err != nil {
		return err
	}
	db, err := pgx.Connect(ctx, c.database.DSN())
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	if _, err := db.Exec(ctx, schemaSQL+scanSQL); err != nil {
		return err
	}
	if err := copyTown(ctx, db, gateAPI{c.gate.URL, c.gate.AdminToken}, c.world.Devices); err != nil {
		return err
	}
	if err := db.QueryRow(ctx, "SELECT version()").Scan(&b.Server); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if c.child, err = rig.Spawn(self, nil, nil, serveWord, c.database.DSN(), keys, strconv.Itoa(c.pool)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	at, err := c.child.Said(ctx, ready)
	if err != nil {
		return err
	}
	c.url = at[0]
	return nil
}

func (c *comparison) close() error {
	var errs []error
	if c.child != nil {
		errs = append(errs, c.child.Close())
	}
	if c.database != nil {
		errs = append(errs, c.database.Close())
	}
	if c.gate != nil {
		errs = append(errs, c.gate.Close())
	}
	return errors.Join(errs...)
}

// runAll makes the runs, after one that does not count.
func (c *comparison) runAll(ctx context.Context, b *report.Baseline) error {
	source := c.world.Regular(world.Options{Run: "pg"})
	defer source.Close()
	for i := range 1 + c.runs {
		say("run %d of %d", i, c.runs)
		run, err := c.run(ctx, source)
		if err != nil {
			return err
		}
		if i > 0 {
			b.Runs = append(b.Runs, run)
		}
	}
	b.Figures = map[string]limits.Spread{}
	for name, of := range map[string]func(*report.BaselineRun) float64{
		"gateway_us": func(r *report.BaselineRun) float64 { return r.Gateway }, "redis_us": func(r *report.BaselineRun) float64 { return r.Redis },
		"server_us": func(r *report.BaselineRun) float64 { return r.Server }, "postgres_us": func(r *report.BaselineRun) float64 { return r.Postgres },
		"gate_us": func(r *report.BaselineRun) float64 { return r.Gate }, "baseline_us": func(r *report.BaselineRun) float64 { return r.Baseline },
		"gate_per_cpu_second":     func(r *report.BaselineRun) float64 { return 1e6 / r.Gate },
		"baseline_per_cpu_second": func(r *report.BaselineRun) float64 { return 1e6 / r.Baseline },
		"gate_to_baseline":        func(r *report.BaselineRun) float64 { return r.Ratio },
	} {
		values := make([]float64, len(b.Runs))
		for i := range b.Runs {
			values[i] = of(&b.Runs[i])
		}
		b.Figures[name] = limits.SpreadOf(values)
	}
	return nil
}

// run lets gate and baseline take turns with the same scans.
func (c *comparison) run(ctx context.Context, source *world.Regular) (r report.BaselineRun, err error) {
	gateParts := []limits.Part{limits.Process("gateway", c.gate.GatewayPID), limits.Process("redis", c.gate.RedisPID)}
	baseParts := []limits.Part{limits.Process("server", c.child.PID), {Name: "postgres", Used: c.database.Used}}
	var gate, base total
	for range c.slices {
		source.Ready(c.scans)
		scans, now := make([]*loadtest.Scan, c.scans), time.Now()
		for i := range scans {
			scans[i] = source.Next(now.Add(time.Duration(i) * 100 * time.Microsecond))
		}
		if err := c.turn(ctx, c.gate.URL, gateParts, scans, &gate); err != nil {
			return r, fmt.Errorf("gate: %w", err)
		}
		if err := c.turn(ctx, c.url, baseParts, scans, &base); err != nil {
			return r, fmt.Errorf("baseline: %w", err)
		}
	}
	r = report.BaselineRun{
		Gateway: gate.each(0), Redis: gate.each(1), Server: base.each(0), Postgres: base.each(1),
		GatePerSecond: float64(gate.scans) / gate.wall.Seconds(), BaselinePerSecond: float64(base.scans) / base.wall.Seconds(),
	}
	r.Gate, r.Baseline = r.Gateway+r.Redis, r.Server+r.Postgres
	r.Ratio = r.Baseline / r.Gate
	return r, nil
}

// total sums up the turns of a run.
type total struct {
	cpu   [2]time.Duration
	wall  time.Duration
	scans int
}

// each is the CPU time of a part for one scan, µs.
func (t *total) each(part int) float64 {
	return float64(t.cpu[part]) / float64(time.Microsecond) / float64(t.scans)
}

func (c *comparison) turn(ctx context.Context, url string, parts []limits.Part, scans []*loadtest.Scan, t *total) error {
	load := &limits.Load{URL: url, Requests: limits.Requests(url, scans, c.world.Devices), Connections: c.connections, Settle: settle}
	s, err := limits.Saturate(ctx, parts, load)
	if err != nil {
		return err
	}
	// Whoever is refused costs less: a run with many of them proves nothing.
	if bad := len(scans) - s.Passed; bad*100 > len(scans) {
		return fmt.Errorf("%d of %d scans did not pass; %s", bad, len(scans), cmp.Or(s.First, "they were refused"))
	}
	for i, u := range s.Spent {
		t.cpu[i] += u.Total
	}
	t.wall, t.scans = t.wall+s.Wall, t.scans+s.Done
	return nil
}

// say tells how far it is.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
