package checkpoint

import (
	"context"
	"errors"
	"fmt"
)

// enrol writes prepared rows: claim the document, then make or update the
// person. The phone is indexed before the person is written: a person who is
// there is complete.
func (s *Store) enrol(ctx context.Context, rows []*enrolment, results []EnrolResult) error {
	ctx, cancel, err := s.chooseKeys(ctx, rows)
	if err != nil {
		return err
	}
	defer cancel()
	fresh, known, err := s.claim(ctx, rows)
	if err != nil {
		return err
	}
	for try := 0; len(fresh)+len(known) > 0; try++ {
		if try == enrolTries {
			for _, e := range append(fresh, known...) {
				results[e.row].Err = errors.New("checkpoint: somebody else is changing this person, try again")
			}
			return nil
		}
		missing, changed, err := s.compare(ctx, known, results)
		if err != nil {
			return err
		}
		fresh = append(fresh, missing...)
		if fresh, err = s.indexPhones(ctx, fresh, results); err != nil {
			return err
		}
		if changed, err = s.indexPhones(ctx, changed, results); err != nil {
			return err
		}
		existed, err := s.create(ctx, KindResident, fresh, results)
		if err != nil {
			return err
		}
		lost, err := s.update(ctx, changed, results)
		if err != nil {
			return err
		}
		fresh, known = nil, append(existed, lost...)
	}
	return nil
}

// errKeysNotChosen is a slip of ours: without an index nobody would be found.
var errKeysNotChosen = errors.New("checkpoint: rows are indexed without chooseKeys")

// chooseKeys finds out with which versions of the keys rows are written, and for
// how long that may be believed.
func (s *Store) chooseKeys(ctx context.Context, rows []*enrolment) (context.Context, context.CancelFunc, error) {
	ctx, cancel := context.WithTimeout(ctx, fieldUseKnown)
	use, err := s.fieldsInUse(ctx)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	for _, e := range rows {
		e.use = use
		if len(e.blob) > 0 && e.blob[0] != use.newest() {
			e.blob = s.seal.sealIdentity(e.id, e.plain)
		}
	}
	return ctx, cancel, nil
}

// claim asks the index whose documents these are. Those of nobody are given to
// the row's candidate: they are fresh.
//
// While the index of one version of the keys follows another, the old one is
// asked first and what it says is claimed in the new one, whose word is the last.
// So two gateways of which one knows the old and both and the other both and the
// new find the same person, and never make two.
func (s *Store) claim(ctx context.Context, rows []*enrolment) (fresh, known []*enrolment, err error) {
	if len(rows) == 0 {
		return nil, nil, nil
	}
	if len(rows[0].use.list) == 0 {
		return nil, nil, errKeysNotChosen
	}
	candidates := make([]uint64, len(rows))
	for i, e := range rows {
		candidates[i] = e.id
	}
	for _, version := range rows[0].use.list {
		hash := func(e *enrolment) uint64 { return s.seal.indexHash(version, "document", e.plain.Document) }
		err = s.batch(ctx, step{
			name: "claim", width: 8,
			partition: func(e *enrolment) int { return partitionOf(hash(e)) },
			add: func(c *call, e *enrolment) {
				c.keys = append(c.keys, s.keys.index(version, "d", hash(e)))
				c.args = append(c.args, raw(hash(e)), raw(e.id))
			},
			done: func(e *enrolment, reply string) { e.id = fromRaw(reply) },
		}, rows)
		if err != nil {
			return nil, nil, err
		}
	}
	for i, e := range rows {
		e.known = e.id != candidates[i]
	}
	for _, e := range rows { // in the order of the rows, so that earlier ones go first
		if e.known {
			known = append(known, e)
		} else {
			fresh = append(fresh, e)
		}
	}
	return fresh, known, nil
}

// compare looks at people whose document was claimed before. missing are those
// whose enrolment was cut off after the claim, changed those whose row says
// something new.
func (s *Store) compare(ctx context.Context, known []*enrolment, results []EnrolResult) (missing, changed []*enrolment, err error) {
	ids := make([]uint64, len(known))
	for i, e := range known {
		ids[i] = e.id
	}
	for start := 0; start < len(ids); start += pipelineSize {
		end := min(start+pipelineSize, len(ids))
		records, err := s.readPeople(ctx, ids[start:end])
		if err != nil {
			return nil, nil, err
		}
		for i, e := range known[start:end] {
			same, err := s.merge(e, &records[i])
			switch {
			case isRowError(err):
				results[e.row].Err = err
			case err != nil:
				return nil, nil, err
			case same:
				results[e.row] = EnrolResult{ID: e.id}
			case e.old == nil:
				missing = append(missing, e)
			default:
				changed = append(changed, e)
			}
		}
	}
	return missing, changed, nil
}

