package codes

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// extended is a point (x/z, y/z) of the curve with t = xy/z, as in RFC 8032,
// section 5.1.4.
type extended struct{ x, y, z, t field.Element }

// affine is a point (x, y) in the form that is quickest to add: y+x, y−x, 2dxy.
type affine struct{ yPlusX, yMinusX, xy2d field.Element }

// twiceD is 2d, with the curve's d = −121665/121666.
var twiceD = func() *field.Element {
	one := new(field.Element).One()
	above, below := new(field.Element).Mult32(one, 2*121665), new(field.Element).Mult32(one, 121666)
	return above.Multiply(above.Negate(above), below.Invert(below))
}()

func extendedOf(point *edwards25519.Point) extended {
	x, y, z, t := point.ExtendedCoordinates()
	return extended{*x, *y, *z, *t}
}

var identity = extendedOf(edwards25519.NewIdentityPoint())

// add is add-2008-hwcd-3 of https://hyperelliptic.org/EFD/g1p/auto-twisted-extended-1.html
// with Z2 = 1 (section 3.1 of https://eprint.iacr.org/2008/522), as in AddAffine of
// crypto/internal/fips140/edwards25519. It is complete: right for all points of the
// curve, equal, opposite, of low order or the identity.
func (p *extended) add(q *affine) {
	var a, b, c, d, e, f, g, h field.Element
	a.Multiply(a.Subtract(&p.y, &p.x), &q.yMinusX)
	b.Multiply(b.Add(&p.y, &p.x), &q.yPlusX)
	c.Multiply(&p.t, &q.xy2d)
	d.Add(&p.z, &p.z)
	e.Subtract(&b, &a)
	f.Subtract(&d, &c)
	g.Add(&d, &c)
	h.Add(&b, &a)
	p.x.Multiply(&e, &f)
	p.y.Multiply(&g, &h)
	p.z.Multiply(&f, &g)
	p.t.Multiply(&e, &h)
}

// bytes encodes p as RFC 8032 does.
func (p *extended) bytes() [32]byte {
	var inverse, x, y field.Element
	inverse.Invert(&p.z)
	x.Multiply(&p.x, &inverse)
	encoded := y.Multiply(&p.y, &inverse).Bytes()
	encoded[31] |= byte(x.IsNegative() << 7)
	return [32]byte(encoded)
}

// set makes q the point p, given 1/z of it.
func (q *affine) set(p *extended, inverse *field.Element) {
	var x, y field.Element
	x.Multiply(&p.x, inverse)
	y.Multiply(&p.y, inverse)
	q.yPlusX.Add(&y, &x)
	q.yMinusX.Subtract(&y, &x)
	q.xy2d.Multiply(q.xy2d.Multiply(&x, &y), twiceD)
}

func (q *affine) negate() {
	q.yPlusX, q.yMinusX = q.yMinusX, q.yPlusX
	q.xy2d.Negate(&q.xy2d)
}

// setRow makes row the points, with one inversion for all of them: that of the
// product of their z (Montgomery's trick).
func setRow(row *[129]affine, points *[129]extended) {
	var before [129]field.Element // the product of the z before that one
	product := new(field.Element).One()
	for i := range points {
		before[i] = *product
		product.Multiply(product, &points[i].z)
	}
	inverse := product.Invert(product) // of the z up to that one
	for i := len(points) - 1; i >= 0; i-- {
		row[i].set(&points[i], before[i].Multiply(&before[i], inverse))
		inverse.Multiply(inverse, &points[i].z)
	}
}
