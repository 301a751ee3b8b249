package checkpoint

import (
	"slices"
	"testing"
	"time"
)

// looked is an entry about people, or a site.
func looked(t testing.TB, s *Store, action string, about About) {
	t.Helper()
	e := asked(1)
	e.Action = action
	if _, err := s.AuditAbout(t.Context(), e, about); err != nil {
		t.Fatal(err)
	}
}

func readersOf(t testing.TB, s *Store, person uint64) (actions []string) {
	t.Helper()
	who, err := s.Resident(t.Context(), person)
	must(t, err)
	entries, err := s.Readers(t.Context(), who)
	must(t, err)
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	return actions
}

func TestReadersAreThoseOfOnePerson(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	looked(t, s, "before their time", About{Site: "v-01"})
	clock.Advance(time.Second)
	_, ids := liveTogether(t, s, "1-101", "H00001111", "H00002222")
	other := openStore(t, s.keys.prefix, clock) // another gateway
	looked(t, s, "first", About{People: []uint64{ids[0]}})
	looked(t, other, "both, twice named", About{People: []uint64{ids[1], ids[0], ids[1]}})
	looked(t, s, "the village", About{Site: "v-01"})
	looked(t, other, "another village", About{Site: "v-02"})
	mustAudit(t, s, 3) // about nobody
	looked(t, s, "second", About{People: []uint64{ids[1]}})
	for i, want := range [][]string{{"the village", "both, twice named", "first"}, {"second", "the village", "both, twice named"}} {
		if got := readersOf(t, s, ids[i]); !slices.Equal(got, want) {
			t.Errorf("person %d: %q, want %q", i, got, want)
		}
	}
	v := NewAuditVerifier()
	for _, r := range auditRecords(t, s) {
		v.Add(&r)
	}
	if report := v.Report(); !report.Sound() || report.Entries != 9 {
		t.Errorf("the chain: %+v", report)
	}
}

func TestReadersGoWithTheAudit(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	_, ids := liveTogether(t, s, "1-101", "H00001111", "H00002222")
	for range maxReaders + 20 {
		looked(t, s, "often", About{People: ids})
	}
	if got := readersOf(t, s, ids[0]); len(got) != maxReaders {
		t.Errorf("%d entries are shown, want %d", len(got), maxReaders)
	}
	if n := s.rdb.ZCard(t.Context(), s.keys.readers("p", raw(ids[0]))).Val(); n != maxReaders {
		t.Errorf("%d numbers are kept", n)
	}
	clock.Advance(10 * 24 * time.Hour)
	looked(t, s, "later", About{People: ids[:1]})
	f := headFile(t, s, t.TempDir()+"/heads")
	f.Keep = 24 * time.Hour
	must(t, f.Cut(t.Context()))
	if got := readersOf(t, s, ids[0]); !slices.Equal(got, []string{"later"}) {
		t.Errorf("after the cut %d entries: %.40q", len(got), got)
	}
	sweep(t, s)
	for _, key := range allKeys(t, s) {
		if key == s.keys.readers("p", raw(ids[1])) {
			t.Error("a list of entries that are gone is left")
		}
	}
	if n := s.rdb.ZCard(t.Context(), s.keys.readers("p", raw(ids[0]))).Val(); n != 1 {
		t.Errorf("%d numbers are left", n)
	}
	must(t, s.Erase(t.Context(), ids[0], "li"))
	if n := s.rdb.Exists(t.Context(), s.keys.readers("p", raw(ids[0]))).Val(); n != 0 {
		t.Error("who has read somebody erased is still listed")
	}
}

// BenchmarkReaders asks who has read somebody, in a town where 100,000 entries
// are on record, 200 of them about them.
func BenchmarkReaders(b *testing.B) {
	s, _ := newStore(b)
	_, ids := liveTogether(b, s, "1-101", "H00001111")
	fillAudit(b, s, 100_000, ids[0])
	who, err := s.Resident(b.Context(), ids[0])
	must(b, err)
	b.ResetTimer()
	for range b.N {
		entries, err := s.Readers(b.Context(), who)
		must(b, err)
		if len(entries) != maxReaders {
			b.Fatalf("%d entries", len(entries))
		}
	}
}

// BenchmarkReadersBySearch is the same without lists: backwards through all.
func BenchmarkReadersBySearch(b *testing.B) {
	s, _ := newStore(b)
	_, ids := liveTogether(b, s, "1-101", "H00001111")
	fillAudit(b, s, 100_000, ids[0])
	b.ResetTimer()
	for range b.N {
		n := 0
		must(b, s.AuditRecords(b.Context(), 1, 1<<40, func(e *AuditRecord) error {
			if e.Subject == FormatPersonID(ids[0]) {
				n++
			}
			return nil
		}))
		if n != maxReaders {
			b.Fatalf("%d entries", n)
		}
	}
}

// fillAudit puts n entries on record, every 500th of them about a person.
func fillAudit(b *testing.B, s *Store, n int, person uint64) {
	b.Helper()
	done := make(chan error)
	const callers = 64
	for c := range callers {
		go func() {
			for i := c; i < n; i += callers {
				e, about := asked(i), About{People: []uint64{uint64(i) | 1<<63}}
				if i%500 == 0 {
					e.Subject, about = FormatPersonID(person), About{People: []uint64{person}}
				}
				if _, err := s.AuditAbout(b.Context(), e, about); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range callers {
		must(b, <-done)
	}
}
