package checkpoint

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Nobody stays confined because somebody forgot them: a status that has an end
// ends by itself within a minute of it. Who was red, under observation or in
// quarantine is yellow for yellowAfter, so that the guard and the office see that
// nobody has looked, and green then. It is a decision of the program, with a
// record like any other, so gates hear of it as of any other change. A status
// without an end stays until it is changed.
//
// Whoever has an observation that is not closed stays under observation until it
// ends: the observation is the one that looks whether they may go, and says so by
// another decision. Only where it has not, HoldOver after the status was to end, the
// status ends by itself after all.
const yellowAfter = 3 * 24 * time.Hour

// KindObserved is the kind of the matter that says of a person, by ObservedID, that
// they have an observation; it is open as long as that is.
const KindObserved MatterKind = "observed"

// HoldOver is how long an observation whose time is over can wait for a decision.
const HoldOver = 3 * 24 * time.Hour

// ObservedID names the matter of a person.
func ObservedID(person uint64) MatterID { return NewMatterID(KindObserved, FormatPersonID(person)) }

// lapsed is what follows a decision whose time is over.
func (r *StatusRecord) lapsed(now int64) StatusRecord {
	next := StatusRecord{Status: StatusGreen, Ground: GroundLapsed, Office: r.Office, Since: now}
	if r.Status.Confines() {
		next.Status, next.Until = StatusYellow, now+yellowAfter.Milliseconds()
	}
	return next
}

// LapseStatuses ends the statuses whose time is over and gives how many it ended,
// at most maxCareList of a partition. Any number of processes may do so at once.
// Somebody whose record cannot be read keeps nobody else confined: the error, the
// first of such, comes when all others are through. Errors: ErrUnavailable.
func (s *Store) LapseStatuses(ctx context.Context) (ended int, err error) {
	now := s.now()
	due, err := s.careList(ctx, listEnding, careStatus, "-inf", strconv.FormatInt(now, 10))
	if err != nil {
		return 0, err
	}
	for i := range due {
		done, failed := s.lapse(ctx, due[i].person, now)
		switch {
		case errors.Is(failed, ErrUnavailable):
			return ended, failed
		case errors.Is(failed, ErrNotFound): // erased meanwhile
		case failed != nil && err == nil:
			err = failed
		case done:
			ended++
		}
	}
	return ended, err
}

func (s *Store) lapse(ctx context.Context, person uint64, now int64) (bool, error) {
	who, err := s.Resident(ctx, person)
	if err != nil {
		return false, err
	}
	tables, err := s.careTables(ctx, []uint64{person})
	if err != nil {
		return false, err
	}
	last, ok := tables[0].of(careStatus).last()
	if !ok {
		return false, nil
	}
	history, err := s.statusHistory(ctx, &who, careTable{last})
	if err != nil {
		return false, err
	}
	record := history[len(history)-1]
	if record.Until == 0 || record.Until > now {
		return false, nil // decided anew meanwhile
	}
	if waits, err := s.waits(ctx, person, &record, now); waits || err != nil {
		return false, err
	}
	return s.putStatus(ctx, person, record.lapsed(now), string(last.id[:]))
}

// waits tells that the end of a status is left to the person's observation.
func (s *Store) waits(ctx context.Context, person uint64, r *StatusRecord, now int64) (bool, error) {
	if !r.Status.Observed() || now >= r.Until+HoldOver.Milliseconds() {
		return false, nil
	}
	m, err := s.Matter(ctx, KindObserved, ObservedID(person))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && m.Open(), err
}
