package checkpoint

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// StoredKey is a key of the indexes that is there: a chunk of a set, the set's
// table, or a person.
type StoredKey struct {
	SetID
	Part   int    // number of the chunk, -1 for the table
	Person uint64 // not 0: the key is this person and no set
}

// StoredKeys hands every key of the indexes and every person to fn, in no
// order, each at least once; fn is never called twice at a time. Keys that come
// or go meanwhile may be missing. Errors: ErrUnavailable, and fn's first.
func (s *Store) StoredKeys(ctx context.Context, fn func(StoredKey) error) error {
	var mu sync.Mutex // the masters of a cluster are asked at once
	scan := func(ctx context.Context, c redis.Cmdable) error {
		var cursor uint64
		for {
			keys, next, err := c.Scan(ctx, cursor, globPrefix(s.keys.prefix), 1000).Result()
			if err != nil {
				return unavailable(err)
			}
			mu.Lock()
			for _, key := range keys {
				if err == nil {
					err = s.tellKey(key, fn)
				}
			}
			mu.Unlock()
			if cursor = next; err != nil || cursor == 0 {
				return err
			}
		}
	}
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return scan(ctx, c) })
	}
	return scan(ctx, s.rdb)
}

func (s *Store) tellKey(key string, fn func(StoredKey) error) error {
	if id, part, ok := s.keys.parseSet(key); ok {
		return fn(StoredKey{SetID: id, Part: part})
	}
	if person, ok := s.keys.parsePerson(key); ok {
		return fn(StoredKey{Person: person})
	}
	return nil
}

// globPrefix is the pattern of all keys with a prefix.
func globPrefix(prefix string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(prefix) + "*"
}

// SetEntry is a member of a set with its time, UTC ms.
type SetEntry struct {
	At     int64
	Member []byte
}

// CompareEntries is the order of a set: by time, then by the bytes of the member.
func CompareEntries(a, b SetEntry) int {
	switch {
	case a.At < b.At:
		return -1
	case a.At > b.At:
		return 1
	}
	return bytes.Compare(a.Member, b.Member)
}

// Set is a whole chunked set.
type Set struct {
	SetID
	Entries []SetEntry // in order
	// Parts are the chunks that were seen in Redis (-1: the table), so that
	// those are found which no table names.
	Parts []int
}

// ReplaceSets writes sets as they come from events in order of time and takes
// away whatever keys of them there were: afterwards a set without entries has no
// keys. It is no transaction: whoever writes into one of the sets meanwhile may
// lose it. Doing it again completes what was cut off. Errors: ErrUnavailable.
func (s *Store) ReplaceSets(ctx context.Context, sets []Set) error {
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range sets {
			s.replaceSet(ctx, p, &sets[i])
		}
		return nil
	})
	return unavailable(err)
}

func (s *Store) replaceSet(ctx context.Context, p redis.Pipeliner, set *Set) {
	base := s.keys.set(set.SetID)
	at := make([]int64, len(set.Entries))
	for i := range set.Entries {
		at[i] = set.Entries[i].At
	}
	starts := cutChunks(at)
	for n, from := range starts {
		to := len(at)
		if n+1 < len(starts) {
			to = starts[n+1]
		}
		key := chunk(base, n)
		if slices.Contains(set.Parts, n) {
			p.Unlink(ctx, key)
		}
		if from == to {
			continue
		}
		args := make([]any, 0, 2+2*(to-from))
		args = append(args, "ZADD", key)
		for _, e := range slices.Backward(set.Entries[from:to]) { // each goes to the front: half the work for Redis
			args = append(args, e.At, e.Member)
		}
		p.Do(ctx, args...)
	}
	s.replaceTable(ctx, p, set, base, chunkTable(at, starts))
	for _, n := range set.Parts {
		if n >= len(starts) {
			p.Unlink(ctx, chunk(base, n))
		}
	}
}

func (s *Store) replaceTable(ctx context.Context, p redis.Pipeliner, set *Set, base, table string) {
	switch {
	case set.Family == TrailSets && table != "":
		p.HSet(ctx, s.keys.person(set.ID), "c", table)
	case set.Family == TrailSets:
		p.HDel(ctx, s.keys.person(set.ID), "c")
	case table != "":
		p.Set(ctx, base, table, 0)
	case slices.Contains(set.Parts, tablePart):
		p.Unlink(ctx, base)
	}
}

// StoredSet is what Redis holds of a set.
type StoredSet struct {
	SetID
	Entries []SetEntry // in order, wherever they lie
	// Astray are those that lie in a chunk that is not the one of their time:
	// who reads the set does not find them there.
	Astray []SetEntry
}

// ReadSets reads sets whole: the chunks that their tables name and those among
// Parts. Each call is two round trips. Errors: ErrUnavailable.
func (s *Store) ReadSets(ctx context.Context, sets []Set) ([]StoredSet, error) {
	tables, err := s.tablesOf(ctx, sets)
	if err != nil {
		return nil, err
	}
	type piece struct{ set, chunk int }
	var pieces []piece
	for i := range sets {
		numbers := chunksBetween(tables[i], 0, forever)
		for _, n := range sets[i].Parts {
			if n != tablePart {
				numbers = append(numbers, n)
			}
		}
		slices.Sort(numbers)
		for _, n := range slices.Compact(numbers) {
			pieces = append(pieces, piece{i, n})
		}
	}
	cmds, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, of := range pieces {
			p.ZRangeWithScores(ctx, chunk(s.keys.set(sets[of.set].SetID), of.chunk), 0, -1)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	out := make([]StoredSet, len(sets))
	for i := range sets {
		out[i].SetID = sets[i].SetID
	}
	for k, cmd := range cmds {
		of := pieces[k]
		from, to, named := chunkRange(tables[of.set], of.chunk)
		for _, z := range cmd.(*redis.ZSliceCmd).Val() { //nolint:forcetypeassert // as queued above
			member, _ := z.Member.(string)
			e := SetEntry{int64(z.Score), []byte(member)}
			out[of.set].Entries = append(out[of.set].Entries, e)
			if !named || e.At < from || e.At >= to {
				out[of.set].Astray = append(out[of.set].Astray, e)
			}
		}
	}
	for i := range out {
		slices.SortFunc(out[i].Entries, CompareEntries)
	}
	return out, nil
}

// tablesOf reads the chunk tables of sets.
func (s *Store) tablesOf(ctx context.Context, sets []Set) ([]string, error) {
	replies := make([]*redis.StringCmd, len(sets))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range sets {
			if sets[i].Family == TrailSets {
				replies[i] = p.HGet(ctx, s.keys.person(sets[i].ID), "c")
			} else {
				replies[i] = p.Get(ctx, s.keys.set(sets[i].SetID))
			}
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	tables := make([]string, len(sets))
	for i, reply := range replies {
		if err := reply.Err(); err != nil && !isNil(err) {
			return nil, fmt.Errorf("%s: %w", sets[i].Name(), unavailable(err))
		}
		tables[i] = reply.Val()
	}
	return tables, nil
}
