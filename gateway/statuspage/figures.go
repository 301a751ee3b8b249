package statuspage

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// series chooses columns: those of a family whose labels have one of the values named,
// as in series{"passgate_shed_total", "class", "scans|uploads"}; "!scans|uploads": none
// of them.
type series []string

func (s series) columns(h *history) []int {
	var found []int
columns:
	for i := range h.columns {
		c := &h.columns[i]
		if c.family != s[0] {
			continue
		}
		for j := 1; j+1 < len(s); j += 2 {
			values, negated := strings.CutPrefix(s[j+1], "!")
			if slices.Contains(strings.Split(values, "|"), c.labels[s[j]]) == negated {
				continue columns
			}
		}
		found = append(found, i)
	}
	return found
}

// figure is a number of the time between two samples, or as it stood at the later one;
// NaN if it is not known. It is bound to the columns that there are, then asked for
// each step of time.
type figure func(h *history) func(from, to sample) float64

// stood adds up gauges, or what counters had come to.
func stood(s ...string) figure {
	return func(h *history) func(from, to sample) float64 {
		columns := series(s).columns(h)
		return func(_, to sample) float64 {
			sum := math.NaN()
			for _, c := range columns {
				if v := h.value(to, c); math.IsNaN(sum) {
					sum = v
				} else if !math.IsNaN(v) {
					sum += v
				}
			}
			return sum
		}
	}
}

// grew is what counters grew by; 0 if nothing was ever counted.
func grew(s ...string) figure {
	return func(h *history) func(from, to sample) float64 {
		columns := series(s).columns(h)
		return func(from, to sample) float64 {
			sum := 0.0
			for _, c := range columns {
				sum += h.value(to, c) - h.value(from, c)
			}
			return sum
		}
	}
}

// per is the growth of counters in a span of time, at the rate of the time between the
// samples.
func per(span time.Duration, s ...string) figure {
	growth := grew(s...)
	return func(h *history) func(from, to sample) float64 {
		of := growth(h)
		return func(from, to sample) float64 {
			if !to.at.After(from.at) {
				return math.NaN()
			}
			return of(from, to) * float64(span) / float64(to.at.Sub(from.at))
		}
	}
}

// of calculates with figures.
func of(calculate func(v []float64) float64, figures ...figure) figure {
	return func(h *history) func(from, to sample) float64 {
		bound := make([]func(from, to sample) float64, len(figures))
		for i, f := range figures {
			bound[i] = f(h)
		}
		return func(from, to sample) float64 {
			v := make([]float64, len(bound))
			for i, f := range bound {
				v[i] = f(from, to)
			}
			return calculate(v)
		}
	}
}

// share of one figure in another; NaN of nothing.
func share(part, whole figure) figure {
	return of(func(v []float64) float64 {
		if v[1] <= 0 {
			return math.NaN()
		}
		return v[0] / v[1]
	}, part, whole)
}

// ago is what a figure was a span of time before the last sample, or what it was first
// known to be since.
func ago(span time.Duration, f figure) figure {
	return func(h *history) func(from, to sample) float64 {
		was := h.before(span)
		at := f(h)
		value := at(was, was)
		for i := 0; math.IsNaN(value) && i < len(h.fine); i++ {
			if s := h.fine[i]; s.at.After(was.at) {
				value = at(s, s)
			}
		}
		return func(_, _ sample) float64 { return value }
	}
}

// between is a figure of the time from one age to a lesser one, before the last sample.
func between(from, to time.Duration, f figure) figure {
	return func(h *history) func(from, to sample) float64 {
		value := f(h)(h.before(from), h.before(to))
		return func(_, _ sample) float64 { return value }
	}
}

// most is the greatest that a figure was in the samples of the last day.
func most(f figure) figure {
	return func(h *history) func(from, to sample) float64 {
		at, greatest := f(h), math.NaN()
		for _, s := range slices.Concat(h.coarse, h.fine) {
			if v := at(s, s); math.IsNaN(greatest) || v > greatest {
				greatest = v
			}
		}
		return func(_, _ sample) float64 { return greatest }
	}
}

// quantile of a histogram, of what was observed between the samples.
func quantile(q float64, s ...string) figure {
	return func(h *history) func(from, to sample) float64 {
		ends, columns := buckets(h, series(s).columns(h))
		return func(from, to sample) float64 {
			counts := make([]float64, len(ends))
			for i, same := range columns {
				for _, c := range same {
					counts[i] += h.value(to, c) - h.value(from, c)
				}
			}
			return interpolate(q, ends, counts)
		}
	}
}

// buckets are the ends of a histogram's buckets in order, with the columns of each.
func buckets(h *history, columns []int) (ends []float64, of [][]int) {
	by := map[float64][]int{}
	for _, c := range columns {
		if end, err := strconv.ParseFloat(h.columns[c].labels["le"], 64); err == nil {
			by[end] = append(by[end], c)
		}
	}
	for end := range by {
		ends = append(ends, end)
	}
	slices.Sort(ends)
	for _, end := range ends {
		of = append(of, by[end])
	}
	return ends, of
}

// interpolate is histogram_quantile: see the package comment. Counts are cumulative.
func interpolate(q float64, ends, counts []float64) float64 {
	n := len(ends)
	if n < 2 || counts[n-1] <= 0 {
		return math.NaN()
	}
	rank := q * counts[n-1]
	i := slices.IndexFunc(counts, func(c float64) bool { return c >= rank })
	if i == n-1 {
		return ends[n-2]
	}
	start, under := 0.0, 0.0
	if i > 0 {
		start, under = ends[i-1], counts[i-1]
	}
	if counts[i] == under {
		return ends[i]
	}
	return start + (ends[i]-start)*(rank-under)/(counts[i]-under)
}

// greatest of a family's series.
func greatest(family string) figure {
	return func(h *history) func(from, to sample) float64 {
		columns := series{family}.columns(h)
		return func(_, to sample) float64 {
			most := math.NaN()
			for _, c := range columns {
				if v := h.value(to, c); math.IsNaN(most) || v > most {
					most = v
				}
			}
			return most
		}
	}
}

// leastShare is the least share of a family in another, each of the series with the same
// value of a label.
func leastShare(label, part, whole string) figure {
	return func(h *history) func(from, to sample) float64 {
		var shares []func(from, to sample) float64
		for _, c := range (series{part}).columns(h) {
			value := h.columns[c].labels[label]
			shares = append(shares, share(stood(part, label, value), stood(whole, label, value))(h))
		}
		return func(from, to sample) float64 {
			least := math.NaN()
			for _, f := range shares {
				if v := f(from, to); math.IsNaN(least) || v < least {
					least = v
				}
			}
			return least
		}
	}
}

// sinceTime is how long ago a time in seconds was; NaN of 0.
func sinceTime(f figure) figure {
	return func(h *history) func(from, to sample) float64 {
		at := f(h)
		return func(from, to sample) float64 {
			if then := at(from, to); then > 0 {
				return float64(to.at.UnixMilli())/1000 - then
			}
			return math.NaN()
		}
	}
}
