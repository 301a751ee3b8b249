// Package alarm tells whoever answers for a place that something needs them now.
//
// # One alarm
//
// A Book holds the alarms of a town, each a checkpoint.Matter named by its kind and
// by what it is about: the same cause is one alarm while that is open. Sources say
// what deserves one (Source.Due); events of gates that somebody should look at do so
// by themselves. An alarm is first told to the head of its node, or the nearest
// above. Until somebody acknowledges it the next head above is told, after 10
// minutes (urgent) or two hours (today), up to the town's, who is reminded at a
// bounded rate. It is closed by hand, or by itself when its source does not list it
// any more; the cause that comes back later opens it again as its next generation.
//
// # One message
//
// A Channel is where others are told: a webhook, or the robot of a group chat. Each
// has, for each level, a row of digests: the first goes out at once, what comes then
// is gathered, longer while more comes (digest.go). An alarm that is told is in
// exactly one digest of each channel that it concerns, once more for each step up the
// grid; after a crash between two writes it may be in a second one. Digests lie in
// Redis until they are delivered; the receiver may get one twice, under the same ID.
// What leaves the house has no personal data: kinds, places, counts and, to
// webhooks, the IDs of alarms.
//
// # One process
//
// Duty does all this, in one process at a time. Each write is made only if the
// record is still as it was read, so that a process which has lost its turn without
// knowing changes and sends nothing.
package alarm

import (
	"errors"

	"passgate/checkpoint"
)

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
	// Hidden are the numbers of the staff that it is about: they are neither told nor
	// shown it.
	Hidden []uint32
}

// The kinds of matters that this package keeps.
const (
	matterAlarm   checkpoint.MatterKind = "alarm"
	matterChannel checkpoint.MatterKind = "channel"
	matterStream  checkpoint.MatterKind = "alarm_stream" // where a channel's digests of a level are
	matterMessage checkpoint.MatterKind = "message"
)

// State of an alarm.
type State string

// The states.
const (
	Open   State = "open"
	Acked  State = "acked" // somebody sees to it
	Closed State = "closed"
)

// Errors of this package, beside those of checkpoint.
var (
	// ErrClosed says that an alarm is closed already.
	ErrClosed = errors.New("alarm: it is closed already")
	// errNothing ends a change that has nothing to do.
	errNothing = errors.New("alarm: nothing to do")
)

// Entry is an alarm as it stands.
type Entry struct {
	Alarm
	ID         checkpoint.MatterID
	State      State
	Generation int // how often this cause came back
	Count      int // how often it was raised in this generation
	Calls      int // how often somebody was told
	Told       string
	Owner      uint32 // number of the head who is told, then of who acknowledged it
	OpenedAt   int64  // UTC ms
	DueAt      int64  // UTC ms: when the next one above is told; 0: nobody is any more
	ClosedAt   int64  // UTC ms, 0 while it is open
	Steps      []checkpoint.MatterStep
}

// record is what an alarm's matter keeps beside its own fields.
type record struct {
	Kind       Kind     `json:"k"`
	Key        string   `json:"y"`
	Ref        string   `json:"r,omitempty"`
	At         int64    `json:"a"`
	Last       int64    `json:"l,omitempty"` // the latest At
	Hidden     []uint32 `json:"h,omitempty"`
	Source     string   `json:"s,omitempty"` // that closes it when it lists it no more; "": nobody does
	Generation int      `json:"g,omitempty"`
	Count      int      `json:"c"`
	Told       string   `json:"t"`           // node whose head is told
	Calls      int      `json:"n,omitempty"` // told so often
	QuietUntil int64    `json:"q,omitempty"` // closed by hand: the same cause is not raised before
}

// idOf names the alarm of a cause.
func idOf(kind Kind, key string) checkpoint.MatterID {
	return checkpoint.NewMatterID(matterAlarm, string(kind)+"\x00"+key)
}

func entryOf(m *checkpoint.Matter) (Entry, error) {
	var r record
	if err := m.Get(&r); err != nil {
		return Entry{}, err
	}
	state := State(m.State)
	if !m.Open() {
		state = Closed // of a person who was erased, too
	}
	return Entry{
		Alarm: Alarm{Kind: r.Kind, Node: m.Node, Key: r.Key, Person: m.Person, Ref: r.Ref, At: r.At, Hidden: r.Hidden},
		ID:    m.ID, State: state, Generation: r.Generation, Count: r.Count, Calls: r.Calls, Told: r.Told, Owner: m.Owner,
		OpenedAt: m.OpenedAt, DueAt: m.DueAt, ClosedAt: m.ClosedAt, Steps: m.Steps,
	}, nil
}
