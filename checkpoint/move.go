package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// NewHome is where a resident moves: another door, village or compound, or another
// micro-grid only.
type NewHome struct {
	Site string // code, a residential site
	Door string // as of NewResident
	Grid string // as of NewResident
}

// Moved is what became of a resident who moved.
type Moved struct {
	ID      uint64 // under which they are on record now
	Before  uint64 // another one if the household's partition is another: what it did is read as theirs
	Changed bool   // false: they lived there already
	Void    bool   // the passes they had are void: new ones have to be printed
	Ended   int    // permits and exemptions that ended with the move
	Home    NewHome
	Was     NewHome
}

// Move puts a resident into another home.
//
// What follows them: name, document, phone number, trail, last passage, status and
// all decisions, contests, diary and requests, walk-ins that they turned out to be,
// the office's records about them. What ends: phones that they opened in the old
// household, and its activation code; an exemption from the limit of outings, which
// belongs to a home; where the site is another one or the ID changes, all passes;
// where the ID changes, permits to visit others. What stays: outings, which the
// household made; entries in cases and in the audit, under the ID of then.
//
// A household shares a partition and a person's ID names theirs. Where the new
// household lies in another one the person goes on under a successor's ID, and the
// old one is known as the successor, like a walk-in as a resident (walkjoin.go).
//
// Whoever has to stay at home, has an open fever case or a record that is bound to
// the ID (a bed, an observation) does not move until that is over. The same move
// again changes nothing and completes what was cut off, as does the next sweep.
// Errors: *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) Move(ctx context.Context, person uint64, to NewHome, by *Staff) (Moved, error) {
	if err := s.FinishSuccession(ctx, person); err != nil {
		return Moved{}, err
	}
	who, err := s.Resident(ctx, person)
	if err != nil {
		return Moved{}, err
	}
	again := who.Kind == KindErased && who.KnownAs != 0
	if again {
		if who, err = s.Resident(ctx, who.KnownAs); err != nil {
			return Moved{}, err
		}
	}
	done := Moved{ID: who.ID, Before: person, Was: NewHome{who.Site, who.Door, who.Grid}}
	e, err := s.prepareMove(&who, to)
	if err != nil {
		return done, err
	}
	done.Home = NewHome{e.site.Code, e.plain.Door, e.nodeThen()}
	if done.Was == done.Home {
		return done, nil
	}
	if again {
		return done, &FieldError{"id", "is an ID of before: this person goes on as " + FormatPersonID(who.ID) + " and lives elsewhere"}
	}
	if err := s.mayMove(ctx, &who); err != nil {
		return done, err
	}
	done.Changed = true
	if partitionOf(e.household) == partitionOf(who.ID) {
		err = s.moveHere(ctx, &who, e, by, &done)
	} else {
		err = s.moveAcross(ctx, &who, e, by, &done)
	}
	return done, err
}

// prepareMove makes the row that the person would be enrolled with at the new home.
func (s *Store) prepareMove(who *Resident, to NewHome) (*enrolment, error) {
	switch {
	case who.Kind != KindResident:
		return nil, &FieldError{"id", "is a " + who.Kind.String() + ", who has no home to move from"}
	case who.Status == StatusGone:
		return nil, &FieldError{"id", "is on record as moved away or deceased: have that corrected first"}
	}
	if to.Grid == "" && to.Site == who.Site {
		to.Grid = who.Grid
	}
	row := NewResident{Name: who.Name, IDNumber: who.IDNumber, Phone: who.Phone, Site: to.Site, Door: to.Door, Grid: to.Grid, Status: who.Status}
	e, err := s.prepareRow(s.Registry(), row, 0)
	if err != nil {
		return nil, err
	}
	// The successor of one ID in one household is always the same, so that a move
	// that was cut off goes on where it was.
	e.id = e.household&^(1<<58-1) | s.seal.blind("successor", raw(who.ID)+raw(e.household))>>6
	e.blob = s.seal.sealIdentity(e.id, e.plain)
	return e, nil
}

// nodeThen is the node of the grid that answers for the person of a row.
func (e *enrolment) nodeThen() string {
	if e.grid != "" {
		return e.grid
	}
	return e.site.Grid
}

// mayMove refuses who has to stay where they are, or under their ID.
func (s *Store) mayMove(ctx context.Context, who *Resident) error {
	if err := s.settled(ctx, who, "move the record"); err != nil {
		return err
	}
	return s.unbound(ctx, who.ID)
}

