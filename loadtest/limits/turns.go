package limits

import (
	"context"
	"fmt"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/rig"
)

// totals are what the turns of a run used.
type totals struct {
	gateway, redis, echo, reference, zadd, zrange rig.Usage
	verify                                        time.Duration
	scans, echoed, verified, failed               int
	wall                                          time.Duration
}

func (m *measurement) run(ctx context.Context, name string, turns int) (Run, error) {
	var t totals
	for i := range turns {
		m.say("%s, turn %d", name, i+1)
		if err := m.turn(ctx, &t); err != nil {
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

// turn lets every part have its turn with the same scans.
func (m *measurement) turn(ctx context.Context, t *totals) error {
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

// server are the processes whose CPU time a scan costs.
func (m *measurement) server() []Part {
	return []Part{Process("gateway", m.rig.GatewayPID), Process("redis", m.rig.RedisPID)}
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
