package world

import (
	"time"

	"passgate/loadtest/town"
)

// Legs of a trip, in their order.
const (
	legLeave = iota
	legEnter
	legExit
	legReturn
	legs
)

// pause is the least time between two scans of a person, but for those that
// follow on an attempt that failed; so the answer to one has come before the next.
const pause = 2 * time.Second

// turn is whose turn it is: the n-th trip, and the leg of it.
type turn struct {
	n   uint64
	leg int
}

// walk says who passes a gate next. Trips are numbered; each leg is reached by
// them in the order of their numbers, so four counters tell where everybody is:
// trips up to next[legReturn] are over, those from next[legLeave] on have not
// begun. Whether people go out or come home follows the real counts of the half
// hour.
type walk struct {
	w     *World
	shape Shape
	book  *passbook
	next  [legs]uint64
	since []uint32 // by trip: when its last scan was, in ms of the run and 1; 0: never
}

func newWalk(w *World, shape Shape, book *passbook) *walk {
	return &walk{w: w, shape: shape, book: book, since: make([]uint32, len(book.slots))}
}

// about is how many people are on their way.
func (k *walk) about() uint64 { return k.next[legLeave] - k.next[legReturn] }

// draw gives the next turn, at a time of the run; number counts the draws. ok is
// false if everybody waits for a scan that follows.
func (k *walk) draw(number uint64, after time.Duration) (t turn, ok bool) {
	in, out := town.Profile(k.shape.Weekend)
	slot, d := k.shape.slot(after), roll(k.w.Seed, askWay, number)
	// The building that was counted is where people go: its ins have left home.
	order := [legs]int{legLeave, legEnter, legExit, legReturn}
	if d.unit()*(in[slot]+out[slot]) > in[slot] {
		order = [legs]int{legReturn, legExit, legEnter, legLeave}
	}
	if d.next()%2 == 0 { // of those that go the same way each gets its share
		order[0], order[1] = order[1], order[0]
	}
	// Where a small town is scanned fast, nobody has had the whole pause.
	for _, rest := range [...]time.Duration{pause, 0} {
		for _, leg := range order {
			if n, ok := k.take(leg, after-rest); ok {
				return turn{n, leg}, true
			}
		}
	}
	return turn{}, false
}

// take gives the next trip that reaches a leg and has a scan there, if the last
// scan of whoever is next was not after a time of the run.
func (k *walk) take(leg int, last time.Duration) (n uint64, ok bool) {
	for {
		n = k.next[leg]
		if leg == legLeave && k.about() == uint64(len(k.since)) || leg != legLeave && n == k.next[leg-1] || k.last(n) > last {
			return 0, false
		}
		k.next[leg]++
		if k.passes(n, leg) {
			return n, true
		}
	}
}

// never is before any time of a run.
const never = -time.Hour

// last is the time of the run at which the person of a trip was last scanned, or
// will be by a scan that follows.
func (k *walk) last(n uint64) time.Duration {
	at := k.since[n%uint64(len(k.since))]
	if at == 0 {
		return never
	}
	return time.Duration(at-1) * time.Millisecond
}

// scanned notes that time.
func (k *walk) scanned(n uint64, after time.Duration) {
	k.since[n%uint64(len(k.since))] = uint32(after/time.Millisecond) + 1 // #nosec G115 -- a run is shorter than 49 days
}

// plan is what somebody has in mind with a trip.
type plan struct {
	who     town.Person
	site    int  // where it leads, -1: nowhere
	visit   bool // to people in another village or compound, who may not be visited
	fever   bool // ends at the first gate
	confine bool // likewise
}

// plan follows from the number of the trip alone.
func (k *walk) plan(n uint64) plan {
	p := plan{who: k.w.population.Person(k.book.section.at(n)), site: -1}
	d := roll(k.w.Seed, askTrip, n)
	whole := roll(k.w.Seed, askPerson, uint64(p.who.Number)) // #nosec G115 -- not negative
	p.confine = k.w.confined(p.who.Number)
	p.fever = !p.confine && whole.unit() < shareFever*k.shape.trouble()
	switch u := d.unit(); {
	case u < shareOutsider*k.shape.trouble():
		p.visit = true
		p.site = d.below(k.w.homes)
		if p.site == p.who.Site {
			p.site = (p.site + 1) % k.w.homes
		}
	case p.who.Errand == town.ErrandSchool && !k.shape.Weekend && d.unit() < shareDaily:
		p.site = k.w.schools + p.who.Place
	case p.who.Errand == town.ErrandWork && !k.shape.Weekend && d.unit() < shareDaily:
		p.site = p.who.Place
	case d.unit() < shareShop:
		p.site = k.w.population.Shop(d.next())
	}
	return p
}

// What a trip is for, by shares; the rest is a walk without a gate on the way.
const (
	shareDaily = 0.6 // of the trips of those who work or go to school, on a working day
	shareShop  = 0.7 // of the other trips
)

// passes says whether the person of a trip is scanned at a leg of it.
func (k *walk) passes(n uint64, leg int) bool {
	p := k.plan(n)
	switch {
	case p.confine:
		return leg == legLeave
	case p.fever:
		return leg == legLeave && k.book.section.round(n) == 0
	case leg == legReturn:
		return true
	}
	d := roll(k.w.Seed, askLeg, n*legs+uint64(leg)) // #nosec G115 -- not negative
	forgot := d.unit() < shareForgot*k.shape.trouble()
	switch leg {
	case legLeave:
		return !forgot
	case legExit:
		return p.site >= 0 && !p.visit && !forgot
	}
	return p.site >= 0
}
