package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// MatterOrder is one of the lists that each kind has at each node.
type MatterOrder string

// The lists.
const (
	OpenedAll  MatterOrder = "a" // all, by opened_at
	OpenOnly   MatterOrder = "o" // those that are open, by opened_at
	ClosedOnly MatterOrder = "z" // those that are closed, by closed_at
)

// Bounds of lists.
const (
	MaxMatters     = 1000 // of one page
	defaultMatters = 200
	MaxDueMatters  = 5000
)

// MatterQuery says which matters are asked for.
type MatterQuery struct {
	Kind   MatterKind
	Node   string // those of its subtree; "": of the town
	Person uint64 // those about somebody, whatever their node; Node is not looked at
	By     MatterOrder
	From   int64  // UTC ms, of the list's own time
	To     int64  // UTC ms, not itself; 0: no end
	Cursor string // what the page before gave, "" for the first one
	Limit  int    // at most MaxMatters; 0: 200
	Newest bool   // the last one first
}

// found is an entry of a list.
type found struct {
	score int64
	id    MatterID
}

func (f found) compare(g found) int {
	return cmp.Or(cmp.Compare(f.score, g.score), cmp.Compare(f.id, g.id))
}

// cursor names the entry after which the next page begins.
func (f found) cursor() string { return strconv.FormatInt(f.score, 36) + "-" + f.id.String() }

func parseMatterCursor(text string) (f found, err error) {
	score, id, ok := strings.Cut(text, "-")
	if ok {
		if f.score, err = strconv.ParseInt(score, 36, 64); err == nil {
			f.id, err = ParseMatterID(id)
		}
	}
	if !ok || err != nil {
		return f, &FieldError{"cursor", "must be what the page before gave as next"}
	}
	return f, nil
}

// Matters reads one page, in order of time, and the cursor of the next, "" at the
// end. What changes its place meanwhile may be in two pages, or in none if it is not
// in the list any more. Errors: *FieldError, ErrUnavailable.
func (s *Store) Matters(ctx context.Context, q MatterQuery) (page []Matter, next string, err error) {
	if q.By == "" {
		q.By = OpenedAll
	}
	if q.Limit == 0 {
		q.Limit = defaultMatters
	}
	q.Limit = min(max(q.Limit, 1), MaxMatters)
	if q.Person != 0 {
		return s.mattersAbout(ctx, &q)
	}
	all, err := s.findMatters(ctx, &q)
	if err != nil {
		return nil, "", err
	}
	return s.mattersPage(ctx, &q, all)
}

