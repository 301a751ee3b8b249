package checkpoint

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Window asks for what passed one gate. From is included, To is not (UTC ms).
type Window struct {
	Gate     string // code
	From, To int64
	// Direction, Decision, Reason and Temperature narrow the answer; nil takes all.
	Direction   *Direction
	Decision    *Decision
	Reason      *Reason
	Temperature *CelsiusRange
}

// maxWindow bounds one question to what retention can hold.
const maxWindow = 61 * 24 * 3600 * 1000

func (w *Window) matches(e *ScanEvent) bool {
	return (w.Direction == nil || *w.Direction == e.Direction) && (w.Decision == nil || *w.Decision == e.Decision) &&
		(w.Reason == nil || *w.Reason == e.Reason) && (w.Temperature == nil || w.Temperature.Holds(e.Temperature))
}

// Events streams the window in order of time to fn, in constant memory. It
// stops at fn's first error and returns it. The index follows the log within
// the projector's lag.
func (s *Store) Events(ctx context.Context, w Window, fn func(*ScanEvent) error) error {
	return s.window(ctx, w, s.keys.gateDay, parseGate, fn)
}

// Refusals streams the gate's own log, the refusals without a person, alike.
func (s *Store) Refusals(ctx context.Context, w Window, fn func(*ScanEvent) error) error {
	parse := func(_ uint32, at int64, member string) (ScanEvent, error) { return parseTrail(0, at, member) }
	return s.window(ctx, w, s.keys.refusals, parse, fn)
}

type memberParser func(gate uint32, at int64, member string) (ScanEvent, error)

