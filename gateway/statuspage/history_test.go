package statuspage

import (
	"fmt"
	"math"
	"testing"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var start = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

// sampled is a history of registries, one sample after the other.
func sampled(t *testing.T, registries ...prometheus.Gatherer) *history {
	t.Helper()
	h := newHistory()
	for i, r := range registries {
		families, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		h.add(start.Add(time.Duration(i)*sampleEvery), families)
	}
	return h
}

// with is a registry in which scans were counted, by reason.
func with(denied map[string]float64) *prometheus.Registry {
	r := prometheus.NewRegistry()
	scans := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "passgate_scans_total"}, []string{"site_kind", "decision", "reason"})
	r.MustRegister(scans)
	for reason, n := range denied {
		scans.WithLabelValues("village", "deny", reason).Add(n - 1)
		scans.WithLabelValues("mall", "deny", reason).Add(1)
	}
	return r
}

func (h *history) whole(f figure) float64 {
	last, _ := h.last()
	return f(h)(h.fine[0], last)
}

func TestCountersGrowOverResetsAndFromNothing(t *testing.T) {
	t.Parallel()
	h := sampled(t, with(map[string]float64{"expired": 100}), with(map[string]float64{"expired": 130}), with(map[string]float64{"expired": 20, "fever": 4}))
	for reason, want := range map[string]float64{"expired": 50, "fever": 4, "expired|fever": 54, "!expired": 4, "revoked": 0} {
		if got := h.whole(grew("passgate_scans_total", "reason", reason)); got != want {
			t.Errorf("%s grew by %v, want %v", reason, got, want)
		}
	}
	if got := h.whole(perSec("passgate_scans_total")); got != 5.4 {
		t.Errorf("54 scans in 10 s are %v/s", got)
	}
}

func TestQuantilesAreThoseOfPrometheus(t *testing.T) {
	t.Parallel()
	ends := []float64{0.1, 0.2, 0.4, math.Inf(1)}
	for _, c := range []struct {
		q      float64
		counts []float64
		want   float64
	}{
		{0.5, []float64{10, 10, 10, 10}, 0.05}, // from 0 in the first
		{0.5, []float64{0, 10, 20, 20}, 0.2},
		{0.75, []float64{0, 10, 20, 20}, 0.3},
		{0.99, []float64{0, 10, 10, 20}, 0.4}, // beyond the last end
		{0.5, []float64{0, 0, 0, 0}, math.NaN()},
	} {
		if got := interpolate(c.q, ends, c.counts); math.Abs(got-c.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(c.want) {
			t.Errorf("p%v of %v is %v, want %v", c.q*100, c.counts, got, c.want)
		}
	}
	r := prometheus.NewRegistry()
	scan := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "passgate_scan_seconds", Buckets: ends[:3]})
	r.MustRegister(scan)
	h := newHistory()
	for i, seconds := range []float64{0.9, 0.15} { // the slow one was before
		scan.Observe(seconds)
		families, err := r.Gather()
		if err != nil {
			t.Fatal(err)
		}
		h.add(start.Add(time.Duration(i)*sampleEvery), families)
	}
	if got := h.whole(scanP99); math.Abs(got-0.199) > 1e-9 {
		t.Errorf("p99 of one scan between 0.1 and 0.2 s is %v", got)
	}
}

// TestMemoryIsBounded by a day and a half of samples with more series than are kept.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	many := map[string]float64{}
	for i := range 2 * maxColumns {
		many[fmt.Sprint("made-up-", i)] = 2
	}
	families, err := with(many).Gather()
	if err != nil {
		t.Fatal(err)
	}
	h := newHistory()
	h.add(start, families)
	if !h.truncated || len(h.columns) != maxColumns {
		t.Errorf("%d columns, truncated: %v", len(h.columns), h.truncated)
	}
	for i := range int(36 * time.Hour / sampleEvery) {
		h.add(start.Add(time.Duration(i+1)*sampleEvery), nil)
	}
	rows := map[*float64]int{}
	for _, s := range append(h.fine, h.coarse...) {
		rows[unsafe.SliceData(s.values)] = cap(s.values) * 8
	}
	sum := 0
	for _, n := range rows {
		sum += n
	}
	if sum > 8_000_000 || len(h.fine) != fineSamples || len(h.coarse) != coarseKept {
		t.Errorf("%d bytes in %d and %d samples", sum, len(h.fine), len(h.coarse))
	}
	last, _ := h.last()
	for span, want := range map[time.Duration]time.Duration{0: 0, minute: minute, hour / 2: hour / 2, 5 * hour: 5 * hour} {
		if age := last.at.Sub(h.before(span).at); age < want || age > want+coarseEvery {
			t.Errorf("the sample of %s before is %s old", span, age)
		}
	}
	for _, s := range []span{lastHour, lastDay} {
		if n := len(h.steps(s)); n < 100 || n > points+2 {
			t.Errorf("%d points of %s", n, time.Duration(s))
		}
	}
}

// gauges makes families of gauges.
func gauges(values map[string]float64) []*dto.MetricFamily {
	r := prometheus.NewRegistry()
	for name, v := range values {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name})
		g.Set(v)
		r.MustRegister(g)
	}
	families, err := r.Gather()
	if err != nil {
		panic(err)
	}
	return families
}

func TestTheFullestRedisCounts(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	for name, values := range map[string][]float64{
		"passgate_redis_memory_bytes": {10, 80, 30}, "passgate_redis_memory_limit_bytes": {100, 100, 0}, "passgate_redis_machine_memory_bytes": {1000, 1000, 40},
	} {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name}, []string{"server"})
		r.MustRegister(v)
		for i, n := range values {
			v.WithLabelValues(fmt.Sprint(i)).Set(n)
		}
	}
	// Of the limit where there is one, otherwise of the machine: 30 of 40.
	if got := sampled(t, r).whole(stood(redisMemoryShare)); got != 0.8 {
		t.Errorf("the fullest has used %v of its memory, want 0.8", got)
	}
}
