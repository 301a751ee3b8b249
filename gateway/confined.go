package gateway

import (
	"slices"
	"time"

	"passgate/codes"
)

// # Passes of people who have to stay at home
//
// A phone that decides by itself does not know anybody's status. So the passes of
// who is red, under observation or in quarantine are in the list of revoked ones,
// as long as they are: those that are out, and those that begin within the next
// span or two. Their generation stays, so that online gates, which know the
// status, take the same passes again at once when it is over.
//
// The list cannot take back what a phone has read. Whoever is green again is
// refused by offline phones, as by a revoked pass, for 12 hours at most with the
// codes of the resident's page, and with a paper pass for as long as it lives: it
// is printed again on the second day after, or at once if their passes are revoked
// first. Whoever is confined for longer than confinedFor without a decision that
// confirms it is refused by gates that are online alone.
const (
	// confinedSpan is how often passes that begin later are added. Spans lie on
	// a grid that all gateways share.
	confinedSpan = 6 * time.Hour
	// confinedLead is by how much a decision at the end of a span belongs to the
	// next one: what gateways with other clocks write is there when it begins.
	confinedLead = 10 * time.Minute
	// confinedFor is how long a decision is in the list without another one.
	confinedFor = 28 * 24 * time.Hour
)

// renewal says what a batch adds for a span.
type renewal uint8

const (
	renewsNothing renewal = iota
	renewsCodes           // of residents' pages; over soon
	renewsPaper           // and visitors' passes, one a day
)

// confined are the people whose passes are renewed in the list. Like all of it, it
// is a function of the stream: spans begin between entries, at the same place for
// every gateway.
type confined struct {
	people   []confinement // in the order of the stream
	span     int64         // the last that has begun, counted since 1970; 0: none
	renewals []*revokedBatch
}

type confinement struct {
	person     uint64
	generation uint32
	at         int64 // UTC ms
}

func startOfSpan(n int64) time.Time { return time.UnixMilli(n * confinedSpan.Milliseconds()) }

func (r *confined) confine(c confinement) {
	r.release(c.person)
	r.people = append(r.people, c)
}

func (r *confined) release(person uint64) {
	r.people = slices.DeleteFunc(r.people, func(c confinement) bool { return c.person == person })
}

// raise notes that the passes of a confined person are of another generation from
// now on; false if nobody confined has older ones.
func (r *confined) raise(person uint64, generation uint32) bool {
	for i := range r.people {
		if c := &r.people[i]; c.person == person && c.generation < generation {
			c.generation = generation
			return true
		}
	}
	return false
}

// renewBefore begins the spans up to the one that a decision belongs to.
func (s *Server) renewBefore(r *revokedPasses, at int64, now time.Time) {
	s.renewUpTo(r, (at+confinedLead.Milliseconds())/confinedSpan.Milliseconds(), now)
}

func (s *Server) renewUpTo(r *revokedPasses, span int64, now time.Time) {
	for next := r.span + 1; next <= span && len(r.people) > 0; next++ {
		s.renew(r, next, now)
	}
	r.span = max(r.span, span)
}

// enumerateConfined gives the passes that are out, and those that begin in this
// span and the next.
func (s *Server) enumerateConfined(r *revokedPasses, person uint64, generation uint32, at time.Time) []codes.Revoked {
	return s.ring.Enumerate(person, generation, at, startOfSpan(r.span+2).Add(-codes.Leeway-time.Second))
}

// renew adds, when a span begins, the passes that begin in the next one. What has
// expired since, by a gateway that starts later, is left out as a whole.
func (s *Server) renew(r *revokedPasses, span int64, now time.Time) {
	begin, from, to := startOfSpan(span), startOfSpan(span+1), startOfSpan(span+2)
	r.people = slices.DeleteFunc(r.people, func(c confinement) bool { return begin.UnixMilli()-c.at >= confinedFor.Milliseconds() })
	add := func(what renewal, life time.Duration, kinds ...codes.Kind) {
		batch := &revokedBatch{minute: minuteOf(begin.UnixMilli()), renews: what}
		expired, people := now.After(to.Add(life+codes.Leeway)), r.people
		if expired { // whether there are any is the same for everybody
			people = people[:min(len(people), 1)]
		}
		for _, c := range people {
			batch.entries = append(batch.entries, s.ring.EnumerateStarting(c.person, c.generation, from, to, kinds...)...)
		}
		switch {
		case len(batch.entries) == 0:
		case expired:
			r.counter = max(r.counter, batch.minute)
		default:
			r.renewals = append(r.renewals, batch)
		}
	}
	add(renewsCodes, codes.AppLife, codes.KindApp)
	add(renewsPaper, codes.MaxPaperDays*24*time.Hour, codes.KindPaper, codes.KindVisitor)
}
