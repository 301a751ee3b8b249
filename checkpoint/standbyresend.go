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
	"time"

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
	// resendTries is how often, a second apart, it is tried to take a scan back that
	// another gateway answered and has to send again.
	resendTries = 5
)

// Resend sends again what was answered since a moment (UTC ms) for partitions
// whose master has changed: the new one may not have all of it. What it has
// stays as it is; what it has otherwise is kept as it was told and marked. One master
// that does not answer holds up nobody else's: the error tells of it at the end, and done
// lists the partitions of which all was sent.
func (b *Standby) Resend(ctx context.Context, parts []int, since int64) (sent int, done []int, err error) {
	queues := resendings{refusalQueue: newResending(b, refusalQueue)} // gates' logs may be on any master
	for _, part := range parts {
		queues[part] = newResending(b, part)
	}
	waiting := 0
	err = b.journal.Kept(journal.AllPartitions, since, func(e journal.Entry) error {
		q := queues[e.Partition]
		if q == nil || q.over {
			return nil
		}
		q.entries = append(q.entries, e)
		if waiting++; waiting < resendAtOnce {
			return nil
		}
		waiting = 0
		return queues.send(ctx)
	})
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("journal: %w", err)
	}
	if err = cmp.Or(err, queues.send(ctx)); err == nil {
		err = queues.sendLate(ctx)
	}
	through := err == nil
	for _, part := range slices.Sorted(maps.Keys(queues)) {
		q := queues[part]
		sent, err = sent+q.sent, errors.Join(err, q.failed)
		if through && q.failed == nil && part != refusalQueue {
			done = append(done, part)
		}
	}
	return sent, done, err
}

// resendings are what is sent again, by queue of the journal.
type resendings map[int]*resending

// send sends what waits in the queues, some of them beside each other.
func (r resendings) send(ctx context.Context) error {
	var sending sync.WaitGroup
	turn := make(chan struct{}, resendBeside)
	for _, q := range r {
		if len(q.entries) > 0 {
			turn <- struct{}{}
			sending.Go(func() { q.send(ctx); <-turn })
		}
	}
	sending.Wait()
	return ctx.Err()
}

// sendLate tries again what takes scans back that are not there yet, for as long as
// other gateways may take to send them.
func (r resendings) sendLate(ctx context.Context) error {
	for try := range resendTries {
		some := false
		for _, q := range r {
			q.entries, q.late = q.late, nil
			q.last = try == resendTries-1
			some = some || len(q.entries) > 0
		}
		if !some {
			break
		}
		Sleep(ctx, time.Second)
		if err := r.send(ctx); err != nil {
			return err
		}
	}
	return nil
}

// resending is the sending again of one queue of the journal, in the order in which its
// scans were answered.
type resending struct {
	b        *Standby
	part     int
	entries  []journal.Entry // to be sent
	late     []journal.Entry // of annulments: the scan is not there yet
	last     bool            // there is no further try for those
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
	err := q.b.sendAgain(ctx, &entry)
	switch {
	case ctx.Err() != nil:
		q.failed = cmp.Or(q.failed, ctx.Err())
	case entry.Annul != nil && errors.Is(err, ErrNotFound) && !q.last: // another gateway sends the scan
		q.late = append(q.late, e)
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

// sendAgain hands an entry to Redis.
func (b *Standby) sendAgain(ctx context.Context, e *journalEntry) error {
	if e.Annul == nil {
		_, err := b.s.take(ctx, e.Request, e.Refused)
		return err
	}
	req := *e.Annul
	req.journaled = e.At
	_, err := b.s.Annul(ctx, req)
	if errors.Is(err, ErrAnnulled) {
		return nil
	}
	return err
}
