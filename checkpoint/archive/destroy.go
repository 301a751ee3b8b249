package archive

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// DamageError names files of a destroyed day that could not be looked through
// for evidence.
type DamageError struct{ Damaged []Damage }

// Error names them.
func (e *DamageError) Error() string {
	var names []string
	for _, d := range e.Damaged {
		names = append(names, d.String())
	}
	return "archive: destroyed with what could not be read of it: " + strings.Join(names, "; ")
}

// Destroy ends a UTC day: its key is overwritten and removed, and then its
// files. Events for which keep is true are evidence: they move under a new key
// first, and Read and Days give them on. Called again for such a day, it lets go
// what keep no longer holds, evidence and key, and does nothing if that is
// nothing. keep is asked twice about each event and has to say the same.
//
// It may be cut off anywhere and called again. A *DamageError tells that the day
// is destroyed, but that evidence may have been in what could not be read.
//
// What a disk keeps of overwritten blocks, and a file system that copies on
// write or takes snapshots, is beyond it: on such, encrypt the disk below KEYS.
func (a *Archive) Destroy(ctx context.Context, day int64, keep func(*checkpoint.ScanEvent) bool) error {
	unlock, m, err := a.lockToWrite(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := a.tidy(ctx, m); err != nil { // what a crash has left of the day goes, too
		return err
	}
	old := m.ofDay(day)
	if len(old) == 0 {
		return nil
	}
	kept, dropped, damaged, err := a.sift(ctx, old, keep)
	if err != nil {
		return err
	}
	for _, d := range damaged {
		if d.Disk {
			return fmt.Errorf("archive: %s is not destroyed before it can be looked through for evidence: %v", DayName(day), d)
		}
	}
	whole := slices.ContainsFunc(old, func(s *shelf) bool { return s.Name == DayName(day) })
	if !whole && dropped == 0 && kept > 0 {
		return nil
	}
	undo := func() {}
	if kept > 0 {
		if undo, err = a.keepEvidence(ctx, m, day, old, keep); err != nil {
			return err
		}
	}
	if whole {
		m.Destroyed = append(m.Destroyed, destruction{DayName(day), time.Now().UTC()})
	}
	if err := a.remove(m, m.letGo(old)); err != nil {
		undo()
		return err
	}
	if len(damaged) > 0 {
		return &DamageError{damaged}
	}
	return nil
}

// sift counts what is kept.
func (a *Archive) sift(ctx context.Context, shelves []*shelf, keep func(*checkpoint.ScanEvent) bool) (kept, dropped int, damaged []Damage, err error) {
	damaged, err = a.readShelves(ctx, shelves, func(e *checkpoint.ScanEvent) error {
		if keep(e) {
			kept++
		} else {
			dropped++
		}
		return nil
	})
	return kept, dropped, damaged, err
}

// keepEvidence copies what is kept to a shelf of its own. The copy is listed
// when the manifest is written that no longer lists the originals; until then a
// crash leaves both, which does no harm. undo takes a copy away that is not
// listed.
func (a *Archive) keepEvidence(ctx context.Context, m *manifest, day int64, old []*shelf, keep func(*checkpoint.ScanEvent) bool) (undo func(), err error) {
	n := 1
	for exists(a.path(evidenceShelf(day, n))) {
		n++
	}
	if err := makeDir(a.path(evidenceName)); err != nil {
		return nil, err
	}
	s := m.put(evidenceShelf(day, n))
	w, err := a.addSegment(ctx, s, func(add func(*checkpoint.ScanEvent) error) error {
		_, err := a.readShelves(ctx, old, func(e *checkpoint.ScanEvent) error {
			if keep(e) {
				return add(e)
			}
			return nil
		})
		return err
	})
	undo = func() {
		if now, err := a.readManifest(manifestName); err == nil && now.shelf(s.Name) == nil {
			if w != nil {
				w.drop()
			}
			_ = destroyFile(a.keyPath(s.Key))
			_ = os.Remove(a.path(s.Name))
		}
	}
	if err != nil {
		undo()
		return nil, fmt.Errorf("keep the evidence of %s: %w", DayName(day), err)
	}
	return undo, nil
}

// letGo takes shelves out of the manifest and says what has to be removed.
func (m *manifest) letGo(old []*shelf) (d doomed) {
	m.Shelves = slices.DeleteFunc(m.Shelves, func(s *shelf) bool { return slices.Contains(old, s) })
	for _, s := range old {
		d.Keys = append(d.Keys, s.Key)
		for _, f := range s.Files {
			d.Files = append(d.Files, path.Join(s.Name, f.Name))
		}
		d.Folders = append(d.Folders, s.Name)
	}
	return d
}
