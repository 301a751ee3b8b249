package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"passgate/checkpoint/trajectory"
)

// Bounds of Crowd.
const (
	MaxCrowdWindows = 20
	// maxCrowd is how many people are kept in mind at once: 24 bytes each.
	maxCrowd = 500_000
)

// CrowdWindow is one place and time of a question for a crowd. From is
// included, To is not (UTC ms, at most 61 days).
type CrowdWindow struct {
	Gate string // code of a gate, or
	Site string // code of a site
	From int64
	To   int64
}

// CrowdMember is somebody who was at several of the places.
type CrowdMember struct {
	Person  uint64 // a resident if a walk-in turned out to be one
	Windows []int  // places in the question, from 0, in order
	Minutes int64  // at the windows' sites, within the windows
}

// CrowdResult is the answer: members in order of rank, by how many windows they
// were at, then minutes, then ID.
type CrowdResult struct {
	Members []CrowdMember
	Total   int // found; more than len(Members) if the list was cut
}

// crowdPlace is a window with what was looked up for it.
type crowdPlace struct {
	CrowdWindow
	site      *Site
	gate      *Gate // nil: anywhere at the site
	end, asOf int64
}

// Crowd finds people who were at at least atLeast of several places and times:
// what the people of a cluster have in common. Somebody was at a site if a stay
// of theirs there reaches into the window (trajectory's rules, as of its end),
// and at a gate if they passed it in the window, in or out; whoever was not let
// in was not there. At most limit members are listed (1 to MaxContacts).
//
// Errors: *FieldError (also when more than 500,000 people were there, or more
// than 20,000 at enough of the places), ErrNotFound, ErrTrailTooLong,
// ErrUnavailable.
func (s *Store) Crowd(ctx context.Context, windows []CrowdWindow, atLeast, limit int) (CrowdResult, error) {
	places, err := s.crowdPlaces(windows, atLeast, limit)
	if err != nil {
		return CrowdResult{}, err
	}
	d := newDirectory(s)
	seen, err := s.maybeThere(ctx, d, places)
	if err != nil {
		return CrowdResult{}, err
	}
	var ids []uint64
	for id, set := range seen {
		if bits.OnesCount32(set) >= atLeast {
			ids = append(ids, id)
		}
	}
	if len(ids) > maxCandidates {
		return CrowdResult{}, &FieldError{"at_least", fmt.Sprintf(
			"%d people may have been at %d of these places: raise it, or give shorter windows", len(ids), atLeast)}
	}
	slices.Sort(ids)
	members, err := s.wereThere(ctx, d, ids, places, atLeast)
	if err != nil {
		return CrowdResult{}, err
	}
	slices.SortFunc(members, func(a, b CrowdMember) int {
		return cmp.Or(cmp.Compare(len(b.Windows), len(a.Windows)), cmp.Compare(b.Minutes, a.Minutes), cmp.Compare(a.Person, b.Person))
	})
	return CrowdResult{members[:min(limit, len(members))], len(members)}, nil
}

// crowdPlaces checks the question.
func (s *Store) crowdPlaces(windows []CrowdWindow, atLeast, limit int) ([]crowdPlace, error) {
	reg, now := s.Registry(), s.now()
	switch {
	case len(windows) < 2 || len(windows) > MaxCrowdWindows:
		return nil, &FieldError{"windows", fmt.Sprintf("must be 2 to %d", MaxCrowdWindows)}
	case atLeast < 2 || atLeast > len(windows):
		return nil, &FieldError{"at_least", "must be 2 to the number of windows"}
	case limit < 1 || limit > MaxContacts:
		return nil, &FieldError{"limit", fmt.Sprintf("must be 1 to %d", MaxContacts)}
	}
	places := make([]crowdPlace, len(windows))
	for i, w := range windows {
		p := crowdPlace{CrowdWindow: w, end: min(w.To, now+1), asOf: min(w.To, now)}
		if (w.Gate == "") == (w.Site == "") {
			return nil, &FieldError{"windows", "each names a gate or a site, not both"}
		}
		if w.From < 0 || w.To <= w.From || w.To-w.From > maxWindow || w.From > now {
			return nil, &FieldError{"windows", "each must run forward, begin in the past and span at most 61 days"}
		}
		var ok bool
		code := w.Site
		if w.Gate != "" {
			if p.gate, ok = reg.Gate(w.Gate); !ok {
				return nil, notFound("gate", w.Gate)
			}
			code = p.gate.Site
		}
		if p.site, ok = reg.Site(code); !ok {
			return nil, notFound("site", code)
		}
		places[i] = p
	}
	return places, nil
}

