package town

import (
	"bytes"
	_ "embed" // the real door counts
	"encoding/csv"
	"fmt"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Slots is the number of half hours in a day.
const Slots = 48

const slotLength = 24 * time.Hour / Slots

// Profile gives the people counted at the CalIt2 door in each half hour of an
// average working day or weekend day: how many came in, how many went out. A
// half hour that was not counted is left out of the average.
func Profile(weekend bool) (in, out [Slots]float64) {
	p := profiles()[dayType(weekend)]
	return p.in, p.out
}

// Weekend says whether the day falls on a Saturday or Sunday. Day 0 is a Monday
// (as 3 February 2020 was); days before it count back.
func Weekend(day int) bool { return ((day%7)+7)%7 >= 5 }

func dayType(weekend bool) int {
	if weekend {
		return 1
	}
	return 0
}

// profile is the average day of one type, with both shapes ready to draw from.
type profile struct {
	in, out         [Slots]float64
	leave, comeBack shape
}

//go:embed data/calit2_inout.csv
var doorCSV []byte

// profiles holds the working day and the weekend day.
var profiles = sync.OnceValue(func() *[2]profile {
	p, err := readProfiles(doorCSV)
	if err != nil {
		panic(fmt.Sprintf("town: embedded data: %v", err))
	}
	return p
})

func readProfiles(counts []byte) (*[2]profile, error) {
	rows, err := csv.NewReader(bytes.NewReader(counts)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("door counts: %w", err)
	}
	var p [2]profile
	var days [2][2][Slots]float64 // how often each half hour was counted, in and out
	for _, row := range rows[min(1, len(rows)):] {
		at, err := time.Parse("2006-01-02T15:04:05", row[0])
		if err != nil {
			return nil, fmt.Errorf("door counts: %w", err)
		}
		weekday := dayType(at.Weekday() == time.Saturday || at.Weekday() == time.Sunday)
		slot := (at.Hour()*60 + at.Minute()) / 30
		for i, sums := range []*[Slots]float64{&p[weekday].in, &p[weekday].out} {
			cell := row[1+i]
			if cell == "" {
				continue
			}
			people, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return nil, fmt.Errorf("door counts at %s: %w", row[0], err)
			}
			sums[slot] += people
			days[weekday][i][slot]++
		}
	}
	for weekday := range p {
		for slot := range Slots {
			p[weekday].in[slot] /= max(1, days[weekday][0][slot])
			p[weekday].out[slot] /= max(1, days[weekday][1][slot])
		}
		// People reach the building when they have left home, and are home
		// again when they have left it. The other way round nobody could come
		// home after leaving: in the building the ins come first.
		p[weekday].leave, p[weekday].comeBack = newShape(p[weekday].in), newShape(p[weekday].out)
	}
	return &p, nil
}

// shape is a distribution over the day: cumulative shares at the slots' borders.
type shape [Slots + 1]float64

func newShape(counts [Slots]float64) shape {
	var s shape
	for i, c := range counts {
		s[i+1] = s[i] + c
	}
	total := s[Slots]
	for i := range s {
		s[i] /= total
	}
	return s
}

// at gives the time of day before which the share u of the people has passed,
// evenly spread within a half hour; u is from 0 to 1.
func (s *shape) at(u float64) time.Duration {
	slot := sort.Search(Slots, func(i int) bool { return s[i+1] > u })
	if slot == Slots {
		return 24*time.Hour - time.Millisecond
	}
	part := (u - s[slot]) / (s[slot+1] - s[slot])
	at := time.Duration(slot)*slotLength + time.Duration(part*float64(slotLength))
	return at.Truncate(time.Millisecond)
}
