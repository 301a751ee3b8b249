package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
)

// manyPassM1 writes events of 14 days into the index of M1, as they come from
// real scans: nine of ten with a reading, one in twenty in a car, some flagged.
func (w *world) manyPassM1(total int) (from, to int64) {
	w.t.Helper()
	const days, day = 14, 86_400_000
	gate, _ := w.store.Registry().Gate("M1")
	device, _ := w.store.Registry().Device("E1")
	staff, _ := w.store.Registry().Staff("tracer")
	dice := rand.New(rand.NewPCG(7, 7))
	first := checkpoint.DayOf(testStart.UnixMilli()) - days
	for d := range int64(days) {
		set := checkpoint.Set{SetID: checkpoint.SetID{Family: checkpoint.GateSets, ID: uint64(gate.Num), Day: first + d}}
		n := total*int(d+1)/days - total*int(d)/days
		for i := range n {
			e := checkpoint.ScanEvent{
				Person: dice.Uint64(), OccurredAt: (first+d)*day + int64(i)*day/int64(n), Direction: checkpoint.In, Who: checkpoint.ByAppPass,
				Gate: gate.Num, Device: device.Num, Staff: staff.Num, Outcome: checkpoint.Outcome{Decision: checkpoint.Pass, Action: checkpoint.Admit},
			}
			e.RecordedAt = e.OccurredAt + 200 + dice.Int64N(3000)
			for b, bits := 0, dice.Uint64(); b < 8; b++ {
				e.Hash[b] = byte(bits >> (8 * b))
			}
			if i%2 == 1 {
				e.Direction = checkpoint.Out
			}
			if i%10 > 0 {
				e.Temperature, e.Method = checkpoint.Celsius(360+dice.IntN(14)), checkpoint.Forehead
			}
			if i%20 == 3 {
				e.Plate, e.Vehicle = fmt.Sprintf("鲁A%05d", i%100_000), e.Hash
			}
			if i%16 == 5 {
				e.Flags = checkpoint.FlagNotInside
			}
			set.Entries = append(set.Entries, checkpoint.SetEntry{At: e.OccurredAt, Member: e.Member(checkpoint.GateSets)})
		}
		w.must(w.store.ReplaceSets(w.t.Context(), []checkpoint.Set{set}))
	}
	return first * day, (first + days) * day
}

// chunkKeys are the sorted sets of a gate's index, in no order.
func (w *world) chunkKeys(ctx context.Context) (keys []string) {
	w.t.Helper()
	it := w.redis.Scan(ctx, 0, w.prefix+"{g*}:e:*:*", 10_000).Iterator()
	for it.Next(ctx) {
		keys = append(keys, it.Val())
	}
	w.must(it.Err())
	return keys
}

// BenchmarkGateWindow streams a million events of a gate over HTTP and reads the
// same keys by ZRANGE WITHSCORES in pipelines of 64 with nothing else done, in
// turn, five times. It prints the medians, the ratio and the heap. Workbook and
// Parquet file are made once.
func BenchmarkGateWindow(b *testing.B) {
	const total, rounds = 1_000_000, 5
	srv, err := redisd.Start(b.Context(), redisd.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Stop(context.Background()) //nolint:errcheck // the test ends
	w := newWorldOn(b, srv, 30*time.Second)
	from, to := w.manyPassM1(total)
	keys := w.chunkKeys(b.Context())
	forms := []string{mimeNDJSON, mimeCSV, mimeXLSX, mimeParquet}
	spent := map[string][]time.Duration{}
	heaps := map[string]uint64{}
	var base uint64
	for round := range rounds {
		spent["raw"] = append(spent["raw"], w.rawRead(keys, total))
		base = max(base, liveHeap())
		for _, media := range forms[:4-2*min(round, 1)] {
			took, heap := w.timedExport(media, utcTime(from), utcTime(to), total)
			spent[media] = append(spent[media], took)
			heaps[media] = max(heaps[media], heap)
		}
	}
	median := func(what string) float64 {
		slices.Sort(spent[what])
		return spent[what][len(spent[what])/2].Seconds()
	}
	raw := median("raw")
	b.Logf("%d events in %d sorted sets; raw ZRANGE WITHSCORES in pipelines of 64: %.2f s, %.0f events/s; live heap without a stream %.1f MiB", total, len(keys), raw, total/raw, float64(base)/(1<<20))
	for _, media := range forms {
		took := median(media)
		form := streamForms[media].extension
		b.Logf("%-8s %5.2f s  %8.0f rows/s  ratio %.2f  most heap in use %.1f MiB", form, took, total/took, raw/took, float64(heaps[media])/(1<<20))
		b.ReportMetric(raw/took, form+"/raw")
	}
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// rawRead is what the driver takes to read sorted sets, and no more.
func (w *world) rawRead(keys []string, total int) time.Duration {
	w.t.Helper()
	ctx, start, n := w.t.Context(), time.Now(), 0
	for part := range slices.Chunk(keys, 64) {
		cmds, err := w.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range part {
				p.ZRangeWithScores(ctx, key, 0, -1)
			}
			return nil
		})
		w.must(err)
		for _, cmd := range cmds {
			n += len(cmd.(*redis.ZSliceCmd).Val())
		}
	}
	if n != total {
		w.t.Fatalf("%d events read, want %d", n, total)
	}
	return time.Since(start)
}

// timedExport streams a window to the end and gives the most heap that was in
// use meanwhile, garbage among it, looked at ten times a second.
func (w *world) timedExport(media string, from, to utcTime, total int) (took time.Duration, heap uint64) {
	w.t.Helper()
	stop, looked := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		for tick := time.NewTicker(100 * time.Millisecond); ; {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				looked <- most
				return
			case <-tick.C:
			}
		}
	}()
	start := time.Now()
	res, err := w.send(http.MethodGet, fmt.Sprintf("/v1/gates/M1/events?from=%s&to=%s", from, to), w.as("tracer"), nil, "Accept", media)
	w.must(err)
	lines, size := 0, 0
	for buf := make([]byte, 1<<18); ; {
		n, err := res.Body.Read(buf)
		lines += bytes.Count(buf[:n], []byte{10})
		size += n
		if err == io.EOF { //nolint:errorlint // Read gives it bare
			break
		}
		w.must(err)
	}
	_ = res.Body.Close()
	took = time.Since(start)
	close(stop)
	heap = <-looked
	if res.StatusCode != http.StatusOK || media == mimeNDJSON && lines != total || media == mimeCSV && lines != total+1 || size < total {
		w.t.Fatalf("%s: status %d, %d lines, %d bytes", media, res.StatusCode, lines, size)
	}
	return took, heap
}
