package town

import (
	"math"
	"slices"
	"time"
)

// Bounds of a day's trips.
const (
	MaxTripsPerPerson = 4 // greatest mean number of trips a day that Day accepts

	maxTrips     = 8                // of one person on one day; needs 3 bits in a packed movement
	shortestTrip = 10 * time.Minute // from gate to gate
	betweenTrips = 5 * time.Minute
	firstLeaving = 2 * time.Minute // leaves room for a refused attempt after midnight
	lastReturn   = 24*time.Hour - time.Millisecond
)

// Shares of the trips that lead to work. Such a trip lasts as long as the day's
// shape lets it; the others last about an hour, which is what the door counts
// have as a mean.
const (
	workShareWeekday = 0.15
	workShareWeekend = 0.05
)

// wander is how far, as a share of the day's people, somebody's place in the
// order of returns may lie from their place in the order of leaving.
const wander = 0.06

// Arrival is one trip of one resident: from home and back, within one local day.
type Arrival struct {
	Resident int           // index in Residents
	Trip     int           // 0 for the first of the day
	Work     bool          // leads to the resident's workplace, the same every day
	Leave    time.Duration // since local midnight, whole milliseconds
	Return   time.Duration // since local midnight; at least ten minutes after Leave
}

// schedule draws the trips of one day.
type schedule struct {
	seed, day uint64
	profile   *profile
	workShare float64
	none      float64 // probability of a day at home
	mean      float64
}

func newSchedule(seed uint64, day int, tripsPerPerson float64) *schedule {
	mean := tripsPerPerson
	if !(mean > 0) { // not a number counts as none
		mean = 0
	}
	mean = min(mean, MaxTripsPerPerson)
	weekend := Weekend(day)
	s := &schedule{
		seed: seed, day: uint64(day), // #nosec G115 -- only names a sequence
		profile: &profiles()[dayType(weekend)], workShare: workShareWeekday,
		none: math.Exp(-mean), mean: mean,
	}
	if weekend {
		s.workShare = workShareWeekend
	}
	return s
}

// trips gives one resident's trips of the day in order of time; they stand in
// the buffer until the next call.
func (s *schedule) trips(resident int, buffer *[maxTrips]Arrival) []Arrival {
	d := roll(saltDay, s.seed, s.day, uint64(resident)) // #nosec G115 -- an index
	many := s.howMany(&d)
	trips := buffer[:0]
	for range many {
		// A trip that falls into another is drawn again; a full day takes no more.
		for range 12 {
			a := s.draw(&d, d.chance(s.workShare))
			a.Resident = resident
			if at, free := gap(trips, a); free {
				trips = slices.Insert(trips, at, a)
				break
			}
		}
	}
	for i := range trips {
		trips[i].Trip = i
	}
	return trips
}

// howMany is Poisson, by inversion.
func (s *schedule) howMany(d *dice) int {
	u := d.unit()
	k, p := 0, s.none
	for sum := p; u >= sum && k < maxTrips; sum += p {
		k++
		p = float64(p * s.mean / float64(k))
	}
	return k
}

// draw ties a return to a leaving. Both take about the same place in the order
// of the day's people, so that each keeps its own real shape.
func (s *schedule) draw(d *dice, work bool) Arrival {
	u := d.unit()
	leave := clamp(s.profile.leave.at(u), firstLeaving, lastReturn-shortestTrip)
	if work {
		if back := s.profile.comeBack.at(d.unit()); back >= leave+2*time.Hour {
			return Arrival{Work: true, Leave: leave, Return: min(back, lastReturn)}
		}
	}
	v := u + float64((d.unit()*2-1)*wander)
	if v < 0 {
		v = -v
	} else if v > 1 {
		v = 2 - v
	}
	back := s.profile.comeBack.at(v)
	if back < leave+shortestTrip {
		back = leave + shortestTrip + time.Duration(d.below(20*60_000))*time.Millisecond
	}
	return Arrival{Work: work, Leave: leave, Return: min(back, lastReturn)}
}

// gap finds the place of a trip between others, if it has the room.
func gap(trips []Arrival, a Arrival) (at int, free bool) {
	for at < len(trips) && trips[at].Leave < a.Leave {
		at++
	}
	if at > 0 && a.Leave < trips[at-1].Return+betweenTrips {
		return at, false
	}
	return at, at == len(trips) || trips[at].Leave >= a.Return+betweenTrips
}

func clamp(v, low, high time.Duration) time.Duration { return max(low, min(v, high)) }
