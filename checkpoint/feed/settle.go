package feed

import (
	"context"
	"errors"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

const (
	settleEvery = 60_000 // ms
	// unknownAlarm is how long a change waits for its person before somebody is told,
	// in ms.
	unknownAlarm = 3600 * 1000
	maxUnknowns  = 200 // told of at once
)

// SettleDue is Settle at most once a minute, for who asks more often.
func (f *Feed) SettleDue(ctx context.Context) error {
	now, last := f.store.Now(), f.settled.Load()
	if now-last < settleEvery || !f.settled.CompareAndSwap(last, now) {
		return nil
	}
	_, err := f.Settle(ctx)
	return err
}

// Settle tries again the changes that wait: because their person was not on record, or
// because a process ended halfway. What waits for longer than events are kept is given
// up. It tells how many wait no more. Errors: checkpoint.ErrUnavailable.
func (f *Feed) Settle(ctx context.Context) (settled int, err error) {
	subscribers := map[string]*Subscriber{}
	q := checkpoint.MatterQuery{Kind: kindChange, By: checkpoint.OpenOnly}
	err = f.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		done, err := f.settle(ctx, m, subscribers)
		if done && err == nil {
			settled++
		}
		return err
	})
	return settled, err
}

func (f *Feed) settle(ctx context.Context, m *checkpoint.Matter, subscribers map[string]*Subscriber) (bool, error) {
	var body changeBody
	if err := m.Get(&body); err != nil {
		return false, err
	}
	sub, err := f.known(ctx, body.Subscriber, subscribers)
	if err != nil {
		return false, err
	}
	if sub == nil || m.OpenedAt < f.store.Now()-maxChangeAge {
		return true, f.giveUp(ctx, m)
	}
	outcome, err := f.take(ctx, sub, &body.Change)
	return err == nil && outcome.Result != UnknownPerson, err
}

// known reads a subscriber once; nil if it may send nothing any more.
func (f *Feed) known(ctx context.Context, name string, subscribers map[string]*Subscriber) (*Subscriber, error) {
	if sub, ok := subscribers[name]; ok {
		return sub, nil
	}
	sub, err := f.Subscriber(ctx, name)
	if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
		return nil, err
	}
	if err == nil && sub.Changes && sub.Active(f.store.Now()) {
		subscribers[name] = &sub
	} else {
		subscribers[name] = nil
	}
	return subscribers[name], nil
}

// giveUp closes a change as it is.
func (f *Feed) giveUp(ctx context.Context, m *checkpoint.Matter) error {
	_, err := f.store.TurnMatter(ctx, m.Kind, m.ID, 0, "", func(m *checkpoint.Matter) error {
		if m.Open() {
			m.State, m.ClosedAt = string(UnknownPerson), f.store.Now()
		}
		return nil
	})
	return err
}

// Waiting are changes about people who are not on record, the oldest first, at a node
// of the grid and below it, "" for the town; at most limit.
func (f *Feed) Waiting(ctx context.Context, node string, limit int) ([]Waiting, error) {
	found, _, err := f.store.Matters(ctx, checkpoint.MatterQuery{Kind: kindChange, Node: node, By: checkpoint.OpenOnly, Limit: limit})
	if err != nil {
		return nil, err
	}
	waiting := make([]Waiting, 0, len(found))
	for i := range found {
		var body changeBody
		if err := found[i].Get(&body); err != nil {
			return nil, err
		}
		waiting = append(waiting, Waiting{body.Change, body.Subscriber, found[i].ID, found[i].Node, found[i].OpenedAt})
	}
	return waiting, nil
}

// Waiting is a change that waits for its person.
type Waiting struct {
	Change
	Subscriber string
	Matter     checkpoint.MatterID
	Node       string
	Since      int64 // UTC ms
}

// Due are alarms about changes that wait for somebody to be enrolled.
func (f *Feed) Due(ctx context.Context) ([]alarm.Alarm, error) {
	waiting, err := f.Waiting(ctx, "", maxUnknowns)
	if err != nil {
		return nil, err
	}
	var due []alarm.Alarm
	for _, w := range waiting {
		if f.store.Now()-w.Since >= unknownAlarm {
			due = append(due, alarm.Alarm{
				Kind: alarm.AuthorityUnknown, Node: w.Node, Key: w.Matter.String(), Ref: "authority_change/" + w.Matter.String(), At: w.Since + unknownAlarm,
			})
		}
	}
	return due, nil
}
