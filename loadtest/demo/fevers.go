package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"passgate/loadtest/town"
)

// feverBody is a fever case as the server tells it.
type feverBody struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Person struct {
		ID string `json:"id"`
	} `json:"person"`
	OpenedAt string      `json:"opened_at"`
	Site     string      `json:"site"`
	Gate     string      `json:"gate"`
	First    readingBody `json:"first"`
	Second   readingBody `json:"second"`
	Outcome  string      `json:"outcome"`
}

type readingBody struct {
	At          string  `json:"at"`
	Temperature float64 `json:"temperature"`
}

func (f *feverBody) String() string {
	return fmt.Sprintf("%s %s %s %s at %s: %s %.1f, %s %.1f", f.State, f.Outcome, f.Person.ID, f.OpenedAt, f.Gate,
		f.First.At, f.First.Temperature, f.Second.At, f.Second.Temperature)
}

// told is what the server has to say of a person's case.
func (r *run) toldFever(p *person, state, outcome string) string {
	f := p.fever
	return fmt.Sprintf("%s %s %s %s at %s: %s %s, %s %s", state, outcome, p.id, wireTime(f.second.at), r.oracle.gates[f.gate].code,
		wireTime(f.first.at), degrees(f.first.temp), wireTime(f.second.at), degrees(f.second.temp))
}

// afterFever is what somebody does who was told to wait: they try a mall, are
// let home, and every other one comes out again when a medic has closed the case.
func (r *run) afterFever(a act) {
	at, home, mall := a.at, r.homeGate(a.person), r.mallFor(a.person)
	r.postpone(act{at: at + 30*minute, person: a.person, gate: mall, in: true, temperature: 368})
	r.postpone(act{at: at + 50*minute, person: a.person, gate: home, in: true, temperature: 367})
	if r.draw(drawClosed, a.person, a.at)%2 == 0 {
		r.postpone(act{at: at + 120*minute, person: a.person, deed: closeFever})
		r.postpone(act{at: at + 125*minute, person: a.person, gate: mall, in: true, temperature: 366})
		r.postpone(act{at: at + 150*minute, person: a.person, gate: home, in: true, temperature: 366})
	}
}

// openFevers asks for the open cases, by person.
func (r *run) openFevers(ctx context.Context) (map[string]feverBody, error) {
	cases := map[string]feverBody{}
	for cursor := ""; ; {
		var out struct {
			Fevers []feverBody `json:"fevers"`
			Next   string      `json:"next"`
		}
		if err := r.c.call(ctx, http.MethodGet, "/v1/fevers?state=open&cursor="+cursor, nil, &out); err != nil {
			return nil, err
		}
		for _, f := range out.Fevers {
			cases[f.Person.ID] = f
		}
		if cursor = out.Next; cursor == "" {
			return cases, nil
		}
	}
}

// closeCase has both reports of somebody's case made, the hand-over and the result
// written down, and a medic close it.
func (r *run) closeCase(ctx context.Context, a act) error {
	p := &r.oracle.people[a.person]
	if p.fever == nil {
		return nil
	}
	cases, err := r.openFevers(ctx)
	if err != nil {
		return err
	}
	found := cases[p.id]
	r.ledger.same("office.fever cases", "resident "+p.id, r.toldFever(p, "open", ""), found.String())
	if found.ID == "" {
		return nil
	}
	var out feverBody
	for _, step := range []struct {
		path string
		in   map[string]string
	}{
		{"reports", map[string]string{"level": "community", "to": "村委会"}},
		{"reports", map[string]string{"level": "subdistrict", "to": "许商街道办事处"}},
		{"handover", map[string]string{"how": "ambulance", "hospital": "商河县人民医院", "plate": "鲁A12120"}},
		{"screening", map[string]string{"result": "negative"}},
		{"close", map[string]string{"outcome": "screened_negative", "note": "核酸阴性"}},
	} {
		if err := r.c.call(ctx, http.MethodPost, "/v1/fevers/"+found.ID+"/"+step.path, step.in, &out); err != nil {
			return err
		}
	}
	r.ledger.same("office.fever closed", "resident "+p.id, r.toldFever(p, "closed", "screened_negative"), out.String())
	p.fever = nil
	return nil
}

// checkFevers compares the cases that are still open after the days.
func (r *run) checkFevers(ctx context.Context) error {
	cases, err := r.openFevers(ctx)
	if err != nil {
		return err
	}
	var want, got []string
	for i := range r.oracle.people {
		if p := &r.oracle.people[i]; p.fever != nil {
			want = append(want, r.toldFever(p, "open", ""))
		}
	}
	for _, f := range cases {
		got = append(got, f.String())
	}
	slices.Sort(got)
	r.tell("fevers.open", "after the days", want, got)
	return nil
}

// mallFor draws a mall's gate for somebody.
func (r *run) mallFor(person int) int {
	var gates []int
	for g, e := range r.oracle.gates {
		if r.crowd.uses[g] && r.oracle.sites[e.site].kind == town.KindMall {
			gates = append(gates, g)
		}
	}
	return gates[r.draw(drawGate, person, 0)%uint64(len(gates))]
}
