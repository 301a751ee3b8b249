package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// HouseholdMembers are the residents of a household, who share a site and a
// door, longest enrolled first. Who has moved away or died is none any more.
// ErrNotFound for the site.
func (s *Store) HouseholdMembers(ctx context.Context, site string, household uint64) ([]Resident, error) {
	home, ok := s.Registry().Site(site)
	if !ok {
		return nil, notFound("site", site)
	}
	return s.household(ctx, household, home.Num)
}

// household finds the members among those of the site's people who live in the
// household's partition, a few dozen, in three round trips for any of them.
func (s *Store) household(ctx context.Context, household uint64, site uint32) ([]Resident, error) {
	ids, err := s.rdb.HKeys(ctx, s.keys.homeSet(partitionOf(household), site)).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	replies := make([]*redis.SliceCmd, len(ids)+1)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range append(ids, raw(household)) { // one more, so that a home without people is no less work
			replies[i] = p.HMGet(ctx, s.keys.person(fromRaw(id)), "s", "u", "k")
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	var members []uint64
	for i, id := range ids {
		var text [3]string
		for n, v := range replies[i].Val() {
			text[n], _ = v.(string)
		}
		if isMember(text[0], text[1], text[2], household) {
			members = append(members, fromRaw(id))
		}
	}
	if len(members) == 0 {
		members = []uint64{household} // nobody: as above
	}
	people, err := s.Residents(ctx, members)
	if err != nil {
		return nil, err
	}
	people = slices.DeleteFunc(people, func(p Resident) bool { return p.Household != household || p.Status == StatusGone })
	slices.SortFunc(people, func(a, b Resident) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return people, nil
}

// HouseholdMember reads one member of a household. Whoever is none, or is not at
// all, is ErrNotFound alike.
func (s *Store) HouseholdMember(ctx context.Context, household, person uint64) (Resident, error) {
	found, err := s.Residents(ctx, []uint64{person})
	if err != nil {
		return Resident{}, err
	}
	if len(found) == 0 || found[0].Household != household || found[0].Kind != KindResident || found[0].Status == StatusGone {
		return Resident{}, notFound("member", FormatPersonID(person))
	}
	return found[0], nil
}

// siteByText finds a site by its number as it is stored.
func (s *Store) siteByText(text string) (*Site, bool) {
	num, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return nil, false
	}
	return s.Registry().SiteByNum(uint32(num))
}
