package checkpoint

import (
	"context"
	"strconv"
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
