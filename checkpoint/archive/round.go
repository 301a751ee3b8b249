package archive

import (
	"context"
	"maps"
	"time"

	"passgate/checkpoint"
)

// round is one look at all logs: read what is new, archive it, cut.
type round struct {
	*Archiver
	fence    int64
	renewed  time.Time
	manifest *manifest // as it was at the beginning
	from     map[int]mark
	marks    map[int]mark // of what is in buffer, entries of this flush
	buffer   []checkpoint.ScanEvent
	events   int
	cut      int64
}

// run archives all that is older than Settle.
func (w *round) run(ctx context.Context) (err error) {
	if w.manifest, err = w.archive.current(ctx); err != nil {
		return err
	}
	if err := w.renew(ctx); err != nil {
		return err
	}
	if err := w.begin(ctx); err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	now, err := w.store.LogTime(call)
	cancel()
	if err != nil {
		return err
	}
	for part := range checkpoint.Partitions {
		if err := w.read(ctx, part, now-w.Settle.Milliseconds()); err != nil {
			return err
		}
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	if err := w.cutAll(ctx); err != nil {
		return err
	}
	return w.archive.Compact(ctx)
}

// begin compares the manifest with the logs. Where a log was cut beyond the
// manifest (an older copy of the archive, or another one), what is missing is
// named; where a log is younger than the manifest (Redis lost its data), it is
// read from its beginning.
func (w *round) begin(ctx context.Context) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	states, err := w.store.LogStates(call)
	if err != nil {
		return err
	}
	w.from, w.marks = map[int]mark{}, map[int]mark{}
	restart := map[int]mark{}
	var gaps []Gap
	for part, l := range states {
		at := w.manifest.Logs[part]
		switch {
		case at.Cursor != "" && l.Last != "" && checkpoint.CompareLogEntries(l.Last, at.Cursor) < 0:
			w.logger.Error("the log ends before what was archived of it: the store was put back or emptied; the log is archived from its beginning",
				"partition", part, "archived", at.Cursor, "log", l.Last)
			restart[part] = mark{Entries: l.CutTotal}
		case l.Cut != "" && checkpoint.CompareLogEntries(at.Cursor, l.Cut) < 0:
			w.logger.Error("entries of the log are in neither log nor archive: the archive was replaced by an older or empty one",
				"partition", part, "after", at.Cursor, "up_to", l.Cut)
			gaps = append(gaps, Gap{Partition: part, After: at.Cursor, UpTo: l.Cut, Noticed: time.Now().UTC()})
			restart[part] = mark{Cursor: l.Cut, Entries: l.CutTotal}
		case l.Archived == "" && at.Entries > l.Entries: // Redis has lost its data: what is counted begins anew
			restart[part] = mark{Cursor: at.Cursor, Entries: l.CutTotal}
		}
	}
	if len(restart) > 0 {
		if w.manifest, err = w.archive.restart(ctx, restart, gaps); err != nil {
			return err
		}
	}
	for part := range checkpoint.Partitions {
		w.from[part] = w.manifest.Logs[part]
	}
	return nil
}

// read takes one partition's log into the buffer, flushing when it is full.
func (w *round) read(ctx context.Context, part int, before int64) error {
	for {
		cursor := w.from[part].Cursor
		if m, ok := w.marks[part]; ok {
			cursor = m.Cursor
		}
		if time.Since(w.renewed) > leaseLength/3 {
			if err := w.renew(ctx); err != nil {
				return err
			}
		}
		call, cancel := context.WithTimeout(ctx, callTimeout)
		batch, err := w.store.NextInLog(call, part, cursor, before, logBatch)
		cancel()
		if err != nil {
			return err
		}
		if batch.Last == "" {
			return nil
		}
		for _, id := range batch.Damaged {
			w.logger.Error("log entry cannot be read and is not archived", "partition", part, "entry", id)
		}
		w.buffer = append(w.buffer, batch.Events...)
		w.marks[part] = mark{batch.Last, w.marks[part].Entries + int64(batch.Entries())}
		if len(w.buffer) >= flushEvents {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
		if batch.Entries() < logBatch {
			return nil
		}
	}
}

// flush archives the buffer.
func (w *round) flush(ctx context.Context) error {
	if len(w.marks) == 0 {
		return nil
	}
	if err := w.renew(ctx); err != nil {
		return err
	}
	if err := w.archive.append(ctx, w.buffer, w.from, w.marks); err != nil {
		return err
	}
	for part, m := range w.marks {
		w.from[part] = mark{m.Cursor, w.from[part].Entries + m.Entries}
	}
	w.events += len(w.buffer)
	clear(w.buffer) // the plates
	w.buffer = w.buffer[:0]
	clear(w.marks)
	return w.step("archived")
}

// cutAll cuts every log behind what the manifest on the disk says.
func (w *round) cutAll(ctx context.Context) error {
	m, err := w.archive.current(ctx)
	if err != nil {
		return err
	}
	for part, at := range maps.All(m.Logs) {
		if at.Cursor == "" {
			continue
		}
		call, cancel := context.WithTimeout(ctx, callTimeout)
		n, err := w.store.CutLog(call, part, at.Cursor, at.Entries, w.Keep)
		cancel()
		if err != nil {
			return err
		}
		w.cut += n
		if err := w.step("cut"); err != nil {
			return err
		}
	}
	return nil
}

// restart puts marks anew and notes gaps.
func (a *Archive) restart(ctx context.Context, marks map[int]mark, gaps []Gap) (*manifest, error) {
	unlock, m, err := a.lockToWrite(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	maps.Copy(m.Logs, marks)
	m.Gaps = append(m.Gaps, gaps...)
	return m, a.commit(m)
}
