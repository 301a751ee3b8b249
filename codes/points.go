package codes

import (
	"filippo.io/edwards25519"
	"github.com/cloudflare/circl/math/fp25519"
)

// The field is circl's, whose multiplication takes four fifths of the time of
// edwards25519/field's and whose elements are 32 bytes instead of 40. An element is
// less than 2^256; fp25519.Modp makes it less than the prime, as in an encoding.

// extended is a point (x/z, y/z) of the curve with t = xy/z, as in RFC 8032,
// section 5.1.4.
type extended struct{ x, y, z, t fp25519.Elt }

// affine is a point (x, y) in the form that is quickest to add: y+x, y−x, 2dxy.
type affine struct{ yPlusX, yMinusX, xy2d fp25519.Elt }

// twiceD is 2d, with the curve's d = −121665/121666.
var twiceD = func() fp25519.Elt {
	above, below := fp25519.Elt{0x82, 0xb6, 0x03}, fp25519.Elt{0x42, 0xdb, 0x01} // 2 · 121665 and 121666
	fp25519.Neg(&above, &above)
	fp25519.Inv(&below, &below)
	fp25519.Mul(&above, &above, &below)
	return above
}()

func extendedOf(point *edwards25519.Point) extended {
	x, y, z, t := point.ExtendedCoordinates()
	return extended{fp25519.Elt(x.Bytes()), fp25519.Elt(y.Bytes()), fp25519.Elt(z.Bytes()), fp25519.Elt(t.Bytes())}
}

var identity = extendedOf(edwards25519.NewIdentityPoint())

// add is add-2008-hwcd-3 of https://hyperelliptic.org/EFD/g1p/auto-twisted-extended-1.html
// with Z2 = 1 (section 3.1 of https://eprint.iacr.org/2008/522), as in AddAffine of
// crypto/internal/fips140/edwards25519. It is complete: right for all points of the
// curve, equal, opposite, of low order or the identity.
func (p *extended) add(q *affine) {
	h, e := p.y, p.x
	fp25519.AddSub(&h, &e)
	fp25519.Mul(&h, &h, &q.yPlusX)  // B
	fp25519.Mul(&e, &e, &q.yMinusX) // A
	fp25519.AddSub(&h, &e)
	g, f := p.z, q.xy2d
	fp25519.Add(&g, &g, &g)   // D
	fp25519.Mul(&f, &f, &p.t) // C
	fp25519.AddSub(&g, &f)
	fp25519.Mul(&p.x, &e, &f)
	fp25519.Mul(&p.y, &g, &h)
	fp25519.Mul(&p.z, &f, &g)
	fp25519.Mul(&p.t, &e, &h)
}

// bytes encodes p as RFC 8032 does.
func (p *extended) bytes() [32]byte {
	var inverse, x, y fp25519.Elt
	fp25519.Inv(&inverse, &p.z)
	fp25519.Mul(&x, &p.x, &inverse)
	fp25519.Mul(&y, &p.y, &inverse)
	fp25519.Modp(&x)
	fp25519.Modp(&y)
	y[31] |= x[0] << 7
	return y
}

// set makes q the point p, given 1/z of it.
func (q *affine) set(p *extended, inverse *fp25519.Elt) {
	var x, y fp25519.Elt
	fp25519.Mul(&x, &p.x, inverse)
	fp25519.Mul(&y, &p.y, inverse)
	fp25519.Add(&q.yPlusX, &y, &x)
	fp25519.Sub(&q.yMinusX, &y, &x)
	fp25519.Mul(&q.xy2d, &x, &y)
	fp25519.Mul(&q.xy2d, &q.xy2d, &twiceD)
}

func (q *affine) negate() {
	q.yPlusX, q.yMinusX = q.yMinusX, q.yPlusX
	fp25519.Neg(&q.xy2d, &q.xy2d)
}

// setRow makes row the points, with one inversion for all of them: that of the
// product of their z (Montgomery's trick).
func setRow(row *[129]affine, points *[129]extended) {
	var before [129]fp25519.Elt // the product of the z before that one
	var product fp25519.Elt
	fp25519.SetOne(&product)
	for i := range points {
		before[i] = product
		fp25519.Mul(&product, &product, &points[i].z)
	}
	inverse := &product
	fp25519.Inv(inverse, inverse) // of the z up to that one
	for i := len(points) - 1; i >= 0; i-- {
		fp25519.Mul(&before[i], &before[i], inverse)
		row[i].set(&points[i], &before[i])
		fp25519.Mul(inverse, inverse, &points[i].z)
	}
}
