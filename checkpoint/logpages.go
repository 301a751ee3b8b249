package checkpoint

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// TakeLogPages gives out numbers for pages of a gate's paper log that are
// printed now, at most highest: the first of them and the day. No number is
// given twice for one gate and day. Errors: ErrNotFound for the gate, a
// *FieldError for "pages" when there are not as many left, ErrUnavailable.
func (s *Store) TakeLogPages(ctx context.Context, gate string, pages, highest int) (first int, day Day, err error) {
	at, ok := s.Registry().Gate(gate)
	if !ok {
		return 0, 0, notFound("gate", gate)
	}
	day = s.DayAt(s.now())
	if _, err := s.logPagesCounted(ctx); err != nil {
		return 0, 0, err
	}
	reply, err := s.run(ctx, s.rdb, logPagesScript, []string{s.keys.logPages(at.Num, day)}, pages, highest, int64(logPagesKept*dayMillis))
	if err != nil {
		return 0, 0, err
	}
	number, ok := reply.(int64)
	if !ok {
		return 0, 0, fmt.Errorf("checkpoint: logpages.lua replied %T", reply)
	}
	if number == 0 {
		return 0, 0, &FieldError{"pages", fmt.Sprintf("this gate has had up to %d pages today, no more are printed: use those, or print tomorrow", highest)}
	}
	return int(number), day, nil
}

// LogPagePrinted tells whether page number of a gate and day was given out to be
// printed, in the last 400 days, or may have been: of days before pages were counted
// (CountLogPagesAnew) any is taken, for a row that is not typed back is a record lost.
// Errors: ErrNotFound for the gate, ErrUnavailable.
func (s *Store) LogPagePrinted(ctx context.Context, gate string, day Day, number int) (bool, error) {
	at, ok := s.Registry().Gate(gate)
	if !ok {
		return false, notFound("gate", gate)
	}
	counted, err := s.logPagesCounted(ctx)
	if err != nil || day < counted {
		return day >= s.DayAt(s.now())-logPagesKept, err
	}
	text, err := s.rdb.Get(ctx, s.keys.logPages(at.Num, day)).Result()
	if err != nil && !isNil(err) {
		return false, unavailable(err)
	}
	last, _ := strconv.Atoi(text) // none: 0
	return number >= 1 && number <= last, nil
}

// logPagesKept is for how many days it is known which pages were printed: a stock of
// them may lie at a gate for a year.
const logPagesKept = 400

// logPagesCounted is the first day of which it is known what was printed: 0 in a town
// that began with this program. Where no program has noted it, earlier ones forgot their
// pages after three days: then it is tomorrow, since one of them may still print today.
func (s *Store) logPagesCounted(ctx context.Context) (Day, error) {
	key := s.keys.logPagesCounted()
	var since *redis.StringCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSetNX(ctx, key, "v", int64(s.DayAt(s.now())+1))
		since = p.HGet(ctx, key, "v")
		return nil
	})
	if err != nil {
		return 0, unavailable(err)
	}
	day, err := since.Int64()
	return Day(day), err
}

// CountLogPagesAnew is called of a store that was restored: what was printed after the
// backup is not known, so any page of up to today is taken. Errors: ErrUnavailable.
func (s *Store) CountLogPagesAnew(ctx context.Context) error {
	_, err := s.run(ctx, s.rdb, raiseScript, []string{s.keys.logPagesCounted()}, int64(s.DayAt(s.now())+1))
	return err
}
