package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A record goes on under another ID when its person moves to a household of another
// partition, and when it turns out to be a second record of somebody. Field y of the
// old record says that this has begun and under which ID; field r, that it is so
// (move.lua). The steps before r can be seen by nobody but as two records of one
// person for a moment; those after it follow from it.

// moveAcross moves somebody who goes on under a successor's ID.
func (s *Store) moveAcross(ctx context.Context, who *Resident, e *enrolment, by *Staff, done *Moved) (err error) {
	if err := s.roomToJoin(ctx, who.ID, e.id); err != nil {
		return err
	}
	if done.Ended, err = s.endPermits(ctx, who.ID, by.Login, 0); err != nil {
		return err
	}
	begun := succession{from: who.ID, to: e.id, how: recordMoves, login: by.Login, node: who.Grid}
	if err := s.beginSuccession(ctx, &begun); err != nil {
		return err
	}
	rows, results := []*enrolment{e}, make([]EnrolResult, 1)
	keyed, cancel, err := s.chooseKeys(ctx, rows)
	if err != nil {
		return err
	}
	defer cancel()
	good, err := s.indexPhones(keyed, rows, results)
	if err != nil {
		return err
	}
	if len(good) == 0 {
		return results[0].Err
	}
	if _, err := s.create(keyed, KindResident, rows, results); err != nil {
		return err
	}
	if err := s.beginSuccession(ctx, &begun); err != nil { // a sweep may have found no successor yet
		return err
	}
	done.ID, done.Void = e.id, true
	if err := s.FinishSuccession(ctx, who.ID); err != nil {
		return err
	}
	return s.noteRecordWork(ctx, workMoved, e.id, done.Home.Grid, by, RecordWork{Other: FormatPersonID(who.ID), From: &done.Was, To: &done.Home})
}

