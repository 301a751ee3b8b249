// Package alarm tells whoever answers for a place that something needs them now.
package alarm

// Alarm says that something needs somebody.
type Alarm struct {
	Kind Kind
	Node string // of the grid: where it is, and so who is told first
	// Key is what it is about. While an alarm of this kind and key is open, raising
	// it again changes nothing.
	Key    string
	Person uint64 // whom it is about, 0: nobody
	Ref    string // the record behind it: "fever/ID", "observation/ID", "event/ID"
	At     int64  // UTC ms: since when
}
