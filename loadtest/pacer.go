package loadtest

import "time"

// Pacer says when sends are due. It is safe for concurrent use and gives the
// same answers however often and in whatever order it is asked.
type Pacer interface {
	// Due is how long after the start send n (from 0) is due, never before the
	// one before it; ok is false from the first send that is not made.
	Due(n int64) (after time.Duration, ok bool)
	// Length is how long the run lasts.
	Length() time.Duration
	// String is the pacer as a person would order it, such as "1000/s for 30s".
	String() string
}
