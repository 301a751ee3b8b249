package loadtest

import (
	"cmp"
	"slices"
	"time"
)

const (
	// A device may have so many refusals that name nobody kept in a minute; more are
	// answered only. See refuse.go of package checkpoint.
	refusalsKept = 120
	// clocksApart is how much the clocks of sender and server may differ.
	clocksApart = time.Second
)

// deviceMinute is a minute of a device's.
type deviceMinute struct {
	device uint32
	minute int64
}

// minutes are the first and the last one in which the server may have recorded a
// refusal: between when it occurred, which is when it was sent, and its answer.
func (e *entry) minutes() (first, last int64) {
	apart := clocksApart.Milliseconds()
	return (e.at - apart) / 60_000, (e.at + int64(e.latency)/1000 + apart) / 60_000
}

// notExcused gives those of a gate's missing refusals that had to be kept: in each
// minute of a device, what it may have had beyond refusalsKept may be missing, and no
// more. The server counts by when it recorded a refusal; one for which two minutes
// are possible is counted in both.
func notExcused(sent []entry, missing []*entry) (lost []*entry) {
	if len(missing) == 0 {
		return nil
	}
	beyond := map[deviceMinute]int{}
	for i := range sent {
		e := &sent[i]
		if e.person != 0 || e.outcome == shed {
			continue
		}
		first, last := e.minutes()
		for m := first; m <= last; m++ {
			beyond[deviceMinute{e.device, m}]++
		}
	}
	for m, n := range beyond {
		beyond[m] = max(0, n-refusalsKept)
	}
	// In the order of their last minutes each takes the first that it can: so as many
	// as possible find one.
	slices.SortFunc(missing, func(a, b *entry) int {
		_, x := a.minutes()
		_, y := b.minutes()
		return cmp.Compare(x, y)
	})
	for _, e := range missing {
		m, last := e.minutes()
		for m <= last && beyond[deviceMinute{e.device, m}] == 0 {
			m++
		}
		if m > last {
			lost = append(lost, e)
			continue
		}
		beyond[deviceMinute{e.device, m}]--
	}
	return lost
}
