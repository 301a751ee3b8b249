package checkpoint

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// settleRetry is the longest pause between two attempts to write what is owed to
// servers that take nothing.
const settleRetry = 2 * time.Second

// settles is how the settling is doing. All but working belong to whoever set that.
type settles struct {
	working atomic.Bool
	wait    time.Duration // after the next failure
	next    time.Time
	told    bool             // that something waits
	slow    [Partitions]bool // the last answer was too late: less is asked for
}

// owe notes that the log is read up to an entry and that something before it is not
// written, the oldest of which was recorded at a time. The lock is held.
func (f *followed) owe(end string, recorded int64) {
	if f.ahead == "" {
		f.waits = recorded
	}
	f.ahead = end
}

// toSettle begins a settling if something is owed, or was, and it is time to: then the
// caller has to settle.
func (p *Projector) toSettle(all []*followed) bool {
	if p.settles.working.Load() || time.Now().Before(p.settles.next) || len(p.owed(all)) == 0 && !p.settles.told {
		return false
	}
	p.settles.working.Store(true)
	return true
}

// owed copies the partitions that owe something to an index.
func (p *Projector) owed(all []*followed) (owed []*followed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range all {
		if f.fence != 0 && f.ahead != "" {
			owed = append(owed, &followed{part: f.part, fence: f.fence, cursor: f.cursor, ahead: f.ahead, care: f.care})
		}
	}
	return owed
}

// settle writes what is owed to servers of a cluster that took nothing, as long as they
// take it: from the cursors to where the steps are, whatever it is, since what is in an
// index already does not change. What is owed is not kept in memory: it is in the logs.
// A partition that owes something to two servers waits for both.
func (p *Projector) settle(ctx context.Context, all []*followed) {
	s := &p.settles
	defer s.working.Store(false)
	life := ctx
	ctx = context.WithoutCancel(ctx) // as in round
	for life.Err() == nil {
		owed := p.owed(all)
		if len(owed) == 0 {
			if s.told {
				p.tellSettled(all)
			}
			s.told, s.wait = false, 0
			return
		}
		moved, err := p.settleSome(ctx, all, owed)
		if moved {
			s.wait = 0
		}
		if err == nil {
			continue
		}
		s.wait = min(max(2*s.wait, leaseRetry), settleRetry)
		s.next = time.Now().Add(s.wait)
		if !s.told {
			s.told = true
			p.forgetLeft(all) // of before
			p.logger.Warn("events of some gates wait for a server that does not take them; those of the others go on", "partitions", len(owed), "error", err)
		}
		return
	}
}

func (p *Projector) tellSettled(all []*followed) {
	if p.forgetLeft(all) {
		p.logger.Info("no events wait here any more; some went with leases that this gateway lost to whoever has those now")
	} else {
		p.logger.Info("all gates' events are in the indexes again")
	}
}

// forgetLeft tells whether a partition that owed something was given up.
func (p *Projector) forgetLeft(all []*followed) (some bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range all {
		some, f.left = some || f.left, false
	}
	return some
}

// settleSome writes some of what is owed. moved: a cursor went on.
func (p *Projector) settleSome(ctx context.Context, all, owed []*followed) (moved bool, err error) {
	b := newIndexBatch(p)
	ends := make([]string, len(owed))
	for i, log := range p.readOwed(ctx, owed) {
		if log.err != nil {
			err = log.err
			continue
		}
		b.add(owed[i], log.messages)
		if ends[i] = owed[i].ahead; int64(len(log.messages)) == log.count {
			ends[i] = log.messages[log.count-1].ID
		}
	}
	w := b.write(ctx, true)
	p.observe(w.events, w.oldest)
	return p.settled(all, owed, ends, w.lost), cmp.Or(err, w.err)
}

// owedLog is what was read of a partition's log for settling.
type owedLog struct {
	count    int64 // that were asked for
	messages []redis.XMessage
	err      error // why they are not known, or not to be relied on
}

// readOwed reads some of what is owed. Each server that holds logs has a clock of its
// own: what a slow one says is left alone, see step, and what the others say is not.
func (p *Projector) readOwed(ctx context.Context, owed []*followed) []owedLog {
	logs := make([]owedLog, len(owed))
	servers := map[*redis.Client][]int{}
	for i, o := range owed {
		if logs[i].count = projectFew; !p.settles.slow[o.part] {
			logs[i].count = max(projectFew, int64(projectRead/len(owed)))
		}
		node := p.holder(ctx, o.part)
		servers[node] = append(servers[node], i)
	}
	var reading sync.WaitGroup
	for _, at := range servers {
		reading.Go(func() { p.readOwedAt(ctx, at, owed, logs) })
	}
	reading.Wait()
	return logs
}

// readOwedAt reads from the logs at some places of owed, which one server holds.
func (p *Projector) readOwedAt(ctx context.Context, at []int, owed []*followed, logs []owedLog) {
	asked := time.Now()
	read := make([]*redis.XMessageSliceCmd, len(at))
	_, _ = p.reader.Pipelined(ctx, func(pipe redis.Pipeliner) error { // each has its own error
		for n, i := range at {
			read[n] = pipe.XRangeN(ctx, p.store.keys.log(owed[i].part), "("+owed[i].cursor, owed[i].ahead, logs[i].count)
		}
		return nil
	})
	took := time.Since(asked)
	for n, i := range at {
		late := took > projectStall
		if p.settles.slow[owed[i].part] = late; late {
			logs[i].err = lateLogs(took)
		} else if failed := read[n].Err(); failed != nil {
			logs[i].err = unavailable(failed)
		}
		logs[i].messages = read[n].Val()
	}
}

// settled moves the cursors of partitions of which nothing was lost, unless the lease
// changed hands meanwhile. It tells whether any did.
func (p *Projector) settled(all, owed []*followed, ends []string, lost uint64) (moved bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, o := range owed {
		f := all[o.part]
		if ends[i] == "" || lost&(1<<o.part) != 0 || f.fence != o.fence || f.cursor != o.cursor {
			continue
		}
		moved = true
		if f.cursor = ends[i]; f.ahead == ends[i] {
			f.ahead = ""
		}
	}
	return moved
}
