package drift

// The readings that are counted, in tenths of a degree Celsius.
const (
	Lowest  = 30_0
	Highest = 45_0
)

// Histogram counts readings by tenths of a degree. The zero value is empty.
type Histogram [Highest - Lowest + 1]int32

// Add counts n more readings of the value, given in tenths of a degree. Values
// outside Lowest..Highest are left out.
func (h *Histogram) Add(tenths, n int) {
	if tenths >= Lowest && tenths <= Highest {
		h[tenths-Lowest] += int32(n) //nolint:gosec // a gate's readings
	}
}

// N is how many readings there are.
func (h *Histogram) N() int {
	n := 0
	for _, c := range h {
		n += int(c)
	}
	return n
}

// Quantile is the value, in tenths of a degree, below which a share q (0 to 1)
// of the readings lies, each spread evenly over its tenth. It is 0 if there
// are none.
func (h *Histogram) Quantile(q float64) float64 {
	want, below := q*float64(h.N()), 0.0
	for i, c := range h {
		if c > 0 && below+float64(c) >= want {
			return Lowest - 0.5 + float64(i) + (want-below)/float64(c)
		}
		below += float64(c)
	}
	return 0
}

// Median is the middle of the readings in tenths of a degree, 0 if there are none.
func (h *Histogram) Median() float64 { return h.Quantile(0.5) }

// Mode is the most frequent value in tenths of a degree and its share, the lower
// one of two; 0 and 0 if there are no readings.
func (h *Histogram) Mode() (tenths int, share float64) {
	most, n := int32(0), 0
	for i, c := range h {
		if c > most {
			tenths, most = Lowest+i, c
		}
		n += int(c)
	}
	if n == 0 {
		return 0, 0
	}
	return tenths, float64(most) / float64(n)
}
