package town

import "slices"

// dice is a splitmix64 generator. It is written out here, and not taken from
// math/rand, because recorded runs rely on the very same sequence for ever.
type dice uint64

// Salts keep the sequences of one seed apart: adding a question to one of them
// never changes the answers of another.
const (
	saltHousehold = iota + 1
	saltPlace
	saltDay
	saltPublicSite
	saltWorkplace
	saltReading
	saltFever
	saltIrregular
	saltVisit
	saltHabits
)

// roll starts the sequence that belongs to the given numbers, in their order.
func roll(salt uint64, numbers ...uint64) dice {
	h := mix(salt)
	for _, v := range numbers {
		h = mix(h ^ v)
	}
	return dice(h)
}

func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func (d *dice) next() uint64 {
	v := mix(uint64(*d))
	*d += 0x9e3779b97f4a7c15
	return v
}

// below gives a whole number from 0 to n-1; n must be at least 1. The bias of
// the modulo is under n/2^64 and never seen here.
func (d *dice) below(n int) int { return int(d.next() % uint64(n)) }

// unit gives a number from 0 up to, but not, 1.
func (d *dice) unit() float64 { return float64(d.next()>>11) / (1 << 53) }

// chance is true with the given probability.
func (d *dice) chance(p float64) bool { return d.unit() < p }

// pick gives the index of one of the cumulative shares, which end at 1.
func (d *dice) pick(cumulative []float64) int {
	i, found := slices.BinarySearch(cumulative, d.unit())
	if found {
		i++
	}
	return min(i, len(cumulative)-1)
}
