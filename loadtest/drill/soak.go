package drill

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/world"
)

// warmShare is the part of a soak after which memory is expected to be flat.
const warmShare = 0.3

// Soak holds a rate for long and says what grows: the slopes of the gateway's
// memory and goroutines after warm-up, and what an event takes in Redis.
func Soak(ctx context.Context, d *Drill, rate float64, length time.Duration) (*loadtest.Report, error) {
	if !d.Own() {
		return nil, fmt.Errorf("drill: a soak looks into the processes of its own service")
	}
	pace, err := loadtest.Constant(rate, length)
	if err != nil {
		return nil, err
	}
	if err := d.warmUp(ctx, Regular); err != nil {
		return nil, err
	}
	before, err := d.redisMemory(ctx)
	if err != nil {
		return nil, err
	}
	r, err := d.Run(ctx, "soak", pace, Regular, world.Shape{})
	if err != nil {
		return nil, err
	}
	after, err := d.redisMemory(ctx)
	if err != nil {
		return nil, err
	}
	report, err := d.report(ctx, "soak", r)
	summarise(report, "", r)
	f := report.Figures
	f["redis_bytes_per_event"] = (after - before) / max(1, float64(r.Acknowledged))
	for name, of := range map[string]func(*loadtest.Second) float64{
		"gateway_rss":  func(s *loadtest.Second) float64 { return float64(s.GatewayRSS) },
		"gateway_heap": func(s *loadtest.Second) float64 { return float64(s.Heap) },
		"goroutines":   func(s *loadtest.Second) float64 { return float64(s.Goroutines) },
	} {
		mean, slope := trend(r.Series, warmShare, of)
		f[name+"_mean"], f[name+"_per_hour"] = mean, slope*3600
	}
	f["cpu_us_per_scan"] = cpuPerScan(r.Series)
	return report, err
}

// redisMemory is what Redis holds, in bytes, without what connections take.
func (d *Drill) redisMemory(ctx context.Context) (float64, error) {
	text, err := d.rig.Redis.Info(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("drill: %w", err)
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory_dataset:"); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("drill: Redis does not say what its data take")
}

// trend fits a line through a value from a part of the run on: its mean, and how
// much it rises in a second.
func trend(series []loadtest.Second, from float64, of func(*loadtest.Second) float64) (mean, slope float64) {
	series = series[int(from*float64(len(series))):]
	var n, t, v float64
	for i := range series {
		if y := of(&series[i]); y > 0 { // 0 was not read
			n, t, v = n+1, t+float64(series[i].At), v+y
		}
	}
	if n < 2 {
		return v, 0
	}
	t, mean = t/n, v/n
	var above, below float64
	for i := range series {
		if y := of(&series[i]); y > 0 {
			dt := float64(series[i].At) - t
			above, below = above+dt*(y-mean), below+dt*dt
		}
	}
	return mean, above / below
}

// cpuPerScan is what gateway and Redis used for an acknowledged scan, in µs.
func cpuPerScan(series []loadtest.Second) float64 {
	var cores, scans float64
	for _, s := range series {
		if s.GatewayCPU > 0 {
			cores, scans = cores+s.GatewayCPU+s.RedisCPU, scans+float64(s.Acknowledged)
		}
	}
	return cores * 1e6 / max(1, scans)
}

func median[T int64 | float64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ScaleConfig says which towns are compared.
type ScaleConfig struct {
	People []int
	Rate   float64
	Each   time.Duration
	Rounds int // of each town, in turn, so that drift hits all alike
}

// Scale offers the same rate to towns of different sizes, each with a service of
// its own, and compares what a scan costs and how long it takes. All services run
// throughout; only one has load at a time.
func Scale(ctx context.Context, c Config, s ScaleConfig) (report *loadtest.Report, err error) {
	drills := make([]*Drill, 0, len(s.People))
	defer func() {
		for _, d := range drills {
			if cerr := d.Close(); err == nil {
				err = cerr
			}
		}
	}()
	for _, people := range s.People {
		c.People = people
		d, err := Open(ctx, c)
		if err != nil {
			return nil, err
		}
		drills = append(drills, d)
		if err := d.warmUp(ctx, Regular); err != nil {
			return nil, err
		}
	}
	pace, err := loadtest.Constant(s.Rate, s.Each)
	if err != nil {
		return nil, err
	}
	report = &loadtest.Report{Kind: "scale", StartedAt: time.Now().UTC(), Machine: drills[0].Machine(), Figures: map[string]float64{}}
	cost, p99 := make([][]float64, len(drills)), make([][]float64, len(drills))
	for range s.Rounds {
		for i, d := range drills {
			r, err := d.Run(ctx, fmt.Sprintf("%d people", d.People), pace, Regular, world.Shape{})
			if err != nil {
				return report, err
			}
			report.Runs = append(report.Runs, r)
			cost[i], p99[i] = append(cost[i], cpuPerScan(r.Series)), append(p99[i], float64(r.Latency.P99))
		}
	}
	f := report.Figures
	for i, d := range drills {
		f[fmt.Sprintf("%d_people_cpu_us_per_scan", d.People)] = median(cost[i])
		f[fmt.Sprintf("%d_people_p99_us", d.People)] = median(p99[i])
		if !d.Unaudited {
			a, err := d.Audit(ctx)
			if err != nil {
				return report, err
			}
			report.Audits = append(report.Audits, a)
		}
	}
	last := len(drills) - 1
	f["cpu_largest_to_smallest"] = median(cost[last]) / max(1e-9, median(cost[0]))
	f["p99_largest_to_smallest"] = median(p99[last]) / max(1e-9, median(p99[0]))
	return report, nil
}
