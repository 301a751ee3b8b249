package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// dropMatters takes out of the office's records what is about a person: whom, what
// was written, the notes. That there was such a record stays until its time is over.
func (s *Store) dropMatters(ctx context.Context, person uint64) error {
	for {
		members, err := s.rdb.ZRangeByScore(ctx, s.keys.mattersOf(person), &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: pipelineSize}).Result()
		if err != nil {
			return unavailable(err)
		}
		if len(members) == 0 {
			return nil
		}
		for _, member := range members {
			ref, ok := parseMatterMember(member)
			if !ok {
				return fmt.Errorf("checkpoint: a record of %s has no name: %q", FormatPersonID(person), member)
			}
			_, err := s.TurnMatter(ctx, ref.Kind, ref.ID, 0, "", func(m *Matter) error {
				m.forget(s.now())
				return nil
			})
			if errors.Is(err, ErrNotFound) { // gone by itself: its name is left over
				err = unavailable(s.rdb.ZRem(ctx, s.keys.mattersOf(person), member).Err())
			}
			if err != nil {
				return err
			}
		}
	}
}

// forget leaves of a matter that it was there, closed.
func (m *Matter) forget(now int64) {
	m.Person, m.Body, m.Digest = 0, nil, nil
	for i := range m.Steps {
		m.Steps[i].Note = ""
	}
	if m.Open() {
		m.ClosedAt = now
	}
}

// sweepMatters takes matters away that were closed before retention, unless they are
// about evidence.
func (r *sweepRun) sweepMatters(ctx context.Context, lists []string) error {
	for _, list := range lists {
		kind, _, _ := r.s.keys.parseClosedMatters(list)
		for from := int64(0); ; {
			began := time.Now()
			old, err := r.s.rdb.ZRangeByScore(ctx, list, &redis.ZRangeBy{
				Min: "-inf", Max: fmt.Sprintf("(%d", r.shown), Offset: from, Count: sweepBatch,
			}).Result()
			if err != nil {
				return unavailable(err)
			}
			refs := make([]MatterRef, len(old))
			for i, id := range old {
				refs[i] = MatterRef{kind, MatterID(fromRaw(id))}
			}
			stayed, err := r.dropOld(ctx, refs)
			if err != nil {
				return err
			}
			if err := r.rest(ctx, began); err != nil || len(old) < sweepBatch {
				return err
			}
			from += stayed
		}
	}
	return nil
}

// dropOld takes away those that are closed for long and tells how many stay.
func (r *sweepRun) dropOld(ctx context.Context, refs []MatterRef) (stayed int64, err error) {
	old, err := r.s.readMatters(ctx, refs)
	if err != nil {
		return 0, err
	}
	for i := range old {
		m := &old[i]
		if !m.There() || m.Open() || m.ClosedAt >= r.shown || m.Person != 0 && r.held[m.Person] {
			stayed++
			continue
		}
		reply, err := r.s.run(ctx, r.s.rdb, matterScript, r.s.matterKeys(m), append([]any{maxOpenMatters}, m.args("")...)...)
		switch {
		case err != nil:
			return stayed, err
		case reply != "ok":
			stayed++ // somebody opened it again
		default:
			r.removed("office records", 1)
		}
	}
	return stayed, nil
}
