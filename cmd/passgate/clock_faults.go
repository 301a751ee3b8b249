//go:build faults

package main

import (
	"encoding/binary"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// wallClock is the clock of a server whose clock a test steps while it runs:
// the file named by PASSGATE_FAULT_CLOCK holds, in 8 bytes of this machine's
// order, by how many milliseconds it is wrong. No release is built with it.
var wallClock = steppedClock(os.Getenv("PASSGATE_FAULT_CLOCK"))

func steppedClock(path string) func() time.Time {
	// A limit on the size of files stands for a full disk: without this the
	// signal would end the process before any write could fail.
	signal.Ignore(syscall.SIGXFSZ)
	if path == "" {
		return time.Now
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	shared, err := syscall.Mmap(int(file.Fd()), 0, binary.Size(int64(0)), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	wrong := (*int64)(unsafe.Pointer(&shared[0])) //nolint:gosec // a page is aligned
	return func() time.Time { return time.Now().Add(time.Duration(atomic.LoadInt64(wrong)) * time.Millisecond) }
}
