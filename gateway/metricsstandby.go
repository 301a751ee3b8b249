package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"passgate/checkpoint"
)

// standbyFigures are what a Standby shows: name, kind, help, value.
var standbyFigures = []struct {
	name, help string
	kind       prometheus.ValueType
	of         func(*checkpoint.StandbyStats) float64
}{
	{
		"passgate_standby_partitions_down", "Parts of 64 for which Redis does not answer: their gates go on by this gateway's copy. Anything but 0 is an alarm.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Down) },
	},
	{
		"passgate_standby_copy_age_seconds", "Age of the copy of people and rules that this gateway would decide by. It should stay below a second.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return s.Age.Seconds() },
	},
	{
		"passgate_standby_people", "People in the copy.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.People) },
	},
	{
		"passgate_standby_entry_refused", "1 while the copy is too old to let anybody enter. An alarm.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return boolFigure(s.CutOff) },
	},
	{
		"passgate_standby_degraded_scans_total", "Scans answered without Redis.",
		prometheus.CounterValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Degraded) },
	},
	{
		"passgate_standby_recorded_scans_total", "Scans answered without Redis that are recorded since.",
		prometheus.CounterValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Paid) },
	},
	{
		"passgate_standby_resent_scans_total", "Answered scans sent again after a change of a master.",
		prometheus.CounterValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Resent) },
	},
	{
		"passgate_journal_owed", "Scans in the journal that are answered and not recorded yet.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Owed) },
	},
	{
		"passgate_journal_oldest_timestamp_seconds", "When the oldest of those was answered, 0 if there is none.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Oldest) / 1000 },
	},
	{
		"passgate_journal_aside", "Scans that could never be recorded and wait for a person to look at them. Anything but 0 is an alarm.",
		prometheus.GaugeValue, func(s *checkpoint.StandbyStats) float64 { return float64(s.Journal.Aside) },
	},
}

func boolFigure(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// watchStandby shows how the gateway would do, or does, without Redis. A second
// server that shares the set shows the same.
func (m *Metrics) watchStandby(stats func() checkpoint.StandbyStats) {
	_ = m.registry.Register(standbyCollector(stats))
}

type standbyCollector func() checkpoint.StandbyStats

func (standbyCollector) Describe(out chan<- *prometheus.Desc) {
	for _, f := range standbyFigures {
		out <- prometheus.NewDesc(f.name, f.help, nil, nil)
	}
}

func (c standbyCollector) Collect(out chan<- prometheus.Metric) {
	stats := c()
	for _, f := range standbyFigures {
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(f.name, f.help, nil, nil), f.kind, f.of(&stats))
	}
}
