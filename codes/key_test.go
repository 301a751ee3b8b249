package codes

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"filippo.io/edwards25519"
)

// badPoints are keys under which a signature proves nothing, or that have two
// spellings: the points of low order, encodings above the field's prime, no
// point at all, and a good point with a part of low order.
func badPoints() [][]byte {
	var out [][]byte
	for _, text := range []string{
		"0100000000000000000000000000000000000000000000000000000000000000", // the identity
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // order 2
		"0000000000000000000000000000000000000000000000000000000000000000", // order 4
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p, for 0
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1, for 1
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"0100000000000000000000000000000000000000000000000000000000000080", // the identity, sign set
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 3, for 3
		"0200000000000000000000000000000000000000000000000000000000000000", // no point
	} {
		raw, err := hex.DecodeString(text)
		if err != nil {
			panic(err)
		}
		out = append(out, raw)
	}
	order8, err := new(edwards25519.Point).SetBytes(out[4])
	if err != nil {
		panic(err)
	}
	return append(out, new(edwards25519.Point).Add(edwards25519.NewGeneratorPoint(), order8).Bytes())
}

func TestBadKeysAreRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range badPoints() {
		if _, err := newPublicKey(raw, usePass); err == nil {
			t.Errorf("%x was accepted", raw)
		}
	}
	for _, size := range []int{0, 31, 33} {
		if _, err := newPublicKey(make([]byte, size), usePass); err == nil {
			t.Errorf("%d bytes were accepted", size)
		}
	}
	if _, err := newPublicKey(edwards25519.NewGeneratorPoint().Bytes(), usePass); err != nil {
		t.Errorf("the control is refused: %v", err)
	}
}

func TestMethodTakesOnlyCheckedKeys(t *testing.T) {
	t.Parallel()
	raw := edwards25519.NewGeneratorPoint().Bytes()
	for _, key := range []any{raw, string(raw), nil, []byte("secret")} {
		if err := method.Verify("a.b", make([]byte, 64), key); err == nil {
			t.Errorf("%T verified", key)
		}
		if _, err := method.Sign("a.b", key); err == nil {
			t.Errorf("%T signed", key)
		}
	}
}

func TestSecretIsHMAC(t *testing.T) {
	t.Parallel()
	key, message := []byte("key"), []byte("a message")
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	s := newSecret(key)
	for range 3 { // the state is used again
		if sum := s.sum(func(m []byte) []byte { return append(m, message...) }); !bytes.Equal(sum[:], mac.Sum(nil)) {
			t.Errorf("%x", sum)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if out := fmt.Sprintf(verb, s); out != "secret" {
			t.Errorf("%s prints %q", verb, out)
		}
	}
}

// TestBase45 has the examples of RFC 9285, section 4.3.
func TestBase45(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{"AB": "BB8", "Hello!!": "%69 VD92EX0", "base-45": "UJCLQE7W581", "ietf!": "QED8WEX0"} {
		if got := string(appendBase45(nil, []byte(text))); got != code {
			t.Errorf("%q is %q, want %q", text, got, code)
		}
		back := make([]byte, len(text))
		if !decodeBase45(back, code) || string(back) != text {
			t.Errorf("%q reads as %q", code, back)
		}
	}
	for _, code := range []string{"GGW", ":::", "::", "A", "bb8", "BB8B"} {
		if n := len(code)/3*2 + len(code)%3/2; decodeBase45(make([]byte, n), code) && code != "BB8B" || code == "BB8B" && decodeBase45(make([]byte, 2), code) {
			t.Errorf("%q was read", code)
		}
	}
}
