package checkpoint

import (
	"context"
	"encoding/json"
)

// Care is what a household is told of one of its members beside the gates.
type Care struct {
	Status  StatusRecord   // in force
	Contest *Contest       // the last one, as long as it matters; nil if there is none
	Today   []DiaryReading // of the day at the place, oldest first
	// ObservedFrom is since when, UTC ms, somebody who has to has kept a diary, by
	// one decision or several; 0 for anybody else.
	ObservedFrom int64
	Due          []Slot // of today, for who keeps a diary: those that run and have no reading
}

// CareOf reads it for many people, in their order, in two round trips.
func (s *Store) CareOf(ctx context.Context, people []Resident) ([]Care, error) {
	ids := make([]uint64, len(people))
	place := make(map[uint64]int, len(people))
	for i := range people {
		ids[i], place[people[i].ID] = people[i].ID, i
	}
	tables, err := s.careTables(ctx, ids)
	if err != nil {
		return nil, err
	}
	out, today := make([]Care, len(people)), s.startOfDay(s.now())
	var refs []careRef
	for i := range people {
		out[i].Status = StatusRecord{Status: people[i].Status, Since: people[i].CreatedAt}
		for _, kind := range [...]careKind{careStatus, careContest} {
			if last, ok := tables[i].of(kind).last(); ok {
				refs = append(refs, careRef{ids[i], kind, last.id})
			}
		}
		refs = append(refs, tables[i].of(careReading).refsOf(ids[i], careReading, func(e *careEntry) bool {
			return e.at >= today && e.at < today+dayMillis
		})...)
	}
	err = s.readCare(ctx, refs, func(r *careRef, plain []byte) error { return out[place[r.person]].add(r, plain) })
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].settle(s, tables[i].of(careStatus), today)
	}
	return out, nil
}

// add takes up one record.
func (c *Care) add(r *careRef, plain []byte) error {
	switch r.kind {
	case careStatus:
		var record StatusRecord
		if err := json.Unmarshal(plain, &record); err != nil {
			return err
		}
		if record.Status == c.Status.Status { // else the person was enrolled or erased since
			c.Status = record
		}
	case careContest:
		c.Contest = &Contest{Person: r.person}
		return json.Unmarshal(plain, c.Contest)
	case careReading:
		reading := DiaryReading{Person: r.person}
		if err := json.Unmarshal(plain, &reading); err != nil {
			return err
		}
		c.Today = append(c.Today, reading)
	}
	return nil
}

// settle leaves a contest out that was answered before the status in force was
// given, and says which readings are due.
func (c *Care) settle(s *Store, statuses careTable, today int64) {
	if k := c.Contest; k != nil && k.State != ContestOpen && k.AnsweredAt < c.Status.Since {
		c.Contest = nil
	}
	sortReadings(c.Today)
	if c.Status.Status.Observed() {
		c.ObservedFrom = c.Status.Since // by enrolment, if no record says more
		if since := statuses.observedFrom(); since != 0 {
			c.ObservedFrom = since
		}
		c.Due = s.DiaryDays(c.Today, max(today, c.ObservedFrom), s.now()+1)[0].Due
	}
}
