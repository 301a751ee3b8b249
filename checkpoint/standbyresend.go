package checkpoint

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"passgate/checkpoint/journal"
)

const (
	// resendAtOnce is how many answered scans are in memory while they are sent again.
	resendAtOnce = 2000
	// resendBeside is how many partitions are sent again beside each other: gates scan
	// at the same time.
	resendBeside = 8
	// resendPatience is how many scans of a partition may fail before the rest waits.
	resendPatience = 8
)

// Resend sends again what was answered since a moment (UTC ms) for partitions
// whose master has changed: the new one may not have all of it. What it has
// stays as it is; what it has otherwise is kept as it was told and marked. One master
// that does not answer holds up nobody else's: the error tells of it at the end.
func (b *Standby) Resend(ctx context.Context, parts []int, since int64) (sent int, err error) {
	queues := map[int]*resending{refusalQueue: newResending(b, refusalQueue)} // gates' logs may be on any master
	for _, part := range parts {
		queues[part] = newResending(b, part)
	}
	waiting := 0
	flush := func() error {
		var sending sync.WaitGroup
		turn := make(chan struct{}, resendBeside)
		for _, q := range queues {
			if len(q.entries) > 0 {
				turn <- struct{}{}
				sending.Go(func() { q.send(ctx); <-turn })
			}
		}
		sending.Wait()
		waiting = 0
		return ctx.Err()
	}
	err = b.journal.Kept(journal.AllPartitions, since, func(e journal.Entry) error {
		q := queues[e.Partition]
		if q == nil || q.over {
			return nil
		}
		q.entries = append(q.entries, e)
		if waiting++; waiting < resendAtOnce {
			return nil
		}
		return flush()
	})
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("journal: %w", err)
	}
	err = cmp.Or(err, flush())
	for _, part := range slices.Sorted(maps.Keys(queues)) {
		sent, err = sent+queues[part].sent, errors.Join(err, queues[part].failed)
	}
	return sent, err
}

// resending is the sending again of one queue of the journal, in the order in which its
// scans were answered.
type resending struct {
	b        *Standby
	part     int
	entries  []journal.Entry // to be sent
	sent     int
	failures int
	away     map[uint32]bool // devices: a refusal lies with their gate, whose master is not asked for twice
	over     bool            // it is the partition's own master that does not answer, not one record
	failed   error           // the first
}

func newResending(b *Standby, part int) *resending {
	return &resending{b: b, part: part, away: map[uint32]bool{}}
}

// send sends what waits.
func (q *resending) send(ctx context.Context) {
	for _, e := range q.entries {
		if q.over || ctx.Err() != nil {
			break
		}
		q.sendOne(ctx, e)
	}
	q.entries = q.entries[:0]
}

func (q *resending) sendOne(ctx context.Context, e journal.Entry) {
	var entry journalEntry
	if err := json.Unmarshal(e.Value, &entry); err != nil {
		q.b.cfg.Logger.Error("an answered scan in the journal cannot be read", "partition", q.part, "answered_at", e.At, "error", err)
		return
	}
	if q.away[entry.Request.Device] {
		return
	}
	_, err := q.b.s.take(ctx, entry.Request, entry.Refused)
	switch {
	case ctx.Err() != nil:
		q.failed = cmp.Or(q.failed, ctx.Err())
	case errors.Is(err, ErrUnavailable):
		q.failed = cmp.Or(q.failed, err)
		if q.part == refusalQueue {
			q.away[entry.Request.Device] = true
		} else {
			q.failures++
			q.over = q.failures == resendPatience
		}
	case err != nil:
		q.b.cfg.Logger.Error("an answered scan could not be sent again", "partition", q.part, "answered_at", e.At, "error", err)
	default:
		q.sent++
		q.b.resent.Add(1)
	}
}
