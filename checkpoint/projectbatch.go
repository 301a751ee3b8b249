package checkpoint

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

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
	p    *Projector
	days map[gateDay]*addition
	sets map[string]*addition // across gates: by plate, and the alerts of a day
}

func newIndexBatch(p *Projector) *indexBatch {
	return &indexBatch{p: p, days: map[gateDay]*addition{}, sets: map[string]*addition{}}
}

// addition is what one set gets.
type addition struct {
	members []timed
	told    bool   // see additionArgs
	from    uint64 // the partitions that it comes from, a bit each
	oldest  int64  // recorded_at of the oldest of them, UTC ms
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
		_, told := m.Values["t"]
		told = told || f.care != 0 && entryTime(m.ID) < f.care
		put(b.days, s.gateDayOf(&e), f.part, told, e.RecordedAt, timed{e.OccurredAt, e.gateMember()})
		if key, ok := s.plateSet(e.Plate); ok {
			put(b.sets, key, f.part, told, e.RecordedAt, timed{e.OccurredAt, e.plateMember()})
		}
		if e.alerts() {
			put(b.sets, s.keys.alerts(dayOf(e.OccurredAt)), f.part, told, e.RecordedAt, timed{e.OccurredAt, e.alertMember()})
		}
	}
}

func put[K comparable](to map[K]*addition, key K, part int, told bool, recorded int64, m timed) {
	a := to[key]
	if a == nil {
		a = &addition{}
		to[key] = a
	}
	a.members = append(a.members, m)
	a.told = a.told || told
	a.from |= 1 << part
	a.oldest = oldest(a.oldest, recorded)
}

// indexCall is a script call and what depends on it.
type indexCall struct {
	call
	from   uint64 // partitions, a bit each
	oldest int64  // recorded_at of the oldest event, UTC ms
	events int    // how many it puts into their gates' indexes
}

// calls are the script calls of a batch.
func (b *indexBatch) calls() (calls []indexCall) {
	add := func(sc *script, keys []string, a *addition) {
		slices.SortFunc(a.members, func(x, y timed) int { return cmp.Compare(x.at, y.at) })
		for some := range slices.Chunk(a.members, projectBatch) {
			c := indexCall{call: call{sc, keys, additionArgs(a.told, some...)}, from: a.from, oldest: a.oldest}
			if sc == projectScript { // what else an event goes to does not count it again
				c.events = len(some)
			}
			calls = append(calls, c)
		}
	}
	for day, a := range b.days {
		add(projectScript, day.keys(b.p.store.keys), a)
	}
	for key, a := range b.sets {
		add(plateScript, []string{key}, a)
	}
	return calls
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
