package archive

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"passgate/checkpoint"
)

// Timing and bounds of the archiver, unless its fields say otherwise.
const (
	DefaultEvery  = 2 * time.Minute  // between two looks at the logs
	DefaultSettle = time.Minute      // an entry is archived when it is this old
	DefaultKeep   = 36 * time.Hour   // an archived entry stays in the log for this long
	defaultWait   = 10 * time.Minute // for the archive that the store had before, see Archiver
	leaseLength   = 30 * time.Second // a dead archiver is followed within this and a retry
	leaseRetry    = 5 * time.Second
	mostRetries   = 12      // waits grow to this many
	logBatch      = 2000    // entries of one reading
	flushEvents   = 100_000 // events in memory: about 25 MB
)

// Progress is what the archiver has done in one round.
type Progress struct {
	Events int // archived
	Cut    int64
	Lag    checkpoint.LogLag // what waits now
	Err    error             // why the round ended early, nil if it did not
}

// Archiver carries the partitions' logs into an archive and cuts them off behind
// it. Any number of processes may run one: a lease in Redis lets one work at a
// time.
//
// An entry is archived when it is Settle old, so that a master that fails takes
// no entry with it that the archive has passed already. It is cut off the log
// when the manifest that covers it is on the disk, it is in the indexes, and it
// is older than Keep.
//
// The store remembers which archive it has. One of another name (an empty
// folder, a second gateway with a folder of its own) begins at the logs'
// beginning, but only when no archiver of the first was at work for Takeover;
// that is logged as an error, with what the logs no longer have.
type Archiver struct {
	Every, Settle, Keep, Takeover time.Duration
	// Observe is called after each round if not nil, and, where another process
	// archives, with the lag alone.
	Observe func(Progress)

	store   *checkpoint.Store
	archive *Archive
	owner   string
	logger  *slog.Logger
	retry   time.Duration
	strange time.Time // since when the lease could be had but is another archive's
}

// NewArchiver makes an archiver with the default timing.
func NewArchiver(store *checkpoint.Store, archive *Archive, logger *slog.Logger) *Archiver {
	return &Archiver{
		Every: DefaultEvery, Settle: DefaultSettle, Keep: DefaultKeep, Takeover: defaultWait,
		store: store, archive: archive, owner: rand.Text(), logger: logger, retry: leaseRetry,
	}
}

// Run archives until ctx ends. Then it archives nothing more: the next one goes
// on where the manifest ends.
func (r *Archiver) Run(ctx context.Context) {
	for failed := 1; ctx.Err() == nil; {
		owned, err := r.own(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.logger.Error("the log is not archived", "error", err)
			failed = min(failed+1, mostRetries)
		} else {
			failed = 1
		}
		if !owned || err != nil {
			r.observe(ctx, Progress{Err: err})
		}
		checkpoint.Sleep(ctx, time.Duration(failed)*r.retry)
	}
}

// own takes the lease if it is free and archives until it is lost.
func (r *Archiver) own(ctx context.Context) (owned bool, err error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	fence, bound, err := r.store.LeaseArchiver(call, r.owner, leaseLength, 0, "")
	cancel()
	if err != nil || fence == 0 {
		r.strange = time.Time{}
		return false, err
	}
	defer func() { // let the next one start at once
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		_, _, _ = r.store.LeaseArchiver(bye, r.owner, 0, fence, "")
	}()
	if ok, err := r.known(ctx, bound); err != nil || !ok {
		return false, err
	}
	for ctx.Err() == nil {
		w := &round{Archiver: r, fence: fence}
		err := w.run(ctx)
		if ctx.Err() != nil {
			return true, nil
		}
		r.observe(ctx, Progress{Events: w.events, Cut: w.cut, Err: err})
		for _, notice := range r.archive.Notices() {
			r.logger.Warn("archive", "notice", notice)
		}
		if errors.Is(err, errLost) {
			return true, nil
		}
		if err != nil {
			return true, err
		}
		if err := w.rest(ctx); err != nil {
			return true, err
		}
	}
	return true, nil
}

// known tells whether the store's archive is this one, or may be from now on.
func (r *Archiver) known(ctx context.Context, bound string) (bool, error) {
	m, err := r.archive.current(ctx)
	if err != nil {
		return false, err
	}
	if bound == "" || bound == m.Archive {
		r.strange = time.Time{}
		return true, nil
	}
	if r.strange.IsZero() {
		r.strange = time.Now()
		r.logger.Error("this is not the archive that the store had; it begins anew if that does not come back",
			"folder", r.archive.dir, "archive", m.Archive, "store", bound, "wait", r.Takeover.String())
	}
	return time.Since(r.strange) >= r.Takeover, nil
}

// observe measures the lag and hands the progress on.
func (r *Archiver) observe(ctx context.Context, p Progress) {
	if r.Observe == nil {
		return
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	lag, err := r.store.LogLag(call)
	if p.Lag = lag; err != nil {
		p.Err = errors.Join(p.Err, err)
	}
	r.Observe(p)
}

// callTimeout is the deadline of one call to Redis.
const callTimeout = 5 * time.Second

// errLost: another process has the lease.
var errLost = errors.New("archive: the lease was lost")

// renew keeps the lease.
func (w *round) renew(ctx context.Context) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	name := ""
	if w.manifest != nil {
		name = w.manifest.Archive
	}
	fence, _, err := w.store.LeaseArchiver(call, w.owner, leaseLength, w.fence, name)
	if err == nil && fence == 0 {
		return errLost
	}
	w.renewed = time.Now()
	return err
}

// rest waits for the next round and keeps the lease meanwhile.
func (w *round) rest(ctx context.Context) error {
	for end := time.Now().Add(w.Every); time.Now().Before(end) && ctx.Err() == nil; {
		if err := w.renew(ctx); err != nil {
			return err
		}
		checkpoint.Sleep(ctx, min(leaseLength/3, time.Until(end)))
	}
	return nil
}

// step is Archive.step for what the archiver does in between.
func (r *Archiver) step(name string) error {
	if err := r.archive.step(name); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}
