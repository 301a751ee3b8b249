package checkpoint

import (
	"context"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"
)

// FindByDocument gives the person who has this identity document, in any way to
// write it. ErrNotFound if there is none, a *FieldError for "id_number" if it
// cannot be one.
func (s *Store) FindByDocument(ctx context.Context, number string) (uint64, error) {
	number, err := ParseDocument(number)
	if err != nil {
		return 0, err
	}
	found, err := s.lookUp(ctx, "d", "document", number, func(r Resident) bool { return r.IDNumber == number })
	if err != nil {
		return 0, err
	}
	if len(found) == 0 {
		return 0, fmt.Errorf("%w: a person with this document", ErrNotFound)
	}
	return found[0], nil
}

// FindByPhone gives the people who have this phone number, at most 16, none if
// it is nobody's. A *FieldError for "phone" if it cannot be one.
func (s *Store) FindByPhone(ctx context.Context, phone string) ([]uint64, error) {
	phone, err := ParsePhone(phone)
	if err != nil {
		return nil, err
	}
	if phone == "" {
		return nil, &FieldError{"phone", "is missing"}
	}
	return s.lookUp(ctx, "f", "phone", phone, func(r Resident) bool { return r.Phone == phone })
}

// lookUp reads a blind index, under every version of the keys, and keeps those who really have the value: an
// entry is written before its person and outlives a change that was cut off.
func (s *Store) lookUp(ctx context.Context, kind, what, value string, has func(Resident) bool) ([]uint64, error) {
	var use *redis.StringCmd
	var replies []*redis.StringCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		use = p.HGet(ctx, s.keys.registry("seal"), "use")
		for version, hash := range s.seal.indexHashes(what, value) {
			replies = append(replies, p.HGet(ctx, s.keys.index(version, kind, hash), raw(hash)))
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	if _, err := s.useOf(use); err != nil { // an index that cannot be read here may have the answer
		return nil, err
	}
	var candidates []uint64
	for _, reply := range replies {
		ids, err := reply.Result()
		if err != nil && !isNil(err) {
			return nil, unavailable(err)
		}
		for _, id := range rawList(ids) {
			if !slices.Contains(candidates, id) {
				candidates = append(candidates, id)
			}
		}
	}
	people, err := s.Residents(ctx, candidates)
	if err != nil {
		return nil, err
	}
	var found []uint64
	for _, p := range people {
		if has(p) {
			found = append(found, p.ID)
		}
	}
	return found, nil
}

// Export hands every resident of the sites for which within is true (all, if
// nil) to fn, each once, in no useful order, and stops at fn's first error.
// Memory does not grow with the number of people. Who is enrolled or moves
// meanwhile may be missing or appear with the old or the new home.
func (s *Store) Export(ctx context.Context, fn func(Resident) error, within func(site *Site) bool) error {
	sites := s.Registry().Sites()
	for p := range Partitions {
		var sets []string
		for _, site := range sites {
			if within == nil || within(site) {
				sets = append(sets, s.keys.homeSet(p, site.Num))
			}
		}
		if err := s.eachMember(ctx, sets, fn); err != nil {
			return err
		}
	}
	return nil
}

// ResidentsOf hands every resident of one site to fn, as Export does.
// ErrNotFound if there is no such site.
func (s *Store) ResidentsOf(ctx context.Context, site string, fn func(Resident) error) error {
	home, ok := s.Registry().Site(site)
	if !ok {
		return notFound("site", site)
	}
	sets := make([]string, Partitions)
	for p := range sets {
		sets[p] = s.keys.homeSet(p, home.Num)
	}
	return s.eachMember(ctx, sets, fn)
}

// setsAtOnce is how many home sets are read in one round trip: a set has the
// people of one site in one partition, a few dozen.
const setsAtOnce = 32

// eachMember reads the members of home sets and hands them to fn in portions.
func (s *Store) eachMember(ctx context.Context, sets []string, fn func(Resident) error) error {
	var ids []uint64
	flush := func(n int) error {
		people, err := s.Residents(ctx, ids[:n])
		if err != nil {
			return err
		}
		ids = append(ids[:0], ids[n:]...)
		for _, p := range people {
			if err := fn(p); err != nil {
				return err
			}
		}
		return nil
	}
	for start := 0; start < len(sets); start += setsAtOnce {
		part := sets[start:min(start+setsAtOnce, len(sets))]
		replies := make([]*redis.StringSliceCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, key := range part {
				replies[i] = p.HKeys(ctx, key)
			}
			return nil
		})
		if err != nil {
			return unavailable(err)
		}
		for _, reply := range replies {
			for _, id := range reply.Val() {
				ids = append(ids, fromRaw(id))
			}
		}
		for len(ids) >= pipelineSize {
			if err := flush(pipelineSize); err != nil {
				return err
			}
		}
	}
	return flush(len(ids))
}
