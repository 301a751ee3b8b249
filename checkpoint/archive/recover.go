package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// rebuild makes a manifest that is missing or damaged anew from the files. What
// only a manifest knows, how far the logs are archived, comes from the one
// before if that is good; otherwise the logs are read from their beginning.
func (a *Archive) rebuild(ctx context.Context, why error) (*manifest, error) {
	shelves, err := a.shelfNames()
	if err != nil {
		return nil, err
	}
	m, lost := a.readManifest(previousName)
	fresh := errors.Is(why, fs.ErrNotExist) && errors.Is(lost, fs.ErrNotExist) && len(shelves) == 0
	switch {
	case fresh:
		m = newManifest()
	case errors.Is(why, fs.ErrNotExist):
		why = errors.New("archive: the manifest is missing")
	}
	if !fresh {
		from := "from the one before"
		if lost != nil {
			m, from = newManifest(), "from the files alone; the logs are read from their beginning, and what is archived twice does no harm"
		}
		a.notice("%v: it was made anew %s", why, from)
	}
	if err := a.tidy(ctx, m); err != nil {
		return nil, err
	}
	return m, a.commit(m)
}

// tidy brings the manifest and the folder together after a crash: what was not
// complete is removed, complete segments that are not listed are taken in, and
// what is listed and gone is named. The caller has the lock for itself.
func (a *Archive) tidy(ctx context.Context, m *manifest) error {
	if err := a.finishRemoval(m); err != nil {
		return err
	}
	names, err := a.shelfNames()
	if err != nil {
		return err
	}
	changed := false
	for _, name := range names {
		taken, err := a.tidyShelf(ctx, m, name)
		if err != nil {
			return err
		}
		changed = changed || taken
	}
	for _, s := range m.Shelves {
		for _, f := range s.Files {
			if !exists(a.path(path.Join(s.Name, f.Name))) {
				a.notice("%s/%s with %d events is missing", s.Name, f.Name, f.Events)
			}
		}
	}
	if !changed {
		return nil
	}
	return a.commit(m)
}

// shelfNames lists the folders that are shelves by their name.
func (a *Archive) shelfNames() (names []string, err error) {
	for _, parent := range []string{"", evidenceName} {
		entries, err := os.ReadDir(a.path(parent))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
		for _, entry := range entries {
			name := path.Join(parent, entry.Name())
			if _, _, ok := parseShelf(name); ok && entry.IsDir() {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// tidyShelf looks at one folder and tells whether the manifest has changed.
func (a *Archive) tidyShelf(ctx context.Context, m *manifest, name string) (changed bool, err error) {
	entries, err := os.ReadDir(a.path(name))
	if err != nil {
		return false, fmt.Errorf("archive: %w", err)
	}
	for _, entry := range entries {
		n, ok := parseSegment(entry.Name())
		switch {
		case strings.HasSuffix(entry.Name(), tempMark):
			if err := removeFile(a.path(path.Join(name, entry.Name()))); err != nil {
				return changed, err
			}
		case !ok:
			a.notice("%s/%s is no file of an archive and is left alone", name, entry.Name())
		case !m.lists(name, entry.Name()):
			if err := a.takeIn(ctx, m, name, n); err != nil {
				return changed, err
			}
			changed = true
		}
	}
	if m.shelf(name) == nil {
		_ = os.Remove(a.path(name)) // stays if there is something in it
	}
	return changed, nil
}

func (m *manifest) lists(shelf, file string) bool {
	s := m.shelf(shelf)
	return s != nil && slices.ContainsFunc(s.Files, func(f fileInfo) bool { return f.Name == file })
}

// takeIn lists a segment that the manifest does not know, with what can be
// found out about it. A damaged one is listed, too, so that reading names it.
func (a *Archive) takeIn(ctx context.Context, m *manifest, name string, n int) error {
	s := m.put(name)
	r := segmentReader{day: s.day}
	r.info.Name = segmentName(n)
	file := a.path(path.Join(name, r.info.Name))
	if err := r.read(ctx, file, a.keyPath(s.Key), func(*checkpoint.ScanEvent) error { return nil }); err != nil {
		return err
	}
	s.Files = append(s.Files, r.info)
	s.Next = max(s.Next, n+1)
	state := "is good"
	if len(r.wrong) > 0 {
		state = "is damaged: " + strings.Join(r.wrong, "; ")
	}
	a.notice("%s/%s was not in the manifest and was taken in; it %s (%d events)", name, r.info.Name, state, r.info.Events)
	return nil
}
