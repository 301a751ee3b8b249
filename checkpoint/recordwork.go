package checkpoint

import (
	"context"
	"fmt"
)

// KindRecordWork is the kind of the matters that say what the registry did to a
// person's record: closed when they are written.
const KindRecordWork MatterKind = "record_work"

// What the registry does to a record: the states of those matters.
const (
	workMoved     = "moved"
	workCorrected = "corrected"
	workMerged    = "merged"
	workGone      = "gone"
)

// RecordWork is the body of such a matter.
type RecordWork struct {
	Other  string   `json:"other,omitempty"`  // ID that the record had before, or of the one that was merged into it
	From   *NewHome `json:"from,omitempty"`   // of a move
	To     *NewHome `json:"to,omitempty"`     // of a move
	Fields []string `json:"fields,omitempty"` // that were corrected
	Date   string   `json:"date,omitempty"`   // of death or leaving, YYYY-MM-DD
	Reason string   `json:"reason,omitempty"`
}

// noteRecordWork writes down what was done to a record.
func (s *Store) noteRecordWork(ctx context.Context, what string, person uint64, node string, by *Staff, work RecordWork) error {
	now := s.now()
	m := Matter{
		Kind: KindRecordWork, Node: node, Person: person, State: what, OpenedBy: by.Num, OpenedAt: now, ClosedAt: now,
	}
	if err := m.Put(work); err != nil {
		return err
	}
	m.ID = NewMatterID(KindRecordWork, fmt.Sprintf("%s %x %d %s", what, person, now, m.Body))
	_, err := s.AddMatter(ctx, m)
	return err
}
