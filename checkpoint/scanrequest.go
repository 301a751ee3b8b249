package checkpoint

import "strconv"

// WhoKind is how a person was named at the gate.
type WhoKind uint8

// The ways, in stored order.
const (
	ByAppPass WhoKind = iota
	ByPaperPass
	ByVisitorPass
	ByResident // looked up by the guard
	ByDocument // identity document
	ByWalkIn   // name, tail of the document and phone, written down by the guard
)

var whoNames = [...]string{"app", "paper", "visitor", "resident", "id_document", "walk_in"}

// String returns the wire name.
func (w WhoKind) String() string { return nameOf(whoNames[:], int(w)) }

// PassClaims is what a verified and opened pass says. The checks of its form
// and signature lie behind it; its validity in time is judged by Scan.
type PassClaims struct {
	Person     uint64
	Generation uint32
	ID         [8]byte // jti
	NotBefore  int64   // unix seconds
	ExpiresAt  int64   // unix seconds
}

// WalkIn is a person whom the guard wrote down.
type WalkIn struct {
	Name   string // 1 to 60 bytes
	IDTail string // last four characters of the document
	Phone  string
}

// ScanRequest is one person at one gate, as the device froze it before its
// first send. (Device, ID, OccurredAt) is its identity.
type ScanRequest struct {
	ID         string // chosen by the client, 8 to 64 characters
	Device     uint32 // number of the device; gate and site follow from it
	OccurredAt int64  // UTC ms by the device's corrected clock
	Direction  Direction

	Who    WhoKind
	Pass   *PassClaims // ByAppPass, ByPaperPass, ByVisitorPass
	Person uint64      // ByResident, ByDocument
	WalkIn *WalkIn     // ByWalkIn
	// Presented is what the device sent to name the person, as it sent it (the
	// pass's text, for example). Only its digest is kept: the same identity with
	// another Presented is other content.
	Presented string

	Temperature Celsius // 0: not taken
	Method      Method
	RemeasureOf string // ID of the first reading's scan
	Plate       string
	Disinfected bool // the vehicle was disinfected

	Late bool  // came by the batch route: older than the fresh window is allowed
	Told *Told // what the device showed when it was offline; never re-decided
}

// Told is the answer that a device gave on its own.
type Told struct {
	Decision Decision
	Reason   Reason
	Action   Action
}

// PersonView is what a guard may see of a person.
type PersonView struct {
	ID         uint64
	NameMasked string // 王*明
	Kind       PersonKind
	Home       string // code of the home site, "" if none
}

// PersonKind is how a person came into the register.
type PersonKind byte

// The kinds; the byte is the stored form.
const (
	KindResident PersonKind = 'r'
	KindVisitor  PersonKind = 'v'
	KindWalkIn   PersonKind = 'w'
)

// String returns the wire name.
func (k PersonKind) String() string {
	switch k {
	case KindVisitor:
		return "visitor"
	case KindWalkIn:
		return "walk_in"
	default:
		return "resident"
	}
}

// ScanResult is the answer to a scan, first or repeated.
type ScanResult struct {
	Outcome
	Person     *PersonView // nil when no person is known
	OccurredAt int64       // UTC ms
	RecordedAt int64       // UTC ms, of the first recording
	Duplicate  bool        // this is the stored answer to the same scan
}

// personView resolves what the person's hash holds.
func personView(reg *Registry, id uint64, masked, kind, home string) PersonView {
	v := PersonView{ID: id, NameMasked: masked, Kind: KindResident}
	if kind != "" {
		v.Kind = PersonKind(kind[0])
	}
	if num, err := strconv.ParseUint(home, 10, 32); err == nil {
		if site, ok := reg.SiteByNum(uint32(num)); ok {
			v.Home = site.Code
		}
	}
	return v
}
