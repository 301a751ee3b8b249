package archive

import (
	"context"
	"path"
	"slices"

	"passgate/checkpoint"
)

// Segments are small where the archiver writes every few minutes, and where
// events come days late.
const (
	smallFile = 4 << 20 // a segment that is worth putting together with others
	mostSmall = 16      // of a shelf
)

// Compact puts the small segments of each day together where there are many. A
// damaged one is left as it is.
func (a *Archive) Compact(ctx context.Context) error {
	unlock, m, err := a.lockToWrite(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, s := range m.Shelves {
		var small []string
		for _, f := range s.Files {
			if f.Bytes < smallFile && !f.Damaged {
				small = append(small, f.Name)
			}
		}
		if len(small) < a.crowd {
			continue
		}
		if err := a.merge(ctx, m, s, small); err != nil {
			return err
		}
	}
	return nil
}

// merge writes segments of a shelf anew as one.
func (a *Archive) merge(ctx context.Context, m *manifest, s *shelf, names []string) error {
	var gone doomed
	w, err := a.addSegment(ctx, s, func(add func(*checkpoint.ScanEvent) error) error {
		for i := range s.Files {
			f := &s.Files[i]
			if !slices.Contains(names, f.Name) {
				continue
			}
			damage, err := a.readFile(ctx, s, f, add)
			if err != nil {
				return err
			}
			if damage != nil {
				a.notice("%v", damage)
				f.Damaged = true // what could be read of it is in both now, which does no harm
				continue
			}
			gone.Files = append(gone.Files, path.Join(s.Name, f.Name))
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.Files = slices.DeleteFunc(s.Files, func(f fileInfo) bool { return slices.Contains(gone.Files, path.Join(s.Name, f.Name)) })
	if err := a.remove(m, gone); err != nil {
		a.dropUnlisted(w)
		return err
	}
	return nil
}
