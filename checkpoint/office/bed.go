package office

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"passgate/checkpoint"
)

// A bed is an open record for good. Who is in it is another one, the stay, of which
// each person has one: both change together, so nobody is in two beds and a bed never
// has two people. The bed itself names nobody, so that it outlives an erasure.

// Kinds of records of beds.
const (
	KindBed     checkpoint.MatterKind = "bed"
	KindBedStay checkpoint.MatterKind = "bed_stay" // open while somebody waits for a bed or is in one
)

// States of beds.
const (
	BedFree     = "free"
	BedOccupied = "occupied"
	BedToClean  = "to_clean" // somebody has left it
	BedOut      = "out_of_use"
)

// States of stays.
const (
	StayWaiting   = "waiting"
	StayInBed     = "in_bed"
	StayLeft      = "left"
	StayCancelled = "cancelled" // waits no more, without having had a bed
)

// Bounds of beds.
const (
	maxBeds       = 2000 // read at once
	maxBedWords   = 20
	maxBedNote    = 200
	maxFormerBeds = 10
)

// Bed is what is kept of one.
type Bed struct {
	Room string              `json:"r"`
	Bed  string              `json:"b"`
	Stay checkpoint.MatterID `json:"s,omitempty"` // who is in it
	Note string              `json:"n,omitempty"`
}

// Stay is what is kept of somebody who waits for a bed or is in one.
type Stay struct {
	Bed    checkpoint.MatterID `json:"b,omitempty"` // 0 while they wait
	Since  int64               `json:"s,omitempty"` // UTC ms, in the bed
	Until  int64               `json:"u,omitempty"` // UTC ms, as planned; 0: not known
	Ref    string              `json:"r,omitempty"` // from which record they come: "observation/ID", "fever/ID"
	Note   string              `json:"n,omitempty"`
	To     string              `json:"t,omitempty"` // where they went
	Former []FormerBed         `json:"f,omitempty"` // oldest first, the last 10
}

// FormerBed is where somebody was before.
type FormerBed struct {
	Bed   checkpoint.MatterID `json:"b"`
	Since int64               `json:"s"` // UTC ms
	Left  int64               `json:"l"`
	To    string              `json:"t"`
}

// bedLeaves are where somebody can go.
var bedLeaves = []string{"home", "hospital", "hotel", "other"}

func stayRef(person uint64) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: KindBedStay, ID: checkpoint.NewMatterID(KindBedStay, checkpoint.FormatPersonID(person))}
}

// AddBed registers a bed of a room at a node; again, it changes nothing. Errors:
// *FieldError, ErrUnavailable.
func (o *Office) AddBed(ctx context.Context, by uint32, node, room, bed, note string) (m checkpoint.Matter, err error) {
	if room, err = checkpoint.CleanText("room", room, maxBedWords, true); err != nil {
		return m, err
	}
	if bed, err = checkpoint.CleanText("bed", bed, maxBedWords, true); err != nil {
		return m, err
	}
	if note, err = checkpoint.CleanText("note", note, maxBedNote, false); err != nil {
		return m, err
	}
	id := checkpoint.NewMatterID(KindBed, node+"\x00"+room+"\x00"+bed)
	var written *checkpoint.Matter
	err = o.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{{Kind: KindBed, ID: id}}, func(some []*checkpoint.Matter) error {
		if written = some[0]; written.There() {
			return errDone
		}
		written.Node, written.State = node, BedFree
		return written.Put(Bed{Room: room, Bed: bed, Note: note})
	})
	if err != nil && !errors.Is(err, errDone) {
		return m, err
	}
	return *written, nil
}

// Admission is somebody who gets a bed, or waits for one.
type Admission struct {
	Person uint64
	Until  int64 // UTC ms, as planned; 0: not known
	Ref    string
	Note   string
	By     uint32
}

func (a *Admission) check(now int64) (err error) {
	if a.Until != 0 && a.Until <= now {
		return &checkpoint.FieldError{Field: "until", Why: "must lie ahead"}
	}
	if a.Ref, err = checkpoint.CleanText("ref", a.Ref, maxSupplyWords, false); err != nil {
		return err
	}
	a.Note, err = checkpoint.CleanText("note", a.Note, maxBedNote, false)
	return err
}

