package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Home is a household as the grid counts it: who shares a door, or somebody without
// one. A household lies at the node of whichever of its people has the lowest ID.
type Home struct {
	Household uint64
	Site      string // code
	Node      string // of the grid
	People    []uint64
}

// homesAtOnce is how many connections read homes at a time.
const homesAtOnce = 4

// homePerson is what is read of somebody who lives at a site.
type homePerson struct {
	id, household uint64
	node          string
}

// Homes lists the households of a node of the grid and of all below it ("": of the
// town), by site and household, from what each person's record says. Who has moved
// away or died is in none. Names are not opened: a hundred thousand people take a
// second. Errors: ErrUnavailable.
func (s *Store) Homes(ctx context.Context, node string) ([]Home, error) {
	reg := s.Registry()
	var sites []*Site
	for _, site := range reg.Sites() {
		if site.Kind.Residential() && (reg.Within(site.Grid, node) || reg.Within(node, site.Grid)) {
			sites = append(sites, site)
		}
	}
	of := make([][]Home, len(sites))
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for range homesAtOnce {
		wait.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(sites) {
					return
				}
				homes, err := s.homesAt(ctx, sites[i])
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				of[i] = slices.DeleteFunc(homes, func(h Home) bool { return !reg.Within(h.Node, node) })
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return slices.Concat(of...), nil
}

// homesAt are the households of one site.
func (s *Store) homesAt(ctx context.Context, site *Site) ([]Home, error) {
	members, err := s.membersOf(ctx, site)
	if err != nil {
		return nil, err
	}
	var ids []uint64
	for _, some := range members {
		for _, id := range some {
			ids = append(ids, fromRaw(id))
		}
	}
	people, err := s.homePeople(ctx, site, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(people, func(a, b homePerson) int {
		return cmp.Or(cmp.Compare(a.household, b.household), cmp.Compare(a.id, b.id))
	})
	var homes []Home
	for _, p := range people {
		if n := len(homes); n == 0 || homes[n-1].Household != p.household {
			homes = append(homes, Home{Household: p.household, Site: site.Code, Node: p.node})
		}
		home := &homes[len(homes)-1]
		home.People = append(home.People, p.id)
	}
	return homes, nil
}

func (s *Store) homePeople(ctx context.Context, site *Site, ids []uint64) (people []homePerson, err error) {
	for part := range slices.Chunk(ids, pipelineSize) {
		replies := make([]*redis.SliceCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range part {
				replies[i] = p.HMGet(ctx, s.keys.person(id), "s", "u", "k", "w")
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for i, id := range part {
			var text [4]string
			for n, v := range replies[i].Val() {
				text[n], _ = v.(string)
			}
			household := fromRaw(text[1])
			if !isMember(text[0], text[1], text[2], household) {
				continue
			}
			if text[3] == "" {
				text[3] = site.Grid
			}
			people = append(people, homePerson{id, household, text[3]})
		}
	}
	return people, nil
}

// HouseholdAt is the household of a door at a site, whether anybody lives there or
// not. The error is a *FieldError for site or door.
func (s *Store) HouseholdAt(site, door string) (uint64, error) {
	home, ok := s.Registry().Site(site)
	if !ok || !home.Kind.Residential() {
		return 0, &FieldError{"site", "must be the code of a village or compound"}
	}
	door, err := cleanDoor(door)
	if err != nil {
		return 0, err
	}
	if door == "" {
		return 0, &FieldError{"door", "is missing: a home without a door is named by its household, as the list gives it"}
	}
	return s.seal.blind("household", home.Code+"\x00"+door), nil
}
