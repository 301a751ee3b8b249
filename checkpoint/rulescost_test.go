package checkpoint

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"passgate/checkpoint/redisd"
)

// BenchmarkRules compares what a scan costs with every rule on and with every
// rule off: CPU time of Redis and of this process, durable (an append-only file,
// flushed for every reply), the same people and requests at two sites, in
// blocks that take turns. Two policies lie over the rules of the second one. It
// reports µs per scan and their quotient.
func BenchmarkRules(b *testing.B) {
	s, clock, _ := storeOnOwnRedis(b, redisd.Options{Persist: true, Fsync: "always"})
	off := SiteRules{TemperatureOn: TemperatureNone, AntiPassback: Off, ReplayedPass: Off}
	on := SiteRules{
		TemperatureOn: TemperatureBoth, AntiPassback: Warn, ReplayedPass: Warn, OpensAt: "00:00", ClosesAt: "23:59",
		Capacity: 100_000, Outings: 100, OutingDays: 14, Disinfection: true,
	}
	sides := []*costSide{{site: "v-01", rules: off}, {site: "v-02", rules: on}}
	for _, side := range sides {
		side.prepare(b, s)
	}
	must(b, s.Change(b.Context(), func(d *Draft) error {
		for i, line := range []Celsius{37_2, 37_3} {
			low := Celsius(35_0)
			part := PolicyPart{Rules: RulesPatch{FeverLine: &line, LowLine: &low}}
			p := Policy{Code: fmt.Sprintf("p-%d", i), Name: "体温", Ground: "通告", Sites: []string{"v-02"}, Parts: []PolicyPart{part}}
			if err := d.PutPolicy(p); err != nil {
				return err
			}
		}
		return nil
	}))
	must(b, s.watchOccupancy(b.Context()))
	const block = 4000
	base := clock.Now().UnixMilli()
	for b.Loop() {
		for _, side := range sides {
			side.run(b, s, base, block)
		}
		base += 2 // everybody's next scan is later
	}
	for i, name := range []string{"off", "on"} {
		b.ReportMetric(sides[i].redis/float64(sides[i].scans), name+"-redis-µs/scan")
		b.ReportMetric((sides[i].redis+sides[i].self)/float64(sides[i].scans), name+"-µs/scan")
	}
	b.ReportMetric(sides[1].redis/sides[0].redis, "redis-on/off")
	b.ReportMetric((sides[1].redis+sides[1].self)/(sides[0].redis+sides[0].self), "on/off")
}

// costSide is one of the two sites with its people.
type costSide struct {
	site        string
	rules       SiteRules
	people      []uint64
	device      uint32
	round       int
	scans       int
	redis, self float64 // CPU µs
}

func (c *costSide) prepare(b *testing.B, s *Store) {
	must(b, s.Change(b.Context(), func(d *Draft) error {
		site, _ := d.Site(c.site)
		edited := *site
		edited.SiteRules = c.rules
		return d.PutSite(edited)
	}))
	rows := make([]NewResident, 4000)
	for i := range rows {
		rows[i] = resident(i, c.site)
		rows[i].Grid = ""
		if c.site == "v-02" {
			rows[i] = resident(100_000+i, c.site)
			rows[i].Grid = ""
		}
	}
	c.people = mustEnrol(b, s, rows...)
	d, _ := s.Registry().Device(c.site + "-d1")
	c.device = d.Num
}

// run scans everybody once: those with an even number go in, the others out,
// and the other way round in the next round.
func (c *costSide) run(b *testing.B, s *Store, base int64, block int) {
	c.round++
	redisBefore, selfBefore := redisCPU(b, s), selfCPU(b)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 128 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < block; i = int(next.Add(1)) - 1 {
				way := In
				if (i+c.round)%2 == 0 {
					way = Out
				}
				person := c.people[i%len(c.people)]
				req := ScanRequest{
					ID: fmt.Sprintf("cost-%s-%d-%06d", c.site, c.round, i), Device: c.device, OccurredAt: base, Direction: way,
					Who: ByAppPass, Presented: "pass", Temperature: 36_5, Method: Forehead, Plate: "鲁A12345", Disinfected: true,
					Pass: &PassClaims{Person: person, ID: [8]byte{byte(c.round), byte(i)}, NotBefore: base/1000 - 100, ExpiresAt: base/1000 + 500},
				}
				if _, err := s.Scan(context.Background(), req); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	c.redis += redisCPU(b, s) - redisBefore
	c.self += selfCPU(b) - selfBefore
	c.scans += block
}

// redisCPU is the CPU time that Redis has used, in µs.
func redisCPU(b *testing.B, s *Store) (us float64) {
	b.Helper()
	info, err := s.rdb.Info(b.Context(), "cpu").Result()
	must(b, err)
	for _, line := range strings.Split(info, "\r\n") {
		for _, name := range []string{"used_cpu_user:", "used_cpu_sys:"} {
			if v, ok := strings.CutPrefix(line, name); ok {
				seconds, err := strconv.ParseFloat(v, 64)
				must(b, err)
				us += seconds * 1e6
			}
		}
	}
	return us
}

// selfCPU is the CPU time that this process has used, in µs.
func selfCPU(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Sec+u.Stime.Sec)*1e6 + float64(u.Utime.Usec+u.Stime.Usec)
}