// maybeThere tells of everybody at which places they were, as far as the gates
// of these places tell: see venue.
func (s *Store) maybeThere(ctx context.Context, d *directory, places []crowdPlace) (map[uint64]uint32, error) {
	reg, seen := s.Registry(), map[uint64]uint32{}
	rules := reg.StayRules()
	for i := range places {
		p := &places[i]
		gates, since := []*Gate{p.gate}, p.From
		if p.gate == nil {
			gates, since = reg.gatesOf(p.site), lookBack(rules, p.site.Num, p.From, s.recordsSince(p.From, p.end))
		}
		v, err := s.readVenue(ctx, d, p.site, gates, since, p.end, p.asOf)
		if errors.Is(err, errVenueTooLarge) {
			return nil, &FieldError{"windows", fmt.Sprintf("more than %d passages to look at for one of them: give shorter windows", maxVenueEvents)}
		}
		if err != nil {
			return nil, err
		}
		v.eachTouching(p.From, p.end, func(j *sojourn) { seen[j.person] |= 1 << i })
		if len(seen) > maxCrowd {
			return nil, &FieldError{"windows", fmt.Sprintf("more than %d people were there: give shorter windows", maxCrowd)}
		}
	}
	return seen, nil
}

// wereThere reads the records of people and keeps those who were at enough of
// the places.
func (s *Store) wereThere(ctx context.Context, d *directory, ids []uint64, places []crowdPlace, atLeast int) (members []CrowdMember, err error) {
	rules, sites := s.Registry().StayRules(), map[uint32]bool{}
	r := records{s: s, d: d, matters: func(site uint32) bool { return sites[site] }}
	earliest := int64(forever)
	for i := range places {
		r.end, earliest = max(r.end, places[i].end), min(earliest, places[i].From)
		sites[places[i].site.Num] = true
	}
	r.first, r.early = s.recordsSince(earliest, r.end), r.end
	for i := range places {
		r.early = min(r.early, lookBack(rules, places[i].site.Num, places[i].From, r.first))
	}
	err = r.each(ctx, ids, func(k *known, facts []trajectory.Event) {
		m, together := CrowdMember{Person: k.id}, int64(0)
		for i := range places {
			there, ms := places[i].who(facts, rules)
			if there {
				m.Windows = append(m.Windows, i)
			}
			together += ms
		}
		m.Minutes = together / 60_000
		if len(m.Windows) >= atLeast {
			members = append(members, m)
		}
	})
	return members, err
}

// who tells whether a person was at the place, and for how long (ms) at its
// site.
func (p *crowdPlace) who(facts []trajectory.Event, rules trajectory.Rules) (there bool, ms int64) {
	var seen []trajectory.Event
	for _, f := range facts {
		if f.At >= p.end {
			continue
		}
		seen = append(seen, f)
		entered := f.Direction == trajectory.In && f.Accepted
		if p.gate != nil && f.Gate == p.gate.Num && f.At >= p.From && (entered || f.Direction == trajectory.Out) {
			there = true
		}
	}
	for _, stay := range trajectory.Fold(seen, p.asOf, rules) {
		if stay.Site != p.site.Num || stay.To < p.From || stay.To == p.From && stay.From < p.From {
			continue
		}
		there = there || p.gate == nil
		ms += min(stay.To, p.asOf) - max(stay.From, p.From)
	}
	return there, ms
}
