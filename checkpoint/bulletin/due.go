package bulletin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// PublishAfter is how long after midnight the program publishes the day before.
const PublishAfter = 30 * time.Minute

// Timing of what is published by the program.
const (
	publishPoll  = 2 * time.Second
	publishRetry = time.Minute      // after a failure
	publishTime  = 10 * time.Minute // the longest that it may take, and the lease of who does it
	publishBack  = 7                // days that are made up for after the program did not run
	lateAfter    = 30 * time.Minute // after it was due: then people are told
	publishDuty  = "bulletins"
)

// Run publishes what is due until ctx ends. Any number of processes may run it.
func (b *Book) Run(ctx context.Context, logger *slog.Logger) {
	for ctx.Err() == nil {
		wait := publishPoll
		if err := b.PublishDue(ctx); err != nil && ctx.Err() == nil {
			logger.Error("the bulletin of a day that is over was not published; it is tried again in a minute", "error", err)
			wait = publishRetry
		}
		checkpoint.Sleep(ctx, wait)
	}
}

// PublishDue publishes yesterday for the whole town from half an hour after midnight
// on, once, whoever calls it and how often, and days of the last week on which nobody
// did. What was before the day of the first call is left alone: the town had not begun
// to record. Errors: ErrUnavailable of package checkpoint, and what is wrong with a day
// that could not be counted.
func (b *Book) PublishDue(ctx context.Context) error {
	due := b.due()
	if b.root() == "" || b.published.Load() == int64(due)+1 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	fence, saved, err := b.store.LeaseDuty(ctx, publishDuty, b.owner, publishTime, 0, "")
	if err != nil || fence == 0 {
		return err
	}
	done, cursor, err := b.publishAfter(ctx, saved, due)
	bye, end := context.WithTimeout(context.WithoutCancel(ctx), checkpoint.ClientTimeout)
	defer end()
	if _, _, left := b.store.LeaseDuty(bye, publishDuty, b.owner, 0, fence, cursor); left != nil {
		return errors.Join(err, left)
	}
	if cursor != "" {
		b.published.Store(int64(done) + 1)
	}
	return err
}

// publishAfter publishes what is due after what is saved, and gives what to save then, ""
// if that stays. What is published stands, so nothing is by a clock that is ahead of that
// of Redis; and one that is behind takes nothing back.
func (b *Book) publishAfter(ctx context.Context, saved string, due checkpoint.Day) (done checkpoint.Day, cursor string, err error) {
	now, err := b.store.LogTime(ctx)
	if err != nil {
		return 0, "", err
	}
	today := b.store.DayAt(now)
	if before, err := checkpoint.ParseDay(saved); due >= today || err == nil && before > due && before < today {
		return 0, "", nil
	}
	done, err = b.publishDays(ctx, publishedTo(saved, due), due)
	return done, done.String(), err
}

// due is the last day that ought to be published by now.
func (b *Book) due() checkpoint.Day {
	now := b.store.Now()
	today := b.store.DayAt(now)
	if midnight, _ := b.store.Bounds(today); now < midnight+PublishAfter.Milliseconds() {
		return today - 2
	}
	return today - 1
}

// publishedTo reads up to which day all is done: where nothing is written down, or by a
// clock that was ahead, up to the one that is due.
func publishedTo(saved string, due checkpoint.Day) checkpoint.Day {
	done, err := checkpoint.ParseDay(saved)
	if err != nil {
		return due
	}
	return min(done, due)
}

// publishDays publishes the days after done up to due. A day that fails holds up none
// behind it, but is tried again, as done says.
func (b *Book) publishDays(ctx context.Context, done, due checkpoint.Day) (checkpoint.Day, error) {
	done = max(done, due-publishBack)
	var failed error
	for day := done + 1; day <= due; day++ {
		if err := b.Publish(ctx, b.root(), day, 0); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", day, err))
		} else if failed == nil {
			done = day
		}
	}
	return done, failed
}

// Late lists what deserves an alarm: that the last bulletin which is due has not been
// published for long, while a program was there to do so. Errors: ErrUnavailable of
// package checkpoint.
func (b *Book) Late(ctx context.Context) ([]alarm.Alarm, error) {
	root, due := b.root(), b.due()
	_, over := b.store.Bounds(due)
	since := over + PublishAfter.Milliseconds()
	if root == "" || b.store.Now() < max(since, b.opened)+lateAfter.Milliseconds() {
		return nil, nil
	}
	saved, err := b.store.DutyCursor(ctx, publishDuty)
	if err != nil || publishedTo(saved, due) == due {
		return nil, err
	}
	return []alarm.Alarm{{Kind: alarm.BulletinLate, Node: root, Key: due.String(), At: since}}, nil
}
