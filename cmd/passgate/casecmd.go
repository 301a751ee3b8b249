package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

type caseCmd struct {
	Open    caseOpenCmd    `cmd:"" help:"Open a case, the ground on which questions are asked."`
	List    caseListCmd    `cmd:"" help:"List the open cases."`
	Show    caseShowCmd    `cmd:"" help:"Show a case with its people, caps, lifts and grants."`
	Use     caseUseCmd     `cmd:"" help:"Keep case and reason for the trace commands."`
	Attach  caseAttachCmd  `cmd:"" help:"Add people to a case: their record is held with it."`
	Lift    caseLiftCmd    `cmd:"" help:"Ask for more people, days or hops than the caps allow."`
	Grant   caseGrantCmd   `cmd:"" help:"Ask for another part of the grid."`
	Approve caseApproveCmd `cmd:"" help:"Approve a lift or a grant that somebody else asked for."`
	Close   caseCloseCmd   `cmd:"" help:"Close a case."`
}

// Help is shown by --help.
func (caseCmd) Help() string {
	return `Who asks where people were does so under an open case, with a reason, and within the
case's caps. Medics and leaders open cases, for others: who opened one does not ask
under it. Leaders approve what goes beyond.

Example:

    passgate case open --kind confirmed --person 0400000000000007 --title "first in Tongdaokou" --onset 2020-02-08`
}

// caseFlags are common to commands about one case.
type caseFlags struct {
	serverFlags
	Code string `arg:"" help:"Code of the case, such as C12."`
	JSON bool   `name:"json" help:"Print the case as JSON."`
}

// change sends what is to be done with the case and shows what it is then.
func (f caseFlags) change(ctx context.Context, con *console, what string, body any) error {
	c, err := f.open(ctx, con)
	if err != nil {
		return err
	}
	var text json.RawMessage
	if err := c.post(ctx, "/v1/cases/"+url.PathEscape(f.Code)+what, body, &text); err != nil {
		return err
	}
	return showCase(con, f.JSON, text)
}

type caseOpenCmd struct {
	serverFlags
	Kind     string `help:"confirmed, suspected, asymptomatic, cluster or other." enum:"confirmed,suspected,asymptomatic,cluster,other" required:"" placeholder:"KIND"`
	Title    string `help:"One line for those who work on it." required:"" placeholder:"TEXT"`
	Person   string `help:"Whom it is about: 16 hex digits; none for a cluster." placeholder:"ID"`
	Grid     string `help:"Part of the grid that answers for it; default that of the person's home, or yours." placeholder:"NODE"`
	Onset    string `help:"First symptoms. The period of contacts begins two days before." placeholder:"TIME"`
	Sampled  string `help:"First positive sample, for who has no symptoms." placeholder:"TIME"`
	Isolated string `help:"When the person was isolated: the period ends there." placeholder:"TIME"`
	JSON     bool   `name:"json" help:"Print the case as JSON."`
}

// Help is shown by --help.
func (caseOpenCmd) Help() string {
	return "Example:\n\n    passgate case open --kind suspected --person 0400000000000007 --title \"fever at the east gate\" --onset 2020-02-08"
}

// Run opens the case.
func (o *caseOpenCmd) Run(ctx context.Context, con *console) error {
	body := map[string]string{"kind": o.Kind, "title": o.Title, "grid": o.Grid, "person": o.Person}
	if o.Person != "" {
		if err := checkPersonID("--person", o.Person); err != nil {
			return err
		}
	}
	for _, at := range []struct{ flag, field, text string }{
		{"--onset", "onset_at", o.Onset}, {"--sampled", "sampled_at", o.Sampled}, {"--isolated", "isolated_at", o.Isolated},
	} {
		if at.text == "" {
			continue
		}
		t, err := parseTime(at.flag, at.text)
		if err != nil {
			return err
		}
		body[at.field] = apiTime(t)
	}
	c, err := o.open(ctx, con)
	if err != nil {
		return err
	}
	var text json.RawMessage
	if err := c.post(ctx, "/v1/cases", body, &text); err != nil {
		return err
	}
	return showCase(con, o.JSON, text)
}

