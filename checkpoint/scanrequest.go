package checkpoint

import (
	"fmt"
	"strconv"
)

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
	ByNobody   // an emergency in which nobody was asked for a name
)

var whoNames = [...]string{"app", "paper", "visitor", "resident", "id_document", "walk_in", "nobody"}

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
	Plate       string // see ParsePlate; anything of at most 20 bytes if it is a form of its own
	Vehicle     string // the client's ID of the car's passage, the same for all who sit in it; "" if none
	Disinfected bool   // the vehicle was disinfected
	Purpose     Purpose
	Override    OverrideReason // not 0: an emergency, no rule holds the person back

	TypedBy uint32 // of a row of a paper log: number of the member of staff who typed it, 0 if that is not known

	Late bool  // came by the batch route: older than the fresh window is allowed
	Told *Told // what the device showed when it was offline; never re-decided

	// Of scans that a gateway sends again from its journal: when it first had
	// them, UTC ms, and whether it answered them itself. They may be old.
	Journaled int64
	Degraded  bool

	cutOff bool // decided by a gateway that is past the limit of its Standby
}

// Purpose is what a person leaves home for, as the guard heard it. Medical and
// work do not count as an outing of the household.
type Purpose uint8

// The purposes, in stored order.
const (
	PurposeUnsaid Purpose = iota
	PurposeMedical
	PurposeWork
	PurposeSupplies
	PurposeOther
)

var purposeNames = [...]string{"", "medical", "work", "supplies", "other"}

// String returns the wire name, "" when it was not said.
func (p Purpose) String() string { return nameOf(purposeNames[:], int(p)) }

// exempt tells that the exit does not count as an outing.
func (p Purpose) exempt() bool { return p == PurposeMedical || p == PurposeWork }

// ParsePurpose reads a wire name; "" is not said.
func ParsePurpose(s string) (Purpose, error) {
	i, err := indexOf(purposeNames[:], s, "purpose")
	if err != nil {
		return 0, &FieldError{"purpose", fmt.Sprintf("%.20q is none of medical, work, supplies, other", s)}
	}
	return Purpose(i), nil
}

// OverrideReason is why the person on shift let somebody pass whatever the
// rules say.
type OverrideReason uint8

// The reasons of an override, in stored order; 0 is no override.
const (
	OverrideMedical OverrideReason = 1 + iota
	OverrideFire
	OverrideRescue
	OverridePolice
	OverrideOther
)

var overrideNames = [...]string{"", "medical", "fire", "rescue", "police", "other"}

// String returns the wire name, "" for no override.
func (o OverrideReason) String() string { return nameOf(overrideNames[:], int(o)) }

// ParseOverride reads a wire name.
func ParseOverride(s string) (OverrideReason, error) {
	i, err := indexOf(overrideNames[:], s, "override")
	if err != nil || i == 0 {
		return 0, &FieldError{"override.reason", fmt.Sprintf("%.20q is none of medical, fire, rescue, police, other", s)}
	}
	return OverrideReason(i), nil
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
	Home       string      // code of the home site, "" if none
	KnownAs    *PersonView // of Views: whom a walk-in turned out to be, nil if that is not known
	Grid       string      // of Views: node of the grid that answers for the person, "" for people without a home
}

// PersonKind is how a person came into the register.
type PersonKind byte

// The kinds; the byte is the stored form.
const (
	KindResident PersonKind = 'r'
	KindVisitor  PersonKind = 'v'
	KindWalkIn   PersonKind = 'w'
	KindErased   PersonKind = 'e' // a resident or visitor whose identity was erased; until their events are gone, too
)

// String returns the wire name.
func (k PersonKind) String() string {
	switch k {
	case KindVisitor:
		return "visitor"
	case KindWalkIn:
		return "walk_in"
	case KindErased:
		return "erased"
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
	Permit     PermitUse   // the visitor's permit that let the person in, zero if none
	Call       string      // number to phone about a person who is held here, else empty
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
