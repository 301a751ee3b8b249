package codes

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
)

// TestPagesOfTheFeedAreSigned: by a key that signs nothing else, over every byte.
func TestPagesOfTheFeedAreSigned(t *testing.T) {
	t.Parallel()
	_, ring := newRingDir(t)
	body := []byte(`[{"id":"1"}]`)
	sig, err := ring.SignFeed(body, "jinan", "cursor-1", goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	set, err := ring.JWKS(goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := VerifierFromJWKS(set)
	if err != nil {
		t.Fatal(err)
	}
	want := FeedClaims{"jinan", "cursor-1", goldenTime.Unix()}
	if got, err := verifier.VerifyFeed(sig, body); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	list, err := ring.SignList(RevocationList{}, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(list, ".")
	otherRing := func() string {
		_, other := newRingDir(t)
		text, _ := other.SignFeed(body, "jinan", "cursor-1", goldenTime)
		return text
	}
	for what, text := range map[string]string{
		"changed":      sig[:len(sig)-3] + "AAA",
		"of a list":    parts[0] + ".." + parts[2],
		"of a pass":    strings.Replace(jwtOf(t, ring), ".", "..", 1),
		"of elsewhere": otherRing(), "with a payload": strings.Replace(sig, "..", ".AA.", 1), "": "", "long": strings.Repeat("A", maxDetached) + "..A",
	} {
		var refused *Refusal
		if _, err := verifier.VerifyFeed(text, body); !errors.As(err, &refused) {
			t.Errorf("a signature %s is taken: %v", what, err)
		}
	}
	if _, err := verifier.VerifyFeed(sig, append(body, ' ')); err == nil {
		t.Error("another body is taken")
	}
	if _, err := ring.VerifyOnly().SignFeed(body, "jinan", "", goldenTime); !errors.Is(err, ErrNoSigningKey) {
		t.Errorf("signed without a key: %v", err)
	}
}

func jwtOf(t *testing.T, ring *Ring) string {
	_, text := issueAt(t, ring, goldenTime)
	return text
}

// TestPartnersKeys: what a partner sends is taken under their key alone.
func TestPartnersKeys(t *testing.T) {
	t.Parallel()
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	key, err := ParsePartnerKey(b64.EncodeToString(private[ed25519.SeedSize:]))
	if err != nil {
		t.Fatal(err)
	}
	body := []byte("[]")
	by := func(header string, private ed25519.PrivateKey) string {
		head := b64.EncodeToString([]byte(header))
		return head + ".." + b64.EncodeToString(ed25519.Sign(private, detachedInput(head, body)))
	}
	for _, header := range []string{`{"alg":"EdDSA"}`, `{"alg":"EdDSA","kid":"x","typ":"JOSE+JSON"}`} {
		if err := key.Verify(by(header, private), body); err != nil {
			t.Errorf("%s: %v", header, err)
		}
	}
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("2", ed25519.SeedSize)))
	for what, text := range map[string]string{
		"by another":  by(`{"alg":"EdDSA"}`, other),
		"none":        by(`{"alg":"none"}`, private),
		"HS256":       by(`{"alg":"HS256"}`, private),
		"own key":     by(`{"alg":"EdDSA","jwk":{}}`, private),
		"b64":         by(`{"alg":"EdDSA","b64":false,"crit":["b64"]}`, private),
		"two headers": by(`{"alg":"EdDSA"}{}`, private),
	} {
		if key.Verify(text, body) == nil {
			t.Errorf("a signature is taken: %s", what)
		}
	}
	for _, bad := range []string{"", "AAAA", strings.Repeat("A", 43), "A" + b64.EncodeToString(private[ed25519.SeedSize:])} {
		if _, err := ParsePartnerKey(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}
