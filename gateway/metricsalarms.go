package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"passgate/checkpoint/alarm"
)

// WatchAlarms shows what the duty of alarms does in this process. Call it once; the
// function it gives fits DutyConfig.Observe.
func (m *Metrics) WatchAlarms() func(alarm.Progress) {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		m.registry.MustRegister(c)
		return c
	}
	lag := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "passgate_alarms_lag_seconds", Help: "Time between the last two rounds of the duty, where this process has it. It should stay below ten seconds.",
	})
	last := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "passgate_alarms_last_round_timestamp_seconds", Help: "Unix time of the last round of the duty in this process; 0 if it had none. The newest of all gateways' should be no older than ten seconds.",
	})
	open := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "passgate_alarms_open", Help: "Open alarms by kind, as whoever is on duty last counted them."}, []string{"kind"})
	m.registry.MustRegister(lag, last, open)
	raised := counter("passgate_alarms_raised_total", "Alarms raised by this process.")
	told := counter("passgate_alarms_told_total", "Alarms put into messages, once for each channel.")
	failures := counter("passgate_alarms_failures_total", "Parts of a round of the duty that failed. Anything but 0 is an alarm.")
	sent := counter("passgate_alarm_messages_sent_total", "Messages that receivers took.")
	failed := counter("passgate_alarm_messages_failed_total", "Attempts to deliver a message that failed.")
	dead := counter("passgate_alarm_messages_dead_total", "Messages given up after a day. Anything but 0 is an alarm.")
	return func(p alarm.Progress) {
		lag.Set(p.Lag.Seconds())
		last.SetToCurrentTime()
		if p.Open != nil {
			open.Reset()
			for kind, n := range p.Open {
				open.WithLabelValues(string(kind)).Set(float64(n))
			}
		}
		raised.Add(float64(p.Raised))
		told.Add(float64(p.Told))
		failures.Add(float64(p.Failures))
		sent.Add(float64(p.Sent))
		failed.Add(float64(p.Failed))
		dead.Add(float64(p.Dead))
	}
}
