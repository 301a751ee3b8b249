package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"passgate/checkpoint/trajectory"
)

// tracer finds out whom people met, for one question. What many people share is
// read once: who is who, who was at a venue, where a possible contact was.
type tracer struct {
	s     *Store
	reg   *Registry
	rules trajectory.Rules
	q     ContactQuery
	// Events with first <= occurred_at < end are all that is looked at; stays
	// are told as of asOf.
	first, end, asOf int64
	early            int64 // from then on a record tells who was where at q.From, as a rule: see readStays
	dir              *directory
	venues           map[uint32]*venue    // by site number; nil: too large
	stays            map[uint64][]sojourn // of possible contacts: at public sites, and not over before q.From
	cuts             []Cut
	hop              int // that is being looked for
}

// subject is somebody whose contacts are looked for.
type subject struct {
	*known
	from   int64                // only meetings from then on count
	stays  []sojourn            // at public sites
	events []ScanEvent          // in [from, end)
	met    map[uint64][]Meeting // what was found, by the other person
}

func (s *Store) newTracer(q ContactQuery) *tracer {
	reg, now := s.Registry(), s.now()
	t := &tracer{
		s: s, reg: reg, rules: reg.StayRules(), q: q, end: min(q.To, now+1), asOf: min(q.To, now), dir: newDirectory(s),
		venues: map[uint32]*venue{}, stays: map[uint64][]sojourn{},
	}
	t.first = s.recordsSince(q.From, t.end)
	t.early = max(t.first, q.From)
	for _, site := range reg.Sites() {
		if !site.Kind.Residential() {
			t.early = min(t.early, lookBack(t.rules, site.Num, q.From, t.first))
		}
	}
	return t
}

// public tells whether being at a site together is meeting there.
func (t *tracer) public(num uint32) bool {
	site, ok := t.reg.SiteByNum(num)
	return ok && !site.Kind.Residential()
}

// trace finds everybody whom the subjects met.
func (t *tracer) trace(ctx context.Context, subjects []*subject) error {
	for _, step := range []func(context.Context, []*subject) error{t.readSubjects, t.atHome, t.atVenues, t.atGates} {
		if err := step(ctx, subjects); err != nil {
			return err
		}
	}
	return nil
}

func (x *subject) meet(other uint64, m Meeting) { x.met[other] = append(x.met[other], m) }

// readSubjects reads the whole records of the subjects.
func (t *tracer) readSubjects(ctx context.Context, subjects []*subject) error {
	byID, people := map[uint64]*subject{}, make([]*known, len(subjects))
	for i, x := range subjects {
		byID[x.id], people[i] = x, x.known
	}
	since := func(*known) int64 { return t.first }
	return t.s.eachTrail(ctx, people, since, t.end, func(k *known, events []ScanEvent) error {
		x := byID[k.id]
		for _, stay := range trajectory.Fold(t.reg.Facts(events), t.asOf, t.rules) {
			if stay.To >= x.from && t.public(stay.Site) {
				x.stays = append(x.stays, sojournOf(x.id, &stay))
			}
		}
		for i := range events {
			if events[i].Counts() && events[i].OccurredAt >= x.from {
				x.events = append(x.events, events[i])
			}
		}
		return nil
	})
}

// atVenues finds whose stays overlap with those of the subjects.
func (t *tracer) atVenues(ctx context.Context, subjects []*subject) error {
	if err := t.readVenues(ctx, subjects); err != nil {
		return err
	}
	if err := t.readStays(ctx, t.candidates(subjects)); err != nil {
		return err
	}
	var near []uint64
	for _, x := range subjects {
		for i := range x.stays {
			mine := &x.stays[i]
			near = near[:0]
			t.eachNear(x, mine, func(theirs *sojourn) { near = append(near, theirs.person) })
			slices.Sort(near)
			for _, other := range slices.Compact(near) {
				for k := range t.stays[other] {
					if m, ok := t.together(mine, &t.stays[other][k], x.from); ok {
						x.meet(other, m)
					}
				}
			}
		}
	}
	return nil
}

