package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// permitBody is a permit as the server tells it.
type permitBody struct {
	Number int    `json:"number"`
	State  string `json:"state"`
	Person struct {
		ID string `json:"id"`
	} `json:"person"`
	Site  string      `json:"site"`
	From  string      `json:"from"`
	Until string      `json:"until"`
	Pass  *passAnswer `json:"pass"`
}

// errand is what a visitor is going to do.
type errand struct {
	host         int
	after, until int64 // minutes from the permit's issue on
	entries      int
	plate        string
}

// visitors come to people's homes with a permit: once and again where it is for
// one entry; longer than they may; by another vehicle; too early; and one stays.
func (x *extras) visitors() {
	r := x.run
	for i := range x.some(400, 10) {
		n := len(r.oracle.people)
		r.oracle.people = append(r.oracle.people, person{home: noHome, household: new(household), kind: "visitor", status: "visitor"})
		f := folk{name: strangers[n%len(strangers)] + "客", document: fmt.Sprintf("G%08d", n)}
		at, host := x.between(8, 19), x.somebody()
		gate := x.homeGate(host)
		come := func(after int64, in bool, plate string) {
			r.postpone(act{at: at + after*minute, person: n, gate: gate, in: in, temperature: x.warmth(), plate: plate})
		}
		f.errand = errand{host: host, until: 60, entries: 1}
		come(10, true, "")
		switch i % 5 {
		case 0:
			come(20, false, "")
			come(25, true, "")
		case 1:
			come(90, false, "")
			come(95, true, "")
		case 2:
			f.errand.entries, f.errand.plate = 0, "鲁A6T3P5"
			come(20, false, "鲁A6T3P5")
			come(25, true, "鲁AD54321")
			come(40, false, "鲁AD54321")
		case 3:
			f.errand.after, f.errand.until = 120, 240
			come(125, true, "")
			come(150, false, "")
		}
		r.folk = append(r.folk, f)
		r.postpone(act{at: at, person: n, gate: gate, deed: letVisit})
	}
}

// permit has a permit issued, which enters the visitor, and takes the pass.
func (r *run) permit(ctx context.Context, a act) error {
	p, f := &r.oracle.people[a.person], &r.folk[a.person]
	e, site := f.errand, r.oracle.gates[a.gate].site
	t := &permit{
		site: site, from: a.at + e.after*minute, until: a.at + e.until*minute, entries: e.entries, plate: e.plate,
	}
	in := map[string]any{
		"id": fmt.Sprintf("permit-%d", a.person), "visitor": map[string]string{"name": f.name, "id_number": f.document},
		"site": r.oracle.sites[site].code, "host": r.oracle.people[e.host].id, "ground": "family",
		"from": wireTime(t.from), "until": wireTime(t.until), "entries": e.entries, "plate": e.plate,
	}
	var out permitBody
	if err := r.c.call(ctx, http.MethodPost, "/v1/permits", in, &out); err != nil {
		return err
	}
	r.ledger.same("office.permits", fmt.Sprintf("permit %d", out.Number),
		fmt.Sprint(r.oracle.sites[site].code, " ", wireTime(t.from), " ", wireTime(t.until), " with a pass ", true),
		fmt.Sprint(out.Site, " ", out.From, " ", out.Until, " with a pass ", out.Pass != nil))
	p.id, t.number = out.Person.ID, out.Number
	p.permits = append(p.permits, t)
	if out.Pass == nil {
		return nil
	}
	f.visit = issued{out.Pass.Compact, r.visitValidity(t)}
	r.ledger.same("passes.validity", "a visitor's pass of "+p.id,
		fmt.Sprint("visitor ", wireTime(f.visit.valid.notBefore*1000), wireTime(f.visit.valid.expires*1000)),
		fmt.Sprint(out.Pass.Kind, " ", out.Pass.NotBefore, out.Pass.ExpiresAt))
	return nil
}

// visitValidity is that of a visitor's pass: the whole days of the permit, in
// Shanghai.
func (r *run) visitValidity(t *permit) validity {
	v := r.validity("visitor", 0, t.from)
	v.expires = v.notBefore + 86400
	for v.expires*1000 < t.until {
		v.expires += 86400
	}
	return v
}

// checkVisitors compares the list of those who are inside without a permit now.
func (r *run) checkVisitors(ctx context.Context) error {
	var out struct {
		Permits []permitBody `json:"permits"`
	}
	if err := r.c.call(ctx, http.MethodGet, "/v1/permits/overstayed", nil, &out); err != nil {
		return err
	}
	var want, got []string
	for i := range r.oracle.people {
		p := &r.oracle.people[i]
		for _, t := range p.permits {
			if now := r.now.UnixMilli(); p.last.in && p.last.site == t.site && p.last.at < t.until && t.until <= now {
				want = append(want, fmt.Sprint(t.number, " overstayed ", p.id))
			}
		}
	}
	for _, t := range out.Permits {
		got = append(got, fmt.Sprint(t.Number, " ", t.State, " ", t.Person.ID))
	}
	slices.Sort(got)
	r.tell("visitors.overstayed", "after the days", want, got)
	return nil
}
