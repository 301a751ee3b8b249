package checkpoint

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// PolicyPreview is what a policy would do at the moment at which it begins.
type PolicyPreview struct {
	Policy    Policy // with what was left out filled in
	Sites     []SitePreview
	Residents int // who live at the sites
	Inside    int // who are now inside those that would close or be overfull
}

// SitePreview is what a policy would do at one site that it touches.
type SitePreview struct {
	Site      *Site
	Gates     []*Gate
	Changes   []RuleChange // from the rules in force then without it; none: they say so already
	Residents int
	Inside    int  // now, by the last passage of each person
	Closes    bool // shut from then on, or out of its hours
	Overfull  bool // would hold more people than it may
}

// PreviewPolicy tells whom a policy would touch and changes nothing. Errors are
// those of Draft.PutPolicy.
func (s *Store) PreviewPolicy(ctx context.Context, p Policy) (PolicyPreview, error) {
	now := s.Registry()
	d := &Draft{Registry: now.clone(), now: s.now()}
	if err := d.PutPolicy(p); err != nil {
		return PolicyPreview{}, err
	}
	out := PolicyPreview{Policy: *d.policies[p.Code]}
	sites := d.Touched(&out.Policy)
	residents, err := s.livingAt(ctx, sites)
	if err != nil {
		return PolicyPreview{}, err
	}
	inside, err := s.Inside(ctx, sites)
	if err != nil {
		return PolicyPreview{}, err
	}
	gates := map[string][]*Gate{}
	for _, gate := range now.Gates() {
		gates[gate.Site] = append(gates[gate.Site], gate)
	}
	from := time.UnixMilli(out.Policy.From)
	shut := func(r *SiteRules) bool { return r.Closed || !r.openAt(from, s.zone) }
	for i, site := range sites {
		before, after := now.RulesAt(site, out.Policy.From), d.RulesAt(site, out.Policy.From)
		v := SitePreview{
			Site: site, Gates: gates[site.Code], Changes: before.changesTo(after), Residents: residents[i], Inside: inside[i],
			Closes:   shut(after) && !shut(before),
			Overfull: after.Capacity > 0 && after.Capacity != before.Capacity && inside[i] > after.Capacity,
		}
		out.Residents += v.Residents
		if v.Closes || v.Overfull {
			out.Inside += v.Inside
		}
		out.Sites = append(out.Sites, v)
	}
	return out, nil
}

// livingAt counts the people whose home is each of the sites.
func (s *Store) livingAt(ctx context.Context, sites []*Site) ([]int, error) {
	counts := make([]int, len(sites))
	replies := make([][Partitions]*redis.IntCmd, len(sites))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, site := range sites {
			for part := range Partitions {
				if site.Kind.Residential() { // people live nowhere else
					replies[i][part] = p.HLen(ctx, s.keys.homeSet(part, site.Num))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for i := range sites {
		for _, reply := range replies[i] {
			if reply != nil {
				counts[i] += int(reply.Val())
			}
		}
	}
	return counts, nil
}
