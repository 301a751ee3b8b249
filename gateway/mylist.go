package gateway

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// nodeInPath is the node of the grid in the path.
func (s *Server) nodeInPath(c *fiber.Ctx) (string, error) {
	id := strings.Clone(c.Params("id"))
	if _, ok := s.store.Registry().Grid(id); !ok {
		return "", failure(codeNotFound, "there is no such node of the grid")
	}
	return id, nil
}

// listView is what a grid member has to see to today. Each row has what it takes to
// answer it.
type listView struct {
	Node      string            `json:"node"`
	Day       string            `json:"day"`
	Readings  []readingDueView  `json:"readings"`
	Reports   []reportDueView   `json:"reports"`
	Requests  []serviceForStaff `json:"requests"`
	Rounds    []roundDueView    `json:"rounds"`
	Homes     coverageView      `json:"homes"`
	Truncated bool              `json:"truncated"` // some part has more rows than are shown
}

// readingDueView is somebody whose reading is due or missing: for POST
// /v1/residents/{resident}/readings.
type readingDueView struct {
	Resident    string            `json:"resident"`
	Observation string            `json:"observation"`
	Person      *clientView       `json:"person"`
	Due         []checkpoint.Slot `json:"due"`
	Missed      []checkpoint.Slot `json:"missed"`
}

// reportDueView is somebody whose report of today is missing: for POST
// /v1/observations/{observation}/reports.
type reportDueView struct {
	Observation string      `json:"observation"`
	Person      *clientView `json:"person"`
	Day         string      `json:"day"`
	Missed      bool        `json:"missed"`
}

// roundDueView is a round of disinfection: for POST /v1/disinfections.
type roundDueView struct {
	Site    string  `json:"site"`
	Kind    string  `json:"kind"`
	Round   int     `json:"round"`
	DueAt   utcTime `json:"due_at"`
	Overdue bool    `json:"overdue"`
}

// coverageView is which homes were reached in a round.
type coverageView struct {
	Node      string         `json:"node"`
	Day       string         `json:"day"`
	Homes     int            `json:"homes"`
	Reached   int            `json:"reached"`
	Complete  bool           `json:"complete"` // nobody was missed
	Below     []nodeCoverage `json:"below"`
	Missing   []missingView  `json:"missing"` // by site and door
	Truncated bool           `json:"truncated"`
}

type nodeCoverage struct {
	Node    string `json:"node"`
	Name    string `json:"name"`
	Level   int    `json:"level"`
	Homes   int    `json:"homes"`
	Reached int    `json:"reached"`
	Missing int    `json:"missing"`
}

// missingView is a home that was not reached: for POST /v1/visits.
type missingView struct {
	Site      string     `json:"site"`
	SiteName  string     `json:"site_name"`
	Household string     `json:"household"`
	Door      string     `json:"door"`
	Node      string     `json:"node"`
	People    int        `json:"people"`
	Tried     *visitView `json:"tried"` // the last try of this round, null without one
}

// handleMyList gives a grid member's list of a node.
func (s *Server) handleMyList(c *fiber.Ctx) error {
	node, err := s.nodeInPath(c)
	if err != nil {
		return err
	}
	list, err := s.office.ListOf(s.context(c), node)
	if err != nil {
		return err
	}
	view := listView{Node: node, Day: list.Day.String(), Readings: []readingDueView{}, Reports: []reportDueView{}, Requests: []serviceForStaff{}, Rounds: s.viewsOfRounds(list.Rounds), Truncated: list.More || len(list.Rounds) == office.MaxListRows}
	if err := s.addObserved(c, &view, list.Observed); err != nil {
		return err
	}
	err = s.eachClient(c, len(list.Requests), func(i int) uint64 { return list.Requests[i].Person }, func(i int, p *checkpoint.Resident) {
		view.Requests = append(view.Requests, s.serviceForStaff(&list.Requests[i], p))
		s.about(c, p.ID)
	})
	if err != nil {
		return err
	}
	if view.Homes, err = s.viewOfCoverage(c, node, list.Coverage, list.Tries); err != nil {
		return err
	}
	s.rows(c, len(view.Readings)+len(view.Reports)+len(view.Requests)+len(view.Homes.Missing))
	return c.JSON(view)
}

