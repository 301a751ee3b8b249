package office

import (
	"context"
	"errors"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// ProposalOf reads one; ErrNotFound if there is none.
func (o *Office) ProposalOf(ctx context.Context, id checkpoint.MatterID) (p Proposal, m checkpoint.Matter, err error) {
	if m, err = o.store.Matter(ctx, KindProposal, id); err == nil {
		err = m.Get(&p)
	}
	return p, m, err
}

// SettleProposals ends those that nobody has decided within a day, and completes those
// that were approved and cut off. Any number of processes may do so at once. Errors:
// ErrUnavailable; that of one proposal keeps no other from being settled.
func (o *Office) SettleProposals(ctx context.Context) error {
	var failed error
	now := o.store.Now()
	q := checkpoint.MatterQuery{Kind: KindProposal, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		switch {
		case m.State == ProposalApproved:
			_, err := o.applyProposal(ctx, *m)
			failed = errors.Join(failed, err)
		case m.Late(now):
			_, err := o.store.TurnMatter(ctx, KindProposal, m.ID, 0, "", func(m *checkpoint.Matter) error {
				if m.State != ProposalPending {
					return errDone
				}
				m.State, m.ClosedAt, m.DueAt = ProposalExpired, o.store.Now(), 0
				return nil
			})
			if err != nil && !errors.Is(err, errDone) {
				failed = errors.Join(failed, err)
			}
		}
		return nil
	})
	return errors.Join(err, failed)
}

// StatusesDue are the proposals that wait for a second person, and the contests that
// nobody has answered in time.
func (o *Office) StatusesDue(ctx context.Context) ([]alarm.Alarm, error) {
	var alarms []alarm.Alarm
	q := checkpoint.MatterQuery{Kind: KindProposal, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		if m.State == ProposalPending {
			ref := string(KindProposal) + "/" + m.ID.String()
			alarms = append(alarms, alarm.Alarm{Kind: alarm.ProposalWaiting, Node: m.Node, Key: ref, Ref: ref, At: m.OpenedAt})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	contests, err := o.contestsDue(ctx)
	return append(alarms, contests...), err
}

// contestsDue are the contests whose answer is overdue, at the home of whom they are
// about.
func (o *Office) contestsDue(ctx context.Context) ([]alarm.Alarm, error) {
	overdue, _, err := o.store.OverdueContests(ctx, checkpoint.CareQuery{})
	if err != nil || len(overdue) == 0 {
		return nil, err
	}
	ids := make([]uint64, len(overdue))
	for i := range overdue {
		ids[i] = overdue[i].Person
	}
	people, err := o.store.Residents(ctx, ids)
	if err != nil {
		return nil, err
	}
	home := make(map[uint64]string, len(people))
	for i := range people {
		home[people[i].ID] = people[i].Grid
	}
	alarms := make([]alarm.Alarm, len(overdue))
	for i := range overdue {
		c := &overdue[i]
		ref := "contest/" + checkpoint.FormatPersonID(c.Person) + "/" + c.ID
		alarms[i] = alarm.Alarm{Kind: alarm.ContestOverdue, Node: home[c.Person], Key: ref, Person: c.Person, Ref: ref, At: c.DueAt()}
	}
	return alarms, nil
}
