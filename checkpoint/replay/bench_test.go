package replay

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// synthetic makes the events of a town: people pass four times a day for some
// days. The IDs are spread over the partitions as real ones are.
func synthetic(people, days int) Events {
	return func(fn func(*checkpoint.ScanEvent) error) error {
		r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // made to be the same every time
		ids := make([]uint64, people)
		for i := range ids {
			ids[i] = r.Uint64()
		}
		start := testStart.AddDate(0, 0, -days).UnixMilli()
		for day := range days {
			for k := range 4 * people {
				id := ids[k%people]
				e := checkpoint.ScanEvent{
					Person: id, OccurredAt: start + int64(day)*86_400_000 + int64(k)*86_400_000/int64(4*people),
					Outcome:   checkpoint.Outcome{Decision: checkpoint.Pass},
					Direction: []checkpoint.Direction{checkpoint.Out, checkpoint.In}[k/people%2],
					Who:       checkpoint.ByAppPass, Temperature: 36_5, Method: checkpoint.Wrist,
					Gate: uint32(1 + id%110), Device: uint32(1 + id%110), Staff: uint32(1 + id%200),
				}
				e.RecordedAt = e.OccurredAt + 80
				binary.BigEndian.PutUint64(e.Hash[:], r.Uint64())
				binary.BigEndian.PutUint32(e.Digest[:], r.Uint32())
				if err := fn(&e); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// rawWrite writes the two members of every event as plainly as it can be done:
// one ZADD each to the chunk it belongs to, in pipelines of 1000, from as many
// connections as a replay has workers.
func rawWrite(ctx context.Context, rdb redis.UniversalClient, prefix string, events Events) (int64, error) {
	type one struct {
		trail, gate string
		at          int64
		a, b        []byte
	}
	work := make(chan []one, 4)
	failed := make(chan error, 2)
	for range 2 {
		go func() {
			var first error
			for batch := range work {
				_, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
					for i := range batch {
						p.Do(ctx, "ZADD", batch[i].trail, batch[i].at, batch[i].a)
						p.Do(ctx, "ZADD", batch[i].gate, batch[i].at, batch[i].b)
					}
					return nil
				})
				if first == nil {
					first = err
				}
			}
			failed <- first
		}()
	}
	sizes := map[checkpoint.SetID]int{}
	key := func(id checkpoint.SetID) string {
		n := sizes[id]
		sizes[id]++
		return prefix + id.Name() + ":" + strconv.Itoa(n/120)
	}
	var batch []one
	var n int64
	err := events(func(e *checkpoint.ScanEvent) error {
		n++
		gate := checkpoint.SetID{Family: checkpoint.GateSets, ID: uint64(e.Gate), Day: checkpoint.DayOf(e.OccurredAt)}
		batch = append(batch, one{
			key(checkpoint.SetID{ID: e.Person}), key(gate), e.OccurredAt, e.Member(checkpoint.TrailSets), e.Member(checkpoint.GateSets),
		})
		if len(batch) == 500 {
			work <- batch
			batch = nil
		}
		return nil
	})
	work <- batch
	close(work)
	for range 2 {
		if lost := <-failed; err == nil {
			err = lost
		}
	}
	return n, err
}

// TestReplayIsAsFastAsPlainWrites measures the rate of a replay against that of
// the two ZADDs of every event, in one run, and what memory it takes; -count 5
// gives a median.
func TestReplayIsAsFastAsPlainWrites(t *testing.T) {
	people := 100_000
	if os.Getenv("PASSGATE_LONG") == "" {
		t.Skip("PASSGATE_LONG=1 replays 5.6 million events; PASSGATE_REPLAY_PEOPLE changes the 100000 people of 14 days")
	}
	if text := os.Getenv("PASSGATE_REPLAY_PEOPLE"); text != "" {
		var err error
		people, err = strconv.Atoi(text)
		must(t, err)
	}
	events := synthetic(people, 14)
	w := newTown(t, 12)
	began := time.Now()
	n, err := rawWrite(t.Context(), w.rdb, "raw:", events)
	must(t, err)
	raw := float64(n) / time.Since(began).Seconds()
	t.Logf("plain writes: %d events, %.0f events/s", n, raw)
	must(t, dropPrefix(t.Context(), w, "raw:"))

	opt := w.options()
	opt.Archive = events
	peak := watchHeap()
	r := w.rebuild(opt)
	ratio := r.EventsPerSec / raw
	t.Logf("replay: %.0f events/s (reading %.1f of %.1f s), ratio %.2f, heap at most %d MB", r.EventsPerSec, r.Reading, r.Seconds, ratio, peak()>>20)
	for _, f := range r.Families {
		t.Logf("%s: %d sets, %d events, %s", f.Name, f.Sets, f.Events, f.Digest)
	}
	if ratio < 0.5 {
		t.Errorf("replay writes %.2f times as fast as plain ZADDs, want 0.5", ratio)
	}
	began, peak = time.Now(), watchHeap()
	v := w.verify(opt)
	t.Logf("compared in %.1f s, heap at most %d MB: %d differences", time.Since(began).Seconds(), peak()>>20, v.Differs())
	if v.Differs() != 0 {
		t.Errorf("%+v", v)
	}
}

// watchHeap measures the most heap in use until it is asked.
func watchHeap() func() uint64 {
	stop, done := make(chan struct{}), make(chan struct{})
	var most atomic.Uint64
	go func() {
		defer close(done)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); <-done; return most.Load() }
}

func dropPrefix(ctx context.Context, w *town, prefix string) error {
	was := w.prefix
	w.prefix = prefix
	defer func() { w.prefix = was }()
	for keys := range slices.Chunk(w.keys(), 1000) {
		_, err := w.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range keys {
				p.Unlink(ctx, key)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
