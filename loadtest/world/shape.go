package world

import (
	"time"

	"passgate/loadtest"
	"passgate/loadtest/town"
)

// Shape says which part of a day a run lives through.
type Shape struct {
	Weekend bool
	// From is the time of day at which the run begins.
	From time.Duration
	// Speed is how many hours of the day pass in an hour of the run; 0 means 1.
	Speed float64
	// Trouble is how many times as much goes wrong as usual, up to about 15; 0
	// means 1.
	Trouble float64
}

func (s Shape) trouble() float64 {
	if s.Trouble == 0 {
		return 1
	}
	return s.Trouble
}

// scansPerPerson is how often somebody passes a gate on an average day: package
// town's usual plan has as many.
const scansPerPerson = 4

const slotLength = 24 * time.Hour / town.Slots

// Busiest begins at the busiest half hour of the day, at the day's own speed.
func Busiest(weekend bool) Shape {
	in, out := town.Profile(weekend)
	most := 0
	for i := range town.Slots {
		if in[i]+out[i] > in[most]+out[most] {
			most = i
		}
	}
	return Shape{Weekend: weekend, From: time.Duration(most) * slotLength}
}

// slot is the half hour of the day that a run has come to.
func (s Shape) slot(after time.Duration) int {
	speed := s.Speed
	if speed == 0 {
		speed = 1
	}
	at := s.From + time.Duration(float64(after)*speed)
	return int(at / slotLength % town.Slots)
}

// Schedule gives the rates of a run of a length in a town of so many people: the
// real counts of each half hour, times a factor.
func (s Shape) Schedule(people int, length time.Duration, factor float64) []loadtest.Segment {
	in, out := town.Profile(s.Weekend)
	total := 0.0
	for i := range town.Slots {
		total += in[i] + out[i]
	}
	speed := s.Speed
	if speed == 0 {
		speed = 1
	}
	var parts []loadtest.Segment
	for after := time.Duration(0); after < length; {
		slot := s.slot(after)
		// To the end of the half hour, in the run's time.
		at := (s.From + time.Duration(float64(after)*speed)) % slotLength
		lasts := min(time.Duration(float64(slotLength-at)/speed)+1, length-after)
		rate := float64(people) * scansPerPerson * (in[slot] + out[slot]) / total / slotLength.Seconds() * speed * factor
		parts = append(parts, loadtest.Segment{For: lasts, From: rate, To: rate})
		after += lasts
	}
	return parts
}
