package checkpoint

import (
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// span is a piece of one chunked set: of a trail, of a gate's day, of what a
// plate passed.
type span struct {
	base     string
	table    string // of the set's chunks
	from, to int64  // UTC ms, from <= t < to
	parse    func(at int64, member string) (ScanEvent, error)
}

// chunksPerTrip is how many chunks of different sets are fetched in one round
// trip: up to 30,000 events, 3 MB.
const chunksPerTrip = 256

// readTables fills in the tables of spans whose table lies at the base key: all
// but trails.
func (s *Store) readTables(ctx context.Context, spans []span) error {
	for part := range slices.Chunk(spans, pipelineSize) {
		replies := make([]*redis.StringCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range part {
				replies[i] = p.Get(ctx, part[i].base)
			}
			return nil
		})
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		for i, reply := range replies {
			if err := reply.Err(); err != nil && !isNil(err) {
				return unavailable(err)
			}
			part[i].table = reply.Val()
		}
	}
	return nil
}

// readSpans hands the events of many spans to fn with the place of their span:
// span by span, in order of time within each, as far as they are shown (see
// retention.go), those that are taken back with their mark. It takes one round trip for every chunksPerTrip chunks.
func (s *Store) readSpans(ctx context.Context, spans []span, fn func(i int, e *ScanEvent) error) error {
	earliest := int64(forever)
	for i := range spans {
		earliest = min(earliest, spans[i].from)
	}
	seen, err := s.horizonOf(ctx, earliest)
	if err != nil {
		return err
	}
	pieces := s.pieces(spans)
	current := -1
	now := newInstant(seen.only(func(e *ScanEvent) error { return fn(current, e) }))
	for part := range slices.Chunk(pieces, chunksPerTrip) {
		cmds, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, of := range part {
				w := &spans[of.span]
				by := &redis.ZRangeBy{Min: strconv.FormatInt(w.from, 10), Max: "(" + strconv.FormatInt(w.to, 10)}
				if of.backwards {
					p.ZRevRangeByScoreWithScores(ctx, chunk(w.base, of.chunk), by)
				} else {
					p.ZRangeByScoreWithScores(ctx, chunk(w.base, of.chunk), by)
				}
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		for k, cmd := range cmds {
			if part[k].span != current {
				if err := now.flush(); err != nil {
					return err
				}
				current = part[k].span
			}
			members := cmd.(*redis.ZSliceCmd).Val() //nolint:forcetypeassert // as queued above
			if part[k].backwards {
				slices.Reverse(members)
			}
			for _, z := range members {
				member, _ := z.Member.(string)
				e, err := spans[current].parse(int64(z.Score), member)
				if err != nil {
					return err
				}
				if err := now.add(e); err != nil {
					return err
				}
			}
		}
	}
	return now.flush()
}

// piece is one chunk of a span.
type piece struct {
	span, chunk int
	backwards   bool // read from its end
}

// pieces are the chunks of spans. A chunk is walked through from one of its ends
// to where the span begins: of a set's last chunk, which is mostly asked about
// what is recent, from the nearer one.
func (s *Store) pieces(spans []span) (pieces []piece) {
	now, oldest := s.now(), s.oldestShown()
	for i := range spans {
		w := &spans[i]
		start, last := oldest, 0
		if n := len(w.table); n >= 8 {
			start, last = time6([]byte(w.table[n-8:])), int(w.table[n-2])<<8|int(w.table[n-1])
		}
		for _, n := range chunksBetween(w.table, w.from, w.to) {
			pieces = append(pieces, piece{i, n, n == last && now-w.to < w.from-start})
		}
	}
	return pieces
}

// gateSpans are the days of one gate's index between two times, without tables.
func (s *Store) gateSpans(gate uint32, from, to int64) (spans []span) {
	parse := func(at int64, member string) (ScanEvent, error) { return parseGate(gate, at, member) }
	for day := dayOf(from); from < to && day <= dayOf(to-1); day++ {
		spans = append(spans, span{base: s.keys.gateDay(gate, day), from: from, to: to, parse: parse})
	}
	return spans
}

// readGates hands what passed gates to fn, gate by gate and in order of time.
func (s *Store) readGates(ctx context.Context, gates []*Gate, from, to int64, fn func(e *ScanEvent) error) error {
	var spans []span
	for _, gate := range gates {
		spans = append(spans, s.gateSpans(gate.Num, from, to)...)
	}
	if err := s.readTables(ctx, spans); err != nil {
		return err
	}
	return s.readSpans(ctx, spans, func(_ int, e *ScanEvent) error { return fn(e) })
}
