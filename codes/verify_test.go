package codes

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// TestRefusals: each has its one reason, since the guard acts on it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	verifier := fixedRing(t).Verifier()
	cases := append(refusedJWTs(t), refusedTexts(t)...)
	if len(cases) < 40 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		pass, refusal := verifier.Verify(c.token)
		if refusal == nil {
			t.Errorf("%s: accepted as %+v", c.name, pass)
			continue
		}
		if refusal.Reason != c.want || pass != (Pass{}) {
			t.Errorf("%s: %v and %+v, want %s", c.name, refusal, pass, c.want)
		}
		if len(c.token) > 40 && strings.Contains(refusal.Error(), c.token[20:40]) {
			t.Errorf("%s: the refusal quotes the token", c.name)
		}
	}
	// The forger's work is right: with our header and claims it makes a pass.
	if _, refusal := verifier.Verify(forge(t, fixedRing(t), usePass, goodHeader, goodClaims)); refusal != nil {
		t.Errorf("the control is refused: %v", refusal)
	}
}

// TestFlippedBits: no bit of either form can change, and the JWT has no two
// spellings.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	ring, jwt, compact := goldenTokens(t)
	verifier := ring.Verifier()
	for name, text := range map[string]string{"JWT": jwt, "compact": compact} {
		for i := range len(text) {
			for bit := range 8 {
				changed := []byte(text)
				changed[i] ^= 1 << bit
				_, refusal := verifier.Verify(string(changed))
				if refusal == nil {
					t.Errorf("%s: byte %d bit %d flipped and accepted", name, i, bit)
					continue
				}
				if refusal.Reason == ReasonNotOurPass && i >= len(compactPrefix) {
					t.Errorf("%s: byte %d bit %d flipped: %v", name, i, bit, refusal)
				}
			}
			if _, refusal := verifier.Verify(text[:i]); refusal == nil || i > 4 && refusal.Reason != ReasonMalformed {
				t.Errorf("%s cut to %d bytes: %v", name, i, refusal)
			}
		}
	}
	raw := make([]byte, compactBytes)
	if !decodeBase45(raw, compact[4:]) {
		t.Fatal("not base45")
	}
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			_, refusal := verifier.Verify(string(appendBase45([]byte(compactPrefix), changed)))
			want := ReasonBadSignature
			if i < 1 || i == 27 && !Kind(changed[i]).Valid() || i >= 19 && i < 27 && refusal != nil && refusal.Reason == ReasonMalformed {
				want = ReasonMalformed
			} else if i < 3 {
				want = ReasonUnknownKey
			}
			if refusal == nil || refusal.Reason != want {
				t.Errorf("layout byte %d bit %d flipped: %v, want %s", i, bit, refusal, want)
			}
		}
	}
}

// TestVerifyKeepsNothing: HTTP servers use the buffer behind a token again.
func TestVerifyKeepsNothing(t *testing.T) {
	t.Parallel()
	ring, jwt, compact := goldenTokens(t)
	verifier := ring.Verifier()
	unknown := forge(t, ring, usePass, `{"alg":"EdDSA","kid":"abcdefgh"}`, goodClaims)
	for _, text := range []string{jwt, compact, unknown} {
		buffer := []byte(text)
		pass, refusal := verifier.Verify(unsafe.String(&buffer[0], len(buffer)))
		for i := range buffer {
			buffer[i] = '#'
		}
		wantPass, wantRefusal := verifier.Verify(text)
		if pass != wantPass {
			t.Errorf("the pass changed with the buffer: %+v", pass)
		}
		if wantRefusal != nil && *refusal != *wantRefusal {
			t.Errorf("the refusal changed with the buffer: %v", refusal)
		}
	}
}