func (s *Store) window(ctx context.Context, w Window, key func(uint32, int64) string, parse memberParser, fn func(*ScanEvent) error) error {
	gate, ok := s.Registry().Gate(w.Gate)
	if !ok {
		return notFound("gate", w.Gate)
	}
	if w.From < 0 || w.To < w.From || w.To-w.From > maxWindow {
		return &FieldError{"to", "the window must run forward and span at most 61 days"}
	}
	seen, err := s.horizonOf(ctx, w.From)
	if err != nil {
		return err
	}
	w.From, fn = min(w.To, seen.clip(w.From)), seen.only(fn)
	for day := dayOf(w.From); day <= dayOf(w.To-1) && w.To > w.From; day++ {
		base := key(gate.Num, day)
		table, err := s.rdb.Get(ctx, base).Result()
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		ofGate := func(at int64, member string) (ScanEvent, error) { return parse(gate.Num, at, member) }
		err = s.readEvents(ctx, base, table, w.From, w.To, ofGate, func(e *ScanEvent) error {
			if !w.matches(e) {
				return nil
			}
			return fn(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// instant gathers the events of one millisecond, so that those which another
// one takes back are marked before they are handed on: an annulment has the
// time of what it annuls.
type instant struct {
	events []ScanEvent
	fn     func(*ScanEvent) error
}

func newInstant(fn func(*ScanEvent) error) *instant { return &instant{fn: fn} }

func (i *instant) add(e ScanEvent) error {
	if len(i.events) > 0 && i.events[0].OccurredAt != e.OccurredAt {
		if err := i.flush(); err != nil {
			return err
		}
	}
	i.events = append(i.events, e)
	return nil
}

func (i *instant) flush() error {
	events := i.events
	i.events = i.events[:0]
	for b := range events {
		if !events[b].IsAnnulment() {
			continue
		}
		for a := range events {
			if events[b].Person == events[a].Person && events[b].Annuls == events[a].Hash {
				events[a].Annulled = true
			}
		}
	}
	for a := range events {
		if err := i.fn(&events[a]); err != nil {
			return err
		}
	}
	return nil
}

// readEvents hands the events of a chunked set with from <= t < to to fn in
// order of time, those that are taken back with their mark. table is the set's
// chunk table.
func (s *Store) readEvents(ctx context.Context, base, table string, from, to int64,
	parse func(at int64, member string) (ScanEvent, error), fn func(*ScanEvent) error,
) error {
	instant := newInstant(fn)
	err := s.readChunks(ctx, base, table, from, to, func(z redis.Z) error {
		member, _ := z.Member.(string)
		e, err := parse(int64(z.Score), member)
		if err != nil {
			return err
		}
		return instant.add(e)
	})
	if err != nil {
		return err
	}
	return instant.flush()
}

// How many chunks are fetched in one round trip: few at first, since a page wants
// no more, and twice as many each time up to about 8,000 events, a bounded piece
// of memory.
const (
	chunksAtFirst = 4
	chunksPerRead = 64
)

// chunksRead is one round trip's worth of chunks.
type chunksRead struct {
	cmds []redis.Cmder // *redis.ZSliceCmd
	err  error
}

// readChunks visits the members of a chunked set with from <= score < to in
// order. table is the set's chunk table. While members are visited the next
// chunks are on their way.
func (s *Store) readChunks(ctx context.Context, base, table string, from, to int64, visit func(redis.Z) error) error {
	ctx, cancel := context.WithCancel(ctx)
	reads := make(chan chunksRead)
	defer func() { // the reader ends before this does
		cancel()
		for range reads { //nolint:revive // whatever is under way
		}
	}()
	go s.fetchChunks(ctx, base, chunksBetween(table, from, to), from, to, reads)
	for read := range reads {
		if read.err != nil {
			return unavailable(read.err)
		}
		for _, cmd := range read.cmds {
			for _, z := range cmd.(*redis.ZSliceCmd).Val() { //nolint:forcetypeassert // as queued below
				if err := visit(z); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// fetchChunks reads chunks in order up to the last or an error, ctx's end among
// them, and closes reads, from which everything has to be taken.
func (s *Store) fetchChunks(ctx context.Context, base string, numbers []int, from, to int64, reads chan<- chunksRead) {
	defer close(reads)
	by := &redis.ZRangeBy{Min: strconv.FormatInt(from, 10), Max: "(" + strconv.FormatInt(to, 10)}
	for size := chunksAtFirst; len(numbers) > 0; size = min(2*size, chunksPerRead) {
		if err := ctx.Err(); err != nil {
			reads <- chunksRead{err: err}
			return
		}
		part := numbers[:min(size, len(numbers))]
		numbers = numbers[len(part):]
		cmds, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, number := range part {
				p.ZRangeByScoreWithScores(ctx, chunk(base, number), by)
			}
			return nil
		})
		reads <- chunksRead{cmds, err}
		if err != nil {
			return
		}
	}
}

// chunksBetween reads a chunk table (chunks.lua has its form): the numbers of
// the chunks that may hold from <= t < to, in order of time.
func chunksBetween(table string, from, to int64) []int {
	type entry struct {
		start  int64
		number int
	}
	all := []entry{{0, 0}}
	for i := 0; i+8 <= len(table); i += 8 {
		var start [8]byte
		copy(start[2:], table[i:i+6])
		all = append(all, entry{
			int64(binary.BigEndian.Uint64(start[:])), //nolint:gosec // 48 bits
			int(binary.BigEndian.Uint16([]byte(table[i+6 : i+8]))),
		})
	}
	var out []int
	for i, e := range all {
		if e.start < to && (i+1 == len(all) || all[i+1].start > from) {
			out = append(out, e.number)
		}
	}
	return out
}

// EventPage is one page of a window.
type EventPage struct {
	Events []ScanEvent
	Next   string // cursor of the next page, empty at the end
}

// MaxPage bounds one page of events.
const MaxPage = 1000

// Page reads one page of the window, after cursor. Pages stay right while
// events arrive: a cursor names an event, not a count.
func (s *Store) Page(ctx context.Context, w Window, cursor string, limit int) (EventPage, error) {
	limit = max(1, min(limit, MaxPage))
	var after *ScanEvent
	if cursor != "" {
		c, err := parseCursor(cursor)
		if err != nil {
			return EventPage{}, err
		}
		after = &c
		w.From = max(w.From, c.OccurredAt)
	}
	page := EventPage{Events: make([]ScanEvent, 0, min(limit, 200))}
	full := fmt.Errorf("page is full")
	err := s.Events(ctx, w, func(e *ScanEvent) error {
		if after != nil && !after.before(e) {
			return nil
		}
		if len(page.Events) == limit {
			page.Next = cursorOf(&page.Events[limit-1])
			return full
		}
		page.Events = append(page.Events, *e)
		return nil
	})
	if err != nil && err != full { //nolint:errorlint // our own mark, never wrapped
		return EventPage{}, err
	}
	return page, nil
}

// before is the order in which the index yields events: time, then the bytes
// of the member, which begin with person and hash.
func (e *ScanEvent) before(o *ScanEvent) bool {
	if e.OccurredAt != o.OccurredAt {
		return e.OccurredAt < o.OccurredAt
	}
	if e.Person != o.Person {
		return e.Person < o.Person
	}
	return strings.Compare(string(e.Hash[:]), string(o.Hash[:])) < 0
}

func cursorOf(e *ScanEvent) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(e.OccurredAt)) //nolint:gosec // UTC ms
	b = binary.BigEndian.AppendUint64(b, e.Person)
	return hex.EncodeToString(append(b, e.Hash[:]...))
}

func parseCursor(s string) (ScanEvent, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 24 {
		return ScanEvent{}, &FieldError{"cursor", "is not one that this API gave: start without a cursor"}
	}
	e := ScanEvent{OccurredAt: int64(binary.BigEndian.Uint64(b)), Person: binary.BigEndian.Uint64(b[8:])} //nolint:gosec // UTC ms
	copy(e.Hash[:], b[16:])
	return e, nil
}