// addObserved adds whose readings and reports are not there.
func (s *Server) addObserved(c *fiber.Ctx, view *listView, all []office.ObservedToday) error {
	lacking := slices.DeleteFunc(slices.Clone(all), func(v office.ObservedToday) bool {
		t := &v.Today
		return len(t.Due)+len(t.Missed) == 0 && !t.ReportDue && !t.ReportMissed
	})
	if len(lacking) > office.MaxListRows {
		lacking, view.Truncated = lacking[:office.MaxListRows], true
	}
	rows, err := s.viewsOfObservedToday(c, lacking)
	if err != nil {
		return err
	}
	for i := range rows {
		row, t := &rows[i], &rows[i].Today
		if len(t.Due)+len(t.Missed) > 0 {
			view.Readings = append(view.Readings, readingDueView{checkpoint.FormatPersonID(lacking[i].Matter.Person), row.ID, row.Person, t.Due, t.Missed})
		}
		if t.ReportDue || t.ReportMissed {
			view.Reports = append(view.Reports, reportDueView{row.ID, row.Person, t.Day, t.ReportMissed})
		}
	}
	return nil
}

func (s *Server) viewsOfRounds(rounds []office.OpenRound) []roundDueView {
	views := make([]roundDueView, len(rounds))
	for i := range rounds {
		r := &rounds[i]
		views[i] = roundDueView{r.Round.Site, string(r.Round.Place), r.Round.N, utcTime(r.DueAt), r.DueAt < s.now()}
	}
	slices.SortStableFunc(views, func(a, b roundDueView) int { return cmp.Compare(a.DueAt, b.DueAt) })
	return views
}

// handleCoverage says which homes of a node were reached on a day.
func (s *Server) handleCoverage(c *fiber.Ctx) error {
	node, err := s.nodeInPath(c)
	if err != nil {
		return err
	}
	day, err := s.dayAsked(c)
	if err != nil {
		return err
	}
	coverage, err := s.office.CoverageOf(s.context(c), node, day)
	if err != nil {
		return err
	}
	tries, err := s.office.Tries(s.context(c), node, day)
	if err != nil {
		return err
	}
	view, err := s.viewOfCoverage(c, node, coverage, tries)
	if err != nil {
		return err
	}
	s.rows(c, len(view.Missing))
	return c.JSON(view)
}

func (s *Server) viewOfCoverage(c *fiber.Ctx, node string, coverage *office.Coverage, tries map[uint64]checkpoint.Matter) (coverageView, error) {
	view := coverageView{Node: node, Day: coverage.Day.String(), Complete: len(coverage.Missing) == 0, Below: []nodeCoverage{}, Missing: []missingView{}}
	for i, n := range coverage.Nodes {
		if i == 0 {
			view.Homes, view.Reached = n.Homes, n.Reached
			continue
		}
		of := nodeCoverage{Node: n.Node, Homes: n.Homes, Reached: n.Reached, Missing: n.Homes - n.Reached}
		if known, ok := s.store.Registry().Grid(n.Node); ok {
			of.Name, of.Level = known.Name, known.Level
		}
		view.Below = append(view.Below, of)
	}
	missing := coverage.Missing
	if len(missing) > office.MaxListRows {
		missing, view.Truncated = missing[:office.MaxListRows], true
	}
	first := make([]uint64, len(missing))
	for i := range missing {
		first[i] = missing[i].People[0]
	}
	people, err := s.store.Residents(s.context(c), first)
	if err != nil {
		return view, err
	}
	doors := make(map[uint64]string, len(people))
	for i := range people {
		doors[people[i].ID] = people[i].Door
	}
	for i := range missing {
		h := &missing[i]
		row := missingView{h.Site, s.siteNameOf(h.Site), checkpoint.FormatPersonID(h.Household), doors[h.People[0]], h.Node, len(h.People), nil}
		if m, tried := tries[h.Household]; tried {
			if row.Tried, err = s.viewOfVisit(&m); err != nil {
				return view, err
			}
		}
		view.Missing = append(view.Missing, row)
	}
	slices.SortStableFunc(view.Missing, func(a, b missingView) int {
		return cmp.Or(cmp.Compare(a.Site, b.Site), cmp.Compare(a.Door, b.Door))
	})
	return view, nil
}
