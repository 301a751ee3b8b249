package checkpoint

import (
	"errors"
	"strings"
	"testing"
)

// liveTogether enrols people behind one door of v-01 and gives their household.
func liveTogether(t testing.TB, s *Store, door string, documents ...string) (household uint64, ids []uint64) {
	t.Helper()
	rows := make([]NewResident, len(documents))
	for i, document := range documents {
		rows[i] = NewResident{Name: "王小明", IDNumber: document, Site: "v-01", Door: door}
	}
	ids = mustEnrol(t, s, rows...)
	who, err := s.Resident(t.Context(), ids[0])
	must(t, err)
	return who.Household, ids
}

func mustCode(t testing.TB, s *Store, household uint64) string {
	t.Helper()
	code, err := s.ActivationCode(t.Context(), "v-01", household)
	must(t, err)
	return code
}

func TestSheetPrintedAgainShowsTheSameCode(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	home, _ := liveTogether(t, s, "1-101", idNumber(1), idNumber(2))
	other, _ := liveTogether(t, s, "1-102", idNumber(3))
	alone, _ := liveTogether(t, s, "", idNumber(4))
	codes, err := s.ActivationCodes(t.Context(), "v-01", []uint64{home, other, alone})
	must(t, err)
	again := openStore(t, s.keys.prefix, clock) // another gateway
	seen := map[string]bool{}
	for i, household := range []uint64{home, other, alone} {
		if got := mustCode(t, again, household); got != codes[i] || seen[got] {
			t.Errorf("household %d: %s, then %s", i, codes[i], got)
		}
		seen[codes[i]] = true
		if parsed, err := ParseActivationCode(codes[i]); err != nil || parsed != codes[i] {
			t.Errorf("%s reads as %s, %v", codes[i], parsed, err)
		}
	}
	renewed, ended, err := s.RenewActivation(t.Context(), "v-01", home)
	must(t, err)
	if renewed == codes[0] || ended != 0 || mustCode(t, again, home) != renewed {
		t.Errorf("after renewal %s, before %s, %d phones", renewed, codes[0], ended)
	}
	for _, key := range allKeys(t, s) {
		for _, code := range append(codes, renewed) {
			if strings.Contains(key, code) {
				t.Errorf("the key %q names a code", key)
			}
		}
	}
}

// One wrong character, or two that changed places, are noticed at the phone and
// cost nobody a try.
func TestCodeTypedWronglyIsNoticed(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	code := s.seal.activationCode(12345, 0)
	chars := strings.ReplaceAll(strings.TrimPrefix(code, "PGH1"), "-", "")
	for i := range chars {
		for _, wrong := range crockford {
			typed := chars[:i] + string(wrong) + chars[i+1:]
			if _, err := ParseActivationCode(typed); (err == nil) != (typed == chars) {
				t.Errorf("%s for %s: %v", typed, chars, err)
			}
		}
		for j := range i {
			b := []byte(chars)
			b[i], b[j] = b[j], b[i]
			if _, err := ParseActivationCode(string(b)); (err == nil) != (string(b) == chars) {
				t.Errorf("%s for %s: %v", b, chars, err)
			}
		}
	}
	alike := strings.NewReplacer("0", "o", "1", "l", "V", "u").Replace(strings.ToLower(chars))
	for _, typed := range []string{code, strings.ToLower(code), chars, " " + chars[:6] + " - " + chars[6:], alike} {
		if got, err := ParseActivationCode(typed); err != nil || got != code {
			t.Errorf("%q reads as %s, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "PGH1", code + "A", code[1:], strings.Repeat("人", 12), chars[:11] + "!"} {
		var refused *FieldError
		if _, err := ParseActivationCode(typed); !errors.As(err, &refused) || refused.Field != "code" {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func FuzzActivationCode(f *testing.F) {
	f.Add("PGH1-0000-0000-0000")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := ParseActivationCode(typed)
		if err != nil {
			return
		}
		if again, err := ParseActivationCode(code); err != nil || again != code {
			t.Fatalf("%q reads as %s, which reads as %s, %v", typed, code, again, err)
		}
	})
}
