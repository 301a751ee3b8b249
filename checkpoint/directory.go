package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// A directory is who is who, as far as one question has met people: under which
// IDs somebody's events are recorded, and where those lie. Each person is read
// once.
type directory struct {
	s      *Store
	read   map[uint64]directoryEntry // by any ID; nobody on record: exists is false
	people map[uint64]*known         // by the ID under which somebody is known
}

// directoryEntry is what one ID's record says.
type directoryEntry struct {
	exists           bool
	walkIns, knownAs string // fields j and r of the person
	home             uint32 // number of the home site, 0 if none
	household        string // 8 bytes, "" if none
}

// known is one person: a resident with the walk-ins that they turned out to be,
// a visitor, or a walk-in of whom no more is known.
type known struct {
	id        uint64
	ids       []uint64 // under which their events are recorded, id first
	home      uint32
	household string
}

func newDirectory(s *Store) *directory {
	return &directory{s, map[uint64]directoryEntry{}, map[uint64]*known{}}
}

// meet reads who the IDs are, in three round trips for any number of them (and
// one more for every pipelineSize). IDs that nobody has are passed over.
func (d *directory) meet(ctx context.Context, ids []uint64) error {
	if err := d.load(ctx, ids); err != nil {
		return err
	}
	var heads, walkIns []uint64
	for _, id := range ids {
		head := d.head(id)
		if _, met := d.people[head]; !met {
			d.people[head] = nil // until it is complete
			heads = append(heads, head)
		}
	}
	if err := d.load(ctx, heads); err != nil {
		return err
	}
	for _, head := range heads {
		walkIns = append(walkIns, rawList(d.read[head].walkIns)...)
	}
	if err := d.load(ctx, walkIns); err != nil {
		return err
	}
	for _, head := range heads {
		entry := d.read[head]
		if !entry.exists {
			continue
		}
		k := &known{id: head, ids: []uint64{head}, home: entry.home, household: entry.household}
		for _, id := range rawList(entry.walkIns) {
			if d.head(id) == head && id != head { // the walk-in decides: see walkjoin.go
				k.ids = append(k.ids, id)
			}
		}
		d.people[head] = k
	}
	return nil
}

// head is the ID under which somebody is known whose events have this ID.
func (d *directory) head(id uint64) uint64 {
	if known := d.read[id].knownAs; known != "" {
		return fromRaw(known)
	}
	return id
}

// of is the person whose events have this ID; nil if nobody met has it.
func (d *directory) of(id uint64) *known { return d.people[d.head(id)] }

// load reads the records of IDs that were not read before.
func (d *directory) load(ctx context.Context, ids []uint64) error {
	var fresh []uint64
	for _, id := range ids {
		if _, ok := d.read[id]; !ok {
			d.read[id] = directoryEntry{}
			fresh = append(fresh, id)
		}
	}
	for part := range slices.Chunk(fresh, pipelineSize) {
		replies := make([]*redis.SliceCmd, len(part))
		_, err := d.s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range part {
				replies[i] = p.HMGet(ctx, d.s.keys.person(id), "s", "j", "r", "h", "u")
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		for i, id := range part {
			v := replies[i].Val()
			entry := directoryEntry{exists: v[0] != nil}
			entry.walkIns, _ = v[1].(string)
			entry.knownAs, _ = v[2].(string)
			home, _ := v[3].(string)
			num, _ := strconv.ParseUint(home, 10, 32) // none: no home
			entry.home = uint32(num)
			entry.household, _ = v[4].(string)
			d.read[id] = entry
		}
	}
	return nil
}

// rawList reads IDs of 8 bytes each.
func rawList(list string) (ids []uint64) {
	for ; len(list) >= 8; list = list[8:] {
		ids = append(ids, fromRaw(list[:8]))
	}
	return ids
}

// eachTrail reads the events of many people with since(person) <= occurred_at <
// to and hands those of one person after the other to fn: all that are recorded
// under any of their IDs, in order of time. People without any are passed over.
// fn must not keep the events.
func (s *Store) eachTrail(ctx context.Context, people []*known, since func(*known) int64, to int64, fn func(*known, []ScanEvent) error) error {
	for part := range slices.Chunk(people, pipelineSize) {
		spans, owners, err := s.trailSpans(ctx, part, since, to)
		if err != nil {
			return err
		}
		var events []ScanEvent
		var whose *known
		done := func() error {
			if len(events) == 0 {
				return nil
			}
			if len(whose.ids) > 1 {
				slices.SortStableFunc(events, func(a, b ScanEvent) int { return cmp.Compare(a.OccurredAt, b.OccurredAt) })
			}
			err := fn(whose, events)
			events = events[:0]
			return err
		}
		err = s.readSpans(ctx, spans, func(i int, e *ScanEvent) error {
			if owners[i] != whose {
				if err := done(); err != nil {
					return err
				}
				whose = owners[i]
			}
			events = append(events, *e)
			return nil
		})
		if err == nil {
			err = done()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trailSpans are the trails of people, one after the other, with the owner of
// each.
func (s *Store) trailSpans(ctx context.Context, people []*known, since func(*known) int64, to int64) (spans []span, owners []*known, err error) {
	var tables []*redis.StringCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range people {
			for _, id := range k.ids {
				parse := func(at int64, member string) (ScanEvent, error) { return parseTrail(id, at, member) }
				spans = append(spans, span{s.keys.trail(id), "", since(k), to, parse})
				owners = append(owners, k)
				tables = append(tables, p.HGet(ctx, s.keys.person(id), "c"))
			}
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, nil, unavailable(err)
	}
	for i, reply := range tables {
		if err := reply.Err(); err != nil && !isNil(err) {
			return nil, nil, unavailable(err)
		}
		spans[i].table = reply.Val()
	}
	return spans, owners, nil
}
