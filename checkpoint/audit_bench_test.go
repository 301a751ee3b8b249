package checkpoint

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAudit has 64 callers put entries on record through two gateways'
// stores: entries a second, the time until an entry is written, and the memory
// of Redis for each.
func BenchmarkAudit(b *testing.B) {
	s, clock := newStore(b)
	stores := []*Store{s, openStore(b, s.keys.prefix, clock)}
	const callers = 64
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				start := time.Now()
				if _, err := stores[c%len(stores)].Audit(b.Context(), asked(int(i))); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
	if !testInMemory {
		used, err := s.rdb.MemoryUsage(b.Context(), s.keys.audit("log"), 0).Result()
		must(b, err)
		b.ReportMetric(float64(used)/float64(b.N), "redis-B/entry")
	}
}

// BenchmarkAuditVerify reads a chain out of Redis and verifies it.
func BenchmarkAuditVerify(b *testing.B) {
	s, _ := newStore(b)
	mustAudit(b, s, 2000)
	b.ResetTimer()
	for range b.N {
		v := NewAuditVerifier()
		must(b, s.AuditRecords(b.Context(), 1, 1<<40, func(r *AuditRecord) error { v.Add(r); return nil }))
		if report := v.Report(); !report.Sound() || report.Entries != 2000 {
			b.Fatalf("%+v", report)
		}
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
