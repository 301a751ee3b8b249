package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// activate opens a phone of a household of v-01 from an address.
func activate(s *Store, code, tail, address string, t testing.TB) (Phone, PhoneToken, error) {
	t.Helper()
	return s.ActivatePhone(t.Context(), Activation{Code: code, Tail: tail, Name: "Android", Address: address})
}

// home is a household with a code and two members.
type home struct {
	t         testing.TB
	s         *Store
	clock     *testClock
	household uint64
	people    []uint64
	code      string
}

const (
	fatherDocument, motherDocument = "H00001234", "H00005678"
	fatherTail, motherTail         = "1234", "5678"
)

func newHome(t testing.TB) *home {
	t.Helper()
	s, clock := newStore(t)
	h := &home{t: t, s: s, clock: clock}
	h.household, h.people = liveTogether(t, s, "1-101", fatherDocument, motherDocument)
	h.code = mustCode(t, s, h.household)
	return h
}

func (h *home) open(tail string) PhoneToken {
	h.t.Helper()
	_, token, err := activate(h.s, h.code, tail, "192.0.2.1", h.t)
	must(h.t, err)
	return token
}

// signedIn fails the test unless the phone is signed in, or is not.
func (h *home) signedIn(what string, token PhoneToken, want bool) {
	h.t.Helper()
	_, err := h.s.PhoneByToken(h.t.Context(), token)
	if want && err != nil || !want && !errors.Is(err, ErrNoPhone) {
		h.t.Errorf("%s: %v", what, err)
	}
}

