package checkpoint

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// portion is how many people's contacts are looked for at a time: what they
// share is read together, and between portions the budget is looked at.
const portion = 10

// Contacts finds whom a person met, directly and by chains of up to q.Hops
// meetings. The time it takes depends on how much passed the places where they
// were, in the period and a longest stay before, not on what else is in the
// store. Errors: *FieldError, ErrNotFound, ErrTrailTooLong, ErrUnavailable.
func (s *Store) Contacts(ctx context.Context, q ContactQuery) (ContactResult, error) {
	q, err := q.withDefaults()
	if err != nil {
		return ContactResult{}, err
	}
	t := s.newTracer(q)
	if q.From >= t.end {
		return ContactResult{}, &FieldError{"from", "lies in the future"}
	}
	if err := t.dir.meet(ctx, []uint64{q.Person}); err != nil {
		return ContactResult{}, err
	}
	who := t.dir.of(q.Person)
	if who == nil {
		return ContactResult{}, notFound("person", FormatPersonID(q.Person))
	}
	c := &chains{t: t, start: time.Now(), root: who.id, soonest: map[uint64]*reached{}, found: map[uint64]*Contact{}, last: map[uint64]*reached{}}
	res := ContactResult{Person: who.id, From: q.From, To: q.To, AsOf: t.asOf}
	from := []*reached{{person: who.id, infected: q.From}}
	for t.hop = 1; t.hop <= q.Hops && len(from) > 0; t.hop++ {
		if from, err = c.hop(ctx, from); err != nil {
			return res, err
		}
	}
	res.Staff = t.staffOf(c.asked)
	res.Contacts, res.Total = c.ranked()
	if res.Total > q.Limit {
		t.cuts = append(t.cuts, Cut{Kind: CutListing, At: q.Limit, Of: res.Total})
	}
	res.Cuts = t.cuts
	return res, nil
}

// reached is how somebody can have been infected by a chain of so many hops.
type reached struct {
	person   uint64
	infected int64
	by       *reached // nil: the person asked about
	meeting  Meeting
	exposure int64
}

// sooner is the order of chains to one person.
func (r *reached) sooner(o *reached) bool {
	return cmp.Or(
		cmp.Compare(r.infected, o.infected), cmp.Compare(o.exposure, r.exposure), cmp.Compare(r.by.person, o.by.person),
	) < 0
}

// chains finds the shortest chains, and of those that which ends earliest.
type chains struct {
	t       *tracer
	start   time.Time
	root    uint64
	asked   []ScanEvent         // of the person asked about, in the period
	soonest map[uint64]*reached // by a chain of any length up to the hops done
	found   map[uint64]*Contact // by the hop at which they were first reached
	last    map[uint64]*reached // the chain of each contact
}

// hop looks for the contacts of those whom the last hop reached, or reached
// sooner than before, and returns whom it reached in turn, in order of rank.
func (c *chains) hop(ctx context.Context, from []*reached) ([]*reached, error) {
	t := c.t
	if t.hop > 1 && len(from) > t.q.Expand {
		t.cuts = append(t.cuts, Cut{Kind: CutPeople, Hop: t.hop, At: t.q.Expand, Of: len(from)})
		from = from[:t.q.Expand]
	}
	next := map[uint64]*reached{}
	for done := 0; done < len(from); done += portion {
		if t.q.Budget > 0 && t.hop > 1 && time.Since(c.start) > t.q.Budget {
			t.cuts = append(t.cuts, Cut{Kind: CutTime, Hop: t.hop, At: done, Of: len(from)})
			break
		}
		part := from[done:min(done+portion, len(from))]
		subjects := make([]*subject, len(part))
		for i, r := range part {
			subjects[i] = &subject{known: t.dir.of(r.person), from: r.infected, met: map[uint64][]Meeting{}}
		}
		if err := t.trace(ctx, subjects); err != nil {
			return nil, err
		}
		for i, x := range subjects {
			if t.hop == 1 {
				c.asked = x.events
			}
			for other, meetings := range x.met {
				c.meet(part[i], other, meetings, next)
			}
		}
	}
	return c.arrive(next), nil
}

