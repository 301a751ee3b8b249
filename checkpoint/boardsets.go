package checkpoint

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// boardKey names one chunked set of a gate: its index, or its own log of refusals
// without a person, of one UTC day.
type boardKey struct {
	gate    uint32
	refused bool
	day     int64
}

// boardSet is what a board has read of such a set.
type boardSet struct {
	base    string
	parse   memberParser
	gate    uint32
	day     int64
	begun   bool // read at least once
	chunks  map[int]*boardChunk
	told    map[[8]byte]bool // refusals of the last minutes that were told
	pending []Denial         // those that were not
}

// boardChunk is one chunk as it was when it was read. A chunk that is cut gets another
// end, so size and bounds together tell whether it has changed.
type boardChunk struct {
	size       int64
	start, end int64 // UTC ms, start <= t < end
	minutes    []minuteCounts
	last       int64
	degraded   int64
	denials    []Denial // those that are not older than FreshDenial
}

type minuteCounts struct {
	minute int64 // of UTC, ms / 60,000
	PassageCounts
}

// keep makes room for the sets that matter now and forgets the others.
func (b *Board) keep(reg *Registry, since, now int64) {
	first, last := dayOf(since), dayOf(now+freshWindow.Milliseconds())
	for k := range b.sets {
		if _, ok := reg.GateByNum(k.gate); !ok || k.day < first {
			delete(b.sets, k)
		}
	}
	ofRefusals := func(_ uint32, at int64, member string) (ScanEvent, error) { return parseTrail(0, at, member) }
	for _, gate := range reg.Gates() {
		for day := first; day <= last; day++ {
			for _, refused := range []bool{false, true} {
				k := boardKey{gate.Num, refused, day}
				if b.sets[k] != nil {
					continue
				}
				set := &boardSet{gate: gate.Num, day: day, chunks: map[int]*boardChunk{}, told: map[[8]byte]bool{}}
				if set.base, set.parse = b.store.keys.gateDay(gate.Num, day), parseGate; refused {
					set.base, set.parse = b.store.keys.refusals(gate.Num, day), ofRefusals
				}
				b.sets[k] = set
			}
		}
	}
}

// due are the sets to look at: those of the UTC day that lasts, or all.
func (b *Board) due(all bool, now int64) (sets []*boardSet) {
	for k, set := range b.sets {
		if all || !set.begun || k.day >= dayOf(now-FreshDenial) {
			sets = append(sets, set)
		}
	}
	return sets
}

// boardPiece is a chunk of a set with its bounds in the set's table.
type boardPiece struct {
	set        *boardSet
	number     int
	start, end int64
}

// recentChunks is how many of a set's last chunks are looked at every time.
const recentChunks = 2

// read looks how many members chunks have, the last ones of each set or all, and reads
// those that are not as they were.
func (b *Board) read(ctx context.Context, sets []*boardSet, all bool) error {
	var pieces []boardPiece
	for part := range slices.Chunk(sets, pipelineSize) {
		tables, err := b.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, set := range part {
				p.Get(ctx, set.base)
			}
			return nil
		})
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		for i, set := range part {
			reply := tables[i].(*redis.StringCmd) //nolint:forcetypeassert // as queued above
			if err := reply.Err(); err != nil && !isNil(err) {
				return unavailable(err)
			}
			of := set.pieces(reply.Val())
			if !all && set.begun {
				of = of[max(0, len(of)-recentChunks):]
			}
			pieces = append(pieces, of...)
		}
	}
	for part := range slices.Chunk(pieces, pipelineSize) {
		sizes, err := b.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range part {
				p.ZCard(ctx, chunk(part[i].set.base, part[i].number))
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		var changed []boardPiece
		for i := range part {
			was := part[i].set.chunks[part[i].number]
			size := sizes[i].(*redis.IntCmd).Val() //nolint:forcetypeassert // as queued above
			if was == nil && size > 0 || was != nil && (was.size != size || was.start != part[i].start || was.end != part[i].end) {
				changed = append(changed, part[i])
			}
		}
		if err := b.readChanged(ctx, changed); err != nil {
			return err
		}
	}
	for _, set := range sets {
		set.begun = true
	}
	return nil
}

