package office

import (
	"slices"

	"passgate/checkpoint"
)

// ReportVisible tells whether somebody may know of a report, in lists, numbers, alarms
// and whatever else is made of it. One about staff is known, within their own part of
// the grid, to those only who stand above everybody it is about (the next heads on the
// way up), to auditors who do not answer to any of them, and to whoever of those who do
// not answer to them either it was assigned to. So neither those it is about nor
// anybody who answers to them sees it, be they leader or admin of the whole town. While
// nobody has said which staff it is about, auditors alone know of it. Records of other
// kinds are visible as far as the caller's part of the grid goes, which is not looked
// at for them.
func (o *Office) ReportVisible(m *checkpoint.Matter, to *checkpoint.Staff) bool {
	if m.Kind != KindStaffReport {
		return true
	}
	if to.Disabled || !o.reaches(to, m.Node) {
		return false
	}
	var r Report
	if err := m.Get(&r); err != nil {
		return false
	}
	return o.sees(&r, to, m.Owner == to.Num)
}

func (o *Office) reaches(who *checkpoint.Staff, node string) bool {
	return o.span(who.Grid) == "" || o.store.Registry().Within(node, who.Grid)
}

// span is a node of the grid that somebody answers for, with "" for the root.
func (o *Office) span(node string) string {
	if o.isRoot(node) {
		return ""
	}
	return node
}

// sees is ReportVisible for what the report says.
func (o *Office) sees(r *Report, to *checkpoint.Staff, owner bool) bool {
	about := o.about(r)
	if len(about) == 0 { // unnamed, or forgotten with its caller
		return to.Role == checkpoint.RoleAuditor
	}
	above := true
	for _, of := range about {
		if of.Num == to.Num || o.answersTo(to, of) {
			return false
		}
		above = above && o.above(to, of)
	}
	return above || owner || to.Role == checkpoint.RoleAuditor
}

// about are those whom a report is about.
func (o *Office) about(r *Report) (staff []*checkpoint.Staff) {
	for _, number := range r.Staff {
		if who, ok := o.store.Registry().StaffByNum(number); ok {
			staff = append(staff, who)
		}
	}
	return staff
}

// heads are the nodes that somebody is the head of.
func (o *Office) heads(who *checkpoint.Staff) (nodes []string) {
	for _, n := range o.store.Registry().GridNodes() {
		if n.Head == who.Login {
			nodes = append(nodes, o.span(n.ID))
		}
	}
	return nodes
}

// rank orders those who answer for the same node.
func (o *Office) rank(who *checkpoint.Staff) int {
	switch {
	case who.Role == checkpoint.RoleLeader:
		return 2
	case slices.Contains(o.heads(who), o.span(who.Grid)):
		return 1
	}
	return 0
}

// above tells whether somebody is a head over another one: of a node above theirs, or
// of their own one and of higher rank.
func (o *Office) above(who, other *checkpoint.Staff) bool {
	mine, theirs := o.span(who.Grid), o.span(other.Grid)
	if mine == theirs {
		return o.rank(who) > o.rank(other)
	}
	head := who.Role == checkpoint.RoleLeader || who.Role == checkpoint.RoleAdmin || o.rank(who) > 0
	return head && (mine == "" || o.store.Registry().Within(theirs, mine))
}

// answersTo tells whether somebody's part of the grid lies within what another one
// commands: as leader, admin or grid member that of the account, and whatever they are
// head of. Auditors of the same node do not, nor do those who are above.
func (o *Office) answersTo(who, other *checkpoint.Staff) bool {
	commands := o.heads(other)
	switch other.Role {
	case checkpoint.RoleLeader, checkpoint.RoleAdmin, checkpoint.RoleGrid:
		commands = append(commands, o.span(other.Grid))
	}
	mine := o.span(who.Grid)
	for _, node := range commands {
		switch {
		case node == mine && (who.Role == checkpoint.RoleAuditor || o.above(who, other)):
		case node == "" || o.store.Registry().Within(mine, node):
			return true
		}
	}
	return false
}

// seenBySomebody tells whether there is anybody who would see a report about staff,
// and can see to it.
func (o *Office) seenBySomebody(node string, r *Report) bool {
	return slices.ContainsFunc(o.store.Registry().StaffList(), func(who *checkpoint.Staff) bool {
		switch who.Role {
		case checkpoint.RoleLeader, checkpoint.RoleAdmin, checkpoint.RoleGrid, checkpoint.RoleAuditor:
			return !who.Disabled && o.reaches(who, node) && o.sees(r, who, false)
		}
		return false
	})
}
