package statuspage

import (
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// What is kept, and for how long.
const (
	sampleEvery = 5 * time.Second
	fineSamples = 720 // an hour
	coarseEvery = time.Minute
	coarseKept  = 1440 // a day
	maxColumns  = 400
)

// sample is what the registry held at a moment: a value for each column that there was
// by then, not a number where there was none. Counters are without their resets.
type sample struct {
	at     time.Time
	values []float64
}

// column is a series of a family, or of a bucket of a histogram.
type column struct {
	family  string
	labels  map[string]string
	counter bool
	last    float64 // of a counter, as the registry had it
	carried float64 // what it had come to before its resets
}

// history is what was sampled, oldest first.
type history struct {
	columns   []column
	index     map[string]int // by family and labels
	fine      []sample
	coarse    []sample
	truncated bool // there were more series than columns
}

func newHistory() *history { return &history{index: map[string]int{}} }

// add takes a sample of what is kept.
func (h *history) add(at time.Time, families []*dto.MetricFamily) {
	folded := map[int]float64{}
	for _, f := range families {
		if keep, ok := kept[f.GetName()]; ok {
			for _, m := range f.GetMetric() {
				h.read(folded, f.GetName(), keep, m)
			}
		}
	}
	h.worstMemory(folded, families)
	s := sample{at, make([]float64, len(h.columns))}
	for i := range h.columns {
		value, there := folded[i]
		s.values[i] = h.columns[i].take(value, there)
	}
	h.fine = keepLast(append(h.fine, s), fineSamples)
	if n := len(h.coarse); n == 0 || at.Sub(h.coarse[n-1].at) >= coarseEvery {
		h.coarse = keepLast(append(h.coarse, s), coarseKept)
	}
}

func keepLast(samples []sample, n int) []sample {
	return slices.Delete(samples, 0, max(0, len(samples)-n))
}

// take is the value that is kept of what the registry holds.
func (c *column) take(value float64, there bool) float64 {
	switch {
	case !c.counter && !there:
		return math.NaN()
	case !c.counter:
		return value
	case there && value < c.last:
		c.carried += c.last
		fallthrough
	case there:
		c.last = value
	}
	return c.carried + c.last
}

// read folds a metric into the columns of its family.
func (h *history) read(into map[int]float64, family string, keep keep, m *dto.Metric) {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		if slices.Contains(keep.by, l.GetName()) {
			labels[l.GetName()] = l.GetValue()
		}
	}
	switch {
	case m.GetHistogram() != nil:
		all := m.GetHistogram()
		for _, b := range all.GetBucket() {
			h.fold(into, keep, family, labels, strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64), float64(b.GetCumulativeCount()))
		}
		h.fold(into, keep, family, labels, "+Inf", float64(all.GetSampleCount()))
	case m.GetCounter() != nil:
		h.fold(into, keep, family, labels, "", m.GetCounter().GetValue())
	default:
		h.fold(into, keep, family, labels, "", m.GetGauge().GetValue())
	}
}

func (h *history) fold(into map[int]float64, keep keep, family string, labels map[string]string, le string, value float64) {
	if le != "" {
		labels = maps.Clone(labels)
		labels["le"] = le
	}
	i, ok := h.column(family, labels, keep.counter)
	if !ok {
		return
	}
	before, some := into[i]
	switch {
	case !some:
		into[i] = value
	case keep.least:
		into[i] = min(before, value)
	default:
		into[i] = before + value
	}
}

// column finds or makes one; false: there is no room.
func (h *history) column(family string, labels map[string]string, counter bool) (int, bool) {
	key := family
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		key += "\x00" + name + "\x00" + labels[name]
	}
	if i, ok := h.index[key]; ok {
		return i, true
	}
	if len(h.columns) == maxColumns {
		h.truncated = true
		return 0, false
	}
	h.columns = append(h.columns, column{family: family, labels: labels, counter: counter})
	h.index[key] = len(h.columns) - 1
	return len(h.columns) - 1, true
}

// worstMemory keeps the greatest share that a Redis server has of its limit, or of its
// machine's memory where it has none: with all of them folded, nobody would see it.
func (h *history) worstMemory(into map[int]float64, families []*dto.MetricFamily) {
	of := map[string]map[string]float64{} // by family and server
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "passgate_redis_") {
			of[f.GetName()] = map[string]float64{}
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "server" {
						of[f.GetName()][l.GetValue()] = m.GetGauge().GetValue()
					}
				}
			}
		}
	}
	worst := math.NaN()
	for server, used := range of["passgate_redis_memory_bytes"] {
		limit := of["passgate_redis_memory_limit_bytes"][server]
		if limit == 0 {
			limit = of["passgate_redis_machine_memory_bytes"][server]
		}
		if share := used / limit; limit > 0 && !(share <= worst) {
			worst = share
		}
	}
	if math.IsNaN(worst) {
		return
	}
	if i, ok := h.column(redisMemoryShare, nil, false); ok {
		into[i] = worst
	}
}

// value of a column in a sample. What was counted before there was a column is 0.
func (h *history) value(s sample, column int) float64 {
	switch {
	case column < len(s.values):
		return s.values[column]
	case h.columns[column].counter:
		return 0
	}
	return math.NaN()
}

// last is the newest sample; false if there is none.
func (h *history) last() (sample, bool) {
	if len(h.fine) == 0 {
		return sample{}, false
	}
	return h.fine[len(h.fine)-1], true
}

// before is the sample of a time before the last, or the oldest one if that is later.
func (h *history) before(span time.Duration) sample {
	last, _ := h.last()
	from := last.at.Add(-span)
	samples := h.fine
	if len(h.fine) > 0 && from.Before(h.fine[0].at) {
		samples = h.coarse
	}
	i := sort.Search(len(samples), func(i int) bool { return samples[i].at.After(from) })
	return samples[max(i-1, 0)]
}
