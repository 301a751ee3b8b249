package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"passgate/checkpoint/trajectory"
)

// Occupant is somebody who was inside a site.
type Occupant struct {
	Person uint64 // a resident if a walk-in turned out to be one
	Since  int64  // UTC ms
	Gate   uint32 // number, by which they entered
}

// InsideAt lists who was inside a site at a moment of the past or now, in the
// order in which they entered, then by ID: those whose stay there, by the rules
// of package trajectory and as of that moment, was open. Who left without a scan
// is inside until the site's longest stay is over, at a residential site until
// they pass any gate again; of people who were inside before their first scan
// nothing is known. Errors: *FieldError (also if more than 500,000 people passed
// the site, or more than 20,000 may be inside), ErrNotFound, ErrTrailTooLong,
// ErrUnavailable.
func (s *Store) InsideAt(ctx context.Context, site string, at int64) ([]Occupant, error) {
	reg := s.Registry()
	place, ok := reg.Site(site)
	if !ok {
		return nil, notFound("site", site)
	}
	if at < 0 || at > s.now() {
		return nil, &FieldError{"at", "must not lie in the future"}
	}
	d := newDirectory(s)
	since, err := s.maybeInside(ctx, d, place, at)
	if err != nil {
		return nil, err
	}
	people := make([]*known, 0, len(since))
	for id := range since {
		people = append(people, d.of(id))
	}
	occupants := []Occupant{}
	err = s.eachTrail(ctx, people, func(k *known) int64 { return since[k.id] }, at+1, func(k *known, events []ScanEvent) error {
		stays := trajectory.Fold(reg.Facts(events), at, reg.StayRules())
		if n := len(stays); n > 0 && stays[n-1].Open && stays[n-1].Site == place.Num {
			occupants = append(occupants, Occupant{k.id, stays[n-1].From, stays[n-1].EntryGate})
		}
		return nil
	})
	slices.SortFunc(occupants, func(a, b Occupant) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Person, b.Person))
	})
	return occupants, err
}

// maybeInside gives whoever was inside by the site's own gates, with the time
// from which on their record tells: the last thing that these saw of somebody
// was that they entered.
func (s *Store) maybeInside(ctx context.Context, d *directory, site *Site, at int64) (map[uint64]int64, error) {
	type passage struct {
		at      int64
		hash    [8]byte
		entered bool
	}
	reg, last := s.Registry(), map[uint64]passage{}
	from := lookBack(reg.StayRules(), site.Num, at, s.recordsSince(at, at+1))
	err := s.readGates(ctx, reg.gatesOf(site), from, at+1, func(e *ScanEvent) error {
		if !moved(e) {
			return nil
		}
		p, seen := last[e.Person]
		if !seen && len(last) == maxCrowd {
			return &FieldError{"site", fmt.Sprintf("more than %d people passed its gates", maxCrowd)}
		}
		if !seen || cmp.Or(cmp.Compare(e.OccurredAt, p.at), slices.Compare(e.Hash[:], p.hash[:])) > 0 {
			last[e.Person] = passage{e.OccurredAt, e.Hash, e.Direction == In}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var ids []uint64
	for id, p := range last {
		if p.entered {
			ids = append(ids, id)
		}
	}
	if len(ids) > maxCandidates {
		return nil, &FieldError{"site", fmt.Sprintf("more than %d people may be inside", maxCandidates)}
	}
	if err := d.meet(ctx, ids); err != nil {
		return nil, err
	}
	since := map[uint64]int64{}
	for _, id := range ids {
		k := d.of(id)
		if k == nil {
			continue
		}
		if t, ok := since[k.id]; !ok || last[id].at < t {
			since[k.id] = last[id].at
		}
	}
	return since, nil
}
