//go:build !linux

package loadtest

import "time"

type sleeper struct{}

func newSleeper() sleeper { return sleeper{} }

// sleep returns after d.
func (sleeper) sleep(d time.Duration) { time.Sleep(d) }