// readChanged reads chunks as a whole.
func (b *Board) readChanged(ctx context.Context, pieces []boardPiece) error {
	now := b.store.now()
	for part := range slices.Chunk(pieces, chunksPerTrip) {
		cmds, err := b.store.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range part {
				p.ZRangeWithScores(ctx, chunk(part[i].set.base, part[i].number), 0, -1)
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		for i, cmd := range cmds {
			if err := part[i].take(cmd.(*redis.ZSliceCmd).Val(), now); err != nil { //nolint:forcetypeassert // as queued above
				return err
			}
		}
	}
	return nil
}

// take puts a chunk's members in the place of what was known of it.
func (p *boardPiece) take(members []redis.Z, now int64) error {
	c := &boardChunk{size: int64(len(members)), start: p.start, end: p.end}
	instant := newInstant(func(e *ScanEvent) error { c.count(e, now); return nil })
	for _, z := range members {
		member, _ := z.Member.(string)
		e, err := p.set.parse(p.set.gate, int64(z.Score), member)
		if err != nil {
			return err
		}
		if err := instant.add(e); err != nil {
			return err
		}
	}
	if err := instant.flush(); err != nil {
		return err
	}
	p.set.chunks[p.number] = c
	for _, d := range c.denials {
		if !p.set.told[d.hash] {
			p.set.told[d.hash] = true
			if p.set.begun { // what is there at the first look is no news
				p.set.pending = append(p.set.pending, d)
			}
		}
	}
	return nil
}

func (c *boardChunk) count(e *ScanEvent, now int64) {
	if !e.Counts() {
		return
	}
	minute := e.OccurredAt / minuteMillis
	if n := len(c.minutes); n == 0 || c.minutes[n-1].minute != minute {
		c.minutes = append(c.minutes, minuteCounts{minute: minute})
	}
	c.minutes[len(c.minutes)-1].PassageCounts.count(e)
	c.last = max(c.last, e.OccurredAt)
	if e.Flags&FlagDegraded != 0 {
		c.degraded = max(c.degraded, e.OccurredAt)
	}
	if e.Decision == Deny && e.OccurredAt > now-FreshDenial {
		c.denials = append(c.denials, Denial{At: e.OccurredAt, Direction: e.Direction, Reason: e.Reason, hash: e.Hash})
	}
}

// pieces are the chunks by the set's table; what is known of others is forgotten.
func (s *boardSet) pieces(table string) []boardPiece {
	pieces := []boardPiece{{set: s, end: forever}}
	for i := 0; i+8 <= len(table); i += 8 {
		start := time6([]byte(table[i : i+6]))
		pieces[len(pieces)-1].end = start
		pieces = append(pieces, boardPiece{s, int(table[i+6])<<8 | int(table[i+7]), start, forever})
	}
	if len(s.chunks) > len(pieces) {
		for n := range s.chunks {
			if !slices.ContainsFunc(pieces, func(p boardPiece) bool { return p.number == n }) {
				delete(s.chunks, n)
			}
		}
	}
	return pieces
}

// sum adds what the set holds to how the gate stands.
func (s *boardSet) sum(g *GateNow, dayStart, now int64) {
	this, today := now/minuteMillis, dayStart/minuteMillis
	for _, c := range s.chunks {
		for i := range c.minutes {
			m := &c.minutes[i]
			if m.minute >= today {
				g.Today.add(&m.PassageCounts)
			}
			ago := max(0, this-m.minute) // a device's clock may be ahead
			if ago >= BoardMinutes {
				continue
			}
			g.Hour.add(&m.PassageCounts)
			if ago < fiveMinutes {
				g.Five.add(&m.PassageCounts)
			}
			g.Passed[BoardMinutes-1-ago] += m.In + m.Out
			g.Denied[BoardMinutes-1-ago] += m.Denied
		}
		g.LastAt, g.DegradedAt = max(g.LastAt, c.last), max(g.DegradedAt, c.degraded)
	}
}

// denials are the refusals of the last minutes, and those of them that are news.
func (s *boardSet) denials(gate *Gate, now int64) (recent, news []Denial) {
	fresh := map[[8]byte]bool{}
	for _, c := range s.chunks {
		for _, d := range c.denials {
			if d.At > now-FreshDenial {
				d.Gate = gate
				recent, fresh[d.hash] = append(recent, d), true
			}
		}
	}
	for _, d := range s.pending {
		d.Gate = gate
		news = append(news, d)
	}
	s.pending, s.told = nil, fresh
	return recent, news
}

// ms as Redis writes scores.
func scoreOf(ms int64) string { return strconv.FormatInt(ms, 10) }
