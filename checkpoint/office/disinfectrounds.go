package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// States of rounds.
const (
	RoundDue     = "due"
	RoundDone    = "done"
	RoundMissed  = "missed"  // its day went by
	RoundDropped = "dropped" // the plan was changed before it was due
)

// stateOpened is that of a day whose rounds are open.
const stateOpened = "opened"

const turnAtOnce = 8

type openedDay struct {
	Mark string `json:"m"` // digest of plans and sites
}

// OpenRounds opens the rounds that are due today and closes those of days gone by,
// unless that was done since plans or sites last changed. It is cheap to call and may
// run anywhere at once.
func (o *Office) OpenRounds(ctx context.Context) error {
	plans, err := o.Plans(ctx)
	if err != nil || len(plans) == 0 {
		return err
	}
	now := o.store.Now()
	day, mark := o.store.DayAt(now), o.markOfPlans(plans)
	ref := checkpoint.MatterRef{Kind: KindDisinfectDay, ID: checkpoint.NewMatterID(KindDisinfectDay, day.String())}
	var opened openedDay
	m, err := o.store.Matter(ctx, ref.Kind, ref.ID)
	if err == nil {
		err = m.Get(&opened)
	}
	if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
		return err
	}
	if opened.Mark == mark {
		return nil
	}
	due := o.roundsOf(plans, day)
	if err := o.closeRounds(ctx, due, day); err != nil {
		return err
	}
	if err := o.openRounds(ctx, due, day); err != nil {
		return err
	}
	return o.store.TurnMatters(ctx, 0, "", []checkpoint.MatterRef{ref}, func(some []*checkpoint.Matter) error {
		some[0].State, some[0].ClosedAt = stateOpened, now
		return some[0].Put(openedDay{mark})
	})
}

func (o *Office) markOfPlans(plans []Plan) string {
	sites := o.store.Registry().Sites()
	of := make([]string, len(sites))
	for i, s := range sites {
		of[i] = s.Code + " " + s.Kind.String() + " " + s.Grid
	}
	return markOf([]any{plans, of})
}

// closeRounds closes those of earlier days, and those of today that no plan wants any
// more and that are not due yet.
func (o *Office) closeRounds(ctx context.Context, due []round, day checkpoint.Day) error {
	wanted := make(map[checkpoint.MatterID]bool, len(due))
	for i := range due {
		wanted[due[i].id] = true
	}
	midnight, _ := o.store.Bounds(day)
	var refs []checkpoint.MatterRef
	q := checkpoint.MatterQuery{Kind: KindRound, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		if m.OpenedAt < midnight || !wanted[m.ID] && m.DueAt > o.store.Now() {
			refs = append(refs, checkpoint.MatterRef{Kind: KindRound, ID: m.ID})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(refs, turnAtOnce) {
		err := o.store.TurnMatters(ctx, 0, "", some, func(rounds []*checkpoint.Matter) error {
			for _, m := range rounds {
				if m.State != RoundDue {
					continue // done meanwhile, or gone
				}
				if m.State, m.ClosedAt = RoundDropped, o.store.Now(); m.OpenedAt < midnight {
					m.State = RoundMissed
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// openRounds writes those that are not there yet, and by when the others are due.
func (o *Office) openRounds(ctx context.Context, due []round, day checkpoint.Day) error {
	midnight, _ := o.store.Bounds(day)
	for some := range slices.Chunk(due, turnAtOnce) {
		refs := make([]checkpoint.MatterRef, len(some))
		for i := range some {
			refs[i] = checkpoint.MatterRef{Kind: KindRound, ID: some[i].id}
		}
		err := o.store.TurnMatters(ctx, 0, "", refs, func(rounds []*checkpoint.Matter) error {
			for i, m := range rounds {
				switch {
				case !m.There() || m.State == RoundDropped:
					m.Node, m.State, m.OpenedAt, m.ClosedAt = some[i].node, RoundDue, midnight, 0
					if err := m.Put(some[i].body); err != nil {
						return err
					}
				case m.State != RoundDue:
					continue
				}
				m.DueAt = some[i].dueAt
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// PlaceRounds are the rounds of one place at one site on one day.
type PlaceRounds struct {
	Place   Place
	Due     int // of the day, whatever became of them
	Done    int
	Overdue int   // open, and their time is over
	Missed  int   // the day is over
	Extra   int   // done beside those that were due
	NextAt  int64 // UTC ms, by when the next open one is due; 0: none is open
}

// SiteRounds are those of a site.
type SiteRounds struct {
	Site   string
	Node   string
	Places []PlaceRounds
}

// RoundsOfDay lists what was due and done on a day at the sites of a node and of all
// below it, in order of the sites' codes.
func (o *Office) RoundsOfDay(ctx context.Context, node string, day checkpoint.Day) ([]SiteRounds, error) {
	if err := o.OpenRounds(ctx); err != nil {
		return nil, err
	}
	sites := map[string]*SiteRounds{}
	at := func(m *checkpoint.Matter, site string, place Place) *PlaceRounds {
		s := sites[site]
		if s == nil {
			s = &SiteRounds{Site: site, Node: m.Node}
			sites[site] = s
		}
		for i := range s.Places {
			if s.Places[i].Place == place {
				return &s.Places[i]
			}
		}
		s.Places = append(s.Places, PlaceRounds{Place: place})
		return &s.Places[len(s.Places)-1]
	}
	q := checkpoint.MatterQuery{Kind: KindRound, Node: node, By: checkpoint.OpenedAll, Limit: checkpoint.MaxMatters}
	q.From, q.To = o.store.Bounds(day)
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		var r Round
		if err := m.Get(&r); err != nil {
			return err
		}
		if m.State != RoundDropped {
			at(m, r.Site, r.Place).count(m, o.store.Now())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	q.Kind = KindDisinfection
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		var d Disinfection
		if err := m.Get(&d); err != nil {
			return err
		}
		if d.Round == 0 {
			at(m, d.Site, d.Place).Extra++
		}
		return nil
	})
	all := make([]SiteRounds, 0, len(sites))
	for _, s := range sites {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b SiteRounds) int { return strings.Compare(a.Site, b.Site) })
	return all, err
}

// count adds one round at a time, UTC ms.
func (p *PlaceRounds) count(m *checkpoint.Matter, now int64) {
	p.Due++
	switch {
	case m.State == RoundDone:
		p.Done++
	case m.State == RoundMissed:
		p.Missed++
	case m.Late(now):
		p.Overdue++
	}
	if m.Open() && (p.NextAt == 0 || m.DueAt < p.NextAt) {
		p.NextAt = m.DueAt
	}
}

// disinfectionsDue are the sites with rounds that are overdue, once a site and day.
func (o *Office) disinfectionsDue(ctx context.Context) ([]alarm.Alarm, error) {
	if err := o.OpenRounds(ctx); err != nil {
		return nil, err
	}
	late, err := o.store.DueMatters(ctx, KindRound, o.store.Now())
	if err != nil {
		return nil, err
	}
	var alarms []alarm.Alarm
	met := map[string]bool{}
	for i := range late {
		m := &late[i]
		var r Round
		if err := m.Get(&r); err != nil {
			return nil, err
		}
		key := r.Site + "/" + r.Day
		if !met[key] {
			met[key] = true
			alarms = append(alarms, alarm.Alarm{Kind: alarm.DisinfectionOverdue, Node: m.Node, Key: key, Ref: fmt.Sprintf("%s/%s", KindRound, m.ID), At: m.DueAt})
		}
	}
	return alarms, nil
}
