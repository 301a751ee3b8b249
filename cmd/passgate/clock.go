//go:build !faults

package main

import "time"

// wallClock is the clock that serve goes by.
var wallClock = time.Now
