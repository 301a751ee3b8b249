package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// maxQueued bounds what waits for one server inside one gateway: past it
	// scans are answered as unavailable at once instead of piling up.
	maxQueued = 8192
	// lanePause is for how long nothing is sent to a server that did not answer.
	// After it one call goes ahead and the others are refused until it is back.
	lanePause = 100 * time.Millisecond
)

// errNoAnswer is given to a call that was not sent because the server did not
// answer the one before.
var errNoAnswer = errors.New("the server does not answer")

// lanes are the scan path: the script calls of concurrent callers travel
// together, one lane for each server, so that a server which is gone holds up
// nobody whose data is on another.
type lanes struct {
	client redis.UniversalClient
	mu     sync.RWMutex
	byNode map[*redis.Client]*lane
}

// lane leads to one server.
type lane struct {
	auto *redis.AutoPipeliner
	// failed is when the server last did not answer, ns of the wall clock; 0
	// when it has answered since.
	failed  atomic.Int64
	probing atomic.Bool // somebody finds out whether it is back
	waiting atomic.Pointer[waiting]
}

// waiting is what ends the wait of all who wait for a server, when one of them
// has waited in vain: a batch takes no notice of who gave up, and who is queued
// behind it would wait as long again.
type waiting struct {
	context.Context
	end context.CancelFunc
}

func newWaiting() *waiting {
	ctx, end := context.WithCancel(context.Background())
	return &waiting{ctx, end}
}

// newLanes checks that the client is of a kind that has lanes.
func newLanes(client redis.UniversalClient) (*lanes, error) {
	switch client.(type) {
	case *redis.Client, *redis.ClusterClient:
		return &lanes{client: client, byNode: map[*redis.Client]*lane{}}, nil
	}
	return nil, fmt.Errorf("checkpoint: cannot pipeline over a %T: use a single, Sentinel or Cluster client", client)
}

// of finds the lane to the server that has the key.
func (l *lanes) of(ctx context.Context, key string) (*lane, error) {
	var node *redis.Client
	switch c := l.client.(type) {
	case *redis.Client:
		node = c
	case *redis.ClusterClient:
		var err error
		if node, err = c.MasterForKey(ctx, key); err != nil {
			return nil, err
		}
	}
	l.mu.RLock()
	found := l.byNode[node]
	l.mu.RUnlock()
	if found != nil {
		return found, nil
	}
	return l.open(node)
}

// open makes the lane to a server that had none, and forgets those to servers
// that have left the cluster.
func (l *lanes) open(node *redis.Client) (*lane, error) {
	opts := redis.DefaultAutoPipelineOptions()
	opts.MaxQueuedCommands = maxQueued
	auto, err := node.AsyncAutoPipelineWithOptions(opts) // the same one for the same client
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.byNode[node]; found != nil {
		return found, nil
	}
	for other, lane := range l.byNode {
		if lane.auto.IsClosed() {
			delete(l.byNode, other)
		}
	}
	made := &lane{auto: auto}
	made.waiting.Store(newWaiting())
	l.byNode[node] = made
	return made, nil
}

// run calls a script in the lane of its first key. What the server has sent on
// to another takes the client's own way, which follows it. The wait is bounded by
// the timeouts of Tune, not by ctx.
func (l *lanes) run(ctx context.Context, sc *script, keys []string, args []any) (any, error) {
	lane, err := l.of(ctx, keys[0])
	if err != nil {
		return nil, err
	}
	reply, err := lane.run(ctx, sc, keys, args)
	if !redirected(err) {
		return reply, err
	}
	ctx, cancel := context.WithTimeout(ctx, ClientTimeout)
	defer cancel()
	return runScript(ctx, l.client, sc, keys, args)
}

// redirected tells that a cluster has the key elsewhere, now or after a move.
func redirected(err error) bool {
	return err != nil && (redis.HasErrorPrefix(err, "MOVED") || redis.HasErrorPrefix(err, "ASK ") || errors.Is(err, redis.ErrClosed))
}

// run calls the script, unless the server is known not to answer.
func (l *lane) run(ctx context.Context, sc *script, keys []string, args []any) (any, error) {
	if failed := l.failed.Load(); failed != 0 {
		if time.Now().UnixNano()-failed < int64(lanePause) || !l.probing.CompareAndSwap(false, true) {
			return nil, errNoAnswer
		}
		defer l.probing.Store(false)
	}
	w := l.waiting.Load()
	wait := w.Context
	if l.failed.Load() != 0 { // a new connection takes several steps, each with a timeout of its own
		var end context.CancelFunc
		wait, end = context.WithTimeout(w, ClientTimeout)
		defer end()
	}
	reply, err := l.call(ctx, wait, sc, keys, args)
	var timeout net.Error
	switch {
	case answered(err):
		l.failed.Store(0)
	case errors.Is(err, redis.ErrAutoPipelineQueueFull), errors.Is(err, redis.ErrClosed):
	default:
		l.failed.Store(time.Now().UnixNano())
		if errors.As(err, &timeout) && timeout.Timeout() && l.waiting.CompareAndSwap(w, newWaiting()) {
			w.end()
		}
	}
	return reply, err
}

// call calls a script as runScript does, and stops waiting for the reply when wait ends.
func (l *lane) call(ctx, wait context.Context, sc *script, keys []string, args []any) (any, error) {
	keys = sc.with(keys)
	reply, err := l.send(ctx, wait, "evalsha", sc.sha, keys, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return l.send(ctx, wait, "eval", sc.source, keys, args)
	}
	return reply, err
}

func (l *lane) send(ctx, wait context.Context, name, script string, keys []string, args []any) (any, error) {
	words := make([]any, 0, 3+len(keys)+len(args))
	words = append(words, name, script, len(keys))
	for _, k := range keys {
		words = append(words, k)
	}
	cmd := redis.NewCmd(ctx, append(words, args...)...)
	if err := l.auto.Submit(ctx, cmd).WaitContext(wait); err != nil {
		if wait.Err() != nil && errors.Is(err, wait.Err()) {
			return nil, errNoAnswer // and nobody looks at cmd any more
		}
		return nil, err
	}
	return cmd.Val(), nil
}

// answered tells that a server replied, if only with an error.
func answered(err error) bool {
	var reply redis.Error
	return err == nil || errors.As(err, &reply)
}

// runScript calls a script by its digest, and by its source where it is not
// known: on a server that was started, or became master, since.
func runScript(ctx context.Context, c redis.Cmdable, sc *script, keys []string, args []any) (any, error) {
	keys = sc.with(keys)
	reply, err := c.EvalSha(ctx, sc.sha, keys, args...).Result()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return c.Eval(ctx, sc.source, keys, args...).Result()
	}
	return reply, err
}
