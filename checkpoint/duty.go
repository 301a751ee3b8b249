package checkpoint

import (
	"context"
	"time"
)

// LeaseDuty takes (fence 0), renews or gives back (length 0) the lease of the one
// process that has a duty of the whole town, such as "alarms". cursor, if not "", is
// written down as how far it has come. It gives the fencing token, 0 if another owner
// has the lease, and the cursor that is written down. Errors: ErrUnavailable.
func (s *Store) LeaseDuty(ctx context.Context, duty, owner string, length time.Duration, fence int64, cursor string) (token int64, saved string, err error) {
	return s.lease(ctx, s.rdb, s.keys.duty(duty), owner, length, fence, cursor)
}

// DutyCursor reads how far a duty has come, "" if nobody has written that down. Errors:
// ErrUnavailable.
func (s *Store) DutyCursor(ctx context.Context, duty string) (string, error) {
	cursor, err := s.rdb.HGet(ctx, s.keys.duty(duty), "cur").Result()
	if err != nil && !isNil(err) {
		return "", unavailable(err)
	}
	return cursor, nil
}
