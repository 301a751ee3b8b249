package loadtest

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// The runtime's timers are as coarse as a millisecond on an idle machine, which
// is more than many answers take. A thread that sleeps in the kernel wakes within
// some ten microseconds.

// sleeper has a thread of its own to sleep on. It is made and used in one
// goroutine.
func newSleeper() sleeper {
	runtime.LockOSThread() // for good: the thread ends with the goroutine, and its slack with it
	// Without it the kernel may be 50 µs late on purpose; nothing is lost if it
	// says no.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return sleeper{}
}

type sleeper struct{}

// sleep returns after d, or earlier.
func (sleeper) sleep(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&ts, nil) // an interrupted sleep is a shorter one
}