func TestValidAt(t *testing.T) {
	t.Parallel()
	pass := Pass{NotBefore: 1000, ExpiresAt: 1600}
	for _, c := range []struct {
		at   time.Time
		want Reason
	}{
		{time.UnixMilli(939_999), ReasonNotYetValid},
		{time.UnixMilli(940_000), ""},
		{time.UnixMilli(1_659_999), ""},
		{time.UnixMilli(1_660_000), ReasonExpired},
	} {
		refusal := pass.ValidAt(c.at)
		if (refusal == nil) != (c.want == "") || refusal != nil && refusal.Reason != c.want {
			t.Errorf("at %v: %v, want %q", c.at, refusal, c.want)
		}
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	ring, jwt, compact := goldenTokens(t)
	verifier := ring.Verifier()
	// A bad signature survives: conversion does not judge it.
	broken := jwt[:len(jwt)-10] + "AAAAAAAAAA"
	short, err := verifier.Compact(broken)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := verifier.Expand(short); err != nil || back != broken {
		t.Errorf("%q came back as %q, %v", broken, back, err)
	}
	for _, text := range []string{jwt, "", "PG1:", "http://example.com/"} {
		if out, err := verifier.Expand(text); err == nil {
			t.Errorf("%q expanded to %q", text, out)
		}
	}
	for _, text := range []string{compact, "", "a.b.c"} {
		if out, err := verifier.Compact(text); err == nil {
			t.Errorf("%q compacted to %q", text, out)
		}
	}
}

func TestVerifierFromJWKS(t *testing.T) {
	t.Parallel()
	ring, jwt, _ := goldenTokens(t)
	good, err := ring.JWKS(goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	one := func(change func(members map[string]any)) []byte {
		var set struct {
			Keys []map[string]any `json:"keys"`
		}
		if err := json.Unmarshal(good, &set); err != nil {
			t.Fatal(err)
		}
		change(set.Keys[1])
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	lowOrder := func(raw []byte) func(map[string]any) {
		return func(m map[string]any) {
			sum := thumbprint(raw)
			m["x"], m["kid"] = b64.EncodeToString(raw), b64.EncodeToString(sum[:])[:8]
		}
	}
	bad := map[string][]byte{
		"no JSON":             []byte("x"),
		"no keys":             []byte(`{"keys":[]}`),
		"another type":        []byte(`{"keys":[{"kty":"RSA"}]}`),
		"private key":         one(func(m map[string]any) { m["d"] = "AA" }),
		"other alg":           one(func(m map[string]any) { m["alg"] = "HS256" }),
		"for encryption":      one(func(m map[string]any) { m["use"] = "enc" }),
		"kid of another key":  one(func(m map[string]any) { m["kid"] = "AAAAAAAA" }),
		"no kid":              one(func(m map[string]any) { delete(m, "kid") }),
		"short x":             one(func(m map[string]any) { m["x"] = "AAAA" }),
		"unknown purpose":     one(func(m map[string]any) { m["passgate_use"] = "x" }),
		"purpose is a number": one(func(m map[string]any) { m["passgate_use"] = 1 }),
		"the same key twice":  bytes.Replace(good, []byte(`{"keys":[`), append([]byte(`{"keys":[`), append(good[9:bytes.IndexByte(good, '}')+1], ',')...), 1),
	}
	for i, raw := range badPoints() {
		bad["bad point "+string(rune('A'+i))] = one(lowOrder(raw))
	}
	for name, text := range bad {
		if _, err := VerifierFromJWKS(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, text := range map[string][]byte{
		"as it is":            good,
		"with an RSA key":     bytes.Replace(good, []byte(`{"keys":[`), []byte(`{"keys":[{"kty":"RSA","n":"AA"},`), 1),
		"with other members":  one(func(m map[string]any) { m["x5t"] = "AA" }),
		"without the purpose": one(func(m map[string]any) { delete(m, "passgate_use") }),
	} {
		verifier, err := VerifierFromJWKS(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, refusal := verifier.Verify(jwt); refusal != nil {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	// Marked for lists, a key verifies no pass however well it is signed.
	verifier, err := VerifierFromJWKS(one(func(m map[string]any) { m["passgate_use"] = "revocations" }))
	if err != nil {
		t.Fatal(err)
	}
	if _, refusal := verifier.Verify(jwt); refusal == nil || refusal.Reason != ReasonUnknownKey {
		t.Errorf("a key for lists verified a pass: %v", refusal)
	}
}
