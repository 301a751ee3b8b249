package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tempMark is in the name of a file that is not complete yet.
const tempMark = ".tmp"

// writeFile puts a file under its name when all of it is on the disk, and not
// at all otherwise.
func writeFile(path string, content []byte) error {
	temp := path + tempMark
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("archive: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// makeDir makes a folder that only its owner reads, and its name durable.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return syncDir(filepath.Dir(dir))
}

// destroyFile overwrites a file before it removes it. What a disk or a file
// system that copies on write keeps of the old content is beyond it.
func destroyFile(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("archive: destroy a key: %w", err)
	}
	info, err := file.Stat()
	if err == nil {
		_, err = file.Write([]byte(strings.Repeat("#", int(info.Size()))))
	}
	if err = errors.Join(err, file.Sync(), file.Close(), os.Remove(path)); err != nil {
		return fmt.Errorf("archive: destroy a key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// removeFile removes a file that may be gone already.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// lockToWrite keeps everybody else out and gives the manifest, made anew if it
// has to.
func (a *Archive) lockToWrite(ctx context.Context) (unlock func(), m *manifest, err error) {
	if unlock, err = a.lock(ctx, false); err != nil {
		return nil, nil, err
	}
	if m, err = a.load(ctx); err != nil {
		unlock()
		return nil, nil, err
	}
	return unlock, m, nil
}

const lockRetry = 10 * time.Millisecond

// lock keeps others, in this process or another, from writing (shared) or from
// reading and writing until the returned function is called.
func (a *Archive) lock(ctx context.Context, shared bool) (unlock func(), err error) {
	file, err := os.OpenFile(filepath.Join(a.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("archive: lock %s: %w", a.dir, err)
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, fmt.Errorf("archive: another process works on %s: %w", a.dir, ctx.Err())
		case <-time.After(lockRetry):
		}
	}
}
