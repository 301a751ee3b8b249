package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxWalkIns is how many walk-ins one resident can turn out to be.
const MaxWalkIns = 16

// ErrMatched says that the walk-in is known as somebody else, which has to be taken back
// first.
var ErrMatched = errors.New("checkpoint: this walk-in is known as somebody else")

// Match tells whom a walk-in turned out to be.
type Match struct {
	WalkIn   uint64
	Resident uint64 // 0: nobody yet
	At       int64  // UTC ms, when that was put on record
	By       string // login of who did it
}

// MatchOf tells whom a walk-in is known as now. ErrNotFound if there is no such
// person, a *FieldError for "id" if it is no walk-in.
func (s *Store) MatchOf(ctx context.Context, walkIn uint64) (Match, error) {
	m := Match{WalkIn: walkIn}
	fields, err := s.rdb.HMGet(ctx, s.keys.person(walkIn), "k", "r", "b").Result()
	if err != nil {
		return m, unavailable(err)
	}
	kind, _ := fields[0].(string)
	known, _ := fields[1].(string)
	if err := walkInError(walkIn, kind); err != nil || known == "" {
		return m, err
	}
	note, _ := fields[2].(string)
	at, by, _ := strings.Cut(note, " ")
	m.Resident, m.By = fromRaw(known), by
	if m.At, err = strconv.ParseInt(at, 10, 64); err != nil {
		return m, fmt.Errorf("checkpoint: person %s, field b: %w", FormatPersonID(walkIn), err)
	}
	return m, nil
}

func walkInError(id uint64, kind string) error {
	switch kind {
	case string(rune(KindWalkIn)):
		return nil
	case "":
		return notFound("walk-in", FormatPersonID(id))
	}
	return &FieldError{"id", "is not a walk-in, but somebody on record"}
}

// MatchWalkIn puts on record that a walk-in was this resident all along. From
// then on the same words are a scan of the resident, judged by their status and
// recorded in their trail; what came before stays where it is, with its answers,
// and is read as part of the resident's trail. Where the resident is, a reading
// that waits for its second one and an open fever case are worked out anew from
// both. by is a login. The same match again changes nothing and completes what
// was cut off. Errors: *FieldError (no walk-in, itself, another walk-in, too
// many), ErrNotFound, ErrMatched, ErrUnavailable.
func (s *Store) MatchWalkIn(ctx context.Context, walkIn, resident uint64, by string) (Match, error) {
	before, err := s.MatchOf(ctx, walkIn)
	switch {
	case err != nil:
		return before, err
	case walkIn == resident:
		return before, &FieldError{"resident", "is the walk-in itself"}
	case before.Resident != 0 && before.Resident != resident:
		return before, ErrMatched
	case !validCode(by):
		return before, &FieldError{"by", "must be the login of an account"}
	}
	// The list of the resident first: it counts for nothing until the walk-in
	// says so, and then it has to be there.
	if err := s.walkInStep(ctx, resident, "link", raw(walkIn), MaxWalkIns); err != nil {
		return before, err
	}
	err = s.walkInStep(ctx, walkIn, "match", raw(resident), s.now(), by)
	if settled := s.settleMatch(ctx, walkIn, resident); err == nil {
		err = settled
	}
	if err != nil {
		return before, err
	}
	return s.MatchOf(ctx, walkIn)
}

// UnmatchWalkIn takes a match back: the walk-in is a stranger again with the
// trail that they had, and the resident is without it. Scans that the walk-in's
// words made of the resident meanwhile stay the resident's, and their repeats
// get the same answer. It gives the resident that it was, 0 if none ever; again,
// it changes nothing and completes what was cut off. Errors: *FieldError,
// ErrNotFound, ErrUnavailable.
func (s *Store) UnmatchWalkIn(ctx context.Context, walkIn uint64) (uint64, error) {
	if _, err := s.MatchOf(ctx, walkIn); err != nil {
		return 0, err
	}
	reply, err := s.run(ctx, s.rdb, walkInScript, []string{s.keys.person(walkIn)}, "unmatch", s.now())
	if err != nil {
		return 0, err
	}
	was, _ := reply.(string)
	if was == "" {
		return 0, nil
	}
	return fromRaw(was), s.settleMatch(ctx, walkIn, fromRaw(was))
}

