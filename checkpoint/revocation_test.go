package checkpoint

import (
	"errors"
	"testing"
)

func TestRevoke(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	people := enrolled(t, s, household(0, 2, "1")...)
	a, b := people[0].ID, people[1].ID
	for i, step := range []struct {
		person uint64
		want   uint32
	}{{a, 1}, {b, 1}, {a, 2}} {
		got, err := s.Revoke(t.Context(), step.person)
		if err != nil || got != step.want {
			t.Fatalf("revocation %d gave generation %d, %v, want %d", i, got, err, step.want)
		}
	}
	if p, err := s.Resident(t.Context(), a); err != nil || p.Generation != 2 {
		t.Fatalf("generation %d, %v", p.Generation, err)
	}
	all, next, err := s.Revocations(t.Context(), "", 100)
	if err != nil || len(all) != 3 || next != all[2].Seq {
		t.Fatalf("the list: %+v, next %q, %v", all, next, err)
	}
	for i, want := range []Revocation{{Person: a}, {Person: b}, {Person: a, Generation: 1}} {
		if want.Seq, want.At = all[i].Seq, s.now(); all[i] != want {
			t.Errorf("entry %d is %+v, want %+v", i, all[i], want)
		}
	}
	var paged []Revocation
	for after := ""; ; {
		page, next, err := s.Revocations(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			if next != after {
				t.Fatalf("with nothing new the place moved from %q to %q", after, next)
			}
			break
		}
		paged, after = append(paged, page...), next
	}
	if len(paged) != 3 || paged[2] != all[2] {
		t.Fatalf("by pages: %+v", paged)
	}
	_, _, err = s.Revocations(t.Context(), "-; drop", 1)
	fieldError(t, err, "after", "place")
	_, err = s.Revoke(t.Context(), 42)
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("revoking nobody's passes: %v", err)
	}
}

func TestRaisingAGenerationTwiceRaisesItOnce(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	id := enrolled(t, s, household(0, 1, "1")...)[0].ID
	for range 2 { // the reply to the first was lost, say
		reply, err := s.run(t.Context(), s.rdb, enrolScript, []string{s.keys.person(id)}, "raise", 0)
		if err != nil || reply != int64(1) {
			t.Fatalf("raise gave %v, %v", reply, err)
		}
	}
}

func TestGenerationsEnd(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	id := enrolled(t, s, household(0, 1, "1")...)[0].ID
	s.rdb.HSet(t.Context(), s.keys.person(id), "g", MaxGeneration-1)
	if g, err := s.Revoke(t.Context(), id); err != nil || g != MaxGeneration {
		t.Fatalf("generation %d, %v", g, err)
	}
	if g, err := s.Revoke(t.Context(), id); !errors.Is(err, ErrGenerations) {
		t.Fatalf("past the last generation: %d, %v", g, err)
	}
	if p, _ := s.Resident(t.Context(), id); p.Generation != MaxGeneration {
		t.Fatalf("generation %d", p.Generation)
	}
}
