package codes

import (
	"crypto/ed25519"
	"crypto/sha512"
	"sync"

	"filippo.io/edwards25519"
)

// multiples are precomputed multiples of one point: row i holds 1 to 128 times
// 256^i times the point, 640 KiB in all. A multiplication is then one addition
// for each of the scalar's 32 bytes and no doubling, a third of the work of the
// general one. It is not constant in time: verifying knows no secret.
type multiples [32][128]edwards25519.Point

func newMultiples(point *edwards25519.Point) *multiples {
	m := new(multiples)
	unit := new(edwards25519.Point).Set(point)
	for i := range m {
		row := &m[i]
		row[0].Set(unit)
		for j := 1; j < len(row); j++ {
			row[j].Add(&row[j-1], unit)
		}
		unit.Add(&row[127], &row[127])
	}
	return m
}

// addTimes adds scalar times the point to sum. The bytes become signed digits
// of -127 to 128; the last one takes no carry on, since scalars are below 2^253.
func (m *multiples) addTimes(sum *edwards25519.Point, scalar *edwards25519.Scalar) {
	carry := 0
	for i, b := range scalar.Bytes() {
		digit := int(b) + carry
		if carry = 0; digit > 128 {
			digit, carry = digit-256, 1
		}
		switch {
		case digit > 0:
			sum.Add(sum, &m[i][digit-1])
		case digit < 0:
			sum.Subtract(sum, &m[i][-digit-1])
		}
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
	sum := edwards25519.NewIdentityPoint()
	baseMultiples().addTimes(sum, &s)
	k.minus.addTimes(sum, &h)
	return string(sum.Bytes()) == string(sig[:32])
}
