package checkpoint

import (
	"fmt"
	"time"
)

// Contacts of a person in a period [from, to) are the people who can have been
// near enough: see ContactKind. They are worked out from everybody's whole
// record, folded into stays by package trajectory as of the end of the period
// (or of now), as far as the record is shown; the gates' indexes only say whose
// record to look at. They follow the record within the projector's lag.
//
// # Who is one person
//
// A walk-in who turned out to be a resident is that resident. Visitors, and
// walk-ins of whom no more is known, are contacts like everybody.
//
// # Hops
//
// A contact of the first hop is one of the person asked about. A meeting tells
// from when on somebody can have been infected: Meeting.Infection. Of a contact
// only meetings from then on count, cut to what is left of them, so a chain is
// always in order of time. Somebody's hop is the length of the shortest such
// chain, and of the chains of this length theirs is the one that ends earliest
// (then the one with the most exposure in its last meeting, then the one by the
// lowest ID). How long it takes until the infected infect is left out: the
// answer is who can be concerned at the earliest.

// ContactKind is how two people met.
type ContactKind uint8

// The kinds, the gravest first.
const (
	// ContactHousehold: they live in one household.
	ContactHousehold ContactKind = iota
	// ContactVehicle: they came to a gate in one vehicle: the same passage of a
	// vehicle, or the same plate within the margin, at whatever gates.
	ContactVehicle
	// ContactVenue: their stays at a site that is not residential overlap, for
	// the least overlap at least. Of a stay of which no entry was seen it is
	// enough that the exit lies within the other's stay.
	ContactVenue
	// ContactGate: they passed a gate of a residential site within the margin,
	// let through or not: they stood there. At other gates that counts only if
	// one of the two was not let in, since a stay says nothing of them.
	ContactGate
)

var contactKindNames = [...]string{"household", "vehicle", "venue", "gate"}

// String returns the wire name, for example "venue".
func (k ContactKind) String() string { return nameOf(contactKindNames[:], int(k)) }

// ContactWeight says how much exposure one unit of a kind stands for. Exposure
// is in minutes spent together at a venue, and only ranks: what a minute at a
// venue means is for an epidemiologist to say.
type ContactWeight struct {
	Kind   ContactKind
	Weight int64
	Per    string
}

// ContactWeights is the whole table of how contacts are ranked. A minute at a
// venue counts half if an end of one of the two stays was inferred; a meeting
// with somebody of whom only the exit was seen counts like one at a gate, and
// what time there is of it half.
func ContactWeights() []ContactWeight {
	return []ContactWeight{
		{ContactHousehold, perHouseholdDay, "day of the period, begun"},
		{ContactVehicle, perRide, "passage in one vehicle"},
		{ContactVenue, 1, "minute together"},
		{ContactGate, perGate, "two passages within the margin"},
	}
}

const (
	perHouseholdDay = 600
	perRide         = 60
	perGate         = 2
)

// Bounds and defaults of a ContactQuery.
const (
	DefaultGateMargin = 2 * time.Minute
	MaxGateMargin     = 10 * time.Minute
	DefaultMinOverlap = time.Minute
	MaxMinOverlap     = 24 * time.Hour
	MaxHops           = 3
	DefaultExpand     = 50
	MaxExpand         = 200
	DefaultContacts   = 1000
	MaxContacts       = 10_000
)

// ContactQuery asks for the contacts of one person. Times are UTC ms.
type ContactQuery struct {
	Person     uint64
	From, To   int64         // from <= t < to, at most 61 days
	GateMargin time.Duration // 0 to MaxGateMargin, both included
	MinOverlap time.Duration // least overlap at a venue, 0 to MaxMinOverlap; with 0 any overlap counts
	Hops       int           // 1 to MaxHops
	Expand     int           // whose contacts are looked for at each further hop, at most, in order of rank: 1 to MaxExpand; DefaultExpand if 0
	Limit      int           // contacts in the answer, at most, in order of rank: 1 to MaxContacts; DefaultContacts if 0
	// Budget is how long to go on looking for contacts of contacts, no bound if
	// 0. What was left out is among the Cuts.
	Budget time.Duration
}

// withDefaults fills what was left out and refuses what cannot be.
func (q ContactQuery) withDefaults() (ContactQuery, error) {
	if q.Expand == 0 {
		q.Expand = DefaultExpand
	}
	if q.Limit == 0 {
		q.Limit = DefaultContacts
	}
	switch {
	case q.From < 0 || q.To <= q.From || q.To-q.From > maxWindow:
		return q, &FieldError{"to", "the period must run forward and span at most 61 days"}
	case q.GateMargin < 0 || q.GateMargin > MaxGateMargin:
		return q, &FieldError{"gate_margin", fmt.Sprintf("must be 0 to %d seconds", int(MaxGateMargin.Seconds()))}
	case q.MinOverlap < 0 || q.MinOverlap > MaxMinOverlap:
		return q, &FieldError{"min_overlap", fmt.Sprintf("must be 0 to %d minutes", int(MaxMinOverlap.Minutes()))}
	case q.Hops < 1 || q.Hops > MaxHops:
		return q, &FieldError{"hops", fmt.Sprintf("must be 1 to %d", MaxHops)}
	case q.Expand < 1 || q.Expand > MaxExpand:
		return q, &FieldError{"expand", fmt.Sprintf("must be 1 to %d people per hop", MaxExpand)}
	case q.Limit < 1 || q.Limit > MaxContacts:
		return q, &FieldError{"limit", fmt.Sprintf("must be 1 to %d contacts", MaxContacts)}
	}
	return q, nil
}