// merge prepares the writing of a row for the person that its document belongs
// to. It tells whether there is nothing to write.
func (s *Store) merge(e *enrolment, stored *personRecord) (same bool, err error) {
	e.old, e.oldPhone = nil, ""
	sameHome := stored.home == uint64(e.site.Num)
	if stored.exists && e.in.Door == "" && sameHome {
		e.household = fromRaw(stored.household) // the row is silent about the door
	}
	if e.keepHome && stored.exists && stored.kind == KindResident {
		if err := s.mayStay(e, stored, sameHome); err != nil {
			return false, err
		}
	}
	if partitionOf(e.household) != partitionOf(e.id) {
		if !stored.exists {
			return false, &FieldError{"door", "an earlier enrolment of this person with another home was cut off: repeat that one first"}
		}
		return false, &FieldError{"door", "this person is enrolled with another home: moving between households is a separate operation"}
	}
	if stored.exists && stored.kind != KindResident {
		return false, &FieldError{"id_number", "belongs to a " + stored.kind.String() + " on record, who has to be made a resident first"}
	}
	e.plain, e.grid = identity{e.in.Name, e.in.IDNumber, e.in.Phone, e.in.Door}, e.in.Grid
	if stored.exists {
		was, err := s.sameName(e, stored)
		if err != nil {
			return false, err
		}
		e.keepUnsaid(was, stored.grid, sameHome)
		if e.plain == was && sameHome && e.grid == stored.grid {
			return true, nil
		}
		if was.Phone != "" && was.Phone != e.plain.Phone {
			e.oldPhone = was.Phone
		}
		e.old = stored
	}
	e.blob = s.seal.sealIdentity(e.id, e.plain)
	return false, nil
}

// keepUnsaid fills what the row leaves empty with what is on record.
func (e *enrolment) keepUnsaid(was identity, grid string, sameHome bool) {
	if e.plain.Phone == "" {
		e.plain.Phone = was.Phone
	}
	if sameHome && e.plain.Door == "" {
		e.plain.Door = was.Door
	}
	if sameHome && e.grid == "" {
		e.grid = grid
	}
}

// indexPhones makes the rows' phones findable and returns the rows that may go
// on: one whose phone has too many people already gets an error.
func (s *Store) indexPhones(ctx context.Context, rows []*enrolment, results []EnrolResult) ([]*enrolment, error) {
	good, with := make([]*enrolment, 0, len(rows)), make([]*enrolment, 0, len(rows))
	for _, e := range rows {
		if e.phone {
			with = append(with, e)
		} else {
			good = append(good, e)
		}
	}
	full := map[*enrolment]bool{}
	err := s.phoneStep(ctx, "phone", with, func(e *enrolment) string { return e.plain.Phone }, func(e *enrolment, reply string) {
		full[e] = full[e] || reply != "1"
	})
	for _, e := range with {
		if full[e] {
			results[e.row].Err = &FieldError{"phone", "is that of 16 people already: leave it empty or give their own"}
		} else {
			good = append(good, e)
		}
	}
	return good, err
}

// phoneStep applies a step to rows' phones in the indexes of all versions.
func (s *Store) phoneStep(ctx context.Context, name string, rows []*enrolment, phone func(*enrolment) string, done func(*enrolment, string)) error {
	if len(rows) == 0 {
		return nil
	}
	if len(rows[0].use.list) == 0 {
		return errKeysNotChosen
	}
	for _, version := range rows[0].use.list {
		hash := func(e *enrolment) uint64 { return s.seal.indexHash(version, "phone", phone(e)) }
		err := s.batch(ctx, step{
			name: name, width: 1, done: done,
			partition: func(e *enrolment) int { return partitionOf(hash(e)) },
			add: func(c *call, e *enrolment) {
				c.keys = append(c.keys, s.keys.index(version, "f", hash(e)))
				c.args = append(c.args, raw(hash(e)), raw(e.id))
			},
		}, rows)
		if err != nil {
			return err
		}
	}
	return nil
}

