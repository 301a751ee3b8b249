package gateway

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"testing"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// An export holds a bounded part of itself in memory, whatever its length. The
// test runs alone in its process, so that what grows is the export.
func TestExportsTakeConstantMemory(t *testing.T) {
	const (
		settle = 18_000                    // by then buffers and tables have their size
		every  = (exportRows - settle) / 7 // rows between looks at the heap
		bound  = 3 << 20                   // an export of 200,000 rows that is held takes at least 35 B a row, 7 MiB
	)
	w := newWorld(t)
	reg := w.store.Registry()
	device, _ := reg.Device("E1")
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, media := range []string{mimeNDJSON, mimeCSV, mimeXLSX, mimeParquet} {
		var base, most int64
		w.serve(func(s *Server) {
			s.app.Get("/export", func(c *fiber.Ctx) error {
				s.begin(c)
				c.SetUserContext(t.Context())
				return s.stream(c, streamForms[media], func(_ context.Context, row func(*checkpoint.ScanEvent) error) error {
					dice := rand.New(rand.NewPCG(1, 2))
					for i := range exportRows {
						at := testStart.UnixMilli() + int64(i)*731
						e := checkpoint.ScanEvent{
							Person: dice.Uint64(), OccurredAt: at, RecordedAt: at + dice.Int64N(3000), Direction: checkpoint.In,
							Temperature: checkpoint.Celsius(360 + dice.IntN(20)), Device: device.Num, Plate: "鲁A12345",
						}
						dice := dice.Uint64()
						for b := range e.Vehicle {
							e.Vehicle[b] = byte(dice >> (8 * b))
						}
						if err := row(&e); err != nil {
							return err
						}
						switch {
						case i == settle:
							base = heap()
						case i > settle && (i-settle)%every == 0:
							most = max(most, heap())
						}
					}
					return nil
				})
			})
		})
		res, err := http.Get(w.url + "/export") //nolint:noctx // ends with the server
		w.must(err)
		n, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		w.must(err)
		t.Logf("%-75s %4d B a row, heap %+5.1f MiB from row %d to %d", media, n/exportRows, float64(most-base)/(1<<20), settle, exportRows)
		if most-base > bound {
			t.Errorf("%s: the heap grew by %d KiB", media, (most-base)>>10)
		}
	}
}
