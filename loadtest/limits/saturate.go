package limits

import (
	"context"
	"fmt"
	"time"

	"passgate/loadtest/rig"
)

// Part is one of a server's processes, or several that are accounted together.
type Part struct {
	Name string
	// Used is what it has used since its start.
	Used func() (rig.Usage, error)
}

// Process is the part that is one process.
func Process(name string, pid int) Part {
	return Part{name, func() (rig.Usage, error) { return rig.Used(pid) }}
}

// Use is CPU time for one request, in µs.
type Use struct {
	Total float64 `json:"total_us"`
	// User and System are how it is split, as far as the kernel samples that.
	User   float64 `json:"user_us"`
	System float64 `json:"system_us"`
}

func useOf(u rig.Usage, requests int) Use {
	each := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) / float64(requests) }
	use := Use{Total: each(u.Total)}
	if sampled := u.User + u.System; sampled > 0 {
		use.System = use.Total * float64(u.System) / float64(sampled)
	}
	use.User = use.Total - use.System
	return use
}

// Saturation is what a closed loop came to.
type Saturation struct {
	Tally
	Spent []rig.Usage // of each part, in all
}

// Saturate drives a server and takes the account of its parts, from before the
// first request until Settle after the last answer.
func Saturate(ctx context.Context, server []Part, load *Load) (Saturation, error) {
	before, err := account(server)
	if err != nil {
		return Saturation{}, err
	}
	var s Saturation
	if s.Tally, err = load.Drive(ctx); err != nil {
		return s, err
	}
	select {
	case <-ctx.Done():
		return s, context.Cause(ctx)
	case <-time.After(load.Settle):
	}
	after, err := account(server)
	if err != nil {
		return s, err
	}
	for i := range after {
		s.Spent = append(s.Spent, after[i].Minus(before[i]))
	}
	if s.Done == 0 {
		return s, fmt.Errorf("limits: none of %d requests was answered well; the last was %s", s.Failed, s.First)
	}
	return s, nil
}

func account(server []Part) ([]rig.Usage, error) {
	used := make([]rig.Usage, len(server))
	for i, p := range server {
		var err error
		if used[i], err = p.Used(); err != nil {
			return nil, fmt.Errorf("limits: %s: %w", p.Name, err)
		}
	}
	return used, nil
}