// EachMatter hands all matters of a query to fn, page by page, whatever its Cursor; it
// stops at fn's first error and returns it. Errors: as Matters.
func (s *Store) EachMatter(ctx context.Context, q MatterQuery, fn func(*Matter) error) error {
	for q.Cursor, q.Limit = "", MaxMatters; ; {
		page, next, err := s.Matters(ctx, q)
		if err != nil {
			return err
		}
		for i := range page {
			if err := fn(&page[i]); err != nil {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

// mattersPage reads the first of what was found.
func (s *Store) mattersPage(ctx context.Context, q *MatterQuery, all []found) (page []Matter, next string, err error) {
	slices.SortFunc(all, func(f, g found) int {
		if q.Newest {
			return g.compare(f)
		}
		return f.compare(g)
	})
	if len(all) > q.Limit {
		all = all[:q.Limit]
		next = all[q.Limit-1].cursor()
	}
	refs := make([]MatterRef, len(all))
	for i, f := range all {
		refs[i] = MatterRef{q.Kind, f.id}
	}
	page, err = s.existing(ctx, refs)
	return page, next, err
}

// findMatters looks up at least one entry more than a page holds, if there are.
func (s *Store) findMatters(ctx context.Context, q *MatterQuery) (all []found, err error) {
	ranges, after, err := q.ranges()
	if err != nil {
		return nil, err
	}
	var replies []*redis.ZSliceCmd
	for nodes := range slices.Chunk(s.Registry().Subtree(q.Node), pipelineSize) {
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, node := range nodes {
				for _, r := range ranges {
					replies = append(replies, s.zrange(ctx, p, s.keys.matters(q.Kind, q.By, node), r, q.Newest))
				}
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
	}
	for _, reply := range replies {
		for _, z := range reply.Val() {
			member, _ := z.Member.(string)
			f := found{int64(z.Score), MatterID(fromRaw(member))}
			if after == nil || !q.Newest && f.compare(*after) > 0 || q.Newest && f.compare(*after) < 0 {
				all = append(all, f)
			}
		}
	}
	return all, nil
}

func (s *Store) zrange(ctx context.Context, p redis.Pipeliner, key string, r redis.ZRangeBy, newest bool) *redis.ZSliceCmd {
	if newest {
		return p.ZRevRangeByScoreWithScores(ctx, key, &r)
	}
	return p.ZRangeByScoreWithScores(ctx, key, &r)
}

// ranges are what is read of each list. Entries of the same millisecond as the
// cursor are all read, since a page can end among them.
func (q *MatterQuery) ranges() (ranges []redis.ZRangeBy, after *found, err error) {
	from, to := strconv.FormatInt(q.From, 10), "+inf"
	if q.To != 0 {
		to = "(" + strconv.FormatInt(q.To, 10)
	}
	if q.Cursor != "" {
		f, err := parseMatterCursor(q.Cursor)
		if err != nil {
			return nil, nil, err
		}
		at := strconv.FormatInt(f.score, 10)
		ranges, after = append(ranges, redis.ZRangeBy{Min: at, Max: at}), &f
		if q.Newest {
			to = "(" + at
		} else {
			from = "(" + at
		}
	}
	return append(ranges, redis.ZRangeBy{Min: from, Max: to, Count: int64(q.Limit) + 1}), after, nil
}

// mattersAbout reads those about one person, who have few.
func (s *Store) mattersAbout(ctx context.Context, q *MatterQuery) ([]Matter, string, error) {
	members, err := s.rdb.ZRangeWithScores(ctx, s.keys.mattersOf(q.Person), 0, -1).Result()
	if err != nil {
		return nil, "", unavailable(err)
	}
	var refs []MatterRef
	for _, z := range members {
		member, _ := z.Member.(string)
		if ref, ok := parseMatterMember(member); ok && ref.Kind == q.Kind {
			refs = append(refs, ref)
		}
	}
	mine, err := s.existing(ctx, refs)
	if err != nil {
		return nil, "", err
	}
	var after *found
	if q.Cursor != "" {
		f, err := parseMatterCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		after = &f
	}
	var all []found
	for i := range mine {
		m := &mine[i]
		f, there := found{m.OpenedAt, m.ID}, m.Person == q.Person
		switch q.By {
		case OpenOnly:
			there = there && m.Open()
		case ClosedOnly:
			f.score, there = m.ClosedAt, there && !m.Open()
		}
		there = there && f.score >= q.From && (q.To == 0 || f.score < q.To)
		if there && (after == nil || !q.Newest && f.compare(*after) > 0 || q.Newest && f.compare(*after) < 0) {
			all = append(all, f)
		}
	}
	return s.mattersPage(ctx, q, all)
}

// existing reads matters and leaves out those that are not there any more.
func (s *Store) existing(ctx context.Context, refs []MatterRef) ([]Matter, error) {
	all, err := s.readMatters(ctx, refs)
	return slices.DeleteFunc(all, func(m Matter) bool { return !m.There() }), err
}

// ReadMatters reads matters in the order of refs; one that is not there has no state,
// see There. Errors: ErrUnavailable.
func (s *Store) ReadMatters(ctx context.Context, refs []MatterRef) ([]Matter, error) {
	return s.readMatters(ctx, refs)
}

// readMatters reads matters in the order of refs; one that is not there has no state.
func (s *Store) readMatters(ctx context.Context, refs []MatterRef) ([]Matter, error) {
	all := make([]Matter, 0, len(refs))
	for some := range slices.Chunk(refs, pipelineSize) {
		keys := make([]string, len(some))
		for i, ref := range some {
			keys[i] = s.keys.matter(ref.Kind, ref.ID)
		}
		values, err := s.rdb.MGet(ctx, keys...).Result()
		if err != nil {
			return nil, unavailable(err)
		}
		for i, ref := range some {
			m := Matter{Kind: ref.Kind, ID: ref.ID}
			if stored, ok := values[i].(string); ok {
				if m, err = s.openMatter(ref.Kind, ref.ID, stored); err != nil {
					return nil, err
				}
			}
			all = append(all, m)
		}
	}
	return all, nil
}

// CountMatters counts the entries of one list with from <= time < to (UTC ms, to 0:
// no end), by the node that each belongs to itself; nodes without any are left out.
func (s *Store) CountMatters(ctx context.Context, kind MatterKind, by MatterOrder, from, to int64) (map[string]int64, error) {
	before := "+inf"
	if to != 0 {
		before = "(" + strconv.FormatInt(to, 10)
	}
	counts := map[string]int64{}
	for nodes := range slices.Chunk(s.Registry().Subtree(""), pipelineSize) {
		replies := make([]*redis.IntCmd, len(nodes))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, node := range nodes {
				replies[i] = p.ZCount(ctx, s.keys.matters(kind, by, node), strconv.FormatInt(from, 10), before)
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for i, node := range nodes {
			if n := replies[i].Val(); n > 0 {
				counts[node] = n
			}
		}
	}
	return counts, nil
}

// DueMatters reads the open ones of a kind that were due before a time (UTC ms), the
// longest due first, at most MaxDueMatters.
func (s *Store) DueMatters(ctx context.Context, kind MatterKind, before int64) ([]Matter, error) {
	ids, err := s.rdb.ZRangeByScore(ctx, s.keys.mattersDue(kind), &redis.ZRangeBy{
		Min: "-inf", Max: fmt.Sprintf("(%d", before), Count: MaxDueMatters,
	}).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	refs := make([]MatterRef, len(ids))
	for i, id := range ids {
		refs[i] = MatterRef{kind, MatterID(fromRaw(id))}
	}
	due, err := s.existing(ctx, refs)
	return slices.DeleteFunc(due, func(m Matter) bool { return !m.Late(before) }), err
}

// Subtree lists a node and all below it; of "" all nodes, and "" itself.
func (r *Registry) Subtree(node string) []string {
	if node == "" {
		nodes := []string{""}
		for _, n := range r.GridNodes() {
			nodes = append(nodes, n.ID)
		}
		return nodes
	}
	below := map[string][]string{}
	for _, n := range r.grid {
		below[n.Parent] = append(below[n.Parent], n.ID)
	}
	nodes := []string{node}
	for i := 0; i < len(nodes) && i < len(r.grid); i++ {
		nodes = append(nodes, below[nodes[i]]...)
	}
	slices.Sort(nodes[1:])
	return nodes
}

// Heads are those who answer for a node, the nearest first: its own head, then those
// of the nodes above it. Who has no account, or one out of use, is left out.
func (r *Registry) Heads(node string) (heads []*Staff) {
	for range maxGridDepth {
		n, ok := r.grid[node]
		if !ok {
			break
		}
		if who, ok := r.staff[n.Head]; ok && !who.Disabled && !slices.Contains(heads, who) {
			heads = append(heads, who)
		}
		node = n.Parent
	}
	return heads
}

// Now is the store's clock, UTC ms.
func (s *Store) Now() int64 { return s.now() }

// Bounds are the first millisecond of a day at the place and that of the next one,
// in UTC ms.
func (s *Store) Bounds(d Day) (from, to int64) {
	at := func(d Day) int64 { return time.Date(1970, 1, 1+int(d), 0, 0, 0, 0, s.zone).UnixMilli() }
	return at(d), at(d + 1)
}
