package checkpoint

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	sweepCount  = 250 // keys of one step of SCAN
	sweepChunks = 32  // chunks of one script call: at most 4,000 members, about a millisecond
	sweepCalls  = 16  // script calls of one round trip
)

// sweepKeys looks at every key of the prefix, one master after the other.
func (r *sweepRun) sweepKeys(ctx context.Context) error {
	var turn sync.Mutex // the masters of a cluster are offered at once
	master := func(ctx context.Context, c redis.Cmdable) error {
		turn.Lock()
		defer turn.Unlock()
		for cursor := uint64(0); ; {
			began := time.Now()
			keys, next, err := c.Scan(ctx, cursor, globPrefix(r.s.keys.prefix), sweepCount).Result()
			if err != nil {
				return unavailable(err)
			}
			if err := r.sweepSome(ctx, keys); err != nil {
				return err
			}
			if err := r.rest(ctx, began); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if cluster, ok := r.s.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return master(ctx, c) })
	}
	return master(ctx, r.s.rdb)
}

// sweptSet is a chunked set of which chunks were met.
type sweptSet struct {
	base   string
	holder string // key of the table
	kind   string // of the holder: string, hash
	family string
	person uint64 // whose trail it is, else 0
	named  bool   // its members begin with the person
	chunks []int
}

// sweepSome does what is due of some keys.
func (r *sweepRun) sweepSome(ctx context.Context, keys []string) error {
	r.Keys += int64(len(keys))
	sets := map[string]*sweptSet{} // by base
	var people, cared []uint64
	var unsure, outings, homes, readers, pages, tables, matters []string
	for _, key := range keys {
		if person, ok := r.s.keys.parsePerson(key); ok {
			people = append(people, person)
			continue
		}
		if r.s.keys.isOuting(key) {
			outings = append(outings, key)
			continue
		}
		if _, ok := r.s.keys.parseHousehold(key); ok {
			homes = append(homes, key)
			continue
		}
		if r.s.keys.isPaperRows(key) {
			pages = append(pages, key)
			continue
		}
		if r.s.keys.isReaders(key) {
			readers = append(readers, key)
			continue
		}
		if person, ok := r.s.keys.parseCare(key); ok {
			cared = append(cared, person)
			continue
		}
		if _, _, ok := r.s.keys.parseClosedMatters(key); ok {
			matters = append(matters, key)
			continue
		}
		set, part, aged := r.setOf(key)
		switch {
		case set == nil, aged == young:
			continue
		case part == tablePart:
			tables = append(tables, key)
		case aged == ageless:
			unsure = append(unsure, key)
		}
		if sets[set.base] == nil {
			sets[set.base] = set
		}
		if part != tablePart {
			sets[set.base].chunks = append(sets[set.base].chunks, part)
		}
	}
	if err := r.dropYoung(ctx, sets, unsure); err != nil {
		return err
	}
	if err := r.readTables(ctx, sets, tables); err != nil {
		return err
	}
	gone, err := r.sweepSets(ctx, sets)
	if err != nil {
		return err
	}
	people = append(people, gone...)
	slices.Sort(people)
	if err := r.sweepPeople(ctx, slices.Compact(people)); err != nil {
		return err
	}
	if err := r.sweepCare(ctx, cared); err != nil {
		return err
	}
	return errors.Join(r.sweepOutings(ctx, outings), r.sweepPhones(ctx, homes), r.sweepReaders(ctx, readers), r.sweepPaperRows(ctx, pages), r.sweepMatters(ctx, matters))
}

// What a key tells of the age of what it holds.
const (
	young   = iota // not due
	aged           // a day that is over
	ageless        // members of any age
)

// setOf tells what chunked set a key is part of, nil if it is of none.
func (r *sweepRun) setOf(key string) (set *sweptSet, part, age int) {
	id, part, ok := r.s.keys.parseSet(key)
	if !ok || id.Family == TrailSets && r.held[id.ID] {
		return nil, 0, young
	}
	base := r.s.keys.set(id)
	set = &sweptSet{base: base, holder: base, kind: "string", family: id.Family.String(), named: id.Family != RefusalSets}
	switch {
	case id.Family == TrailSets:
		set.person, set.holder, set.kind, set.named = id.ID, r.s.keys.person(id.ID), "hash", false
		return set, part, ageless
	case id.Family == PlateSets && part == tablePart:
		return nil, 0, young // its chunks are met themselves
	case id.Family == PlateSets:
		return set, part, ageless
	}
	return set, part, ageOf(id.Day, r.KeptFrom)
}

