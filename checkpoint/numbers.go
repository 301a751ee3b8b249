package checkpoint

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// NumbersKept is how long after their day published numbers are kept. They tell of
// nobody, and a year is compared with the one before.
const NumbersKept = 400 * 24 * time.Hour

// PublishNumbers writes down the numbers of a day that were published for a node of
// the grid and gives those that stand: what was published first is never changed.
// first tells that these did. Errors: ErrUnavailable.
func (s *Store) PublishNumbers(ctx context.Context, day Day, node string, numbers []byte) (stand []byte, first bool, err error) {
	key := s.keys.numbers(day)
	_, end := s.Bounds(day)
	left := max(time.Hour, NumbersKept-time.Duration(s.now()-end)*time.Millisecond)
	replies, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, key, node, numbers)
		p.HGet(ctx, key, node)
		p.PExpire(ctx, key, left)
		return nil
	})
	if err != nil {
		return nil, false, unavailable(err)
	}
	stand, err = replies[1].(*redis.StringCmd).Bytes()   //nolint:forcetypeassert // as queued above
	return stand, replies[0].(*redis.BoolCmd).Val(), err //nolint:forcetypeassert // as queued above
}

// PublishedNumbers reads what was published of a day for some nodes, in their order;
// nil where nothing was. Errors: ErrUnavailable.
func (s *Store) PublishedNumbers(ctx context.Context, day Day, nodes []string) ([][]byte, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	values, err := s.rdb.HMGet(ctx, s.keys.numbers(day), nodes...).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	numbers := make([][]byte, len(values))
	for i, v := range values {
		if text, ok := v.(string); ok {
			numbers[i] = []byte(text)
		}
	}
	return numbers, nil
}