func TestPhoneIsOpenedByCodeAndDocument(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	_, neighbors := liveTogether(t, h.s, "1-102", "H00009999")
	p, token, err := activate(h.s, h.code, motherTail, "192.0.2.1", t)
	must(t, err)
	if p.Person != h.people[1] || p.Household != h.household || p.Site != "v-01" || p.Name != "Android" {
		t.Errorf("opened %+v", p)
	}
	h.clock.Advance(50 * time.Hour)
	got, err := openStore(t, h.s.keys.prefix, h.clock).PhoneByToken(t.Context(), token) // any gateway
	must(t, err)
	if got.ID != p.ID || got.Person != p.Person || got.Household != p.Household || got.Site != "v-01" || got.ActivatedAt != p.ActivatedAt {
		t.Errorf("found %+v, want %+v", got, p)
	}
	phones, err := h.s.Phones(t.Context(), h.household)
	must(t, err)
	if len(phones) != 1 || phones[0].ID != p.ID || phones[0].LastSeen.String() != "2020-02-13" {
		t.Errorf("phones %+v", phones)
	}
	members, err := h.s.HouseholdMembers(t.Context(), "v-01", h.household)
	must(t, err)
	if len(members) != 2 || members[0].IDNumber+members[1].IDNumber == "" || slices.ContainsFunc(members, func(m Resident) bool { return m.ID == neighbors[0] }) {
		t.Errorf("members %+v", members)
	}
	if _, err := h.s.HouseholdMember(t.Context(), h.household, neighbors[0]); !errors.Is(err, ErrNotFound) {
		t.Errorf("a neighbour is a member: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", token, token, token, token); text != strings.Repeat("token of a phone ", 3)+"token of a phone" {
		t.Errorf("a token prints %s", text)
	}
}

// A token of another household, of nobody, or with one bit changed is no phone.
func TestForgedPhonesAreNone(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	token := h.open(fatherTail)
	for bit := range 8 * len(token) {
		forged := token
		forged[bit/8] ^= 1 << (bit % 8)
		h.signedIn(fmt.Sprintf("bit %d", bit), forged, false)
	}
	h.signedIn("made up", h.s.newPhoneToken(h.household), false)
	h.signedIn("zero", PhoneToken{}, false)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	forged := h.s.newPhoneToken(h.household)
	forged[20] ^= 1
	if _, err := h.s.PhoneByToken(over, forged); !errors.Is(err, ErrNoPhone) {
		t.Errorf("Redis is asked for a token that is none of ours: %v", err)
	}
	h.signedIn("the real one", token, true)
	first, second := h.open(fatherTail), h.open(fatherTail)
	if string(first[8:16]) == string(second[8:16]) {
		t.Error("two tokens of one household show that they are")
	}
}

// Whether a code is that of a household shows neither in the answers nor in how
// long somebody has to wait.
func TestWrongCodeAndWrongTailAreTheSame(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	renewed, _ := liveTogether(t, h.s, "1-103", "H00004321")
	old := mustCode(t, h.s, renewed)
	_, _, err := h.s.RenewActivation(t.Context(), "v-01", renewed)
	must(t, err)
	empty, people := liveTogether(t, h.s, "1-104", "H00007777")
	must(t, h.s.SetStatus(t.Context(), people[0], StatusGone))
	n := 0
	for what, c := range map[string][2]string{
		"a wrong tail": {h.code, "4321"}, "a code of nobody": {h.s.seal.activationCode(12345, 0), fatherTail},
		"a code before renewal": {old, "4321"}, "a home that is empty": {mustCode(t, h.s, empty), "7777"},
	} {
		n++
		for i := range allowTail.free {
			if _, _, err := activate(h.s, c[0], c[1], fmt.Sprintf("192.0.2.%d", n), t); !errors.Is(err, ErrWrongCode) {
				t.Errorf("%s, try %d: %v", what, i, err)
			}
		}
		var soon *TooSoonError
		if _, _, err := activate(h.s, c[0], c[1], fmt.Sprintf("192.0.2.%d", n), t); !errors.As(err, &soon) || soon.Wait != time.Second {
			t.Errorf("%s, once more: %v", what, err)
		}
	}
	if _, _, err := activate(h.s, mustCode(t, h.s, renewed), "4321", "192.0.2.99", t); err != nil {
		t.Errorf("the code after renewal: %v", err)
	}
}

// Whoever found a sheet gets few guesses at a tail, from however many addresses;
// codes that are made up hold nobody up.
func TestGuessersOfTailsGetFew(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	count := 0
	for i := range 24 * 60 {
		_, _, err := activate(h.s, h.code, "0000", fmt.Sprintf("198.51.%d.%d", i/250, i%250), t)
		if errors.Is(err, ErrWrongCode) {
			count++
		}
		h.clock.Advance(time.Minute)
	}
	if count < 10 || count > 25 {
		t.Errorf("%d guesses in a day, want about 20", count)
	}
	other, _ := liveTogether(t, h.s, "1-102", "H00009999")
	if _, _, err := activate(h.s, mustCode(t, h.s, other), "9999", "203.0.113.1", t); err != nil {
		t.Errorf("the neighbours: %v", err)
	}
	for i := range 20 { // of nobody, which happen to share a counter
		_, _ = h.s.Try(t.Context(), Attempt{Secret: SecretNoActivation, Account: mustCode(t, h.s, other), Address: fmt.Sprintf("192.0.2.%d", i)})
	}
	if _, _, err := activate(h.s, mustCode(t, h.s, other), "9999", "203.0.113.2", t); err != nil {
		t.Errorf("behind made-up codes: %v", err)
	}
	wrong, soon := 0, new(TooSoonError)
	for i := range 40 { // codes of nobody, from one address
		_, _, err := activate(h.s, h.s.seal.activationCode(uint64(i), 7), "0000", "203.0.113.9", t)
		if errors.Is(err, ErrWrongCode) {
			wrong++
		} else if !errors.As(err, &soon) {
			t.Fatal(err)
		}
	}
	if wrong != allowAddress.free {
		t.Errorf("%d codes from one address", wrong)
	}
}

func TestHouseholdHasAFewPhones(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	var tokens []PhoneToken
	for range MaxPhones {
		tokens = append(tokens, h.open(fatherTail))
	}
	if _, _, err := activate(h.s, h.code, fatherTail, "192.0.2.1", t); !errors.Is(err, ErrPhones) {
		t.Errorf("one more: %v", err)
	}
	id, _ := h.s.sealPhone(&tokens[3])
	other, _ := liveTogether(t, h.s, "1-102", "H00009999")
	if err := h.s.EndPhone(t.Context(), other, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("a neighbour signs it out: %v", err)
	}
	must(t, h.s.EndPhone(t.Context(), h.household, id))
	h.signedIn("signed out", tokens[3], false)
	h.signedIn("another one", tokens[4], true)
	if err := h.s.EndPhone(t.Context(), h.household, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("again: %v", err)
	}
	h.open(fatherTail)

	h.clock.Advance(PhoneIdle - 24*time.Hour) // one phone is used, the others are not
	h.signedIn("in use", tokens[0], true)
	h.clock.Advance(3 * 24 * time.Hour)
	if last := sweep(t, h.s); last.KeptFrom == 0 {
		t.Error("no sweep")
	}
	phones, err := h.s.Phones(t.Context(), h.household)
	must(t, err)
	if kept, _ := h.s.sealPhone(&tokens[0]); len(phones) != 1 || phones[0].ID != kept {
		t.Errorf("after %s %d phones are left", PhoneIdle, len(phones))
	}
	h.signedIn("long unused", tokens[1], false)
}

// Whoever leaves a household takes their phones along, and the code is void,
// since they know it. The others' phones go on.
func TestWhoLeavesAHouseholdLeavesItsPhones(t *testing.T) {
	t.Parallel()
	for what, leave := range map[string]func(h *home) error{
		"moves to another door": func(h *home) error {
			// A door whose household lies in the same partition.
			for n := 1; ; n++ {
				door := fmt.Sprintf("9-%d", n)
				if partitionOf(h.s.seal.blind("household", "v-01\x00"+door)) == partitionOf(h.household) {
					res, err := h.s.Enrol(h.t.Context(), []NewResident{{Name: "王小明", IDNumber: fatherDocument, Site: "v-01", Door: door}})
					if err == nil && !res[0].Changed {
						err = fmt.Errorf("%+v", res[0])
					}
					return err
				}
			}
		},
		"moves away": func(h *home) error { return h.s.SetStatus(h.t.Context(), h.people[0], StatusGone) },
		"is erased":  func(h *home) error { return h.s.Erase(h.t.Context(), h.people[0], "li") },
	} {
		h := newHome(t)
		father, mother := h.open(fatherTail), h.open(motherTail)
		must(t, leave(h))
		h.signedIn(what+": their phone", father, false)
		h.signedIn(what+": another's phone", mother, true)
		if _, err := h.s.HouseholdMember(t.Context(), h.household, h.people[0]); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: is a member: %v", what, err)
		}
		for _, tail := range []string{fatherTail, motherTail} {
			if _, _, err := activate(h.s, h.code, tail, "192.0.2.9", t); !errors.Is(err, ErrWrongCode) {
				t.Errorf("%s: the code they know opens by %s: %v", what, tail, err)
			}
		}
		h.code = mustCode(t, h.s, h.household)
		h.signedIn(what+": opened by a new sheet", h.open(motherTail), true)
		must(t, h.s.SetStatus(t.Context(), h.people[1], StatusRed))
		h.signedIn(what+": red", mother, true)
	}
}

