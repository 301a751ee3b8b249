package checkpoint

import (
	"context"
	"errors"
	"fmt"
)

// Correction is what of a record was wrong; what is empty stays.
type Correction struct {
	Name     string // as of NewResident
	IDNumber string
	Phone    string
	Reason   string // at most 200 characters, needed
}

// maxRecordReason bounds why a record is changed, in characters.
const maxRecordReason = 200

// Correct puts name, document or phone number of a resident right and gives the
// fields that have changed. Another name or document voids the passes, on which both
// are compared at the gate. A document of somebody else is refused: then the two
// records may be one person's (Merge). Of who has to stay at home or has an open fever
// case the document of before still leads to them: nobody is enrolled by it anew, also
// afterwards, until the record is corrected to it and back. The same again changes nothing. Errors:
// *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) Correct(ctx context.Context, person uint64, c Correction, by *Staff) (changed []string, err error) {
	if c.Reason, err = cleanText("reason", c.Reason, maxRecordReason, true); err != nil {
		return nil, err
	}
	who, err := s.Resident(ctx, person)
	if err != nil {
		return nil, err
	}
	if who.Kind != KindResident {
		return nil, &FieldError{"id", "is a " + who.Kind.String() + ": only records of residents are corrected"}
	}
	right, err := c.apply(&who)
	if err != nil {
		return nil, err
	}
	site, ok := s.Registry().Site(who.Site)
	if !ok {
		return nil, notFound("site", who.Site)
	}
	changed = right.differs(&who)
	if len(changed) == 0 {
		return nil, nil
	}
	held := false
	if right.Document != who.IDNumber {
		err := s.settled(ctx, &who, "")
		if held = errors.As(err, new(*FieldError)); err != nil && !held {
			return nil, err
		}
		if err := s.claimDocument(ctx, person, right.Document); err != nil {
			return nil, err
		}
	}
	if right.Name != who.Name || right.Document != who.IDNumber {
		if _, err := s.Revoke(ctx, person); err != nil && !errors.Is(err, ErrGenerations) {
			return nil, err
		}
	}
	records, err := s.readPeople(ctx, []uint64{person})
	if err != nil {
		return nil, err
	}
	e := &enrolment{id: person, site: site, household: who.Household, grid: records[0].grid}
	err = s.rewrite(ctx, e, func(was identity) identity {
		right.Door = was.Door
		return right
	}, func(ctx context.Context, was identity) error {
		if held || was.Document == right.Document {
			return nil
		}
		return s.indexStep(ctx, "d", "document", was.Document, "unphone", person) // the two indexes have one form
	})
	if err != nil {
		return nil, err
	}
	return changed, s.noteRecordWork(ctx, workCorrected, person, who.Grid, by, RecordWork{Fields: changed, Reason: c.Reason})
}

// apply gives the identity as it should be.
func (c *Correction) apply(who *Resident) (right identity, err error) {
	right = identity{Name: who.Name, Document: who.IDNumber, Phone: who.Phone}
	if c.Name != "" {
		if right.Name, err = CleanName(c.Name); err != nil {
			return right, err
		}
	}
	if c.IDNumber != "" {
		if right.Document, err = ParseDocument(c.IDNumber); err != nil {
			return right, err
		}
	}
	if c.Phone != "" {
		right.Phone, err = ParsePhone(c.Phone)
	}
	return right, err
}

