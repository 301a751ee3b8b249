package checkpoint

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Trail streams one person's events with from <= occurred_at < to (UTC ms) in
// order of time. It reads the person's own record, which is written together
// with the answer: it has no lag.
func (s *Store) Trail(ctx context.Context, person uint64, from, to int64, fn func(*ScanEvent) error) error {
	if from < 0 || to < from || to-from > maxWindow {
		return &FieldError{"to", "the window must run forward and span at most 61 days"}
	}
	fields, err := s.rdb.HMGet(ctx, s.keys.person(person), "s", "c").Result()
	if err != nil {
		return unavailable(err)
	}
	if fields[0] == nil {
		return notFound("resident", FormatPersonID(person))
	}
	table, _ := fields[1].(string)
	instant := newInstant(fn)
	err = s.readChunks(ctx, s.keys.trail(person), table, from, to, func(z redis.Z) error {
		member, _ := z.Member.(string)
		e, err := parseTrail(person, int64(z.Score), member)
		if err != nil {
			return err
		}
		return instant.add(e)
	})
	if err != nil {
		return err
	}
	return instant.flush()
}