func TestRenewalEndsAllPhones(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	father, mother := h.open(fatherTail), h.open(motherTail)
	code, ended, err := h.s.RenewActivation(t.Context(), "v-01", h.household)
	must(t, err)
	if ended != 2 || code == h.code {
		t.Errorf("%d phones ended, code %s after %s", ended, code, h.code)
	}
	h.signedIn("father's", father, false)
	h.signedIn("mother's", mother, false)
	if _, _, err := activate(h.s, h.code, fatherTail, "192.0.2.1", t); !errors.Is(err, ErrWrongCode) {
		t.Errorf("the old code: %v", err)
	}
	if h.s.rdb.HExists(t.Context(), h.s.keys.activation(h.s.seal.codeHash(h.code)), raw(h.s.seal.codeHash(h.code))).Val() {
		t.Error("the old code is still in the index")
	}
	// An entry that stays because the renewal was cut off opens nothing.
	hash := h.s.seal.codeHash(h.code)
	entry := h.s.rdb.HGet(t.Context(), h.s.keys.activation(h.s.seal.codeHash(code)), raw(h.s.seal.codeHash(code))).Val()
	must(t, h.s.rdb.HSet(t.Context(), h.s.keys.activation(hash), raw(hash), entry).Err())
	if _, _, err := activate(h.s, h.code, fatherTail, "192.0.2.1", t); !errors.Is(err, ErrWrongCode) || len(entry) != 12 {
		t.Errorf("the old code, whose entry is still there: %v", err)
	}
	h.code = code
	token := h.open(fatherTail)
	h.signedIn("by the new code", token, true)
	// Nor does a phone go on that was left behind by somebody who lives elsewhere.
	must(t, h.s.rdb.HSet(t.Context(), h.s.keys.person(h.people[0]), "u", raw(h.household^1)).Err())
	h.signedIn("of who lives elsewhere", token, false)
}

// Of a household that is one person nothing is left when they are erased.
func TestNothingOfAPhoneIsLeftOfTheErased(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	household, ids := liveTogether(t, s, "", "H00001234")
	_, token, err := activate(s, mustCode(t, s, household), "1234", "192.0.2.1", t)
	must(t, err)
	phone, _ := s.sealPhone(&token)
	must(t, s.Erase(t.Context(), ids[0], "li"))
	for key, value := range stored(t, s) {
		if strings.Contains(key+value, raw(household)) || strings.Contains(value, raw(phone)) {
			t.Errorf("%q names the household or the phone", key)
		}
	}
}
