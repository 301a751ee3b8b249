package checkpoint

import (
	"context"
	"fmt"
	"strconv"
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
	reply, err := s.run(ctx, s.rdb, logPagesScript, []string{s.keys.logPages(at.Num, day)}, pages, highest)
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
// printed, in the last 400 days. Errors: ErrNotFound for the gate, ErrUnavailable.
func (s *Store) LogPagePrinted(ctx context.Context, gate string, day Day, number int) (bool, error) {
	at, ok := s.Registry().Gate(gate)
	if !ok {
		return false, notFound("gate", gate)
	}
	text, err := s.rdb.Get(ctx, s.keys.logPages(at.Num, day)).Result()
	if err != nil && !isNil(err) {
		return false, unavailable(err)
	}
	last, _ := strconv.Atoi(text) // none: 0
	return number >= 1 && number <= last, nil
}
