package archive

import (
	"context"
	"fmt"
	"path"
	"strings"

	"passgate/checkpoint"
)

// Damage is a file that is not what it was when it was written.
type Damage struct {
	File   string // path below the archive's folder
	Wrong  string // what is wrong with it
	Events int64  // that were read from it even so
	Listed int64  // events that it had when it was written
	Disk   bool   // the disk could not give the file: it may be good
}

// String names the file, what is wrong and what was lost.
func (d Damage) String() string {
	return fmt.Sprintf("%s: %s (%d of %d events read)", d.File, d.Wrong, d.Events, d.Listed)
}

// Read hands every good event of a UTC day to fn, in any order; an event that
// was archived twice comes twice. A damaged file is named: what lies before
// the damage, and behind a bad line, is read all the same, and so are the other
// files. An error is fn's, the context's, or that of an archive that cannot be
// read at all. Nothing is written meanwhile: fn must not call the Archive.
func (a *Archive) Read(ctx context.Context, day int64, fn func(*checkpoint.ScanEvent) error) (damaged []Damage, err error) {
	unlock, m, err := a.lockToRead(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return a.readShelves(ctx, m.ofDay(day), fn)
}

// readShelves reads every file of some shelves.
func (a *Archive) readShelves(ctx context.Context, shelves []*shelf, fn func(*checkpoint.ScanEvent) error) (damaged []Damage, err error) {
	for _, s := range shelves {
		for i := range s.Files {
			damage, err := a.readFile(ctx, s, &s.Files[i], fn)
			if err != nil {
				return damaged, err
			}
			if damage != nil {
				damaged = append(damaged, *damage)
			}
		}
	}
	return damaged, nil
}

// lockToRead keeps writers out and gives the manifest.
func (a *Archive) lockToRead(ctx context.Context) (unlock func(), m *manifest, err error) {
	if _, err := a.current(ctx); err != nil { // makes it anew if it has to
		return nil, nil, err
	}
	if unlock, err = a.lock(ctx, true); err != nil {
		return nil, nil, err
	}
	if m, err = a.readManifest(manifestName); err != nil {
		unlock()
		return nil, nil, fmt.Errorf("archive: %w", err)
	}
	return unlock, m, nil
}

// readFile reads a segment against what the manifest says of it.
func (a *Archive) readFile(ctx context.Context, s *shelf, listed *fileInfo, fn func(*checkpoint.ScanEvent) error) (*Damage, error) {
	r := segmentReader{day: s.day}
	name := path.Join(s.Name, listed.Name)
	if err := r.read(ctx, a.path(name), a.keyPath(s.Key), fn); err != nil {
		return nil, err
	}
	switch {
	case r.info.SHA256 == "": // missing, said already
	case r.disk == nil && r.info.SHA256 != listed.SHA256:
		r.wrong = append(r.wrong, "its checksum is not the manifest's")
	case len(r.wrong) == 0 && r.info.Events != listed.Events:
		r.wrong = append(r.wrong, "it has another number of events than the manifest says")
	}
	if len(r.wrong) == 0 {
		return nil, nil
	}
	return &Damage{name, strings.Join(r.wrong, "; "), r.info.Events, listed.Events, r.disk != nil}, nil
}
