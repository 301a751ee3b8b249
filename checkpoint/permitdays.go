package checkpoint

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// PermitSpan is a visitor's permit as far as lists tell of it.
type PermitSpan struct {
	Number uint32
	Person uint64
	Site   uint32 // number
	From   int64  // UTC ms
	EndsAt int64  // UTC ms, excluded
}

// PermitsBetween hands to fn the visitors' permits that let in at some time from <= t
// < to (UTC ms), in no order. Those that ended are there for as long as events are
// kept. Errors: ErrUnavailable.
func (s *Store) PermitsBetween(ctx context.Context, from, to int64, fn func(PermitSpan)) error {
	from = max(from, s.oldestShown())
	replies := make([]*redis.ZSliceCmd, Partitions)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range replies {
			replies[part] = p.ZRangeByScoreWithScores(ctx, s.keys.permits(part), &redis.ZRangeBy{Min: "(" + strconv.FormatInt(from, 10), Max: "+inf"})
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	for _, reply := range replies {
		for _, z := range reply.Val() {
			member, _ := z.Member.(string)
			m, err := parsePermitMember(member, z.Score)
			if err != nil {
				return fmt.Errorf("list of permits: %w", err)
			}
			if m.kind == 'v' && m.from < to && m.endsAt > m.from {
				fn(PermitSpan{m.number, m.person, m.site, m.from, m.endsAt})
			}
		}
	}
	return nil
}
