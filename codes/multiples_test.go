package codes

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
	"github.com/cloudflare/circl/math/fp25519"
)

// edVector is a line of testdata/ed25519/vectors.txt.gz.
type edVector struct {
	source       string
	key          ed25519.PublicKey
	sig, message []byte
}

var edVectors = sync.OnceValues(func() (vectors []edVector, err error) {
	f, err := os.Open("testdata/ed25519/vectors.txt.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		v := edVector{source: words[0]}
		for i, part := range []*[]byte{(*[]byte)(&v.key), &v.sig, &v.message} {
			if *part, err = hex.DecodeString(strings.Trim(words[1+i], "-")); err != nil {
				return nil, err
			}
		}
		vectors = append(vectors, v)
	}
	return vectors, nil
})

// quickKeys keeps the keys of a test, which has few and many signatures of each.
type quickKeys map[string]*quickKey

// same fails the test unless a quick key and crypto/ed25519 agree, and gives
// their answer.
func (keys quickKeys) same(t testing.TB, what string, key ed25519.PublicKey, message, sig []byte) bool {
	t.Helper()
	quick := keys[string(key)]
	if quick == nil {
		quick = newQuickKey(key)
		keys[string(key)] = quick
	}
	got, want := quick.verify(string(message), sig), ed25519.Verify(key, message, sig)
	if got != want {
		t.Errorf("%s: accepted %v, crypto/ed25519 %v: key %x, message %x, signature %x", what, got, want, key, message, sig)
	}
	return want
}

// TestQuickKeysOnPublishedVectors: the counts are what the sources say of Go (of
// cctv all without NonCanonicalR and LowOrderResidue; zip215 says nothing), so that
// both cannot change together.
func TestQuickKeysOnPublishedVectors(t *testing.T) {
	t.Parallel()
	vectors, err := edVectors()
	if err != nil {
		t.Fatal(err)
	}
	accepted, all, keys := map[string]int{}, map[string]int{}, quickKeys{}
	for _, v := range vectors {
		all[v.source]++
		if keys.same(t, v.source, v.key, v.message, v.sig) {
			accepted[v.source]++
		}
	}
	for source, want := range map[string][2]int{
		"rfc8032": {4, 4}, "sign.input": {16, 16}, "speccheck": {5, 12}, "zip215": {12, 196}, "cctv": {198, 768}, "wycheproof": {84, 145},
	} {
		if got := [2]int{accepted[source], all[source]}; got != want {
			t.Errorf("%s: %d of %d accepted, want %d of %d", source, got[0], got[1], want[0], want[1])
		}
	}
}

// oddKeys are keys of each kind that crypto/ed25519 takes: good ones, points of
// every low order, mixed ones, other encodings, and one that is no point.
func oddKeys(good int) (keys []ed25519.PublicKey, privates []ed25519.PrivateKey) {
	for i := range good {
		private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i + 1)}, 32))
		privates, keys = append(privates, private), append(keys, private.Public().(ed25519.PublicKey)) //nolint:forcetypeassert // what it is
	}
	for _, low := range badPoints() {
		keys, privates = append(keys, low), append(privates, nil)
		if point, err := new(edwards25519.Point).SetBytes(low); err == nil { // of the prime order and of a low one
			other, _ := new(edwards25519.Point).SetBytes(keys[0])
			keys, privates = append(keys, other.Add(other, point).Bytes()), append(privates, nil)
		}
	}
	return keys, privates
}

// TestQuickKeysOnChangedSignatures: signatures, keys and messages with a bit or
// more changed, S raised by the order, R of low order.
func TestQuickKeysOnChangedSignatures(t *testing.T) {
	t.Parallel()
	rounds := 1_000
	if os.Getenv("PASSGATE_LONG") != "" {
		rounds = 10_000
	}
	keys, privates := oddKeys(6)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same in each run
	quick, accepted := quickKeys{}, 0
	for range rounds {
		i := random.IntN(len(keys))
		message := make([]byte, random.IntN(300))
		for j := range message {
			message[j] = byte(random.Uint32())
		}
		sig := make([]byte, ed25519.SignatureSize)
		copy(sig, keys[random.IntN(len(keys))])
		if privates[i] != nil {
			sig = ed25519.Sign(privates[i], message)
		}
		changeSignature(random, keys, sig)
		if quick.same(t, "changed", keys[i], message, sig) {
			accepted++
		}
	}
	if accepted == 0 || accepted == rounds {
		t.Errorf("%d of %d accepted: the test compares one side only", accepted, rounds)
	}
}

// order is that of the group, little-endian.
var order = [32]byte{
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10,
}

