package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"golang.org/x/text/unicode/norm"
)

// MaxNamesakes is how many people one search by name finds.
const MaxNamesakes = 50

// namesakesRead is how many records of people with the name are read to choose those
// from: who answers for a part of the town finds theirs among all.
const namesakesRead = 2000

// NameQuery asks for people by name.
type NameQuery struct {
	Name string // whole, in any way to write it that CleanName and NFC bring to one form
	Site string // code of their home, "": of the whole town
	// Within tells for a node of the grid whether people there are meant; nil: all.
	Within func(node string) bool
	// Copy of the people in this process, which makes it quick; nil: Redis is asked
	// for everybody's masked name.
	Copy *Standby
}

// SearchName finds residents (also who has died or moved away) and visitors by their
// whole name. It gives at most MaxNamesakes, by site and door, and whether there are
// more.
//
// There is no index of names. The masked name, which stands in the clear in each
// record, leaves about one in a hundred; the sealed identities of those are opened.
// Who was enrolled or renamed less than a second ago may be missed if the copy is
// asked. Errors: *FieldError for "name" or "site", ErrUnavailable.
func (s *Store) SearchName(ctx context.Context, q NameQuery) (found []Resident, more bool, err error) {
	name, err := CleanName(q.Name)
	if err != nil {
		return nil, false, err
	}
	name = norm.NFC.String(name)
	var home *Site
	if q.Site != "" {
		var ok bool
		if home, ok = s.Registry().Site(q.Site); !ok {
			return nil, false, &FieldError{"site", "is not the code of a known site"}
		}
	}
	var members [Partitions][]string
	if masked := norm.NFC.String(MaskName(name)); q.Copy != nil {
		members = q.Copy.copy.masked(masked, home)
	} else if members, err = s.masked(ctx, masked, home); err != nil {
		return nil, false, err
	}
	ids, err := s.openMatching(ctx, members, nil, func(who *identity) bool { return sameForm(who.Name, name) })
	if err != nil {
		return nil, false, err
	}
	slices.Sort(ids)
	if more = len(ids) > namesakesRead; more {
		ids = ids[:namesakesRead]
	}
	found, err = s.Residents(ctx, ids)
	if err != nil {
		return nil, false, err
	}
	found = slices.DeleteFunc(found, func(r Resident) bool {
		return r.Kind != KindResident && r.Kind != KindVisitor || !sameForm(r.Name, name) ||
			home != nil && r.Site != home.Code || q.Within != nil && !q.Within(r.Grid)
	})
	slices.SortFunc(found, func(a, b Resident) int {
		return cmp.Or(strings.Compare(a.Site, b.Site), strings.Compare(a.Door, b.Door), cmp.Compare(a.ID, b.ID))
	})
	more = more || len(found) > MaxNamesakes
	return found[:min(len(found), MaxNamesakes)], more, nil
}

// masked lists those of a copy who have this masked name, and this home if it is not
// nil, as home sets have them.
func (n *snapshot) masked(name string, home *Site) (members [Partitions][]string) {
	nameAt, homeAt := factPlace["n"], factPlace["h"]
	for part := range n.parts {
		n.mu.RLock()
		for id, f := range n.parts[part].people {
			masked, _ := f.field(nameAt)
			if !sameForm(masked, name) {
				continue
			}
			if at, _ := f.field(homeAt); home == nil || at == strconv.FormatUint(uint64(home.Num), 10) {
				members[part] = append(members[part], raw(id))
			}
		}
		n.mu.RUnlock() // nobody waits for more than one partition
	}
	return members
}

// masked is snapshot.masked of what is in Redis.
func (s *Store) masked(ctx context.Context, name string, home *Site) (members [Partitions][]string, err error) {
	if home != nil {
		return s.membersOf(ctx, home) // a few thousand at most: their identities tell
	}
	for part := range members {
		ids, err := s.peopleOf(ctx, part)
		if err != nil {
			return members, err
		}
		names := make([]*redis.StringCmd, len(ids))
		_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range ids {
				names[i] = p.HGet(ctx, s.keys.person(id), "n")
			}
			return nil
		})
		if err != nil && !isNil(err) {
			return members, unavailable(err)
		}
		for i, id := range ids {
			if sameForm(names[i].Val(), name) {
				members[part] = append(members[part], raw(id))
			}
		}
	}
	return members, nil
}

// sameForm compares a stored text with one in NFC.
func sameForm(stored, nfc string) bool {
	return stored == nfc || !norm.NFC.IsNormalString(stored) && norm.NFC.String(stored) == nfc
}
