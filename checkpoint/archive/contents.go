package archive

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// Contents is what an archive says of itself.
type Contents struct {
	Name      string // of the archive, random
	Written   time.Time
	Holdings  []Holding // by day
	Destroyed []Destruction
	Gaps      []Gap
}

// Holding is what there is of one day.
type Holding struct {
	Day         int64 // UTC day
	Evidence    bool  // what is still needed of a day that was destroyed
	Files       int
	Bytes       int64
	Events      int64 // an event that was archived twice counts twice
	First, Last int64 // occurred_at, UTC ms
	NoKey       bool  // nobody can read it: the key is gone
}

// Destruction is the end of a day.
type Destruction struct {
	Day int64
	At  time.Time
}

// Contents reads the manifest, and looks for the keys.
func (a *Archive) Contents(ctx context.Context) (Contents, error) {
	m, err := a.current(ctx)
	if err != nil {
		return Contents{}, err
	}
	c := Contents{Name: m.Archive, Written: m.At, Gaps: m.Gaps}
	for _, s := range m.Shelves {
		h := Holding{Day: s.day, Evidence: strings.HasPrefix(s.Name, evidenceName), Files: len(s.Files)}
		_, err := loadKey(a.keyPath(s.Key))
		h.NoKey = errors.Is(err, errNoKey)
		for i, f := range s.Files {
			h.Bytes += f.Bytes
			h.Events += f.Events
			if i == 0 || f.First < h.First {
				h.First = f.First
			}
			h.Last = max(h.Last, f.Last)
		}
		c.Holdings = append(c.Holdings, h)
	}
	slices.SortStableFunc(c.Holdings, func(x, y Holding) int { return int(x.Day - y.Day) })
	for _, d := range m.Destroyed {
		day, err := ParseDay(d.Day)
		if err != nil {
			return c, err
		}
		c.Destroyed = append(c.Destroyed, Destruction{day, d.At})
	}
	return c, nil
}

// Covers tells whether the archive has all that was cut off a partition's log:
// it read the log from its beginning, and nothing was missing. False also if the
// manifest cannot be read.
func (a *Archive) Covers(part int) bool {
	m, err := a.readManifest(manifestName)
	if err != nil {
		return false
	}
	_, read := m.Logs[part]
	return read && !slices.ContainsFunc(m.Gaps, func(g Gap) bool { return g.Partition == part })
}

// Checked is a file that Verify has read.
type Checked struct {
	File   string
	Events int64   // good ones
	Damage *Damage // nil if it is as it was written
}

// Verify reads every file, compares it with the manifest and hands what it found
// to fn, file by file. Days that are destroyed meanwhile are left out.
func (a *Archive) Verify(ctx context.Context, fn func(Checked) error) error {
	m, err := a.current(ctx)
	if err != nil {
		return err
	}
	slices.SortStableFunc(m.Shelves, func(x, y *shelf) int { return int(x.day - y.day) })
	for _, s := range m.Shelves {
		if err := a.verifyShelf(ctx, s.Name, fn); err != nil {
			return err
		}
	}
	return nil
}

// verifyShelf keeps writers out for no longer than one day takes.
func (a *Archive) verifyShelf(ctx context.Context, name string, fn func(Checked) error) error {
	unlock, m, err := a.lockToRead(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s := m.shelf(name)
	if s == nil {
		return nil
	}
	for i := range s.Files {
		c := Checked{File: path.Join(s.Name, s.Files[i].Name)}
		c.Damage, err = a.readFile(ctx, s, &s.Files[i], func(*checkpoint.ScanEvent) error { c.Events++; return nil })
		if err != nil {
			return err
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}