// WaitForBed puts somebody who is in no bed on the list of those who need one at a
// node. Errors: *FieldError, *Refusal, ErrUnavailable.
func (o *Office) WaitForBed(ctx context.Context, node string, a Admission) (checkpoint.Matter, error) {
	if err := a.check(o.store.Now()); err != nil {
		return checkpoint.Matter{}, err
	}
	var written *checkpoint.Matter
	err := o.store.TurnMatters(ctx, a.By, "", []checkpoint.MatterRef{stayRef(a.Person)}, func(some []*checkpoint.Matter) error {
		m, stay, err := openStay(some[0])
		if written = m; err != nil {
			return err
		}
		if m.State == StayInBed {
			return refuse(CodeWrongState, "this person is in a bed already")
		}
		if m.State != StayWaiting {
			m.OpenedAt = o.store.Now()
		}
		m.Node, m.State, m.Person, m.ClosedAt, m.DueAt = node, StayWaiting, a.Person, 0, 0
		stay.Bed, stay.Since, stay.Until, stay.Ref, stay.Note, stay.To = 0, 0, a.Until, a.Ref, a.Note, ""
		return m.Put(stay)
	})
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

func openStay(m *checkpoint.Matter) (*checkpoint.Matter, Stay, error) {
	var stay Stay
	err := m.Get(&stay)
	return m, stay, err
}

// CancelWait takes somebody off the list of those who need a bed. Who is on it no
// more stays as they are. Errors: ErrNotFound, *FieldError, *Refusal, ErrUnavailable.
func (o *Office) CancelWait(ctx context.Context, by uint32, stay checkpoint.MatterID, note string) (checkpoint.Matter, error) {
	return o.store.TurnMatter(ctx, KindBedStay, stay, by, note, func(m *checkpoint.Matter) error {
		switch m.State {
		case StayWaiting:
			m.State, m.ClosedAt = StayCancelled, o.store.Now()
		case StayInBed:
			return refuse(CodeWrongState, "this person has a bed by now: release it instead")
		}
		return nil
	})
}

// AssignBed puts somebody into a free bed, whether they have waited or not; again,
// it changes nothing. Errors: *FieldError, *Refusal (the bed is not free, or they are
// in another one), ErrNotFound, ErrUnavailable.
func (o *Office) AssignBed(ctx context.Context, id checkpoint.MatterID, a Admission) (checkpoint.Matter, error) {
	now := o.store.Now()
	if err := a.check(now); err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnBed(ctx, id, stayRef(a.Person).ID, a.By, func(bed *checkpoint.Matter, kept *Bed, m *checkpoint.Matter, stay *Stay) error {
		switch {
		case m.State == StayInBed && stay.Bed == id:
			return errDone
		case m.State == StayInBed:
			return refuse(CodeWrongState, "this person is in another bed: release that one first")
		case bed.State != BedFree:
			return refuse(CodeWrongState, "bed %s %s is not free: it is %s", kept.Room, kept.Bed, bedWords[bed.State])
		}
		bed.State, kept.Stay = BedOccupied, m.ID
		if m.State != StayWaiting {
			m.OpenedAt = now
			stay.Ref, stay.Note = "", ""
		}
		m.Node, m.State, m.Person, m.ClosedAt, m.DueAt = bed.Node, StayInBed, a.Person, 0, a.Until
		stay.Bed, stay.Since, stay.Until, stay.To = id, now, a.Until, ""
		if a.Ref != "" {
			stay.Ref = a.Ref
		}
		if a.Note != "" {
			stay.Note = a.Note
		}
		return nil
	})
}

// bedWords say of a bed's state what people are told of it.
var bedWords = map[string]string{
	BedFree: "free", BedOccupied: "occupied", BedToClean: "to be cleaned first", BedOut: "out of use",
}

// ReleaseBed ends a stay in a bed, which is to be cleaned then; again, it changes
// nothing. Errors: *FieldError, *Refusal, ErrNotFound, ErrUnavailable.
func (o *Office) ReleaseBed(ctx context.Context, id, stay checkpoint.MatterID, by uint32, to string) (checkpoint.Matter, error) {
	if !slices.Contains(bedLeaves, to) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "to", Why: fmt.Sprintf("must be one of %v", bedLeaves)}
	}
	return o.turnBed(ctx, id, stay, by, func(bed *checkpoint.Matter, kept *Bed, m *checkpoint.Matter, stay *Stay) error {
		if n := len(stay.Former); n > 0 && m.State == StayLeft && stay.Former[n-1].Bed == id {
			return errDone
		}
		if bed.State != BedOccupied || kept.Stay != m.ID {
			return refuse(CodeWrongState, "this is not the stay of who is in bed %s %s", kept.Room, kept.Bed)
		}
		now := o.store.Now()
		bed.State, kept.Stay = BedToClean, 0
		if m.Person == 0 { // erased meanwhile: there is nothing to add
			m.State = StayLeft
			return nil
		}
		stay.Former = append(stay.Former, FormerBed{id, stay.Since, now, to})
		stay.Former = stay.Former[max(0, len(stay.Former)-maxFormerBeds):]
		stay.Bed, stay.To = 0, to
		m.State, m.ClosedAt, m.DueAt = StayLeft, now, 0
		return nil
	})
}
