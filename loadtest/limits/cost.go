package limits

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/rig"
	"passgate/loadtest/world"
)

// CostConfig says how much is measured. All numbers have to be positive.
type CostConfig struct {
	Runs        int
	Slices      int // of a run: how often the parts take turns in it
	Scans       int // of a slice
	Connections int
	People      int
	Seed        uint64
	Rig         rig.Options
	// Progress, if not nil, is told what is done now.
	Progress func(what string)
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

// Spread is a figure over the runs.
type Spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
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

// measurement is a measurement under way.
type measurement struct {
	CostConfig
	rig    *rig.Rig
	world  *world.World
	source *world.Regular
	echo   *echoServer
	yard   *yardstick
	keys   *keySet
	redis  commandCount
	scans  int // sent to the gateway while redis counted
}

// MeasureCost starts what it needs, measures and ends it again.
func MeasureCost(ctx context.Context, c CostConfig) (_ *Cost, err error) {
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	m := &measurement{CostConfig: c}
	defer func() { err = errors.Join(err, m.close()) }()
	if err := m.open(ctx); err != nil {
		return nil, err
	}
	out := &Cost{
		StartedAt: time.Now().UTC(), Machine: loadtest.ThisMachine(), People: c.People, Seed: c.Seed,
		Connections: c.Connections, ScansPerRun: c.Slices * c.Scans,
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
		run, err := m.run(ctx, fmt.Sprintf("run %d of %d", i+1, c.Runs), c.Slices)
		if err != nil {
			return nil, err
		}
		out.Runs = append(out.Runs, run)
	}
	out.Redis = m.redis.perScan(m.scans)
	c.Progress("profile of the gateway")
	if out.Profile, err = m.profile(ctx, out.Runs); err != nil {
		return nil, err
	}
	out.Figures = figuresOf(out.Runs)
	return out, nil
}

// open starts the servers and puts the town on the gateway.
func (m *measurement) open(ctx context.Context) (err error) {
	m.Progress("start")
	o := m.Rig
	o.Args = append(slices.Clone(o.Args), "--pprof")
	if m.rig, err = rig.Start(ctx, o); err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	ring, err := codes.OpenRing(filepath.Join(m.rig.DataDir, "keys"))
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	m.Progress(fmt.Sprintf("enrol %d people", m.People))
	m.world, err = world.Prepare(ctx, world.Config{
		URL: m.rig.URL, Token: m.rig.AdminToken, Seed: m.Seed, People: m.People, Ring: ring,
	})
	if err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	m.source = m.world.Regular(world.Options{Run: "cost"})
	if m.yard, err = newYardstick(ctx, m.rig); err != nil {
		return err
	}
	if m.echo, err = startEcho(ctx, m.Rig); err != nil {
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
	var errs []error
	if m.source != nil {
		m.source.Close()
	}
	if m.yard != nil {
		errs = append(errs, m.yard.close())
	}
	if m.echo != nil {
		errs = append(errs, m.echo.Close())
	}
	if m.rig != nil {
		errs = append(errs, m.rig.Close())
	}
	return errors.Join(errs...)
}

// server are the processes whose CPU time a scan costs.
func (m *measurement) server() []Part {
	return []Part{Process("gateway", m.rig.GatewayPID), Process("redis", m.rig.RedisPID)}
}

// idle is what the server uses while nobody asks anything, in cores.
func (m *measurement) idle(ctx context.Context) (float64, error) {
	const long = 2 * time.Second
	before, err := account(m.server())
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, long); err != nil {
		return 0, err
	}
	after, err := account(m.server())
	var sum time.Duration
	for i := range after {
		sum += after[i].Minus(before[i]).Total
	}
	return sum.Seconds() / long.Seconds(), err
}

// totals are what the slices of a run used.
type totals struct {
	gateway, redis, echo, reference, zadd, zrange rig.Usage
	verify                                        time.Duration
	scans, echoed, verified, failed               int
	wall                                          time.Duration
}

func (m *measurement) run(ctx context.Context, name string, slices int) (Run, error) {
	var t totals
	for i := range slices {
		m.Progress(fmt.Sprintf("%s, turn %d", name, i+1))
		if err := m.slice(ctx, &t); err != nil {
			return Run{}, err
		}
	}
	return t.run(), nil
}

// take gives the next scans of the source, occurring from now on.
func (m *measurement) take(n int) []*loadtest.Scan {
	m.source.Ready(n)
	scans := make([]*loadtest.Scan, n)
	now := time.Now()
	for i := range scans {
		scans[i] = m.source.Next(now.Add(time.Duration(i) * 100 * time.Microsecond))
	}
	return scans
}

// slice lets every part have its turn with the same scans.
func (m *measurement) slice(ctx context.Context, t *totals) error {
	scans := m.take(m.Scans)
	tokens := make([]signed, len(scans))
	for i, s := range scans {
		var err error
		if tokens[i], err = m.keys.tokenOf(s); err != nil {
			return err
		}
	}
	calls, err := m.yard.copyKeys(ctx, scans)
	if err != nil {
		return err
	}
	requests := Requests(m.rig.URL, scans, m.world.Devices)
	for _, turn := range []func() error{
		func() error { return m.gatewayTurn(ctx, requests, t) },
		func() error { return m.echoTurn(ctx, requests, t) },
		func() error {
			spent, err := verifyCost(tokens)
			t.verify, t.verified = t.verify+spent, t.verified+len(tokens)
			return err
		},
		func() error {
			spent, err := m.yard.reference(ctx, calls)
			add(&t.reference, spent)
			return err
		},
		func() error {
			zadd, zrange, err := m.yard.sets(ctx, calls)
			add(&t.zadd, zadd)
			add(&t.zrange, zrange)
			return err
		},
	} {
		if err := turn(); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) gatewayTurn(ctx context.Context, requests [][]byte, t *totals) error {
	before, err := countCommands(ctx, m.rig.Redis)
	if err != nil {
		return err
	}
	s, err := Saturate(ctx, m.server(), &Load{m.rig.URL, requests, m.Connections, settle})
	if err != nil {
		return err
	}
	after, err := countCommands(ctx, m.rig.Redis)
	if err != nil {
		return err
	}
	ran := after.minus(before)
	m.redis, m.scans = m.redis.plus(ran), m.scans+s.Done
	// Whoever is refused costs less, and so does what is not recorded: a run with
	// many of those proves nothing.
	if bad := len(requests) - s.Passed; bad*100 > len(requests) {
		return fmt.Errorf("limits: %d of %d scans did not pass; one was answered: %s", bad, len(requests), s.First)
	}
	if n := ran["xadd"].calls; n < float64(s.Passed) {
		return fmt.Errorf("limits: %d scans passed and %.0f were put into the log", s.Passed, n)
	}
	add(&t.gateway, s.Spent[0])
	add(&t.redis, s.Spent[1])
	t.scans, t.failed, t.wall = t.scans+s.Done, t.failed+s.Failed, t.wall+s.Wall
	return nil
}

func (m *measurement) echoTurn(ctx context.Context, requests [][]byte, t *totals) error {
	var many [][]byte
	for range echoTimes {
		many = append(many, requests...)
	}
	s, err := Saturate(ctx, []Part{Process("echo", m.echo.PID)}, &Load{m.echo.url, many, m.Connections, 0})
	if err != nil {
		return err
	}
	add(&t.echo, s.Spent[0])
	t.echoed += s.Done
	return nil
}

func add(sum *rig.Usage, u rig.Usage) {
	sum.Total, sum.User, sum.System = sum.Total+u.Total, sum.User+u.User, sum.System+u.System
}

func (t *totals) run() Run {
	r := Run{
		Gateway: useOf(t.gateway, t.scans), Redis: useOf(t.redis, t.scans), Echo: useOf(t.echo, t.echoed),
		Verify: useOf(rig.Usage{Total: t.verify}, t.verified).Total, Reference: useOf(t.reference, t.verified),
		ZAdd: useOf(t.zadd, t.verified).Total, ZRange: useOf(t.zrange, t.verified).Total,
		ScansPerSecond: float64(t.scans) / t.wall.Seconds(), Failed: t.failed,
	}
	r.Scan = r.Gateway.Total + r.Redis.Total
	r.Parts = r.Echo.Total + r.Verify + r.Reference.Total
	r.Ratio, r.ScansPerCPUSecond = r.Scan/r.Parts, 1e6/r.Scan
	return r
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

func spreadOf[T any](runs []T, of func(*T) float64) Spread {
	values := make([]float64, len(runs))
	for i := range runs {
		values[i] = of(&runs[i])
	}
	slices.Sort(values)
	return Spread{values[0], (values[(len(values)-1)/2] + values[len(values)/2]) / 2, values[len(values)-1]}
}

// echoServer is the bare echo in a process of its own.
type echoServer struct {
	*rig.Child
	url string
}

func startEcho(ctx context.Context, o rig.Options) (*echoServer, error) {
	binary, err := rig.Binary()
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	child, err := rig.Spawn(binary, o.Env, o.CPUs, "loadtest", "echo", "--addr", "127.0.0.1:0")
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	at, err := child.Said(ctx, echoReady)
	if err != nil {
		return nil, errors.Join(err, child.Close())
	}
	return &echoServer{child, at[0]}, nil
}

func read(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("limits: %s: %s", url, res.Status)
	}
	return body, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
