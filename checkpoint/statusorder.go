package checkpoint

import (
	"context"
	"fmt"
)

// orderTries is how often a decision that waits its turn is written anew behind
// another one.
const orderTries = 20

// ChangeStatusWhile is ChangeStatus for decisions that come in an order of their own:
// it asks still, after it has read what is in force, whether this one is the newest,
// and writes only if nothing was decided between. So of two at once the newer one
// stays, whoever is faster. It tells whether the decision is in force; false if it
// is not the newest. Errors: still's own, *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) ChangeStatusWhile(ctx context.Context, person uint64, c StatusChange, still func(context.Context) (bool, error)) (bool, error) {
	if err := c.check(s.now()); err != nil {
		return false, err
	}
	for range orderTries {
		who, err := s.Resident(ctx, person)
		if err != nil {
			return false, err
		}
		tables, err := s.careTables(ctx, []uint64{person})
		if err != nil {
			return false, err
		}
		after, table := noStatus, careTable(nil)
		if last, ok := tables[0].of(careStatus).last(); ok {
			after, table = string(last.id[:]), careTable{last}
		}
		if newest, err := still(ctx); err != nil || !newest {
			return false, err
		}
		history, err := s.statusHistory(ctx, &who, table)
		if err != nil {
			return false, err
		}
		record, now := c.record(s.now()), history[len(history)-1]
		if now == c.record(now.Since) && who.Status == c.Status {
			// What it says is in force already. It is written all the same: otherwise an
			// older one that is on its way behind the same record would come after it.
			record.Since = now.Since
		}
		if c.Status == StatusGone {
			if err := s.dropPhones(ctx, person); err != nil {
				return false, err
			}
		}
		if done, err := s.putStatus(ctx, person, record, after); done || err != nil {
			return done, err
		}
	}
	return false, fmt.Errorf("checkpoint: the status of %s changes too fast: %w", FormatPersonID(person), ErrUnavailable)
}

// CheckStatusChange tells what is wrong with a decision before anybody is looked for.
// The error is a *FieldError.
func (s *Store) CheckStatusChange(c StatusChange) error { return c.check(s.now()) }
