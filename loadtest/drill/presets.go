package drill

import (
	"context"
	"fmt"
	"time"

	"passgate/loadtest"
	"passgate/loadtest/world"
)

// One is a single run by a schedule.
func One(ctx context.Context, d *Drill, pace *loadtest.Schedule, source string) (*loadtest.Report, error) {
	if err := d.warmUp(ctx, source); err != nil {
		return nil, err
	}
	r, err := d.Run(ctx, "run", pace, source, world.Busiest(false))
	if err != nil {
		return nil, err
	}
	report, err := d.report(ctx, "run", r)
	summarise(report, "", r)
	return report, err
}

// summarise adds the figures of a run, under names that begin with prefix.
func summarise(report *loadtest.Report, prefix string, r *loadtest.Result) {
	f := func(name string, v float64) { report.Figures[prefix+name] = v }
	f("offered_per_second", float64(r.Offered)/max(r.Seconds, 1e-9))
	f("acknowledged_per_second", float64(r.Acknowledged)/max(r.Seconds, 1e-9))
	f("p50_us", float64(r.Latency.P50))
	f("p99_us", float64(r.Latency.P99))
	f("p99_9_us", float64(r.Latency.P999))
	f("errors", float64(r.Failed))
	f("shed", float64(r.Shed))
	f("wrong", float64(r.Mistaken))
	if len(report.Audits) > 0 && prefix == "" {
		a := report.Audits[0]
		f("lost", float64(a.Lost))
		f("doubled", float64(a.Doubled))
		f("changed", float64(a.Changed))
		f("half", float64(a.Half))
		f("strange", float64(a.Strange))
	}
}

const (
	warmRate = 200
	warmFor  = 3 * time.Second
)

// warmUp sends a few hundred scans that are in the ledger, but in no figure: the
// first ones of a new process pay for pages and connections.
func (d *Drill) warmUp(ctx context.Context, source string) error {
	pace, err := loadtest.Constant(warmRate, warmFor)
	if err != nil {
		return err
	}
	progress := d.Progress
	defer func() { d.Progress = progress }()
	d.Progress = nil
	_, err = d.Run(ctx, "warm-up, in no figure", pace, source, world.Busiest(false))
	return err
}

// CurveConfig says which rates a curve has.
type CurveConfig struct {
	Rates []float64     // ascending
	Each  time.Duration // how long each is held
}

// A rate is beyond saturation when less than this part of it is acknowledged, or
// half of its scans take longer than this.
const (
	keepsUp  = 0.95
	tooLate  = 500 * time.Millisecond
	curveGap = 2 * time.Second // for the server to be done with the rate before
)

// Curve holds one rate after the other until the server does not keep up.
func Curve(ctx context.Context, d *Drill, c CurveConfig) (*loadtest.Report, error) {
	if err := d.warmUp(ctx, Regular); err != nil {
		return nil, err
	}
	var runs []*loadtest.Result
	saturated := 0.0
	for _, rate := range c.Rates {
		pace, err := loadtest.Constant(rate, c.Each)
		if err != nil {
			return nil, err
		}
		r, err := d.Run(ctx, fmt.Sprintf("%g/s", rate), pace, Regular, world.Shape{})
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
		if float64(r.Acknowledged) < keepsUp*float64(r.Offered) || r.Latency.P50 > tooLate.Microseconds() || r.Seconds > 1.2*c.Each.Seconds() {
			d.Say("the server does not keep up with %g/s", rate)
			break
		}
		saturated = rate
		if err := pause(ctx, curveGap); err != nil {
			return nil, err
		}
	}
	report, err := d.report(ctx, "curve", runs...)
	for _, r := range runs {
		summarise(report, r.Name+" ", r)
	}
	report.Figures["highest_rate_kept_up"] = saturated
	return report, err
}

// rushFactor is how many times its normal number of people the peak half hour has.
const rushFactor = 30

// Rush is the busiest half hour of a day with 30 times its normal number, between
// the half hours before and after it as they are. In a shorter time the rates are
// the same, and last less long.
func Rush(ctx context.Context, d *Drill, length time.Duration) (*loadtest.Report, error) {
	pace, shape, err := rushHour(d.People, length)
	if err != nil {
		return nil, err
	}
	if err := d.warmUp(ctx, Regular); err != nil {
		return nil, err
	}
	r, err := d.Run(ctx, "rush hour", pace, Day, shape)
	if err != nil {
		return nil, err
	}
	report, err := d.report(ctx, "rush", r)
	summarise(report, "", r)
	return report, err
}

const halfHour = 30 * time.Minute

func rushHour(people int, length time.Duration) (*loadtest.Schedule, world.Shape, error) {
	shape := world.Busiest(false)
	shape.From -= halfHour
	shape.Speed = float64(3*halfHour) / float64(length)
	parts := shape.Schedule(people, length, 1/shape.Speed)
	for i := range parts {
		var begins time.Duration
		for _, before := range parts[:i] {
			begins += before.For
		}
		if middle := begins + parts[i].For/2; middle > length/3 && middle < 2*length/3 {
			parts[i].From, parts[i].To = rushFactor*parts[i].From, rushFactor*parts[i].To
		}
	}
	pace, err := loadtest.NewSchedule(fmt.Sprintf("the half hours about the day's busiest, that with %d times its number, in %s", rushFactor, length), parts...)
	return pace, shape, err
}

// SpikeConfig says how high a spike is.
type SpikeConfig struct {
	Rate, Times        float64
	Before, Rise, Hold time.Duration
}

// Spike multiplies a rate within seconds, as when a code system elsewhere fails
// and everybody tries again.
func Spike(ctx context.Context, d *Drill, c SpikeConfig) (*loadtest.Report, error) {
	pace, err := loadtest.Spike(c.Rate, c.Times, c.Before, c.Rise, c.Hold)
	if err != nil {
		return nil, err
	}
	if err := d.warmUp(ctx, Regular); err != nil {
		return nil, err
	}
	r, err := d.Run(ctx, "spike", pace, Regular, world.Shape{})
	if err != nil {
		return nil, err
	}
	report, err := d.report(ctx, "spike", r)
	summarise(report, "", r)
	report.Figures["recovery_seconds"] = recovery(r, c)
	return report, err
}

// recovery is how long after the spike the p99 of a second was first no more than
// twice its median before the spike, or 10 ms, with nothing shed and no error; -1
// if it never was.
func recovery(r *loadtest.Result, c SpikeConfig) float64 {
	calm := int64(10_000)
	var before []int64
	over := int((c.Before + c.Rise + c.Hold) / time.Second)
	for _, s := range r.Series {
		if s.At > 0 && s.At < int(c.Before/time.Second) {
			before = append(before, s.P99)
		}
	}
	calm = max(calm, 2*median(before))
	for _, s := range r.Series {
		if s.At >= over && s.Done > 0 && s.Shed+s.Failed == 0 && s.P99 <= calm {
			return float64(s.At - over)
		}
	}
	return -1
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
