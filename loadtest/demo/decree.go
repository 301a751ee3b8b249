package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"passgate/loadtest/town"
)

// grounds of the statuses that are set.
var grounds = map[string]string{
	"red": "positive_test", "observation": "observation_started", "quarantine": "close_contact",
	"yellow": "returned_from_risk_area", "recovered": "recovered",
}

// decree does the office's part. It is in force when the answer is there.
func (r *run) decree(ctx context.Context, a act) error {
	switch a.deed {
	case setStatus:
		return r.decide(ctx, a)
	case stayRed:
		if r.oracle.people[a.person].status == "red" {
			return r.decide(ctx, a)
		}
	case revokePasses:
		return r.revoke(ctx, a)
	case shutSite, openSite:
		return r.shut(ctx, a)
	case letVisit:
		return r.permit(ctx, a)
	case closeFever:
		return r.closeCase(ctx, a)
	case badInput:
		return r.tryBadInput(ctx, a)
	}
	return nil
}

// redFor is for how long somebody is red by one decision.
const redFor = 13 * day

// decide gives somebody a status. Red has an end, before which it is decided anew.
func (r *run) decide(ctx context.Context, a act) error {
	p := &r.oracle.people[a.person]
	var out struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	in := map[string]string{"status": a.word, "ground": grounds[a.word]}
	if a.word == "red" {
		end := r.now.Add(redFor)
		in["until"] = end.Format(time.RFC3339)
		r.postpone(act{at: end.Add(-day).UnixMilli(), person: a.person, deed: stayRed, word: a.word})
		return r.decideRed(ctx, p, in)
	}
	if err := r.c.call(ctx, http.MethodPut, "/v1/residents/"+p.id+"/status", in, &out); err != nil {
		return err
	}
	p.status = a.word
	r.ledger.same("office.status", "resident "+p.id, p.id+" "+a.word, out.ID+" "+out.Status)
	return nil
}

// decideRed has one person propose red and another one approve it.
func (r *run) decideRed(ctx context.Context, p *person, in map[string]string) error {
	if r.redCase == "" {
		var opened struct{ Code string }
		if err := r.c.call(ctx, http.MethodPost, "/v1/cases", map[string]string{"kind": "other", "title": "演练：红码"}, &opened); err != nil {
			return err
		}
		r.redCase = opened.Code
	}
	in["case"], in["evidence"] = r.redCase, "核酸检测报告"
	var proposed struct {
		Proposal struct {
			ID string `json:"id"`
		} `json:"proposal"`
	}
	if err := r.c.call(ctx, http.MethodPut, "/v1/residents/"+p.id+"/status", in, &proposed); err != nil {
		return err
	}
	var out struct {
		State  string `json:"state"`
		Status string `json:"status"`
		People []struct {
			ID string `json:"id"`
		} `json:"people"`
	}
	leader, err := r.account(ctx, leaderLogin, "leader") // sessions of days ago have ended
	if err != nil {
		return err
	}
	q := request{method: http.MethodPost, path: "/v1/status-proposals/" + proposed.Proposal.ID + "/approve", token: leader, body: []byte("{}")}
	if err := r.c.into(ctx, q, &out); err != nil {
		return err
	}
	p.status = "red"
	told := out.State + " " + out.Status
	for _, who := range out.People {
		told += " " + who.ID
	}
	r.ledger.same("office.status", "resident "+p.id, "applied red "+p.id, told)
	return nil
}

// revoke has somebody's passes revoked, of which they keep a paper one.
func (r *run) revoke(ctx context.Context, a act) error {
	p, f := &r.oracle.people[a.person], &r.folk[a.person]
	var err error
	if f.void, err = r.paperPass(ctx, a.person, a.at); err != nil {
		return err
	}
	var out struct {
		Generation int `json:"generation"`
	}
	in := map[string]string{"reason": "lost at the market"}
	if err := r.c.call(ctx, http.MethodPost, "/v1/residents/"+p.id+"/passes/revoke", in, &out); err != nil {
		return err
	}
	p.generation++
	r.ledger.same("office.revoked", "resident "+p.id, fmt.Sprint(p.generation), fmt.Sprint(out.Generation))
	return nil
}

// shut closes a site, or opens it with a stricter rule.
func (r *run) shut(ctx context.Context, a act) error {
	i := r.oracle.gates[a.gate].site
	body := bodyOf(town.Sites()[i])
	if body.Closed = a.deed == shutSite; !body.Closed {
		body.AntiPassback = "deny"
	}
	path := "/v1/sites/" + body.Code
	var out siteBody
	if err := r.c.call(ctx, http.MethodPut, path, body, &out); err != nil {
		return err
	}
	r.oracle.sites[i].closed, r.oracle.sites[i].passback = body.Closed, body.AntiPassback
	r.ledger.same("office.site", path, fmt.Sprintf("%+v", body), fmt.Sprintf("%+v", out))
	return nil
}

// tryBadInput sends what is no scan at all.
func (r *run) tryBadInput(ctx context.Context, a act) error {
	send := func(at int64, temperature int, code, field string) error {
		s := &scan{
			id: fmt.Sprintf("bad-%x-%d", at, temperature), device: r.lanes[a.gate][0], at: at, in: true,
			temperature: temperature, method: "forehead",
		}
		s.freeze(scanBody{Resident: r.oracle.people[0].id}, "")
		return r.refused(ctx, "answers.bad input", s, s.body, http.StatusUnprocessableEntity, code, field)
	}
	now := r.now.UnixMilli()
	if err := send(now, 3650, "invalid", "temperature"); err != nil {
		return err
	}
	if err := send(now-3*minute, 365, "invalid", "occurred_at"); err != nil {
		return err
	}
	return send(now+3*minute, 366, "invalid", "occurred_at")
}
