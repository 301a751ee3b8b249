package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tracingCase is a case as the server tells it.
type tracingCase struct {
	Code       string         `json:"code"`
	Kind       string         `json:"kind"`
	Title      string         `json:"title"`
	People     []tracedPerson `json:"people"`
	Grid       string         `json:"grid"`
	OnsetAt    *time.Time     `json:"onset_at"`
	SampledAt  *time.Time     `json:"sampled_at"`
	IsolatedAt *time.Time     `json:"isolated_at"`
	PeriodFrom time.Time      `json:"period_from"`
	PeriodTo   time.Time      `json:"period_to"`
	OpenedAt   time.Time      `json:"opened_at"`
	OpenedBy   string         `json:"opened_by"`
	ClosedAt   *time.Time     `json:"closed_at"`
	ClosedBy   string         `json:"closed_by"`
	Outcome    string         `json:"outcome"`
	Caps       caps           `json:"caps"`
	Asked      int            `json:"asked"`
	Lifts      []approval     `json:"lifts"`
	Grants     []approval     `json:"grants"`
}

type caps struct {
	People int `json:"people"`
	Days   int `json:"days"`
	Hops   int `json:"hops"`
}

// approval is a lift or a grant: what it gives, who asked and who approved.
type approval struct {
	caps
	Node       string    `json:"node"`
	Number     int       `json:"number"`
	Reason     string    `json:"reason"`
	AskedBy    string    `json:"asked_by"`
	Until      time.Time `json:"until"`
	ApprovedBy string    `json:"approved_by"`
}

func (a *approval) gives() string {
	var what []string
	if a.Node != "" {
		what = append(what, a.Node)
	}
	for _, n := range []struct {
		n    int
		unit string
	}{{a.People, "people"}, {a.Days, "days"}, {a.Hops, "hops"}} {
		if n.n > 0 {
			what = append(what, strconv.Itoa(n.n)+" "+n.unit)
		}
	}
	return strings.Join(what, ", ")
}

func (k *tracingCase) state() string {
	if k.ClosedAt == nil {
		return "open"
	}
	return "closed, " + k.Outcome
}

func timeOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return localTime(*t)
}

// showCase prints a case that the server answered with.
func showCase(con *console, asJSON bool, text json.RawMessage) error {
	if asJSON {
		return printJSON(con.Out, text)
	}
	var k tracingCase
	if err := json.Unmarshal(text, &k); err != nil {
		return unreachable("the case cannot be read: %w", err)
	}
	return k.print(con)
}

func printCases(con *console, cases []tracingCase) error {
	out := newTable(con.Out, "CASE", "KIND", "STATE", "OPENED", "BY", "GRID", "PEOPLE", "ASKED ABOUT", "PERIOD FROM", "PERIOD TO", "TITLE")
	for i := range cases {
		k := &cases[i]
		if err := out.add(k.Code, k.Kind, k.state(), localTime(k.OpenedAt), k.OpenedBy, k.Grid, strconv.Itoa(len(k.People)),
			fmt.Sprintf("%d of %d", k.Asked, k.Caps.People), localTime(k.PeriodFrom), localTime(k.PeriodTo), k.Title); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	con.say("%d cases", len(cases))
	return nil
}

func (k *tracingCase) print(con *console) error {
	if _, err := fmt.Fprintf(con.Out, "%s  %s  %s  %s\n\n", plain(k.Code), plain(k.Kind), plain(k.state()), plain(k.Title)); err != nil {
		return err
	}
	for _, line := range []struct{ name, value string }{
		{"opened", localTime(k.OpenedAt) + " by " + k.OpenedBy},
		{"grid", k.Grid},
		{"onset", timeOf(k.OnsetAt)},
		{"sampled", timeOf(k.SampledAt)},
		{"isolated", timeOf(k.IsolatedAt)},
		{"period", localTime(k.PeriodFrom) + " to " + localTime(k.PeriodTo)},
		{"closed", strings.TrimSuffix(timeOf(k.ClosedAt)+" by "+k.ClosedBy, " by ")},
		{"caps", fmt.Sprintf("%d people (%d asked about), %d days, %d hops", k.Caps.People, k.Asked, k.Caps.Days, k.Caps.Hops)},
	} {
		if line.value == "" {
			continue
		}
		if _, err := fmt.Fprintf(con.Out, "%-9s %s\n", line.name, plain(line.value)); err != nil {
			return err
		}
	}
	people := newTable(con.Out, "PERSON", "NAME")
	for _, p := range k.People {
		if err := people.add(p.ID, p.Name); err != nil {
			return err
		}
	}
	asked := newTable(con.Out, "", "NO", "GIVES", "UNTIL", "ASKED BY", "APPROVED BY", "REASON")
	for _, part := range []struct {
		name string
		list []approval
	}{{"lift", k.Lifts}, {"grant", k.Grants}} {
		for i := range part.list {
			a := &part.list[i]
			if err := asked.add(part.name, strconv.Itoa(a.Number), a.gives(), localTime(a.Until), a.AskedBy, a.ApprovedBy, a.Reason); err != nil {
				return err
			}
		}
	}
	for _, t := range []*table{people, asked} {
		if len(t.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(con.Out); err != nil {
			return err
		}
		if err := t.flush(); err != nil {
			return err
		}
	}
	return nil
}
