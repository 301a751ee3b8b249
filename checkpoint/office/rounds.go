package office

import (
	"context"
	"errors"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// The kinds of home visits. A round is a day: in each, a home is reached once, and
// what was tried before stays beside it. Who is reached and who is not follows from
// the names of these records alone, without reading them.
const (
	KindVisit    checkpoint.MatterKind = "visit"     // a home that was reached
	KindVisitTry checkpoint.MatterKind = "visit_try" // the last time in a round that it was not
)

// The outcomes of a visit.
const (
	VisitReached = "reached"
	VisitAbsent  = "absent"
	VisitRefused = "refused"
)

var visitOutcomes = []string{VisitReached, VisitAbsent, VisitRefused}

const maxVisitNote = 200 // characters

// Visit is what is kept of one.
type Visit struct {
	Site      string         `json:"s"`
	Household uint64         `json:"h"`
	Day       checkpoint.Day `json:"d"`
	Note      string         `json:"n,omitempty"`
	At        int64          `json:"t"` // UTC ms
	By        uint32         `json:"b"` // number of the member of staff
}

// NewVisit is a visit of today. The home is named by its household.
type NewVisit struct {
	Site      string
	Household uint64
	Outcome   string
	Note      string
	At        int64  // UTC ms, at most 48 hours ago; 0: now
	By        uint32 // number of the member of staff
}

func visitID(kind checkpoint.MatterKind, household uint64, day checkpoint.Day) checkpoint.MatterID {
	return checkpoint.NewMatterID(kind, checkpoint.FormatPersonID(household)+" "+day.String())
}

// PutVisit writes a visit down. A home that was reached in this round stays reached,
// and the first visit is given. Errors: *FieldError, ErrNotFound (nobody lives there),
// ErrUnavailable.
func (o *Office) PutVisit(ctx context.Context, n NewVisit) (checkpoint.Matter, error) {
	note, err := checkpoint.CleanText("note", n.Note, maxVisitNote, false)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	if !slices.Contains(visitOutcomes, n.Outcome) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "outcome", Why: "must be one of " + strings.Join(visitOutcomes, ", ")}
	}
	members, err := o.HomeMembers(ctx, n.Site, n.Household)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	at := n.At
	if at == 0 {
		at = o.store.Now()
	}
	if err := o.checkAt(at, writtenBack); err != nil {
		return checkpoint.Matter{}, err
	}
	day := o.store.DayAt(at)
	refs := []checkpoint.MatterRef{
		{Kind: KindVisit, ID: visitID(KindVisit, n.Household, day)}, {Kind: KindVisitTry, ID: visitID(KindVisitTry, n.Household, day)},
	}
	var m *checkpoint.Matter
	err = o.store.TurnMatters(ctx, n.By, "", refs, func(some []*checkpoint.Matter) error {
		m = some[0]
		if m.There() {
			return errDone
		}
		if n.Outcome != VisitReached {
			m = some[1]
		}
		m.Node, m.Person, m.State, m.OpenedAt, m.ClosedAt = members[0].Grid, members[0].ID, n.Outcome, at, at
		return m.Put(Visit{n.Site, n.Household, day, note, at, n.By})
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *m, nil
}

// HomeMembers are the people of a household, the one first at whose node it is
// counted. ErrNotFound if nobody lives there.
func (o *Office) HomeMembers(ctx context.Context, site string, household uint64) ([]checkpoint.Resident, error) {
	members, err := o.store.HouseholdMembers(ctx, site, household)
	if err == nil && len(members) == 0 {
		err = checkpoint.ErrNotFound
	}
	slices.SortFunc(members, func(a, b checkpoint.Resident) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return members, err
}

// NodeCoverage is how many homes of a node, with all below it, were reached.
type NodeCoverage struct {
	Node           string
	Homes, Reached int
}

// Coverage says which homes were reached in a round.
type Coverage struct {
	Day   checkpoint.Day
	Nodes []NodeCoverage // the node itself first, then those below it that have homes, by ID
	// Missing are the homes that were not reached, by site and household; those moved
	// in since are among them.
	Missing []checkpoint.Home
	homes   []checkpoint.Home
}

// CoverageOf reads it for a node of the grid ("": the town) on a day.
func (o *Office) CoverageOf(ctx context.Context, node string, day checkpoint.Day) (*Coverage, error) {
	homes, err := o.store.Homes(ctx, node)
	if err != nil {
		return nil, err
	}
	q := checkpoint.MatterQuery{Kind: KindVisit, By: checkpoint.OpenedAll, Node: node}
	q.From, q.To = o.store.Bounds(day)
	ids, err := o.store.MatterIDs(ctx, q)
	if err != nil {
		return nil, err
	}
	reached := make(map[checkpoint.MatterID]bool, len(ids))
	for _, id := range ids {
		reached[id] = true
	}
	c := &Coverage{Day: day, homes: homes}
	own := map[string]*NodeCoverage{}
	for i := range homes {
		h := &homes[i]
		n := own[h.Node]
		if n == nil {
			n = &NodeCoverage{Node: h.Node}
			own[h.Node] = n
		}
		n.Homes++
		if reached[visitID(KindVisit, h.Household, day)] {
			n.Reached++
		} else {
			c.Missing = append(c.Missing, *h)
		}
	}
	c.Nodes = rollUp(o.store.Registry(), node, own)
	return c, nil
}

// rollUp adds what the nodes have themselves up to a node above them all.
func rollUp(reg *checkpoint.Registry, root string, own map[string]*NodeCoverage) []NodeCoverage {
	sums := map[string]*NodeCoverage{root: {Node: root}}
	for node, n := range own {
		for at := node; ; {
			sum := sums[at]
			if sum == nil {
				sum = &NodeCoverage{Node: at}
				sums[at] = sum
			}
			sum.Homes, sum.Reached = sum.Homes+n.Homes, sum.Reached+n.Reached
			above, ok := reg.Grid(at)
			if at == root || !ok {
				break
			}
			at = above.Parent
		}
	}
	all := make([]NodeCoverage, 0, len(sums))
	for _, sum := range sums {
		all = append(all, *sum)
	}
	slices.SortFunc(all, func(a, b NodeCoverage) int {
		if (a.Node == root) != (b.Node == root) {
			return map[bool]int{true: -1, false: 1}[a.Node == root]
		}
		return strings.Compare(a.Node, b.Node)
	})
	return all
}

// Tries are the last tries in a round at homes that were not reached, by household.
func (o *Office) Tries(ctx context.Context, node string, day checkpoint.Day) (map[uint64]checkpoint.Matter, error) {
	tries := map[uint64]checkpoint.Matter{}
	q := checkpoint.MatterQuery{Kind: KindVisitTry, By: checkpoint.OpenedAll, Node: node, Limit: checkpoint.MaxMatters}
	q.From, q.To = o.store.Bounds(day)
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		var v Visit
		if err := m.Get(&v); err != nil {
			return err
		}
		tries[v.Household] = *m
		return nil
	})
	return tries, err
}
