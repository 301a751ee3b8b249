package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// heldRedis lets all wait for Redis for as long as the test holds it.
type heldRedis struct{ sync.RWMutex }

func (h *heldRedis) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *heldRedis) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.RLock()
		defer h.RUnlock()
		return next(ctx, cmd)
	}
}

func (h *heldRedis) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.RLock()
		defer h.RUnlock()
		return next(ctx, cmds)
	}
}

// busyWorld is a world whose Redis is held at will, and whose gateway measures by a
// clock that only moves when told.
type busyWorld struct {
	*world
	held   *heldRedis
	clock  atomic.Int64
	acked  atomic.Int64 // scans that were answered
	phones []string     // devices at G1
}

func newBusyWorld(t *testing.T) *busyWorld {
	t.Helper()
	b := &busyWorld{world: newWorld(t), held: &heldRedis{}}
	client, ok := b.redis.(*redis.Client)
	if !ok {
		t.Fatalf("the store's client is a %T", b.redis)
	}
	client.AddHook(b.held)
	for i := range 2 * deviceShare {
		b.phones = append(b.phones, "P"+strconv.Itoa(i))
	}
	b.change(func(d *checkpoint.Draft) error {
		var errs []error
		for _, code := range b.phones {
			errs = append(errs, d.PutDevice(b.device(code, "G1")))
		}
		return firstError(errs...)
	})
	b.serve(func(s *Server) { s.load.now = b.clock.Load })
	return b
}

// present sends scans of several phones at once and waits until they are at work.
// finish waits for their answers, all of which have to be 200.
func (b *busyWorld) present(scans int, direction string) (finish func()) {
	b.t.Helper()
	return b.presentTo(b.phones, scans, direction)
}

func (b *busyWorld) presentTo(phones []string, scans int, direction string) (finish func()) {
	b.t.Helper()
	before := b.server.load.atWork[classScans].Load()
	var wg sync.WaitGroup
	for i := range scans {
		phone := b.deviceToken(phones[i%len(phones)])
		scan := b.newScan(b.people["wang"]).with(fields{"direction": direction, "occurred_at": utcTime(b.world.clock.Now().UnixMilli() - b.scans.Load())})
		wg.Go(func() {
			res, err := b.send(http.MethodPost, "/v1/scans", phone, scan)
			if err != nil {
				b.t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.t.Errorf("a scan that was let in is answered with %d", res.StatusCode)
			}
			b.acked.Add(1)
		})
	}
	eventually(b.t, strconv.Itoa(scans)+" scans are at work", func() bool {
		return b.server.load.atWork[classScans].Load() == before+int64(scans)
	})
	return wg.Wait
}

// wave is a tenth of a second in which every scan is late.
func (b *busyWorld) wave() {
	b.held.Lock()
	finish := b.present(crowd+4, "in")
	b.clock.Add(int64(lateAfter + lateAfter/2))
	b.held.Unlock()
	finish()
}

// refused fails the test unless exactly the classes up to a level are refused.
func (b *busyWorld) refused(level class) {
	b.t.Helper()
	for c, ask := range map[class]func() answer{
		classBulk:  func() answer { return b.do(http.MethodGet, "/v1/gates/G1/events", b.as("tracer"), nil) },
		classReads: func() answer { return b.do(http.MethodGet, "/v1/sites", b.as("admin"), nil) },
		classWrites: func() answer {
			return b.do(http.MethodPut, "/v1/grid/A1", b.as("admin"), fields{"parent": "XS", "name": "一管区", "level": 2})
		},
		classPhones:  func() answer { return b.do(http.MethodGet, "/v1/gate/sync", b.deviceToken("D1"), nil) },
		classUploads: func() answer { return b.batch("D2", fields{"id": "scan-bad"}) },
		classVital:   func() answer { return b.do(http.MethodGet, "/healthz", "", nil) },
	} {
		got := ask()
		if c > level {
			got.ok(http.StatusOK)
			continue
		}
		got.problem(http.StatusServiceUnavailable, "overloaded", "")
		if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 || wait > 8 {
			b.t.Errorf("Retry-After %q", got.header.Get("Retry-After"))
		}
	}
}

