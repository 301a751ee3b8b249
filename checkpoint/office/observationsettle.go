package office

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"

	"passgate/checkpoint"
)

const (
	// feverFree is for how many days before the end there must be no fever.
	feverFree = 3
	// breachBack is how late a scan can come in and still be written down as a breach.
	breachBack = dayMillis
)

// Settle completes what was cut off, ends the observations whose time is over or
// whose status is another one by now, writes breaches down, and begins the
// observations of people who have come back. Any number of processes may do so at
// once. What cannot be settled keeps nothing else from it: the error is the first of
// such, when all others are through. Errors: ErrUnavailable and what a damaged record
// gives.
func (o *Office) Settle(ctx context.Context) error {
	first := o.settleReturnees(ctx)
	if errors.Is(first, checkpoint.ErrUnavailable) {
		return first
	}
	all, err := o.openObservations(ctx, "")
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return first
	}
	watched, err := o.watch(ctx, all, o.store.Now())
	if err != nil {
		return err
	}
	if err := o.noteBreaches(ctx, all); err != nil {
		return err
	}
	for i := range all {
		err := o.settle(ctx, &all[i], &watched[i])
		switch {
		case errors.Is(err, checkpoint.ErrUnavailable):
			return err
		case err != nil && first == nil:
			first = err
		}
	}
	return first
}

// Observed is an observation with its record.
type Observed struct {
	Matter checkpoint.Matter
	Observation
}

// openObservations are those at a node and below it, by when they began.
func (o *Office) openObservations(ctx context.Context, node string) (all []Observed, err error) {
	q := checkpoint.MatterQuery{Kind: KindObservation, Node: node, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		v := Observed{Matter: *m}
		all = append(all, v)
		return m.Get(&all[len(all)-1].Observation)
	})
	return all, err
}

// watch reads what there is of the people of observations, in their order.
func (o *Office) watch(ctx context.Context, all []Observed, since int64) ([]checkpoint.Watched, error) {
	people := make([]uint64, len(all))
	for i := range all {
		people[i] = all[i].Matter.Person
	}
	return o.store.Watch(ctx, people, since)
}

func (o *Office) settle(ctx context.Context, v *Observed, w *checkpoint.Watched) error {
	var err error
	switch m := &v.Matter; m.State {
	case ObservationStarting:
		_, err = o.confirm(ctx, m)
	case ObservationEnding:
		_, err = o.finish(ctx, m)
	default:
		switch {
		case !w.There || !w.Status.Observed():
			err = o.endOtherwise(ctx, v)
		case w.Since != v.Since || w.Status != v.Status || w.Node != m.Node:
			err = o.follow(ctx, v, w)
		case m.State == ObservationRunning && o.store.Now() >= v.Until:
			err = o.timeOver(ctx, v, w)
		}
	}
	return err
}

// endOtherwise closes one whose person has another status by now.
func (o *Office) endOtherwise(ctx context.Context, v *Observed) error {
	end := End{How: EndedOtherwise}
	who, err := o.store.Resident(ctx, v.Matter.Person)
	if err == nil {
		var record checkpoint.StatusRecord
		record, err = o.store.StatusRecord(ctx, &who)
		end.Ground, end.By, end.Office = record.Ground, record.By, record.Office
		if record.Ground == checkpoint.GroundLapsed {
			end.How = EndedByLapse
		}
	}
	if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
		return err
	}
	_, err = o.closeObservation(ctx, &v.Matter, end)
	return err
}

// follow takes over a later decision about the status, and another home.
func (o *Office) follow(ctx context.Context, v *Observed, w *checkpoint.Watched) error {
	who, err := o.store.Resident(ctx, v.Matter.Person)
	if err != nil {
		return err
	}
	record, err := o.store.StatusRecord(ctx, &who)
	if err != nil {
		return err
	}
	_, err = o.turnObservation(ctx, v.Matter.ID, 0, "", func(m *checkpoint.Matter, body *Observation) error {
		if m.State != ObservationRunning && m.State != ObservationHeld || body.Since != v.Since {
			return errDone
		}
		m.Node = w.Node
		decided := w.Since != body.Since || w.Status != body.Status
		body.Since = w.Since
		if !decided || !record.Status.Observed() {
			return nil
		}
		body.Status = record.Status
		body.By, body.Office = record.By, record.Office
		if record.Until != 0 && record.Until != body.Until {
			body.Until, m.DueAt, m.State = record.Until, record.Until, ObservationRunning
		}
		return nil
	})
	return err
}

// timeOver releases somebody by the rule, or holds them over: while there was fever
// in the last days, or a fever case is open, somebody has to decide.
func (o *Office) timeOver(ctx context.Context, v *Observed, w *checkpoint.Watched) error {
	fever := w.Fever
	if !fever {
		now := o.store.Now()
		readings, err := o.store.Diary(ctx, v.Matter.Person, now-feverFree*dayMillis, now+1)
		if err != nil {
			return err
		}
		fever = slices.ContainsFunc(readings, func(r checkpoint.DiaryReading) bool { return r.Fever() })
	}
	if !fever {
		m, err := o.decideEnd(ctx, v.Matter.ID, End{How: EndedByRule, Ground: groundEnded, Office: v.Office})
		if err != nil {
			return err
		}
		_, err = o.finish(ctx, &m)
		return err
	}
	_, err := o.turnObservation(ctx, v.Matter.ID, 0, "", func(m *checkpoint.Matter, body *Observation) error {
		if m.State != ObservationRunning || body.Until != v.Until {
			return errDone
		}
		m.State, m.DueAt = ObservationHeld, body.Until+checkpoint.HoldOver.Milliseconds()
		return nil
	})
	return err
}

// noteBreaches writes down at which scans people were who had to be at home.
func (o *Office) noteBreaches(ctx context.Context, all []Observed) error {
	place := make(map[uint64]int, len(all))
	for i := range all {
		place[all[i].Matter.Person] = i
	}
	now := o.store.Now()
	found := map[int][]Breach{}
	err := o.store.Alerts(ctx, now-breachBack, now+futureSlack.Milliseconds(), func(a *checkpoint.Alert) error {
		i, there := place[a.Event.Person]
		if !there || a.Event.Annulled || !slices.Contains(a.Kinds, checkpoint.AlertBreach) || a.Event.OccurredAt < all[i].From {
			return nil
		}
		b := Breach{hex.EncodeToString(a.Event.Hash[:]), a.Event.OccurredAt, a.Event.Gate}
		if !slices.Contains(all[i].Breaches, b) {
			found[i] = append(found[i], b)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, breaches := range found {
		m, err := o.turnObservation(ctx, all[i].Matter.ID, 0, "", func(m *checkpoint.Matter, body *Observation) error {
			if !m.Open() {
				return errDone
			}
			body.note(breaches)
			return nil
		})
		if err == nil {
			all[i].Matter, all[i].Observation = m, Observation{}
			err = m.Get(&all[i].Observation)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Observation) note(breaches []Breach) {
	for _, breach := range breaches {
		if !slices.Contains(b.Breaches, breach) {
			b.Breaches = append(b.Breaches, breach)
		}
	}
	slices.SortStableFunc(b.Breaches, func(x, y Breach) int { return int(x.At - y.At) })
	if over := len(b.Breaches) - maxBreaches; over > 0 {
		b.Breaches = b.Breaches[over:]
	}
}
