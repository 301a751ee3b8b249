package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	snapshotPoll  = 250 * time.Millisecond // how often changes are asked for
	snapshotWhole = 10 * time.Second       // between two partitions that are read anew: all within 11 minutes
	snapshotGap   = 10 * time.Second       // away for longer, a partition is read anew: its changes may have been cut
	snapshotRead  = 1000                   // people of one round trip
	feedRead      = 500                    // changes of a partition in one round trip
)

// loadPart reads a partition whole, and the walk-ins of any partition that its
// residents turned out to be. met are people of whom it is known that they may be
// on record, besides those in the lists. What changes meanwhile is read again: the end of
// the stream of changes is noted first.
func (s *Store) loadPart(ctx context.Context, part int, met []uint64) (next snapshotPart, walkIns map[uint64]personFacts, err error) {
	now := time.Now()
	next = snapshotPart{people: map[uint64]personFacts{}, docs: map[uint64]uint64{}, cursor: "0", at: now, whole: now}
	last, err := s.rdb.XRevRangeN(ctx, s.keys.changes(part), "+", "-", 1).Result()
	if err != nil {
		return next, nil, unavailable(err)
	}
	if len(last) > 0 {
		next.cursor = last[0].ID
	}
	ids, err := s.peopleOf(ctx, part)
	if err != nil {
		return next, nil, err
	}
	strangers, err := s.strangersOf(ctx, part)
	if err != nil {
		return next, nil, err
	}
	for _, id := range append(strangers, met...) {
		if partitionOf(id) == part {
			ids = append(ids, id)
		}
	}
	var joined []uint64
	for some := range slices.Chunk(ids, snapshotRead) {
		walkIns, err := s.readFacts(ctx, some, next.people)
		if err != nil {
			return next, nil, err
		}
		joined = append(joined, walkIns...)
	}
	maps.DeleteFunc(next.people, func(_ uint64, f personFacts) bool { return f == "" })
	walkIns = map[uint64]personFacts{}
	for some := range slices.Chunk(joined, snapshotRead) {
		if _, err := s.readFacts(ctx, some, walkIns); err != nil {
			break // of another partition, which may be away: they stay as they are
		}
	}
	return next, walkIns, s.readDocuments(ctx, part, next.docs)
}

