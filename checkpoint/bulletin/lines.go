package bulletin

import (
	"slices"

	"passgate/checkpoint"
)

// Group is a part of the bulletin.
type Group struct{ Key, ZH, EN string }

// The groups, in the order in which they are read.
var (
	atGates   = &Group{"gates", "卡口通行", "Gates"}
	ofHealth  = &Group{"health", "健康监测", "Health"}
	ofHomes   = &Group{"homes", "居家服务", "Homes"}
	ofStores  = &Group{"stores", "物资消毒", "Supplies and disinfection"}
	ofFirms   = &Group{"firms", "复工检查", "Enterprises"}
	ofProblem = &Group{"problems", "热线调度", "Hotline and dispatch"}
)

// Line is one row of the table of numbers.
type Line struct {
	Key    string // stable, of the API
	ZH, EN string
	Unit   string // in Chinese, follows the number
	Group  *Group
	Of     string // key of the line that this one is a part of, "" if it stands by itself
	Urgent bool   // above 0 somebody has to see to something
	// Distinct tells that the numbers of nodes below do not add up to it.
	Distinct bool
	// Per is the key of the line by which the sum is divided for the number that is
	// shown, "": the sum itself.
	Per string
	// Opens are the roles that may open its rows, beside admins; of nil nobody.
	Opens []checkpoint.Role

	// A line counts either scans, or records of a source.
	scan   scanRule
	source source
	counts func(*record, *span) bool
	sum    func(*record) int64 // nil: each counts once
}

// scanRule tells that a scan counts; went is what its Moved says.
type scanRule func(e *checkpoint.ScanEvent, went bool) bool

// Who may open rows: as in the lists of the API where they are.
var (
	duty    = []checkpoint.Role{checkpoint.RoleLeader, checkpoint.RoleMedic}
	health  = []checkpoint.Role{checkpoint.RoleLeader, checkpoint.RoleMedic, checkpoint.RoleGrid}
	service = []checkpoint.Role{checkpoint.RoleLeader, checkpoint.RoleGrid}
)

// OpensFor tells whether a role may open the rows of the line.
func (l *Line) OpensFor(role checkpoint.Role) bool {
	return l.Opens != nil && (role == checkpoint.RoleAdmin || slices.Contains(l.Opens, role))
}

// The table, and what is looked up in it.
var (
	lines     []Line
	places    map[string]int // of the lines, by key
	scanLines []scanLine
	// sources are those that lines count, but for the silent gates, which are found
	// with the scans; bySource are the places of their lines.
	sources  []source
	bySource map[string][]int
)

// scanLine is a line that counts scans, with those that are parts of it.
type scanLine struct {
	place int
	is    scanRule
	parts []scanLine
}

func init() { // the lines know their sources, whose readers know the lines
	lines = slices.Concat(gateLines(), healthLines(), officeLines())
	places, bySource = make(map[string]int, len(lines)), map[string][]int{}
	for i := range lines {
		l := &lines[i]
		places[l.Key] = i
		if n := len(scanLines); l.scan != nil && l.Of != "" { // a part follows what it is a part of
			scanLines[n-1].parts = append(scanLines[n-1].parts, scanLine{place: i, is: l.scan})
		} else if l.scan != nil {
			scanLines = append(scanLines, scanLine{place: i, is: l.scan})
		}
		if l.source.read == nil {
			continue
		}
		if name := l.source.name; bySource[name] == nil && name != fromSilentGates.name {
			sources = append(sources, l.source)
		}
		bySource[l.source.name] = append(bySource[l.source.name], i)
	}
}

// Find gives the row of the table with a key.
func Find(key string) (*Line, bool) {
	i, ok := places[key]
	if !ok {
		return nil, false
	}
	return &lines[i], true
}

// Numbers are the sums of one node, in the order of the table.
type Numbers []int64

// Shown is the number of a line as people read it.
func (n Numbers) Shown(line int) int64 {
	per := lines[line].Per
	if per == "" {
		return n[line]
	}
	by := n[places[per]]
	if by == 0 {
		return 0
	}
	return (n[line] + by/2) / by
}

// When a record counts.
func opened(r *record, d *span) bool { return r.Opened >= d.From && r.Opened < d.To }

func closed(r *record, d *span) bool { return r.Closed >= d.From && r.Closed < d.To }

func open(r *record, d *span) bool { return r.Opened < d.To && (r.Closed == 0 || r.Closed >= d.To) }

func overdue(r *record, d *span) bool { return open(r, d) && r.Due != 0 && r.Due < d.until }

// in is when one is in a state at the end of the day.
func in(state ...string) func(*record, *span) bool {
	return func(r *record, d *span) bool { return open(r, d) && slices.Contains(state, r.State) }
}
