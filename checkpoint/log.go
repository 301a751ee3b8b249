package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// PartitionOf is the partition of a person, for life: the number of the log in
// which their events are.
func PartitionOf(person uint64) int { return partitionOf(person) }

// LogBatch is a piece of a partition's log in arrival order.
type LogBatch struct {
	Events  []ScanEvent
	First   string   // ID of the first entry, "" if there was none
	Last    string   // of the last
	Damaged []string // IDs of entries that cannot be read
}

// Entries is how many entries were read.
func (b *LogBatch) Entries() int { return len(b.Events) + len(b.Damaged) }

// NextInLog reads at most count (1 to 10,000) entries of a partition's log that
// follow the entry after ("" for the log's beginning) and came no later than
// before, in ms of Redis' own clock (0: no bound). Errors: ErrUnavailable.
func (s *Store) NextInLog(ctx context.Context, part int, after string, before int64, count int) (LogBatch, error) {
	from, to := "-", "+"
	if after != "" {
		from = "(" + after
	}
	if before != 0 {
		to = strconv.FormatInt(before, 10)
	}
	messages, err := s.rdb.XRangeN(ctx, s.keys.log(part), from, to, int64(min(max(count, 1), 10_000))).Result()
	if err != nil {
		return LogBatch{}, unavailable(err)
	}
	batch := LogBatch{Events: make([]ScanEvent, 0, len(messages))}
	for _, m := range messages {
		if batch.First == "" {
			batch.First = m.ID
		}
		batch.Last = m.ID
		entry, _ := m.Values["e"].(string)
		e, err := parseLog(entry)
		if err != nil {
			batch.Damaged = append(batch.Damaged, m.ID)
			continue
		}
		batch.Events = append(batch.Events, e)
	}
	return batch, nil
}

// LogState is how much of a partition's log is there, archived and cut off.
type LogState struct {
	Entries  int64  // in the log
	Last     string // ID of the last entry that was ever written, "" if there is no log
	Archived string // ID of the last entry that an archive has, "" if none
	Waiting  int64  // entries that no archive has
	Cut      string // ID of the last entry that was cut off, "" if none was
	CutTotal int64  // how many were

	added int64  // entries that were ever written
	first string // ID of the first entry that is there, "" if there is none
}

// LogStates tells the state of every partition's log. Errors: ErrUnavailable.
func (s *Store) LogStates(ctx context.Context) ([]LogState, error) {
	streams := make([]*redis.XInfoStreamCmd, Partitions)
	fields := make([]*redis.SliceCmd, Partitions)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range Partitions {
			streams[part] = p.XInfoStream(ctx, s.keys.log(part))
			fields[part] = p.HMGet(ctx, s.keys.partition(part), "ac", "an", "tr", "tn")
		}
		return nil
	})
	if err != nil && !noStream(err) {
		return nil, unavailable(err)
	}
	states := make([]LogState, Partitions)
	for part := range states {
		l := &states[part]
		info, err := streams[part].Result()
		switch {
		case err == nil:
			l.Entries, l.Last, l.added, l.first = info.Length, info.LastGeneratedID, info.EntriesAdded, info.FirstEntry.ID
		case !noStream(err):
			return nil, unavailable(err)
		}
		v, err := fields[part].Result()
		if err != nil {
			return nil, unavailable(err)
		}
		l.Archived, _ = v[0].(string)
		archived, _ := v[1].(string)
		l.Cut, _ = v[2].(string)
		cut, _ := v[3].(string)
		n, _ := strconv.ParseInt(archived, 10, 64)
		l.CutTotal, _ = strconv.ParseInt(cut, 10, 64)
		l.Waiting = max(0, l.Entries-max(0, n-l.CutTotal))
	}
	return states, nil
}

// noStream tells that the stream asked about does not exist.
func noStream(err error) bool { return redis.HasErrorPrefix(err, "no such key") }

// LogLag is what waits to be archived.
type LogLag struct {
	Events  int64         // in all partitions
	Age     time.Duration // of the oldest of them, 0 if there are none
	Entries int64         // all that the logs hold, archived or not
}

// LogLag tells what waits to be archived, by what the last archiver said of its
// work. Errors: ErrUnavailable.
func (s *Store) LogLag(ctx context.Context) (LogLag, error) {
	states, err := s.LogStates(ctx)
	if err != nil {
		return LogLag{}, err
	}
	var lag LogLag
	now, err := s.LogTime(ctx)
	if err != nil {
		return lag, err
	}
	oldest := make([]*redis.XMessageSliceCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part, l := range states {
			from := "-"
			if l.Archived != "" {
				from = "(" + l.Archived
			}
			oldest[part] = p.XRangeN(ctx, s.keys.log(part), from, "+", 1)
		}
		return nil
	})
	if err != nil {
		return lag, unavailable(err)
	}
	for part, l := range states {
		lag.Entries += l.Entries
		if first := oldest[part].Val(); len(first) > 0 {
			lag.Events += max(1, l.Waiting)
			lag.Age = max(lag.Age, time.Duration(now-LogEntryTime(first[0].ID))*time.Millisecond)
		}
	}
	return lag, nil
}

// LogEntryTime is when an entry was written, in ms of Redis' own clock; 0 for "".
func LogEntryTime(id string) int64 {
	ms, _ := parseEntryID(id)
	return ms
}

// CompareLogEntries is the order in which two entries of one log were written,
// by their IDs; "" comes before all.
func CompareLogEntries(a, b string) int {
	at, an := parseEntryID(a)
	bt, bn := parseEntryID(b)
	return cmp.Or(cmp.Compare(at, bt), cmp.Compare(an, bn))
}

func parseEntryID(id string) (ms, seq int64) {
	text, number, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseInt(text, 10, 64)
	seq, _ = strconv.ParseInt(number, 10, 64)
	return ms, seq
}

// LogTime is the clock by which entries of the logs get their IDs, in ms.
func (s *Store) LogTime(ctx context.Context) (int64, error) {
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return 0, unavailable(err)
	}
	return now.UnixMilli(), nil
}

// CutLog notes that an archive durably has a partition's log up to an entry, the
// entries-th that it has of it, and cuts off what is archived, projected and
// older than keep. It gives the number of entries cut off and is safe to repeat.
// Errors: ErrUnavailable.
func (s *Store) CutLog(ctx context.Context, part int, archived string, entries int64, keep time.Duration) (int64, error) {
	reply, err := s.run(ctx, s.rdb, cutLogScript, []string{s.keys.partition(part), s.keys.log(part)},
		archived, entries, keep.Milliseconds())
	if err != nil {
		return 0, err
	}
	cut, ok := reply.(int64)
	if !ok {
		return 0, errors.New("checkpoint: cutlog script replied in another form")
	}
	return cut, nil
}

// LeaseArchiver takes (fence 0), renews or gives back (length 0) the lease of
// the one archiver. name, if not "", is written down as that of the archive. It
// gives the fencing token, 0 if another owner has the lease, and the name that
// is written down. Errors: ErrUnavailable.
func (s *Store) LeaseArchiver(ctx context.Context, owner string, length time.Duration, fence int64, name string) (token int64, bound string, err error) {
	return s.lease(ctx, s.rdb, s.keys.archiveLease(), owner, length, fence, name)
}
