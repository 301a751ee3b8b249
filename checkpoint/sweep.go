package checkpoint

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Timing of the sweeps.
const (
	// SweepEvery is how long after one sweep the next one begins.
	SweepEvery = time.Hour
	sweepPoll  = time.Minute      // how often a process asks whether a sweep is due
	sweepLease = 30 * time.Second // a sweeper that died is replaced within this and a poll
	// sweepShare bounds a sweep's part of Redis' time: it rests this many times
	// as long as Redis took for a batch.
	sweepShare = 9
	// rewriteEvery is how often the append-only file is written anew, so that
	// what is deleted is gone from the disk, too: daily, by whichever sweep of
	// the hour comes first.
	rewriteEvery = 23*time.Hour + 30*time.Minute
)

// EventArchive is what a sweep needs of package archive.
type EventArchive interface {
	// Days are the UTC days (ms / 86,400,000) that have files.
	Days() []int64
	// Destroy destroys a day's key and files; events that keep wants are kept
	// as evidence under another key, until it is called without them.
	Destroy(ctx context.Context, day int64, keep func(*ScanEvent) bool) error
}

// Sweeper takes away what is past retention: see retention.go. Any number of
// processes may run one; one of them works at a time. It remembers nothing: it
// looks at every key there is, in small batches between which it rests, so a
// sweep that was cut off is completed by the next one.
type Sweeper struct {
	store       *Store
	archive     EventArchive // nil: there is none
	owner       string
	logger      *slog.Logger
	share       int // as sweepShare; 0: no rest
	changesKept time.Duration

	// VoidFor is how long after a revocation no pass that it voids can be valid
	// any more: then its entry goes. 90 days if not set.
	VoidFor time.Duration
	// Observe is told after each sweep of this process what went, by family, if
	// it is not nil.
	Observe func(removed map[string]int64)

	last      atomic.Pointer[SweepResult]
	archiveAt int64 // UTC ms, when the archive was last swept
}

// NewSweeper makes a sweeper. archive is nil if this process has none: then
// another one may have it, which takes care of it whoever sweeps Redis.
func (s *Store) NewSweeper(archive EventArchive, logger *slog.Logger) *Sweeper {
	return &Sweeper{store: s, archive: archive, owner: rand.Text(), logger: logger, share: sweepShare, changesKept: changesKept, VoidFor: 90 * 24 * time.Hour}
}

// SweepResult is what one sweep did.
type SweepResult struct {
	StartedAt   int64            `json:"started_at"`             // UTC ms
	FinishedAt  int64            `json:"finished_at"`            // UTC ms
	KeptFrom    int64            `json:"kept_from"`              // UTC ms: the beginning of the oldest day that is kept
	Held        int              `json:"held"`                   // IDs whose older events are kept as evidence
	Keys        int64            `json:"keys"`                   // looked at
	Removed     map[string]int64 `json:"removed"`                // by family
	RewrittenAt int64            `json:"rewritten_at,omitempty"` // UTC ms, when the append-only file was last written anew
}

// ErrSweeping says that another process sweeps at the moment.
var ErrSweeping = errors.New("checkpoint: another process sweeps at the moment")

// LastSweep is the last sweep that was completed, by whatever process; nil if
// there was none.
func (s *Store) LastSweep(ctx context.Context) (*SweepResult, error) {
	text, err := s.rdb.HGet(ctx, s.keys.sweep(), "last").Result()
	switch {
	case isNil(err):
		return nil, nil
	case err != nil:
		return nil, unavailable(err)
	}
	var r SweepResult
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, fmt.Errorf("checkpoint: result of the last sweep: %w", err)
	}
	return &r, nil
}

// Last is the last completed sweep as far as this process knows; nil if it knows
// of none.
func (w *Sweeper) Last() *SweepResult { return w.last.Load() }

// Run sweeps whenever it is due, and ends statuses whose time is over every minute,
// also while a sweep takes longer, until ctx ends.
func (w *Sweeper) Run(ctx context.Context) {
	var ending sync.WaitGroup
	ending.Go(func() { w.endStatuses(ctx) })
	defer ending.Wait()
	for ctx.Err() == nil {
		err := w.sweepIfDue(ctx)
		if errors.Is(err, ErrSweeping) {
			err = nil
		}
		if w.archive != nil && w.store.now()-w.archiveAt >= SweepEvery.Milliseconds() {
			err = errors.Join(err, w.SweepArchive(ctx))
		}
		if err != nil && ctx.Err() == nil {
			w.logger.Error("what is past retention was not all taken away; the next sweep goes on", "error", err)
		}
		Sleep(ctx, sweepPoll)
	}
}

func (w *Sweeper) endStatuses(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := w.store.LapseStatuses(ctx); err != nil && ctx.Err() == nil {
			w.logger.Error("a status past its end was not ended; it is tried again in a minute", "error", err)
		}
		Sleep(ctx, sweepPoll)
	}
}

func (w *Sweeper) sweepIfDue(ctx context.Context) error {
	last, err := w.store.LastSweep(ctx)
	if err != nil {
		return err
	}
	if w.last.Store(last); last != nil && w.store.now()-last.FinishedAt < SweepEvery.Milliseconds() {
		return nil
	}
	_, err = w.Sweep(ctx)
	return err
}

