package office

import (
	"context"
	"errors"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// turnBed changes a bed and somebody's stay together; fn ends it with errDone if
// there is nothing left to do.
func (o *Office) turnBed(
	ctx context.Context, id, stay checkpoint.MatterID, by uint32,
	fn func(bed *checkpoint.Matter, kept *Bed, m *checkpoint.Matter, stay *Stay) error,
) (checkpoint.Matter, error) {
	var written *checkpoint.Matter
	refs := []checkpoint.MatterRef{{Kind: KindBed, ID: id}, {Kind: KindBedStay, ID: stay}}
	err := o.store.TurnMatters(ctx, by, "", refs, func(some []*checkpoint.Matter) error {
		written = some[0]
		if !written.There() {
			return checkpoint.ErrNotFound
		}
		var kept Bed
		if err := written.Get(&kept); err != nil {
			return err
		}
		m, stay, err := openStay(some[1])
		if err != nil {
			return err
		}
		if err := fn(written, &kept, m, &stay); err != nil {
			return err
		}
		if err := m.Put(stay); err != nil {
			return err
		}
		return written.Put(kept)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// CleanBed says that a bed is clean and can be used, after somebody or after it was
// out of use. One that is free stays as it is. Errors: as TurnMatter, *Refusal.
func (o *Office) CleanBed(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	return o.store.TurnMatter(ctx, KindBed, id, by, note, func(m *checkpoint.Matter) error {
		if m.State == BedOccupied {
			return refuse(CodeWrongState, "somebody is in this bed: it is cleaned when they have left")
		}
		m.State = BedFree
		return nil
	})
}

// CloseBed takes a bed that is empty out of use; note says why. Errors: as
// TurnMatter, *Refusal.
func (o *Office) CloseBed(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	note, err := checkpoint.CleanText("note", note, maxBedNote, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return o.store.TurnMatter(ctx, KindBed, id, by, note, func(m *checkpoint.Matter) error {
		if m.State == BedOccupied {
			return refuse(CodeWrongState, "somebody is in this bed: release it first")
		}
		m.State = BedOut
		return nil
	})
}

// BedView is a bed with whoever is in it.
type BedView struct {
	Matter   checkpoint.Matter
	Bed      Bed
	Occupant *StayView // nil: nobody, or somebody who was erased
}

// StayView is somebody who waits for a bed or is in one.
type StayView struct {
	Matter checkpoint.Matter
	Stay   Stay
}

// BedsOf is the register of beds at a node and below it.
type BedsOf struct {
	Beds    []BedView
	Waiting []StayView // the longest waiting first
}

// Beds reads it.
func (o *Office) Beds(ctx context.Context, node string) (of BedsOf, err error) {
	stays := map[checkpoint.MatterID]*StayView{}
	q := checkpoint.MatterQuery{Node: node, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	q.Kind = KindBedStay
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		v := StayView{Matter: *m}
		if err := m.Get(&v.Stay); err != nil {
			return err
		}
		if stays[m.ID] = &v; m.State == StayWaiting {
			of.Waiting = append(of.Waiting, v)
		}
		return nil
	})
	if err != nil {
		return of, err
	}
	q.Kind = KindBed
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		if len(of.Beds) >= maxBeds {
			return nil
		}
		v := BedView{Matter: *m}
		if err := m.Get(&v.Bed); err != nil {
			return err
		}
		if m.State == BedOccupied {
			v.Occupant = stays[v.Bed.Stay]
		}
		of.Beds = append(of.Beds, v)
		return nil
	})
	return of, err
}

// BedCounts are how many beds there are of each state.
type BedCounts struct {
	Capacity int `json:"capacity"` // all but those out of use
	Occupied int `json:"occupied"`
	Free     int `json:"free"`
	ToClean  int `json:"to_clean"`
	OutOfUse int `json:"out_of_use"`
	Waiting  int `json:"waiting"` // people
}

// Full tells that somebody waits and no bed is free.
func (b *BedCounts) Full() bool { return b.Waiting > 0 && b.Free == 0 }

// Scarce tells that nine in ten are occupied.
func (b *BedCounts) Scarce() bool { return b.Occupied > 0 && b.Occupied*10 >= b.Capacity*9 }

func (b *BedCounts) add(state string) {
	if state != BedOut {
		b.Capacity++
	}
	switch state {
	case BedFree:
		b.Free++
	case BedOccupied:
		b.Occupied++
	case BedToClean:
		b.ToClean++
	case BedOut:
		b.OutOfUse++
	}
}

// Counts counts them.
func (of *BedsOf) Counts() BedCounts {
	c := BedCounts{Waiting: len(of.Waiting)}
	for i := range of.Beds {
		c.add(of.Beds[i].Matter.State)
	}
	return c
}

// bedsDue: at each node that has beds, whether they are enough; and whose time in a
// bed is over.
func (o *Office) bedsDue(ctx context.Context) ([]alarm.Alarm, error) {
	of, err := o.Beds(ctx, "")
	if err != nil {
		return nil, err
	}
	now, counts := o.store.Now(), map[string]*BedCounts{}
	at := func(node string) *BedCounts {
		if counts[node] == nil {
			counts[node] = &BedCounts{}
		}
		return counts[node]
	}
	var alarms []alarm.Alarm
	for i := range of.Beds {
		b := &of.Beds[i]
		at(b.Matter.Node).add(b.Matter.State)
		if who := b.Occupant; who != nil && who.Matter.Late(now) {
			ref := string(KindBedStay) + "/" + who.Matter.ID.String()
			alarms = append(alarms, alarm.Alarm{Kind: alarm.BedOverdue, Node: b.Matter.Node, Key: ref, Person: who.Matter.Person, Ref: ref, At: who.Matter.DueAt})
		}
	}
	for i := range of.Waiting {
		at(of.Waiting[i].Matter.Node).Waiting++
	}
	for node, c := range counts {
		if c.Full() {
			alarms = append(alarms, alarm.Alarm{Kind: alarm.BedsFull, Node: node, Key: node, Ref: string(KindBed), At: now})
		}
		if c.Scarce() {
			alarms = append(alarms, alarm.Alarm{Kind: alarm.BedsScarce, Node: node, Key: node, Ref: string(KindBed), At: now})
		}
	}
	return alarms, nil
}

// BedStay reads one; ErrNotFound if there is none.
func (o *Office) BedStay(ctx context.Context, id checkpoint.MatterID) (StayView, error) {
	m, err := o.store.Matter(ctx, KindBedStay, id)
	v := StayView{Matter: m}
	if err == nil {
		err = m.Get(&v.Stay)
	}
	return v, err
}

// StayID is the ID of a person's stay.
func StayID(person uint64) checkpoint.MatterID { return stayRef(person).ID }
