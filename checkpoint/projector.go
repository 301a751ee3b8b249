package checkpoint

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Timing of the background work.
const (
	leaseLength   = 4 * time.Second        // a dead owner's partitions are taken over within this and a retry
	leaseRetry    = 500 * time.Millisecond // between attempts at a partition that another process owns, or after a failure
	leaseRenew    = 500 * time.Millisecond // how often a cursor is saved and a lease renewed
	projectEvery  = 100 * time.Millisecond // how often the logs are read: lag against CPU
	projectAtOnce = 8                      // script calls that are sent together: the gates wait for all of them, about 0.4 ms
	projectStall  = 500 * time.Millisecond // an answer later than that may be of a master that stood still and is none any more
	projectBatch  = 500                    // most events that one script call writes
	projectRead   = 4096                   // entries that are read at once of all logs that a server holds
	projectFew    = 32                     // of one log at least, and after a stall
	readerTimeout = 3 * time.Second        // of what the projector asks for
)

// Projection observes what the projector did: a metric, for example.
type Projection struct {
	Events int           // projected in this step; 0 if others wait meanwhile for a server of a cluster
	Lag    time.Duration // from the recording of the oldest of them to now
}

// Projector carries events from the partitions' logs into the gate indexes.
// Any number of processes may run one: each partition has one owner at a time,
// and a step that two owners both take changes nothing the second time.
//
// All partitions that one server holds are read together and what they have for
// one gate is written together: a gate's events come from every partition, and
// what a call costs does not depend much on how many events it writes.
type Projector struct {
	store  *Store
	reader redis.UniversalClient
	owner  string
	logger *slog.Logger
	held   atomic.Int64
	// Observe is called after each step that wrote something, if not nil, from several
	// goroutines: where it is not called although people pass, the indexes stand still.
	Observe func(Projection)

	mu      sync.Mutex      // of what rounds and settling share: this, and of followed what is marked so
	silent  map[string]bool // addresses of servers of a cluster that take no writes, or too slowly
	settles settles
}

// NewProjector makes a projector. reader is a client of its own, so that the
// projector and the gates do not wait for each other's connections.
func (s *Store) NewProjector(reader redis.UniversalClient, logger *slog.Logger) *Projector {
	return &Projector{store: s, reader: reader, owner: rand.Text(), logger: logger}
}

// TuneReader sets the options of a projector's client.
func TuneReader(o *redis.UniversalOptions) *redis.UniversalOptions {
	Tune(o)
	o.ReadTimeout = readerTimeout
	o.PoolSize = 4
	return o
}

// followed is a partition whose log the projector follows, while it has the lease.
type followed struct {
	part   int
	fence  int64       // of the lease, 0 while somebody else may have it; shared
	cursor string      // ID of the last entry up to which all are projected; shared
	ahead  string      // of the last entry that is read, if something is owed behind the cursor, else ""; shared
	waits  int64       // recorded_at of the oldest that is owed, UTC ms; shared
	left   bool        // something was owed when the lease was lost, and it is not taken anew; shared
	saved  string      // the cursor that Redis knows
	care   int64       // log entries before this time, ms, are projected with care: see rewind.lua
	next   time.Time   // when the lease is to be taken or renewed
	slow   bool        // the last answer was too late: less is asked for
	failed bool        // and this was told
	busy   atomic.Bool // a round works on it
}

// Run works on every partition until ctx ends, then gives the leases back.
func (p *Projector) Run(ctx context.Context) {
	all := make([]*followed, Partitions)
	for part := range all {
		all[part] = &followed{part: part}
	}
	var rounds sync.WaitGroup
	for ctx.Err() == nil {
		for _, group := range p.groups(ctx, all) {
			rounds.Go(func() { p.round(ctx, group) })
		}
		if p.toSettle(all) {
			rounds.Go(func() { p.settle(ctx, all) })
		}
		Sleep(ctx, projectEvery)
	}
	rounds.Wait()
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), ClientTimeout)
	defer cancel()
	p.giveBack(bye, all)
}

// groups are the partitions on which no round works, by the server that holds
// them: one that does not answer holds up nobody else's.
func (p *Projector) groups(ctx context.Context, all []*followed) map[*redis.Client][]*followed {
	groups := map[*redis.Client][]*followed{}
	for _, f := range all {
		if !f.busy.CompareAndSwap(false, true) {
			continue
		}
		node := p.holder(ctx, f.part)
		groups[node] = append(groups[node], f)
	}
	return groups
}

