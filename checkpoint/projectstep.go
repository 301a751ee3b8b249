package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// step reads what is new in the logs of the partitions that are held and writes it
// to the indexes. It tells whether there may be more. Where something failed the
// cursor stays and the lease is taken anew later; the error is one of those.
func (p *Projector) step(ctx context.Context, group []*followed) (more bool, err error) {
	asked := time.Now()
	logs, count := p.read(ctx, group)
	now := time.Now()
	late := now.Sub(asked) > projectStall
	if p.slow.Store(late); late {
		return false, fmt.Errorf("%w: the logs came after %v, which may be of a master that stood still: they are read again, in smaller pieces", ErrUnavailable, now.Sub(asked).Round(time.Millisecond))
	}
	b := indexBatch{p: p, days: map[gateDay]*addition{}, sets: map[string]*addition{}}
	ends := make([]string, len(group))
	for i, f := range group {
		if logs[i] == nil {
			continue
		}
		streams, failed := logs[i].Result()
		if failed != nil && !isNil(failed) {
			err = unavailable(failed)
			p.drop(f, now)
		}
		if failed == nil {
			messages := streams[0].Messages
			b.add(f, messages)
			ends[i] = messages[len(messages)-1].ID
			more = more || int64(len(messages)) == count
		}
	}
	lost, failed := b.write(ctx)
	for i, f := range group {
		if lost&(1<<f.part) != 0 {
			p.drop(f, now)
		} else if ends[i] != "" {
			f.cursor = ends[i]
		}
	}
	if p.Observe != nil && b.oldest > 0 && failed == nil {
		p.Observe(Projection{Events: b.events, Lag: time.Duration(p.store.now()-b.oldest) * time.Millisecond})
	}
	return more, cmp.Or(err, failed)
}

// read asks for what follows the cursors of those of the group whose lease is held,
// nil for the others, and says how many entries of each it asked for.
func (p *Projector) read(ctx context.Context, group []*followed) (logs []*redis.XStreamSliceCmd, count int64) {
	logs, count = make([]*redis.XStreamSliceCmd, len(group)), projectFew
	if !p.slow.Load() {
		count = max(projectFew, int64(projectRead/len(group)))
	}
	_, _ = p.reader.Pipelined(ctx, func(pipe redis.Pipeliner) error { // each has its own error
		for i, f := range group {
			if f.fence != 0 {
				logs[i] = pipe.XRead(ctx, &redis.XReadArgs{
					Streams: []string{p.store.keys.log(f.part), f.cursor}, Count: count, Block: -1,
				})
			}
		}
		return nil
	})
	return logs, count
}

// gateDay is where the events of one gate go that lie on one UTC day, by which
// the index is cut, and on one day at the place, by which readings are counted.
type gateDay struct {
	gate  uint32
	utc   int64
	local Day
}

func (s *Store) gateDayOf(e *ScanEvent) gateDay {
	return gateDay{e.Gate, dayOf(e.OccurredAt), s.DayAt(e.OccurredAt)}
}

// keys are KEYS of project.lua.
func (d gateDay) keys(k keys) []string {
	return []string{k.gateDay(d.gate, d.utc), k.readings(d.gate, d.local)}
}

// indexBatch is what one step writes, sorted by where it goes.
type indexBatch struct {
	p      *Projector
	days   map[gateDay]*addition
	sets   map[string]*addition // across gates: by plate, and the alerts of a day
	events int
	oldest int64 // recorded_at of the oldest of them, UTC ms
}

// addition is what one set gets.
type addition struct {
	members []timed
	told    bool   // see additionArgs
	from    uint64 // the partitions that it comes from, a bit each
}

// timed is a member with its time.
type timed struct {
	at     int64
	member []byte
}

// add sorts log entries of a partition by where they go. A damaged entry is
// reported and passed over: it must not stop the ones behind it.
func (b *indexBatch) add(f *followed, messages []redis.XMessage) {
	s := b.p.store
	for _, m := range messages {
		entry, _ := m.Values["e"].(string)
		e, err := parseLog(entry)
		if err != nil {
			b.p.logger.Error("log entry cannot be read", "entry", m.ID, "error", err)
			continue
		}
		b.events++
		if b.oldest == 0 || e.RecordedAt < b.oldest {
			b.oldest = e.RecordedAt
		}
		_, told := m.Values["t"]
		told = told || f.care != 0 && entryTime(m.ID) < f.care
		put(b.days, s.gateDayOf(&e), f.part, told, timed{e.OccurredAt, e.gateMember()})
		if key, ok := s.plateSet(e.Plate); ok {
			put(b.sets, key, f.part, told, timed{e.OccurredAt, e.plateMember()})
		}
		if e.alerts() {
			put(b.sets, s.keys.alerts(dayOf(e.OccurredAt)), f.part, told, timed{e.OccurredAt, e.alertMember()})
		}
	}
}

func put[K comparable](to map[K]*addition, key K, part int, told bool, m timed) {
	a := to[key]
	if a == nil {
		a = &addition{}
		to[key] = a
	}
	a.members = append(a.members, m)
	a.told = a.told || told
	a.from |= 1 << part
}

// write calls the scripts. It tells from which partitions, a bit each, something
// may not have been written, and one of the errors.
func (b *indexBatch) write(ctx context.Context) (lost uint64, err error) {
	if len(b.days) == 0 && len(b.sets) == 0 {
		return 0, nil
	}
	var calls []call
	var from []uint64
	write := func(sc *script, keys []string, a *addition) {
		slices.SortFunc(a.members, func(x, y timed) int { return cmp.Compare(x.at, y.at) })
		for some := range slices.Chunk(a.members, projectBatch) {
			calls, from = append(calls, call{sc, keys, additionArgs(a.told, some...)}), append(from, a.from)
		}
	}
	for day, a := range b.days {
		write(projectScript, day.keys(b.p.store.keys), a)
	}
	for key, a := range b.sets {
		write(plateScript, []string{key}, a)
	}
	for begin := 0; begin < len(calls); begin += projectAtOnce {
		some := calls[begin:min(begin+projectAtOnce, len(calls))]
		_, errs := callAll(ctx, b.p.store.rdb, some)
		failures := 0
		for i, failed := range errs {
			if failed != nil {
				lost, err = lost|from[begin+i], failed
				failures++
			}
		}
		if failures == len(some) { // nobody answers: the others would each wait as long
			for _, parts := range from[begin:] {
				lost |= parts
			}
			break
		}
	}
	return lost, err
}

// additionArgs are ARGV of project.lua and plateindex.lua. What was told before it
// was recorded, or at the time of a change of master, may be in the index in other
// words.
func additionArgs(told bool, members ...timed) []any {
	args := make([]any, 1, 1+2*len(members))
	args[0] = ""
	if told {
		args[0] = "1"
	}
	for _, m := range members {
		args = append(args, m.at, m.member)
	}
	return args
}

// entryTime is when an entry was put into its log, ms by Redis' clock.
func entryTime(id string) int64 {
	ms, _, _ := strings.Cut(id, "-")
	at, _ := strconv.ParseInt(ms, 10, 64) // Redis makes no other IDs
	return at
}