func changeSignature(random *rand.Rand, keys []ed25519.PublicKey, sig []byte) {
	switch random.IntN(5) {
	case 0: // as it is
	case 1:
		sig[random.IntN(len(sig))] ^= 1 << random.IntN(8)
	case 2: // S + order is the same scalar
		carry := 0
		for i, b := range order {
			carry += int(sig[32+i]) + int(b)
			sig[32+i], carry = byte(carry), carry>>8
		}
	case 3:
		copy(sig, keys[random.IntN(len(keys))])
	case 4:
		clear(sig[32:])
	}
}

// FuzzQuickKey compares both on keys, messages and signatures of any kind; with
// sign it puts a good signature in place of the fuzzed one, changed by it.
func FuzzQuickKey(f *testing.F) {
	vectors, err := edVectors()
	if err != nil {
		f.Fatal(err)
	}
	for _, v := range vectors[:24] {
		f.Add([]byte(v.key), v.message, v.sig, len(v.message)%2 == 0)
	}
	f.Fuzz(func(t *testing.T, key, message, sig []byte, sign bool) {
		if sign && len(key) >= ed25519.SeedSize {
			private := ed25519.NewKeyFromSeed(key[:ed25519.SeedSize])
			key = private[ed25519.SeedSize:]
			good := ed25519.Sign(private, message)
			for i := range min(len(sig), len(good)) {
				good[i] ^= sig[i]
			}
			sig = good
		}
		if len(key) == ed25519.PublicKeySize { // crypto/ed25519 panics at other sizes
			quickKeys{}.same(t, "fuzzed", key, message, sig)
		}
	})
}

// TestQuickKeysDigits: every byte, with and without a carry into it, is worth what
// it says.
func TestQuickKeysDigits(t *testing.T) {
	t.Parallel()
	multiples := baseMultiples()
	for low := range 2 {
		for b := range 256 {
			raw := make([]byte, 32)
			raw[0], raw[1], raw[30] = byte(255*low), byte(b), byte(b)
			scalar, err := edwards25519.NewScalar().SetCanonicalBytes(raw)
			if err != nil {
				t.Fatal(err)
			}
			sum := identity
			multiples.addTimes(&sum, scalar)
			if sum.bytes() != [32]byte(new(edwards25519.Point).ScalarBaseMult(scalar).Bytes()) {
				t.Fatalf("%x times the base point is another point", raw)
			}
		}
	}
}

// TestAddIsComplete: any two points add up as in edwards25519, and t is xy/z of the
// sum: the same, opposite, of each low order, mixed, the identity; with z = 1 or not.
func TestAddIsComplete(t *testing.T) {
	t.Parallel()
	var points []*edwards25519.Point
	keys, _ := oddKeys(2)
	for _, key := range keys {
		if point, err := new(edwards25519.Point).SetBytes(key); err == nil {
			double := new(edwards25519.Point).Add(point, point)
			points = append(points, point, new(edwards25519.Point).Negate(point), double)
		}
	}
	for _, q := range points {
		var added affine
		other := extendedOf(q)
		var inverse fp25519.Elt
		fp25519.Inv(&inverse, &other.z)
		added.set(&other, &inverse)
		for _, p := range points {
			sum := extendedOf(p)
			sum.add(&added)
			got, err := pointOf(&sum)
			if err != nil || got.Equal(new(edwards25519.Point).Add(p, q)) != 1 {
				t.Fatalf("%x + %x is %x: %v", p.Bytes(), q.Bytes(), sum.bytes(), err)
			}
		}
	}
}

// pointOf is the opposite of extendedOf; it checks that p is on the curve and t right.
func pointOf(p *extended) (*edwards25519.Point, error) {
	var elements [4]field.Element
	for i, e := range []fp25519.Elt{p.x, p.y, p.z, p.t} {
		fp25519.Modp(&e)
		if _, err := elements[i].SetBytes(e[:]); err != nil {
			return nil, err
		}
	}
	return new(edwards25519.Point).SetExtendedCoordinates(&elements[0], &elements[1], &elements[2], &elements[3])
}

// TestQuickKeysTakeOver: who verifies many passes gets the same answers before
// and after.
func TestQuickKeysTakeOver(t *testing.T) {
	t.Parallel()
	ring, jwt, compact := goldenTokens(t)
	verifier, key := ring.Verifier(), ring.public.Load().byID[passKey(ring).kid]
	bad := jwt[:len(jwt)-2] + "AA"
	for i := range oftenUsed {
		if key.quick.Load() != nil {
			t.Fatalf("prepared after %d passes", i)
		}
		if _, refusal := verifier.Verify(jwt); refusal != nil {
			t.Fatal(refusal)
		}
	}
	if key.quick.Load() == nil {
		t.Fatal("not prepared")
	}
	for _, text := range []string{jwt, compact} {
		if _, refusal := verifier.Verify(text); refusal != nil {
			t.Error(refusal)
		}
	}
	if _, refusal := verifier.Verify(bad); refusal == nil || refusal.Reason != ReasonBadSignature {
		t.Errorf("another signature: %v", refusal)
	}
}