// readVenues reads what passed the sites where the subjects were, as far as it
// was not read before.
func (t *tracer) readVenues(ctx context.Context, subjects []*subject) error {
	need := map[uint32]int64{}
	for _, x := range subjects {
		for i := range x.stays {
			stay := &x.stays[i]
			since := lookBack(t.rules, stay.site, max(stay.from, x.from), t.first)
			if had, ok := need[stay.site]; !ok || since < had {
				need[stay.site] = since
			}
		}
	}
	for num, since := range need {
		if v, ok := t.venues[num]; ok && (v == nil || v.since <= since) {
			continue
		}
		site, _ := t.reg.SiteByNum(num)
		v, err := t.s.readVenue(ctx, t.dir, site, t.reg.gatesOf(site), since, t.end, t.asOf)
		switch {
		case errors.Is(err, errVenueTooLarge):
			t.cuts = append(t.cuts, Cut{Kind: CutVenue, Hop: t.hop, At: maxVenueEvents, Site: num})
		case err != nil:
			return err
		}
		t.venues[num] = v
	}
	return nil
}

// eachNear hands fn the stays of others that may overlap with one of a subject's.
func (t *tracer) eachNear(x *subject, mine *sojourn, fn func(*sojourn)) {
	v := t.venues[mine.site]
	if v == nil {
		return
	}
	v.eachTouching(max(mine.from, x.from), mine.to, func(theirs *sojourn) {
		if theirs.person != x.id {
			fn(theirs)
		}
	})
}

// candidates are those whose records have to be read. If they are too many,
// those who can have been together with a subject for longest are taken.
func (t *tracer) candidates(subjects []*subject) []uint64 {
	together := map[uint64]int64{} // ms, at most
	for _, x := range subjects {
		for i := range x.stays {
			mine := &x.stays[i]
			t.eachNear(x, mine, func(theirs *sojourn) {
				if _, read := t.stays[theirs.person]; !read {
					together[theirs.person] += min(mine.to, theirs.to) - max(mine.from, theirs.from)
				}
			})
		}
	}
	ids := make([]uint64, 0, len(together))
	for id := range together {
		ids = append(ids, id)
	}
	if len(ids) > maxCandidates {
		slices.SortFunc(ids, func(a, b uint64) int { return cmp.Or(cmp.Compare(together[b], together[a]), cmp.Compare(a, b)) })
		t.cuts = append(t.cuts, Cut{Kind: CutCrowd, Hop: t.hop, At: maxCandidates, Of: len(ids)})
		ids = ids[:maxCandidates]
	}
	slices.Sort(ids)
	return ids
}

// readStays reads where possible contacts were, from their own records. A stay
// at a public site that was entered before early is over at q.From, unless its
// exit is seen later.
func (t *tracer) readStays(ctx context.Context, ids []uint64) error {
	for _, id := range ids {
		t.stays[id] = nil
	}
	r := records{t.s, t.dir, t.first, t.early, t.end, t.public}
	return r.each(ctx, ids, func(k *known, facts []trajectory.Event) {
		for _, stay := range trajectory.Fold(facts, t.asOf, t.rules) {
			if stay.To >= t.q.From && t.public(stay.Site) {
				t.stays[k.id] = append(t.stays[k.id], sojournOf(k.id, &stay))
			}
		}
	})
}

// together tells whether two stays are a meeting from a time on.
func (t *tracer) together(mine, theirs *sojourn, from int64) (Meeting, bool) {
	if mine.site != theirs.site {
		return Meeting{}, false
	}
	begin, end := max(mine.from, theirs.from, from), min(mine.to, theirs.to)
	unknown := mine.unknownStart || theirs.unknownStart
	least := max(1, t.q.MinOverlap.Milliseconds())
	if end < begin || !unknown && end-begin < least {
		return Meeting{}, false
	}
	return Meeting{
		Kind: ContactVenue, Site: mine.site, From: begin, To: end, Open: mine.open || theirs.open, UnknownStart: unknown,
		Inferred: !unknown && (mine.inferred || theirs.inferred),
		MyStay:   t.presence(mine), TheirStay: t.presence(theirs),
	}, true
}

// presence is a stay as far as it lies in the period.
func (t *tracer) presence(j *sojourn) Presence {
	return Presence{max(j.from, t.q.From), min(j.to, t.asOf), j.open, j.inferred, j.unknownStart}
}

// atHome finds the households of the subjects.
func (t *tracer) atHome(ctx context.Context, subjects []*subject) error {
	members, err := t.s.readHomes(ctx, subjects)
	if err != nil {
		return err
	}
	if err := t.dir.meet(ctx, slices.Concat(members...)); err != nil {
		return err
	}
	for i, x := range subjects {
		for _, id := range members[i] {
			if k := t.dir.of(id); k != nil && k.id != x.id && k.household == x.household {
				x.meet(k.id, Meeting{Kind: ContactHousehold, Site: x.home, From: x.from, To: max(x.from, t.asOf)})
			}
		}
	}
	return nil
}