func (right *identity) differs(who *Resident) (fields []string) {
	for _, f := range [...]struct{ name, was, is string }{
		{"name", who.Name, right.Name}, {"id_number", who.IDNumber, right.Document}, {"phone", who.Phone, right.Phone},
	} {
		if f.was != f.is {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// claimDocument makes a document lead to a person, unless it is somebody else's.
func (s *Store) claimDocument(ctx context.Context, person uint64, document string) error {
	owner, err := s.FindByDocument(ctx, document)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if err == nil && owner != person {
		return &FieldError{"id_number", "is on record for somebody else (" + FormatPersonID(owner) + "): if the two records are one person's, merge them"}
	}
	return s.indexStep(ctx, "d", "document", document, "claim", person)
}

// indexStep applies a step of enrol.lua to one value in the blind indexes of all
// versions of the keys.
func (s *Store) indexStep(ctx context.Context, index, kind, value, step string, person uint64) error {
	ctx, cancel := context.WithTimeout(ctx, fieldUseKnown)
	defer cancel()
	use, err := s.fieldsInUse(ctx)
	if err != nil {
		return err
	}
	for _, version := range use.list {
		hash := s.seal.indexHash(version, kind, value)
		reply, err := s.run(ctx, s.rdb, enrolScript, []string{s.keys.index(version, index, hash)}, step, raw(hash), raw(person))
		if err != nil {
			return err
		}
		if step == "claim" && reply != raw(person) {
			return &FieldError{"id_number", "is being put on record for somebody else: look it up in a moment"}
		}
	}
	return nil
}

// Leaving is that somebody has died or moved out of the town.
type Leaving struct {
	Ground Ground // "deceased" or "moved_away"
	Date   string // YYYY-MM-DD at the place, not in the future
	Reason string // how it is known, at most 200 characters, needed
}

// Leave puts on record that a resident has died or left the town: they are in no
// household and no list of those who live somewhere any more, their passes are void,
// the phones that they opened and their permits end. What they did is kept like
// anybody's. It is taken back by a decision about the status, on the ground of a
// correction. Who has to stay at home is refused: the registry does not end that. The
// same again changes nothing. Errors: *FieldError, ErrNotFound,
// ErrUnavailable.
func (s *Store) Leave(ctx context.Context, person uint64, l Leaving, by *Staff) error {
	reason, err := cleanText("reason", l.Reason, maxRecordReason, true)
	if err != nil {
		return err
	}
	if l.Ground != "deceased" && l.Ground != "moved_away" {
		return &FieldError{"ground", "must be deceased or moved_away"}
	}
	day, err := ParseDay(l.Date)
	if err != nil || day > s.DayAt(s.now()) {
		return &FieldError{"date", "must be a date like 2020-02-11, today at the latest"}
	}
	who, err := s.Resident(ctx, person)
	if err != nil {
		return err
	}
	if who.Kind != KindResident {
		return &FieldError{"id", "is a " + who.Kind.String() + ": residents die or leave"}
	}
	again := who.Status == StatusGone
	if who.Status.Confines() {
		return &FieldError{"id", "has to stay at home (" + who.Status.String() + "): a medic ends that first, or decides that they are gone"}
	}
	if !again {
		if err := s.unbound(ctx, person); err != nil {
			return err
		}
	}
	evidence := fmt.Sprintf("%s %s", l.Date, reason)
	if text := []rune(evidence); len(text) > maxEvidence {
		evidence = string(text[:maxEvidence])
	}
	change := StatusChange{Status: StatusGone, Ground: l.Ground, Evidence: evidence, By: by.Num, Office: by.Grid}
	if again {
		record, err := s.StatusRecord(ctx, &who)
		if err != nil {
			return err
		}
		if record.Ground != l.Ground {
			return &FieldError{"ground", "is " + string(record.Ground) + " on record already: have that corrected first"}
		}
		change.Evidence, change.By, change.Office = record.Evidence, record.By, record.Office
	}
	if _, err := s.endPermits(ctx, person, by.Login, 0); err != nil {
		return err
	}
	if !again { // before the status, so that a repeat voids nothing that was issued since
		if _, err := s.Revoke(ctx, person); err != nil && !errors.Is(err, ErrGenerations) {
			return err
		}
	}
	if _, err := s.ChangeStatus(ctx, person, change); err != nil || again {
		return err
	}
	return s.noteRecordWork(ctx, workGone, person, who.Grid, by, RecordWork{Date: l.Date, Reason: reason})
}
