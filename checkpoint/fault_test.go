package checkpoint

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"passgate/checkpoint/redisd"
)

// storeOnOwnRedis is newStore on a redis-server that the test may kill.
func storeOnOwnRedis(t testing.TB, o redisd.Options) (*Store, *testClock, *redisd.Server) {
	t.Helper()
	o.Dir = t.TempDir()
	srv, err := redisd.Start(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		if err := srv.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	clock := &testClock{}
	clock.ms.Store(testStart.UnixMilli())
	s, err := Open(t.Context(), Config{
		Client: clientOf(t, []string{srv.Socket()}, Tune), FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now,
	})
	must(t, err)
	must(t, s.Change(t.Context(), smallTown))
	return s, clock, srv
}

// acknowledged is a scan whose answer the device has.
type acknowledged struct {
	person uint64
	hash   [8]byte
	Outcome
}

// scanUnderFire lets devices scan and repeat until they are answered, while
// hurt does what it does to Redis.
func scanUnderFire(t *testing.T, s *Store, ids []uint64, base int64, hurt func(scans *atomic.Int64)) []acknowledged {
	t.Helper()
	d, _ := s.Registry().Device("v-01-d1")
	var scans atomic.Int64
	var mu sync.Mutex
	var all []acknowledged
	ctx, stop := context.WithCancel(t.Context())
	var devices sync.WaitGroup
	for w := range 16 {
		devices.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				person := ids[(w+16*i)%len(ids)]
				req := ScanRequest{
					ID: fmt.Sprintf("fire-%02d-%06d", w, i), Device: d.Num, OccurredAt: base + int64(i%100_000),
					Direction: In, Who: ByResident, Person: person, Presented: FormatPersonID(person), Temperature: 36_5,
				}
				res, err := s.Scan(ctx, req)
				for err != nil && ctx.Err() == nil {
					time.Sleep(20 * time.Millisecond)
					res, err = s.Scan(ctx, req)
				}
				if err == nil {
					scans.Add(1)
					mu.Lock()
					all = append(all, acknowledged{person, scanHash(d.Num, req.ID), res.Outcome})
					mu.Unlock()
				}
			}
		})
	}
	hurt(&scans)
	stop()
	devices.Wait()
	return all
}

// killThrice kills Redis with -9 three times under load.
func killThrice(t *testing.T, srv *redisd.Server) func(*atomic.Int64) {
	return func(scans *atomic.Int64) {
		for range 3 {
			before := scans.Load()
			eventually(t, "scans are answered", func() bool { return scans.Load() > before+300 })
			must(t, srv.Kill())
			<-srv.Done()
			time.Sleep(50 * time.Millisecond)
			must(t, srv.Restart(t.Context()))
		}
		before := scans.Load()
		eventually(t, "scans are answered again", func() bool { return scans.Load() > before+100 })
	}
}

// BenchmarkFsync shows what it costs that an acknowledged scan is on the disk.
func BenchmarkFsync(b *testing.B) {
	for _, fsync := range []string{"always", "everysec", "no"} {
		b.Run(fsync, func(b *testing.B) {
			s, clock, _ := storeOnOwnRedis(b, redisd.Options{Persist: true, Fsync: fsync})
			var rows []NewResident
			for i := range 5000 {
				rows = append(rows, resident(i, "v-01"))
			}
			ids := mustEnrol(b, s, rows...)
			d, _ := s.Registry().Device("v-01-d1")
			var n atomic.Int64
			base := clock.Now().UnixMilli()
			b.SetParallelism(64)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					person := ids[i%int64(len(ids))]
					_, err := s.Scan(context.Background(), ScanRequest{
						ID: fmt.Sprintf("fsync-%09d", i), Device: d.Num, OccurredAt: base + i%100_000, Direction: In,
						Who: ByResident, Person: person, Presented: "x", Temperature: 36_5,
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scans/s")
		})
	}
}
