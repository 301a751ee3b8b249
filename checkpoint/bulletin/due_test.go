package bulletin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/storetest"
)

func TestTheProgramPublishesEveryDayOnce(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	began := w.Store.DayAt(w.Clock.Now().UnixMilli())
	book := bulletin.New(w.Store, bulletin.Finders{})
	broken := bulletin.New(w.Store, bulletin.Finders{Homes: func(context.Context, string, checkpoint.Day, func(bulletin.Found)) error {
		return errors.New("no homes")
	}})
	at := func(day int, clock time.Duration) {
		midnight, _ := w.Store.Bounds(began + checkpoint.Day(day))
		w.Clock.Set(time.UnixMilli(midnight).Add(clock))
	}
	// stands compares the days that are published, counted from the first.
	stands := func(when string, want ...int) {
		t.Helper()
		published := map[int]bool{}
		for _, day := range want {
			published[day] = true
		}
		for day := -2; day <= 30 && !w.Clock.Now().Before(storetest.Start.AddDate(0, 0, day)); day++ {
			b, err := book.Of(t.Context(), "", began+checkpoint.Day(day))
			must(t, err)
			if (b.PublishedAt != 0) != published[day] || b.PublishedBy != 0 {
				t.Errorf("%s: day %d was published at %d", when, day, b.PublishedAt)
			}
		}
	}
	late := func(when string, want int) {
		t.Helper()
		got, err := broken.Late(t.Context())
		must(t, err)
		if len(got) != want || want > 0 && (got[0].Kind != alarm.BulletinLate || got[0].Node == "" || !got[0].Kind.Known()) {
			t.Errorf("%s: the alarms %+v", when, got)
		}
	}
	const due = bulletin.PublishAfter

	must(t, book.PublishDue(t.Context()))
	stands("the day before the town began is not its own")
	at(1, due-1)
	must(t, book.PublishDue(t.Context()))
	stands("before half past")
	at(1, due)
	if err := broken.PublishDue(t.Context()); err == nil {
		t.Error("what could not be counted was published")
	}
	stands("after a failure")
	at(1, due+29*time.Minute)
	late("soon after", 0)
	at(1, due+30*time.Minute)
	late("half an hour after", 1)
	must(t, book.PublishDue(t.Context()))
	stands("tried again", 0)
	late("tried again", 0)
	must(t, broken.PublishDue(t.Context())) // there is nothing left to count

	at(4, due)
	must(t, book.PublishDue(t.Context()))
	stands("after three days without a program", 0, 1, 2, 3)
	at(13, 12*time.Hour)
	must(t, book.PublishDue(t.Context()))
	stands("after more than a week", 0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12)
	at(10, 12*time.Hour) // the clock was wrong, and is put right
	must(t, book.PublishDue(t.Context()))
	at(14, due)
	must(t, book.PublishDue(t.Context()))
	stands("after the clock was put right", 0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13)
}

// A process whose own clock is ahead of Redis' publishes no day that goes on: its numbers
// would stand. One whose clock is behind takes nothing back.
func TestNoDayIsPublishedByAClockThatIsWrong(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	book := bulletin.New(w.Store, bulletin.Finders{})
	today := w.Store.DayAt(time.Now().UnixMilli()) // by Redis
	at := func(day checkpoint.Day) {
		midnight, _ := w.Store.Bounds(day)
		w.Clock.Set(time.UnixMilli(midnight).Add(bulletin.PublishAfter))
		must(t, book.PublishDue(t.Context()))
	}
	saved := func(when, want string) {
		t.Helper()
		if got, err := w.Store.DutyCursor(t.Context(), "bulletins"); err != nil || got != want {
			t.Errorf("%s: published up to %q, %v", when, got, err)
		}
	}
	at(today + 2)
	saved("two days ahead", "")
	at(today - 1)
	saved("the day before", (today - 2).String())
	at(today - 4)
	saved("behind", (today - 2).String())
}
