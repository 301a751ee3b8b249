package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"

	"passgate/checkpoint/trajectory"
)

// sojourn is a stay in few bytes, with whose it is.
type sojourn struct {
	person                       uint64 // the ID under which they are known
	from, to                     int64  // UTC ms
	site                         uint32
	open, inferred, unknownStart bool
}

// touches tells whether the stay reaches into [from, to], to included: where
// the end of one moment is the beginning of another, both are meant.
func (j *sojourn) touches(from, to int64) bool { return j.from <= to && j.to >= from }

// venue is who was at one site, as its own gates tell it. People pass other
// gates, too, which can only cut a stay short: a stay that the site's gates do
// not show there was not. So a venue names everybody who may have been there;
// whether they were, their own record says.
type venue struct {
	since int64     // UTC ms: passages from then on are in it
	stays []sojourn // by from, but those of early
	early []sojourn // whose beginning lies before since, or was not seen
	long  int64     // the longest of stays, ms
}

// Bounds of one question, so that no question fills the memory.
const (
	maxVenueEvents = 1_000_000 // at one site: 80 MB while they are sorted
	maxCandidates  = 20_000    // people whose records are read at once
)

var errVenueTooLarge = errors.New("checkpoint: too many events at one site")

// movement is an entry or an exit with whose it is.
type movement struct {
	person uint64
	fact   trajectory.Event
}

// moved tells that the event is an entry or an exit. Attempts change no stay.
func moved(e *ScanEvent) bool {
	return e.Person != 0 && e.Counts() && (e.Direction == Out || e.Decision == Pass)
}

// gatesOf lists the gates of a site.
func (r *Registry) gatesOf(site *Site) (gates []*Gate) {
	for _, gate := range r.Gates() {
		if gate.Site == site.Code {
			gates = append(gates, gate)
		}
	}
	return gates
}

// readVenue reads what passed gates of a site with since <= occurred_at < end
// and tells the stays as of a moment. It meets the walk-ins among the people.
func (s *Store) readVenue(ctx context.Context, d *directory, site *Site, gates []*Gate, since, end, asOf int64) (*venue, error) {
	var all []movement
	walkIns := map[uint64]bool{}
	err := s.readGates(ctx, gates, since, end, func(e *ScanEvent) error {
		if !moved(e) {
			return nil
		}
		if len(all) == maxVenueEvents {
			return errVenueTooLarge
		}
		if e.Who == ByWalkIn {
			walkIns[e.Person] = true
		}
		all = append(all, movement{e.Person, factOf(e, site.Num)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := d.meet(ctx, keysOf(walkIns)); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].person = d.head(all[i].person)
	}
	return newVenue(all, since, asOf, s.Registry().StayRules()), nil
}

// newVenue folds the movements of each person at one site.
func newVenue(all []movement, since, asOf int64, rules trajectory.Rules) *venue {
	slices.SortFunc(all, func(a, b movement) int { return cmp.Compare(a.person, b.person) })
	v := &venue{since: since}
	var facts []trajectory.Event
	for len(all) > 0 {
		person := all[0].person
		facts = facts[:0]
		for len(all) > 0 && all[0].person == person {
			facts = append(facts, all[0].fact)
			all = all[1:]
		}
		for i, stay := range trajectory.Fold(facts, asOf, rules) {
			j := sojournOf(person, &stay)
			if i == 0 && j.unknownStart {
				v.early = append(v.early, j)
				continue
			}
			v.stays = append(v.stays, j)
			v.long = max(v.long, j.to-j.from)
		}
	}
	slices.SortFunc(v.stays, func(a, b sojourn) int { return cmp.Compare(a.from, b.from) })
	return v
}

// eachTouching hands fn whoever may have been there in [from, to].
func (v *venue) eachTouching(from, to int64, fn func(*sojourn)) {
	for i := range v.early {
		if v.early[i].to >= from {
			fn(&v.early[i])
		}
	}
	first := sort.Search(len(v.stays), func(i int) bool { return v.stays[i].from >= from-v.long })
	for i := first; i < len(v.stays) && v.stays[i].from <= to; i++ {
		if v.stays[i].touches(from, to) {
			fn(&v.stays[i])
		}
	}
}

func sojournOf(person uint64, stay *trajectory.Stay) sojourn {
	return sojourn{person, stay.From, stay.To, stay.Site, stay.Open, stay.Inferred, stay.UnknownStart}
}

// keysOf lists the members of a set in order.
func keysOf(set map[uint64]bool) []uint64 {
	ids := make([]uint64, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// lookBack tells from when on the passages of a site have to be read to know
// who was there at from: its longest stay before, or first where there is none.
func lookBack(rules trajectory.Rules, site uint32, from, first int64) int64 {
	longest := rules.LongestOf(site)
	if longest <= 0 {
		return first
	}
	return max(first, from-longest.Milliseconds())
}