// settleMatch makes everything follow from whom the walk-in is known as: the
// resident's list, the open fever case, the state of both. If that changes
// meanwhile it begins again, so that whoever changed it last finds it settled.
func (s *Store) settleMatch(ctx context.Context, walkIn, resident uint64) error {
	for range 10 {
		before, err := s.MatchOf(ctx, walkIn)
		if err != nil {
			return err
		}
		if before.Resident == resident {
			err = s.walkInStep(ctx, resident, "link", raw(walkIn), MaxWalkIns)
		} else {
			err = s.walkInStep(ctx, resident, "unlink", raw(walkIn))
		}
		if err != nil {
			return err
		}
		if err := s.settleFever(ctx, resident); err != nil {
			return err
		}
		for _, person := range []uint64{walkIn, resident} {
			if err := s.settleState(ctx, person); err != nil {
				return err
			}
		}
		after, err := s.MatchOf(ctx, walkIn)
		if err != nil || after.Resident == before.Resident {
			return err
		}
	}
	return fmt.Errorf("checkpoint: somebody else is matching this walk-in: %w", ErrUnavailable)
}

// walkInStep runs one step of walkin.lua on one person.
func (s *Store) walkInStep(ctx context.Context, person uint64, step string, args ...any) error {
	reply, err := s.run(ctx, s.rdb, walkInScript, []string{s.keys.person(person)}, append([]any{step}, args...)...)
	if err != nil {
		return err
	}
	switch reply {
	case "ok":
		return nil
	case "none":
		return notFound("person", FormatPersonID(person))
	case "kind":
		return &FieldError{"resident", "is a walk-in, too: give somebody on record"}
	case "full":
		return &FieldError{"resident", fmt.Sprintf("is known under %d walk-ins already", MaxWalkIns)}
	case "other":
		return ErrMatched
	}
	return fmt.Errorf("checkpoint: walkin.lua %s replied %v", step, reply)
}

// Candidate is somebody on record who may be a walk-in.
type Candidate struct {
	Resident
	SameName bool
	SameTail bool // their document ends in what was written down of the walk-in's
}

// WalkInCandidates lists people who have the phone that was written down of a
// walk-in, the likeliest first: those whose name and document fit, too. There is
// no index by name or by the end of a document, so a walk-in without a phone, or
// with one that nobody on record has, has no candidates, although they may be on
// record. Errors: ErrNotFound, a *FieldError for "id" if it is no walk-in.
func (s *Store) WalkInCandidates(ctx context.Context, walkIn uint64) ([]Candidate, error) {
	who, err := s.Resident(ctx, walkIn)
	if err != nil {
		return nil, err
	}
	if err := walkInError(walkIn, string(rune(who.Kind))); err != nil || who.Phone == "" {
		return nil, err
	}
	ids, err := s.FindByPhone(ctx, who.Phone)
	if err != nil {
		return nil, err
	}
	people, err := s.Residents(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]Candidate, 0, len(people))
	for _, p := range people {
		if p.Kind != KindWalkIn {
			tail := who.IDNumber != "" && strings.HasSuffix(strings.ToUpper(p.IDNumber), strings.ToUpper(who.IDNumber))
			found = append(found, Candidate{p, p.Name == who.Name, tail})
		}
	}
	fits := func(c Candidate) int { return int(bit(c.SameName))*2 + int(bit(c.SameTail)) }
	slices.SortStableFunc(found, func(a, b Candidate) int { return fits(b) - fits(a) })
	return found, nil
}
