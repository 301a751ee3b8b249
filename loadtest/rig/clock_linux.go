package rig

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// processClock reads the CPU clock of a process, of all its threads since its
// start: exact where /proc has steps of 10 ms. Its ID is made as
// clock_getcpuclockid(3) makes it.
func processClock(pid int) (time.Duration, error) {
	const scheduled = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil { //nolint:gosec // process numbers are below 2^22
		return 0, fmt.Errorf("rig: CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// ThreadCPU is what the calling thread has used. The goroutine must be locked to it.
func ThreadCPU() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("rig: CPU clock of this thread: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
