package backup

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk is a disk that holds 64 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "small")
	must(t, os.Mkdir(dir, 0o700))
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Skipf("a disk of its own takes root: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// TestAFullDiskLeavesNothing: in the folder of backups, where the copy lies for
// a while, and where it is restored to.
func TestAFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testAddrs, 1000)
	w.pass(1)
	full := smallDisk(t)
	empty := func() {
		t.Helper()
		entries, err := os.ReadDir(full)
		must(t, err)
		for _, e := range entries {
			if e.Name() != lockName {
				t.Errorf("left: %s", e.Name())
			}
		}
	}
	for _, place := range []func(*Options) *string{
		func(o *Options) *string { return &o.Dir }, func(o *Options) *string { return &o.Temp },
	} {
		opt := w.options()
		*place(&opt) = full
		if _, err := Create(t.Context(), w.source(nil), opt); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("on a full disk: %v", err)
		}
		empty()
	}
	taken := w.backup()
	must(t, os.Remove(filepath.Join(full, lockName)))
	to := w.target(newRedis(t))
	to.Data = filepath.Join(full, "data")
	must(t, os.WriteFile(filepath.Join(full, lockName), make([]byte, 60<<10), 0o600))
	if _, err := Restore(t.Context(), taken.Dir, to, w.restoring()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("restored to a full disk: %v", err)
	}
	empty()
}
