package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint/measure"
	"passgate/checkpoint/redisd"
)

// manyPassM1 writes events of 14 days into the index of M1.
func (w *world) manyPassM1(total int) (from, to int64) {
	w.t.Helper()
	gate, _ := w.store.Registry().Gate("M1")
	device, _ := w.store.Registry().Device("E1")
	staff, _ := w.store.Registry().Staff("tracer")
	from, to, err := measure.FillWindow(w.t.Context(), w.store, measure.Window{
		Gate: gate.Num, Device: device.Num, Staff: staff.Num, Before: testStart.UnixMilli(), Days: 14, Events: total,
	})
	w.must(err)
	return from, to
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
	keys, err := measure.WindowKeys(b.Context(), w.redis, w.prefix)
	w.must(err)
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
	n, took, err := measure.ReadPlainly(w.t.Context(), w.redis, keys)
	w.must(err)
	if n != total {
		w.t.Fatalf("%d events read, want %d", n, total)
	}
	return took
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
