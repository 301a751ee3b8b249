package checkpoint

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// Two who print at the same moment never hold the same page.
func TestNoPageOfAPaperLogIsGivenTwice(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	var mu sync.Mutex
	given := map[int]bool{}
	var printers sync.WaitGroup
	for range 8 {
		printers.Go(func() {
			first, _, err := s.TakeLogPages(t.Context(), "v-01-g1", 3, 9999)
			mu.Lock()
			defer mu.Unlock()
			for n := first; n < first+3; n++ {
				if err != nil || given[n] || n < 1 || n > 24 {
					t.Errorf("page %d again, or %v", n, err)
				}
				given[n] = true
			}
		})
	}
	printers.Wait()
	if first, _, err := s.TakeLogPages(t.Context(), "v-02-g1", 1, 9999); first != 1 || err != nil {
		t.Errorf("another gate begins with %d, %v", first, err)
	}
	var full *FieldError
	if _, _, err := s.TakeLogPages(t.Context(), "v-01-g1", 2, 25); !errors.As(err, &full) || full.Field != "pages" {
		t.Errorf("past the highest number: %v", err)
	}
	if first, _, err := s.TakeLogPages(t.Context(), "v-01-g1", 1, 25); first != 25 || err != nil {
		t.Errorf("the last page is %d, %v", first, err)
	}
	clock.Advance(24 * time.Hour)
	if first, _, err := s.TakeLogPages(t.Context(), "v-01-g1", 1, 9999); first != 1 || err != nil {
		t.Errorf("the next day begins with %d, %v", first, err)
	}
	if _, _, err := s.TakeLogPages(t.Context(), "nowhere", 1, 9999); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such gate: %v", err)
	}
}

// What an earlier release forgot, or a restore lost, may have been printed: pages of then
// are typed back. From the day after no page is that was not printed.
func TestPagesOfBeforeTheyWereCountedAreTypedBack(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	today := s.DayAt(s.now())
	taken := func(when string, want bool, day Day, number int) {
		t.Helper()
		got, err := s.LogPagePrinted(t.Context(), "v-01-g1", day, number)
		if must(t, err); got != want {
			t.Errorf("%s: page %d of %s is taken: %v", when, number, day, got)
		}
	}
	taken("in a new town", false, today-5, 1)
	must(t, s.rdb.Del(t.Context(), s.keys.logPagesCounted()).Err()) // an earlier release began it
	taken("after an upgrade", true, today-5, 12)
	taken("after an upgrade", true, today, 12)
	taken("older than any stock", false, today-401, 12)
	clock.Advance(24 * time.Hour)
	_, _, err := s.TakeLogPages(t.Context(), "v-01-g1", 3, 9999)
	must(t, err)
	taken("printed the day after", true, today+1, 3)
	taken("beyond what was printed", false, today+1, 4)
	taken("from before, the day after", true, today-5, 12)
	must(t, s.CountLogPagesAnew(t.Context()))
	taken("printed after the backup", true, today+1, 4)
	taken("after a restore", false, today+2, 4)
}
