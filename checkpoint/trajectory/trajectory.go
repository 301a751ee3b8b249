package trajectory

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// DefaultMaxStay ends a stay whose exit is missing when Rules set nothing else.
const DefaultMaxStay = 24 * time.Hour

// Directions of an Event.
const (
	In  byte = 'i'
	Out byte = 'o'
)

// Event is one scan of the person at a gate.
type Event struct {
	// At is when it happened, RecordedAt when the server got it; UTC in ms.
	At, RecordedAt int64
	// ID orders events of the same instant; At and ID together name the event.
	ID uint64
	// Site and Gate are where it happened.
	Site, Gate uint32
	// Device is what recorded it; 0 if that is not known.
	Device uint32
	// Direction is In or Out.
	Direction byte
	// Accepted says that the decision let the person through.
	Accepted bool
	// Flags are the caller's marks; see Rules.
	Flags uint32
}

// Stay is one presence at one site, the half-open span [From, To).
type Stay struct {
	// Site is where the person was.
	Site uint32
	// EntryGate and ExitGate are the gates passed; 0 when that end was not seen.
	EntryGate, ExitGate uint32
	// From and To are UTC in ms; To is asOf when Open.
	From, To int64
	// Open says that the person is still inside at asOf.
	Open bool
	// Inferred says that a rule, not an event, set To, or From when
	// UnknownStart is set too.
	Inferred bool
	// UnknownStart says that no entry was seen; From is the first exit. It
	// equals To but where the first exit was refused and another followed.
	UnknownStart bool
	// Reentry says that the person entered while already inside this site.
	Reentry bool
	// Late says that an event of the stay was uploaded after the fact.
	Late bool
	// Conflict says that what is recorded of the stay is in doubt.
	Conflict bool
	// Why names the rules that set these marks; 0 if it took none.
	Why Why
	// Flags holds every flag that any event of the stay has.
	Flags uint32
	// Events are indexes into Order(events): the entry and the exits.
	Events []int
}

// Rules say how missing exits are dealt with.
type Rules struct {
	// MaxStay ends a stay whose exit is missing; 0 means DefaultMaxStay, a
	// negative duration means no limit.
	MaxStay time.Duration
	// MaxStayOf, if not nil, replaces MaxStay for a stay at a site begun at from
	// (UTC ms); 0 or less means no limit. The same question must always get the
	// same answer.
	MaxStayOf func(site uint32, from int64) time.Duration
	// LongestOf, if not nil, is no less than any answer of MaxStayOf for the
	// site, whenever the stay began; 0 or less if there is one without a limit.
	// Callers take it to know how far back to read; Fold does not.
	LongestOf func(site uint32) time.Duration
	// ConflictFlags are the bits of Event.Flags that mark an event whose
	// recorded answer is disputed, LateFlags one uploaded after the fact.
	ConflictFlags, LateFlags uint32
}

// limit gives the latest instant a stay begun at from may last to without a
// seen exit; ok is false when there is none.
func (r Rules) limit(site uint32, from int64) (end int64, ok bool) {
	d := r.MaxStay
	switch {
	case r.MaxStayOf != nil:
		d = r.MaxStayOf(site, from)
	case d == 0:
		d = DefaultMaxStay
	}
	if d <= 0 {
		return 0, false
	}
	if ms := d.Milliseconds(); from <= math.MaxInt64-ms {
		return from + ms, true
	}
	return 0, false
}

// Order gives a sorted copy of the events in which each event stands once. It
// is what Stay.Events index.
func Order(events []Event) []Event {
	ordered := slices.Clone(events)
	slices.SortFunc(ordered, compare)
	return slices.CompactFunc(ordered, func(a, b Event) bool {
		return a.At == b.At && a.ID == b.ID
	})
}

// compare is a total order, so that the result does not depend on the order of
// arrival even where two events share At and ID: first the one recorded first.
func compare(a, b Event) int {
	if c := cmp.Compare(a.At, b.At); c != 0 { // nearly always
		return c
	}
	return cmp.Or(
		cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.RecordedAt, b.RecordedAt),
		cmp.Compare(a.Site, b.Site),
		cmp.Compare(a.Gate, b.Gate),
		cmp.Compare(a.Device, b.Device),
		cmp.Compare(a.Direction, b.Direction),
		compareBool(a.Accepted, b.Accepted),
		cmp.Compare(a.Flags, b.Flags),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// Fold gives the person's stays as of a moment (UTC in ms), by the rules of the
// package comment. The events may come in any order and repeatedly; they are
// not changed.
func Fold(events []Event, asOf int64, rules Rules) []Stay {
	return fold(Order(events), asOf, rules)
}

// fold walks events that are in order and distinct.
func fold(ordered []Event, asOf int64, rules Rules) []Stay {
	known := ordered
	for len(known) > 0 && known[len(known)-1].At > asOf {
		known = known[:len(known)-1]
	}
	f := folder{rules: rules, doubts: doubts(known, rules)}
	for i := range known {
		switch e := &known[i]; {
		case e.entry():
			f.enter(i, e)
		case e.exit():
			f.exit(i, e)
		}
	}
	f.finish(asOf)
	return f.stays
}

// entry and exit are what the events of stays are; all others are attempts.
func (e *Event) entry() bool { return e.Direction == In && e.Accepted }
func (e *Event) exit() bool  { return e.Direction == Out }
