package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// ErrHeld says that somebody's record is evidence.
var ErrHeld = errors.New("checkpoint: this person's record is evidence of an open case, or of one that was closed less than 14 days ago")

// Erase removes who somebody is, on request: sealed identity, masked name, what
// they are found by (document, phone, home, household, grid), the words of the
// walk-ins that they turned out to be, permits and exemptions of their own, notes
// on their closed fever cases, the phones that they opened, what was written of them
// beside the gates (care.lua, and in the office's records). Their passes are void. What they did stays under the bare ID until retention is over, then the last of the record goes, too. It
// is the same for residents, visitors and walk-ins; who comes again is entered
// anew.
//
// What others wrote in their own words (the purpose of a permit to visit them,
// the hand-over note of a shift) stays sealed until its own time is over, and so
// does the audit.
//
// Nothing is erased that is evidence: ErrHeld. Nobody is erased who has to stay at
// home, either: enrolled anew they would be free. Erasing again changes nothing; an
// erasure that was cut off is completed by repeating it or by the next sweep.
// Errors: ErrNotFound, ErrHeld, *FieldError, ErrUnavailable.
func (s *Store) Erase(ctx context.Context, person uint64, by string) error {
	if !validCode(by) {
		return &FieldError{"by", "must be the login of an account"}
	}
	held, err := s.evidence(ctx)
	if err != nil {
		return err
	}
	fields, err := s.rdb.HMGet(ctx, s.keys.person(person), "k", "f", "s", "x").Result()
	if err != nil {
		return unavailable(err)
	}
	kind, _ := fields[0].(string)
	text, _ := fields[2].(string)
	number, _ := strconv.ParseUint(text, 10, 8) // none, of a walk-in: green
	switch status := Status(number); {
	case kind == "":
		return notFound("person", FormatPersonID(person))
	case held[person], fields[1] != nil:
		return ErrHeld
	case kind == string(rune(KindErased)):
		return nil
	case fields[3] == nil && status.Confines():
		return &FieldError{"id", "has to stay at home (" + status.String() + "): erase the record when that has ended"}
	}
	// From now on a sweep goes on with it, whatever happens here.
	reply, err := s.run(ctx, s.rdb, forgetScript, []string{s.keys.person(person)}, "mark", strconv.FormatInt(s.now(), 10)+" "+by)
	switch {
	case err != nil:
		return err
	case reply == "none":
		return notFound("person", FormatPersonID(person))
	}
	return s.erase(ctx, person)
}

// erase does the steps. Each is safe to repeat; the identity, by which the others
// find what they look for, goes last.
func (s *Store) erase(ctx context.Context, person uint64) error {
	if _, err := s.Revoke(ctx, person); err != nil && !errors.Is(err, ErrGenerations) {
		return err
	}
	walkIns, err := s.rdb.HGet(ctx, s.keys.person(person), "j").Result()
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	for _, id := range rawList(walkIns) {
		if known, err := s.judgedAs(ctx, id); err != nil || known != person {
			if err != nil {
				return err
			}
			continue
		}
		if err := s.eraseRecord(ctx, id); err != nil {
			return err
		}
	}
	return s.eraseRecord(ctx, person)
}

// eraseRecord erases what is under one ID.
func (s *Store) eraseRecord(ctx context.Context, person uint64) error {
	for _, step := range []func(context.Context, uint64) error{s.dropPhones, s.dropHome, s.dropReaders, s.dropCare, s.unindex, s.dropPermits, s.dropFeverNotes, s.dropMatters} {
		if err := step(ctx, person); err != nil {
			return err
		}
	}
	for range 10 {
		home, err := s.rdb.HGet(ctx, s.keys.person(person), "h").Result()
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		num, _ := strconv.ParseUint(home, 10, 32) // none: 0
		keys := []string{s.keys.person(person), s.keys.identity(person), s.keys.homeSet(partitionOf(person), uint32(num))}
		reply, err := s.run(ctx, s.rdb, forgetScript, keys, "erase", num, raw(person))
		if err != nil {
			return err
		}
		if reply != "changed" {
			return s.dropCare(ctx, person) // of what came while the person was not erased yet
		}
		if err := s.unindex(ctx, person); err != nil { // of who they have become meanwhile
			return err
		}
	}
	return fmt.Errorf("checkpoint: this person's record changes too fast: %w", ErrUnavailable)
}

// unindex makes a person unfindable by document and phone.
func (s *Store) unindex(ctx context.Context, person uint64) error {
	return s.indexBy(ctx, person, "unphone", "unphone") // the two indexes have one form
}

// reindex takes unindex back.
func (s *Store) reindex(ctx context.Context, person uint64) error {
	return s.indexBy(ctx, person, "claim", "phone")
}

// indexBy applies a step of enrol.lua to each of a person's two indexes.
func (s *Store) indexBy(ctx context.Context, person uint64, document, phone string) error {
	records, err := s.readPeople(ctx, []uint64{person})
	if err != nil || records[0].blob == "" || records[0].kind == KindWalkIn {
		return err // walk-ins are in no index
	}
	who, err := s.seal.openIdentity(person, []byte(records[0].blob))
	if err != nil {
		return fmt.Errorf("person %s: %w", FormatPersonID(person), err)
	}
	ctx, cancel := context.WithTimeout(ctx, fieldUseKnown)
	defer cancel()
	use, err := s.fieldsInUse(ctx)
	if err != nil {
		return err
	}
	for _, in := range [...]struct{ index, kind, value, step string }{
		{"d", "document", who.Document, document}, {"f", "phone", who.Phone, phone},
	} {
		if in.value == "" {
			continue
		}
		for _, version := range use.list {
			hash := s.seal.indexHash(version, in.kind, in.value)
			if _, err := s.run(ctx, s.rdb, enrolScript, []string{s.keys.index(version, in.index, hash)}, in.step, raw(hash), raw(person)); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropPermits takes a person's own permits and exemptions away.
func (s *Store) dropPermits(ctx context.Context, person uint64) error {
	permits := s.keys.permits(partitionOf(person))
	members, err := s.rdb.ZRangeWithScores(ctx, permits, 0, -1).Result()
	if err != nil {
		return unavailable(err)
	}
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, z := range members {
			text, _ := z.Member.(string)
			if m, err := parsePermitMember(text, z.Score); err == nil && m.person == person {
				p.Del(ctx, s.keys.permit(m.number))
				p.ZRem(ctx, permits, text)
			}
		}
		return nil
	})
	return unavailable(err)
}

// dropFeverNotes takes the notes out of a person's closed fever cases.
func (s *Store) dropFeverNotes(ctx context.Context, person uint64) error {
	closed, err := s.rdb.ZRange(ctx, s.keys.closedFevers(partitionOf(person)), 0, -1).Result()
	if err != nil {
		return unavailable(err)
	}
	for _, id := range closed {
		key := s.keys.fever(FeverID(fromRaw(id)))
		whose, err := s.rdb.HGet(ctx, key, "p").Result()
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		if whose != raw(person) {
			continue
		}
		if err := s.rdb.HDel(ctx, key, "n").Err(); err != nil {
			return unavailable(err)
		}
	}
	return nil
}
