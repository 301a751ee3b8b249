package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"passgate/loadtest/town"
)

// Accounts of those who look into the days: the medic opens the cases, the
// tracer asks, and the leader approves what goes beyond a case's caps.
const (
	medicLogin  = "demo-medic"
	leaderLogin = "demo-leader"
	tracerLogin = "demo-tracer"
)

// mostAsked is how many people may be asked about under one case.
const mostAsked = 5000

// why is the reason of every question; it is not ASCII, and has a sign that a
// URL would escape.
const why = "演练：核对 100% 的答复"

// inquiry counts what the tracer asked, for the audit to confirm.
type inquiry struct {
	cases                    []string // codes, each for mostAsked people
	answered, streamed, rows atomic.Int64
}

// openCases makes the accounts and opens as many cases as all people take.
func (r *run) openCases(ctx context.Context) error {
	tokens := map[string]string{}
	for _, role := range []struct{ login, role string }{{medicLogin, "medic"}, {leaderLogin, "leader"}, {tracerLogin, "tracer"}} {
		token, err := r.account(ctx, role.login, role.role)
		if err != nil {
			return err
		}
		tokens[role.login] = token
	}
	r.c.tracer = tokens[tracerLogin]
	for range 1 + (len(r.oracle.people)-1)/mostAsked {
		code, err := r.openCase(ctx, tokens)
		if err != nil {
			return err
		}
		r.inquiry.cases = append(r.inquiry.cases, code)
	}
	return r.refuseWithout(ctx)
}

// account makes an account for the whole town, if it is not there yet, and signs it in.
func (r *run) account(ctx context.Context, login, role string) (token string, err error) {
	password := fmt.Sprintf("%s %x", login, r.cfg.Seed)
	in := map[string]string{"login": login, "name": role, "role": role, "grid": town.Grid()[0].ID, "password": password, "own_password": r.cfg.AdminPassword}
	if err := r.c.call(ctx, http.MethodPut, "/v1/staff/"+login, in, nil); err != nil {
		return "", err
	}
	return r.c.signIn(ctx, login, password)
}

// openCase opens a case whose caps hold for what the demo asks.
func (r *run) openCase(ctx context.Context, tokens map[string]string) (code string, err error) {
	as := func(login, path string, in any) error {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("demo: case: %w", err)
		}
		var out struct{ Code string }
		if err := r.c.into(ctx, request{method: http.MethodPost, path: "/v1/cases" + path, token: tokens[login], body: body}, &out); err != nil {
			return err
		}
		code = out.Code
		return nil
	}
	if err := as(medicLogin, "", map[string]string{"kind": "other", "title": "演练"}); err != nil {
		return "", err
	}
	lift := map[string]any{"people": mostAsked, "days": 61, "hops": 2, "reason": why, "until": wireTime(r.now.Add(day).UnixMilli())}
	if err := as(tracerLogin, "/"+code+"/lifts", lift); err != nil {
		return "", err
	}
	return code, as(leaderLogin, "/"+code+"/lifts/0/approve", struct{}{})
}

// refuseWithout asks without a case, which is not answered.
func (r *run) refuseWithout(ctx context.Context) error {
	path := "/v1/gates/" + r.oracle.gates[0].code + "/events"
	var p *problem
	err := r.c.into(ctx, request{method: http.MethodGet, path: path, token: r.c.tracer}, nil)
	if !errors.As(err, &p) {
		r.ledger.differ("cases.needed", path, "403 case_needed", fmt.Sprint(err))
		return ctx.Err()
	}
	r.ledger.same("cases.needed", path, "403 case_needed", fmt.Sprint(p.status, " ", p.Code))
	return nil
}

// caseOf is under which case the n-th of the people is asked about.
func (r *run) caseOf(n int) string { return r.inquiry.cases[n/mostAsked] }

// ask asks a question under a case and reads the answer.
func (r *run) ask(ctx context.Context, kase, method, path string, in, out any) error {
	q := request{method: method, path: path, kase: kase, accept: "application/json"}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("demo: %s: %w", path, err)
		}
		q.body = body
	}
	if err := r.c.into(ctx, q, out); err != nil {
		return err
	}
	r.inquiry.answered.Add(1)
	return nil
}

// entry is what the audit says of one question.
type entry struct {
	Seq     int64  `json:"seq"`
	Actor   string `json:"actor"`
	Case    string `json:"case"`
	Reason  string `json:"reason"`
	Outcome string `json:"outcome"`
	Rows    int64  `json:"rows"`
}

// checkAudit reads the audit of the tracer: every question is in it once, with
// its ground and how many rows it gave, and what was refused as well.
func (r *run) checkAudit(ctx context.Context) error {
	q := request{method: http.MethodGet, path: "/v1/audit?after=0&" + url.Values{"actor": {tracerLogin}}.Encode(), accept: "application/x-ndjson"}
	res, _, err := r.c.persist(ctx, q)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if p := res.failed(q); p != nil {
		return fmt.Errorf("demo: %w", p)
	}
	known := map[string]bool{}
	for _, code := range r.inquiry.cases {
		known[code] = true
	}
	outcomes, rows, last := map[string]int{}, int64(0), int64(0)
	for line := range bytes.Lines(res.body) {
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("demo: audit: %w", err)
		}
		if e.Seq <= last {
			r.ledger.differ("audit.in order", fmt.Sprint("entry ", e.Seq), fmt.Sprint("after ", last), "before it")
		}
		last = e.Seq
		if e.Case == "" && e.Outcome == "answered" {
			continue // asking for the lifts
		}
		outcomes[e.Outcome]++
		if e.Outcome == "case_needed" {
			continue
		}
		r.ledger.same("audit.ground", fmt.Sprint("entry ", e.Seq), fmt.Sprint(tracerLogin, " a case of the demo: true, ", why),
			fmt.Sprint(e.Actor, " a case of the demo: ", known[e.Case], ", ", e.Reason))
		rows += max(0, e.Rows)
	}
	r.ledger.count("audit.questions", int(r.inquiry.answered.Load()), outcomes["answered"])
	r.ledger.count("audit.streams", int(r.inquiry.streamed.Load()), outcomes["streaming"])
	r.ledger.count("audit.streams ended", int(r.inquiry.streamed.Load()), outcomes["streamed"])
	r.ledger.count("audit.refused", 1, outcomes["case_needed"])
	r.ledger.count("audit.rows", int(r.inquiry.rows.Load()), int(rows))
	return nil
}
