//go:build !linux

package rig

import (
	"errors"
	"time"
)

var errNoClock = errors.New("rig: what a process used is known on Linux only")

func processClock(int) (time.Duration, error) { return 0, errNoClock }

// ThreadCPU is what the calling thread has used. The goroutine must be locked to it.
func ThreadCPU() (time.Duration, error) { return 0, errNoClock }
