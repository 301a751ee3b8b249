package checkpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// MaxHomeSearch is how many people one search at a gate finds.
const MaxHomeSearch = 20

// maxHomeQuery bounds a query, in bytes.
const maxHomeQuery = 120

// identitiesAtOnce is how many sealed identities one command reads.
const identitiesAtOnce = 200

// SearchHome finds people who live at a site by how a guard asks for them: the
// whole name or how it begins (two characters at least), the last four characters
// of the document, or the door. It gives at most MaxHomeSearch, by door, and
// whether there are more.
//
// Names are sealed, so it opens the identities of all who live there: no index of
// what people are called is kept anywhere, to be read, swept or erased. SearchName
// does without one as well.
// Errors: ErrNotFound (no such site), a *FieldError for "query", ErrUnavailable.
func (s *Store) SearchHome(ctx context.Context, site, query string) (found []Resident, more bool, err error) {
	home, ok := s.Registry().Site(site)
	if !ok {
		return nil, false, notFound("site", site)
	}
	asked := homeQuery{tail: strings.TrimSpace(query)}
	asked.name, _ = CleanName(query) // what is none of the three finds nobody
	asked.door, _ = cleanDoor(query)
	if asked.tail == "" || len(query) > maxHomeQuery || !utf8.ValidString(query) || asked.name == "" && asked.door == "" {
		return nil, false, &FieldError{"query", "must be a name, or two characters of its beginning, the last four of the document, or the door"}
	}
	members, err := s.membersOf(ctx, home)
	if err != nil {
		return nil, false, err
	}
	ids, err := s.openMatching(ctx, members, asked.needles(), asked.means)
	if err != nil {
		return nil, false, err
	}
	found, err = s.Residents(ctx, ids[:min(len(ids), 4*MaxHomeSearch)])
	if err != nil {
		return nil, false, err
	}
	found = slices.DeleteFunc(found, func(r Resident) bool { return r.Site != site || r.Status == StatusGone })
	slices.SortFunc(found, func(a, b Resident) int { return strings.Compare(a.Door+"\x00"+a.Name, b.Door+"\x00"+b.Name) })
	more = len(found) > MaxHomeSearch || len(ids) > 4*MaxHomeSearch
	return found[:min(len(found), MaxHomeSearch)], more, nil
}

// homeQuery is what a guard asks for, in the form in which each of the three is
// stored.
type homeQuery struct{ name, tail, door string }

// means tells whether somebody is meant.
func (q *homeQuery) means(who *identity) bool {
	tail := who.Document[max(0, len(who.Document)-4):]
	return who.Door != "" && who.Door == q.door || who.Name == q.name || strings.EqualFold(tail, q.tail) ||
		utf8.RuneCountInString(q.name) >= 2 && strings.HasPrefix(who.Name, q.name)
}

// needles are what stands in an identity's JSON if it is meant: looking for them is
// faster than reading the JSON.
func (q *homeQuery) needles() (needles [][]byte) {
	for _, text := range []string{q.name, strings.ToUpper(q.tail), q.door} {
		if plain, _ := json.Marshal(text); len(plain) > 2 { // a string always has a form
			needles = append(needles, plain[1:len(plain)-1])
		}
	}
	return needles
}

// membersOf lists who lives at a site, by partition.
func (s *Store) membersOf(ctx context.Context, home *Site) (members [Partitions][]string, err error) {
	var replies [Partitions]*redis.StringSliceCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range replies {
			replies[part] = p.HKeys(ctx, s.keys.homeSet(part, home.Num))
		}
		return nil
	})
	if err != nil {
		return members, unavailable(err)
	}
	for part, reply := range replies {
		members[part] = reply.Val()
	}
	return members, nil
}

// openMatching opens the identities of people and gives the IDs of those who are
// meant. Of them at least one of needles stands in the JSON, if there are any.
func (s *Store) openMatching(ctx context.Context, members [Partitions][]string, needles [][]byte, means func(*identity) bool) (ids []uint64, err error) {
	var people [][]string
	var replies []*redis.SliceCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, all := range members {
			for some := range slices.Chunk(all, identitiesAtOnce) { // of one partition, so in one slot
				keys := make([]string, len(some))
				for i, id := range some {
					keys[i] = s.keys.identity(fromRaw(id))
				}
				people, replies = append(people, some), append(replies, p.MGet(ctx, keys...))
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for i, reply := range replies {
		for k, blob := range reply.Val() {
			text, ok := blob.(string)
			if !ok {
				continue // moved away or erased meanwhile
			}
			id := fromRaw(people[i][k])
			plain, err := s.seal.open(id, []byte(text))
			if err != nil {
				return nil, err
			}
			var who identity
			there := len(needles) == 0 || slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(plain, n) })
			if there && json.Unmarshal(plain, &who) == nil && means(&who) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}
