package office

import (
	"context"
	"slices"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// MissedOn lists what was missing on a day, as far as it is over, of whoever was
// under observation then at a node of the grid ("": in the town): readings and daily
// reports, in the form of the alarms about them. Errors: ErrUnavailable.
func (o *Office) MissedOn(ctx context.Context, node string, day checkpoint.Day) ([]alarm.Alarm, error) {
	from, to := o.store.Bounds(day)
	all, err := o.openObservations(ctx, node)
	if err != nil {
		return nil, err
	}
	q := checkpoint.MatterQuery{Kind: KindObservation, Node: node, By: checkpoint.ClosedOnly, From: from, Limit: checkpoint.MaxMatters}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		if slices.ContainsFunc(all, func(v Observed) bool { return v.Matter.ID == m.ID }) {
			return nil // closed while it was read
		}
		all = append(all, Observed{Matter: *m})
		return m.Get(&all[len(all)-1].Observation)
	})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v Observed) bool { return v.From >= to })
	watched, err := o.watch(ctx, all, from)
	if err != nil {
		return nil, err
	}
	var missed []alarm.Alarm
	for i := range all {
		for _, a := range o.missedOn(&all[i], watched[i].Readings, day) {
			if end := all[i].Matter.ClosedAt; end == 0 || a.At <= end {
				missed = append(missed, a)
			}
		}
	}
	return missed, nil
}
