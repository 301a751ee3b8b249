package checkpoint

import (
	"context"
	"errors"
	"fmt"
)

// visitor gives the person whom a guard wrote down for a permit: whoever is on
// record with that document, or with that name and phone; else a new person of
// the kind visitor in the host's partition. The same words make the same
// person, so that a visitor keeps one trail. late, if not nil, is why nobody
// new may be made any more.
func (s *Store) visitor(ctx context.Context, v Visitor, host uint64, late error) (uint64, error) {
	e, err := s.prepareVisitor(v, host)
	if err != nil {
		return 0, ofVisitor(err)
	}
	known, err := s.knownVisitor(ctx, e)
	switch {
	case err != nil:
		return 0, err
	case known != nil && known.Name != e.plain.Name:
		return 0, &FieldError{"visitor.name", "this document is on record under another name: one of the two is wrong"}
	case known != nil && (e.plain.Document == "" || known.IDNumber != ""):
		return known.ID, nil
	case late != nil:
		return 0, late
	case known != nil:
		e.id = known.ID // came without a document so far
	}
	return e.id, ofVisitor(s.putVisitor(ctx, e, known != nil))
}

// ofVisitor names a field of a person as that of the visitor in a request.
func ofVisitor(err error) error {
	var field *FieldError
	if errors.As(err, &field) {
		return &FieldError{"visitor." + field.Field, field.Why}
	}
	return err
}

// prepareVisitor checks what was written down and makes what is written for a
// new person.
func (s *Store) prepareVisitor(v Visitor, host uint64) (*enrolment, error) {
	e := &enrolment{site: &Site{}} // no home
	e.in.Status = StatusVisitor
	var err error
	if e.plain.Name, err = CleanName(v.Name); err != nil {
		return nil, err
	}
	if e.plain.Phone, err = ParsePhone(v.Phone); err != nil {
		return nil, err
	}
	named := "\x00" + e.plain.Name + "\x00" + e.plain.Phone
	switch {
	case v.IDNumber != "":
		if e.plain.Document, err = ParseDocument(v.IDNumber); err != nil {
			return nil, err
		}
		named = e.plain.Document
	case e.plain.Phone == "":
		return nil, &FieldError{"id_number", "is missing: give the document, or else the phone"}
	}
	e.phone = e.plain.Phone != ""
	e.masked = MaskName(e.plain.Name)
	e.id = s.seal.blind("visitor", named)
	if host != 0 {
		e.id = host&^(1<<58-1) | e.id>>6
	}
	e.household = e.id // alone
	return e, nil
}

// knownVisitor finds the visitor on record, nil if they are new. Somebody who
// was written down without a document is found by name and phone when they show
// one later.
func (s *Store) knownVisitor(ctx context.Context, e *enrolment) (*Resident, error) {
	var ids []uint64
	var err error
	if number := e.plain.Document; number != "" {
		ids, err = s.lookUp(ctx, "d", "document", number, func(r Resident) bool { return r.IDNumber == number })
	}
	if err == nil && len(ids) == 0 && e.plain.Phone != "" {
		ids, err = s.lookUp(ctx, "f", "phone", e.plain.Phone, func(r Resident) bool {
			return r.Phone == e.plain.Phone && r.Name == e.plain.Name && (e.plain.Document == "" || r.IDNumber == "")
		})
	}
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	person, err := s.Resident(ctx, ids[0])
	return &person, err
}

// putVisitor writes a visitor: the indexes first, so that whoever is there is
// complete. known tells that they are on record without a document. If another
// request was faster, e.id is the person whom that one has made.
func (s *Store) putVisitor(ctx context.Context, e *enrolment, known bool) error {
	rows, results := []*enrolment{e}, make([]EnrolResult, 1)
	ctx, cancel, err := s.chooseKeys(ctx, rows)
	if err != nil {
		return err
	}
	defer cancel()
	if e.plain.Document != "" {
		if _, _, err := s.claim(ctx, rows); err != nil {
			return err
		}
	}
	e.blob = s.seal.sealIdentity(e.id, e.plain)
	rows, err = s.indexPhones(ctx, rows, results)
	if err != nil || len(rows) == 0 {
		return errors.Join(err, results[0].Err)
	}
	if !known || e.known {
		_, err = s.create(ctx, KindVisitor, rows, results)
		return err
	}
	records, err := s.readPeople(ctx, []uint64{e.id})
	if err != nil {
		return err
	}
	e.old, e.household = &records[0], fromRaw(records[0].household)
	lost, err := s.update(ctx, rows, results)
	if err == nil && len(lost) > 0 {
		return fmt.Errorf("checkpoint: somebody else is changing this visitor: %w", ErrUnavailable)
	}
	return err
}
