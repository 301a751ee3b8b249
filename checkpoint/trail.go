package checkpoint

import (
	"context"
	"errors"
	"iter"

	"github.com/redis/go-redis/v9"
)

// Trail streams one person's events with from <= occurred_at < to (UTC ms) in
// order of time, as far as they are shown (see retention.go). It reads the
// person's own record, which is written together with the answer: it has no lag. A resident's trail holds the events of the
// walk-ins that they turned out to be, too (see MatchWalkIn): those keep the
// walk-in's ID as their Person. Errors: *FieldError, ErrNotFound,
// ErrUnavailable, and fn's first, at which it stops.
func (s *Store) Trail(ctx context.Context, person uint64, from, to int64, fn func(*ScanEvent) error) error {
	if from < 0 || to < from || to-from > maxWindow {
		return &FieldError{"to", "the window must run forward and span at most 61 days"}
	}
	fields, err := s.rdb.HMGet(ctx, s.keys.person(person), "s", "c", "j").Result()
	if err != nil {
		return unavailable(err)
	}
	if fields[0] == nil {
		return notFound("resident", FormatPersonID(person))
	}
	seen, err := s.horizonOf(ctx, from)
	if err != nil {
		return err
	}
	from, fn = min(to, seen.clip(from)), seen.only(fn)
	own := trailRef{person: person}
	own.table, _ = fields[1].(string)
	walkIns, _ := fields[2].(string)
	if walkIns == "" {
		return s.readTrail(ctx, own, from, to, fn)
	}
	joined, err := s.joinedTrails(ctx, person, walkIns)
	if err != nil {
		return err
	}
	all := []iter.Seq2[ScanEvent, error]{s.trailEvents(ctx, own, from, to)}
	for _, t := range joined {
		all = append(all, s.trailEvents(ctx, t, from, to))
	}
	return mergeEvents(all, fn)
}

// trailRef is what reading a trail takes.
type trailRef struct {
	person uint64
	table  string // of its chunks
	fever  string // the person's open case, 8 bytes, "" if none
}

func (s *Store) readTrail(ctx context.Context, t trailRef, from, to int64, fn func(*ScanEvent) error) error {
	parse := func(at int64, member string) (ScanEvent, error) { return parseTrail(t.person, at, member) }
	return s.readEvents(ctx, s.keys.trail(t.person), t.table, from, to, parse, fn)
}

// joinedTrails are those of the walk-ins that a resident turned out to be.
// walkIns is the resident's list, which may name some whose match was cut off or
// taken back: what counts is whom the walk-in itself is known as.
func (s *Store) joinedTrails(ctx context.Context, resident uint64, walkIns string) ([]trailRef, error) {
	var ids []uint64
	for ; len(walkIns) >= 8; walkIns = walkIns[8:] {
		ids = append(ids, fromRaw(walkIns[:8]))
	}
	replies := make([]*redis.SliceCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HMGet(ctx, s.keys.person(id), "r", "c", "f")
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	var joined []trailRef
	for i, id := range ids {
		v := replies[i].Val()
		if knownAs, _ := v[0].(string); knownAs != raw(resident) {
			continue
		}
		t := trailRef{person: id}
		t.table, _ = v[1].(string)
		t.fever, _ = v[2].(string)
		joined = append(joined, t)
	}
	return joined, nil
}

// trailEvents is readTrail as a sequence, of which an error is the last element.
func (s *Store) trailEvents(ctx context.Context, t trailRef, from, to int64) iter.Seq2[ScanEvent, error] {
	return func(yield func(ScanEvent, error) bool) {
		enough := errors.New("enough")
		err := s.readTrail(ctx, t, from, to, func(e *ScanEvent) error {
			if !yield(*e, nil) {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			yield(ScanEvent{}, err)
		}
	}
}

// mergeEvents hands the events of sequences, each in order of time, to fn in
// order of time. It holds one event of each. Events of one millisecond keep the
// order of their sequences.
func mergeEvents(sequences []iter.Seq2[ScanEvent, error], fn func(*ScanEvent) error) error {
	type head struct {
		event ScanEvent
		next  func() (ScanEvent, error, bool)
	}
	var heads []head
	// advance takes the next event of heads[i], which goes when there is none.
	advance := func(i int) error {
		e, err, more := heads[i].next()
		if err != nil {
			return err
		}
		if !more {
			heads = append(heads[:i], heads[i+1:]...)
			return nil
		}
		heads[i].event = e
		return nil
	}
	for _, sequence := range sequences {
		next, stop := iter.Pull2(sequence)
		defer stop()
		heads = append(heads, head{next: next})
		if err := advance(len(heads) - 1); err != nil {
			return err
		}
	}
	for len(heads) > 0 {
		first := 0
		for i := range heads {
			if heads[i].event.OccurredAt < heads[first].event.OccurredAt {
				first = i
			}
		}
		event := heads[first].event
		if err := fn(&event); err != nil {
			return err
		}
		if err := advance(first); err != nil {
			return err
		}
	}
	return nil
}

// wholeTrail reads all that is kept of a person's own events.
func (s *Store) wholeTrail(ctx context.Context, person uint64) (events []ScanEvent, err error) {
	table, err := s.rdb.HGet(ctx, s.keys.person(person), "c").Result()
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	err = s.readTrail(ctx, trailRef{person: person, table: table}, 0, forever, func(e *ScanEvent) error {
		events = append(events, *e)
		return nil
	})
	return events, err
}

// forever is later than any time that an event can have.
const forever = 1 << 47
