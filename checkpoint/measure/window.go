package measure

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// Window is what FillWindow writes: the index of one gate.
type Window struct {
	Gate, Device, Staff uint32 // numbers in the registry
	Before              int64  // the days end before the UTC day of this moment, ms
	Days, Events        int
}

// FillWindow writes events into the index of a gate, spread evenly over the days,
// as they come from real scans: nine of ten with a reading, one in twenty in a
// car, some flagged. It gives the window, from ≤ t < to.
func FillWindow(ctx context.Context, s *checkpoint.Store, w Window) (from, to int64, err error) {
	dice := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // has to repeat itself
	first := checkpoint.DayOf(w.Before) - int64(w.Days)
	written := 0
	for d := range int64(w.Days) {
		set := checkpoint.Set{SetID: checkpoint.SetID{Family: checkpoint.GateSets, ID: uint64(w.Gate), Day: first + d}}
		n := w.Events*int(d+1)/w.Days - written
		for i := range n {
			e := w.event(dice, i, (first+d)*dayMillis+int64(i)*dayMillis/int64(n))
			set.Entries = append(set.Entries, checkpoint.SetEntry{At: e.OccurredAt, Member: e.Member(checkpoint.GateSets)})
		}
		written += n
		if err := s.ReplaceSets(ctx, []checkpoint.Set{set}); err != nil {
			return 0, 0, err
		}
	}
	return first * dayMillis, (first + int64(w.Days)) * dayMillis, nil
}

func (w *Window) event(dice *rand.Rand, i int, at int64) checkpoint.ScanEvent {
	e := checkpoint.ScanEvent{
		Person: dice.Uint64(), OccurredAt: at, RecordedAt: at + 200 + dice.Int64N(3000), Direction: checkpoint.In,
		Who: checkpoint.ByAppPass, Gate: w.Gate, Device: w.Device, Staff: w.Staff,
		Outcome: checkpoint.Outcome{Decision: checkpoint.Pass, Action: checkpoint.Admit},
	}
	fill(e.Hash[:], dice)
	if i%2 == 1 {
		e.Direction = checkpoint.Out
	}
	if i%10 > 0 {
		e.Temperature, e.Method = checkpoint.Celsius(360+dice.IntN(14)), checkpoint.Forehead
	}
	if i%20 == 3 {
		e.Plate, e.Vehicle = fmt.Sprintf("鲁A%05d", i%100_000), e.Hash
	}
	if i%16 == 5 {
		e.Flags = checkpoint.FlagNotInside
	}
	return e
}

// WindowKeys are the sorted sets of all gates' indexes of a store, in no order.
func WindowKeys(ctx context.Context, rdb redis.UniversalClient, prefix string) (keys []string, err error) {
	it := rdb.Scan(ctx, 0, prefix+"{g*}:e:*:*", 10_000).Iterator()
	for it.Next(ctx) {
		keys = append(keys, it.Val())
	}
	if err := it.Err(); err != nil {
		return nil, fmt.Errorf("measure: window: %w", err)
	}
	return keys, nil
}

// ReadPlainly is what the client takes to read sorted sets by ZRANGE WITHSCORES in
// pipelines of 64, and no more. It gives how many entries they have.
func ReadPlainly(ctx context.Context, rdb redis.UniversalClient, keys []string) (entries int, took time.Duration, err error) {
	start := time.Now()
	for some := range slices.Chunk(keys, 64) {
		cmds, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range some {
				p.ZRangeWithScores(ctx, key, 0, -1)
			}
			return nil
		})
		if err != nil {
			return 0, 0, fmt.Errorf("measure: window: %w", err)
		}
		for _, cmd := range cmds {
			entries += len(cmd.(*redis.ZSliceCmd).Val())
		}
	}
	return entries, time.Since(start), nil
}
