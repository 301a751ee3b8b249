package checkpoint

import (
	"context"
	"fmt"
)

// joined is what two records that are one person's say together.
type joined struct {
	walkIns, knownAs string // fields j and r of the person
	last, waiting    []byte // as stateAfter gives them
}

// jointState works out a person's state from their own events, of which none
// counts for nothing, and those of the walk-ins that they turned out to be. A
// walk-in who is known as somebody has none: it is the resident's.
func (s *Store) jointState(ctx context.Context, person uint64, own []ScanEvent) (joined, error) {
	var j joined
	fields, err := s.rdb.HMGet(ctx, s.keys.person(person), "j", "r").Result()
	if err != nil {
		return j, unavailable(err)
	}
	j.walkIns, _ = fields[0].(string)
	j.knownAs, _ = fields[1].(string)
	if j.knownAs != "" {
		return j, nil
	}
	events := own[:len(own):len(own)]
	if j.walkIns != "" {
		trails, err := s.joinedTrails(ctx, person, j.walkIns)
		if err != nil {
			return j, err
		}
		for _, t := range trails {
			err := s.readTrail(ctx, t, 0, forever, func(e *ScanEvent) error {
				if e.Counts() {
					events = append(events, *e)
				}
				return nil
			})
			if err != nil {
				return j, err
			}
		}
	}
	j.last, j.waiting = stateAfter(s.Registry(), events)
	return j, nil
}

// settleState puts a person's state to what their record says now.
func (s *Store) settleState(ctx context.Context, person uint64) error {
	keys := []string{s.keys.person(person), s.keys.trail(person), s.keys.inside(partitionOf(person))}
	for range 10 {
		events, err := s.wholeTrail(ctx, person)
		if err != nil {
			return err
		}
		counting := make([]ScanEvent, 0, len(events))
		for i := range events {
			if events[i].Counts() {
				counting = append(counting, events[i])
			}
		}
		now, err := s.jointState(ctx, person, counting)
		if err != nil {
			return err
		}
		reply, err := s.run(ctx, s.rdb, walkInScript, keys, "state", len(events), now.walkIns, now.knownAs, now.last, now.waiting)
		if err != nil || reply == "ok" {
			return err
		}
	}
	return fmt.Errorf("checkpoint: the person's record changes too fast: %w", ErrUnavailable)
}

// settleFever sees to it that a resident is held for an open case of theirs,
// also for one that was opened on a walk-in that they turned out to be, and for
// no other. It looks again after it has written, since a case may be closed and
// a match taken back at any moment.
func (s *Store) settleFever(ctx context.Context, resident uint64) error {
	if err := s.releaseFever(ctx, resident); err != nil {
		return err
	}
	walkIns, err := s.rdb.HGet(ctx, s.keys.person(resident), "j").Result()
	if isNil(err) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	trails, err := s.joinedTrails(ctx, resident, walkIns)
	if err != nil {
		return err
	}
	for _, t := range trails {
		if t.fever == "" {
			continue
		}
		if err := s.walkInStep(ctx, resident, "hold", t.fever); err != nil {
			return err
		}
	}
	return s.releaseFever(ctx, resident)
}

// releaseFever lets go of a resident who is held for a case that is closed or
// no longer theirs.
func (s *Store) releaseFever(ctx context.Context, resident uint64) error {
	held, err := s.rdb.HGet(ctx, s.keys.person(resident), "f").Result()
	if isNil(err) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	cases, err := s.readFevers(ctx, []FeverID{FeverID(fromRaw(held))})
	if err != nil {
		return err
	}
	if len(cases) == 1 && cases[0].Open() {
		owner, err := s.judgedAs(ctx, cases[0].Person)
		if err != nil || owner == resident {
			return err
		}
	}
	return s.walkInStep(ctx, resident, "release", held)
}

// judgedAs is the resident as whom a walk-in is judged, anybody else themselves.
func (s *Store) judgedAs(ctx context.Context, person uint64) (uint64, error) {
	known, err := s.rdb.HGet(ctx, s.keys.person(person), "r").Result()
	if isNil(err) {
		return person, nil
	}
	return fromRaw(known), unavailable(err)
}

// residentsOf are those that a walk-in is, or was for a time, known as; nobody
// for anybody else.
func (s *Store) residentsOf(ctx context.Context, walkIn uint64) (ids []uint64, err error) {
	fields, err := s.rdb.HMGet(ctx, s.keys.person(walkIn), "r", "q").Result()
	if err != nil {
		return nil, unavailable(err)
	}
	for _, field := range fields {
		list, _ := field.(string)
		for ; len(list) >= 8; list = list[8:] {
			ids = append(ids, fromRaw(list))
		}
	}
	return ids, nil
}

// settleResident puts anew the state of the resident that a walk-in is known as,
// after the walk-in's own record has changed.
func (s *Store) settleResident(ctx context.Context, walkIn uint64) error {
	resident, err := s.judgedAs(ctx, walkIn)
	if err != nil || resident == walkIn {
		return err
	}
	return s.settleState(ctx, resident)
}
