package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"passgate/checkpoint"
)

// Append archives events, in any order, and takes note of how far the logs are
// archived with them: upTo has the ID of the last entry by partition and may be
// nil. When it returns nil, all is on the disk. After an error nothing is: the
// same events may be given again. What is archived twice does no harm.
func (a *Archive) Append(ctx context.Context, events []checkpoint.ScanEvent, upTo map[int]string) error {
	marks := map[int]mark{}
	for part, cursor := range upTo {
		marks[part] = mark{Cursor: cursor}
	}
	for i := range events {
		part := checkpoint.PartitionOf(events[i].Person)
		if m, ok := marks[part]; ok {
			m.Entries++
			marks[part] = m
		}
	}
	return a.append(ctx, events, nil, marks)
}

// errMoved: the archive is not as far as the caller thinks.
var errMoved = errors.New("archive: it was changed or replaced by an older copy meanwhile")

// append is Append with the marks that the events follow on: if the archive is
// not as far for one of them, nothing is written. Entries of marks count those
// of this call.
func (a *Archive) append(ctx context.Context, events []checkpoint.ScanEvent, from, marks map[int]mark) error {
	unlock, m, err := a.lockToWrite(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for part, mark := range from {
		if checkpoint.CompareLogEntries(m.Logs[part].Cursor, mark.Cursor) < 0 {
			return fmt.Errorf("%w: partition %d", errMoved, part)
		}
	}
	days, err := byDay(events)
	if err != nil {
		return err
	}
	var written []*segmentWriter
	for _, day := range slices.Sorted(maps.Keys(days)) {
		w, err := a.addSegment(ctx, m.put(DayName(day)), func(add func(*checkpoint.ScanEvent) error) error {
			for _, i := range days[day] {
				if err := add(&events[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			a.dropUnlisted(written...)
			return err
		}
		written = append(written, w)
	}
	for part, next := range marks {
		if now := m.Logs[part]; checkpoint.CompareLogEntries(next.Cursor, now.Cursor) > 0 {
			m.Logs[part] = mark{next.Cursor, now.Entries + next.Entries}
		}
	}
	if err := a.commit(m); err != nil {
		a.dropUnlisted(written...)
		return err
	}
	return nil
}

// dropUnlisted removes segments after a failure, unless the manifest that lists
// them is in place: then they have to stay.
func (a *Archive) dropUnlisted(written ...*segmentWriter) {
	now, err := a.readManifest(manifestName)
	if err != nil {
		return
	}
	for _, w := range written {
		if !now.lists(w.shelf, w.info.Name) {
			w.drop()
		}
	}
}

// byDay gives the places of the events of each day.
func byDay(events []checkpoint.ScanEvent) (map[int64][]int, error) {
	days := map[int64][]int{}
	for i := range events {
		day := dayOf(events[i].OccurredAt)
		if events[i].OccurredAt < 0 || day > lastDay {
			return nil, &checkpoint.FieldError{Field: "occurred_at", Why: "must lie between 1970 and 9999"}
		}
		days[day] = append(days[day], i)
	}
	return days, nil
}

// addSegment writes a segment of a shelf and lists it in the manifest in
// memory. What fill adds is on the disk when it returns.
func (a *Archive) addSegment(ctx context.Context, s *shelf, fill func(add func(*checkpoint.ScanEvent) error) error) (*segmentWriter, error) {
	key, err := a.keyToWrite(s)
	if err != nil {
		return nil, err
	}
	if err := a.step("key"); err != nil {
		return nil, err
	}
	folder := a.path(s.Name)
	if err := makeDir(folder); err != nil {
		return nil, err
	}
	w, err := createSegment(s.Name, filepath.Join(folder, segmentName(s.Next)), key)
	if err != nil {
		return nil, err
	}
	s.Next++
	if err = fill(w.add); err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = a.step("segment filled")
	}
	if err == nil {
		err = w.finish()
	}
	if err == nil {
		err = a.step("segment durable")
	}
	var info fileInfo
	if err == nil {
		info, err = w.keep()
	}
	if err == nil {
		err = a.step("segment named")
	}
	if err != nil {
		w.drop()
		return nil, err
	}
	s.Files = append(s.Files, info)
	return w, nil
}
