package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"passgate/checkpoint/archive"
)

// WatchArchive shows what waits to be archived, whoever archives it, and counts
// what this process did. Call it once; the function it gives fits
// Archiver.Observe.
func (m *Metrics) WatchArchive() func(archive.Progress) {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		m.registry.MustRegister(g)
		return g
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		m.registry.MustRegister(c)
		return c
	}
	age := gauge("passgate_archive_lag_seconds", "Age of the oldest event that no archive has yet. It should stay below ten minutes.")
	waiting := gauge("passgate_archive_waiting_events", "Events that no archive has yet.")
	entries := gauge("passgate_log_entries", "Events in the logs, archived or not.")
	events := counter("passgate_archive_events_total", "Events that this process has archived.")
	cut := counter("passgate_log_cut_total", "Archived events that this process has cut off the logs.")
	failed := counter("passgate_archive_failures_total", "Rounds of the archiver of this process that failed. Anything but 0 is an alarm.")
	return func(p archive.Progress) {
		age.Set(p.Lag.Age.Seconds())
		waiting.Set(float64(p.Lag.Events))
		entries.Set(float64(p.Lag.Entries))
		events.Add(float64(p.Events))
		cut.Add(float64(p.Cut))
		if p.Err != nil {
			failed.Inc()
		}
	}
}