// meet takes note of the meetings of somebody reached with another person.
func (c *chains) meet(by *reached, other uint64, meetings []Meeting, next map[uint64]*reached) {
	if other == c.root {
		return
	}
	contact := contactOf(other, meetings)
	r := &reached{person: other, infected: contact.Infected, by: by, exposure: contact.Exposure, meeting: infection(meetings)}
	known := c.found[other]
	switch {
	case known == nil:
		contact.Hop = c.t.hop
		c.found[other], c.last[other] = contact, r
	case known.Hop == c.t.hop && r.sooner(c.last[other]):
		contact.Hop = c.t.hop
		c.found[other], c.last[other] = contact, r
	}
	before := c.soonest[other]
	if before != nil && before.infected <= r.infected {
		return
	}
	if o := next[other]; o == nil || r.sooner(o) {
		next[other] = r
	}
}

// arrive makes what a hop reached known to the next one.
func (c *chains) arrive(next map[uint64]*reached) []*reached {
	list := make([]*reached, 0, len(next))
	for person, r := range next {
		c.soonest[person] = r
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *reached) int {
		return cmp.Or(cmp.Compare(b.exposure, a.exposure), cmp.Compare(a.infected, b.infected), cmp.Compare(a.person, b.person))
	})
	return list
}

// ranked lists the contacts, at most as many as were asked for.
func (c *chains) ranked() (list []Contact, total int) {
	all := make([]*Contact, 0, len(c.found))
	for _, contact := range c.found {
		all = append(all, contact)
	}
	slices.SortFunc(all, func(a, b *Contact) int {
		return cmp.Or(cmp.Compare(a.Hop, b.Hop), cmp.Compare(b.Exposure, a.Exposure), cmp.Compare(a.First, b.First), cmp.Compare(a.Person, b.Person))
	})
	list = make([]Contact, 0, min(len(all), c.t.q.Limit))
	for _, contact := range all[:min(len(all), c.t.q.Limit)] {
		for r := c.last[contact.Person]; r.by != nil; r = r.by {
			contact.Chain = append(contact.Chain, Link{r.person, r.infected, r.meeting})
		}
		slices.Reverse(contact.Chain)
		list = append(list, *contact)
	}
	return list, len(all)
}

// contactOf sums up the meetings of two people and puts them in order.
func contactOf(person uint64, meetings []Meeting) *Contact {
	slices.SortFunc(meetings, compareMeetings)
	c := &Contact{Person: person, First: math.MaxInt64, Meetings: len(meetings), Infected: math.MaxInt64}
	var exposure, together int64
	for i := range meetings {
		m := &meetings[i]
		c.First, c.Last = min(c.First, m.From), max(c.Last, m.To)
		c.Infected = min(c.Infected, m.Infection())
		exposure += m.doubled()
		if m.Kind == ContactVenue {
			together += m.To - m.From
		}
		if !slices.Contains(c.Kinds, m.Kind) {
			c.Kinds = append(c.Kinds, m.Kind)
		}
	}
	slices.Sort(c.Kinds)
	c.Exposure, c.Minutes = exposure/(2*60_000), together/60_000
	c.Evidence = slices.Clone(meetings[:min(len(meetings), MaxEvidence)])
	return c
}

// infection is the meeting by which the other can have been infected first; of
// several at one moment the gravest.
func infection(meetings []Meeting) Meeting {
	return slices.MinFunc(meetings, func(a, b Meeting) int {
		return cmp.Or(cmp.Compare(a.Infection(), b.Infection()), cmp.Compare(a.Kind, b.Kind), compareMeetings(a, b))
	})
}

// staffOf lists who was on shift when somebody was scanned, in order of time.
func (t *tracer) staffOf(events []ScanEvent) (list []StaffContact) {
	place := map[uint32]int{}
	for i := range events {
		e := &events[i]
		if e.Staff == 0 {
			continue
		}
		at, ok := place[e.Staff]
		if !ok {
			at = len(list)
			place[e.Staff] = at
			c := StaffContact{First: e.OccurredAt}
			if staff, ok := t.reg.StaffByNum(e.Staff); ok {
				c.Login = staff.Login
			}
			list = append(list, c)
		}
		c := &list[at]
		c.Last = e.OccurredAt
		c.Scans++
		if !slices.Contains(c.Gates, e.Gate) {
			c.Gates = append(c.Gates, e.Gate)
		}
	}
	return list
}
