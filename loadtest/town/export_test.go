package town

import "iter"

// Day streams the trips of a day, resident by resident and each one's in order
// of time. The number of trips of a person is Poisson with the given mean, at
// most 8; the mean is held between 0 and 4. Trips of one person do not overlap.
// Leaving home follows the ins of Profile, returning its outs.
func Day(seed uint64, day, residents int, tripsPerPerson float64) iter.Seq[Arrival] {
	return func(yield func(Arrival) bool) {
		s := newSchedule(seed, day, tripsPerPerson)
		var trips [maxTrips]Arrival
		for resident := range max(residents, 0) {
			for _, a := range s.trips(resident, &trips) {
				if !yield(a) {
					return
				}
			}
		}
	}
}
