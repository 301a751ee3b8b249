package checkpoint

import (
	"context"
	"errors"
)

// walkIn turns what the guard wrote down into a person: the same words always
// name the same person, so that a repeated upload finds its first answer, and
// a person who comes again keeps one trail. MatchWalkIn joins it to a resident's.
func (s *Store) walkIn(w WalkIn) (id uint64, masked string, sealed []byte, err error) {
	name, err := CleanName(w.Name)
	if err != nil {
		return 0, "", nil, &FieldError{"walk_in.name", "give the name as spoken, without line breaks, at most 50 characters"}
	}
	phone, err := ParsePhone(w.Phone)
	if err != nil {
		return 0, "", nil, &FieldError{"walk_in.phone", "is not a mainland mobile number; leave it out if there is none"}
	}
	tail := asciiWidth(w.IDTail)
	if len(tail) != 4 && tail != "" || tail != "" && !validCode(tail) {
		return 0, "", nil, &FieldError{"walk_in.id_tail", "give the last four characters of the document, or leave it out"}
	}
	id = s.seal.blind("walk_in", name+"\x00"+tail+"\x00"+phone)
	return id, MaskName(name), s.seal.sealIdentity(id, identity{Name: name, Document: tail, Phone: phone}), nil
}

// WalkInID is the person that a walk-in's words name.
func (s *Store) WalkInID(w WalkIn) (uint64, error) {
	id, _, _, err := s.walkIn(w)
	return id, err
}

// DocumentKey stands for somebody who is on no record, by their document: the same
// document gives the same number, from which nobody without the keys finds it. A
// *FieldError for "id_document" if it cannot be one.
func (s *Store) DocumentKey(number string) (uint64, error) {
	number, err := ParseDocument(number)
	var field *FieldError
	if errors.As(err, &field) {
		return 0, &FieldError{"id_document", field.Why}
	}
	if err != nil {
		return 0, err
	}
	return s.seal.blind("document on no record", number), nil
}

// scanOfMatched settles whose a scan is that names a walk-in who is, or was for
// a time, known as a resident. rest holds the resident of now, "" if there is
// none, and those of before: in the trail of one of those the scan may lie
// already, and then its first answer stands. resident is 0 if it is nobody's
// but the walk-in's own.
func (s *Store) scanOfMatched(ctx context.Context, c *scanCall, rest []string) (resident uint64, first *ScanResult, err error) {
	if len(rest) != 2 || len(rest[0])%8 != 0 || len(rest[1])%8 != 0 {
		return 0, nil, errEvent
	}
	resident = fromRaw(rest[0])
	for former := rest[1]; former != ""; former = former[8:] {
		person := fromRaw(former)
		if person == resident {
			continue // asked next
		}
		e, err := s.scanOf(ctx, person, c.req.OccurredAt, c.event.Hash)
		switch {
		case errors.Is(err, ErrNotFound):
			continue
		case err != nil:
			return 0, nil, err
		case e.Digest != c.event.Digest:
			return 0, nil, ErrOtherContent
		}
		views, err := s.Views(ctx, []uint64{person})
		if err != nil {
			return 0, nil, err
		}
		answer := c.answer(s.Registry(), &e, views[person], true)
		return 0, &answer, nil
	}
	return resident, nil, nil
}

// scanOf finds one scan or annulment in a person's own trail, ErrNotFound if it
// is not there.
func (s *Store) scanOf(ctx context.Context, person uint64, at int64, hash [8]byte) (ScanEvent, error) {
	table, err := s.rdb.HGet(ctx, s.keys.person(person), "c").Result()
	if err != nil && !isNil(err) {
		return ScanEvent{}, unavailable(err)
	}
	var found ScanEvent
	err = s.readTrail(ctx, trailRef{person: person, table: table}, at, at+1, func(e *ScanEvent) error {
		if e.Hash == hash {
			found = *e
		}
		return nil
	})
	if err == nil && found.Hash != hash {
		err = ErrNotFound
	}
	return found, err
}
