package demo

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// mostHistories is how many people's trajectories are asked for.
const mostHistories = 20_000

// wireTrajectory is what the server says of one person.
type wireTrajectory struct {
	Resident struct {
		ID         string `json:"id"`
		NameMasked string `json:"name_masked"`
		Home       string `json:"home"`
	} `json:"resident"`
	Stays  []wireStay  `json:"stays"`
	Events []wireEvent `json:"events"`
}

// checkPeople asks where people were over all days: everybody, or in a large
// town a sample that holds all walk-ins and visitors.
func (r *run) checkPeople(ctx context.Context) error {
	var who []int
	step := max(1, (r.cfg.Residents+mostHistories-1)/mostHistories)
	for i := range r.oracle.people {
		p := &r.oracle.people[i]
		if p.id != "" && (p.kind != "resident" || i%step == 0) {
			who = append(who, i)
		}
	}
	r.report.Histories = len(who)
	var stays atomic.Int64
	query := "/trajectory?" + url.Values{
		"from": {wireTime(r.cfg.Start.UnixMilli())}, "to": {wireTime(r.now.UnixMilli())},
	}.Encode()
	err := r.parallel(ctx, "people", len(who), func(ctx context.Context, n int) error {
		var t wireTrajectory
		if err := r.ask(ctx, r.caseOf(n), "GET", "/v1/residents/"+r.oracle.people[who[n]].id+query, nil, &t); err != nil {
			return err
		}
		r.inquiry.rows.Add(int64(len(t.Events)))
		stays.Add(int64(len(t.Stays)))
		r.checkPerson(who[n], &t)
		return nil
	})
	r.report.Stays = int(stays.Load())
	return err
}

func (r *run) checkPerson(i int, t *wireTrajectory) {
	p, o := &r.oracle.people[i], r.oracle
	where := "person " + p.id
	home, name := "", ""
	if p.home != noHome {
		home = o.sites[p.home].code
	}
	if r.folk[i].guest != nil {
		name = r.folk[i].guest.Name
	} else {
		name = r.folk[i].name
	}
	masked := t.Resident.NameMasked != "" && !strings.Contains(t.Resident.NameMasked, name)
	r.ledger.same("people.masked", where, fmt.Sprint(p.id, home, true), fmt.Sprint(t.Resident.ID, t.Resident.Home, masked))

	want := make([]string, len(p.history))
	for k := range p.history {
		e := &p.history[k]
		g := o.gates[o.gateOf(*e)]
		want[k] = r.line(e, "", g.code+" "+o.sites[g.site].code)
	}
	got := make([]string, len(t.Events))
	for k := range t.Events {
		got[k] = t.Events[k].line("", t.Events[k].Gate+" "+t.Events[k].Site)
	}
	r.tell("people.trail", where, want, got)
	r.checkStays(where, o.stays(p, r.now.UnixMilli()), t)
}

// checkStays compares the stays, and holds what the server says against what is
// true of any stays.
func (r *run) checkStays(where string, stays []stay, t *wireTrajectory) {
	var want, got []string
	for _, s := range stays {
		want = append(want, r.oracle.wire(s).String())
	}
	for _, s := range t.Stays {
		got = append(got, s.String())
	}
	r.ledger.same("people.stays", where, strings.Join(want, " | "), strings.Join(got, " | "))
	sound := ""
	var before time.Time
	for k, s := range t.Stays {
		from, err := time.Parse(time.RFC3339, s.From)
		if err != nil || from.Before(before) {
			sound = fmt.Sprintf("stay %d begins before the one before it ends: %s", k, s)
		}
		before = r.now
		if s.To != nil {
			if before, err = time.Parse(time.RFC3339, *s.To); err != nil || before.Before(from) {
				sound = fmt.Sprintf("stay %d ends before it begins: %s", k, s)
			}
		}
	}
	r.ledger.same("people.stays do not overlap", where, "", sound)
	for k := 1; k < len(t.Events); k++ {
		if t.Events[k].OccurredAt < t.Events[k-1].OccurredAt {
			r.ledger.differ("people.trail in order", where, "by occurred_at", t.Events[k].OccurredAt)
		}
	}
}
