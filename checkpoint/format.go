package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// DataFormat is the version of the stored layout that this program writes:
//
//	1  before the first release; nothing reads it any more
//	2  field "format" of {reg}:meta says so, and programs ask for exactly that
//	3  {reg}:format says so, when it was reached and by which program
//
// A store also says from which format on programs may work on it (field "format" of
// {reg}:meta). An older program may do so beside a newer one as long as its own format
// is not below that: this is what a rolling upgrade, and the way back from one, rest on.
const DataFormat = 3

// OldestFormat is the oldest that this program carries forward.
const OldestFormat = 2

// readableFrom is the oldest format whose programs may work on data of DataFormat.
const readableFrom = 2

// Format is what a store says of its layout.
type Format struct {
	Version      int    // 0: there is no data
	ReadableFrom int    // the oldest format whose programs may work on it
	At           int64  // UTC ms, since when it has this version; 0 if that is not on record
	By           string // the program that gave it, "" if that is not on record
}

// Format reads which format the data has now. Errors: ErrUnavailable, ErrFormat if
// there is no number where it should be, as while a restore is not complete.
func (s *Store) Format(ctx context.Context) (f Format, err error) {
	var oldest *redis.StringCmd
	var record *redis.MapStringStringCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		oldest = p.HGet(ctx, s.keys.registry("meta"), "format")
		record = p.HGetAll(ctx, s.keys.format())
		return nil
	})
	if isNil(oldest.Err()) && record.Err() == nil {
		return f, nil
	}
	if err != nil {
		return f, unavailable(err)
	}
	if f.ReadableFrom, err = strconv.Atoi(oldest.Val()); err != nil {
		return f, fmt.Errorf("%w: its format is %.80q", ErrFormat, oldest.Val())
	}
	f.Version = f.ReadableFrom // before there was a record
	if text, ok := record.Val()["version"]; ok {
		if f.Version, err = strconv.Atoi(text); err != nil {
			return f, fmt.Errorf("%w: the version of its format is %.80q", ErrFormat, text)
		}
	}
	f.At, _ = strconv.ParseInt(record.Val()["at"], 10, 64) // 0 if it is not there
	f.By = record.Val()["by"]
	return f, nil
}

// checkFormat gives an empty store the newest format, carries an older one forward by
// steps, and refuses one on which this program must not work.
func (s *Store) checkFormat(ctx context.Context, steps []formatStep, asIs bool) error {
	f, err := s.Format(ctx)
	if err != nil {
		return err
	}
	newest := steps[len(steps)-1]
	if f.Version == 0 {
		if err := s.rdb.HSetNX(ctx, s.keys.logPagesCounted(), "v", 0).Err(); err != nil { // nothing was printed before
			return unavailable(err)
		}
		if _, err := s.noteFormat(ctx, 0, newest.to, newest.readableFrom); err != nil {
			return err
		}
		if f, err = s.Format(ctx); err != nil { // another program may have been first
			return err
		}
	}
	if err := s.checkPartitions(ctx); err != nil {
		return err
	}
	oldest := steps[0].to - 1
	switch {
	case f.ReadableFrom > newest.to:
		return fmt.Errorf("%w: the data has format %d%s, for programs that know format %d or a newer one; %s knows up to %d: start that program or a newer one, or restore a backup of before the upgrade",
			ErrFormat, f.Version, f.author(), f.ReadableFrom, s.programName(), newest.to)
	case f.Version < oldest:
		return fmt.Errorf("%w: the data has format %d, %s carries forward from %d: start a release between the two first, which goes on to the next",
			ErrFormat, f.Version, s.programName(), oldest)
	case f.Version > newest.to:
		s.logger.Info("the data has a newer format, in which this program may work", "format", f.Version, "by", f.By, "known", newest.to)
		return nil
	case f.Version < newest.to && !asIs:
		return s.migrate(ctx, steps)
	}
	return nil
}

// author says who gave the data its format, as far as that is on record.
func (f *Format) author() string {
	if f.By == "" {
		return ""
	}
	return fmt.Sprintf(" (by %.80s, %s)", f.By, time.UnixMilli(f.At).UTC().Format(time.RFC3339))
}

func (s *Store) programName() string { return cmp.Or(s.program, "this program") }

// noteFormat writes down that the data has a format; false if somebody else has
// changed it since it was of version was.
func (s *Store) noteFormat(ctx context.Context, was, version, oldest int) (bool, error) {
	keys := []string{s.keys.registry("meta"), s.keys.format()}
	reply, err := s.run(ctx, s.rdb, formatScript, keys, was, version, oldest, Partitions, s.now(), s.programName())
	done, _ := reply.(int64)
	return done == 1, err
}

var errOutdated = fmt.Errorf("%w: a newer program has carried its data forward, which is not for this one any more: %w", ErrUnavailable, ErrFormat)

// Outdated is an error, both ErrUnavailable and ErrFormat, once a newer program has given
// the data a format that is not for this one: nothing is scanned here from then on, by
// Redis or by a copy. WatchRules finds out. nil: the data is for this program.
func (s *Store) Outdated() error {
	if s.outdated.Load() {
		return errOutdated
	}
	return nil
}

// checkPartitions refuses a store whose people are split otherwise.
func (s *Store) checkPartitions(ctx context.Context) error {
	got, err := s.rdb.HGet(ctx, s.keys.registry("meta"), "partitions").Result()
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	if got != strconv.Itoa(Partitions) {
		return fmt.Errorf("%w: partitions is %.80q, this program needs %d", ErrFormat, got, Partitions)
	}
	return nil
}
