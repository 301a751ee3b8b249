package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"passgate/checkpoint"
	"passgate/gateway"
)

type rulesCmd struct {
	Table   rulesTableCmd   `cmd:"" help:"Show who is let in where: the decision table, the order of the rules, the reasons."`
	Reasons rulesReasonsCmd `cmd:"" help:"Show the reasons with their texts and the rules that give them."`
	Stays   rulesStaysCmd   `cmd:"" help:"Show the rules by which passages become stays, and what marks they set."`
}

// Help is shown by --help.
func (rulesCmd) Help() string { return "Example:\n\n    passgate rules table" }

type rulesTableCmd struct {
	JSON     bool `name:"json" xor:"form" help:"Print one JSON document, as GET /v1/rules/table has it."`
	CSV      bool `name:"csv" xor:"form" help:"Print CSV: a row for each cell of the table."`
	Markdown bool `xor:"form" help:"Print Markdown, as in deploy/RULES.md."`
}

// Help is shown by --help.
func (rulesTableCmd) Help() string {
	return `These are the rules that all sites share; they are part of the program, so no
server is asked. What the town has ordered for a site is in "GET /v1/sites".

Example:

    passgate rules table --markdown > deploy/RULES.md`
}

// Run prints the rules.
func (r *rulesTableCmd) Run(con *console) error {
	switch {
	case r.JSON:
		return printJSON(con.Out, gateway.PublishedRules())
	case r.CSV:
		return cellsAsCSV(con)
	}
	if r.Markdown {
		return markdownRules(con.Out)
	}
	return terminalRules(con.Out)
}

// cellsAsCSV prints the table cell by cell, for spreadsheets.
func cellsAsCSV(con *console) error {
	out, err := newCSV(con.Out, "status", "site_kind", "direction", "own_home", "residents_only", "decision", "reason", "color", "action", "flags", "zh", "en")
	if err != nil {
		return err
	}
	for _, only := range []bool{false, true} {
		for _, r := range cellsOf(only) {
			o := r.Outcome
			if err := out.add(
				r.Status.String(), r.Kind.String(), r.Direction.String(), strconv.FormatBool(r.OwnHome), strconv.FormatBool(only),
				o.Decision.String(), o.Reason.String(), string(o.Color()), o.Action.String(), strings.Join(o.Flags.Names(), " "),
				o.Reason.Text().ZH, o.Reason.Text().EN,
			); err != nil {
				return err
			}
		}
	}
	return out.flush()
}

// cellsOf lists the cells that can happen, or those of them that are others at
// a site for residents only.
func cellsOf(residentsOnly bool) []checkpoint.Rule {
	table := checkpoint.Table()
	if residentsOnly {
		table = checkpoint.TableOfResidentsOnly()
	}
	return slices.DeleteFunc(table, func(r checkpoint.Rule) bool { return r.OwnHome && !r.Kind.Residential() }) // nobody lives there
}

type rulesReasonsCmd struct {
	JSON     bool `name:"json" xor:"form" help:"Print JSON."`
	CSV      bool `name:"csv" xor:"form" help:"Print CSV."`
	Markdown bool `xor:"form" help:"Print Markdown."`
}

// Help is shown by --help.
func (rulesReasonsCmd) Help() string {
	return "The texts are what guards and residents read.\n\nExample:\n\n    passgate rules reasons --csv"
}

// reasonRow is a reason with the steps that give it.
type reasonRow struct {
	checkpoint.ReasonText
	Steps []string `json:"steps"`
}

// reasonRows lists the reasons. No step gives the one that marks a scan that
// was taken back.
func reasonRows() []reasonRow {
	rows := make([]reasonRow, 0, len(checkpoint.Reasons()))
	for _, text := range checkpoint.Reasons() {
		row := reasonRow{text, []string{}}
		for _, step := range checkpoint.Precedence() {
			if slices.ContainsFunc(step.Reasons, func(r checkpoint.Reason) bool { return r.String() == text.Name }) {
				row.Steps = append(row.Steps, step.Name)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Run prints the reasons.
func (r *rulesReasonsCmd) Run(con *console) error {
	rows := reasonRows()
	switch {
	case r.JSON:
		return printJSON(con.Out, map[string]any{"reasons": rows})
	case r.CSV:
		out, err := newCSV(con.Out, "reason", "steps", "zh", "en")
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := out.add(row.Name, strings.Join(row.Steps, " "), row.ZH, row.EN); err != nil {
				return err
			}
		}
		return out.flush()
	case r.Markdown:
		_, err := fmt.Fprint(con.Out, markdownReasons())
		return err
	}
	return terminalReasons(con.Out)
}
