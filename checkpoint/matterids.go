package checkpoint

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// MatterIDs are the names of all matters of a query, which has no cursor, limit or
// person, in no order. They are not read, so the whole town's of a day take a moment.
// Errors: ErrUnavailable.
func (s *Store) MatterIDs(ctx context.Context, q MatterQuery) (ids []MatterID, err error) {
	ranges, _, err := q.ranges()
	if err != nil {
		return nil, err
	}
	all := ranges[0]
	all.Count = 0 // no limit
	for nodes := range slices.Chunk(s.Registry().Subtree(q.Node), pipelineSize) {
		replies := make([]*redis.StringSliceCmd, len(nodes))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, node := range nodes {
				replies[i] = p.ZRangeByScore(ctx, s.keys.matters(q.Kind, q.By, node), &all)
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, reply := range replies {
			for _, id := range reply.Val() {
				ids = append(ids, MatterID(fromRaw(id)))
			}
		}
	}
	return ids, nil
}
