package codes

import (
	"crypto/ed25519"
	"crypto/sha512"
	"sync"

	"filippo.io/edwards25519"
	"github.com/cloudflare/circl/math/fp25519"
)

// multiples are precomputed multiples of one point: row i holds 0 to 128 times
// 256^i times the point, 387 KiB in all. A multiplication is then one addition
// for each of the scalar's 32 bytes and no doubling, a quarter of the work of the
// general one. It is not constant in time: verifying knows no secret.
type multiples [32][129]affine

func newMultiples(point *edwards25519.Point) *multiples {
	m := new(multiples)
	var unit affine
	var points [129]extended
	next := extendedOf(point)
	for i := range m {
		var inverse fp25519.Elt
		fp25519.Inv(&inverse, &next.z)
		unit.set(&next, &inverse)
		points[0], points[1] = identity, next
		for j := 2; j < len(points); j++ {
			points[j] = points[j-1]
			points[j].add(&unit)
		}
		setRow(&m[i], &points)
		next = points[128]
		next.add(&m[i][128])
	}
	return m
}

// addTimes adds scalar times the point to sum. The bytes become signed digits
// of -127 to 128; the last one takes no carry on, since scalars are below 2^253.
// All multiples are fetched before the first is added and without a branch, so
// that the processor waits for many of them at once: other work will mostly have
// driven them out of its caches.
func (m *multiples) addTimes(sum *extended, scalar *edwards25519.Scalar) {
	var fetched [len(m)]affine
	var negative [len(m)]bool
	carry := 0
	for i, b := range scalar.Bytes() {
		digit := int(b) + carry
		carry = (digit + 127) >> 8 // 1 above 128
		digit -= carry << 8
		fetched[i], negative[i] = m[i][max(digit, -digit)], digit < 0
	}
	for i := range fetched {
		if negative[i] {
			fetched[i].negate()
		}
		sum.add(&fetched[i])
	}
}

// baseMultiples are those of the curve's base point, for all keys.
var baseMultiples = sync.OnceValue(func() *multiples { return newMultiples(edwards25519.NewGeneratorPoint()) })

// quickKey verifies many signatures of one key. It accepts exactly what
// crypto/ed25519 accepts, for any key: the equation without the cofactor, R
// compared byte for byte, S below the group's order.
type quickKey struct {
	raw   []byte
	minus *multiples // of the key's point, negated; nil: it is no point
}

// newQuickKey gives a key that verifies nothing if raw is no point of the curve.
func newQuickKey(raw ed25519.PublicKey) *quickKey {
	point, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil {
		return &quickKey{}
	}
	return &quickKey{raw, newMultiples(point.Negate(point))}
}

// verify computes S·B − SHA-512(R, A, message)·A, which has to be R.
func (k *quickKey) verify(message string, sig []byte) bool {
	if k.minus == nil || len(sig) != ed25519.SignatureSize {
		return false
	}
	var s, h edwards25519.Scalar
	if _, err := s.SetCanonicalBytes(sig[32:]); err != nil {
		return false
	}
	var buf [2*32 + inputChars]byte
	text := append(append(append(buf[:0], sig[:32]...), k.raw...), message...)
	digest := sha512.Sum512(text)
	if _, err := h.SetUniformBytes(digest[:]); err != nil {
		return false
	}
	sum := identity
	baseMultiples().addTimes(&sum, &s)
	k.minus.addTimes(&sum, &h)
	return sum.bytes() == [32]byte(sig[:32])
}
