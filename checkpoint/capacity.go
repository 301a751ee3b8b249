package checkpoint

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// How many people are inside a site is counted by the scan script itself, in
// each partition, together with the passage. A site's number is the sum over
// the partitions; every gateway adds it up for the sites that have a limit
// when it asks for the rules (every 250 ms). So site_full may lag by that much,
// and a site may be overfilled by who entered within it; all else that a
// verdict rests on is exact.

// occupancy is one look at the sites that have a limit.
type occupancy map[uint32]int

// full tells whether a site with a limit has reached it.
func (s *Store) full(site *Site, r *SiteRules) bool {
	if r.Capacity == 0 {
		return false
	}
	inside := s.occupied.Load()
	return inside != nil && (*inside)[site.Num] >= r.Capacity
}

// watchOccupancy looks at the sites that have a limit now.
func (s *Store) watchOccupancy(ctx context.Context) error {
	var sites []*Site
	reg, now := s.Registry(), s.now()
	for _, site := range reg.Sites() {
		if reg.RulesAt(site, now).Capacity > 0 {
			sites = append(sites, site)
		}
	}
	counts, err := s.Inside(ctx, sites)
	if err != nil {
		return err
	}
	seen := make(occupancy, len(sites))
	for i, site := range sites {
		seen[site.Num] = counts[i]
	}
	s.occupied.Store(&seen)
	return nil
}

// Inside counts the people who are inside each of the sites by their last
// passage. Who left without a scan counts until they pass any gate again.
func (s *Store) Inside(ctx context.Context, sites []*Site) ([]int, error) {
	if len(sites) == 0 {
		return nil, nil
	}
	fields := make([]string, len(sites))
	for i, site := range sites {
		fields[i] = string(binary.BigEndian.AppendUint32(nil, site.Num))
	}
	replies := make([]*redis.SliceCmd, Partitions)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range replies {
			replies[part] = p.HMGet(ctx, s.keys.inside(part), fields...)
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	counts := make([]int, len(sites))
	for _, reply := range replies {
		for i, v := range reply.Val() {
			text, _ := v.(string)
			n, _ := strconv.Atoi(text) // no field: nobody
			counts[i] += n
		}
	}
	return counts, nil
}
