package checkpoint

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Timing of the background work.
const (
	leaseLength   = 4 * time.Second        // a dead owner's partitions are taken over within this and a retry
	leaseRetry    = 500 * time.Millisecond // between attempts at a partition that another process owns
	projectBlock  = time.Second            // longest wait for news in the log; also renews the lease
	projectStall  = 500 * time.Millisecond // an answer later than that may be of a master that stood still and is none any more
	projectLinger = 60 * time.Millisecond  // gathers a batch: lag against Redis CPU
	projectBatch  = 2000                   // most log entries in one step
	pollRules     = 250 * time.Millisecond // how often the registry's version is asked for
)

// Projection observes what the projector did: a metric, for example.
type Projection struct {
	Events int           // projected in this step
	Lag    time.Duration // from the recording of the oldest of them to now
}

// Projector carries events from the partitions' logs into the gate indexes.
// Any number of processes may run one: each partition has one owner at a time,
// and a step that two owners both take changes nothing the second time.
type Projector struct {
	store  *Store
	reader redis.UniversalClient
	owner  string
	logger *slog.Logger
	// Observe is called after each step if not nil, from several goroutines.
	Observe func(Projection)
}

// NewProjector makes a projector. reader is a client of its own, with at least
// Partitions connections per node, since its reads block.
func (s *Store) NewProjector(reader redis.UniversalClient, logger *slog.Logger) *Projector {
	return &Projector{store: s, reader: reader, owner: rand.Text(), logger: logger}
}

// TuneReader sets the options of a projector's client.
func TuneReader(o *redis.UniversalOptions) *redis.UniversalOptions {
	Tune(o)
	o.ReadTimeout = projectBlock + 2*time.Second
	o.PoolSize = Partitions + 4
	return o
}

// Run works on every partition until ctx ends, then gives the leases back.
func (p *Projector) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for part := range Partitions {
		wg.Go(func() { p.runPartition(ctx, part) })
	}
	wg.Wait()
}

func (p *Projector) runPartition(ctx context.Context, part int) {
	for ctx.Err() == nil {
		if err := p.own(ctx, part); err != nil && ctx.Err() == nil {
			p.logger.Warn("projector waits", "partition", part, "error", err)
		}
		sleep(ctx, leaseRetry)
	}
}

// own takes the partition's lease if it is free and projects until it is lost.
func (p *Projector) own(ctx context.Context, part int) error {
	fence, cursor, err := p.lease(ctx, part, leaseLength, 0, "")
	if err != nil || fence == 0 {
		return err
	}
	defer func() { // ctx has ended: let the next owner start at once
		if ctx.Err() != nil {
			bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), ClientTimeout)
			defer cancel()
			_, _, _ = p.lease(bye, part, 0, fence, "")
		}
	}()
	if cursor == "" {
		cursor = "0"
	}
	care, err := p.reader.HGet(ctx, p.store.keys.partition(part), "lc").Int64() // see rewind.lua
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	for ctx.Err() == nil {
		next, err := p.step(ctx, part, cursor, care)
		if err != nil {
			return err
		}
		save := ""
		if next != cursor {
			save = next
		}
		if held, _, err := p.lease(ctx, part, leaseLength, fence, save); err != nil || held == 0 {
			return err
		}
		cursor = next
		if save != "" {
			sleep(ctx, projectLinger)
		}
	}
	return nil
}

// lease calls lease.lua: fence 0 takes, length 0 gives back.
func (p *Projector) lease(ctx context.Context, part int, length time.Duration, fence int64, cursor string) (int64, string, error) {
	return p.store.lease(ctx, p.reader, p.store.keys.partition(part), p.owner, length, fence, cursor)
}

// lease calls lease.lua for the lease at key.
func (s *Store) lease(ctx context.Context, c redis.Cmdable, key, owner string, length time.Duration, fence int64, cursor string) (int64, string, error) {
	held := ""
	if fence != 0 {
		held = fmt.Sprint(fence)
	}
	reply, err := s.run(ctx, c, leaseScript, []string{key}, owner, length.Milliseconds(), held, cursor)
	if err != nil {
		return 0, "", err
	}
	list, ok := reply.([]any)
	if !ok || len(list) == 0 {
		return 0, "", errors.New("checkpoint: lease script replied in another form")
	}
	token, _ := list[0].(int64)
	if token == 0 {
		return 0, "", nil
	}
	saved, _ := list[1].(string)
	return token, saved, nil
}