// create writes new people of one kind. Those that existed, because somebody
// else was faster, are returned.
func (s *Store) create(ctx context.Context, kind PersonKind, rows []*enrolment, results []EnrolResult) (existed []*enrolment, err error) {
	var confined []uint64
	err = s.batch(ctx, step{
		name: "create", width: 1,
		common:    []any{string(rune(kind)), s.now()},
		partition: func(e *enrolment) int { return partitionOf(e.id) },
		add: func(c *call, e *enrolment) {
			c.keys = append(c.keys, s.keys.person(e.id), s.keys.identity(e.id), s.keys.homeSet(partitionOf(e.id), e.site.Num))
			c.args = append(c.args, raw(e.id), int(e.in.Status), e.site.Num, e.masked, raw(e.household), e.grid, e.blob)
		},
		done: func(e *enrolment, reply string) {
			if reply != "1" {
				existed = append(existed, e)
				return
			}
			results[e.row] = EnrolResult{ID: e.id, Created: true}
			if e.in.Status.Confines() {
				confined = append(confined, e.id)
			}
		},
	}, rows)
	return existed, errors.Join(err, s.announce(ctx, ConfinesPerson, confined...))
}

// update writes what changed of people. Those whom somebody else has changed
// since they were read are returned.
func (s *Store) update(ctx context.Context, rows []*enrolment, results []EnrolResult) (lost []*enrolment, err error) {
	for _, e := range rows {
		if e.old.household != raw(e.household) { // before they have left: so it is done whatever happens here
			if err := s.leaveHousehold(ctx, e.id, fromRaw(e.old.household)); err != nil {
				return nil, err
			}
		}
	}
	var forget []*enrolment
	err = s.batch(ctx, step{
		name: "update", width: 1,
		partition: func(e *enrolment) int { return partitionOf(e.id) },
		add: func(c *call, e *enrolment) {
			p := partitionOf(e.id)
			oldHome := uint32(e.old.home) //nolint:gosec // parsed as 32 bits
			c.keys = append(c.keys, s.keys.person(e.id), s.keys.identity(e.id), s.keys.homeSet(p, oldHome), s.keys.homeSet(p, e.site.Num))
			c.args = append(c.args, raw(e.id), e.old.blob, e.site.Num, e.masked, raw(e.household), e.grid, e.blob)
		},
		done: func(e *enrolment, reply string) {
			if reply != "1" {
				lost = append(lost, e)
				return
			}
			results[e.row] = EnrolResult{ID: e.id, Changed: true}
			if e.oldPhone != "" {
				forget = append(forget, e)
			}
		},
	}, rows)
	if err != nil {
		return nil, err
	}
	err = s.phoneStep(ctx, "unphone", forget, func(e *enrolment) string { return e.oldPhone }, func(*enrolment, string) {})
	return lost, err
}

// step is one step of enrol.lua as it is applied to many rows.
type step struct {
	name      string
	width     int                    // bytes of reply a row
	common    []any                  // arguments before those of the rows
	partition func(e *enrolment) int // where the step's keys lie
	add       func(c *call, e *enrolment)
	done      func(e *enrolment, reply string)
}

// batch applies a step to rows with as few script calls as the partitions
// allow, all in one round trip, and hands each row its reply.
func (s *Store) batch(ctx context.Context, st step, rows []*enrolment) error {
	if len(rows) == 0 {
		return nil
	}
	var parts [Partitions][]*enrolment
	for _, e := range rows {
		p := st.partition(e)
		parts[p] = append(parts[p], e)
	}
	var calls []call
	var members [][]*enrolment
	for _, part := range parts {
		for ; len(part) > 0; part = part[min(enrolCall, len(part)):] {
			some := part[:min(enrolCall, len(part))]
			c := call{script: enrolScript, keys: make([]string, 0, 4*len(some)), args: make([]any, 0, 3+7*len(some))}
			c.args = append(append(c.args, st.name), st.common...)
			for _, e := range some {
				st.add(&c, e)
			}
			calls, members = append(calls, c), append(members, some)
		}
	}
	replies, err := s.runAll(ctx, calls)
	if err != nil {
		return err
	}
	for i, some := range members {
		reply, ok := replies[i].(string)
		if !ok || len(reply) != st.width*len(some) {
			return fmt.Errorf("checkpoint: enrol.lua %s: a reply of an unknown form", st.name)
		}
		for n, e := range some {
			st.done(e, reply[n*st.width:(n+1)*st.width])
		}
	}
	return nil
}
