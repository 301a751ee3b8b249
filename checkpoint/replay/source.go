package replay

import (
	"context"
	"fmt"
	"sync/atomic"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
)

// Archive is where the events of past days lie; [FromArchive] makes one.
type Archive interface {
	// Days lists the UTC days (ms/86400000) of which there is something.
	Days() []int64
	// Read hands every good event of a day to fn, in any order, and says what
	// could not be read.
	Read(ctx context.Context, day int64, fn func(*checkpoint.ScanEvent) error) (damaged []string, err error)
	// Covers tells whether the archive has what was taken away of the log of a
	// partition.
	Covers(partition int) bool
}

// FromArchive is an archive on the disk.
func FromArchive(a *archive.Archive) Archive { return onDisk{a} }

type onDisk struct{ *archive.Archive }

// Read names damaged files.
func (d onDisk) Read(ctx context.Context, day int64, fn func(*checkpoint.ScanEvent) error) ([]string, error) {
	found, err := d.Archive.Read(ctx, day, fn)
	damaged := make([]string, len(found))
	for i := range found {
		damaged[i] = found[i].String()
	}
	return damaged, err
}

// Events is an archive of events that a function makes: for filling a store with
// a past that never was. They may come in any order.
type Events func(fn func(*checkpoint.ScanEvent) error) error

// Days gives one day, for all.
func (Events) Days() []int64 { return []int64{0} }

// Read hands on all events.
func (e Events) Read(_ context.Context, _ int64, fn func(*checkpoint.ScanEvent) error) ([]string, error) {
	return nil, e(fn)
}

// Covers is always true.
func (Events) Covers(int) bool { return true }

// Damage is a part of the record that cannot be read.
type Damage struct {
	Where string `json:"where"`         // file, or partition and entry of a log
	Day   string `json:"day,omitempty"` // UTC day that it concerns, "" if that is not known
	Why   string `json:"why"`
}

// gaps knows of which days the record is not whole.
type gaps struct {
	all  atomic.Bool
	days map[int64]bool // complete before it is asked
}

func (g *gaps) hit(day int64) bool { return g.all.Load() || g.days[day] }

// source reads the whole record.
type source struct {
	store   *checkpoint.Store
	archive Archive // nil: the logs alone
	gaps    gaps
	report  *Report
	cursors map[int]string // last entry of each log that was read
	extents []checkpoint.LogExtent
	tick    func(events int) // is told of events that were read
}

func newSource(store *checkpoint.Store, opt *Options, report *Report) *source {
	return &source{
		store: store, archive: opt.Archive, report: report, cursors: map[int]string{},
		gaps: gaps{days: map[int64]bool{}}, tick: func(int) {},
	}
}

// read hands every event to fn, some twice.
func (s *source) read(ctx context.Context, fn func(*checkpoint.ScanEvent) error) error {
	var err error
	if s.extents, err = s.store.LogExtents(ctx); err != nil {
		return err
	}
	for part, x := range s.extents {
		if x.Cut && (s.archive == nil || !s.archive.Covers(part)) {
			s.gaps.all.Store(true)
			s.report.damage(Damage{
				Where: fmt.Sprintf("log of partition %d", part), Why: "entries were taken away, and no archive has them",
			})
		}
	}
	if err := s.readArchive(ctx, fn); err != nil {
		return err
	}
	return s.readLogs(ctx, fn)
}

func (s *source) readArchive(ctx context.Context, fn func(*checkpoint.ScanEvent) error) error {
	if s.archive == nil {
		return nil
	}
	for _, day := range s.archive.Days() {
		damaged, err := s.archive.Read(ctx, day, func(e *checkpoint.ScanEvent) error {
			s.report.FromArchive++
			s.tick(1)
			return fn(e)
		})
		if err != nil {
			return fmt.Errorf("archive of %s: %w", archive.DayName(day), err)
		}
		for _, why := range damaged {
			s.gaps.days[day] = true
			s.report.damage(Damage{Where: "archive", Day: archive.DayName(day), Why: why})
		}
	}
	return nil
}

// logBatch is how many entries of a log are read in one round trip.
const logBatch = 5000

func (s *source) readLogs(ctx context.Context, fn func(*checkpoint.ScanEvent) error) error {
	for part := range checkpoint.Partitions {
		if err := s.readLog(ctx, part, fn); err != nil {
			return fmt.Errorf("log of partition %d: %w", part, err)
		}
	}
	return nil
}

// readLog reads one partition's log from where it was read before.
func (s *source) readLog(ctx context.Context, part int, fn func(*checkpoint.ScanEvent) error) error {
	for {
		batch, err := s.store.NextInLog(ctx, part, s.cursors[part], 0, logBatch)
		if err != nil {
			return err
		}
		for i := range batch.Events {
			if err := fn(&batch.Events[i]); err != nil {
				return err
			}
		}
		for _, id := range batch.Damaged {
			s.gaps.all.Store(true) // of which day it was is not known
			s.report.damage(Damage{Where: fmt.Sprintf("log of partition %d", part), Why: "entry " + id + " cannot be read"})
		}
		if batch.Last != "" {
			s.cursors[part] = batch.Last
		}
		s.report.FromLog += int64(len(batch.Events))
		s.tick(len(batch.Events))
		if batch.Entries() < logBatch {
			return nil
		}
	}
}
