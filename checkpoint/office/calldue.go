package office

import (
	"context"
	"errors"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// CallsDue are the cases of which a task lies longer than it may, one alarm each.
// Errors: ErrUnavailable.
func (o *Office) CallsDue(ctx context.Context) ([]alarm.Alarm, error) {
	late, err := o.store.DueMatters(ctx, KindCall, o.store.Now()) // the longest due first
	if err != nil || len(late) == 0 {
		return nil, err
	}
	var alarms []alarm.Alarm
	told := map[string]bool{}
	for i := range late {
		t, err := taskOf(&late[i])
		if err != nil {
			return nil, err
		}
		ref := "case/" + t.Case
		// Those that were given to another part of the grid are that one's.
		if key := ref + "/" + t.Node; t.Case != "" && (t.To == "" && !told[ref] || t.To != "" && !told[key]) {
			node := t.Node
			if t.To == "" {
				key = ref
				if k, err := o.store.Case(ctx, t.Case); err == nil {
					node = k.Grid
				}
			}
			told[key] = true
			alarms = append(alarms, alarm.Alarm{Kind: alarm.CallsWaiting, Node: node, Key: key, Ref: ref, At: t.DueAt})
		}
	}
	return alarms, nil
}

// SettleCalls ends the tasks of cases that are closed: under those nobody is called.
// Any number of processes may do so at once. Errors: ErrUnavailable.
func (o *Office) SettleCalls(ctx context.Context) error {
	all, err := o.CallCases(ctx)
	if err != nil {
		return err
	}
	var failed error
	for i := range all {
		k, err := o.store.Case(ctx, all[i].Case)
		if err == nil && !k.Open() {
			err = o.endCalls(ctx, &all[i])
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

func (o *Office) endCalls(ctx context.Context, of *CaseCalls) error {
	tasks, err := o.Tasks(ctx, of)
	if err != nil {
		return err
	}
	for i := range tasks {
		if !tasks[i].Open() {
			continue
		}
		_, err := o.turnCall(ctx, tasks[i].ID, 0, "", func(t *Task) error {
			if t.Open() {
				t.end(o.store.Now(), CallOver)
			}
			return nil
		})
		if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
			return err
		}
	}
	ref := callCaseRef(of.Case)
	_, err = o.store.TurnMatter(ctx, ref.Kind, ref.ID, 0, "", func(m *checkpoint.Matter) error {
		m.State, m.ClosedAt = CallOver, o.store.Now()
		return nil
	})
	return err
}
