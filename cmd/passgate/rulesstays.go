package main

import (
	"fmt"
	"strconv"

	"passgate/checkpoint"
	folding "passgate/checkpoint/trajectory"
)

type rulesStaysCmd struct {
	JSON     bool `name:"json" xor:"form" help:"Print JSON."`
	CSV      bool `name:"csv" xor:"form" help:"Print CSV."`
	Markdown bool `xor:"form" help:"Print Markdown, as in deploy/STAYS.md."`
}

// Help is shown by --help.
func (rulesStaysCmd) Help() string {
	return `A trajectory names these rules in "why", stay by stay. A stay that names none was
seen from its entry to its exit as it happened.

Example:

    passgate rules stays --markdown > deploy/STAYS.md`
}

// kindHours is how long a stay without an exit lasts at sites of a kind, 0 for
// no limit.
type kindHours struct {
	Kind  string `json:"kind"`
	Hours int    `json:"hours"`
}

func staysByKind() (out []kindHours) {
	for _, k := range checkpoint.SiteKinds() {
		out = append(out, kindHours{k.String(), k.MaxStayHours()})
	}
	return out
}

// Run prints the rules.
func (r *rulesStaysCmd) Run(con *console) error {
	var rows [][]string
	for _, x := range folding.Explanations() {
		rows = append(rows, []string{x.Code, x.Mark, x.ZH, x.EN})
	}
	switch {
	case r.JSON:
		return printJSON(con.Out, map[string]any{"rules": folding.Explanations(), "longest_stays": staysByKind()})
	case r.CSV:
		out, err := newCSV(con.Out, "rule", "mark", "zh", "en")
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := out.add(row...); err != nil {
				return err
			}
		}
		return out.flush()
	case r.Markdown:
		return markdownStays(con, rows)
	}
	t := newTable(con.Out, "RULE", "MARK", "中文", "ENGLISH")
	for _, row := range rows {
		if err := t.add(row...); err != nil {
			return err
		}
	}
	return t.flush()
}

func markdownStays(con *console, rows [][]string) error {
	var kinds [][]string
	for _, k := range staysByKind() {
		hours := "no limit 不限"
		if k.Hours > 0 {
			hours = strconv.Itoa(k.Hours)
		}
		kinds = append(kinds, []string{k.Kind, hours})
	}
	_, err := fmt.Fprintf(con.Out, `<!-- Printed by: go run ./cmd/passgate rules stays --markdown > deploy/STAYS.md -->

# From passages to stays 由进出记录推出停留

What the gates saw of a person, put in order of time, is told as stays: at which site from when to when.
Stays never overlap. Where entry and exit were both seen as they happened, no rule is needed. Where
something is missing or in doubt, the stay names the rule that was applied and carries its mark. An end
that is concluded is the latest possible one: somebody who may have been there counts as there. An entry
that was refused is an attempt and belongs to no stay. The whole text is the comment of the package
`+"`checkpoint/trajectory`"+`.

按时间排列的进出记录推出每段停留：在哪个场所，从何时到何时，各段互不重叠。进出俱全的无须推定；有缺漏或疑问的，注明所依规则并加标记。推定的离开时间取最晚可能，可能在场的按在场计。被拒绝的进入只算尝试，不算停留。

## The rules 规则

%s
## The longest stay without a seen exit 未见离开时最长停留

In hours; a site or a policy may say otherwise (`+"`max_stay_hours`"+`). 单位小时，场所或政令可另行规定。

%s`, markdownTable([]string{"rule", "mark", "中文", "English"}, rows), markdownTable([]string{"site kind", "hours"}, kinds))
	return err
}
