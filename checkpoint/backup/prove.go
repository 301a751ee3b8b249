package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/replay"
)

// prove compares what Redis holds now with the record and with the digests of
// the manifest, then sweeps what is past retention.
func (r *restorer) prove(ctx context.Context) error {
	if err := r.step("proving"); err != nil {
		return err
	}
	taken := r.m.TakenAt
	then, err := r.open(ctx, func() time.Time { return taken })
	if err != nil {
		return err
	}
	opt := replay.Options{
		TempDir: r.data(), Progress: replayProgress(r.opt.Progress),
		Now: func() time.Time { return taken.Add(24 * time.Hour) }, // nothing is too late to be compared
	}
	var a *archive.Archive
	if r.m.Archive != "" {
		if a, err = archive.Open(filepath.Join(r.data(), archiveName), r.keyDir()); err != nil {
			return err
		}
		opt.Archive = replay.FromArchive(a)
	}
	report, err := replay.Verify(ctx, then, opt)
	if err != nil {
		return err
	}
	if err := r.compare(report); err != nil {
		return err
	}
	return r.sweep(ctx, a)
}

func (r *restorer) keyDir() string { return filepath.Join(r.data(), keyDirName) }

func (r *restorer) open(ctx context.Context, clock checkpoint.Clock) (*checkpoint.Store, error) {
	return r.to.Open(ctx, r.client, Opening{
		KeyDir: r.keyDir(), Prefix: r.m.Prefix, Clock: clock, Retention: time.Duration(r.m.RetentionDays) * 24 * time.Hour,
	})
}

// compare holds the report against the manifest.
func (r *restorer) compare(report *replay.Report) error {
	r.out.Digests = map[string]string{}
	for i := range report.Families {
		f := &report.Families[i]
		r.out.Digests[f.Name] = f.RedisDigest
		if want := r.m.Digests[f.Name]; f.RedisDigest != want || f.Digest != want {
			return fmt.Errorf("%w: digest of %s: backed up %.16s…, by the record %.16s…, in Redis %.16s…", ErrDigest, f.Name, want, f.Digest, f.RedisDigest)
		}
	}
	if n := report.Differs(); n > 0 {
		return fmt.Errorf("%w: %d differences between the record and Redis", ErrDigest, n)
	}
	if report.Events != r.m.Events {
		return fmt.Errorf("%w: %d events, the backup had %d", ErrDigest, report.Events, r.m.Events)
	}
	return nil
}

// sweep takes away what is past retention now, and notes what is not known any more.
func (r *restorer) sweep(ctx context.Context, a *archive.Archive) error {
	r.opt.Progress(Progress{What: "sweeping"})
	now, err := r.open(ctx, time.Now)
	if err != nil {
		return err
	}
	if err := now.CountLogPagesAnew(ctx); err != nil {
		return err
	}
	var of checkpoint.EventArchive
	if a != nil {
		of = a
	}
	sweeper := now.NewSweeper(of, slog.New(slog.DiscardHandler))
	result, err := sweeper.Sweep(ctx)
	if errors.Is(err, checkpoint.ErrSweeping) { // the backed up server was at it: the next one goes on
		return nil
	}
	if err != nil {
		return err
	}
	r.out.Swept = result.Removed
	if a != nil {
		return sweeper.SweepArchive(ctx)
	}
	return nil
}
