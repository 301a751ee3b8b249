package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
)

// Expect is what whoever restores knows of the backup.
type Expect struct {
	// Site is the ID that it must have, "" if any.
	Site string
	// Keys are secrets that the target has already; the backup's must be the same.
	Keys Keys
	// Late lets one be restored whose time is over.
	Late bool
}

// checked is a backup that was read from its first byte to its last and found as
// it was written.
type checked struct {
	dir        string
	m          *Manifest
	keys       Keys
	identities []age.Identity
}

// check reads a whole backup. Errors: ErrNotOne, ErrVersion, ErrIdentity,
// ErrTampered, ErrOtherSite, ErrLate.
func check(ctx context.Context, dir string, identities []age.Identity, expect Expect, show func(Progress)) (*checked, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	b := &checked{dir: dir, m: m, identities: identities}
	if b.keys, err = b.readKeys(); err != nil {
		return nil, err
	}
	index, err := b.keys.indexKey()
	if err != nil {
		return nil, broken(err)
	}
	if err := b.expected(expect, index); err != nil {
		return nil, err
	}
	if err := m.verify(index); err != nil {
		return nil, err
	}
	if !expect.Late && m.DestroyBy.Before(time.Now()) {
		return nil, fmt.Errorf("%w: it was to be destroyed by %s, and people in it may have been erased since: take a newer one, or say --late",
			ErrLate, m.DestroyBy.Format(time.RFC3339))
	}
	if err := b.checkFiles(ctx, show); err != nil {
		return nil, err
	}
	return b, b.checkRecords(ctx, show)
}

// expected compares the backup with what is known of its site.
func (b *checked) expected(expect Expect, index []byte) error {
	site := SiteID(index)
	if expect.Site != "" && expect.Site != site {
		return fmt.Errorf("%w: it is of site %s, not of %.40s", ErrOtherSite, site, expect.Site)
	}
	for name, key := range expect.Keys {
		if string(b.keys[name]) != string(key) {
			return fmt.Errorf("%w (%s): its %s is not the one that is set here", ErrOtherSite, site, name)
		}
	}
	return nil
}

func (b *checked) open(name string) (*os.File, error) {
	file, err := os.Open(filepath.Join(b.dir, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s is missing", ErrTampered, name)
	}
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return file, nil
}

func (b *checked) readKeys() (Keys, error) {
	file, err := b.open(keysName)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	keys, err := readKeys(file, b.identities)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keysName, err)
	}
	return keys, nil
}

// checkFiles compares every file with the manifest, and looks for others.
func (b *checked) checkFiles(ctx context.Context, show func(Progress)) error {
	listed := map[string]bool{}
	at := Progress{What: "checking files"}
	for _, f := range b.m.Files {
		listed[f.Path] = true
		at.Total += f.Bytes
	}
	for _, name := range []string{keysName, recordsName} {
		if !listed[name] {
			return fmt.Errorf("%w: %s is not listed", ErrTampered, name)
		}
	}
	for _, f := range b.m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		file, err := b.open(f.Path)
		if err != nil {
			return err
		}
		_ = file.Close()
		size, sum, err := sumOf(file.Name())
		switch {
		case err != nil:
			return fmt.Errorf("backup: %w", err)
		case size != f.Bytes:
			return fmt.Errorf("%w: %s has %d bytes, it had %d", ErrTampered, f.Path, size, f.Bytes)
		case sum != f.SHA256:
			return fmt.Errorf("%w: %s has other bytes than it had", ErrTampered, f.Path)
		}
		at.Done += size
		show(at)
	}
	return nil
}

// checkRecords reads the keys of the store to the end.
func (b *checked) checkRecords(ctx context.Context, show func(Progress)) error {
	return b.eachRecord(ctx, "checking keys", show, func([]record) error { return nil })
}

// eachRecord hands the keys of the store to fn, some at a time.
func (b *checked) eachRecord(ctx context.Context, what string, show func(Progress), fn func([]record) error) error {
	file, err := b.open(recordsName)
	if err != nil {
		return err
	}
	defer file.Close()
	at := Progress{What: what, Total: b.m.Keys}
	count, err := readRecords(file, b.identities, func(some []record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		at.Done += int64(len(some))
		show(at)
		return fn(some)
	})
	if err == nil && count != b.m.Keys {
		err = fmt.Errorf("%w: %d keys, the manifest says %d", ErrTampered, count, b.m.Keys)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", recordsName, err)
	}
	return nil
}

// copyTo writes the files of one part of the backup into a folder.
func (b *checked) copyTo(ctx context.Context, part, to string) error {
	for _, f := range b.m.Files {
		name, ok := cutPart(f.Path, part)
		if !ok {
			continue
		}
		path := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		file, err := b.open(f.Path)
		if err != nil {
			return err
		}
		err = createFile(path, func(w io.Writer) error {
			_, err := io.Copy(w, file)
			return err
		})
		_ = file.Close()
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func cutPart(path, part string) (string, bool) {
	if len(path) <= len(part)+1 || path[:len(part)] != part || path[len(part)] != '/' {
		return "", false
	}
	return path[len(part)+1:], true
}
