package checkpoint

import (
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// What a sweep costs Redis when nothing is due, which is so but once a day: CPU
// for each key that it looks at. A resident has two keys, and one or two with
// events.
func BenchmarkSweepWithNothingDue(b *testing.B) {
	s, clock := newStore(b)
	const people = 20_000
	rows := make([]NewResident, people)
	for i := range rows {
		rows[i] = resident(i+1, "v-01")
	}
	ids := mustEnrol(b, s, rows...)
	gate := post(b, s, clock, "v-01")
	for _, id := range ids[:people/4] {
		gate.scan(id, Out, 36_5)
	}
	cpu := func() float64 {
		c, ok := s.rdb.(*redis.Client)
		if !ok {
			b.Skip("asks one server for its CPU time")
		}
		info := c.InfoMap(b.Context(), "cpu").Item("CPU", "used_cpu_user")
		system := c.InfoMap(b.Context(), "cpu").Item("CPU", "used_cpu_sys")
		user, _ := strconv.ParseFloat(info, 64)
		sys, _ := strconv.ParseFloat(system, 64)
		return user + sys
	}
	before, keys := cpu(), int64(0)
	for b.Loop() {
		res, err := sweeperOf(s).Sweep(b.Context())
		must(b, err)
		keys += res.Keys
	}
	b.ReportMetric((cpu()-before)*1e6/float64(keys), "redis-µs/key")
	b.ReportMetric(float64(keys)/b.Elapsed().Seconds(), "keys/s")
}
