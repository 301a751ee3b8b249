package checkpoint

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Figures of the town as a whole, for those who watch the service: they name nobody
// and read little, however much is recorded.

// LastEvents tells when something last happened at gates (occurred_at, UTC ms), by
// their numbers, as far as their indexes of the current UTC day and the one before it
// tell. Gates without anything in them are left out. Errors: ErrUnavailable.
func (s *Store) LastEvents(ctx context.Context, gates []uint32) (map[uint32]int64, error) {
	last, today := make(map[uint32]int64, len(gates)), dayOf(s.now())
	for _, day := range []int64{today, today - 1} {
		var spans []span
		var of []uint32
		for _, gate := range gates {
			if _, known := last[gate]; !known {
				spans, of = append(spans, span{base: s.keys.gateDay(gate, day)}), append(of, gate)
			}
		}
		if err := s.readTables(ctx, spans); err != nil {
			return nil, err
		}
		for part := range slices.Chunk(spans, pipelineSize) {
			replies := make([]*redis.ZSliceCmd, len(part))
			_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for i, w := range part {
					number := 0
					if n := len(w.table); n >= 8 {
						number = int(w.table[n-2])<<8 | int(w.table[n-1])
					}
					replies[i] = p.ZRangeWithScores(ctx, chunk(w.base, number), -1, -1)
				}
				return nil
			})
			if err != nil {
				return nil, unavailable(err)
			}
			for i, reply := range replies {
				if newest := reply.Val(); len(newest) > 0 {
					last[of[i]] = int64(newest[0].Score)
				}
			}
			of = of[len(part):]
		}
	}
	return last, nil
}

// CountFevers counts the fever cases that are open, and all that were opened since a
// time (UTC ms), closed or not; of those closed since then the first MaxFevers are
// looked at. Errors: ErrUnavailable.
func (s *Store) CountFevers(ctx context.Context, since int64) (open, opened int64, err error) {
	from := strconv.FormatInt(since, 10)
	all, news := make([]*redis.IntCmd, Partitions), make([]*redis.IntCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range Partitions {
			all[part], news[part] = p.ZCard(ctx, s.keys.fevers(part)), p.ZCount(ctx, s.keys.fevers(part), from, "+inf")
		}
		return nil
	})
	if err != nil {
		return 0, 0, unavailable(err)
	}
	for part := range Partitions {
		open += all[part].Val()
		opened += news[part].Val()
	}
	closed, err := s.findFevers(ctx, s.keys.closedFevers, from, "+inf")
	if err != nil {
		return 0, 0, err
	}
	for some := range slices.Chunk(closed[:min(len(closed), MaxFevers)], pipelineSize) {
		cmds, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, f := range some {
				p.HGet(ctx, s.keys.fever(FeverID(f.id)), "o")
			}
			return nil
		})
		if err != nil && !isNil(err) {
			return 0, 0, unavailable(err)
		}
		for _, cmd := range cmds {
			if at, err := cmd.(*redis.StringCmd).Int64(); err == nil && at >= since { //nolint:forcetypeassert // as queued above
				opened++
			}
		}
	}
	return open, opened, nil
}

// CountDue counts the open matters of a kind that were due before a time (UTC ms).
// Errors: ErrUnavailable.
func (s *Store) CountDue(ctx context.Context, kind MatterKind, before int64) (int64, error) {
	n, err := s.rdb.ZCount(ctx, s.keys.mattersDue(kind), "-inf", fmt.Sprintf("(%d", before)).Result()
	return n, unavailable(err)
}
