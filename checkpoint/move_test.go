package checkpoint

import (
	"slices"
	"testing"
	"time"
)

// A move that was cut off at any step is completed by the next sweep, and an ID of
// before goes when retention is over.
func TestMoveIsCompletedBySweepsAndItsOldIDGoes(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	by := &Staff{Num: 3, Login: "clerk"}
	row := household(0, 1, "5-1")[0]
	old := enrolled(t, s, row)[0].ID
	to := NewHome{Site: "c-01", Door: doorIn(t, s, (partitionOf(old)+1)%Partitions, "c-01")}

	// Begun, and the successor written: then the gateway died.
	who, err := s.Resident(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.prepareMove(&who, to)
	if err != nil {
		t.Fatal(err)
	}
	begun := succession{from: old, to: e.id, how: recordMoves, login: "clerk", node: who.Grid}
	if err := s.beginSuccession(t.Context(), &begun); err != nil {
		t.Fatal(err)
	}
	rows, results := []*enrolment{e}, make([]EnrolResult, 1)
	ctx, cancel, err := s.chooseKeys(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if _, err := s.indexPhones(ctx, rows, results); err != nil {
		t.Fatal(err)
	}
	if _, err := s.create(ctx, KindResident, rows, results); err != nil {
		t.Fatal(err)
	}
	sweep(t, s)
	for _, id := range []uint64{old, e.id} {
		if got, err := s.Move(t.Context(), id, to, by); err != nil || got.ID != e.id || got.Changed {
			t.Fatalf("the move after the sweep: %+v, %v", got, err)
		}
	}
	if id, err := s.FindByDocument(t.Context(), row.IDNumber); err != nil || id != e.id {
		t.Fatalf("found by document: %x, %v; want %x", id, err, e.id)
	}
	if r := enrolled(t, s, NewResident{Name: row.Name, IDNumber: row.IDNumber, Phone: row.Phone, Site: "c-01", Door: to.Door})[0]; r.ID != e.id || r.Created || r.Changed {
		t.Fatalf("enrolled again at the new home: %+v", r)
	}
	if ids, _ := s.FindByPhone(t.Context(), row.Phone); !slices.Contains(ids, e.id) || slices.Contains(ids, old) {
		t.Fatalf("found by phone: %x", ids)
	}
	clock.Advance(s.retention + 48*time.Hour)
	sweep(t, s)
	if _, err := s.Resident(t.Context(), old); err == nil {
		t.Fatal("the ID of before is still on record after retention")
	}
	if walkIns := s.rdb.HGet(t.Context(), s.keys.person(e.id), "j").Val(); walkIns != "" {
		t.Fatalf("the resident still names %x", walkIns)
	}
	if err := s.Erase(t.Context(), e.id, "clerk"); err != nil {
		t.Fatal(err)
	}
}
