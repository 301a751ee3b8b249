package checkpoint

import (
	"context"
	"errors"
	"slices"
)

// strictness orders the statuses that a merged record can have, the mildest first.
var strictness = []Status{StatusRecovered, StatusGreen, StatusYellow, StatusObservation, StatusQuarantine, StatusRed}

// Merge makes another record of the same person, entered by another document or with
// a wrong digit, a record of before of this one: from then on it is known as person.
// What the other did is read as theirs, what was written of it and the office's
// records follow, its passes are void, its phones and permits end, and its document
// and phone number lead nowhere any more; but where one of the two has to stay at home or
// has an open fever case, nobody is enrolled by that document anew, until the record is
// corrected to it and back. The stricter status of the two stays, with its ground and
// end, until somebody decides. An open fever case of the other holds
// person; two open ones are refused, and so is another one that has a record bound to
// its ID (a bed, an observation), or whose person has to stay at home while the kept
// record's does not: then it is the one to keep. There is no way back.
// The same again changes nothing and completes what was cut off, as does the next
// sweep. Errors: *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) Merge(ctx context.Context, person, other uint64, reason string, by *Staff) error {
	reason, err := cleanText("reason", reason, maxRecordReason, true)
	if err != nil {
		return err
	}
	if err := s.FinishSuccession(ctx, other); err != nil {
		return err
	}
	into, err := s.Resident(ctx, person)
	if err != nil {
		return err
	}
	from, err := s.Resident(ctx, other)
	if err != nil {
		return err
	}
	if from.Kind == KindErased && from.KnownAs == person {
		return nil
	}
	if err := s.mayMerge(ctx, &into, &from); err != nil {
		return err
	}
	if slices.Index(strictness, from.Status) > slices.Index(strictness, into.Status) {
		record, err := s.StatusRecord(ctx, &from)
		if err != nil {
			return err
		}
		record.Since = s.now()
		if _, err := s.putStatus(ctx, person, record, ""); err != nil {
			return err
		}
	}
	if _, err := s.endPermits(ctx, other, by.Login, 0); err != nil {
		return err
	}
	begun := succession{from: other, to: person, how: recordJoins, login: by.Login, node: from.Grid}
	if err := s.beginSuccession(ctx, &begun); err != nil {
		return err
	}
	if err := s.FinishSuccession(ctx, other); err != nil {
		return err
	}
	return s.noteRecordWork(ctx, workMerged, person, into.Grid, by, RecordWork{Other: FormatPersonID(other), Reason: reason})
}

func (s *Store) mayMerge(ctx context.Context, into, from *Resident) error {
	switch {
	case into.ID == from.ID:
		return &FieldError{"other", "is the same record: give the ID of the second one"}
	case into.Kind != KindResident:
		return &FieldError{"id", "is a " + into.Kind.String() + ": the record to keep is a resident's"}
	case from.Kind == KindWalkIn:
		return &FieldError{"other", "is a walk-in: match it to the resident"}
	case from.Kind == KindErased:
		return &FieldError{"other", "is no record of anybody any more, or went into another one"}
	case into.Status == StatusGone:
		return &FieldError{"id", "is on record as moved away or deceased: have that corrected first"}
	}
	for id, field := range map[uint64]string{into.ID: "id", from.ID: "other"} {
		if begun, err := s.rdb.HExists(ctx, s.keys.person(id), "y").Result(); err != nil || begun {
			if err != nil {
				return unavailable(err)
			}
			return &FieldError{field, "is going on under another ID at the moment: look it up again"}
		}
	}
	if from.Status.Confines() && !into.Status.Confines() { // the stricter record is the one to keep
		return otherField(&FieldError{"id", "has to stay at home (" + from.Status.String() + ")"})
	}
	if err := s.unbound(ctx, from.ID); err != nil {
		return otherField(err)
	}
	cases := [2]bool{}
	for i, id := range []uint64{into.ID, from.ID} {
		open, err := s.rdb.HExists(ctx, s.keys.person(id), "f").Result()
		if err != nil {
			return unavailable(err)
		}
		cases[i] = open
	}
	if cases[0] && cases[1] {
		return &FieldError{"other", "has an open fever case, and so has the record to keep: close one of them first"}
	}
	return otherField(s.roomToJoin(ctx, from.ID, into.ID))
}

// otherField makes a complaint about a record one about the other of two.
func otherField(err error) error {
	if field := new(FieldError); errors.As(err, &field) {
		return &FieldError{"other", field.Why + " (or keep that record and merge this one into it)"}
	}
	return err
}
