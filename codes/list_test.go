package codes

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func idsOf(values ...uint64) (ids [][8]byte) {
	for _, v := range values {
		ids = append(ids, [8]byte(binary.BigEndian.AppendUint64(nil, v)))
	}
	return ids
}

func reasonOf(err error) Reason {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}

func TestListRoundTrip(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	for _, ids := range [][][8]byte{nil, idsOf(1), idsOf(3, 1, 2, 3, 1<<63)} {
		text, err := ring.SignList(RevocationList{Counter: 9, Since: 4, IDs: ids}, goldenTime)
		if err != nil {
			t.Fatal(err)
		}
		list, err := ring.Verifier().VerifyList(text, goldenTime)
		if err != nil || list.Counter != 9 || list.Since != 4 || list.IssuedAt != goldenTime.Unix() || list.ExpiresAt != goldenTime.Add(ListLife).Unix() {
			t.Fatalf("%+v, %v", list, err)
		}
		if !slices.IsSortedFunc(list.IDs, compareIDs) {
			t.Errorf("not sorted: %x", list.IDs)
		}
		for _, id := range ids {
			if !list.Contains(id) {
				t.Errorf("%x is missing", id)
			}
		}
		if list.Contains([8]byte{0xaa}) {
			t.Error("contains what nobody revoked")
		}
	}
}

func TestListTimes(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	text, err := ring.SignList(RevocationList{Counter: 1, IDs: idsOf(5)}, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Duration
		want Reason
		kept bool
	}{
		{-61 * time.Second, ReasonNotYetValid, false},
		{-60 * time.Second, "", true},
		{ListLife + 59*time.Second, "", true},
		{ListLife + 60*time.Second, ReasonExpired, true},
	} {
		list, err := ring.Verifier().VerifyList(text, goldenTime.Add(c.at))
		if reasonOf(err) != c.want || list.Contains(idsOf(5)[0]) != c.kept {
			t.Errorf("after %v: %+v, %v", c.at, list, err)
		}
	}
	for _, list := range []RevocationList{
		{Counter: 1, Since: 2},
		{Counter: 1 << 53},
		{Counter: 1, ExpiresAt: goldenTime.Unix()},
		{Counter: 1, ExpiresAt: goldenTime.Add(MaxListLife).Unix() + 1},
	} {
		if _, err := ring.SignList(list, goldenTime); err == nil {
			t.Errorf("signed %+v", list)
		}
	}
}

