package checkpoint

import (
	"cmp"
	"context"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// CareQuery says which part of a list of requests, contests or readings is asked for.
type CareQuery struct {
	// Within tells whose are meant, by the node of the grid that answers for them;
	// nil: everybody's. It is asked before a record is opened, so a narrow part of
	// the town sees all of its own, however long the list is.
	Within func(node string) bool
	Cursor string // what the page before gave, "" for the first one
	Limit  int    // at most 1,000; 0: 1,000
}

const (
	// carePull is how many names are read of each partition in one round trip.
	carePull = 100
	// maxCareLooks is how many names one page looks at. One that has looked at so
	// many ends there, with fewer rows than its limit and a cursor.
	maxCareLooks = 20_000
)

// listed is a name in a list: person 8, record 8.
type listed struct {
	score  int64
	member string
}

func (l listed) compare(m listed) int {
	return cmp.Or(cmp.Compare(l.score, m.score), strings.Compare(l.member, m.member))
}

func (l listed) cursor() string {
	return strconv.FormatInt(l.score, 36) + "-" + hex.EncodeToString([]byte(l.member))
}

func parseCareCursor(text string) (l listed, err error) {
	if text == "" {
		return listed{score: math.MinInt64}, nil
	}
	score, member, ok := strings.Cut(text, "-")
	if l.score, err = strconv.ParseInt(score, 36, 64); ok && err == nil {
		var b []byte
		b, err = hex.DecodeString(member)
		l.member = string(b)
	}
	if !ok || err != nil || len(l.member) != 16 {
		return l, &FieldError{"cursor", "must be what the page before gave as next"}
	}
	return l, nil
}

// carePage reads a page of a list of every partition with from <= score <= to, in
// Redis's form, in order of the score, and the cursor of the next, "" at the end.
func carePage[T any](ctx context.Context, s *Store, list careListKind, kind careKind, from, to string, q *CareQuery, whose func(*T, uint64)) (page []T, next string, err error) {
	after, err := parseCareCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := maxCareList
	if q.Limit > 0 {
		limit = min(q.Limit, maxCareList)
	}
	var refs []careRef
	for looked, pull := 0, int64(carePull); ; {
		some, whole, err := s.pullCare(ctx, list, from, to, after, pull)
		if err != nil {
			return nil, "", err
		}
		mine, err := s.careWithin(ctx, some, q.Within)
		if err != nil {
			return nil, "", err
		}
		for _, l := range mine[:min(len(mine), limit-len(refs))] {
			r := careRef{person: fromRaw(l.member), kind: kind}
			copy(r.id[:], l.member[8:])
			refs, after = append(refs, r), l
			if len(refs) == limit {
				next = l.cursor()
			}
		}
		if next != "" || whole {
			break
		}
		if len(some) == 0 { // more of one instant than were read
			pull *= 2
			continue
		}
		after = some[len(some)-1]
		if looked += len(some); looked >= maxCareLooks {
			next = after.cursor()
			break
		}
	}
	page, err = careAs(ctx, s, refs, whose)
	return page, next, err
}

// pullCare reads the names that follow another one, in order, and whether those are
// all. Where a partition has more than were read of it, the others are cut at its
// last one: what comes after that is not known to be in order.
func (s *Store) pullCare(ctx context.Context, list careListKind, from, to string, after listed, pull int64) (some []listed, whole bool, err error) {
	if after.member != "" {
		from = strconv.FormatInt(after.score, 10)
	}
	replies := make([]*redis.ZSliceCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range replies {
			replies[part] = p.ZRangeByScoreWithScores(ctx, s.keys.careList(part, list), &redis.ZRangeBy{Min: from, Max: to, Count: pull})
		}
		return nil
	})
	if err != nil {
		return nil, false, unavailable(err)
	}
	whole = true
	end := listed{score: math.MaxInt64}
	for _, reply := range replies {
		for _, z := range reply.Val() {
			member, _ := z.Member.(string)
			if l := (listed{int64(z.Score), member}); len(member) == 16 && l.compare(after) > 0 {
				some = append(some, l)
			}
		}
		if n := len(reply.Val()); int64(n) == pull {
			whole = false
			z := reply.Val()[n-1]
			member, _ := z.Member.(string)
			if last := (listed{int64(z.Score), member}); last.compare(end) < 0 {
				end = last
			}
		}
	}
	slices.SortFunc(some, listed.compare)
	if !whole {
		some = slices.DeleteFunc(some, func(l listed) bool { return l.compare(end) > 0 })
	}
	return some, whole, nil
}

// careWithin keeps the names of those people whose node is meant.
func (s *Store) careWithin(ctx context.Context, all []listed, within func(string) bool) ([]listed, error) {
	if within == nil || len(all) == 0 {
		return all, nil
	}
	nodes := make(map[uint64]string, len(all))
	for i := range all {
		nodes[fromRaw(all[i].member)] = ""
	}
	if err := s.nodesOf(ctx, nodes); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(l listed) bool { return !within(nodes[fromRaw(l.member)]) }), nil
}

// nodesOf fills in the node of the grid that answers for each person, "" for those
// without a home.
func (s *Store) nodesOf(ctx context.Context, nodes map[uint64]string) error {
	ids := make([]uint64, 0, len(nodes))
	for id := range nodes {
		ids = append(ids, id)
	}
	for part := range slices.Chunk(ids, pipelineSize) {
		replies := make([]*redis.SliceCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range part {
				replies[i] = p.HMGet(ctx, s.keys.person(id), "h", "w")
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		for i, id := range part {
			v := replies[i].Val()
			home, _ := v[0].(string)
			nodes[id], _ = v[1].(string)
			if site, ok := s.siteByText(home); ok && nodes[id] == "" {
				nodes[id] = site.Grid
			}
		}
	}
	return nil
}
