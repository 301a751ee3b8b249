//go:build linux || darwin

package gateway

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// DiskSpace tells how much room is left for this process on the disk of a folder, and
// how large the disk is, in bytes.
func DiskSpace(dir string) (free, size uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, fmt.Errorf("disk of %s: %w", dir, err)
	}
	block := blockSize(&st)
	return st.Bavail * block, st.Blocks * block, nil
}
