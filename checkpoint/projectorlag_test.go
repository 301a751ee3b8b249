package checkpoint

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint/redisd"
)

// BenchmarkProjectorLag reports how long an event takes from its recording to its
// place in the gates' indexes while people pass at 100 gates: 1,000 of them in each
// iteration, which takes a second. Each event counts with the lag of the oldest one
// that was written together with it, so the true figures are lower.
func BenchmarkProjectorLag(b *testing.B) {
	const gates, rate = 100, 1000
	s, _, srv := storeOnOwnRedis(b, redisd.Options{Persist: true, Fsync: "always"})
	s.clock = time.Now
	devices, people := manyGates(b, s, gates, rate)
	var mu sync.Mutex
	var lags []time.Duration
	p := s.NewProjector(clientOf(b, []string{srv.Socket()}, TuneReader), slog.New(slog.DiscardHandler))
	p.Observe = func(step Projection) {
		mu.Lock()
		defer mu.Unlock()
		lags = append(lags, slices.Repeat([]time.Duration{step.Lag}, step.Events)...)
	}
	ctx, stop := context.WithCancel(b.Context())
	var work sync.WaitGroup
	work.Go(func() { p.Run(ctx) })
	sent := 0
	for b.Loop() {
		begin := time.Now()
		for i, person := range people {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / rate)))
			req := ScanRequest{
				ID: fmt.Sprintf("lag-%08d", sent), Device: devices[sent*31%gates], OccurredAt: s.now(), Direction: In,
				Who: ByResident, Person: person, Presented: "x", Temperature: Celsius(36_0 + sent%8), Method: Forehead,
			}
			sent++
			work.Go(func() {
				if _, err := s.Scan(context.Background(), req); err != nil {
					b.Error(err)
				}
			})
		}
	}
	eventually(b, "all are in the indexes", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(lags) >= sent
	})
	stop()
	work.Wait()
	slices.Sort(lags)
	for _, q := range []int{50, 99} {
		b.ReportMetric(float64(lags[(len(lags)-1)*q/100].Milliseconds()), fmt.Sprintf("p%d-ms", q))
	}
}

// manyGates adds sites with a gate and a device each, and residents.
func manyGates(b *testing.B, s *Store, gates, residents int) (devices []uint32, people []uint64) {
	b.Helper()
	code := func(i int) string { return fmt.Sprintf("w-%03d", i) }
	must(b, s.Change(b.Context(), func(d *Draft) error {
		for i := range gates {
			gate := code(i) + "-g1"
			if err := d.PutSite(Site{Code: code(i), Name: "村", Kind: Village, Grid: "area-1"}); err != nil {
				return err
			}
			if err := d.PutGate(Gate{Code: gate, Site: code(i), Name: "门", Open: true}); err != nil {
				return err
			}
			if err := d.PutDevice(Device{Code: code(i) + "-d1", Gate: gate, Lane: "1", EnrolledAt: 1, TokenHash: []byte(code(i))}); err != nil {
				return err
			}
		}
		return nil
	}))
	for i := range gates {
		device, _ := s.Registry().Device(code(i) + "-d1")
		devices = append(devices, device.Num)
	}
	rows := make([]NewResident, residents)
	for i := range rows {
		rows[i] = resident(i, code(i%gates))
		rows[i].Grid = ""
	}
	return devices, mustEnrol(b, s, rows...)
}
