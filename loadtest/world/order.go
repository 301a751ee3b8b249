package world

// order is a permutation of the people: the order in which they come. Neighbours
// in it live far apart, and a stretch of it has people of every site in their
// share.
type order struct{ people, step, first uint64 }

// newOrder goes around the town in steps of about 0.618 of it, the ratio that
// spreads any stretch of steps most evenly. people is at least 1.
func newOrder(seed uint64, people int) order {
	n := uint64(people) // #nosec G115 -- at least 1
	step := max(n*618_034/1_000_000, 1)
	for gcd(step, n) != 1 {
		step++
	}
	return order{n, step, mix(seed) % n}
}

// at gives who is at a place of the order, which goes on for ever.
func (o order) at(place uint64) int {
	return int((place%o.people*o.step + o.first) % o.people) // #nosec G115 -- below people, of whom there are at most 10 million
}

// section is the part of the order that one process of a run sends: people whom
// no other has.
type section struct {
	order  order
	first  uint64 // place of the first
	people uint64 // at least 1
}

// section gives one of so many parts of about the same size.
func (o order) section(share, of int) section {
	if of < 1 || uint64(of) > o.people { // #nosec G115 -- positive
		share, of = 0, 1
	}
	s, n := uint64(share), uint64(of) // #nosec G115 -- not negative
	first := o.people * s / n
	return section{o, first, o.people*(s+1)/n - first}
}

// at gives who comes n-th; after everybody has come they begin again.
func (s section) at(n uint64) int { return s.order.at(s.first + n%s.people) }

// round says how often everybody has come before the n-th.
func (s section) round(n uint64) uint64 { return n / s.people }

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// mix is splitmix64: a number that depends on every bit of another.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}
