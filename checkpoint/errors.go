package checkpoint

import (
	"errors"
	"fmt"
)

// FieldError says which field of the input cannot be accepted and why. It is
// the caller's mistake: nothing was changed.
type FieldError struct {
	Field string // name as in the API
	Why   string // what was wrong and what to give instead
}

// Error joins field and reason.
func (e *FieldError) Error() string { return e.Field + ": " + e.Why }

// The errors that callers tell apart with errors.Is. A refused passage is
// never one of them: that is a result.
var (
	// ErrOtherContent: the same device, id and occurred_at came before with
	// other content.
	ErrOtherContent = errors.New("checkpoint: this scan was recorded before with other content")
	// ErrNotFound: no such person, site, gate, device or account.
	ErrNotFound = errors.New("checkpoint: not found")
	// ErrExists: the name is taken.
	ErrExists = errors.New("checkpoint: exists already")
	// ErrCrowded: more scans of one person at one millisecond than a person
	// can make.
	ErrCrowded = errors.New("checkpoint: too many scans of one person at one instant")
	// ErrUnavailable: Redis did not answer in time or is down. Whether a write
	// happened is unknown; repeating it is safe.
	ErrUnavailable = errors.New("checkpoint: the store is not available")
	// ErrFormat: what Redis holds was written by another version or for
	// another number of partitions.
	ErrFormat = errors.New("checkpoint: the store has another format")
)

// notFound names what is missing.
func notFound(what, id string) error {
	return fmt.Errorf("%w: %s %q", ErrNotFound, what, id)
}
