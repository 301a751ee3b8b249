package office

import "fmt"

// Refusal says that something cannot be done as things are, in words for whoever
// asked. Code is a stable word of the API.
type Refusal struct {
	Code string
	Why  string // what is in the way, and what to do
}

// The codes of refusals.
const (
	CodeWrongState = "wrong_state" // the record is in another state
	CodeNotEnough  = "not_enough"  // less is there than is asked for
	CodeTooMany    = "too_many"    // more than is taken at once or in a day
	CodeNotYours   = "forbidden"   // it is somebody else's to do
)

// Error joins code and reason.
func (r *Refusal) Error() string { return r.Code + ": " + r.Why }

func refuse(code, format string, args ...any) error {
	return &Refusal{code, fmt.Sprintf(format, args...)}
}
