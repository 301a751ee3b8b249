package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// step reads what is new in the logs of the partitions that are held and writes it
// to the indexes. It tells whether there may be more. Where a log could not be read the
// cursor stays and the lease is taken anew later; the error is one of those. Where an
// index of a cluster could not be written, see owe.
func (p *Projector) step(ctx context.Context, group []*followed) (more bool, err error) {
	asked := time.Now()
	logs, count := p.read(ctx, group)
	now := time.Now()
	late := now.Sub(asked) > projectStall
	for _, f := range group {
		f.slow = late
	}
	if late {
		return false, lateLogs(now.Sub(asked))
	}
	b := newIndexBatch(p)
	ends := make([]string, len(group))
	for i, f := range group {
		if logs[i] == nil {
			continue
		}
		streams, failed := logs[i].Result()
		if failed != nil && !isNil(failed) {
			err = unavailable(failed)
			p.mu.Lock()
			p.drop(f, now)
			p.mu.Unlock()
		}
		if failed == nil {
			messages := streams[0].Messages
			b.add(f, messages)
			ends[i] = messages[len(messages)-1].ID
			more = more || int64(len(messages)) == count
		}
	}
	written := b.write(ctx, false)
	failed := p.advance(group, ends, &written, now)
	return more, cmp.Or(err, failed)
}

func lateLogs(after time.Duration) error {
	return fmt.Errorf("%w: the logs came after %v, which may be of a master that stood still: they are read again, in smaller pieces", ErrUnavailable, after.Round(time.Millisecond))
}

// advance moves the partitions to the ends of what a step wrote.
func (p *Projector) advance(group []*followed, ends []string, w *written, now time.Time) (err error) {
	_, cluster := p.store.rdb.(*redis.ClusterClient)
	p.mu.Lock()
	waiting := int64(0)
	for i, f := range group {
		lost := w.lost&(1<<f.part) != 0
		switch {
		case ends[i] == "":
		case lost && !cluster:
			p.drop(f, now)
			err = w.err
		case lost || f.ahead != "":
			f.owe(ends[i], w.waiting)
		default:
			f.cursor = ends[i]
		}
		if f.ahead != "" {
			waiting = oldest(waiting, f.waits)
		}
	}
	p.mu.Unlock()
	if err == nil && w.events > 0 { // else it looks as if the indexes went on
		p.observe(w.events, w.oldest)
		p.observe(0, waiting)
	}
	return err
}

// observe tells Observe, if something was written or waits. at is when the oldest of
// it was recorded, 0 if there is none.
func (p *Projector) observe(events int, at int64) {
	if p.Observe != nil && at > 0 {
		p.Observe(Projection{Events: events, Lag: time.Duration(p.store.now()-at) * time.Millisecond})
	}
}

// oldest is the earlier of two times, of which 0 is none.
func oldest(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// read asks for what follows what is read of those of the group whose lease is held,
// nil for the others, and says how many entries of each it asked for.
func (p *Projector) read(ctx context.Context, group []*followed) (logs []*redis.XStreamSliceCmd, count int64) {
	logs, count = make([]*redis.XStreamSliceCmd, len(group)), projectFew
	if !slices.ContainsFunc(group, func(f *followed) bool { return f.slow }) {
		count = max(projectFew, int64(projectRead/len(group)))
	}
	from := make([]string, len(group))
	p.mu.Lock()
	for i, f := range group {
		if f.fence != 0 {
			from[i] = cmp.Or(f.ahead, f.cursor)
		}
	}
	p.mu.Unlock()
	_, _ = p.reader.Pipelined(ctx, func(pipe redis.Pipeliner) error { // each has its own error
		for i, f := range group {
			if from[i] != "" {
				logs[i] = pipe.XRead(ctx, &redis.XReadArgs{
					Streams: []string{p.store.keys.log(f.part), from[i]}, Count: count, Block: -1,
				})
			}
		}
		return nil
	})
	return logs, count
}
