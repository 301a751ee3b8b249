package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	lockName      = ".lock"
	partialPrefix = ".passgate-part-"
	partialSuffix = ".partial"
	// archiveLock is the lock file of an archive, which is no part of it.
	archiveLock = "lock"
)

// lock keeps other backups out of a folder.
func lock(dir string) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		_ = file.Close()
		return nil, fmt.Errorf("%w in %s", ErrBusy, dir)
	case err != nil:
		_ = file.Close()
		return nil, fmt.Errorf("backup: lock %s: %w", dir, err)
	}
	return func() { _ = file.Close() }, nil
}

// removeLeftovers takes away what was left of backups that were cut off. The
// caller has the lock.
func removeLeftovers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), partialPrefix) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("backup: remove what an earlier one left: %w", err)
			}
		}
	}
	return nil
}

// prune removes the site's own backups in a folder whose time is over, and names
// them.
func prune(dir string, keys Keys, now time.Time) (removed []string, err error) {
	removed = []string{}
	index, err := keys.indexKey()
	if err != nil {
		return removed, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return removed, fmt.Errorf("backup: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !isName(e.Name()) {
			continue
		}
		m, err := ReadManifest(path)
		if err != nil || m.verify(index) != nil || !m.DestroyBy.Before(now) {
			continue // not ours, or not yet
		}
		gone := filepath.Join(dir, partialPrefix+e.Name()) // as a whole: the next one goes on if this is cut off
		if err := os.Rename(path, gone); err != nil {
			return removed, fmt.Errorf("backup: remove the one whose time is over: %w", err)
		}
		if err := os.RemoveAll(gone); err != nil {
			return removed, fmt.Errorf("backup: remove the one whose time is over: %w", err)
		}
		removed = append(removed, path)
	}
	return removed, nil
}

// createFile writes a file that only its owner reads, durably.
func createFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // below a folder of the operator
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	out := bufio.NewWriterSize(file, 1<<16)
	err = write(out)
	if err == nil {
		err = errors.Join(out.Flush(), file.Sync())
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func copyFile(ctx context.Context, from, to string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(from) //nolint:gosec // below a folder of the operator
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer in.Close()
	return createFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// syncTree makes the names in a folder and in those below it durable.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

func syncDir(dir string) error {
	folder, err := os.Open(dir) //nolint:gosec // a folder of the operator
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// filesOf lists the files below a folder with their checksums, by path.
func filesOf(ctx context.Context, dir string) ([]File, error) {
	files := []File{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		size, sum, err := sumOf(path)
		files = append(files, File{name, size, sum})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

func sumOf(path string) (int64, string, error) {
	file, err := os.Open(path) //nolint:gosec // below the backup's folder
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	return n, hex.EncodeToString(sum.Sum(nil)), err
}
