package main

import (
	"fmt"
	"io"
	"strings"

	"passgate/checkpoint"
)

var ruleHead = []string{"STATUS", "WHERE", "WAY", "COLOR", "DECISION", "REASON", "ACTION", "FLAGS", "中文"}

// placesLegend says what the places of the table are.
func placesLegend() (zh, en string) {
	var homes, public []checkpoint.SiteKind
	for _, k := range checkpoint.SiteKinds() {
		if k.Residential() {
			homes = append(homes, k)
		} else {
			public = append(public, k)
		}
	}
	homesZH, homesEN := words(homes, "、", ", ")
	publicZH, publicEN := words(public, "、", ", ")
	return "住处：" + homesZH + "。公共场所：" + publicZH + "。", "Homes: " + homesEN + ". Public places: " + publicEN + "."
}

// terminalRules prints the table, the order and the reasons for a terminal.
func terminalRules(out io.Writer) error {
	var b strings.Builder
	zh, en := placesLegend()
	fmt.Fprintf(&b, "THE TABLE 判定表\n%s\n%s\n\n", en, zh)
	if err := terminalGroups(&b, groupRules(cellsOf(false))); err != nil {
		return err
	}
	b.WriteString("\nAT A SITE FOR RESIDENTS ONLY, INSTEAD 仅限本地居民的场所改为\n\n")
	if err := terminalGroups(&b, groupRules(cellsOf(true))); err != nil {
		return err
	}
	b.WriteString("\nTHE ORDER OF THE RULES 先后次序\n\n")
	for i, step := range checkpoint.Precedence() {
		c := columnsOfStep(step)
		fmt.Fprintf(&b, "%2d %s: %s, %s; replaces %s", i+1, step.Name, c.ways, c.where, step.Replaces)
		if !step.Exact {
			b.WriteString("; may lag")
		}
		if c.reasons != "" {
			b.WriteString("; gives " + c.reasons)
		}
		fmt.Fprintf(&b, "\n   %s\n   %s\n", step.EN, step.ZH)
	}
	b.WriteString("\nTHE REASONS 理由\n\n")
	if err := terminalReasons(&b); err != nil {
		return err
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func terminalGroups(out io.Writer, groups []ruleGroup) error {
	t := newTable(out, ruleHead...)
	for _, g := range groups {
		if err := t.add(append(g.columns(), g.sentence())...); err != nil {
			return err
		}
	}
	return t.flush()
}

func terminalReasons(out io.Writer) error {
	t := newTable(out, "REASON", "GIVEN BY", "中文", "ENGLISH")
	for _, r := range reasonRows() {
		if err := t.add(r.Name, strings.Join(r.Steps, ", "), r.ZH, r.EN); err != nil {
			return err
		}
	}
	return t.flush()
}

// stepColumns are a step's properties as people read them.
type stepColumns struct{ ways, where, reasons string }

func columnsOfStep(s checkpoint.Step) stepColumns {
	_, ways := words(s.Ways, "、", ", ")
	names := make([]string, len(s.Reasons))
	for i, r := range s.Reasons {
		names[i] = r.String()
	}
	return stepColumns{ways, strings.ReplaceAll(string(s.Where), "_", " "), strings.Join(names, ", ")}
}

// markdownRules prints what deploy/RULES.md holds.
func markdownRules(out io.Writer) error {
	zh, en := placesLegend()
	_, err := fmt.Fprintf(out, `<!-- Printed by: go run ./cmd/passgate rules table --markdown > deploy/RULES.md -->

# The rules of a gate 卡口规则

What every gate answers, and in which order the rules are applied. What the town has ordered for a
site (closed, hours, capacity and so on) decides whether a step has something to say there; the steps
and their order are the same everywhere. A gate's answer has a decision, a reason, a colour, an action for
the guard and flags. Green and yellow mean go, yellow with care; red means not now.

各卡口的答复及各项规则的先后次序。绿、黄均可通行，黄须留意；红暂不通行。

## The table 判定表

%s %s

%s
## At a site for residents only, instead 仅限本地居民的场所改为

%s
## The order of the rules 先后次序

Each step looks at the answer of the steps before it. It speaks only on the ways and at the places
named, and only where what it replaces is there: nothing (no step before it has spoken), outsider (the
refusal of strangers), pass (so the first refusal stands), refusal (it becomes a pass, the reason
stays), any. All steps but those that may lag are exact. A closed site, its hours, its capacity and
where the record says that somebody is keep nobody out of their home; an exit is always recorded.

各步依次看前面各步的答复：“不改”只在前面都没有答复时才答复；“外来拒绝”只改对外来人员的拒绝；“放行”只改放行，因此最先的拒绝作数；“拒绝”改为放行而理由不变；“一切”改任何答复。除注明可能略有滞后的以外都是准确的。场所关闭、时段、人数和在场记录都不把人关在自己家门外；出去的一律记录。

%s
## The reasons 理由

%s`, en, zh, markdownGroups(groupRules(cellsOf(false))), markdownGroups(groupRules(cellsOf(true))), markdownSteps(), markdownReasons())
	return err
}

// markdownTable is a table of cells that hold no vertical bars.
func markdownTable(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	line(strings.Split(strings.Repeat("---,", len(head)-1)+"---", ","))
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

func markdownGroups(groups []ruleGroup) string {
	var rows [][]string
	for _, g := range groups {
		rows = append(rows, append(g.columns(), g.sentence()))
	}
	return markdownTable([]string{"status", "where", "way", "color", "decision", "reason", "action", "flags", "中文"}, rows)
}

func markdownSteps() string {
	var rows [][]string
	for i, s := range checkpoint.Precedence() {
		c := columnsOfStep(s)
		exact := ""
		if !s.Exact {
			exact = "<br>may lag 可能略有滞后"
		}
		rows = append(rows, []string{
			fmt.Sprint(i + 1), s.Name, c.ways, c.where + " " + s.Where.ZH(), string(s.Replaces) + " " + s.Replaces.ZH(),
			c.reasons, s.EN + "<br>" + s.ZH + exact,
		})
	}
	return markdownTable([]string{"", "step", "way", "where", "replaces", "gives", "what it does"}, rows)
}

func markdownReasons() string {
	var rows [][]string
	for _, r := range reasonRows() {
		rows = append(rows, []string{r.Name, strings.Join(r.Steps, ", "), r.ZH, r.EN})
	}
	return markdownTable([]string{"reason", "given by", "中文", "English"}, rows)
}
