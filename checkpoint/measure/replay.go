package measure

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"passgate/checkpoint"
	"passgate/checkpoint/replay"
)

// Replay is one replay onto an empty store, and the plain writes of the same
// events.
type Replay struct {
	Events         int64
	EventsPerSec   float64
	PlainPerSec    float64
	RatioToWriting float64 // of the two
	Heap           uint64  // the most that was in use during the replay, bytes
}

// MeasureReplay writes the same events plainly and by a replay, as often as there
// are rounds, each time onto an empty Redis. What the first replay wrote is
// compared with the events.
func MeasureReplay(ctx context.Context, c Config) ([]Replay, error) {
	var out []Replay
	for round := range c.Rounds {
		c.Progress("round %d of %d", round+1, c.Rounds)
		r, err := c.replayOnce(ctx, round == 0)
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (c *Config) replayOnce(ctx context.Context, check bool) (r Replay, err error) {
	b, err := startBench(ctx, c.Dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(ctx); err != nil {
		return r, err
	}
	t := newTown(c.Days)
	for range streets {
		if err := t.found(ctx, b.store, c.People/streets); err != nil {
			return r, err
		}
	}
	r.Events = t.count()
	began := time.Now()
	if err := b.writePlainly(ctx, t.events(all)); err != nil {
		return r, err
	}
	r.PlainPerSec = float64(r.Events) / time.Since(began).Seconds()
	if err := b.forgetPlain(ctx); err != nil {
		return r, err
	}
	peak := watchHeap()
	report, err := b.rebuild(ctx, t.events(all))
	r.Heap = peak()
	if err != nil {
		return r, err
	}
	if report.Events != r.Events {
		return r, fmt.Errorf("measure: %d of %d events were replayed", report.Events, r.Events)
	}
	r.EventsPerSec = report.EventsPerSec
	r.RatioToWriting = r.EventsPerSec / r.PlainPerSec
	if !check {
		return r, nil
	}
	found, err := replay.Verify(ctx, b.store, b.options(t.events(all)))
	if err == nil && found.Differs() != 0 {
		err = fmt.Errorf("measure: %d differences after the replay", found.Differs())
	}
	return r, err
}

// watchHeap measures the most heap in use until it is asked.
func watchHeap() func() uint64 {
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		var peak uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			select {
			case <-stop:
				most <- peak
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(stop); return <-most }
}

const (
	plainPrefix  = "raw:"
	plainWriters = 2   // as many as a replay has
	plainBatch   = 500 // events in a pipeline
	chunk        = 120 // entries of a sorted set
)

// plainWrite is an event as two members.
type plainWrite struct {
	trail, gate string
	at          int64
	a, b        []byte
}

// writePlainly writes the two members of every event as plainly as it can be done:
// one ZADD each to the chunk it belongs to, in pipelines of 1,000, from as many
// connections as a replay has workers.
func (b *bench) writePlainly(ctx context.Context, events replay.Events) error {
	work := make(chan []plainWrite, 2*plainWriters)
	writers, ctx := errgroup.WithContext(ctx)
	for range plainWriters {
		writers.Go(func() error {
			for batch := range work {
				_, err := b.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
					for i := range batch {
						p.Do(ctx, "ZADD", batch[i].trail, batch[i].at, batch[i].a)
						p.Do(ctx, "ZADD", batch[i].gate, batch[i].at, batch[i].b)
					}
					return nil
				})
				if err != nil {
					return fmt.Errorf("measure: plain writes: %w", err)
				}
			}
			return nil
		})
	}
	sizes := map[checkpoint.SetID]int{}
	key := func(id checkpoint.SetID) string {
		n := sizes[id]
		sizes[id]++
		return plainPrefix + id.Name() + ":" + strconv.Itoa(n/chunk)
	}
	var batch []plainWrite
	hand := func() error {
		select {
		case work <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := events(func(e *checkpoint.ScanEvent) error {
		gate := checkpoint.SetID{Family: checkpoint.GateSets, ID: uint64(e.Gate), Day: checkpoint.DayOf(e.OccurredAt)}
		batch = append(batch, plainWrite{
			key(checkpoint.SetID{ID: e.Person}), key(gate), e.OccurredAt, e.Member(checkpoint.TrailSets), e.Member(checkpoint.GateSets),
		})
		if len(batch) < plainBatch {
			return nil
		}
		return hand()
	})
	if err == nil {
		err = hand()
	}
	close(work)
	if lost := writers.Wait(); lost != nil {
		return lost
	}
	return err
}

// forgetPlain takes away what writePlainly wrote.
func (b *bench) forgetPlain(ctx context.Context) error {
	var some []string
	it := b.rdb.Scan(ctx, 0, plainPrefix+"*", 10_000).Iterator()
	for more := true; more; {
		if more = it.Next(ctx); more {
			some = append(some, it.Val())
		}
		if len(some) > 0 && (!more || len(some) == 1000) {
			if err := b.rdb.Del(ctx, some...).Err(); err != nil {
				return fmt.Errorf("measure: plain writes: %w", err)
			}
			some = some[:0]
		}
	}
	return it.Err()
}
