package office

import (
	"context"

	"passgate/checkpoint"
)

// MaxListRows is the most rows of each part of a grid member's list.
const MaxListRows = 500

// ObservedToday is somebody under observation with what today asks for.
type ObservedToday struct {
	Observed
	Today Today
}

// OpenRound is a round of disinfection that is still open today.
type OpenRound struct {
	ID    checkpoint.MatterID
	Node  string
	Round Round
	DueAt int64 // UTC ms
}

// List is what a grid member has to see to today.
type List struct {
	Day      checkpoint.Day
	Observed []ObservedToday // all that are under observation
	Requests []checkpoint.ServiceRequest
	More     bool // there are more requests
	Rounds   []OpenRound
	Coverage *Coverage
	Tries    map[uint64]checkpoint.Matter // by household
}

// ListOf makes the list of a node of the grid and of all below it.
func (o *Office) ListOf(ctx context.Context, node string) (*List, error) {
	l := &List{Day: o.store.DayAt(o.store.Now())}
	all, err := o.openObservations(ctx, node)
	if err != nil {
		return nil, err
	}
	if l.Observed, err = o.WithToday(ctx, all, l.Day); err != nil {
		return nil, err
	}
	reg, next := o.store.Registry(), ""
	q := checkpoint.CareQuery{Within: func(of string) bool { return reg.Within(of, node) }, Limit: MaxListRows}
	if l.Requests, next, err = o.store.WaitingRequests(ctx, q); err != nil {
		return nil, err
	}
	l.More = next != ""
	if l.Rounds, err = o.openRoundsAt(ctx, node); err != nil {
		return nil, err
	}
	if l.Coverage, err = o.CoverageOf(ctx, node, l.Day); err != nil {
		return nil, err
	}
	l.Tries, err = o.Tries(ctx, node, l.Day)
	return l, err
}

// WithToday adds to observations what a day asks for.
func (o *Office) WithToday(ctx context.Context, all []Observed, day checkpoint.Day) ([]ObservedToday, error) {
	since, _ := o.store.Bounds(day)
	watched, err := o.watch(ctx, all, since)
	if err != nil {
		return nil, err
	}
	out := make([]ObservedToday, len(all))
	for i := range all {
		out[i] = ObservedToday{all[i], o.TodayOf(&all[i], watched[i].Readings, day)}
	}
	return out, nil
}

// openRoundsAt are the rounds of disinfection that are open now at a node and below it.
func (o *Office) openRoundsAt(ctx context.Context, node string) (open []OpenRound, err error) {
	if err := o.OpenRounds(ctx); err != nil {
		return nil, err
	}
	q := checkpoint.MatterQuery{Kind: KindRound, Node: node, By: checkpoint.OpenOnly, Limit: MaxListRows}
	page, _, err := o.store.Matters(ctx, q)
	for i := range page {
		due := OpenRound{ID: page[i].ID, Node: page[i].Node, DueAt: page[i].DueAt}
		if err := page[i].Get(&due.Round); err != nil {
			return nil, err
		}
		open = append(open, due)
	}
	return open, err
}
