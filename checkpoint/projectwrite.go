package checkpoint

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// projectSlow is how long projectAtOnce calls to a server of a cluster may take before
// the rest of what it is to get in a step waits: they take 0.4 ms.
const projectSlow = 250 * time.Millisecond

// errSilent says that a server of a cluster is not asked, since it did not answer before.
var errSilent = errors.New("a server takes no writes")

// written is what came of writing a batch.
type written struct {
	lost    uint64 // from these partitions, a bit each, something may not have been written
	err     error  // one of the reasons
	waiting int64  // recorded_at of the oldest event that may not be written, UTC ms
	events  int    // that were written to their gates' indexes
	oldest  int64  // recorded_at of the oldest of them, UTC ms
}

func (w *written) lose(err error, calls ...indexCall) {
	for _, c := range calls {
		w.lost, w.err, w.waiting = w.lost|c.from, err, oldest(w.waiting, c.oldest)
	}
}

func (w *written) done(c *indexCall, events int) {
	if w.events += events; events > 0 {
		w.oldest = oldest(w.oldest, c.oldest)
	}
}

func (w *written) join(o *written) {
	w.lost, w.waiting = w.lost|o.lost, oldest(w.waiting, o.waiting)
	w.events, w.oldest = w.events+o.events, oldest(w.oldest, o.oldest)
	if o.err != nil {
		w.err = o.err
	}
}

// write calls the scripts, those for one server of a cluster in order and beside those
// for the others. settling has patience with servers that are silent or slow, and counts
// as written only what was new.
func (b *indexBatch) write(ctx context.Context, settling bool) (all written) {
	shares := b.shares(ctx)
	if len(shares) == 1 { // no goroutine for it
		for server, calls := range shares {
			return b.p.send(ctx, server, calls, settling)
		}
	}
	var mu sync.Mutex
	var sending sync.WaitGroup
	for server, calls := range shares {
		sending.Go(func() {
			w := b.p.send(ctx, server, calls, settling)
			mu.Lock()
			defer mu.Unlock()
			all.join(&w)
		})
	}
	sending.Wait()
	return all
}

// shares are the calls by the address of the server that holds their keys, "" if there
// is but one or the client knows none.
func (b *indexBatch) shares(ctx context.Context) map[string][]indexCall {
	shares := map[string][]indexCall{}
	cluster, many := b.p.store.rdb.(*redis.ClusterClient)
	for _, c := range b.calls() {
		server := ""
		if many {
			if node, err := cluster.MasterForKey(ctx, c.keys[0]); err == nil { // else its call fails, which says why
				server = node.Options().Addr
			}
		}
		shares[server] = append(shares[server], c)
	}
	return shares
}

// send calls the scripts for one server. What is left of a step when it does not answer
// is lost: each call would wait as long.
func (p *Projector) send(ctx context.Context, server string, calls []indexCall, settling bool) (w written) {
	if server != "" && !settling && p.isSilent(server) {
		w.lose(errSilent, calls...)
		return w
	}
	for begin := 0; begin < len(calls); begin += projectAtOnce {
		end := min(begin+projectAtOnce, len(calls))
		asked := time.Now()
		silent := p.sendSome(ctx, server, calls[begin:end], settling, &w)
		slow := server != "" && time.Since(asked) > projectSlow
		p.setSilent(server, silent || slow && (settling || end < len(calls)))
		if silent || slow && !settling {
			w.lose(errSilent, calls[end:]...)
			break
		}
	}
	return w
}

// sendSome calls scripts together. silent: none was answered.
func (p *Projector) sendSome(ctx context.Context, server string, some []indexCall, settling bool, w *written) (silent bool) {
	if server != "" && !settling {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, projectStall)
		defer done()
	}
	plain := make([]call, len(some))
	for i, c := range some {
		plain[i] = c.call
	}
	replies, errs := callAll(ctx, p.store.rdb, plain)
	silent = true
	for i := range some {
		silent = silent && !answered(errs[i])
		if errs[i] != nil {
			w.lose(errs[i], some[i])
			continue
		}
		events := some[i].events
		if fresh, _ := replies[i].(int64); settling {
			events = min(events, int(fresh))
		}
		w.done(&some[i], events)
	}
	return silent
}

func (p *Projector) isSilent(server string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.silent[server]
}

// setSilent notes whether steps are to leave a server of a cluster alone, until settling
// finds it well.
func (p *Projector) setSilent(server string, silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent[server] == silent {
		return
	}
	if p.silent == nil {
		p.silent = map[string]bool{}
	}
	p.silent[server] = silent
}
