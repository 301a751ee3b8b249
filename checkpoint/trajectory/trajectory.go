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
	// Direction is In or Out.
	Direction byte
	// Accepted says that the decision let the person through. It matters for
	// In only.
	Accepted bool
	// Flags are the caller's marks; see Rules.ConflictFlags.
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
	// UnknownStart says that only the exit was seen; From equals To.
	UnknownStart bool
	// Reentry says that the person entered while already inside this site.
	Reentry bool
	// Conflict says that an event of the stay has one of Rules.ConflictFlags.
	Conflict bool
	// Flags holds every flag that any event of the stay has.
	Flags uint32
	// Events are indexes into Order(events): the entry, the exit, or both.
	Events []int
}

// Rules say how missing exits are dealt with.
type Rules struct {
	// MaxStay ends a stay whose exit is missing; 0 means DefaultMaxStay, a
	// negative duration means no limit.
	MaxStay time.Duration
	// MaxStayOf, if not nil, replaces MaxStay site by site; 0 or less means no
	// limit. It must give the same answer for the same site.
	MaxStayOf func(site uint32) time.Duration
	// ConflictFlags are the bits of Event.Flags that mark an event whose
	// recorded answer is disputed.
	ConflictFlags uint32
}

// limit gives the latest instant a stay begun at from may last to without a
// seen exit; ok is false when there is none.
func (r Rules) limit(site uint32, from int64) (end int64, ok bool) {
	d := r.MaxStay
	switch {
	case r.MaxStayOf != nil:
		d = r.MaxStayOf(site)
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
// is what Stay.Events and Attempts index.
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
	return cmp.Or(
		cmp.Compare(a.At, b.At),
		cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.RecordedAt, b.RecordedAt),
		cmp.Compare(a.Site, b.Site),
		cmp.Compare(a.Gate, b.Gate),
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
	f := folder{rules: rules}
	for i, e := range ordered {
		if e.At > asOf {
			break
		}
		switch {
		case e.Direction == In && e.Accepted:
			f.enter(i, e)
		case e.Direction == Out:
			f.exit(i, e)
		}
	}
	f.finish(asOf)
	return f.stays
}

// Attempts gives the denied entries up to a moment (UTC in ms), as indexes into
// Order(events).
func Attempts(events []Event, asOf int64) []int {
	var attempts []int
	for i, e := range Order(events) {
		if e.At <= asOf && e.Direction == In && !e.Accepted {
			attempts = append(attempts, i)
		}
	}
	return attempts
}

// folder holds the stays so far; while inside, the last one has no end yet.
type folder struct {
	rules  Rules
	stays  []Stay
	inside bool
}

func (f *folder) enter(i int, e Event) {
	reentry := false
	if f.inside {
		last := f.cut(e.At)
		reentry = last.Site == e.Site && last.To == e.At
	}
	f.begin(i, e, Stay{Site: e.Site, EntryGate: e.Gate, From: e.At, Reentry: reentry})
	f.inside = true
}

func (f *folder) exit(i int, e Event) {
	if f.inside {
		if last := &f.stays[len(f.stays)-1]; last.Site == e.Site {
			last.To, last.ExitGate = e.At, e.Gate
			f.attach(last, i, e)
			f.inside = false
			return
		}
		f.cut(e.At)
	}
	f.begin(i, e, Stay{
		Site: e.Site, ExitGate: e.Gate, From: e.At, To: e.At,
		Inferred: true, UnknownStart: true,
	})
}

// begin appends a stay that starts with the event.
func (f *folder) begin(i int, e Event, s Stay) {
	f.attach(&s, i, e)
	f.stays = append(f.stays, s)
}

// attach counts the event to the stay.
func (f *folder) attach(s *Stay, i int, e Event) {
	s.Events = append(s.Events, i)
	s.Flags |= e.Flags
	s.Conflict = s.Flags&f.rules.ConflictFlags != 0
}

// cut ends the running stay without an exit: now, or at the site's longest stay
// if that was earlier.
func (f *folder) cut(now int64) *Stay {
	last := &f.stays[len(f.stays)-1]
	last.To, last.Inferred = now, true
	if end, ok := f.rules.limit(last.Site, last.From); ok {
		last.To = min(now, end)
	}
	f.inside = false
	return last
}

// finish decides whether the last stay is open or was ended by its limit.
func (f *folder) finish(asOf int64) {
	if !f.inside {
		return
	}
	last := &f.stays[len(f.stays)-1]
	if end, ok := f.rules.limit(last.Site, last.From); ok && end <= asOf {
		last.To, last.Inferred = end, true
		return
	}
	last.To, last.Open = asOf, true
}