// strangersOf lists people of a partition who are in no home: those who are held
// for an open fever case and the holders of permits that are not over.
func (s *Store) strangersOf(ctx context.Context, part int) (ids []uint64, err error) {
	var cases, permits *redis.StringSliceCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		cases = p.ZRange(ctx, s.keys.fevers(part), 0, -1)
		permits = p.ZRangeByScore(ctx, s.keys.permits(part), &redis.ZRangeBy{Min: strconv.FormatInt(s.now(), 10), Max: "+inf"})
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for _, member := range permits.Val() {
		if len(member) > 13 {
			ids = append(ids, fromRaw(member[5:13]))
		}
	}
	holders := make([]*redis.StringCmd, len(cases.Val()))
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range cases.Val() {
			holders[i] = p.HGet(ctx, s.keys.fevers(part)+":"+id, "p")
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	for _, holder := range holders {
		if id := holder.Val(); len(id) == 8 {
			ids = append(ids, fromRaw(id))
		}
	}
	return ids, nil
}

// peopleOf lists the residents and visitors of a partition.
func (s *Store) peopleOf(ctx context.Context, part int) (ids []uint64, err error) {
	sites := s.Registry().Sites()
	sets := make([]*redis.StringSliceCmd, 0, len(sites)+1)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		sets = append(sets, p.HKeys(ctx, s.keys.homeSet(part, 0)))
		for _, site := range sites {
			sets = append(sets, p.HKeys(ctx, s.keys.homeSet(part, site.Num)))
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for _, set := range sets {
		for _, id := range set.Val() {
			if len(id) == 8 {
				ids = append(ids, fromRaw(id))
			}
		}
	}
	return ids, nil
}

// readFacts reads what verdicts depend on of people into out, and returns the
// walk-ins that they turned out to be.
func (s *Store) readFacts(ctx context.Context, ids []uint64, out map[uint64]personFacts) (walkIns []uint64, err error) {
	fields := append(factFields[:len(factFields):len(factFields)], "j")
	replies := make([]*redis.SliceCmd, len(ids))
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HMGet(ctx, s.keys.person(id), fields...)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for i, reply := range replies {
		values := reply.Val()
		if len(values) != len(fields) {
			return nil, fmt.Errorf("checkpoint: HMGET replied %d values", len(values))
		}
		out[ids[i]] = packFacts(values[:len(factFields)])
		joined, _ := values[len(factFields)].(string)
		for ; len(joined) >= 8; joined = joined[8:] {
			walkIns = append(walkIns, fromRaw(joined[:8]))
		}
	}
	return walkIns, nil
}

// readDocuments reads a partition's share of the blind index of documents.
func (s *Store) readDocuments(ctx context.Context, part int, out map[uint64]uint64) error {
	var buckets []*redis.MapStringStringCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for version := range s.seal.ring.Load().keys {
			for i := range indexBuckets {
				buckets = append(buckets, p.HGetAll(ctx, s.keys.indexBucket(version, "d", part, i)))
			}
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	for _, bucket := range buckets {
		for hash, person := range bucket.Val() {
			if len(hash) == 8 && len(person) >= 8 {
				out[fromRaw(hash)] = fromRaw(person[:8])
			}
		}
	}
	return nil
}

// follow brings the snapshot up to date with the streams of changes. Partitions
// that cannot be reached stay as old as they are.
func (s *Store) follow(ctx context.Context, n *snapshot) (failed error) {
	began := time.Now()
	feeds := make([]*redis.XStreamSliceCmd, Partitions)
	cursors := make([]string, Partitions)
	_, _ = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range feeds {
			cursors[part], _ = n.state(part)
			feeds[part] = p.XRead(ctx, &redis.XReadArgs{
				Streams: []string{s.keys.changes(part), cursors[part]}, Count: feedRead, Block: -1,
			})
		}
		return nil
	})
	for part, feed := range feeds {
		streams, err := feed.Result()
		if err != nil && !isNil(err) {
			failed = unavailable(err)
			continue
		}
		_, at := n.state(part)
		if began.Sub(at) > snapshotGap {
			continue // is read anew
		}
		cursor := cursors[part]
		if len(streams) > 0 && len(streams[0].Messages) > 0 {
			messages := streams[0].Messages
			if err := s.takeChanges(ctx, n, part, messages); err != nil {
				failed = err
				continue
			}
			cursor = messages[len(messages)-1].ID
			if len(messages) == feedRead { // more waits: not complete yet
				n.seen(part, cursor, at)
				continue
			}
		}
		n.seen(part, cursor, began)
	}
	return failed
}

// takeChanges reads again the people whom changes name.
func (s *Store) takeChanges(ctx context.Context, n *snapshot, part int, messages []redis.XMessage) error {
	people := map[uint64]personFacts{}
	for _, m := range messages {
		if id, _ := m.Values["p"].(string); len(id) == 8 {
			people[fromRaw(id)] = ""
		}
	}
	ids := make([]uint64, 0, len(people))
	for id := range people {
		ids = append(ids, id)
	}
	if _, err := s.readFacts(ctx, ids, people); err != nil {
		return err
	}
	docs, err := s.documentsOf(ctx, ids)
	if err != nil {
		return err
	}
	n.put(part, people)
	n.putDocuments(docs)
	return nil
}

// documentsOf gives the keyed hashes of the documents of people.
func (s *Store) documentsOf(ctx context.Context, ids []uint64) (map[uint64]uint64, error) {
	blobs := make([]*redis.StringCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			blobs[i] = p.Get(ctx, s.keys.identity(id))
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	docs := map[uint64]uint64{}
	for i, blob := range blobs {
		text, err := blob.Bytes()
		if err != nil {
			continue // nobody any more
		}
		who, err := s.seal.openIdentity(ids[i], text)
		if err != nil || len(who.Document) <= 4 { // of a walk-in only the tail is kept
			continue
		}
		for _, hash := range s.seal.indexHashes("document", who.Document) {
			docs[hash] = ids[i]
		}
	}
	return docs, nil
}

// snapshotPatience is how often a partition that cannot be read is tried again
// before a start fails.
const snapshotPatience = 20

// fill reads every partition. One that Redis does not answer for in time is tried
// again: a slow start is better than none.
func (s *Store) fill(ctx context.Context, n *snapshot) error {
	for part := range Partitions {
		err := s.refill(ctx, n, part)
		for try := 0; errors.Is(err, ErrUnavailable) && try < snapshotPatience && ctx.Err() == nil; try++ {
			Sleep(ctx, snapshotPoll)
			err = s.refill(ctx, n, part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) refill(ctx context.Context, n *snapshot, part int) error {
	n.trying(part, time.Now())
	fresh, walkIns, err := s.loadPart(ctx, part, n.walkIns(part))
	if err != nil {
		return fmt.Errorf("copy of partition %d: %w", part, err)
	}
	n.replace(part, fresh)
	for id, f := range walkIns {
		n.put(partitionOf(id), map[uint64]personFacts{id: f})
	}
	return nil
}
