package checkpoint

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Watched is what an observation looks at of somebody, without opening a record.
type Watched struct {
	There    bool   // somebody has this ID
	Status   Status // in force
	Since    int64  // UTC ms: when the last decision about it was taken, 0 if there is none
	Node     string // of the grid, "" without a home
	Fever    bool   // they have an open fever case
	Readings []DiaryReading
}

// Watch reads it for many people, in their order. Of the readings, those from a time
// (UTC ms) on, only At is filled in. Errors: ErrUnavailable.
func (s *Store) Watch(ctx context.Context, people []uint64, since int64) ([]Watched, error) {
	out := make([]Watched, 0, len(people))
	for part := range slices.Chunk(people, pipelineSize) {
		hashes, tables := make([]*redis.SliceCmd, len(part)), make([]*redis.SliceCmd, len(part))
		fields := append(slices.Clone(personFields), "f")
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range part {
				hashes[i] = p.HMGet(ctx, s.keys.person(id), fields...)
				tables[i] = p.HMGet(ctx, s.keys.care(id), string(rune(careStatus)), string(rune(careReading)))
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for i := range part {
			w, err := s.watched(hashes[i].Val(), tables[i].Val(), since)
			if err != nil {
				return nil, err
			}
			out = append(out, w)
		}
	}
	return out, nil
}

func (s *Store) watched(fields, tables []any, since int64) (w Watched, err error) {
	record, err := decodePerson(fields[:len(personFields)])
	if err != nil || !record.exists {
		return w, err
	}
	fever, _ := fields[len(personFields)].(string)
	statuses, _ := tables[0].(string)
	readings, _ := tables[1].(string)
	w = Watched{There: true, Status: Status(record.status), Node: record.grid, Fever: fever != ""} //nolint:gosec // written from a Status
	if site, ok := s.Registry().SiteByNum(uint32(record.home)); ok && w.Node == "" {               //nolint:gosec // parsed as 32 bits
		w.Node = site.Grid
	}
	if last, ok := parseCareTable(statuses).last(); ok {
		w.Since = last.at
	}
	for _, e := range parseCareTable(readings) {
		if e.at >= since {
			w.Readings = append(w.Readings, DiaryReading{At: e.at})
		}
	}
	sortReadings(w.Readings)
	return w, nil
}
