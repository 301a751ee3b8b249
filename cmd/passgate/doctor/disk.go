package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"passgate/gateway"
)

// Folder is a folder of the server and the disk that it is on.
type Folder struct {
	Name       string // data, journal or archive
	Path       string
	Free, Size uint64 // of the disk, bytes; Size 0: not known
	Kind       diskKind
	// Within: it is below the folder of data, of whose disk is told once.
	Within bool
	// Needs is the room that it may take yet, NeedsFor says what for; 0: not known.
	Needs    uint64
	NeedsFor string
}

// diskKind is what a file system is, as far as it matters.
type diskKind int

const (
	diskLocal diskKind = iota
	diskMemory
	diskNetwork
)

// LookAtFolder looks at the disk of a folder, or of where it would be made.
func LookAtFolder(name, path string) Folder {
	f := Folder{Name: name, Path: path}
	there := path
	for _, err := os.Stat(there); errors.Is(err, os.ErrNotExist) && filepath.Dir(there) != there; _, err = os.Stat(there) {
		there = filepath.Dir(there)
	}
	if free, size, err := gateway.DiskSpace(there); err == nil {
		f.Free, f.Size = free, size
	}
	f.Kind = kindOf(there)
	return f
}

// NeedRewrite counts on the room that a managed Redis takes when it writes its file
// anew beside the old one: at most what it has in memory.
func (d *Folder) NeedRewrite(s *RedisServer) {
	d.Needs, d.NeedsFor = uint64(max(s.number("used_memory"), 0)), "a rewrite of Redis' file"
}

// NeedJournal counts on what the journal may yet grow by.
func (d *Folder) NeedJournal(limit int64, j Journal) {
	d.Needs, d.NeedsFor = uint64(max(limit, 0)), "the journal (--journal-max)"
	d.Needs -= min(d.Needs, j.Bytes)
}

// NeedArchive counts on a day of events: as much as the largest day that is kept.
func (d *Folder) NeedArchive() {
	days, _ := os.ReadDir(d.Path) // none yet: nothing to go by
	for _, day := range days {
		if _, err := time.Parse(time.DateOnly, day.Name()); err != nil || !day.IsDir() {
			continue
		}
		var bytes uint64
		segments, _ := os.ReadDir(filepath.Join(d.Path, day.Name()))
		for _, segment := range segments {
			if info, err := segment.Info(); err == nil {
				bytes += uint64(info.Size())
			}
		}
		d.Needs, d.NeedsFor = max(d.Needs, bytes), "a day of events"
	}
}

// diskFull is the part of a disk that is kept free: that of the alert PassgateDiskFull.
const diskFull = 0.05

// Check judges a folder.
func (d *Folder) Check() []Finding {
	f := &findings{where: d.Path}
	switch {
	case d.Within:
	case d.Kind == diskMemory:
		f.add(Error, "disk-memory", fmt.Sprintf("the folder of %s is in memory (tmpfs)", d.Name), "at the next restart of the machine all of it is gone: what gates were told, and keys without which nothing can be read",
			"name a folder on a disk with "+d.flag())
	case d.Kind == diskNetwork:
		f.add(Warning, "disk-network", fmt.Sprintf("the folder of %s is on a network file system", d.Name), "each scan waits for it, its locks may not hold, and when the network fails gates lose what they would go on by",
			"name a folder on a disk of this machine with "+d.flag())
	}
	switch {
	case !d.Within && d.Size > 0 && float64(d.Free) < diskFull*float64(d.Size):
		f.add(Error, "disk-full", fmt.Sprintf("the disk of %s has %d MiB left, %.1f %%", d.Name, d.Free>>20, 100*float64(d.Free)/float64(d.Size)), "when it is full nothing can be recorded",
			"make room or enlarge it; see PassgateDiskFull in deploy/RUNBOOK.md")
	case d.Size > 0 && d.Free < d.Needs:
		f.add(Warning, "disk-room", fmt.Sprintf("the disk of %s has %d MiB left, and %s may take %d MiB", d.Name, d.Free>>20, d.NeedsFor, d.Needs>>20), "when it is full nothing can be recorded",
			"make room, enlarge it or name another folder with "+d.flag())
	}
	return f.all
}

// flag is the one by which the folder is chosen.
func (d *Folder) flag() string { return "--" + d.Name }
