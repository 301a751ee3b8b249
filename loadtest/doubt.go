package loadtest

import (
	"fmt"
	"time"
)

// What the generator may be late by before a run is doubted: a part of what it
// measures, and a time.
const (
	lateShare = 0.1
	lateMost  = time.Millisecond
)

// doubt says what makes the figures of a run doubtful.
func (r *Result) doubt() {
	if late, all := r.Pacing.P99, r.Latency.P99; r.Pacing.Count > 0 &&
		(late > lateMost.Microseconds() || float64(late) > lateShare*float64(all)) {
		r.warn("the generator was late itself: p99 of its lateness is %s, of the latency %s, which holds it; "+
			"give the generator processors of its own, or a lower rate", micros(late), micros(all))
	}
	if n := r.QueuedSends; n*100 > r.Offered {
		r.warn("%d of %d sends found no free connection and waited, p99 %s: the server was slower than the schedule, "+
			"or there were too few connections (%d)", n, r.Offered, micros(r.Queued.P99), r.Generator.Connections)
	}
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

func micros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }
