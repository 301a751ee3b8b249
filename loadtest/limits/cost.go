package limits

import (
	"context"
	"errors"
	"fmt"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/world"
)

// CostConfig says how much is measured. All numbers have to be positive.
type CostConfig struct {
	Bench
	Runs        int
	Turns       int // of a run: how often the parts take turns in it
	Scans       int // of a turn
	Connections int
}

// echoTimes is how often the echo gets each request, so that it is measured for
// about as long as the gateway.
const echoTimes = 4

// settle is how long the gateway's account stays open: its projector writes the
// gates' index up to 250 ms after the answer.
const settle = 400 * time.Millisecond

// Run is one run: CPU time of a scan and of its parts, in µs.
type Run struct {
	Gateway   Use     `json:"gateway"`
	Redis     Use     `json:"redis"`
	Scan      float64 `json:"scan_us"` // both
	Echo      Use     `json:"echo"`
	Verify    float64 `json:"verify_us"`
	Reference Use     `json:"reference"`
	Parts     float64 `json:"parts_us"` // echo, verify and reference
	ZAdd      float64 `json:"zadd_us"`
	ZRange    float64 `json:"zrange_us"`
	Ratio     float64 `json:"ratio"` // scan to parts

	ScansPerSecond    float64 `json:"scans_per_second"` // with the client on the same machine
	ScansPerCPUSecond float64 `json:"scans_per_cpu_second"`
	Failed            int     `json:"errors"`
}

// Cost is what MeasureCost found. Its JSON names are kept from version to version.
type Cost struct {
	StartedAt   time.Time        `json:"started_at"`
	Machine     loadtest.Machine `json:"machine"`
	People      int              `json:"people"`
	Seed        uint64           `json:"seed"`
	Connections int              `json:"connections"`
	ScansPerRun int              `json:"scans_per_run"`
	// Idle is what gateway and Redis use without a scan, in cores. It is in the
	// cost of the scans, too.
	Idle    float64           `json:"idle_cores"`
	Runs    []Run             `json:"runs"`
	Figures map[string]Spread `json:"figures"`
	Redis   Commands          `json:"redis_commands"`
	Profile []Share           `json:"gateway_profile"`
}

// measurement is a measurement of the cost under way.
type measurement struct {
	CostConfig
	*bench
	source *world.Regular
	yard   *yardstick
	keys   *keySet
	redis  commandCount // of the gateway's turns
	scans  int          // answered in them
}

// MeasureCost starts what it needs, measures and ends it again.
func MeasureCost(ctx context.Context, c CostConfig) (_ *Cost, err error) {
	m := &measurement{CostConfig: c}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.open(ctx); err != nil {
		return nil, err
	}
	out := &Cost{
		StartedAt: time.Now().UTC(), Machine: loadtest.ThisMachine(), People: c.People, Seed: c.Seed,
		Connections: c.Connections, ScansPerRun: c.Turns * c.Scans,
	}
	if out.Machine.Redis, err = redisVersion(ctx, m.rig.Redis); err != nil {
		return nil, err
	}
	if out.Idle, err = m.idle(ctx); err != nil {
		return nil, err
	}
	if _, err := m.run(ctx, "warm-up", 1); err != nil {
		return nil, err
	}
	m.redis, m.scans = nil, 0
	for i := range c.Runs {
		run, err := m.run(ctx, fmt.Sprintf("run %d of %d", i+1, c.Runs), c.Turns)
		if err != nil {
			return nil, err
		}
		out.Runs = append(out.Runs, run)
	}
	out.Redis, out.Figures = m.redis.perScan(m.scans), figuresOf(out.Runs)
	m.say("profile of the gateway")
	out.Profile, err = m.profile(ctx, out.Runs)
	return out, err
}

func (m *measurement) open(ctx context.Context) (err error) {
	if m.bench, err = m.CostConfig.open(ctx, "--pprof"); err != nil {
		return err
	}
	m.source = m.world.Regular(world.Options{Run: "cost"})
	if m.yard, err = newYardstick(ctx, m.rig); err != nil {
		return err
	}
	jwks, err := read(ctx, m.rig.URL+"/.well-known/jwks.json")
	if err != nil {
		return err
	}
	m.keys, err = readKeySet(jwks)
	return err
}

func (m *measurement) close() error {
	if m.source != nil {
		m.source.Close()
	}
	var err error
	if m.yard != nil {
		err = m.yard.close()
	}
	if m.bench != nil {
		err = errors.Join(err, m.bench.close())
	}
	return err
}

func figuresOf(runs []Run) map[string]Spread {
	figures := map[string]Spread{}
	for name, of := range map[string]func(*Run) float64{
		"cost_of_scan":         func(r *Run) float64 { return r.Ratio },
		"scan_us":              func(r *Run) float64 { return r.Scan },
		"gateway_us":           func(r *Run) float64 { return r.Gateway.Total },
		"redis_us":             func(r *Run) float64 { return r.Redis.Total },
		"parts_us":             func(r *Run) float64 { return r.Parts },
		"echo_us":              func(r *Run) float64 { return r.Echo.Total },
		"verify_us":            func(r *Run) float64 { return r.Verify },
		"reference_us":         func(r *Run) float64 { return r.Reference.Total },
		"zadd_us":              func(r *Run) float64 { return r.ZAdd },
		"zrange_us":            func(r *Run) float64 { return r.ZRange },
		"scans_per_cpu_second": func(r *Run) float64 { return r.ScansPerCPUSecond },
	} {
		figures[name] = spreadOf(runs, of)
	}
	return figures
}
