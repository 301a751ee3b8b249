package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// export collects everybody, and fails if someone comes twice.
func export(t *testing.T, s *Store) map[uint64]Resident {
	t.Helper()
	all := map[uint64]Resident{}
	err := s.Export(t.Context(), func(r Resident) error {
		if _, twice := all[r.ID]; twice {
			t.Errorf("%x was exported twice", r.ID)
		}
		all[r.ID] = r
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// membersOf lists the people of a site.
func membersOf(t *testing.T, s *Store, site string) []uint64 {
	t.Helper()
	var ids []uint64
	err := s.ResidentsOf(t.Context(), site, func(r Resident) error {
		ids = append(ids, r.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

func TestExportHandsOutEveryoneOnce(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	want := map[string]string{} // document -> site
	var rows []NewResident
	for i := range 1500 {
		row := household(i, 1, fmt.Sprintf("%d", i/3))[0]
		if i%3 == 0 {
			row.Site = "c-01"
		}
		want[row.IDNumber] = row.Site
		rows = append(rows, row)
	}
	enrolled(t, s, rows...)
	all := export(t, s)
	if len(all) != len(want) {
		t.Fatalf("%d people exported, want %d", len(all), len(want))
	}
	for _, r := range all {
		if want[r.IDNumber] != r.Site {
			t.Fatalf("%s was exported with home %q, want %q", r.IDNumber, r.Site, want[r.IDNumber])
		}
	}
	part := 0
	err := s.Export(t.Context(), func(r Resident) error {
		part++
		if r.Site != "c-01" {
			t.Errorf("a resident of %s came with those of c-01", r.Site)
		}
		return nil
	}, func(site *Site) bool { return site.Code == "c-01" })
	if err != nil || part != 500 || len(membersOf(t, s, "c-01")) != 500 {
		t.Fatalf("export of c-01: %d people, %v", part, err)
	}
	enough := errors.New("enough")
	if err := s.Export(t.Context(), func(Resident) error { return enough }, nil); !errors.Is(err, enough) {
		t.Fatalf("the error of the receiver came back as %v", err)
	}
	if err := s.ResidentsOf(t.Context(), "nowhere", nil); !errors.Is(err, ErrNotFound) {
		t.Fatalf("people of no site: %v", err)
	}
}

func TestNobodyIsFound(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	if _, err := s.FindByDocument(t.Context(), idNumber(5)); !errors.Is(err, ErrNotFound) {
		t.Fatalf("by document: %v", err)
	}
	_, err := s.FindByDocument(t.Context(), "1.1E+17")
	fieldError(t, err, "id_number", "Excel")
	if ids, err := s.FindByPhone(t.Context(), "13800138000"); err != nil || len(ids) != 0 {
		t.Fatalf("by phone: %x, %v", ids, err)
	}
	_, err = s.FindByPhone(t.Context(), " ")
	fieldError(t, err, "phone", "missing")
	if _, err := s.Resident(t.Context(), 42); !errors.Is(err, ErrNotFound) {
		t.Fatalf("by ID: %v", err)
	}
	if err := s.SetStatus(t.Context(), 42, StatusRed); !errors.Is(err, ErrNotFound) {
		t.Fatalf("status of nobody: %v", err)
	}
	if n := s.rdb.Exists(t.Context(), s.keys.person(42)).Val(); n != 0 {
		t.Fatal("a status made a person")
	}
	if got, err := s.Residents(t.Context(), []uint64{1, 2}); err != nil || len(got) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
}

// The index of a phone is written before its person and cleared after, so an
// entry can name somebody who has another phone.
func TestStaleEntryOfThePhoneIndexFindsNobody(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	id := enrolled(t, s, household(0, 1, "1")...)[0].ID
	hash := s.seal.blind("phone", "13800138000")
	s.rdb.HSet(t.Context(), s.keys.index(firstVersion, "f", hash), raw(hash), raw(id)+raw(id^1))
	if ids, err := s.FindByPhone(t.Context(), "13800138000"); err != nil || len(ids) != 0 {
		t.Fatalf("found %x, %v", ids, err)
	}
}

func TestPersonID(t *testing.T) {
	t.Parallel()
	for _, id := range []uint64{0, 1, 1 << 63, 1<<64 - 1} {
		if got, err := ParsePersonID(FormatPersonID(id)); err != nil || got != id {
			t.Fatalf("%x became %x, %v", id, got, err)
		}
	}
	for _, s := range []string{"", "1", "00000000000000AB", "+000000000000001", "00000000000000001", "000000000000000g"} {
		_, err := ParsePersonID(s)
		fieldError(t, err, "resident", "16 digits")
	}
}

func TestStatusChange(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	id := enrolled(t, s, household(0, 1, "1")...)[0].ID
	for _, status := range []Status{StatusRed, StatusRed, StatusGreen} {
		if err := s.SetStatus(t.Context(), id, status); err != nil {
			t.Fatal(err)
		}
		if p, err := s.Resident(t.Context(), id); err != nil || p.Status != status {
			t.Fatalf("status is %v, %v, want %v", p.Status, err, status)
		}
	}
	fieldError(t, s.SetStatus(t.Context(), id, 99), "status", "not a status")
}
