package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"passgate/checkpoint/backup"
)

// Backups are those in a folder.
type Backups struct {
	Path   string
	Err    error            // the folder cannot be read
	Newest *backup.Manifest // nil if there is none
	Now    time.Time
}

// LookAtBackups looks at the manifests in a folder; they are not verified.
func LookAtBackups(path string, now time.Time) Backups {
	b := Backups{Path: path, Now: now}
	entries, err := os.ReadDir(path)
	if err != nil {
		b.Err = err
		return b
	}
	for _, e := range entries {
		m, err := backup.ReadManifest(filepath.Join(path, e.Name()))
		if err == nil && (b.Newest == nil || m.TakenAt.After(b.Newest.TakenAt)) {
			b.Newest = m
		}
	}
	return b
}

// Check judges backups.
func (b *Backups) Check() []Finding {
	f := &findings{where: b.Path}
	const lost = "when this disk or machine is lost, so are all people and passages"
	const again = "passgate backup DIR --recipient age1…, daily: deploy/systemd/passgate-backup.timer"
	switch {
	case b.Err != nil:
		f.add(Error, "backup-none", "the folder of backups cannot be read: "+b.Err.Error(), lost, again)
	case b.Newest == nil:
		f.add(Error, "backup-none", "there is no complete backup", lost, again)
	case b.Now.After(b.Newest.DestroyBy):
		f.add(Warning, "backup-old", fmt.Sprintf("the newest backup is of %s and was to be destroyed by %s", b.Newest.TakenAt.Format(time.RFC3339), b.Newest.DestroyBy.Format(time.RFC3339)),
			"whatever came after it is lost with this machine, and people's movements are kept for longer than they may be", again)
	}
	return f.all
}
