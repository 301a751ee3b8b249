package checkpoint

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// What is usual at a gate is what passed it in the same half hour of the days before.
const (
	usualSlot  = 30 * minuteMillis
	usualDays  = 7
	usualLeast = 3 // days on which something passed, for a gate to have a usual flow
)

// Bounds of how long a gate has to be quiet until it counts as silent: as long as eight
// events usually take. Should they take more than an hour, it never does.
const (
	silenceEvents = 8
	silenceLeast  = 10 * minuteMillis
	silenceMost   = 60 * minuteMillis
)

// silenceAfter is how long (ms) a gate with a usual flow may be quiet; busy is false
// if it may be for ever.
func silenceAfter(usual int) (wait int64, busy bool) {
	if usual <= 0 {
		return 0, false
	}
	wait = silenceEvents * usualSlot / int64(usual)
	return max(wait, silenceLeast), wait <= silenceMost
}

// usualCounts are the usual flows of a half hour.
type usualCounts struct {
	slot   int64          // beginning of the half hour, UTC ms
	before map[uint32]int // of the half hour before it, by gate
	counts map[uint32]int // of itself
}

// of is the usual flow of a gate: the lower one of this half hour and the one before,
// since what is quiet has been so for a while; -1 if it is not known.
func (u *usualCounts) of(gate uint32) int {
	a, known := u.before[gate]
	b, too := u.counts[gate]
	if !known || !too {
		return -1
	}
	return min(a, b)
}

// learn counts what is usual when another half hour has begun.
func (b *Board) learn(ctx context.Context, reg *Registry, now int64) (err error) {
	slot := now - now%usualSlot
	if b.usual.counts != nil && b.usual.slot == slot {
		return nil
	}
	next := usualCounts{slot: slot, before: b.usual.counts}
	if b.usual.slot != slot-usualSlot || next.before == nil {
		if next.before, err = b.usualAt(ctx, reg, slot-usualSlot); err != nil {
			return err
		}
	}
	if next.counts, err = b.usualAt(ctx, reg, slot); err != nil {
		return err
	}
	b.usual = next
	return nil
}

// usualAt gives the median of what passed each gate in the half hour from slot on, on
// those days of the week before on which anything did.
func (b *Board) usualAt(ctx context.Context, reg *Registry, slot int64) (map[uint32]int, error) {
	var spans []span
	var of []uint32
	for _, gate := range reg.Gates() {
		for day := int64(1); day <= usualDays; day++ {
			from := slot - day*dayMillis // half hours lie within one UTC day
			spans = append(spans, span{base: b.store.keys.gateDay(gate.Num, dayOf(from)), from: from, to: from + usualSlot})
			of = append(of, gate.Num)
		}
	}
	if err := b.store.readTables(ctx, spans); err != nil {
		return nil, err
	}
	counts, err := b.store.countSpans(ctx, spans)
	if err != nil {
		return nil, err
	}
	days := map[uint32][]int{}
	for i, n := range counts {
		if n > 0 {
			days[of[i]] = append(days[of[i]], n)
		}
	}
	usual := map[uint32]int{}
	for gate, ns := range days {
		if len(ns) >= usualLeast {
			slices.Sort(ns)
			usual[gate] = ns[(len(ns)-1)/2]
		}
	}
	return usual, nil
}

// countSpans counts the members of spans whose tables are read.
func (s *Store) countSpans(ctx context.Context, spans []span) ([]int, error) {
	counts := make([]int, len(spans))
	type place struct{ span, chunk int }
	var places []place
	for i := range spans {
		for _, n := range chunksBetween(spans[i].table, spans[i].from, spans[i].to) {
			places = append(places, place{i, n})
		}
	}
	for part := range slices.Chunk(places, pipelineSize) {
		replies, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, at := range part {
				w := &spans[at.span]
				p.ZCount(ctx, chunk(w.base, at.chunk), scoreOf(w.from), "("+scoreOf(w.to))
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for i, at := range part {
			counts[at.span] += int(replies[i].(*redis.IntCmd).Val()) //nolint:forcetypeassert // as queued above
		}
	}
	return counts, nil
}
