package checkpoint

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// sweptPerson is what a sweep looks at of a person.
type sweptPerson struct {
	id             uint64
	kind           PersonKind
	last, waiting  string // fields l and m
	erasing, known bool   // fields x and r are there
	moving         bool   // field y is there
	nameless       bool   // field n is empty
	permits, fever bool   // fields v and f are not empty
	created        int64  // UTC ms, 0 if it does not say
	resident       uint64 // as whom a walk-in is known
}

// sweepPeople does what is due of the people themselves.
func (r *sweepRun) sweepPeople(ctx context.Context, ids []uint64) error {
	people, err := r.s.sweptPeople(ctx, ids)
	if err != nil {
		return err
	}
	for i := range people {
		p := &people[i]
		if p.kind == 0 {
			continue
		}
		if p.erasing {
			switch err := r.s.erase(ctx, p.id); {
			case endsSweep(ctx, err):
				return err
			case err != nil:
				r.skip(fmt.Errorf("erase %s: %w", FormatPersonID(p.id), err))
			default:
				r.removed("erased", 1)
			}
		}
		if p.moving {
			switch err := r.s.FinishSuccession(ctx, p.id); {
			case endsSweep(ctx, err):
				return err
			case err != nil:
				r.skip(fmt.Errorf("complete the succession of %s: %w", FormatPersonID(p.id), err))
			}
		}
		if r.held[p.id] {
			continue
		}
		began := time.Now()
		stale := isOlder(p.last, 1, r.KeptFrom) || isOlder(p.waiting, 2, r.KeptFrom)
		if stale {
			keys := []string{r.s.keys.person(p.id), r.s.keys.inside(partitionOf(p.id))}
			reply, err := r.s.run(ctx, r.s.rdb, forgetScript, keys, "state", r.KeptFrom)
			if err != nil {
				return err
			}
			n, _ := reply.(int64)
			r.removed("passages", n)
		}
		due := r.mayForget(p)
		if due {
			if err := r.forget(ctx, p); err != nil {
				return err
			}
		}
		if stale || due {
			if err := r.rest(ctx, began); err != nil {
				return err
			}
		}
	}
	return nil
}

// isOlder tells whether a stored field has, at a place, a time before another one.
func isOlder(field string, at int, than int64) bool {
	return len(field) >= at+6 && time6([]byte(field[at:])) < than
}

// mayForget tells whether it is worth asking if anything is left of somebody.
func (r *sweepRun) mayForget(p *sweptPerson) bool {
	switch {
	case p.permits || p.fever || p.last != "" && !isOlder(p.last, 1, r.KeptFrom):
		return false
	case p.kind == KindErased:
		return true
	case p.kind == KindResident || p.created >= r.KeptFrom:
		return false
	}
	return !p.known || !p.nameless || p.resident != 0
}

// forget takes away somebody of whom nothing is left, also an ID of before of a
// resident. A walk-in who is known as
// a resident leaves that they are, so that their words still are the resident.
func (r *sweepRun) forget(ctx context.Context, p *sweptPerson) error {
	s := r.s
	person, identity, trail := s.keys.person(p.id), s.keys.identity(p.id), s.keys.trail(p.id)
	if events, err := s.hasEvents(ctx, p.id); err != nil || events {
		return err
	}
	if p.known {
		knownAs, err := s.sweptPeople(ctx, []uint64{p.resident})
		if err != nil {
			return err
		}
		if p.kind == KindWalkIn && (knownAs[0].kind == KindResident || knownAs[0].kind == KindVisitor) {
			if p.nameless {
				return nil
			}
			_, err := s.run(ctx, s.rdb, forgetScript, []string{person, identity, trail}, "alias", r.KeptFrom)
			r.removed("walk-ins' words", 1)
			return err
		}
		if err := s.walkInStep(ctx, p.resident, "unlink", raw(p.id)); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context, uint64) error{s.dropCare, s.unindex} {
		if err := step(ctx, p.id); err != nil {
			return err
		}
	}
	home := s.keys.homeSet(partitionOf(p.id), 0)
	reply, err := s.run(ctx, s.rdb, forgetScript, []string{person, identity, trail, home}, "forget", r.KeptFrom, raw(p.id))
	if err != nil {
		return err
	}
	if reply == "gone" {
		r.removed("people", 1)
		return nil
	}
	return s.reindex(ctx, p.id) // they have come again meanwhile
}

// hasEvents tells whether a trail has anything in it.
func (s *Store) hasEvents(ctx context.Context, person uint64) (bool, error) {
	var table *redis.BoolCmd
	var first *redis.IntCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		table = p.HExists(ctx, s.keys.person(person), "c")
		first = p.Exists(ctx, chunk(s.keys.trail(person), 0))
		return nil
	})
	if err != nil {
		return false, unavailable(err)
	}
	return table.Val() || first.Val() > 0, nil
}

// sweptPeople reads people in one round trip; of one who is not there kind is 0.
func (s *Store) sweptPeople(ctx context.Context, ids []uint64) ([]sweptPerson, error) {
	replies := make([]*redis.SliceCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HMGet(ctx, s.keys.person(id), "k", "l", "m", "x", "r", "n", "v", "f", "d", "y")
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	people := make([]sweptPerson, len(ids))
	for i, reply := range replies {
		var text [10]string
		for n, v := range reply.Val() {
			text[n], _ = v.(string)
		}
		p := sweptPerson{
			id: ids[i], last: text[1], waiting: text[2], erasing: text[3] != "", known: text[4] != "",
			nameless: text[5] == "", permits: text[6] != "", fever: text[7] != "", resident: fromRaw(text[4]),
			moving: text[9] != "",
		}
		if text[0] != "" {
			p.kind = PersonKind(text[0][0])
		}
		p.created, _ = strconv.ParseInt(text[8], 10, 64) // none: 0
		people[i] = p
	}
	return people, nil
}
