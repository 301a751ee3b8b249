package checkpoint

import (
	"context"
	"time"
)

// dropCare takes away all that is written of a person beside the gates.
func (s *Store) dropCare(ctx context.Context, person uint64) error {
	_, err := s.careStep(ctx, person, "forget", "")
	return err
}

// sweepCare takes records away that are older than retention: statuses that were
// followed by another one before, answered contests, readings and requests. Who is
// evidence is left alone.
func (r *sweepRun) sweepCare(ctx context.Context, people []uint64) error {
	tables, err := r.s.careTables(ctx, people)
	if err != nil {
		return err
	}
	for i, person := range people {
		if r.held[person] || !tables[i].anyBefore(r.shown) {
			continue
		}
		began := time.Now()
		reply, err := r.s.careStep(ctx, person, "sweep", "", r.shown)
		if err != nil {
			return err
		}
		n, _ := reply.(int64)
		r.removed("care", n)
		if err := r.rest(ctx, began); err != nil {
			return err
		}
	}
	return nil
}

// anyBefore tells whether it is worth looking for something older than a time.
func (t *careTables) anyBefore(ms int64) bool {
	for i, table := range t {
		kept := table
		if careKinds[i] == careStatus && len(table) > 0 {
			kept = table[1:] // a status counts until the next one
		}
		for _, e := range kept {
			if e.at < ms && (careKinds[i] != careContest || e.state != careOpen) {
				return true
			}
		}
	}
	return false
}