// holder is the server of a cluster that holds a partition's log; nil elsewhere, or if
// none is known: calls then fail, which says why.
func (p *Projector) holder(ctx context.Context, part int) (node *redis.Client) {
	if c, ok := p.reader.(*redis.ClusterClient); ok {
		node, _ = c.MasterForKey(ctx, p.store.keys.log(part))
	}
	return node
}

// round takes and renews the leases of a group and projects what is new.
func (p *Projector) round(ctx context.Context, group []*followed) {
	defer func() {
		for _, f := range group {
			f.busy.Store(false)
		}
	}()
	life := ctx
	ctx = context.WithoutCancel(ctx) // a call that is cut off loses the lease, and nobody gives it back
	var err error
	for more := true; more && life.Err() == nil; {
		// Between steps, too: a long backlog takes longer than a lease lasts, and what
		// of it is done has to be known to whoever goes on with it.
		led := p.lead(ctx, group)
		var failed error
		more, failed = p.step(ctx, group)
		more, err = more && failed == nil, cmp.Or(err, led, failed)
	}
	if life.Err() == nil {
		p.tell(group, err)
	}
}

// tell says once that partitions wait, not at each attempt.
func (p *Projector) tell(group []*followed, err error) {
	news := false
	for _, f := range group {
		if err != nil {
			news, f.failed = news || !f.failed, true
		} else if f.fence != 0 {
			f.failed = false
		}
	}
	if news {
		p.logger.Warn("projector waits", "error", err)
	}
}

// lead takes the leases that are free and renews those that are held, where it is
// time to.
func (p *Projector) lead(ctx context.Context, group []*followed) error {
	now := time.Now()
	due := make([]*followed, 0, len(group))
	for _, f := range group {
		if !now.Before(f.next) {
			due = append(due, f)
		}
	}
	return p.callLease(ctx, due, leaseLength, now)
}

// giveBack ends the leases, with their cursors saved, so that the next owner can
// start at once.
func (p *Projector) giveBack(ctx context.Context, all []*followed) {
	held := make([]*followed, 0, len(all))
	for _, f := range all {
		if f.fence != 0 {
			held = append(held, f)
		}
	}
	_ = p.callLease(ctx, held, 0, time.Now()) // without it they run out
}

// callLease calls lease.lua for many partitions: where none is held it takes.
func (p *Projector) callLease(ctx context.Context, due []*followed, length time.Duration, now time.Time) error {
	calls := make([]call, len(due))
	cursors := make([]string, len(due)) // settling may move them meanwhile
	p.mu.Lock()
	for i, f := range due {
		cursor := ""
		if cursors[i] = f.cursor; f.fence != 0 && f.cursor != f.saved {
			cursor = f.cursor
		}
		calls[i] = call{leaseScript, []string{p.store.keys.partition(f.part)}, leaseArgs(p.owner, length, f.fence, cursor)}
	}
	p.mu.Unlock()
	replies, errs := callAll(ctx, p.reader, calls)
	var failed error // one of them
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range due {
		l, err := readLease(replies[i], errs[i])
		if err != nil || l.token == 0 {
			failed = cmp.Or(err, failed)
			p.drop(f, now)
			continue
		}
		if f.fence == 0 {
			p.held.Add(1)
			f.cursor, f.ahead, f.care, f.left = cmp.Or(l.cursor, "0"), "", l.care, false
			cursors[i] = f.cursor
		}
		f.fence, f.saved, f.next = l.token, cursors[i], now.Add(leaseRenew)
	}
	return failed
}

// drop gives up a partition until its lease is taken anew, and with it what is owed:
// whoever has the lease next finds that behind the cursor. The lock is held.
func (p *Projector) drop(f *followed, now time.Time) {
	if f.fence != 0 {
		p.held.Add(-1)
	}
	f.left = f.left || f.ahead != ""
	f.fence, f.ahead, f.waits, f.next = 0, "", 0, now.Add(leaseRetry)
}

// Held is how many partitions' events this projector carries now, 0 to Partitions:
// with several gateways one often has them all.
func (p *Projector) Held() int64 { return p.held.Load() }
