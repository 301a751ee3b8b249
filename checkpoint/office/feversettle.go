package office

import (
	"context"
	"errors"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// SettleFevers makes the procedures of new cases and completes closings that were cut
// off. Any number of processes may do so at once. Errors: ErrUnavailable; that of one
// case keeps no other from being settled.
func (o *Office) SettleFevers(ctx context.Context) error {
	open, err := o.store.OpenFeverIDs(ctx)
	if err != nil {
		return err
	}
	known := make(map[checkpoint.MatterID]bool, len(open))
	q := checkpoint.MatterQuery{Kind: KindFever, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		known[m.ID] = true
		return nil
	})
	if err != nil {
		return err
	}
	var failed error
	for _, id := range open {
		if mid := checkpoint.MatterID(id); known[mid] {
			delete(known, mid)
			continue
		}
		failed = errors.Join(failed, o.settleFever(ctx, id))
	}
	for id := range known { // a procedure is open and its case is not
		failed = errors.Join(failed, o.settleFever(ctx, checkpoint.FeverID(id)))
	}
	return failed
}

// settleFever makes case and procedure agree.
func (o *Office) settleFever(ctx context.Context, id checkpoint.FeverID) error {
	fever, err := o.store.Fever(ctx, id)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var p FeverProcedure
	_, err = o.turnFever(ctx, id, 0, func(m *checkpoint.Matter, now *FeverProcedure) error {
		if !fever.Open() && m.Open() {
			now.Outcome, now.ClosedBy, now.Link = string(fever.Outcome), fever.ClosedBy, nil
			m.State, m.ClosedAt = FeverClosed, fever.ClosedAt
		}
		p = *now
		return nil
	})
	if err != nil || p.Outcome == "" || !fever.Open() {
		return err
	}
	_, err = o.store.CloseFever(ctx, id, checkpoint.FeverOutcome(p.Outcome), p.ClosedBy, p.Note)
	return err
}

// FeversDue are the cases of which a step is overdue, and those with a positive result
// that nobody has closed yet.
func (o *Office) FeversDue(ctx context.Context) ([]alarm.Alarm, error) {
	now, alarms := o.store.Now(), []alarm.Alarm(nil)
	q := checkpoint.MatterQuery{Kind: KindFever, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		var p FeverProcedure
		if err := m.Get(&p); err != nil {
			return err
		}
		ref := string(KindFever) + "/" + m.ID.String()
		raise := func(kind alarm.Kind, key string, at int64) {
			alarms = append(alarms, alarm.Alarm{Kind: kind, Node: m.Node, Key: key, Person: m.Person, Ref: ref, At: at})
		}
		if m.Late(now) {
			step, due := p.Next(m.OpenedAt)
			raise(alarm.FeverOverdue, ref+"/"+step, due)
		}
		if p.Screened() == ScreenedPositive {
			raise(alarm.FeverPositive, ref, lastAt(p.Screenings))
		}
		return nil
	})
	return alarms, err
}