// Passage is one person's scan at a gate, as evidence.
type Passage struct {
	At        int64  // UTC ms
	Gate      uint32 // number
	Direction Direction
	Decision  Decision
}

// Presence is one person's stay at a site, as far as it lies in the period, as
// evidence of a meeting there.
type Presence struct {
	From, To                     int64 // UTC ms
	Open, Inferred, UnknownStart bool  // as of a stay of package trajectory
}

// Meeting is one occasion on which two people met: the evidence.
type Meeting struct {
	Kind ContactKind
	Site uint32 // number; 0 of a household without a home site
	// From and To, UTC ms: of a venue the time together, of a household what is
	// left of the period, of a gate or a vehicle the earlier and the later passage.
	From, To int64
	// Open says that one of the two was still there at the end of the period,
	// Inferred that a rule, not a scan, ended the stay of one of the two: they
	// may have been together for less. UnknownStart says that of one only the
	// exit was seen: they may have been together for longer. Venues only.
	Open, Inferred, UnknownStart bool
	// Mine and Theirs are the two passages at a gate or of a vehicle; Mine is of
	// the one who comes before in the chain.
	Mine, Theirs Passage
	// MyStay and TheirStay are the two stays at a venue, likewise.
	MyStay, TheirStay Presence
}

// Infection is the earliest moment at which the one can have infected the other.
func (m *Meeting) Infection() int64 {
	if m.Kind == ContactGate || m.Kind == ContactVehicle {
		return m.To
	}
	return m.From
}

// doubled is the meeting's exposure times 2 x 60,000: halves and milliseconds
// add up before they are cut to minutes.
func (m *Meeting) doubled() int64 {
	const unit = 2 * 60_000
	switch m.Kind {
	case ContactHousehold:
		return (1 + (m.To-m.From-1)/dayMillis) * perHouseholdDay * unit
	case ContactVehicle:
		return perRide * unit
	case ContactGate:
		return perGate * unit
	}
	switch {
	case m.UnknownStart:
		return perGate*unit + m.To - m.From
	case m.Inferred:
		return m.To - m.From
	}
	return 2 * (m.To - m.From)
}

// MaxEvidence is how many meetings of a contact an answer holds.
const MaxEvidence = 20

// Contact is somebody whom a person met, or the last of a chain of such people.
type Contact struct {
	Person   uint64 // a resident if a walk-in turned out to be one
	Hop      int    // 1: met the person asked about
	Exposure int64  // by ContactWeights, of the meetings with the one before in the chain
	Minutes  int64  // together at venues
	// First and Last are the earliest and the latest moment of a meeting, UTC ms.
	First, Last int64
	// Infected is the earliest moment at which they can have been infected.
	Infected int64
	Kinds    []ContactKind // the gravest first
	Meetings int           // how many there were
	Evidence []Meeting     // the earliest MaxEvidence of them, by From
	Chain    []Link        // from the person asked about to this one; the last is this one
}

// Link is one step of a chain: the meeting by which somebody can have been
// infected first.
type Link struct {
	Person   uint64
	Infected int64 // UTC ms
	Meeting  Meeting
}

// StaffContact is a member of staff who scanned the person asked about.
type StaffContact struct {
	Login       string // as in the registry; "" if the account is gone
	First, Last int64  // UTC ms
	Scans       int
	Gates       []uint32 // numbers, in the order in which they were passed first
}

// CutKind is why an answer is not whole.
type CutKind string

// The kinds.
const (
	CutPeople  CutKind = "people"  // more people to look at than Expand
	CutTime    CutKind = "time"    // the budget was over
	CutCrowd   CutKind = "crowd"   // more possible contacts at once than maxCandidates
	CutVenue   CutKind = "venue"   // more events at a site than maxVenueEvents
	CutListing CutKind = "listing" // more contacts than Limit
)

// Cut says what an answer leaves out.
type Cut struct {
	Kind CutKind
	Hop  int    // that is not complete; 0 of the list as a whole
	At   int    // how many were taken
	Of   int    // of how many; 0 if that is not known
	Site uint32 // number, of CutVenue
}

// ContactResult is the answer. Contacts are in order of rank: by hop, then the
// most exposure, then the earliest First, then ID.
type ContactResult struct {
	Person   uint64 // a resident if a walk-in was asked about who turned out to be one
	From, To int64  // UTC ms
	AsOf     int64  // UTC ms, the moment as of which stays are told
	Contacts []Contact
	Total    int // contacts found; more than len(Contacts) if the list was cut
	Staff    []StaffContact
	Cuts     []Cut
}
