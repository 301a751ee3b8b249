package drill

import (
	"context"
	"errors"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/rig"
	"passgate/loadtest/world"
)

// readMetrics bounds how long a second's look at the gateway takes.
const readMetrics = 500 * time.Millisecond

// Run makes one run of the drill. Its scans go into the drill's ledger.
func (d *Drill) Run(ctx context.Context, name string, pace *loadtest.Schedule, source string, shape world.Shape) (*loadtest.Result, error) {
	src, err := d.Source(source, shape)
	if err != nil {
		return nil, err
	}
	ahead, _ := src.(closer)
	ahead.Ready(int(min(pace.Sends(), int64(d.People))))
	late := ahead.Late()
	if err := d.gate.Open(ctx); err != nil {
		return nil, err
	}
	d.Say("%s: %s, %d scans", name, pace, pace.Sends())
	c := loadtest.Config{
		Target: d.gate, Source: src, Pacer: pace, Workers: d.Connections, Patience: d.Patience, Retries: d.Retries,
		Ledger: d.ledger, Progress: d.Progress,
	}
	if d.rig != nil {
		c.Observe = d.look
		d.look()
	}
	r, err := loadtest.Run(ctx, c)
	if r == nil {
		return nil, err
	}
	r.Name, r.Source, r.Seed, r.People, r.Devices = name, source, d.World.Seed, d.World.People, len(d.World.Devices)
	if n := ahead.Late() - late; n*100 > r.Offered {
		r.Warnings = append(r.Warnings, "more than one scan in a hundred waited for its pass to be signed: the generator is at its limit")
	}
	return r, err
}

// look reads what gateway and Redis used since the last look. What cannot be read
// stays 0.
func (d *Drill) look() loadtest.Readings {
	var r loadtest.Readings
	now := time.Now()
	wall := now.Sub(d.lookedAt)
	d.lookedAt = now
	if d.last == nil {
		d.last = map[int]time.Duration{}
	}
	cores := func(pid int) float64 {
		used, err := rig.CPU(pid)
		if err != nil {
			return 0
		}
		before, seen := d.last[pid]
		d.last[pid] = used
		if !seen || wall <= 0 {
			return 0
		}
		return float64(used-before) / float64(wall)
	}
	r.GatewayCPU, r.RedisCPU = cores(d.rig.GatewayPID), cores(d.rig.RedisPID)
	r.GatewayRSS, _ = rig.RSS(d.rig.GatewayPID)
	r.RedisRSS, _ = rig.RSS(d.rig.RedisPID)
	ctx, cancel := context.WithTimeout(context.Background(), readMetrics)
	defer cancel()
	if m, err := d.rig.Metrics(ctx); err == nil {
		r.Goroutines, r.Heap = int64(m["go_goroutines"]), int64(m["go_memstats_heap_alloc_bytes"])
	}
	return r
}

// Audit looks up every scan of the drill. Nothing can be sent afterwards.
func (d *Drill) Audit(ctx context.Context) (*loadtest.Audit, error) {
	err := d.ledger.Close()
	d.ledger = nil
	if err != nil {
		return nil, err
	}
	d.Say("audit: every scan is looked up in its person's trail and in its gate's window")
	last := ""
	return loadtest.RunAudit(ctx, loadtest.AuditConfig{
		URL: d.URLs[0], Token: d.Token, Devices: d.World.Devices, Ledgers: d.ledgers, Dir: d.dir,
		Progress: func(stage string, done, total int) {
			if stage != last || done == total {
				last = stage
				d.Say("audit: %s %d of %d", stage, done, total)
			}
		},
	})
}

// report makes the report of the drill's runs, audited unless that is not wanted.
// What was measured is not lost if the audit cannot be made.
func (d *Drill) report(ctx context.Context, kind string, runs ...*loadtest.Result) (*loadtest.Report, error) {
	r := &loadtest.Report{Kind: kind, StartedAt: time.Now().UTC(), Machine: d.Machine(), Runs: runs, Figures: map[string]float64{}}
	for _, run := range runs {
		if run.StartedAt.Before(r.StartedAt) {
			r.StartedAt = run.StartedAt
		}
	}
	if d.Unaudited {
		r.Warnings = append(r.Warnings, "not audited: what was acknowledged was not looked up")
		return r, nil
	}
	a, err := d.Audit(ctx)
	if err != nil {
		return r, errors.Join(errAudit, err)
	}
	r.Audits = append(r.Audits, a)
	if d.rig != nil {
		select {
		case <-d.rig.Ended():
			r.Warnings = append(r.Warnings, "the gateway ended during the drill")
		default:
		}
	}
	return r, nil
}

var errAudit = errors.New("drill: the audit could not be made")
