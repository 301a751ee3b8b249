package gateway

import "golang.org/x/sys/unix"

// blockSize is the unit in which statfs counts blocks; Bsize is that of transfers,
// which network file systems have larger.
func blockSize(st *unix.Statfs_t) uint64 {
	return uint64(st.Frsize) //nolint:gosec // never negative
}
