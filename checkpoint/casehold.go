package checkpoint

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// holds tells whether the events of the case's people are kept beyond retention.
// The end of the campaign (UTC ms, 0: it runs) closes every case that far.
func (c *Case) holds(now, campaignEnded int64) bool {
	closed := c.ClosedAt
	if closed == 0 {
		closed = campaignEnded
	}
	return closed == 0 || now < closed+CaseHold.Milliseconds()
}

// Held are the people whose events are kept although retention is over: those
// of cases, and those with a fever case, that are open or were closed less than
// CaseHold ago.
func (s *Store) Held(ctx context.Context) (map[uint64]bool, error) {
	cases, err := s.Cases(ctx)
	if err != nil {
		return nil, err
	}
	campaign, err := s.Campaign(ctx)
	if err != nil {
		return nil, err
	}
	held, now := map[uint64]bool{}, s.now()
	for i := range cases {
		if !cases[i].holds(now, campaign.EndedAt) {
			continue
		}
		for _, id := range cases[i].People {
			held[id] = true
		}
	}
	return held, s.holdFevers(ctx, held, now-CaseHold.Milliseconds())
}

// holdFevers adds the people of fever cases that are open or were closed since
// a time (UTC ms).
func (s *Store) holdFevers(ctx context.Context, held map[uint64]bool, since int64) error {
	replies := make([]*redis.StringSliceCmd, 0, 2*Partitions)
	_, err := s.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for p := range Partitions {
			replies = append(replies, pipe.ZRange(ctx, s.keys.fevers(p), 0, -1),
				pipe.ZRangeByScore(ctx, s.keys.closedFevers(p), &redis.ZRangeBy{Min: "(" + strconv.FormatInt(since, 10), Max: "+inf"}))
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	var ids []FeverID
	for _, reply := range replies {
		for _, id := range reply.Val() {
			ids = append(ids, FeverID(fromRaw(id)))
		}
	}
	for ; len(ids) > 0; ids = ids[min(pipelineSize, len(ids)):] {
		fevers, err := s.readFevers(ctx, ids[:min(pipelineSize, len(ids))])
		if err != nil {
			return err
		}
		for i := range fevers {
			held[fevers[i].Person] = true
		}
	}
	return nil
}
