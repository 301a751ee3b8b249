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