func TestBeyondCapacityGatesAreAnsweredLongest(t *testing.T) {
	t.Parallel()
	b := newBusyWorld(t)
	b.project()
	b.refused(0)
	for level := classBulk; level <= classUploads; level++ {
		b.wave()
		b.refused(level)
	}
	b.wave() // of scans too few are at work for any to be refused
	if b.server.load.level.Load() != int32(classScans) {
		t.Fatal("scans are not bounded")
	}
	b.held.Lock()
	entries := b.present(fewestScans, "in")
	b.scan("D1", b.newScan(b.people["wang"])).problem(http.StatusServiceUnavailable, "overloaded", "")
	exits := b.present(fewestScans/4, "out")
	b.scan("D1", b.newScan(b.people["wang"]).with(fields{"direction": "out"})).problem(http.StatusServiceUnavailable, "overloaded", "")
	b.held.Unlock()
	entries()
	exits()

	b.clock.Add(int64(lookEvery)) // the last look at them
	b.refused(classUploads)
	for level := int(classUploads); level >= 0; level-- {
		b.clock.Add(int64(calmFor))
		b.refused(class(level)) //nolint:gosec // a class
	}
	eventually(t, "the gate's index has what was answered and nothing else", func() bool {
		return int64(len(b.events("G1", "", 1000))) == b.acked.Load()
	})
}