// settled refuses who has to stay at home or has an open fever case. It stands before
// whatever frees the document of a record, by which its person could be enrolled anew,
// green and without a history. then is what can be done afterwards.
func (s *Store) settled(ctx context.Context, who *Resident, then string) error {
	if who.Status.Confines() {
		return &FieldError{"id", "has to stay at home (" + who.Status.String() + "): end that first, then " + then}
	}
	fever, err := s.rdb.HExists(ctx, s.keys.person(who.ID), "f").Result()
	if err != nil {
		return unavailable(err)
	}
	if fever {
		return &FieldError{"id", "has an open fever case: close it first, then " + then}
	}
	return nil
}

// unbound refuses a person with an open record of the office whose name is made of
// their ID: it would be lost under another one.
func (s *Store) unbound(ctx context.Context, person uint64) error {
	members, err := s.rdb.ZRange(ctx, s.keys.mattersOf(person), 0, -1).Result()
	if err != nil {
		return unavailable(err)
	}
	for _, member := range members {
		ref, ok := parseMatterMember(member)
		if !ok || ref.ID != NewMatterID(ref.Kind, FormatPersonID(person)) {
			continue
		}
		m, err := s.Matter(ctx, ref.Kind, ref.ID)
		if errors.Is(err, ErrNotFound) || err == nil && !m.Open() {
			continue
		}
		if err != nil {
			return err
		}
		return &FieldError{"id", fmt.Sprintf("has an open record of kind %s (%s): close that first", ref.Kind, strings.ReplaceAll(m.State, "_", " "))}
	}
	return nil
}

// moveHere moves somebody whose ID stays.
func (s *Store) moveHere(ctx context.Context, who *Resident, e *enrolment, by *Staff, done *Moved) (err error) {
	e.id = who.ID
	if done.Void = who.Site != e.site.Code; done.Void {
		if _, err := s.Revoke(ctx, who.ID); err != nil && !errors.Is(err, ErrGenerations) {
			return err
		}
		if done.Ended, err = s.endPermits(ctx, who.ID, by.Login, 'x'); err != nil {
			return err
		}
	}
	if err := s.rewrite(ctx, e, func(was identity) identity { was.Door = e.in.Door; return was }, nil); err != nil {
		return err
	}
	if err := s.followMatters(ctx, who.ID, who.ID, who.Grid, done.Home.Grid); err != nil {
		return err
	}
	return s.noteRecordWork(ctx, workMoved, who.ID, done.Home.Grid, by, RecordWork{From: &done.Was, To: &done.Home})
}

// rewrite puts home and identity of the person of a row: change makes the new
// identity of the one on record. unindexed, if it is not nil, gets the identity that
// was replaced.
func (s *Store) rewrite(ctx context.Context, e *enrolment, change func(identity) identity, unindexed func(context.Context, identity) error) error {
	rows := []*enrolment{e}
	ctx, cancel, err := s.chooseKeys(ctx, rows)
	if err != nil {
		return err
	}
	defer cancel()
	for range enrolTries {
		records, err := s.readPeople(ctx, []uint64{e.id})
		if err != nil {
			return err
		}
		e.old = &records[0]
		if !e.old.exists || e.old.blob == "" {
			return notFound("person", FormatPersonID(e.id))
		}
		was, err := s.seal.openIdentity(e.id, []byte(e.old.blob))
		if err != nil {
			return fmt.Errorf("person %s: %w", FormatPersonID(e.id), err)
		}
		e.plain = change(was)
		e.masked = MaskName(e.plain.Name)
		e.phone, e.oldPhone = e.plain.Phone != "", ""
		if was.Phone != e.plain.Phone {
			e.oldPhone = was.Phone
		}
		e.blob = s.seal.sealIdentity(e.id, e.plain)
		results := make([]EnrolResult, e.row+1)
		good, err := s.indexPhones(ctx, rows, results)
		if err != nil {
			return err
		}
		if len(good) == 0 {
			return results[e.row].Err
		}
		lost, err := s.update(ctx, good, results)
		switch {
		case err != nil:
			return err
		case len(lost) == 0 && unindexed != nil:
			return unindexed(ctx, was)
		case len(lost) == 0:
			return nil
		}
	}
	return fmt.Errorf("checkpoint: somebody else is changing person %s: %w", FormatPersonID(e.id), ErrUnavailable)
}

// endPermits ends a person's own permits that are not over, of one kind or (0) of
// all, and gives how many those were.
func (s *Store) endPermits(ctx context.Context, person uint64, by string, kind byte) (ended int, err error) {
	members, _, err := s.permitMembers(ctx, &PermitFilter{Person: person, State: PermitComing}) // and those in force
	if err != nil {
		return 0, err
	}
	for _, m := range members {
		if m.person != person || kind != 0 && m.kind != kind {
			continue
		}
		if err := s.endPermit(ctx, m.number, person, by); err != nil && !errors.Is(err, ErrNotFound) {
			return ended, err
		}
		ended++
	}
	return ended, nil
}
