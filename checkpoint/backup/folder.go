package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// checkFolder refuses a folder of data that holds something.
func (r *restorer) checkFolder() error {
	entries, err := os.ReadDir(r.to.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %s is no folder: %w", ErrNotEmpty, r.to.Data, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == stageName || e.Name() == "lost+found" })
	if len(entries) == 0 {
		return nil
	}
	if at := archivedAt(filepath.Join(r.to.Data, archiveName)); !at.IsZero() {
		age := "older than this backup"
		if at.After(r.m.TakenAt) {
			age = "NEWER than this backup, which would lose what came after it"
		}
		return fmt.Errorf("%w: %s holds an archive of %s, %s: move the folder away if that is right", ErrNotEmpty, r.to.Data, at.Format(time.RFC3339), age)
	}
	var of struct{ Name string }
	text, err := os.ReadFile(filepath.Join(r.to.Data, restoredName))
	if err == nil && json.Unmarshal(text, &of) == nil && of.Name == r.m.Name {
		return fmt.Errorf("%w: %s was restored from this backup, or a restore was cut off at its end: empty it and restore again", ErrNotEmpty, r.to.Data)
	}
	return fmt.Errorf("%w: %s holds %q: name another --data, or move it away", ErrNotEmpty, r.to.Data, entries[0].Name())
}

// archivedAt is when an archive was last written, zero if there is none.
func archivedAt(dir string) time.Time {
	var file struct {
		Manifest struct {
			At time.Time `json:"at"`
		} `json:"manifest"`
	}
	text, err := os.ReadFile(filepath.Join(dir, manifestName)) //nolint:gosec // the operator's folder
	if err != nil || json.Unmarshal(text, &file) != nil {
		return time.Time{}
	}
	return file.Manifest.At
}

// prepare makes what the folder of data will hold.
func (r *restorer) prepare(ctx context.Context) error {
	_, err := os.Stat(r.to.Data)
	r.fresh = errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(r.to.Data, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.RemoveAll(r.stage); err != nil { // of a restore that was cut off
		return fmt.Errorf("backup: remove what an earlier restore left: %w", err)
	}
	if err := os.Mkdir(r.stage, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	err = r.keys.write(filepath.Join(r.stage, keyDirName))
	for _, part := range []string{archiveName, auditName} {
		if err == nil {
			err = r.copyTo(ctx, part, filepath.Join(r.stage, part))
		}
	}
	if err == nil {
		err = createFile(filepath.Join(r.stage, restoredName), func(w io.Writer) error {
			return json.NewEncoder(w).Encode(map[string]any{"name": r.m.Name, "site": r.m.Site, "taken_at": r.m.TakenAt, "restored_at": time.Now().UTC()})
		})
	}
	if err != nil {
		r.discard()
	}
	return err
}

// discard takes away what was made in the folder of data.
func (r *restorer) discard() {
	_ = os.RemoveAll(r.stage)
	for _, name := range r.placed {
		_ = os.RemoveAll(filepath.Join(r.to.Data, name))
	}
	if r.fresh {
		_ = os.Remove(r.to.Data) // stays if there is something in it
	}
}

// data is where the files lie at the moment.
func (r *restorer) data() string {
	if len(r.placed) > 0 {
		return r.to.Data
	}
	return r.stage
}

// place moves the files from the stage to their place, the keys and what says
// that all are there last.
func (r *restorer) place() error {
	if err := syncTree(r.stage); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	entries, err := os.ReadDir(r.stage)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != keyDirName && e.Name() != restoredName {
			names = append(names, e.Name())
		}
	}
	for _, name := range append(names, keyDirName, restoredName) {
		if err := os.Rename(filepath.Join(r.stage, name), filepath.Join(r.to.Data, name)); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		r.placed = append(r.placed, name)
	}
	if err := os.Remove(r.stage); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(syncDir(r.to.Data), syncDir(filepath.Dir(filepath.Clean(r.to.Data))))
}