// Sweep takes out of Redis, now, what is past retention. Errors: ErrSweeping,
// ErrUnavailable; then part of it is done. Other errors are of single records: all
// else is done.
func (w *Sweeper) Sweep(ctx context.Context) (SweepResult, error) {
	run, err := w.begin(ctx)
	if err != nil {
		return SweepResult{}, err
	}
	defer run.end(ctx)
	if err := run.all(ctx); err != nil {
		return run.SweepResult, err
	}
	run.FinishedAt = w.store.now()
	text, err := json.Marshal(run.SweepResult)
	if err != nil {
		return run.SweepResult, fmt.Errorf("checkpoint: result of a sweep: %w", err)
	}
	if err := w.store.rdb.HSet(ctx, w.store.keys.sweep(), "last", text).Err(); err != nil {
		return run.SweepResult, unavailable(err)
	}
	w.last.Store(&run.SweepResult)
	w.logger.Info("swept", "kept_from", time.UnixMilli(run.KeptFrom).UTC(), "keys", run.Keys, "held", run.Held, "removed", run.Removed)
	w.observe(run.Removed)
	if run.skips > 0 {
		return run.SweepResult, fmt.Errorf("%d records were left as they are: %w", run.skips, run.skipped)
	}
	return run.SweepResult, nil
}

func (w *Sweeper) observe(removed map[string]int64) {
	if w.Observe != nil {
		w.Observe(removed)
	}
}

// sweepRun is one sweep under way.
type sweepRun struct {
	SweepResult
	w       *Sweeper
	s       *Store
	shown   int64 // UTC ms: what is older is shown no more
	held    map[uint64]bool
	moved   bool // days have passed since the last sweep
	fence   int64
	renewed time.Time
	skipped error // see skip
	skips   int
}

// skip remembers what is wrong with one record, so that it holds up nothing behind it.
// The first few are told at the end.
func (r *sweepRun) skip(err error) {
	if r.skips++; r.skips <= 5 {
		r.skipped = errors.Join(r.skipped, err)
	}
}

// endsSweep tells an error that ends the sweep from one of a single record.
func endsSweep(ctx context.Context, err error) bool {
	return err != nil && (errors.Is(err, ErrUnavailable) || ctx.Err() != nil)
}

func (w *Sweeper) begin(ctx context.Context) (*sweepRun, error) {
	s := w.store
	run := &sweepRun{w: w, s: s, shown: s.oldestShown()}
	fence, err := run.lease(ctx, sweepLease, 0)
	switch {
	case err != nil:
		return nil, err
	case fence == 0:
		return nil, ErrSweeping
	}
	run.fence, run.renewed = fence, time.Now()
	run.SweepResult = SweepResult{StartedAt: s.now(), KeptFrom: s.oldestKept(), Removed: map[string]int64{}}
	last, err := s.LastSweep(ctx)
	if err == nil {
		run.held, err = s.evidence(ctx)
	}
	if err != nil {
		run.end(ctx)
		return nil, err
	}
	run.Held, run.moved = len(run.held), last == nil || last.KeptFrom != run.KeptFrom
	if last != nil {
		run.RewrittenAt = last.RewrittenAt
	}
	return run, nil
}

// all is the order of a sweep: what refers to people goes before the people.
func (r *sweepRun) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		r.sweepLogs, r.sweepPermits, r.sweepFevers, r.sweepShifts, r.sweepRevocations, r.sweepCases, r.sweepKeys, r.sweepNews, r.sweepChanges, r.rewrite,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// lease takes (fence 0), renews or gives back (length 0) the right to sweep. The
// answer 0 says that another process has it.
func (r *sweepRun) lease(ctx context.Context, length time.Duration, fence int64) (int64, error) {
	token, _, err := r.s.lease(ctx, r.s.rdb, r.s.keys.sweep(), r.w.owner, length, fence, "")
	return token, err
}

// end lets the next one begin.
func (r *sweepRun) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ClientTimeout)
	defer cancel()
	_, _ = r.lease(ctx, 0, r.fence)
}

// rest keeps the lease and leaves Redis to the gates after a batch that began
// at a time. The error tells that the sweep has to stop.
func (r *sweepRun) rest(ctx context.Context, began time.Time) error {
	Sleep(ctx, min(time.Duration(r.w.share)*time.Since(began), sweepLease/3))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if time.Since(r.renewed) < sweepLease/3 {
		return nil
	}
	fence, err := r.lease(ctx, sweepLease, r.fence)
	if err == nil && fence == 0 {
		err = ErrSweeping
	}
	r.renewed = time.Now()
	return err
}

// removed counts what went.
func (r *sweepRun) removed(family string, n int64) {
	if n != 0 {
		r.Removed[family] += n
	}
}

// before is the bound of what goes, for a range of scores.
func (r *sweepRun) before(ms int64) *redis.ZRangeBy {
	return &redis.ZRangeBy{Min: "-inf", Max: fmt.Sprintf("(%d", ms)}
}
