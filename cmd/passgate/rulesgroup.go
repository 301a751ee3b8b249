package main

import (
	"fmt"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// ruleGroup is a row of the table as people read it: cells that are equal, put
// together.
type ruleGroup struct {
	statuses []checkpoint.Status
	own      bool
	kinds    []checkpoint.SiteKind
	ways     []checkpoint.Direction
	outcome  checkpoint.Outcome
}

// groupRules puts cells together: statuses that are treated alike everywhere,
// then the kinds of sites and the directions with one outcome.
func groupRules(cells []checkpoint.Rule) (groups []ruleGroup) {
	for _, statuses := range alike(cells) {
		for _, own := range []bool{true, false} {
			var some []ruleGroup
			for _, way := range []checkpoint.Direction{checkpoint.In, checkpoint.Out} {
				for _, g := range byOutcome(cells, statuses[0], own, way) {
					g.statuses = statuses
					same := slices.IndexFunc(some, func(o ruleGroup) bool { return o.outcome == g.outcome && slices.Equal(o.kinds, g.kinds) })
					if same >= 0 {
						some[same].ways = append(some[same].ways, way)
					} else {
						some = append(some, g)
					}
				}
			}
			groups = append(groups, some...)
		}
	}
	return groups
}

// alike groups the statuses whose cells are all equal.
func alike(cells []checkpoint.Rule) (groups [][]checkpoint.Status) {
	seen := map[string]int{}
	for _, status := range checkpoint.Statuses() {
		var all strings.Builder
		for _, c := range cells {
			if c.Status == status {
				fmt.Fprint(&all, c.Kind, c.Direction, c.OwnHome, c.Outcome, ";")
			}
		}
		at, known := seen[all.String()]
		switch {
		case all.Len() == 0: // no cell is about it
		case known:
			groups[at] = append(groups[at], status)
		default:
			seen[all.String()] = len(groups)
			groups = append(groups, []checkpoint.Status{status})
		}
	}
	return groups
}

// byOutcome groups the kinds of sites with one outcome.
func byOutcome(cells []checkpoint.Rule, status checkpoint.Status, own bool, way checkpoint.Direction) (groups []ruleGroup) {
	for _, c := range cells {
		if c.Status != status || c.OwnHome != own || c.Direction != way {
			continue
		}
		same := slices.IndexFunc(groups, func(g ruleGroup) bool { return g.outcome == c.Outcome })
		if same < 0 {
			same = len(groups)
			groups = append(groups, ruleGroup{own: own, ways: []checkpoint.Direction{way}, outcome: c.Outcome})
		}
		groups[same].kinds = append(groups[same].kinds, c.Kind)
	}
	return groups
}

// where names the places of a group in both languages.
func (g *ruleGroup) where() (zh, en string) {
	var homes, public []checkpoint.SiteKind
	for _, k := range checkpoint.SiteKinds() {
		if k.Residential() {
			homes = append(homes, k)
		} else {
			public = append(public, k)
		}
	}
	switch {
	case g.own && slices.Equal(g.kinds, homes):
		return "本人住处", "own home"
	case slices.Equal(g.kinds, homes):
		return "他人住处", "other homes"
	case slices.Equal(g.kinds, public):
		return "公共场所", "public places"
	case len(g.kinds) == len(homes)+len(public):
		return "本人住处以外的场所", "not own home"
	}
	zh, en = words(g.kinds, "、", ", ")
	if g.own {
		return "本人居住的" + zh, "own home, " + en
	}
	return zh, en
}

// named has a word in both languages.
type named interface {
	fmt.Stringer
	ZH() string
}

func words[T named](list []T, zhBetween, enBetween string) (zh, en string) {
	var zhs, ens []string
	for _, v := range list {
		zhs, ens = append(zhs, v.ZH()), append(ens, v.String())
	}
	return strings.Join(zhs, zhBetween), strings.Join(ens, enBetween)
}

// columns are the row's cells in wire names.
func (g *ruleGroup) columns() []string {
	_, statuses := words(g.statuses, "、", ", ")
	_, where := g.where()
	_, ways := words(g.ways, "、", ", ")
	o := g.outcome
	return []string{
		statuses, where, ways, string(o.Color()), o.Decision.String(), o.Reason.String(), o.Action.String(), strings.Join(o.Flags.Names(), ", "),
	}
}

// sentence says the row in Chinese.
func (g *ruleGroup) sentence() string {
	statuses, _ := words(g.statuses, "、", ", ")
	where, _ := g.where()
	move := "进出"
	if len(g.ways) == 1 {
		move = map[checkpoint.Direction]string{checkpoint.In: "进", checkpoint.Out: "离开"}[g.ways[0]]
	}
	o := g.outcome
	text := fmt.Sprintf("%s，%s%s：%s，%s", statuses, move, where, o.Color().ZH(), o.Decision.ZH())
	if o.Reason != checkpoint.ReasonOK {
		text += "（" + o.Reason.Text().ZH + "）"
	}
	text += "，" + o.Action.ZH()
	if marks := o.Flags.NamesZH(); len(marks) > 0 {
		text += "；标记" + strings.Join(marks, "、")
	}
	return text
}