// Neither a resident's phone nor an office outside the town stands before anybody at
// a gate, nor does Redis hear of them.
func TestWhoAGateIsNotForTakesNoPlaceThere(t *testing.T) {
	t.Parallel()
	b := newBusyWorld(t)
	tokens := map[string]string{"phone": b.phone(b.people["wang"]), "subscriber": b.subscribe("jinan", nil)}
	scan := b.newScan(b.people["wang"]).with(fields{"direction": "out"})
	b.held.Lock()
	defer b.held.Unlock()
	client := &http.Client{Timeout: 5 * time.Second}
	for who, token := range tokens {
		for _, path := range []string{"/v1/scans", "/v1/scans/annul", "/v1/scans/vehicle", "/v1/scans/batch", "/v1/status-changes"} {
			text, err := json.Marshal(scan)
			b.must(err)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, bytes.NewReader(text))
			b.must(err)
			req.Header.Set("Authorization", "Bearer "+token)
			res, err := client.Do(req)
			if err != nil {
				t.Fatalf("a %s waits for Redis at %s: %v", who, path, err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusForbidden {
				t.Errorf("a %s at %s: status %d", who, path, res.StatusCode)
			}
		}
	}
}

// One device, stolen or out of its mind, keeps no other out.
func TestADeviceHasAShareOfTheScansAtWork(t *testing.T) {
	t.Parallel()
	b := newBusyWorld(t)
	const share = fewestScans / deviceShare
	b.server.load.limit.Store(fewestScans) // as beyond capacity
	b.held.Lock()
	release := sync.OnceFunc(b.held.Unlock)
	defer release()
	own := b.presentTo([]string{"D1"}, share, "in")
	more := b.newScan(b.people["wang"])
	b.scan("D1", more).problem(http.StatusTooManyRequests, "too_many", "")
	b.do(http.MethodPost, "/v1/scans/annul", b.deviceToken("D1"), b.takeBack("annul-0001", more)).problem(http.StatusTooManyRequests, "too_many", "")
	others := b.present(fewestScans-share, "in")
	release()
	own()
	others()
	b.scan("D1", more).ok(http.StatusOK)
	if level := b.server.load.level.Load(); level != 0 {
		t.Errorf("others are refused for it: level %d", level)
	}
}

// Exports that are read slowly and calls that wait for news are no queue, however many
// they are, nor is one scan that was late among them.
func TestWaitingIsNoOverload(t *testing.T) {
	t.Parallel()
	b := newBusyWorld(t)
	var there atomic.Int64
	end := make(chan struct{})
	finish := sync.OnceFunc(func() { close(end) })
	wait := func() error {
		there.Add(1)
		<-end
		return nil
	}
	b.serve(func(s *Server) {
		s.load.now = b.clock.Load
		s.app.Add(get, "/v1/news", s.guard(route{method: get, path: "/v1/news", who: everybody, waits: true, handle: func(*fiber.Ctx) error { return wait() }}))
		s.app.Add(get, "/v1/all", s.guard(route{method: get, path: "/v1/all", who: everybody, slow: true, handle: func(c *fiber.Ctx) error {
			return s.stream(c, streamForms["text/csv"], func(context.Context, func(*checkpoint.ScanEvent) error) error { return wait() })
		}}))
	})
	var waiting sync.WaitGroup
	for i := range 2 * crowd {
		path := []string{"/v1/news", "/v1/all"}[i%2]
		waiting.Go(func() {
			res, err := b.send(http.MethodGet, path, "", nil)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		})
	}
	defer waiting.Wait()
	defer finish()
	eventually(t, "all of them wait", func() bool { return there.Load() == 2*crowd })
	b.held.Lock()
	answered := b.present(1, "in")
	b.clock.Add(int64(lookLatest))
	b.held.Unlock()
	answered()
	if level := b.server.load.level.Load(); level != 0 {
		t.Errorf("level %d", level)
	}
}

// An export that was begun is answered whole, and no other is begun.
func TestAnExportUnderWayIsNotCut(t *testing.T) {
	t.Parallel()
	const rows = 2000 // several pieces
	begun, more := make(chan struct{}), make(chan struct{})
	w := newWorld(t)
	w.serve(func(s *Server) {
		s.app.Add(get, "/v1/all", s.guard(route{method: get, path: "/v1/all", who: everybody, slow: true, handle: func(c *fiber.Ctx) error {
			return s.stream(c, streamForms["text/csv"], func(_ context.Context, row func(*checkpoint.ScanEvent) error) error {
				for i := range rows {
					if i == rows/2 {
						close(begun)
						<-more
					}
					if err := row(&checkpoint.ScanEvent{OccurredAt: testStart.UnixMilli()}); err != nil {
						return err
					}
				}
				return nil
			})
		}}))
	})
	res, err := w.send(http.MethodGet, "/v1/all", "", nil)
	w.must(err)
	defer res.Body.Close()
	<-begun
	w.server.load.raise()
	w.do(http.MethodGet, "/v1/all", "", nil).problem(http.StatusServiceUnavailable, "overloaded", "")
	close(more)
	text, err := io.ReadAll(res.Body)
	w.must(err)
	if n := countLines(text); n != rows+1 {
		t.Errorf("%d lines, want a head and %d rows", n, rows)
	}
}

// One device does not hold all places for uploads, and a batch that is too large counts
// as one that is not.
func TestADeviceHasAShareOfTheUploads(t *testing.T) {
	t.Parallel()
	b := newBusyWorld(t)
	b.held.Lock()
	var wg sync.WaitGroup
	release := sync.OnceFunc(func() { b.held.Unlock(); wg.Wait() })
	defer release()
	scan := b.newScan(b.people["wang"])
	for range deviceUploads {
		wg.Go(func() {
			res, err := b.send(http.MethodPost, "/v1/scans/batch", b.deviceToken("D1"), fields{"scans": []any{scan}})
			if err != nil {
				t.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Errorf("an upload that was let in is answered with %d", res.StatusCode)
			}
		})
	}
	eventually(t, "the device's uploads are at work", func() bool { return b.server.load.atWork[classUploads].Load() == deviceUploads })
	b.batch("D1", scan).problem(http.StatusTooManyRequests, "too_many", "")
	b.batch("D2", fields{"id": "scan-bad"}).ok(http.StatusOK)
	release()
	tooMany := make([]any, maxBatch+1)
	for range scansAMinute / maxBatch {
		b.batch("E1", tooMany...).problem(http.StatusUnprocessableEntity, "invalid", "scans")
	}
	b.batch("E1", scan).problem(http.StatusTooManyRequests, "too_many", "")
}

func countLines(text []byte) (n int) {
	for _, b := range text {
		if b == '\n' {
			n++
		}
	}
	return n
}

// Batches of many phones that come back at once do not stand before fresh scans.
func TestFewBatchesAreTakenAtOnce(t *testing.T) {
	t.Parallel()
	o := newOverload(slog.New(slog.DiscardHandler), NewMetrics())
	for range uploadsAtOnce {
		if !o.admit(classUploads, nil, 0) {
			t.Fatal("refused, though there is room")
		}
	}
	if o.admit(classUploads, nil, 0) {
		t.Error("one more is taken")
	}
	o.done(classUploads, true, 0)
	if !o.admit(classUploads, nil, 0) {
		t.Error("refused, though one has ended")
	}
}
