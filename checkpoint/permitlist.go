package checkpoint

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// permitsRead is the most permits of one partition, those that end last, among
// which a list looks: far more than a town issues in two months.
const permitsRead = 4096

// PermitFilter says which permits a list holds; what is left zero does not
// matter.
type PermitFilter struct {
	Person uint64
	Host   uint64
	Site   string
	State  PermitState
	Within func(*Site) bool // by the permit's site
}

// Permits lists permits, those that end last first, at most MaxPermits; more
// tells that some were left off. What ended is listed for as long as events are
// kept.
func (s *Store) Permits(ctx context.Context, filter PermitFilter) (permits []Permit, more bool, err error) {
	chosen, more, err := s.choosePermits(ctx, &filter)
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(chosen, func(a, b permitMember) int {
		if a.endsAt != b.endsAt {
			return int(b.endsAt - a.endsAt)
		}
		return int(b.number) - int(a.number)
	})
	more = more || len(chosen) > MaxPermits
	permits, err = s.readPermits(ctx, chosen[:min(MaxPermits, len(chosen))])
	return permits, more, err
}

// choosePermits finds the members that a filter lets through; more tells that
// there may be others.
func (s *Store) choosePermits(ctx context.Context, f *PermitFilter) (chosen []permitMember, more bool, err error) {
	accepts, err := f.accepts(s.Registry(), s.now())
	if err != nil {
		return nil, false, err
	}
	read, more, err := s.permitMembers(ctx, f)
	if err != nil {
		return nil, false, err
	}
	chosen = read[:0]
	for i := range read {
		if accepts(&read[i]) {
			chosen = append(chosen, read[i])
		}
	}
	if f.State != PermitOverstayed && f.State != PermitEnded {
		return chosen, more, nil
	}
	holders, err := s.permitHolders(ctx, chosen)
	if err != nil {
		return nil, false, err
	}
	kept, now := chosen[:0], s.now()
	for i := range chosen {
		if holders[i].overstays(&chosen[i], now) == (f.State == PermitOverstayed) {
			kept = append(kept, chosen[i])
		}
	}
	return kept, more, nil
}

// accepts is the filter as far as members tell.
func (f *PermitFilter) accepts(reg *Registry, now int64) (func(*permitMember) bool, error) {
	if f.State != "" && !slices.Contains(PermitStates(), f.State) {
		return nil, &FieldError{"state", "must be one of coming, in_force, ended, overstayed"}
	}
	var num uint32
	if f.Site != "" {
		site, ok := reg.Site(f.Site)
		if !ok {
			return nil, notFound("site", f.Site)
		}
		num = site.Num
	}
	within := map[uint32]bool{}
	for _, site := range reg.Sites() {
		within[site.Num] = f.Within == nil || f.Within(site)
	}
	return func(m *permitMember) bool {
		return m.kind == 'v' && within[m.site] && (num == 0 || m.site == num) &&
			(f.Host == 0 || m.host == f.Host) && (f.Person == 0 || m.person == f.Person) &&
			(f.State != PermitComing || m.from > now) && (f.State != PermitInForce || m.from <= now)
	}, nil
}

// permitMembers reads the members among which a filter may find some, of every
// partition in one round trip; more tells that a partition has others.
func (s *Store) permitMembers(ctx context.Context, f *PermitFilter) (members []permitMember, more bool, err error) {
	now := strconv.FormatInt(s.now(), 10)
	window := &redis.ZRangeBy{Min: strconv.FormatInt(s.now()-s.retention.Milliseconds(), 10), Max: "+inf", Count: permitsRead}
	switch f.State {
	case PermitComing, PermitInForce:
		window.Min = "(" + now
	case PermitEnded, PermitOverstayed:
		window.Max = now
	}
	first, last := 0, Partitions-1
	if f.Person != 0 {
		first, last = partitionOf(f.Person), partitionOf(f.Person)
	}
	replies := make([]*redis.ZSliceCmd, 0, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := first; part <= last; part++ {
			replies = append(replies, p.ZRevRangeByScoreWithScores(ctx, s.keys.permits(part), window))
		}
		return nil
	})
	if err != nil {
		return nil, false, unavailable(err)
	}
	for _, reply := range replies {
		more = more || len(reply.Val()) == permitsRead
		for _, z := range reply.Val() {
			member, _ := z.Member.(string)
			m, err := parsePermitMember(member, z.Score)
			if err != nil {
				return nil, false, fmt.Errorf("list of permits: %w", err)
			}
			members = append(members, m)
		}
	}
	return members, more, nil
}
