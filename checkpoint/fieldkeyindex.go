package checkpoint

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// indexed is an entry of one of the two indexes, in its old and its new place.
type indexed struct {
	oldKey, newKey   string
	oldHash, newHash string
	ids              []uint64 // what the old index says
}

// index enters people into the new blind indexes where they are in the old ones.
// What the old index says is taken over as it is: an entry that is not there
// belongs to nobody, whatever the record says. Whoever takes an entry out does so
// in the old index first; so what is gone from there afterwards is taken out of
// the new one, in case that it came too late for them.
func (r *rotation) index(ctx context.Context, old byte, values []sealedValue) error {
	people, err := r.peopleOf(ctx, values)
	if err != nil {
		return err
	}
	for _, in := range [...]struct {
		index, kind, step string
		value             func(identity) string
	}{
		{"d", "document", "claim", func(who identity) string { return who.Document }},
		{"f", "phone", "phone", func(who identity) string { return who.Phone }},
	} {
		entries := map[string]*indexed{} // by value
		for _, who := range people {
			if value := in.value(who); value != "" && entries[value] == nil {
				before, after := r.s.seal.indexHash(old, in.kind, value), r.s.seal.indexHash(r.to, in.kind, value)
				entries[value] = &indexed{
					oldKey: r.s.keys.index(old, in.index, before), oldHash: raw(before),
					newKey: r.s.keys.index(r.to, in.index, after), newHash: raw(after),
				}
			}
		}
		if err := r.copyEntries(ctx, in.step, entries); err != nil {
			return err
		}
	}
	return nil
}

// copyEntries applies a step of enrol.lua in the new index to all that the old one
// has, and takes it back for what the old one has no more afterwards.
func (r *rotation) copyEntries(ctx context.Context, step string, entries map[string]*indexed) error {
	if err := r.readEntries(ctx, entries); err != nil {
		return err
	}
	copied := map[*indexed][]uint64{}
	var calls []call
	for _, e := range entries {
		copied[e] = e.ids
		for _, id := range e.ids {
			calls = append(calls, call{enrolScript, []string{e.newKey}, []any{step, e.newHash, raw(id)}})
		}
	}
	if _, err := r.s.runAll(ctx, calls); err != nil {
		return err
	}
	if err := r.readEntries(ctx, entries); err != nil {
		return err
	}
	calls = calls[:0]
	for e, ids := range copied {
		for _, id := range ids {
			if !slices.Contains(e.ids, id) {
				calls = append(calls, call{enrolScript, []string{e.newKey}, []any{"unphone", e.newHash, raw(id)}})
			}
		}
	}
	_, err := r.s.runAll(ctx, calls)
	return err
}

// readEntries reads what the old index says.
func (r *rotation) readEntries(ctx context.Context, entries map[string]*indexed) error {
	replies := map[*indexed]*redis.StringCmd{}
	_, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, e := range entries {
			replies[e] = p.HGet(ctx, e.oldKey, e.oldHash)
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	for e, reply := range replies {
		ids, err := reply.Result()
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		e.ids = rawList(ids)
	}
	return nil
}

// peopleOf opens the identities of those who are in the indexes: walk-ins are not.
func (r *rotation) peopleOf(ctx context.Context, values []sealedValue) (map[uint64]identity, error) {
	kinds := map[int]*redis.StringCmd{}
	_, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, v := range values {
			if v.kind == SealedIdentities {
				kinds[i] = p.HGet(ctx, r.s.keys.person(v.id), "k")
			}
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	people := map[uint64]identity{}
	for i, kind := range kinds {
		if kind.Val() == "" || kind.Val() == string(rune(KindWalkIn)) {
			continue
		}
		v := values[i]
		who, err := r.s.seal.openIdentity(v.id, []byte(v.blob))
		if err != nil {
			return nil, fmt.Errorf("person %s: %w", FormatPersonID(v.id), err)
		}
		people[v.id] = who
	}
	return people, nil
}
