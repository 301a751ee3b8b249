package office

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// Kinds of records of disinfection.
const (
	KindDisinfectPlans checkpoint.MatterKind = "disinfection_plans" // one record: all plans
	KindDisinfectDay   checkpoint.MatterKind = "disinfection_day"   // that a day's rounds are open, for which plans
	KindRound          checkpoint.MatterKind = "disinfection_round" // one that is due, for a day
	KindDisinfection   checkpoint.MatterKind = "disinfection"       // one that was done, due or not; closed
)

// Place is what is disinfected.
type Place string

// places is the closed list.
var places = []checkpoint.Word{
	{Name: "corridor", ZH: "楼道", EN: "Corridors"},
	{Name: "lift", ZH: "电梯", EN: "Lifts"},
	{Name: "rubbish_point", ZH: "垃圾点", EN: "Rubbish points"},
	{Name: "vehicle", ZH: "车辆", EN: "Vehicles"},
	{Name: "entrance", ZH: "出入口", EN: "Entrances"},
	{Name: "room", ZH: "室内公共场所", EN: "Rooms"},
}

// Places lists what can be disinfected.
func Places() []checkpoint.Word { return slices.Clone(places) }

func knownPlace(p Place) bool {
	return slices.ContainsFunc(places, func(w checkpoint.Word) bool { return w.Name == string(p) })
}

func placeError(field string) error {
	names := make([]string, len(places))
	for i, w := range places {
		names[i] = w.Name
	}
	return &checkpoint.FieldError{Field: field, Why: "must be one of " + strings.Join(names, ", ")}
}

// Bounds of plans.
const (
	MaxRounds = 6 // of one place in a day: they change together with what was done
	maxPlans  = 400
	// The rounds of a day are spread over these hours: of N the first is due when an
	// Nth of the time is over, the last at its end.
	roundsFrom, roundsUntil = 6 * time.Hour, 22 * time.Hour
)

// Plan says how often a day what is disinfected, at one site or at all sites of a
// kind that have no plan of their own.
type Plan struct {
	Site     string        `json:"s,omitempty"` // code
	SiteKind string        `json:"k,omitempty"`
	Rounds   map[Place]int `json:"r"` // empty: none
	At       int64         `json:"a"` // UTC ms, when it was made: no round is due before
	By       uint32        `json:"b"` // number of the member of staff
}

type planList struct {
	Plans []Plan `json:"p"`
}

func plansRef() checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: KindDisinfectPlans, ID: checkpoint.NewMatterID(KindDisinfectPlans, "all")}
}

// Plans lists them: those of site kinds first.
func (o *Office) Plans(ctx context.Context) ([]Plan, error) {
	m, err := o.store.Matter(ctx, KindDisinfectPlans, plansRef().ID)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list planList
	err = m.Get(&list)
	return list.Plans, err
}

// PutPlan makes or replaces the plan of a site or of a site kind. It is in force for
// what is due from now on. Errors: *FieldError, *Refusal, ErrUnavailable.
func (o *Office) PutPlan(ctx context.Context, p Plan) (Plan, error) {
	if err := o.checkPlan(&p); err != nil {
		return p, err
	}
	p.At = o.store.Now()
	err := o.store.TurnMatters(ctx, p.By, "", []checkpoint.MatterRef{plansRef()}, func(some []*checkpoint.Matter) error {
		m := some[0]
		var list planList
		if err := m.Get(&list); err != nil {
			return err
		}
		list.Plans = slices.DeleteFunc(list.Plans, func(old Plan) bool { return old.Site == p.Site && old.SiteKind == p.SiteKind })
		if len(list.Plans) >= maxPlans {
			return refuse(CodeWrongState, "there are %d plans already: make one for the kind of site", maxPlans)
		}
		list.Plans = append(list.Plans, p)
		slices.SortFunc(list.Plans, func(a, b Plan) int { return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.SiteKind, b.SiteKind)) })
		m.State = stateKept
		return m.Put(list)
	})
	return p, err
}

func (o *Office) checkPlan(p *Plan) error {
	if (p.Site == "") == (p.SiteKind == "") {
		return &checkpoint.FieldError{Field: "site", Why: "name either a site or a site_kind"}
	}
	if p.Site != "" {
		if _, ok := o.store.Registry().Site(p.Site); !ok {
			return &checkpoint.FieldError{Field: "site", Why: "there is no such site"}
		}
	} else if _, err := checkpoint.ParseSiteKind(p.SiteKind); err != nil {
		return err
	}
	for place, n := range p.Rounds {
		if !knownPlace(place) {
			return placeError("rounds")
		}
		if n < 1 || n > MaxRounds {
			return &checkpoint.FieldError{Field: "rounds", Why: fmt.Sprintf("must be 1 to %d times a day for each kind; leave out what is not disinfected", MaxRounds)}
		}
	}
	return nil
}

// round is one that is due on a day.
type round struct {
	id    checkpoint.MatterID
	node  string
	dueAt int64
	body  Round
}

// Round is what is kept of one.
type Round struct {
	Site  string              `json:"s"`
	Place Place               `json:"p"`
	Day   string              `json:"d"` // at the place, as "2020-02-11"
	N     int                 `json:"n"` // 1 is the first of the day
	Done  checkpoint.MatterID `json:"x,omitempty"`
}

func roundID(site string, place Place, day checkpoint.Day, n int) checkpoint.MatterID {
	return checkpoint.NewMatterID(KindRound, fmt.Sprintf("%s\x00%s\x00%s\x00%d", site, place, day, n))
}

// roundsOf are all that plans make due on a day, in order of site, place and number.
func (o *Office) roundsOf(plans []Plan, day checkpoint.Day) (due []round) {
	of := map[string]*Plan{}
	for i := range plans {
		of[plans[i].Site+"\x00"+plans[i].SiteKind] = &plans[i]
	}
	midnight, _ := o.store.Bounds(day)
	for _, site := range o.store.Registry().Sites() {
		plan := of[site.Code+"\x00"]
		if plan == nil {
			plan = of["\x00"+site.Kind.String()]
		}
		if plan == nil {
			continue
		}
		for _, w := range places {
			place := Place(w.Name)
			times := plan.Rounds[place]
			for n := 1; n <= times; n++ {
				at := midnight + (roundsFrom + time.Duration(n)*(roundsUntil-roundsFrom)/time.Duration(times)).Milliseconds()
				if at > plan.At {
					due = append(due, round{roundID(site.Code, place, day, n), site.Grid, at, Round{Site: site.Code, Place: place, Day: day.String(), N: n}})
				}
			}
		}
	}
	return due
}
