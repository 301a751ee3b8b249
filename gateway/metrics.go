package gateway

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// Metrics are a gateway's figures. Every label has few values: patterns of
// routes, words of closed lists, never anything that a client chose.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	scans    *scanCounters
	scan     prometheus.Histogram
	stages   [len(stageNames)]prometheus.Observer
	lag      prometheus.Histogram
	swept    *prometheus.CounterVec
	shed     *prometheus.CounterVec
}

var fastBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}

// NewMetrics makes a set with a registry of its own, with the collectors of
// the Go runtime and the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "passgate_http_requests_total", Help: "Requests by route pattern and status.",
		}, []string{"route", "status"}),
		scans: newScanCounters(),
		scan: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "passgate_scan_seconds", Help: "Time from the read request to the rendered answer of a scan.", Buckets: fastBuckets,
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "passgate_projector_lag_seconds", Help: "Time from the recording of an event to its place in the gate index.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
		}),
	}
	stages := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "passgate_scan_stage_seconds", Help: "Time of a scan's stages: parse, verify, decide, respond.", Buckets: fastBuckets,
	}, []string{"stage"})
	for i, name := range stageNames {
		m.stages[i] = stages.WithLabelValues(name)
	}
	m.swept = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "passgate_retention_removed_total", Help: "What sweeps of this process took away, by family.",
	}, []string{"family"})
	m.shed = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "passgate_shed_total", Help: "Requests refused because there was more to do than can be done, by class of route.",
	}, []string{"class"})
	m.registry.MustRegister(m.requests, m.scans.vec, m.scan, stages, m.lag, m.swept, m.shed,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the figures in Prometheus' forms. It belongs on a listener of
// its own, which the public does not reach.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Gather gives the figures as they are now. It makes the set a prometheus.Gatherer.
func (m *Metrics) Gather() ([]*dto.MetricFamily, error) {
	return m.registry.Gather() //nolint:wrapcheck // names the metric
}

// ObserveProjection notes a step of the projector; it fits Projector.Observe.
func (m *Metrics) ObserveProjection(p checkpoint.Projection) { m.lag.Observe(p.Lag.Seconds()) }

// WatchProjector shows how many partitions this gateway carries into the gates'
// indexes. Call it once; held is asked at each collection.
func (m *Metrics) WatchProjector(held func() int64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "passgate_projector_partitions", Help: "Partitions, of 64, whose events this gateway carries into the gates' indexes; all gateways together have 64.",
	}, func() float64 { return float64(held()) }))
}

// WatchPool shows the connections of a Redis client as
// passgate_redis_pool{state="total"|"idle"|"stale"|"waited"|"timed_out"}. Call
// it once; stats is asked at each collection.
func (m *Metrics) WatchPool(stats func() *redis.PoolStats) {
	desc := figure("passgate_redis_pool", "Connections to Redis by state; waited and timed_out count since the start.", "state")
	m.registry.MustRegister(figures{[]*prometheus.Desc{desc}, func(out chan<- prometheus.Metric) {
		p := stats()
		for state, n := range map[string]uint32{
			"total": p.TotalConns, "idle": p.IdleConns, "stale": p.StaleConns, "waited": p.WaitCount, "timed_out": p.Timeouts,
		} {
			out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), state)
		}
	}})
}

// figures are collected from what is known elsewhere.
type figures struct {
	descs   []*prometheus.Desc
	collect func(chan<- prometheus.Metric)
}

// Describe names the figures.
func (f figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range f.descs {
		out <- d
	}
}

// Collect gives them as they are now.
func (f figures) Collect(out chan<- prometheus.Metric) { f.collect(out) }

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

// watchRules shows the age of the rules. A second server that shares the set
// shows the same store, so the first one's answer stands for both.
func (m *Metrics) watchRules(age func() time.Duration) {
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "passgate_rules_age_seconds", Help: "Time since the rules were last known to be the newest.",
	}, func() float64 { return age().Seconds() })
	_ = m.registry.Register(gauge)
}

// WatchSweeps shows the age of the last sweep of what is past retention, whoever
// did it; -1 if none is known. Call it once; last is asked at each collection.
func (m *Metrics) WatchSweeps(last func() *checkpoint.SweepResult, clock checkpoint.Clock) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "passgate_retention_sweep_age_seconds", Help: "Time since the last completed sweep of what is past retention; -1: none is known. It should stay below two hours.",
	}, func() float64 {
		r := last()
		if r == nil {
			return -1
		}
		return clock().Sub(time.UnixMilli(r.FinishedAt)).Seconds()
	}))
}

// ObserveSweep counts what a sweep of this process took away; it fits
// Sweeper.Observe.
func (m *Metrics) ObserveSweep(removed map[string]int64) {
	for family, n := range removed {
		m.swept.WithLabelValues(family).Add(float64(n))
	}
}

// watchAudit shows the audit as the first server of the set knows it: the last
// entry, what could not be put on record and was not answered therefore, and how
// often the chain was not what it was, which should wake somebody.
func (m *Metrics) watchAudit(stats func() checkpoint.AuditStats) {
	for _, c := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "passgate_audit_head_seq", Help: "Number of the last entry of the audit that this gateway knows of.",
		}, func() float64 { return float64(stats().Head) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "passgate_audit_failures_total", Help: "Entries that could not be put on record.",
		}, func() float64 { return float64(stats().Failed) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "passgate_audit_broken_total", Help: "How often the audit was not what it had been. Anything but 0 is an alarm.",
		}, func() float64 { return float64(stats().Broken) }),
	} {
		_ = m.registry.Register(c)
	}
}

// watchOverload shows which classes of requests are refused now. Of servers that
// share the set the first one's is shown.
func (m *Metrics) watchOverload(level func() int32) {
	_ = m.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "passgate_overload_level", Help: "Classes of requests that are refused now: 0 none, 1 bulk, 2 reads too, 3 writes, 4 phones, 5 uploads, 6 some scans.",
	}, func() float64 { return float64(level()) }))
}

// watchHashes shows how many passwords were hashed. Many more than people sign
// in means that somebody guesses.
func (m *Metrics) watchHashes(count func() int64) {
	_ = m.registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "passgate_password_hashes_total", Help: "Passwords hashed: sign-ins, right or wrong, and new passwords.",
	}, func() float64 { return float64(count()) }))
}

func (m *Metrics) countRequest(method, pattern string, status int) {
	label := pattern
	if method != "" {
		label = method + " " + pattern
	}
	m.requests.WithLabelValues(label, strconv.Itoa(status)).Inc()
}
