package demo

import (
	"fmt"
	"math"
	"sync"
	"time"

	"passgate/loadtest/town"
)

// tally counts what the server says, to be held against the shape of real days.
type tally struct {
	mu   sync.Mutex
	all  [48]int
	home [][2][48]float64 // by day: people leaving home, people coming back
	kind map[string]int   // by decision and reason, refusals included
}

func (t *tally) add(d int, residential bool, w *wireEvent) {
	at, err := time.Parse(time.RFC3339, w.OccurredAt)
	if err != nil {
		return
	}
	local := at.In(time.FixedZone("", 8*3600))
	half := local.Hour()*2 + local.Minute()/30
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kind[w.Decision+" "+w.Reason]++
	if w.Person == nil {
		return
	}
	t.all[half]++
	if residential && w.Decision == pass {
		way := 0
		if w.Direction == "in" {
			way = 1
		}
		t.home[d][way][half]++
	}
}

// checkTotals compares all gates' events per half hour of the day, and by
// decision and reason.
func (r *run) checkTotals(t *tally) {
	var halves [48]int
	kinds := map[string]int{}
	for i := range r.oracle.people {
		for _, e := range r.oracle.people[i].history {
			halves[(e.at+8*60*minute)/(30*minute)%48]++
			kinds[e.decision+" "+e.reason]++
		}
	}
	for _, e := range r.oracle.refusals {
		kinds[e.decision+" "+e.reason]++
	}
	for half := range halves {
		r.report.Events += t.all[half]
		r.ledger.same("gates.half hours", fmt.Sprintf("half hour %d", half), fmt.Sprint(halves[half]), fmt.Sprint(t.all[half]))
	}
	for kind, n := range t.kind {
		if kinds[kind] == 0 {
			r.ledger.differ("gates.totals", kind, "0", fmt.Sprint(n))
		}
	}
	for kind, n := range kinds {
		r.ledger.same("gates.totals", kind, fmt.Sprint(n), fmt.Sprint(t.kind[kind]))
	}
}

// shapeFrom is the number of residents from which a day must look like a real
// one; below it chance weighs too much.
const (
	shapeFrom = 1000
	shapeMin  = 0.9
)

// checkShape correlates leaving and coming home with the real door counts:
// people reach the counted building when they have left home.
func (r *run) checkShape(t *tally) {
	r.report.ShapeOut, r.report.ShapeIn = 1, 1
	for d := range r.cfg.Days {
		in, out := town.Profile(town.Weekend(r.firsts + d))
		r.report.ShapeOut = min(r.report.ShapeOut, pearson(t.home[d][0][:], in[:]))
		r.report.ShapeIn = min(r.report.ShapeIn, pearson(t.home[d][1][:], out[:]))
	}
	detail := fmt.Sprintf("r %.3f leaving, %.3f coming home", r.report.ShapeOut, r.report.ShapeIn)
	least := math.Min(r.report.ShapeOut, r.report.ShapeIn)
	if r.cfg.Residents < shapeFrom {
		r.ledger.note("gates.shape of the day", detail+" (too few residents to judge)")
		return
	}
	if least >= shapeMin {
		r.ledger.agree("gates.shape of the day")
	} else {
		r.ledger.differ("gates.shape of the day", "CalIt2", fmt.Sprintf("r of at least %.2f", shapeMin), detail)
	}
	r.ledger.note("gates.shape of the day", detail)
}

// pearson correlates two series; 0 if one of them is flat.
func pearson(a, b []float64) float64 {
	var ma, mb float64
	for i := range a {
		ma += a[i] / float64(len(a))
		mb += b[i] / float64(len(b))
	}
	var ab, aa, bb float64
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
