package archive

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// Copy copies the archive into the folder to, which must not exist, without its
// keys. Nobody writes into the archive from the first file on until then has
// returned: what then sees of the logs has every entry that the copy has not.
// tick is told of the bytes copied. Files that are damaged are copied as they are.
func (a *Archive) Copy(ctx context.Context, to string, tick func(int64), then func() error) error {
	unlock, m, err := a.lockToRead(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	names := []string{manifestName}
	for _, s := range m.Shelves {
		if err := makeDir(filepath.Join(to, filepath.FromSlash(s.Name))); err != nil {
			return err
		}
		for _, f := range s.Files {
			if exists(a.path(path.Join(s.Name, f.Name))) {
				names = append(names, path.Join(s.Name, f.Name))
			}
		}
	}
	for _, name := range names {
		if err := copyFile(ctx, a.path(name), filepath.Join(to, filepath.FromSlash(name)), tick); err != nil {
			return err
		}
	}
	return then()
}

// copyFile copies a file durably.
func copyFile(ctx context.Context, from, to string, tick func(int64)) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("archive: copy: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("archive: copy: %w", err)
	}
	defer out.Close()
	n, err := io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if err != nil {
		return fmt.Errorf("archive: copy: %w", err)
	}
	tick(n)
	return nil
}
