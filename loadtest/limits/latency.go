package limits

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/rig"
	"passgate/loadtest/world"
)

// LatencyConfig says how much is measured. All numbers have to be positive.
type LatencyConfig struct {
	Bench
	Runs        int
	Rate        float64       // scans a second
	For         time.Duration // of each server, in each run
	Connections int
}

// LatencyRun compares the servers once. Latencies run from the time that a send was due.
type LatencyRun struct {
	Gateway loadtest.Latency `json:"gateway"`
	Echo    loadtest.Latency `json:"echo"`
	// Durable is of an echo that writes one key before it answers, to a Redis like
	// the gateway's: no gateway that is as durable can be below it.
	Durable loadtest.Latency `json:"durable_echo"`
	Ratio   float64          `json:"ratio"` // of the p99 of gateway and echo
	Floor   float64          `json:"floor"` // of the p99 of durable echo and echo
	// Generator is the p99 of how late the sends of the worst of them left: the
	// part of the latencies that is not the servers'.
	Generator int64 `json:"pacing_p99_us"`
	Errors    int64 `json:"errors"`
}

// Latencies is what MeasureLatency found. Its JSON names are kept from version to
// version.
type Latencies struct {
	StartedAt   time.Time         `json:"started_at"`
	Machine     loadtest.Machine  `json:"machine"`
	People      int               `json:"people"`
	Seed        uint64            `json:"seed"`
	Rate        float64           `json:"scans_per_second"`
	Seconds     float64           `json:"seconds"`
	Connections int               `json:"connections"`
	Runs        []LatencyRun      `json:"runs"`
	Figures     map[string]Spread `json:"figures"`
}

// MeasureLatency sends the same scans at the same rate to a gateway, to the bare
// echo and to the durable echo, in turn, by the same driver.
func MeasureLatency(ctx context.Context, c LatencyConfig) (_ *Latencies, err error) {
	b, err := c.open(ctx)
	defer func() { err = errors.Join(err, b.close()) }()
	if err != nil {
		return nil, err
	}
	out := &Latencies{
		StartedAt: time.Now().UTC(), Machine: loadtest.ThisMachine(), People: c.People, Seed: c.Seed,
		Rate: c.Rate, Seconds: c.For.Seconds(), Connections: c.Connections,
	}
	if out.Machine.Redis, err = redisVersion(ctx, b.rig.Redis); err != nil {
		return nil, err
	}
	durable, err := b.startDurable(ctx, c.Rig)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, durable.close()) }()
	source := b.world.Regular(world.Options{Run: "latency"})
	defer source.Close()
	for i := range c.Runs + 1 { // the first one warms up
		c.say("run %d of %d", i, c.Runs)
		run, err := b.compare(ctx, &c, source, durable, i)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.Runs = append(out.Runs, run)
		}
	}
	out.Figures = map[string]Spread{}
	for name, of := range map[string]func(*LatencyRun) float64{
		"latency_p99":      func(r *LatencyRun) float64 { return r.Ratio },
		"latency_floor":    func(r *LatencyRun) float64 { return r.Floor },
		"gateway_p50_us":   func(r *LatencyRun) float64 { return float64(r.Gateway.P50) },
		"gateway_p99_us":   func(r *LatencyRun) float64 { return float64(r.Gateway.P99) },
		"echo_p50_us":      func(r *LatencyRun) float64 { return float64(r.Echo.P50) },
		"echo_p99_us":      func(r *LatencyRun) float64 { return float64(r.Echo.P99) },
		"durable_p50_us":   func(r *LatencyRun) float64 { return float64(r.Durable.P50) },
		"durable_p99_us":   func(r *LatencyRun) float64 { return float64(r.Durable.P99) },
		"generator_p99_us": func(r *LatencyRun) float64 { return float64(r.Generator) },
		"gateway_p99_9_us": func(r *LatencyRun) float64 { return float64(r.Gateway.P999) },
		"echo_p99_9_us":    func(r *LatencyRun) float64 { return float64(r.Echo.P999) },
	} {
		out.Figures[name] = spreadOf(out.Runs, of)
	}
	return out, nil
}

// durableEcho is an echo with a Redis of its own.
type durableEcho struct {
	*echoServer
	redis *rig.Redis
}

func (b *bench) startDurable(ctx context.Context, o rig.Options) (*durableEcho, error) {
	redis, err := b.rig.StartRedis(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	echo, err := startEcho(ctx, o, "--redis", redis.Socket)
	if err != nil {
		return nil, errors.Join(err, redis.Close())
	}
	return &durableEcho{echo, redis}, nil
}

func (d *durableEcho) close() error { return errors.Join(d.Close(), d.redis.Close()) }

// compare drives each for a while; which goes first changes from run to run.
func (b *bench) compare(ctx context.Context, c *LatencyConfig, source *world.Regular, durable *durableEcho, run int) (out LatencyRun, err error) {
	long := c.For
	if run == 0 {
		long = min(long, 5*time.Second)
	}
	servers := []struct {
		url  string
		echo bool
		into *loadtest.Latency
	}{{b.rig.URL, false, &out.Gateway}, {b.echo.url, true, &out.Echo}, {durable.url, true, &out.Durable}}
	for turn := range servers {
		server := servers[(run+turn)%len(servers)]
		result, err := b.drive(ctx, c, source, long, server.url, server.echo)
		if err != nil {
			return out, err
		}
		out.Generator = max(out.Generator, result.Pacing.P99)
		out.Errors += result.Offered - result.Acknowledged
		result.Latency.Histogram = ""
		*server.into = result.Latency
	}
	if out.Echo.P99 == 0 || out.Errors*1000 > out.Gateway.Count {
		return out, fmt.Errorf("limits: %d sends were not answered well", out.Errors)
	}
	out.Ratio = float64(out.Gateway.P99) / float64(out.Echo.P99)
	out.Floor = float64(out.Durable.P99) / float64(out.Echo.P99)
	return out, nil
}

// drive makes one open-loop run.
func (b *bench) drive(ctx context.Context, c *LatencyConfig, source *world.Regular, long time.Duration, url string, echo bool) (*loadtest.Result, error) {
	pace, err := loadtest.Constant(c.Rate, long)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	gate, err := loadtest.NewGate([]string{url}, b.world.Devices, c.Connections, answerTimeout)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	defer gate.Close()
	source.Ready(min(int(pace.Sends()), world.Rotation))
	if err := gate.Open(ctx); err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	var target loadtest.Target = gate
	if echo {
		target = echoTarget{gate}
	}
	return loadtest.Run(ctx, loadtest.Config{Target: target, Source: source, Pacer: pace, Workers: c.Connections}) //nolint:wrapcheck // says what it is
}

// echoTarget takes every echo for the answer that the scan should have had.
type echoTarget struct{ *loadtest.Gate }

// Send sends a scan once.
func (t echoTarget) Send(ctx context.Context, s *loadtest.Scan) loadtest.Answer {
	a := t.Gate.Send(ctx, s)
	if a.Status == http.StatusOK {
		a.Decision, a.Reason, a.Err = "pass", s.Want[0], nil
	}
	return a
}
