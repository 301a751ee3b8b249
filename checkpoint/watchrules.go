package checkpoint

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// pollRules is how often the registry's version is asked for.
const pollRules = 250 * time.Millisecond

// WatchRules loads new versions of the registry and new shifts until ctx ends. A
// change of the registry by another process is in force before it is
// acknowledged there, through the partitions; this keeps a quiet gateway's view
// fresh, too. Of a shift that began at another gateway this is the only news. The
// people inside are counted apart from it: that takes every partition, and one
// that does not answer must not hold the rules up.
func (s *Store) WatchRules(ctx context.Context, logger *slog.Logger) {
	var counting sync.WaitGroup
	counting.Go(func() { poll(ctx, logger, "who is inside cannot be counted", s.watchOccupancy) })
	poll(ctx, logger, "rules cannot be refreshed", s.refresh)
	counting.Wait()
}

// poll looks every pollRules until ctx ends; a failure is logged when it begins.
func poll(ctx context.Context, logger *slog.Logger, failure string, look func(context.Context) error) {
	failing := false
	for ctx.Err() == nil {
		Sleep(ctx, pollRules)
		err := look(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			logger.Warn(failure, "error", err)
		}
		failing = err != nil
	}
}

// refresh loads the registry and the shifts if there are newer ones.
func (s *Store) refresh(ctx context.Context) error {
	rules, shifts, err := s.newestVersions(ctx)
	if err != nil {
		return err
	}
	if rules < s.Registry().Version || s.behind.Swap(false) {
		if err := s.settleRules(ctx); err != nil {
			s.behind.Store(true)
			return err
		}
	} else if rules > s.Registry().Version || s.Outdated() != nil { // or a backup has been restored
		if err := s.reload(ctx); err != nil {
			return err
		}
	} else {
		s.confirmed.Store(time.Now().UnixNano())
	}
	if shifts != s.shiftVersion() {
		return s.loadShifts(ctx)
	}
	return nil
}

// Sleep waits for d, at most until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
