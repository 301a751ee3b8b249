package feed

import (
	"context"
	"errors"

	"passgate/checkpoint"
)

// errKnown ends record where nothing has to be written.
var errKnown = errors.New("feed: nothing is to be written")

// record writes a change down, with what becomes of it, unless it is there. No result
// says that it is the newest one and has to be applied.
func (f *Feed) record(ctx context.Context, sub *Subscriber, c *change) (outcome Outcome, err error) {
	body := changeBody{Change: *c.Change, Subscriber: sub.Name, Digest: c.digest()}
	refs := []checkpoint.MatterRef{{Kind: kindChange, ID: c.id}}
	if c.person != 0 {
		refs = append(refs, checkpoint.MatterRef{Kind: kindHead, ID: headOf(sub, c.person)})
	}
	err = f.store.TurnMatters(ctx, 0, "", refs, func(some []*checkpoint.Matter) error {
		m := some[0]
		outcome = Outcome{}
		if m.There() {
			if outcome, err = c.again(m, body.Digest); err != nil {
				return err
			}
			pending := outcome.Result == UnknownPerson && c.person != 0
			if outcome.Result != "" && !pending {
				return errKnown
			}
			outcome.Result = ""
		}
		m.Node, m.Person, m.State, m.ClosedAt = sub.Node, c.person, stateApplying, 0
		switch {
		case c.bad != nil:
			body.Field, body.Why = c.bad.Field, c.bad.Why
			outcome = Outcome{Result: Refused, Field: body.Field, Why: body.Why}
		case c.person == 0:
			outcome = Outcome{Result: UnknownPerson}
		default:
			queued, err := c.queue(some[1], sub.Node, f.store.Now())
			if err != nil {
				return err
			}
			body.Field, body.Why = queued.Field, queued.Why
			outcome.Result, outcome.Field, outcome.Why = queued.Result, queued.Field, queued.Why
		}
		if outcome.Result != "" {
			m.State = string(outcome.Result)
			if outcome.Result != UnknownPerson {
				m.ClosedAt = f.store.Now()
			}
		}
		return m.Put(body)
	})
	switch {
	case errors.Is(err, errKnown):
		return outcome, nil
	case errors.Is(err, checkpoint.ErrTooMany):
		return Outcome{Result: Refused, Field: "subject", Why: "too many changes wait for people who are not on record: send it again later"}, nil
	}
	return outcome, err
}

// again is the answer to a change that had come before.
func (c *change) again(m *checkpoint.Matter, digest []byte) (Outcome, error) {
	var old changeBody
	if err := m.Get(&old); err != nil {
		return Outcome{}, err
	}
	if old.Digest != nil && string(old.Digest) != string(digest) {
		return Outcome{Result: Conflict, Why: "the same source and id came before with other content: another decision needs another id"}, nil
	}
	outcome := Outcome{Result: Result(m.State), Duplicate: true, Field: old.Field, Why: old.Why}
	if m.State == stateApplying && m.Open() {
		outcome.Result = ""
	}
	return outcome, nil
}

// queue makes a change the newest of its person, if it is.
func (c *change) queue(head *checkpoint.Matter, node string, now int64) (outcome Outcome, err error) {
	var newest headBody
	if err := head.Get(&newest); err != nil {
		return outcome, err
	}
	switch {
	case newest.Sequence != 0 && c.Sequence == 0:
		return Outcome{Result: Refused, Field: "sequence", Why: "is missing: earlier changes about this person have one"}, nil
	case head.There() && c.head.order(newest) < 0:
		return Outcome{Result: Superseded}, nil
	}
	head.Node, head.Person, head.State, head.ClosedAt = node, c.person, stateHead, now
	return outcome, head.Put(c.head)
}

// apply puts the newest change of a person in force.
func (f *Feed) apply(ctx context.Context, sub *Subscriber, c *change) (Outcome, error) {
	outcome := Outcome{Result: Applied}
	done, err := f.store.ChangeStatusWhile(ctx, c.person, c.order, func(ctx context.Context) (bool, error) {
		head, err := f.store.Matter(ctx, kindHead, headOf(sub, c.person))
		if err != nil {
			return false, err
		}
		var newest headBody
		err = head.Get(&newest)
		return newest.Change == c.id, err
	})
	var wrong *checkpoint.FieldError
	switch {
	case errors.As(err, &wrong):
		outcome = Outcome{Result: Refused, Field: wrong.Field, Why: wrong.Why}
	case errors.Is(err, checkpoint.ErrNotFound): // erased meanwhile
		outcome = Outcome{Result: UnknownPerson}
	case err != nil:
		return outcome, err
	case !done:
		outcome.Result = Superseded
	}
	_, err = f.store.TurnMatter(ctx, kindChange, c.id, 0, "", func(m *checkpoint.Matter) error {
		var body changeBody
		if err := m.Get(&body); err != nil {
			return err
		}
		body.Field, body.Why = outcome.Field, outcome.Why
		m.State, m.ClosedAt = string(outcome.Result), f.store.Now()
		if len(m.Body) == 0 {
			return nil // its person was erased
		}
		return m.Put(body)
	})
	return outcome, err
}