// roomToJoin refuses what would join more records than one person can have.
func (s *Store) roomToJoin(ctx context.Context, from, to uint64) error {
	replies := make([]*redis.StringCmd, 2)
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range []uint64{from, to} {
			replies[i] = p.HGet(ctx, s.keys.person(id), "j")
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	if len(replies[0].Val())+len(replies[1].Val()) >= 8*MaxWalkIns {
		return &FieldError{"id", fmt.Sprintf("has %d earlier records and walk-ins already: wait until those are older than retention", MaxWalkIns)}
	}
	return nil
}

// succession is what a person's field y says.
type succession struct {
	from, to    uint64
	how         byte // recordMoves, recordJoins
	login, node string
}

const (
	recordMoves = 'm' // the successor is new and has what the record had
	recordJoins = 'j' // it goes into another record of the same person
)

// parse reads a field y.
func (b *succession) parse(text string) bool {
	if len(text) < 9 {
		return false
	}
	b.to, b.how = fromRaw(text), text[8]
	said := strings.SplitN(text[9:], " ", 3) // when, who, node
	if len(said) == 3 {
		b.login, b.node = said[1], said[2]
	}
	return len(said) == 3
}

func (s *Store) beginSuccession(ctx context.Context, b *succession) error {
	from := b.from
	note := fmt.Sprintf("%d %s %s", s.now(), b.login, b.node)
	reply, err := s.run(ctx, s.rdb, moveScript, []string{s.keys.person(from)}, "begin", raw(b.to), string(rune(b.how)), note)
	switch {
	case err != nil:
		return err
	case reply == "none":
		return notFound("person", FormatPersonID(from))
	case reply == "kind":
		return &FieldError{"id", "is neither a resident nor a visitor on record"}
	case reply == "other":
		return &FieldError{"id", "goes on under another ID, or is about to: look it up by the document"}
	}
	return nil
}

// FinishSuccession completes what was begun of a person's record going on under
// another ID; of anybody else it changes nothing. Errors: ErrUnavailable.
func (s *Store) FinishSuccession(ctx context.Context, from uint64) error {
	begun, err := s.rdb.HGet(ctx, s.keys.person(from), "y").Result()
	if isNil(err) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	b := succession{from: from}
	if !b.parse(begun) {
		return fmt.Errorf("checkpoint: person %s, field y is not in its form", FormatPersonID(from))
	}
	to := b.to
	records, err := s.readPeople(ctx, []uint64{to})
	if err != nil {
		return err
	}
	if records[0].exists && records[0].kind == KindResident { // else it was cut off before there was a successor
		if err := s.succeed(ctx, from, to); err != nil {
			return err
		}
		if err := s.adoptCare(ctx, &b); err != nil {
			return err
		}
		if err := s.followAliases(ctx, from, to); err != nil {
			return err
		}
		reg := s.Registry()
		node := records[0].grid
		if site, ok := reg.SiteByNum(uint32(records[0].home)); ok && node == "" { //nolint:gosec // parsed as 32 bits
			node = site.Grid
		}
		if err := s.followMatters(ctx, from, to, b.node, node); err != nil {
			return err
		}
		if err := s.settleFever(ctx, to); err != nil {
			return err
		}
		for _, id := range []uint64{from, to} {
			if err := s.settleState(ctx, id); err != nil {
				return err
			}
		}
	}
	_, err = s.run(ctx, s.rdb, moveScript, []string{s.keys.person(from)}, "done")
	return err
}

// succeed makes the old record an ID of the successor.
func (s *Store) succeed(ctx context.Context, from, to uint64) error {
	if known, err := s.judgedAs(ctx, from); err != nil || known == to {
		return err
	}
	if _, err := s.Revoke(ctx, from); err != nil && !errors.Is(err, ErrGenerations) {
		return err
	}
	for range 10 {
		records, err := s.readPeople(ctx, []uint64{from, to})
		if err != nil {
			return err
		}
		old := &records[0]
		if err := s.leaveRecord(ctx, from, to, old, &records[1]); err != nil {
			return err
		}
		home := uint32(old.home) //nolint:gosec // parsed as 32 bits
		keys := []string{s.keys.person(from), s.keys.identity(from), s.keys.homeSet(partitionOf(from), home)}
		reply, err := s.run(ctx, s.rdb, moveScript, keys, "succeed", raw(to), raw(from), old.home, old.blob)
		if err != nil || reply != "changed" {
			return err
		}
	}
	return fmt.Errorf("checkpoint: the record of %s changes too fast: %w", FormatPersonID(from), ErrUnavailable)
}

// leaveRecord does what has to be done before the old record has no identity any
// more: phones end, and what led to it leads to the successor.
func (s *Store) leaveRecord(ctx context.Context, from, to uint64, old, next *personRecord) error {
	for _, step := range []func(context.Context, uint64) error{s.dropPhones, s.dropHome} {
		if err := step(ctx, from); err != nil {
			return err
		}
	}
	if err := s.walkInStep(ctx, to, "link", raw(from), MaxWalkIns); err != nil { // counts from r on
		return err
	}
	was, err := s.seal.openIdentity(from, []byte(old.blob))
	if err != nil {
		return fmt.Errorf("person %s: %w", FormatPersonID(from), err)
	}
	now, err := s.seal.openIdentity(to, []byte(next.blob))
	if err != nil {
		return fmt.Errorf("person %s: %w", FormatPersonID(to), err)
	}
	held := old.holds() || next.holds() // they are not enrolled anew by the other of two numbers
	for _, id := range []uint64{from, to} {
		if fever, err := s.rdb.HExists(ctx, s.keys.person(id), "f").Result(); err != nil {
			return unavailable(err)
		} else if fever {
			held = true
		}
	}
	if held || was.Document == now.Document {
		if err := s.reclaim(ctx, was.Document, from, to); err != nil {
			return err
		}
	}
	return s.unindex(ctx, from)
}

// holds tells that somebody has to stay at home.
func (r *personRecord) holds() bool { return Status(r.status).Confines() }

// reclaim gives a document from one ID to another in the indexes of all versions.
func (s *Store) reclaim(ctx context.Context, document string, from, to uint64) error {
	ctx, cancel := context.WithTimeout(ctx, fieldUseKnown)
	defer cancel()
	use, err := s.fieldsInUse(ctx)
	if err != nil {
		return err
	}
	for _, version := range use.list {
		hash := s.seal.indexHash(version, "document", document)
		if _, err := s.run(ctx, s.rdb, enrolScript, []string{s.keys.index(version, "d", hash)}, "reclaim", raw(hash), raw(to), raw(from)); err != nil {
			return err
		}
	}
	return nil
}

// followAliases makes the walk-ins and earlier IDs of the old record those of the
// successor.
func (s *Store) followAliases(ctx context.Context, from, to uint64) error {
	list, err := s.rdb.HGet(ctx, s.keys.person(from), "j").Result()
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	for _, id := range rawList(list) {
		known, err := s.judgedAs(ctx, id)
		if err != nil {
			return err
		}
		if known != from && known != to {
			continue
		}
		if err := s.walkInStep(ctx, to, "link", raw(id), MaxWalkIns); err != nil {
			return err
		}
		if _, err := s.run(ctx, s.rdb, moveScript, []string{s.keys.person(id)}, "follow", raw(from), raw(to)); err != nil {
			return err
		}
		if err := s.walkInStep(ctx, from, "unlink", raw(id)); err != nil {
			return err
		}
	}
	return nil
}

// adoptCare puts what was written of the old record beside the gates to the
// successor. Nothing more is written of the old one.
func (s *Store) adoptCare(ctx context.Context, b *succession) error {
	from, to := b.from, b.to
	tables, err := s.careTables(ctx, []uint64{from})
	if err != nil {
		return err
	}
	for i, kind := range careKinds {
		if len(tables[0][i]) == 0 {
			continue
		}
		args, err := s.adopted(ctx, b, kind, tables[0][i])
		if err != nil {
			return err
		}
		if _, err := s.run(ctx, s.rdb, adoptScript, s.careKeys(to), args...); err != nil {
			return err
		}
	}
	return s.dropCare(ctx, from)
}

// adopted are the arguments of adopt.lua for the records of one kind.
func (s *Store) adopted(ctx context.Context, b *succession, kind careKind, table careTable) ([]any, error) {
	from := b.from
	sealed, ends := map[[8]byte][]byte{}, map[[8]byte]int64{}
	err := s.readCare(ctx, table.refsOf(from, kind, nil), func(r *careRef, plain []byte) error {
		if kind == careStatus {
			var record StatusRecord
			if err := json.Unmarshal(plain, &record); err != nil {
				return err
			}
			ends[r.id] = record.Until
		}
		moved := careRef{b.to, kind, r.id}
		sealed[r.id] = s.seal.seal(moved.sealFor(), plain)
		return nil
	})
	if err != nil {
		return nil, err
	}
	table = slices.DeleteFunc(table, func(e careEntry) bool { return sealed[e.id] == nil })
	scores, err := s.careScores(ctx, from, kind, table)
	if err != nil {
		return nil, err
	}
	var entries []byte
	args := make([]any, 3, 3+3*len(table))
	for i := range table {
		e := &table[i]
		entries = append(entries, e.pack()...)
		if kind == careStatus && ends[e.id] != 0 {
			scores[i][0] = strconv.FormatInt(ends[e.id], 10)
		}
		args = append(args, sealed[e.id], scores[i][0], scores[i][1])
	}
	args[0], args[1], args[2] = string(rune(kind)), entries, bit(b.how == recordMoves)
	return args, nil
}

// careScores are the places of records in the lists of their kind, open and closed,
// "" where they are in none.
func (s *Store) careScores(ctx context.Context, person uint64, kind careKind, table careTable) ([][2]string, error) {
	lists := map[careKind][]careListKind{
		careContest: {listContests, listAnswered}, careRequest: {listRequests, listDone}, careReading: {listFeverish},
	}[kind]
	out := make([][2]string, len(table))
	if len(lists) == 0 {
		return out, nil
	}
	replies := make([]*redis.FloatCmd, 0, len(table)*len(lists))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range table {
			for _, list := range lists {
				replies = append(replies, p.ZScore(ctx, s.keys.careList(partitionOf(person), list), raw(person)+string(table[i].id[:])))
			}
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	for n, reply := range replies {
		score, err := reply.Result()
		if isNil(err) {
			continue
		}
		if err != nil {
			return nil, unavailable(err)
		}
		out[n/len(lists)][n%len(lists)] = strconv.FormatInt(int64(score), 10)
	}
	return out, nil
}

// followMatters makes the office's records about one ID records about another. Open
// ones that lay at the node of the old home (was) go to that of the new one.
func (s *Store) followMatters(ctx context.Context, from, to uint64, was, node string) error {
	if from == to && was == node {
		return nil
	}
	members, err := s.rdb.ZRange(ctx, s.keys.mattersOf(from), 0, -1).Result()
	if err != nil {
		return unavailable(err)
	}
	for _, member := range members {
		ref, ok := parseMatterMember(member)
		if !ok {
			return fmt.Errorf("checkpoint: a record of %s has no name: %q", FormatPersonID(from), strings.ToValidUTF8(member, "?"))
		}
		_, err := s.TurnMatter(ctx, ref.Kind, ref.ID, 0, "", func(m *Matter) error {
			m.Person = to
			if m.Open() && m.Node == was {
				m.Node = node
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}