type caseListCmd struct {
	serverFlags
	All  bool `help:"The closed ones, too."`
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (caseListCmd) Help() string { return "Example:\n\n    passgate case list" }

// Run lists them, the newest first.
func (l *caseListCmd) Run(ctx context.Context, con *console) error {
	c, err := l.open(ctx, con)
	if err != nil {
		return err
	}
	query := url.Values{}
	if !l.All {
		query.Set("state", "open")
	}
	var text json.RawMessage
	if err := c.fetch(ctx, request{method: http.MethodGet, path: "/v1/cases", query: query}, &text); err != nil {
		return err
	}
	if l.JSON {
		return printJSON(con.Out, text)
	}
	var found struct {
		Cases []tracingCase `json:"cases"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return unreachable("the cases cannot be read: %w", err)
	}
	return printCases(con, found.Cases)
}

type caseShowCmd struct{ caseFlags }

// Help is shown by --help.
func (caseShowCmd) Help() string { return "Example:\n\n    passgate case show C12" }

// Run shows the case.
func (s *caseShowCmd) Run(ctx context.Context, con *console) error {
	c, err := s.open(ctx, con)
	if err != nil {
		return err
	}
	var text json.RawMessage
	if err := c.fetch(ctx, request{method: http.MethodGet, path: "/v1/cases/" + url.PathEscape(s.Code)}, &text); err != nil {
		return err
	}
	return showCase(con, s.JSON, text)
}

type caseCloseCmd struct {
	caseFlags
	Outcome string `help:"resolved, excluded, transferred or mistaken." enum:"resolved,excluded,transferred,mistaken" required:"" placeholder:"OUTCOME"`
}

// Help is shown by --help.
func (caseCloseCmd) Help() string {
	return "The record of its people is held for 14 days more.\n\nExample:\n\n    passgate case close C12 --outcome resolved"
}

// Run closes the case.
func (k *caseCloseCmd) Run(ctx context.Context, con *console) error {
	return k.change(ctx, con, "/close", map[string]string{"outcome": k.Outcome})
}

type caseAttachCmd struct {
	caseFlags
	People []string `arg:"" name:"id" help:"Whom: 16 hex digits each."`
}

// Help is shown by --help.
func (caseAttachCmd) Help() string {
	return "Example:\n\n    passgate case attach C12 0400000000000007"
}

// Run adds the people.
func (a *caseAttachCmd) Run(ctx context.Context, con *console) error {
	for _, id := range a.People {
		if err := checkPersonID("ID", id); err != nil {
			return err
		}
	}
	return a.change(ctx, con, "/people", map[string][]string{"people": a.People})
}

// approvalFlags are common to what a second person has to approve.
type approvalFlags struct {
	Reason string `help:"Why, one line." required:"" placeholder:"TEXT"`
	Until  string `help:"When it ends; default 24 hours from now." placeholder:"TIME"`
}

func (f approvalFlags) body() (map[string]any, error) {
	until, err := parseTimeOr("--until", f.Until, time.Now().Add(24*time.Hour))
	return map[string]any{"reason": f.Reason, "until": apiTime(until)}, err
}

type caseLiftCmd struct {
	caseFlags
	approvalFlags
	People int `help:"Different people that may be asked about under the case." placeholder:"N"`
	Days   int `help:"Days of one question." placeholder:"N"`
	Hops   int `help:"Hops of contacts." placeholder:"N"`
}

// Help is shown by --help.
func (caseLiftCmd) Help() string {
	return `In force when another person has approved it ("passgate case approve").

Example:

    passgate case lift C12 --hops 2 --people 200 --reason "cluster at the market" --until 2020-02-14`
}

// Run asks for the lift.
func (l *caseLiftCmd) Run(ctx context.Context, con *console) error {
	body, err := l.body()
	if err != nil {
		return err
	}
	body["people"], body["days"], body["hops"] = l.People, l.Days, l.Hops
	return l.change(ctx, con, "/lifts", body)
}

type caseGrantCmd struct {
	caseFlags
	approvalFlags
	Node string `arg:"" help:"Part of the grid that you do not answer for."`
}

// Help is shown by --help.
func (caseGrantCmd) Help() string {
	return `In force for who asked, when somebody who answers for that part has approved it
("passgate case approve").

Example:

    passgate case grant C12 370126001201 --reason "worked at the mill there" --until 2020-02-14`
}

// Run asks for the grant.
func (g *caseGrantCmd) Run(ctx context.Context, con *console) error {
	body, err := g.body()
	if err != nil {
		return err
	}
	body["node"] = g.Node
	return g.change(ctx, con, "/grants", body)
}

type caseApproveCmd struct {
	caseFlags
	What   string `arg:"" help:"lift or grant." enum:"lift,grant"`
	Number int    `arg:"" help:"Its number, as \"passgate case show\" has it."`
}

// Help is shown by --help.
func (caseApproveCmd) Help() string { return "Example:\n\n    passgate case approve C12 lift 0" }

// Run approves it.
func (a *caseApproveCmd) Run(ctx context.Context, con *console) error {
	return a.change(ctx, con, "/"+a.What+"s/"+strconv.Itoa(a.Number)+"/approve", struct{}{})
}
