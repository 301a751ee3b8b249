package checkpoint

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/drift"
)

// Day is a date at the place, as the store's zone has it, in days since
// 1970-01-01.
type Day int64

const dayLength = 24 * time.Hour

// DayAt is the date at a time in UTC ms.
func (s *Store) DayAt(ms int64) Day {
	year, month, day := time.UnixMilli(ms).In(s.zone).Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / int64(dayLength/time.Second))
}

// String returns for example "2020-02-11".
func (d Day) String() string {
	return time.Unix(int64(d)*int64(dayLength/time.Second), 0).UTC().Format(time.DateOnly)
}

// ParseDay reads a date like "2020-02-11". The error is a *FieldError for "day".
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, &FieldError{"day", "must be a date like 2020-02-11"}
	}
	return Day(t.Unix() / int64(dayLength/time.Second)), nil
}

// readingDays is how many days, today among them, readings are counted for:
// project.lua lets the counts expire three days after the last new value.
const readingDays = 3

// ReadingWay is how readings were taken. Only those of one way are comparable:
// people come in from the cold and go out from the warm.
type ReadingWay struct {
	Method    Method // MethodUnknown is a way of its own: it was not said
	Direction Direction
}

// GateReadings are the readings of one gate on one day.
type GateReadings map[ReadingWay]*drift.Histogram

// GateReadings counts the readings that were taken at each gate on a day, by
// the gate's code; a gate without readings is left out. All readings count:
// first and second ones, of whoever was let pass or not, and those of scans
// that were taken back. They follow the log within the projector's lag. Errors:
// *FieldError for a day other than today and the two before, ErrUnavailable.
func (s *Store) GateReadings(ctx context.Context, day Day) (map[string]GateReadings, error) {
	if today := s.DayAt(s.now()); day > today || day <= today-readingDays {
		return nil, &FieldError{"day", fmt.Sprintf("must be one of the %d days from %s to %s", readingDays, today-readingDays+1, today)}
	}
	gates := s.Registry().Gates()
	replies := make([]*redis.MapStringStringCmd, len(gates))
	if len(gates) == 0 {
		return nil, nil
	}
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, gate := range gates {
			replies[i] = p.HGetAll(ctx, s.keys.readings(gate.Num, day))
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	out := map[string]GateReadings{}
	for i, gate := range gates {
		fields := replies[i].Val()
		if len(fields) == 0 {
			continue
		}
		if out[gate.Code], err = parseReadings(fields); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parseReadingCounts reads what project.lua counts. A field has two bytes: the
// low half of an event's first body byte, which is direction and method, and the
// temperature's code.
func parseReadingCounts(fields map[string]string) (ReadingCounts, error) {
	counts := make(ReadingCounts, len(fields))
	for field, value := range fields {
		n, err := strconv.Atoi(value)
		if err != nil || len(field) != 2 {
			return nil, fmt.Errorf("checkpoint: counted reading %x: %q cannot be its count", field, value)
		}
		counts[[2]byte{field[0], field[1]}] = n
	}
	return counts, nil
}

func parseReadings(fields map[string]string) (GateReadings, error) {
	counts, err := parseReadingCounts(fields)
	if err != nil {
		return nil, err
	}
	r := GateReadings{}
	for field, n := range counts {
		way := ReadingWay{Method: Method(field[0] >> 1), Direction: In}
		if field[0]&1 != 0 {
			way.Direction = Out
		}
		if r[way] == nil {
			r[way] = new(drift.Histogram)
		}
		r[way].Add(int(celsiusOf(field[1])), n)
	}
	return r, nil
}
