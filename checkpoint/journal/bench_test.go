package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

var benchValue = make([]byte, 250) // about what a scan takes

// writers spreads b.N calls over n goroutines.
func writers(b *testing.B, n int, fn func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range n {
		group.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := fn(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
}

func BenchmarkOwe(b *testing.B) {
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(n, "writers"), func(b *testing.B) {
			o := options(b.TempDir())
			o.MaxBytes = 0
			j := open(b, o)
			writers(b, n, func(i int) error {
				_, err := j.Owe(b.Context(), i*7%64, benchValue)
				return err
			})
			s := j.Stats()
			b.ReportMetric(float64(b.N)/float64(s.Commits), "entries/commit")
			b.ReportMetric(float64(s.CommitTime.Microseconds())/float64(s.Commits), "µs/commit")
		})
	}
}

// BenchmarkRawFsync writes and syncs one value after another, the least that a
// promise costs without company.
func BenchmarkRawFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	must(b, err)
	defer f.Close()
	for b.Loop() {
		_, err := f.Write(benchValue)
		must(b, err)
		must(b, f.Sync())
	}
}

// BenchmarkBoltBatch is bbolt's own way of committing together.
func BenchmarkBoltBatch(b *testing.B) {
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(n, "writers"), func(b *testing.B) {
			db, err := bbolt.Open(filepath.Join(b.TempDir(), "bolt"), 0o600, nil)
			must(b, err)
			defer db.Close()
			must(b, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("b")); return err }))
			writers(b, n, func(i int) error {
				return db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("b")).Put(seqKey(0, uint64(i)), benchValue) })
			})
		})
	}
}

// BenchmarkKeep is what remembering costs on the way of a scan. The writer is
// waited for outside of the clock: nothing is refused.
func BenchmarkKeep(b *testing.B) {
	o := options(b.TempDir())
	o.MaxBytes = 0
	j := open(b, o)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		must(b, j.Keep(n%64, benchValue))
		if n++; n%20_000 == 0 {
			b.StopTimer()
			for j.keep.waiting() {
				time.Sleep(time.Millisecond)
			}
			must(b, j.Forget(time.Now().UnixMilli()))
			b.StartTimer()
		}
	}
}
