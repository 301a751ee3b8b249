package loadtest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Segment is a part of a schedule, in which the rate goes evenly from one value
// to another, in sends per second.
type Segment struct {
	For  time.Duration `json:"for_ns"`
	From float64       `json:"from"`
	To   float64       `json:"to"`
}

// sends is how many sends fall into the segment; a fraction is carried on into
// the next.
func (s Segment) sends() float64 { return (s.From + s.To) / 2 * s.For.Seconds() }

// until is the time within the segment by which m sends of it were due: m is the
// area under a line, and this the stable root of its quadratic equation.
func (s Segment) until(m float64) time.Duration {
	slope := (s.To - s.From) / s.For.Seconds()
	root := math.Sqrt(max(0, s.From*s.From+2*slope*m))
	if m == 0 {
		return 0
	}
	return min(s.For, time.Duration(math.Round(2*m/(s.From+root)*1e9)))
}

// Schedule is a Pacer made of segments. Each time is computed from the number of
// the send alone, so that errors do not add up.
type Schedule struct {
	segments []Segment
	sent     []float64       // before each segment, and in all
	began    []time.Duration // when each segment begins, and the end
	words    string
}

// Bounds of a schedule.
const (
	MaxRate   = 1_000_000
	MaxLength = 7 * 24 * time.Hour
	maxParts  = 10_000
)

// NewSchedule makes a schedule of segments, which words describe.
func NewSchedule(words string, segments ...Segment) (*Schedule, error) {
	s := &Schedule{segments: slices.Clone(segments), sent: []float64{0}, began: []time.Duration{0}, words: words}
	for i, seg := range segments {
		switch {
		case seg.For <= 0 || seg.For > MaxLength:
			return nil, fmt.Errorf("loadtest: part %d of the schedule lasts %s: more than 0, at most %s", i+1, seg.For, MaxLength)
		case !(seg.From >= 0 && seg.To >= 0 && seg.From <= MaxRate && seg.To <= MaxRate): // nor not a number
			return nil, fmt.Errorf("loadtest: part %d of the schedule goes from %g to %g sends/s: give 0 to %d", i+1, seg.From, seg.To, MaxRate)
		}
		s.sent = append(s.sent, s.sent[i]+seg.sends())
		s.began = append(s.began, s.began[i]+seg.For)
	}
	switch end := len(segments); {
	case end == 0 || end > maxParts:
		return nil, fmt.Errorf("loadtest: a schedule of %d parts: give 1 to %d", end, maxParts)
	case s.began[end] > MaxLength:
		return nil, fmt.Errorf("loadtest: a schedule of %s: at most %s", s.began[end], MaxLength)
	case s.sent[end] < 1:
		return nil, errors.New("loadtest: a schedule without a single send")
	}
	return s, nil
}

// Due is when send n is due.
func (s *Schedule) Due(n int64) (after time.Duration, ok bool) {
	m, last := float64(n), len(s.segments)
	// Products of decimal fractions may fall short of a whole number by a hair.
	if n < 0 || m >= s.sent[last]-1e-6 {
		return 0, false
	}
	i := sort.Search(last, func(i int) bool { return s.sent[i+1] > m })
	i = min(i, last-1)
	return s.began[i] + s.segments[i].until(m-s.sent[i]), true
}

// Length is how long the schedule lasts.
func (s *Schedule) Length() time.Duration { return s.began[len(s.segments)] }

// Sends is how many sends there are.
func (s *Schedule) Sends() int64 { return int64(math.Ceil(s.sent[len(s.segments)] - 1e-6)) }

// Segments are the parts.
func (s *Schedule) Segments() []Segment { return slices.Clone(s.segments) }

// String describes the schedule.
func (s *Schedule) String() string { return s.words }

// Constant is one rate all along.
func Constant(rate float64, length time.Duration) (*Schedule, error) {
	return NewSchedule(fmt.Sprintf("%s/s for %s", number(rate), length), Segment{length, rate, rate})
}

// Ramp goes evenly from one rate to another.
func Ramp(from, to float64, length time.Duration) (*Schedule, error) {
	return NewSchedule(fmt.Sprintf("%s/s rising to %s/s in %s", number(from), number(to), length), Segment{length, from, to})
}

// Spike holds a rate, rises to so many times it within rise, stays there for
// hold and is back at once, as long as it was before.
func Spike(rate, times float64, before, rise, hold time.Duration) (*Schedule, error) {
	peak := rate * times
	return NewSchedule(
		fmt.Sprintf("%s/s for %s, ×%g within %s, held for %s, and back for %s", number(rate), before, times, rise, hold, before),
		Segment{before, rate, rate}, Segment{rise, rate, peak}, Segment{hold, peak, peak}, Segment{before, rate, rate},
	)
}

// Steps reads rates with their lengths, such as 500x10s,1000x20s.
func Steps(text string) (*Schedule, error) {
	var parts []Segment
	for part := range strings.SplitSeq(text, ",") {
		rate, length, ok := strings.Cut(strings.TrimSpace(part), "x")
		r, err := strconv.ParseFloat(rate, 64)
		d, err2 := time.ParseDuration(length)
		if !ok || err != nil || err2 != nil {
			return nil, fmt.Errorf("loadtest: step %q: give a rate and a time, such as 500x10s", part)
		}
		parts = append(parts, Segment{d, r, r})
	}
	return NewSchedule("steps of "+text, parts...)
}

func number(rate float64) string { return strconv.FormatFloat(rate, 'f', -1, 64) }