// step reads what is new in the log and writes it to the gate indexes, entries
// before care (ms) with care. It returns the cursor to go on from.
func (p *Projector) step(ctx context.Context, part int, cursor string, care int64) (string, error) {
	asked := time.Now()
	streams, err := p.reader.XRead(ctx, &redis.XReadArgs{
		Streams: []string{p.store.keys.log(part), cursor}, Count: projectBatch, Block: projectBlock,
	}).Result()
	if isNil(err) || err == nil && (len(streams) == 0 || len(streams[0].Messages) == 0) {
		return cursor, nil
	}
	if err != nil {
		return cursor, unavailable(err)
	}
	if time.Since(asked) > projectBlock+projectStall {
		return cursor, nil
	}
	messages := streams[0].Messages
	batch, sets, oldest := p.group(messages, care)
	calls := make([]call, 0, len(batch)+len(sets))
	for day, members := range batch {
		calls = append(calls, call{projectScript, []string{day.index, day.readings}, members})
	}
	for key, members := range sets {
		calls = append(calls, call{plateScript, []string{key}, members})
	}
	if _, err := p.store.runAll(ctx, calls); err != nil {
		return cursor, err
	}
	if p.Observe != nil && oldest > 0 {
		p.Observe(Projection{Events: len(messages), Lag: time.Duration(p.store.now()-oldest) * time.Millisecond})
	}
	return messages[len(messages)-1].ID, nil
}

// gateDay is where the events of one gate go that lie on one UTC day, by which
// the index is cut, and on one day at the place, by which readings are counted.
type gateDay struct{ index, readings string }

// group sorts log entries by gate and day, and into the sets that go across
// gates: by plate, and the alerts of a day, each in the form of its script's ARGV. A
// damaged entry is reported and passed over: it must not stop the ones behind it.
func (p *Projector) group(messages []redis.XMessage, care int64) (batch map[gateDay][]any, sets map[string][]any, oldest int64) {
	batch, sets = map[gateDay][]any{}, map[string][]any{}
	for _, m := range messages {
		entry, _ := m.Values["e"].(string)
		e, err := parseLog(entry)
		if err != nil {
			p.logger.Error("log entry cannot be read", "entry", m.ID, "error", err)
			continue
		}
		if oldest == 0 || e.RecordedAt < oldest {
			oldest = e.RecordedAt
		}
		day := gateDay{
			p.store.keys.gateDay(e.Gate, dayOf(e.OccurredAt)), p.store.keys.readings(e.Gate, p.store.DayAt(e.OccurredAt)),
		}
		_, told := m.Values["t"]
		told = told || entryTime(m.ID) < care
		batch[day] = addMember(batch[day], told, e.OccurredAt, e.gateMember())
		if key, ok := p.store.plateSet(e.Plate); ok {
			sets[key] = addMember(sets[key], told, e.OccurredAt, e.plateMember())
		}
		if e.alerts() {
			key := p.store.keys.alerts(dayOf(e.OccurredAt))
			sets[key] = addMember(sets[key], told, e.OccurredAt, e.alertMember())
		}
	}
	return batch, sets, oldest
}

// entryTime is when an entry was put into its log, ms by Redis' clock.
func entryTime(id string) int64 {
	ms, _, _ := strings.Cut(id, "-")
	at, _ := strconv.ParseInt(ms, 10, 64) // Redis makes no other IDs
	return at
}

// addMember adds a member to ARGV of project.lua or plateindex.lua. One that was
// told before it was recorded, or at the time of a change of master, may be in the
// index in other words.
func addMember(args []any, told bool, occurredAt int64, member []byte) []any {
	if args == nil {
		args = []any{""}
	}
	if told {
		args[0] = "1"
	}
	return append(args, occurredAt, member)
}

// WatchRules loads new versions of the registry and new shifts until ctx ends. A
// change of the registry by another process is in force before it is
// acknowledged there, through the partitions; this keeps a quiet gateway's view
// fresh, too. Of a shift that began at another gateway this is the only news. The
// people inside are counted apart from it: that takes every partition, and one
// that does not answer must not hold the rules up.
func (s *Store) WatchRules(ctx context.Context, logger *slog.Logger) {
	var counting sync.WaitGroup
	counting.Go(func() { poll(ctx, logger, "who is inside cannot be counted", s.watchOccupancy) })
	poll(ctx, logger, "rules cannot be refreshed", s.refresh)
	counting.Wait()
}

// poll looks every pollRules until ctx ends; a failure is logged when it begins.
func poll(ctx context.Context, logger *slog.Logger, failure string, look func(context.Context) error) {
	failing := false
	for ctx.Err() == nil {
		sleep(ctx, pollRules)
		err := look(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			logger.Warn(failure, "error", err)
		}
		failing = err != nil
	}
}

// refresh loads the registry and the shifts if there are newer ones.
func (s *Store) refresh(ctx context.Context) error {
	rules, shifts, err := s.newestVersions(ctx)
	if err != nil {
		return err
	}
	if rules > s.Registry().Version {
		if err := s.reload(ctx); err != nil {
			return err
		}
	} else {
		s.confirmed.Store(time.Now().UnixNano())
	}
	if shifts != s.shiftVersion() {
		return s.loadShifts(ctx)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
