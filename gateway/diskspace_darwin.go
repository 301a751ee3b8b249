package gateway

import "golang.org/x/sys/unix"

// blockSize is the unit in which statfs counts blocks.
func blockSize(st *unix.Statfs_t) uint64 { return uint64(st.Bsize) }
