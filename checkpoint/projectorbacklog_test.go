package checkpoint

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// slowReplies is a network on which each exchange takes a while.
type slowReplies struct{ each time.Duration }

func (slowReplies) DialHook(next redis.DialHook) redis.DialHook { return next }

func (slowReplies) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h slowReplies) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		time.Sleep(h.each)
		return next(ctx, cmds)
	}
}

// A backlog that takes longer than a lease lasts is not begun again and again: what
// is done of it is saved while the rest is still being worked on.
func TestLongBacklogIsSavedOnTheWay(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, resident(1, "v-01"))[0]
	post(t, s, clock, "v-01").scan(person, Out, 36_5)
	log := s.keys.log(partitionOf(person))
	entry := s.rdb.XRange(t.Context(), log, "-", "+").Val()[0]
	const copies = 4000 // of one event: it counts once
	_, err := s.rdb.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
		for range copies {
			pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: log, Values: entry.Values})
		}
		return nil
	})
	must(t, err)

	reader := testClient(t, TuneReader)
	reader.AddHook(slowReplies{50 * time.Millisecond})
	p := s.NewProjector(reader, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work sync.WaitGroup
	var mu sync.Mutex
	projected := 0
	p.Observe = func(step Projection) { mu.Lock(); projected += step.Events; mu.Unlock() }
	work.Go(func() { p.Run(ctx) })
	defer work.Wait()
	defer stop()
	eventually(t, "a saved cursor while most of the backlog waits", func() bool {
		saved := s.rdb.HGet(t.Context(), s.keys.partition(partitionOf(person)), "cur").Val()
		mu.Lock()
		defer mu.Unlock()
		if projected > copies {
			t.Fatal("the backlog was worked through and nothing of it saved on the way")
		}
		return saved != "" && projected > 0
	})
}
