package office

import (
	"context"
	"errors"
	"slices"

	"passgate/checkpoint"
)

// turnObservation changes one; fn ends it with errDone if there is nothing to do.
func (o *Office) turnObservation(ctx context.Context, id checkpoint.MatterID, by uint32, note string, fn func(*checkpoint.Matter, *Observation) error) (checkpoint.Matter, error) {
	var turned *checkpoint.Matter
	_, err := o.store.TurnMatter(ctx, KindObservation, id, by, note, func(m *checkpoint.Matter) error {
		turned = m
		var body Observation
		if err := m.Get(&body); err != nil {
			return err
		}
		if err := fn(m, &body); err != nil {
			return err
		}
		if m.Person == 0 {
			return errDone // forgotten with its person
		}
		return m.Put(body)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *turned, nil
}

// Observation reads one; ErrNotFound if there is none.
func (o *Office) Observation(ctx context.Context, id checkpoint.MatterID) (checkpoint.Matter, Observation, error) {
	m, err := o.store.Matter(ctx, KindObservation, id)
	var body Observation
	if err == nil {
		err = m.Get(&body)
	}
	return m, body, err
}

// ObservationOf is the open one of a person. ErrNotObserved if they have none.
func (o *Office) ObservationOf(ctx context.Context, person uint64) (checkpoint.MatterID, error) {
	ref := observedRef(person)
	m, err := o.store.Matter(ctx, ref.Kind, ref.ID)
	if errors.Is(err, checkpoint.ErrNotFound) || err == nil && !m.Open() {
		return 0, checkpoint.ErrNotObserved
	}
	var has observed
	if err == nil {
		err = m.Get(&has)
	}
	return has.Observation, err
}

// confirm gives the person the status, if that is still to be done.
func (o *Office) confirm(ctx context.Context, m *checkpoint.Matter) (checkpoint.Matter, error) {
	var body Observation
	if err := m.Get(&body); err != nil || m.State != ObservationStarting {
		return *m, err
	}
	since := int64(0)
	if body.Until > o.store.Now() { // else Settle says how it ends
		record, err := o.store.ChangeStatus(ctx, m.Person, checkpoint.StatusChange{
			Status: body.Status, Ground: body.Ground, Until: body.Until, Evidence: body.Evidence, By: body.By, Office: body.Office,
		})
		if err != nil && !errors.Is(err, checkpoint.ErrNotFound) { // erased meanwhile
			return *m, err
		}
		since = record.Since
	}
	done, err := o.turnObservation(ctx, m.ID, 0, "", func(m *checkpoint.Matter, now *Observation) error {
		if m.State != ObservationStarting || now.Until != body.Until {
			return errDone
		}
		m.State, now.Since = ObservationRunning, since
		return nil
	})
	if err == nil && done.State == ObservationEnded { // somebody was faster, and the status above came after their end
		return o.finish(ctx, &done)
	}
	return done, err
}

// ExtendObservation gives one another end, later than it had. The same again changes
// nothing. Errors: ErrNotFound, *FieldError, *Refusal, ErrUnavailable.
func (o *Office) ExtendObservation(ctx context.Context, id checkpoint.MatterID, by uint32, office string, until int64, reason string) (checkpoint.Matter, error) {
	reason, err := checkpoint.CleanText("reason", reason, maxReason, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	m, err := o.turnObservation(ctx, id, by, reason, func(m *checkpoint.Matter, body *Observation) error {
		switch {
		case !m.Open() || m.State == ObservationEnding:
			return overRefusal()
		case until == body.Until:
			return errDone
		case until < body.Until:
			return &checkpoint.FieldError{Field: "until", Why: "must lie after the end that it has: to end it earlier release the person"}
		}
		if err := o.checkUntil(body.From, until); err != nil {
			return err
		}
		m.State, m.DueAt = ObservationStarting, until
		body.Until, body.By, body.Office, body.Since = until, by, office, 0
		return nil
	})
	if err != nil {
		return m, err
	}
	return o.confirm(ctx, &m)
}

// ReleaseObservation ends one by order. The same by the same person changes nothing;
// one that is over is a *Refusal. Errors: ErrNotFound, *FieldError, *Refusal,
// ErrUnavailable.
func (o *Office) ReleaseObservation(ctx context.Context, id checkpoint.MatterID, by uint32, office string, ground checkpoint.Ground, reason string) (checkpoint.Matter, error) {
	reason, err := checkpoint.CleanText("reason", reason, maxReason, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	if !slices.Contains(releaseGrounds, ground) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "ground", Why: "must be one of " + joinGrounds(releaseGrounds)}
	}
	end := End{EndedByOrder, ground, reason, by, office}
	m, err := o.decideEnd(ctx, id, end)
	if err != nil {
		return m, err
	}
	return o.finish(ctx, &m)
}

// decideEnd writes down how one ends.
func (o *Office) decideEnd(ctx context.Context, id checkpoint.MatterID, end End) (checkpoint.Matter, error) {
	return o.turnObservation(ctx, id, end.By, end.Reason, func(m *checkpoint.Matter, body *Observation) error {
		switch {
		case body.End != nil && *body.End == end:
			return errDone
		case !m.Open() || m.State == ObservationEnding:
			return overRefusal()
		case m.State == ObservationStarting:
			return refuse(CodeWrongState, "this observation is just being written: try again in a moment")
		}
		m.State, body.End = ObservationEnding, &end
		return nil
	})
}

// finish releases the person and closes the observation. A status that somebody else
// has given meanwhile stays.
func (o *Office) finish(ctx context.Context, m *checkpoint.Matter) (checkpoint.Matter, error) {
	var body Observation
	if err := m.Get(&body); err != nil || body.End == nil {
		return *m, err
	}
	watched, err := o.store.Watch(ctx, []uint64{m.Person}, o.store.Now())
	if err != nil {
		return *m, err
	}
	end, free := *body.End, checkpoint.StatusGreen
	if end.Ground == "recovered" {
		free = checkpoint.StatusRecovered
	}
	switch w := watched[0]; {
	case end.How == EndedOtherwise || end.How == EndedByLapse:
	case w.There && w.Status.Observed():
		_, err := o.store.ChangeStatus(ctx, m.Person, checkpoint.StatusChange{Status: free, Ground: end.Ground, Evidence: end.Reason, By: end.By, Office: end.Office})
		if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
			return *m, err
		}
	case w.Status != free:
		end.How = EndedOtherwise
	}
	return o.closeObservation(ctx, m, end)
}

// closeObservation closes it and frees the person for another one.
func (o *Office) closeObservation(ctx context.Context, m *checkpoint.Matter, end End) (checkpoint.Matter, error) {
	closed := m
	refs := []checkpoint.MatterRef{{Kind: KindObservation, ID: m.ID}, observedRef(m.Person)}
	err := o.store.TurnMatters(ctx, end.By, "", refs, func(some []*checkpoint.Matter) error {
		closed = some[0]
		if !closed.There() || !closed.Open() {
			return errDone
		}
		var body Observation
		var has observed
		if err := errors.Join(closed.Get(&body), some[1].Get(&has)); err != nil {
			return err
		}
		now := o.store.Now()
		closed.State, closed.ClosedAt, body.End = ObservationEnded, now, &end
		if has.Observation == closed.ID && some[1].Open() {
			some[1].State, some[1].ClosedAt = ObservationEnded, now
		}
		return closed.Put(body)
	})
	if err != nil && !errors.Is(err, errDone) {
		return *m, err
	}
	return *closed, nil
}