func ageOf(day, keptFrom int64) int {
	if day < dayOf(keptFrom) {
		return aged
	}
	return young
}

// dropYoung leaves chunks out that hold nothing old.
func (r *sweepRun) dropYoung(ctx context.Context, sets map[string]*sweptSet, chunks []string) error {
	replies := make([]*redis.IntCmd, len(chunks))
	_, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range chunks {
			replies[i] = p.ZCount(ctx, key, "-inf", r.before(r.KeptFrom).Max)
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	for i, key := range chunks {
		set, part, _ := r.setOf(key)
		if replies[i].Val() > 0 {
			continue
		}
		known := sets[set.base]
		known.chunks = slices.DeleteFunc(known.chunks, func(n int) bool { return n == part })
	}
	return nil
}

// readTables adds to sets whose table was met the chunks that it names.
func (r *sweepRun) readTables(ctx context.Context, sets map[string]*sweptSet, tables []string) error {
	replies := make([]*redis.StringCmd, len(tables))
	_, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range tables {
			replies[i] = p.Get(ctx, key)
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	for i, key := range tables {
		set := sets[key]
		set.chunks = append(set.chunks, chunksBetween(replies[i].Val(), 0, r.KeptFrom)...)
	}
	return nil
}

// sweepSets takes what is old out of chunks. It gives the people whose trails
// became shorter.
func (r *sweepRun) sweepSets(ctx context.Context, sets map[string]*sweptSet) (shorter []uint64, err error) {
	var calls []call
	var whose []*sweptSet
	for _, set := range sets {
		slices.Sort(set.chunks)
		for some := range slices.Chunk(slices.Compact(set.chunks), sweepChunks) {
			held, err := r.heldIn(ctx, set, some)
			if err != nil {
				return nil, err
			}
			var numbers []byte
			for _, n := range some {
				numbers = binary.BigEndian.AppendUint16(numbers, uint16(n)) //nolint:gosec // two bytes in tables
			}
			calls = append(calls, call{sweepScript, []string{set.base, set.holder}, []any{r.KeptFrom, set.kind, numbers, held}})
			whose = append(whose, set)
		}
	}
	for ; len(calls) > 0; calls, whose = calls[min(sweepCalls, len(calls)):], whose[min(sweepCalls, len(whose)):] {
		began := time.Now()
		replies, err := r.s.runAll(ctx, calls[:min(sweepCalls, len(calls))])
		if err != nil {
			return nil, err
		}
		for i, reply := range replies {
			n, _ := reply.(int64)
			r.removed(whose[i].family, n)
			if n > 0 && whose[i].person != 0 {
				shorter = append(shorter, whose[i].person)
			}
		}
		if err := r.rest(ctx, began); err != nil {
			return nil, err
		}
	}
	return shorter, nil
}

// heldIn are the people with old events in some chunks of a set that are
// evidence: 8 bytes each.
func (r *sweepRun) heldIn(ctx context.Context, set *sweptSet, chunks []int) ([]byte, error) {
	if !set.named || len(r.held) == 0 {
		return nil, nil
	}
	cmds, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, n := range chunks {
			p.ZRangeByScore(ctx, chunk(set.base, n), r.before(r.KeptFrom))
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	var found []uint64
	for _, cmd := range cmds {
		for _, member := range cmd.(*redis.StringSliceCmd).Val() { //nolint:forcetypeassert // as queued above
			if person := fromRaw(member); r.held[person] {
				found = append(found, person)
			}
		}
	}
	slices.Sort(found)
	var held []byte
	for _, person := range slices.Compact(found) {
		held = append(held, raw(person)...)
	}
	return held, nil
}

// sweepOutings takes old exits out of what households are counted by.
func (r *sweepRun) sweepOutings(ctx context.Context, keys []string) error {
	cmds, err := r.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			p.ZRemRangeByScore(ctx, key, "-inf", r.before(r.KeptFrom).Max)
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	for _, cmd := range cmds {
		r.removed("outings", cmd.(*redis.IntCmd).Val()) //nolint:forcetypeassert // as queued above
	}
	return nil
}
