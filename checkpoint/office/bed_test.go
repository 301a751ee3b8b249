package office_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
	"passgate/checkpoint/storetest"
)

// TestNobodySharesABedAndNobodyHasTwo lets many assign the same beds to the same
// people at once.
func TestNobodySharesABedAndNobodyHasTwo(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := office.New(w.Store)
	var beds []checkpoint.MatterID
	for i := range 3 {
		m, err := o.AddBed(t.Context(), 1, "C1C", "201", fmt.Sprint(i), "")
		if err != nil {
			t.Fatal(err)
		}
		beds = append(beds, m.ID)
	}
	var all sync.WaitGroup
	var assigned atomic.Int64
	for _, person := range w.People {
		for _, bed := range beds {
			for range 2 { // two medics, each with a gateway of their own as far as the store knows
				all.Go(func() {
					_, err := o.AssignBed(t.Context(), bed, office.Admission{Person: person, By: 1})
					var refused *office.Refusal
					switch {
					case err == nil:
						assigned.Add(1)
					case !errors.As(err, &refused) && !errors.Is(err, checkpoint.ErrUnavailable):
						t.Error(err)
					}
				})
			}
		}
	}
	all.Wait()
	of, err := o.Beds(t.Context(), "C1C")
	if err != nil {
		t.Fatal(err)
	}
	in := map[uint64]checkpoint.MatterID{}
	for i := range of.Beds {
		bed := &of.Beds[i]
		if bed.Matter.State != office.BedOccupied {
			continue
		}
		if bed.Occupant == nil || bed.Occupant.Stay.Bed != bed.Matter.ID {
			t.Fatalf("bed %s and its stay disagree: %+v", bed.Bed.Bed, bed.Occupant)
		}
		if other, twice := in[bed.Occupant.Matter.Person]; twice {
			t.Errorf("one person is in %s and %s", other, bed.Matter.ID)
		}
		in[bed.Occupant.Matter.Person] = bed.Matter.ID
	}
	if len(in) != len(beds) || assigned.Load() < int64(len(beds)) {
		t.Errorf("%d beds are occupied, %d assigned", len(in), assigned.Load())
	}
}

// TestABedOutlivesTheErasureOfWhoIsInIt: the bed can still be released.
func TestABedOutlivesTheErasureOfWhoIsInIt(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := office.New(w.Store)
	bed, err := o.AddBed(t.Context(), 1, "C1C", "201", "1", "")
	if err != nil {
		t.Fatal(err)
	}
	who := w.People["wang"]
	if _, err := o.AssignBed(t.Context(), bed.ID, office.Admission{Person: who, By: 1, Ref: "observation/1"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Erase(t.Context(), who, "admin"); err != nil {
		t.Fatal(err)
	}
	of, err := o.Beds(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if b := of.Beds[0]; b.Matter.State != office.BedOccupied || b.Occupant != nil {
		t.Fatalf("after the erasure: %+v", b)
	}
	released, err := o.ReleaseBed(t.Context(), bed.ID, of.Beds[0].Bed.Stay, 1, "home")
	if err != nil || released.State != office.BedToClean {
		t.Errorf("released: %s (%v)", released.State, err)
	}
}
