package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

type traceContactsCmd struct {
	askFlags
	formFlags
	Person     string `arg:"" name:"id" help:"Whose: 16 hex digits."`
	From       string `help:"From when on; without --from and --to the period of the case." placeholder:"TIME"`
	To         string `help:"Until when, excluded." placeholder:"TIME"`
	Hops       int    `help:"1 for contacts, 2 and 3 for contacts of contacts in order of time; more than 1 takes a lift." default:"1"`
	GateMargin int    `help:"Seconds between two passages of one gate that count as a meeting, 0 to 600." default:"120"`
	MinOverlap int    `help:"Minutes together at a venue that count." default:"1"`
	Evidence   bool   `help:"List every meeting, too."`
}

// Help is shown by --help.
func (traceContactsCmd) Help() string {
	return `Ranked by hop and exposure. MET: household, vehicle (one passage of a vehicle, or one
plate), venue (stays that overlap), gate (passing one after the other). THROUGH: by whom
and where somebody of a further hop can have been infected. People of another part of
the grid have no name, and of their home only the area is told. The CSV has the ranking, the JSON all the evidence.

Example:

    passgate trace contacts 0400000000000007 --case C12 --reason "onset 11-22"`
}

// formFlags choose the form of an answer.
type formFlags struct {
	JSON bool `name:"json" xor:"form" help:"Print the server's document."`
	CSV  bool `name:"csv" xor:"form" help:"Print CSV."`
}

// print asks, and prints the answer as it comes unless a table is wanted: then
// the answer is read into v and done is false.
func (f formFlags) print(ctx context.Context, con *console, c *client, r request, v any) (done bool, err error) {
	if f.CSV {
		r.accept = "text/csv"
		answer, err := c.send(ctx, r)
		if err != nil {
			return false, err
		}
		defer answer.Body.Close()
		return true, copyStream(ctx, con.Out, answer.Body, false)
	}
	var text json.RawMessage
	if err := c.fetch(ctx, r, &text); err != nil {
		return false, err
	}
	if f.JSON {
		return true, printJSON(con.Out, text)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, unreachable("the answer cannot be read: %w", err)
	}
	return false, nil
}

// tracedPerson is somebody in an answer. Of people of another part of the grid
// only ID and area are told.
type tracedPerson struct {
	ID      string `json:"id"`
	Outside bool   `json:"outside"`
	Area    string `json:"area"`
	Name    string `json:"name_masked"`
	Kind    string `json:"kind"`
	Home    string `json:"home"`
}

// lives is where somebody does, as far as it is told.
func (p *tracedPerson) lives() string {
	if p.Outside {
		return "in " + p.Area
	}
	return p.Home
}

// contacts is whom a person met, as the server tells it.
type contacts struct {
	Resident tracedPerson   `json:"resident"`
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Period   string         `json:"period"`
	Contacts []contact      `json:"contacts"`
	Total    int            `json:"total"`
	Outside  int            `json:"outside"`
	Staff    []guardOnShift `json:"staff"`
	Cuts     []cut          `json:"cuts"`
}

type contact struct {
	Hop      int          `json:"hop"`
	Person   tracedPerson `json:"person"`
	Kinds    []string     `json:"kinds"`
	Exposure int64        `json:"exposure"`
	Minutes  int64        `json:"minutes"`
	Meetings int          `json:"meetings"`
	FirstAt  time.Time    `json:"first_at"`
	LastAt   time.Time    `json:"last_at"`
	Chain    []link       `json:"chain"`
	Evidence []meeting    `json:"evidence"`
}

type link struct {
	Person       tracedPerson `json:"person"`
	InfectedFrom time.Time    `json:"infected_from"`
	Kind         string       `json:"kind"`
	Site         string       `json:"site"`
}

type meeting struct {
	Kind         string    `json:"kind"`
	Site         string    `json:"site"`
	SiteName     string    `json:"site_name"`
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Minutes      int64     `json:"minutes"`
	Open         bool      `json:"open"`
	Inferred     bool      `json:"inferred"`
	UnknownStart bool      `json:"unknown_start"`
	Mine         *atGate   `json:"mine"`
	Theirs       *atGate   `json:"theirs"`
}

type atGate struct {
	At        time.Time `json:"at"`
	Gate      string    `json:"gate"`
	Direction string    `json:"direction"`
}

type guardOnShift struct {
	Login   string    `json:"login"`
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
	Scans   int       `json:"scans"`
	Gates   []string  `json:"gates"`
}

// cut says what an answer leaves out.
type cut struct {
	Kind string `json:"kind"`
	Hop  int    `json:"hop"`
	At   int    `json:"at"`
	Of   int    `json:"of"`
	Site string `json:"site"`
}

// Run queries the contacts.
func (t *traceContactsCmd) Run(ctx context.Context, con *console) error {
	if err := checkPersonID("ID", t.Person); err != nil {
		return err
	}
	query, err := windowFlags{From: t.From, To: t.To}.query()
	if err != nil {
		return err
	}
	for name, n := range map[string]int{"hops": t.Hops, "gate_margin": t.GateMargin, "min_overlap": t.MinOverlap} {
		query.Set(name, strconv.Itoa(n))
	}
	c, err := t.open(ctx, con)
	if err != nil {
		return err
	}
	var found contacts
	ask := request{method: http.MethodGet, path: "/v1/residents/" + url.PathEscape(t.Person) + "/contacts", query: query}
	if done, err := t.print(ctx, con, c, ask, &found); done || err != nil {
		return err
	}
	if err := found.print(con.Out, t.Evidence); err != nil {
		return err
	}
	con.say("%d of %d contacts, %d of them of another part of the grid%s", len(found.Contacts), found.Total, found.Outside, c.ground)
	return nil
}