func TestListRefusals(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	_, pass := issueAt(t, ring, goldenTime)
	good, err := ring.SignList(RevocationList{Counter: 7, IDs: idsOf(1, 2)}, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	const (
		header = `{"alg":"EdDSA","kid":"80UNAWZF","typ":"passgate-revocations+jwt"}`
		claims = `{"counter":7,"since":0,"iat":1795478400,"exp":1795564862,"jtis":"AQAAAAAAAAACAAAAAAAAAA"}`
	)
	list := func(header, claims string) string { return forge(t, ring, useList, header, claims) }
	swap := func(old, replacement string) string {
		return list(header, strings.Replace(claims, old, replacement, 1))
	}
	if _, err := ring.Verifier().VerifyList(list(header, claims), goldenTime); err != nil {
		t.Fatalf("the control is refused: %v", err)
	}
	for _, c := range []refusedToken{
		{"empty", "", ReasonMalformed},
		{"a pass", pass, ReasonMalformed},
		{"two parts", good[:strings.LastIndexByte(good, '.')], ReasonMalformed},
		{"four parts", good + ".AA", ReasonMalformed},
		{"no typ", list(`{"alg":"EdDSA","kid":"80UNAWZF"}`, claims), ReasonMalformed},
		{"other typ", list(strings.Replace(header, "passgate-revocations+jwt", "JWT", 1), claims), ReasonMalformed},
		{"alg none", list(strings.Replace(header, "EdDSA", "none", 1), claims), ReasonMalformed},
		{"crit", list(strings.Replace(header, "}", `,"crit":["exp"]}`, 1), claims), ReasonMalformed},
		{"kid of the pass key", forge(t, ring, usePass, strings.Replace(header, "80UNAWZF", "EY4FXiG-", 1), claims), ReasonUnknownKey},
		{"unknown kid", list(strings.Replace(header, "80UNAWZF", "AAAAAAAA", 1), claims), ReasonUnknownKey},
		{"signed by the pass key", forge(t, ring, usePass, header, claims), ReasonBadSignature},
		{"not in order", swap("AQAAAAAAAAACAAAAAAAAAA", "AgAAAAAAAAABAAAAAAAAAA"), ReasonMalformed},
		{"an entry twice", swap("AQAAAAAAAAACAAAAAAAAAA", "AQAAAAAAAAABAAAAAAAAAA"), ReasonMalformed},
		{"7 bytes", swap("AQAAAAAAAAACAAAAAAAAAA", "AQAAAAAAAA"), ReasonMalformed},
		{"trailing bits", swap("AAAAAA\"", "AAAAAB\""), ReasonMalformed},
		{"1e9", swap("1795564862", "1e10"), ReasonMalformed},
		{"number with leading zero", swap(`"counter":7`, `"counter":07`), ReasonMalformed},
		{"negative counter", swap(`"counter":7`, `"counter":-7`), ReasonMalformed},
		{"counter too large", swap(`"counter":7`, `"counter":9007199254740992`), ReasonMalformed},
		{"since after counter", swap(`"since":0`, `"since":8`), ReasonMalformed},
		{"ends before it begins", swap("1795564862", "1795478400"), ReasonMalformed},
		{"member twice", swap(`"since":0`, `"since":0,"since":0`), ReasonMalformed},
		{"member more", swap("}", `,"sub":"x"}`), ReasonMalformed},
		{"member in capitals", swap("counter", "Counter"), ReasonMalformed},
		{"space", swap(",", ", "), ReasonMalformed},
		{"null", list(header, "null"), ReasonMalformed},
	} {
		if got, err := ring.Verifier().VerifyList(c.token, goldenTime); reasonOf(err) != c.want || got.IDs != nil {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	for i := range len(good) {
		for bit := range 8 {
			changed := []byte(good)
			changed[i] ^= 1 << bit
			if _, err := ring.Verifier().VerifyList(string(changed), goldenTime); err == nil {
				t.Errorf("byte %d bit %d flipped and accepted", i, bit)
			}
		}
	}
	if _, refusal := ring.Verifier().Verify(good); refusal == nil || refusal.Reason != ReasonMalformed {
		t.Errorf("a list is taken for a pass: %v", refusal)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	full := RevocationList{Counter: 5, IssuedAt: 100, ExpiresAt: 200, IDs: idsOf(1, 3)}
	for _, c := range []struct {
		name  string
		delta RevocationList
		want  [][8]byte
		err   error
	}{
		{"the next", RevocationList{Counter: 6, Since: 5, IssuedAt: 110, ExpiresAt: 210, IDs: idsOf(2, 3)}, idsOf(1, 2, 3), nil},
		{"overlapping", RevocationList{Counter: 9, Since: 2, IssuedAt: 110, ExpiresAt: 210, IDs: idsOf(3, 9)}, idsOf(1, 3, 9), nil},
		{"gap", RevocationList{Counter: 9, Since: 6, IssuedAt: 110, ExpiresAt: 210, IDs: idsOf(9)}, nil, ErrListGap},
		{"older", RevocationList{Counter: 4, Since: 2, IssuedAt: 120, ExpiresAt: 220, IDs: idsOf(9)}, idsOf(1, 3), nil},
		{"older full list", RevocationList{Counter: 4, IssuedAt: 120, ExpiresAt: 220, IDs: idsOf(9)}, idsOf(1, 3), nil},
		{"new full list", RevocationList{Counter: 6, IssuedAt: 120, ExpiresAt: 220, IDs: idsOf(9)}, idsOf(9), nil},
		{"nothing new, good for longer", RevocationList{Counter: 5, Since: 5, IssuedAt: 120, ExpiresAt: 220}, idsOf(1, 3), nil},
	} {
		merged, err := Merge(full, c.delta)
		if !errors.Is(err, c.err) || c.err == nil && (!slices.Equal(merged.IDs, c.want) || merged.Since != 0) {
			t.Errorf("%s: %+v, %v", c.name, merged, err)
		}
		if c.err == nil && c.delta.Counter >= full.Counter && (merged.ExpiresAt != c.delta.ExpiresAt || merged.Counter != c.delta.Counter) {
			t.Errorf("%s: counter %d until %d", c.name, merged.Counter, merged.ExpiresAt)
		}
	}
	if _, err := Merge(RevocationList{Counter: 3, Since: 1}, full); err == nil {
		t.Error("merged into a delta")
	}
	if !slices.Equal(full.IDs, idsOf(1, 3)) {
		t.Error("merging changed the list it was given")
	}
}

func TestPad(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 511, 512, 513} {
		var entries []Revoked
		for i := range n {
			entries = append(entries, Revoked{ID: [8]byte{byte(i), byte(i >> 8), 1}, ExpiresAt: int64(1000 + i%7)})
		}
		before := slices.Clone(entries)
		padded, err := Pad(entries, rand.Reader)
		if err != nil || len(padded) != (n+511)/512*512 || !slices.Equal(before, entries) {
			t.Errorf("%d padded to %d, %v", n, len(padded), err)
		}
		for _, e := range entries {
			if !slices.Contains(padded, e) {
				t.Errorf("%x was lost", e.ID)
			}
		}
		for _, e := range padded {
			if e.ExpiresAt < 1000 || e.ExpiresAt > 1006 {
				t.Errorf("a decoy shows by its end: %d", e.ExpiresAt)
			}
		}
	}
	if _, err := Pad([]Revoked{{}}, bytes.NewReader(nil)); err == nil {
		t.Error("padded without randomness")
	}
}

// TestRevokedPassIsOnTheList goes the whole way: a pass is issued, its holder
// revoked, and a phone with the list alone refuses it and nobody else's.
func TestRevokedPassIsOnTheList(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	signer := signerAt(t, ring, goldenTime)
	mine, _, err := signer.Issue(Request{Person: 1, Kind: KindPaper, NotBefore: goldenTime.Add(-9 * day)})
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := signer.Issue(Request{Person: 2, Kind: KindPaper, NotBefore: goldenTime})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := Pad(ring.Enumerate(1, 0, goldenTime, goldenTime.Add(MaxAhead)), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var ids [][8]byte
	for _, e := range batch {
		ids = append(ids, e.ID)
	}
	text, err := ring.SignList(RevocationList{Counter: 1, IDs: ids}, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ring.Verifier().VerifyList(text, goldenTime)
	if err != nil || len(list.IDs)%PadTo != 0 || !list.Contains(mine.ID) || list.Contains(other.ID) {
		t.Errorf("%d entries, mine %v, other %v, %v", len(list.IDs), list.Contains(mine.ID), list.Contains(other.ID), err)
	}
	again, _, err := signer.Issue(Request{Person: 1, Generation: 1, Kind: KindPaper, NotBefore: goldenTime})
	if err != nil || list.Contains(again.ID) {
		t.Errorf("the next generation's pass is revoked as well, %v", err)
	}
}
