package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// indexOf is the master that has the index of a site's gate.
func (n *scanner) indexOf(t *testing.T, c *redisd.Cluster, site string) *redisd.Server {
	t.Helper()
	gate, _ := n.s.Registry().Gate(site + "-g1")
	return c.MasterOf(t.Context(), int(slotOf(fmt.Sprintf("g%d", gate.Num))))
}

// watchedIndex is a projector at work on what a scanner does, with what it tells.
type watchedIndex struct {
	t       *testing.T
	n       *scanner
	log     syncBuffer
	events  atomic.Int64 // that were told to be indexed
	slowest atomic.Int64 // lag that was told since it was last set to 0, ns
}

// syncBuffer is what a projector logs, from several goroutines.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) count(word string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Count(b.text.Bytes(), []byte(word))
}

func watchIndex(t *testing.T, n *scanner, o redis.UniversalOptions) *watchedIndex {
	t.Helper()
	w := &watchedIndex{t: t, n: n}
	began := time.Now()
	n.s.clock = func() time.Time { return testStart.Add(time.Since(began)) } // lag is told by it
	reader := Connect(TuneReader(&o))
	p := n.s.NewProjector(reader, slog.New(slog.NewTextHandler(&w.log, nil)))
	p.Observe = func(step Projection) {
		w.events.Add(int64(step.Events))
		for had := w.slowest.Load(); int64(step.Lag) > had && !w.slowest.CompareAndSwap(had, int64(step.Lag)); had = w.slowest.Load() {
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { p.Run(ctx) })
	t.Cleanup(func() { stop(); work.Wait(); _ = reader.Close() })
	return w
}

// held is how many events the window of a site's gate holds, -1 if it cannot be read.
func (w *watchedIndex) held(site string) int {
	held := recording{}
	from := testStart.UnixMilli()
	if err := w.n.s.Events(w.t.Context(), Window{Gate: site + "-g1", From: from, To: from + 86_400_000}, held.add); err != nil {
		return -1
	}
	return held.total()
}

// goesOnWithout lets a person pass at a gate whose index is on another master than the
// one that is away, behind more at the gate that cannot be indexed than is read at once.
func (w *watchedIndex) goesOnWithout(t *testing.T, c *redisd.Cluster, away *redisd.Server, person uint64) {
	t.Helper()
	for range 300 {
		must(t, w.n.scan(t, person))
	}
	site := "mall-01"
	if w.n.indexOf(t, c, site) == away {
		site = "v-02"
	}
	if w.n.indexOf(t, c, site) == away {
		t.Fatal("the test needs a gate whose index is elsewhere")
	}
	w.slowest.Store(0)
	begin := time.Now()
	for i := range 5 {
		must(t, w.n.scanAt(t, site, person))
		eventually(t, "an event is in the window of a gate that is not concerned", func() bool { return w.held(site) == i+1 })
	}
	took := time.Since(begin)
	t.Logf("5 events elsewhere were indexed one after the other in %s", took)
	if took > 5*5*projectEvery {
		t.Errorf("an event elsewhere took %s to be indexed", took/5)
	}
	if time.Duration(w.slowest.Load()) < ClientTimeout {
		t.Errorf("the longest lag told is %s although events wait", time.Duration(w.slowest.Load()))
	}
	eventually(t, "somebody is told that events wait", func() bool { return w.log.count("events of some gates wait") == 1 })
	if n := w.log.count("level=WARN"); n > 2 {
		t.Errorf("%d warnings of one master that is away", n)
	}
}

// isWhole waits until all that is on record is in the windows.
func (w *watchedIndex) isWhole(t *testing.T) {
	t.Helper()
	from := testStart.UnixMilli()
	recorded := 0
	eventually(t, "all events are in their gates' windows", func() bool {
		recorded = trailsOf(t, w.n.s, w.n.ids, from, from+86_400_000).total()
		return w.held("v-01")+w.held("v-02")+w.held("mall-01") == recorded
	})
	if told := w.events.Load(); told > int64(recorded) {
		t.Errorf("%d events were told to be indexed, there are %d", told, recorded)
	}
	eventually(t, "somebody is told that all is well again", func() bool { return w.log.count("in the indexes again") == 1 })
}

// slowLog is a network on which whoever asks for a log is answered too late.
type slowLog struct{ key string }

func (slowLog) DialHook(next redis.DialHook) redis.DialHook { return next }

func (slowLog) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h slowLog) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return slices.Contains(c.Args(), any(h.key)) }) {
			time.Sleep(projectStall + 50*time.Millisecond)
		}
		return next(ctx, cmds)
	}
}

// settlesWithoutASlowLog has all partitions owe what is in their logs: those are settled
// that are not on the server that answers too late.
func settlesWithoutASlowLog(t *testing.T, n *scanner, o redis.UniversalOptions) {
	t.Helper()
	slow := partitionOf(n.ids[0])
	reader := Connect(TuneReader(&o))
	t.Cleanup(func() { _ = reader.Close() })
	reader.AddHook(slowLog{n.s.keys.log(slow)})
	p := n.s.NewProjector(reader, slog.New(slog.DiscardHandler))
	all := make([]*followed, Partitions)
	for part := range all {
		all[part] = &followed{part: part}
	}
	must(t, p.lead(t.Context(), all))
	for part, f := range all {
		for _, m := range n.s.rdb.XRevRangeN(t.Context(), n.s.keys.log(part), "+", "-", 1).Val() {
			f.owe(m.ID, n.s.now())
		}
	}
	owed := p.owed(all)
	moved, err := p.settleSome(t.Context(), all, owed)
	if !moved || !errors.Is(err, ErrUnavailable) {
		t.Errorf("beside a slow log: moved is %t, %v", moved, err)
	}
	for _, o := range owed {
		there := p.holder(t.Context(), o.part) == p.holder(t.Context(), slow)
		if owes := all[o.part].ahead != ""; owes != there {
			t.Errorf("partition %d owes events: %t; on the slow server: %t", o.part, owes, there)
		}
	}
	p.giveBack(t.Context(), all)
}
