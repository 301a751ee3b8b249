package gateway

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// Contacts as work: see office.Call. Whose business a case is sees all of its tasks,
// of people outside their part of the grid the ID and the area only; others see the
// tasks that were given to their part. Names are masked, and the number is shown to
// the one who has the task (handleShowNumber).

// callView is somebody to be called. Of people outside the caller's part of the grid
// what they said and who called them is left out.
type callView struct {
	ID         string           `json:"id"`
	Case       string           `json:"case"`
	State      string           `json:"state"`
	Person     tracedPerson     `json:"person"`
	Node       string           `json:"node"`
	NodeName   string           `json:"node_name"`
	Indexes    []string         `json:"indexes"`
	Hop        int              `json:"hop"`
	Exposure   int64            `json:"exposure"`
	Kinds      []string         `json:"kinds"`
	LastMet    *utcTime         `json:"last_met"`
	Place      string           `json:"place"`
	PlaceName  string           `json:"place_name"`
	Owner      string           `json:"owner"` // login, "" for nobody
	LeaseUntil *utcTime         `json:"lease_until"`
	AgainAt    *utcTime         `json:"again_at"`
	DueAt      *utcTime         `json:"due_at"`
	Late       bool             `json:"late"`
	Tries      int              `json:"tries"`
	Shown      int              `json:"shown"` // how often the number was shown
	To         string           `json:"to"`
	AddedAt    utcTime          `json:"added_at"`
	ClosedAt   *utcTime         `json:"closed_at"`
	Answers    *answersView     `json:"answers"`
	Results    []callResultView `json:"results"`
	Proposal   *string          `json:"proposal"`
	Observed   *string          `json:"observation"`
}

type callResultView struct {
	Outcome string  `json:"outcome"`
	Note    string  `json:"note"`
	At      utcTime `json:"at"`
	By      string  `json:"by"` // login
}

type answersView struct {
	Symptoms  []string `json:"symptoms"`
	Onset     string   `json:"onset"`
	PlaceNow  string   `json:"place_now"`
	TravelsOn string   `json:"travels_on"`
}

// callAsk is a request about the tasks of a case.
type callAsk struct {
	kase  checkpoint.Case
	calls office.CaseCalls
	own   bool // the case is the caller's business, not only tasks of it
}

// askCalls reads a case whose tasks are the caller's business, and tells the audit
// under which case and why they ask.
func (s *Server) askCalls(c *fiber.Ctx, code string) (a callAsk, err error) {
	who := principalOf(c)
	if a.kase, err = s.store.Case(s.context(c), code); err != nil {
		return a, s.hidden(who, err)
	}
	if a.calls, err = s.office.CallsOf(s.context(c), code); err != nil {
		return a, err
	}
	a.own = s.concerns(who, a.kase.Grid)
	if !a.own && !slices.ContainsFunc(a.calls.Nodes, func(node string) bool { return s.concerns(who, node) }) {
		return a, outOfScope()
	}
	if in := inquiryOf(c); in != nil {
		in.kase, in.entry.Case = a.kase, a.kase.Code
		if reason, err := reasonOf(c.Get(headerReason)); err == nil {
			in.entry.Reason = reason
		}
	}
	return a, nil
}

// askCallsInPath is askCalls for the case in the path.
func (s *Server) askCallsInPath(c *fiber.Ctx) (callAsk, error) {
	return s.askCalls(c, strings.Clone(c.Params("code")))
}

// askCall reads the task in the path and its case; within: it has to lie in the
// caller's part of the grid.
func (s *Server) askCall(c *fiber.Ctx, within bool) (t office.Task, a callAsk, err error) {
	id, err := matterInPath(c)
	if err != nil {
		return t, a, err
	}
	if t, err = s.office.TaskByID(s.context(c), id); err != nil {
		return t, a, s.hidden(principalOf(c), err)
	}
	if a, err = s.askCalls(c, t.Case); err != nil {
		return t, a, err
	}
	if !s.reachesAsked(c, t.Node) && (within || !a.own) {
		return t, a, outOfScope()
	}
	s.subject(c, checkpoint.FormatPersonID(t.Person))
	return t, a, nil
}

// viewsOfCalls shows tasks to whoever asks.
func (s *Server) viewsOfCalls(c *fiber.Ctx, tasks []office.Task) ([]callView, error) {
	ids := make([]uint64, len(tasks))
	for i := range tasks {
		ids[i] = tasks[i].Person
	}
	people, err := s.store.Views(s.context(c), ids)
	if err != nil {
		return nil, err
	}
	views := make([]callView, len(tasks))
	for i := range tasks {
		views[i] = s.viewOfCall(c, &tasks[i], people[tasks[i].Person])
	}
	return views, nil
}

func (s *Server) viewOfCall(c *fiber.Ctx, t *office.Task, who checkpoint.PersonView) callView {
	now, reg := s.now(), s.store.Registry()
	v := callView{
		ID: t.ID.String(), Case: t.Case, State: t.StateAt(now), Node: s.areaOf(t.Node), Indexes: []string{}, Hop: t.Hop, Exposure: t.Exposure,
		Kinds: append([]string{}, t.Kinds...), LastMet: timeOrNil(t.LastMet), Place: t.Place, PlaceName: t.Place,
		Owner: s.loginOf(t.OwnerAt(now)), DueAt: timeOrNil(t.DueAt), Late: t.Late(now), Tries: t.Tries, Shown: t.Shown, To: t.To,
		AddedAt: utcTime(t.OpenedAt), ClosedAt: timeOrNil(t.ClosedAt), Results: []callResultView{},
		Person: tracedPerson{ID: checkpoint.FormatPersonID(t.Person), Area: s.areaOf(who.Grid), Outside: true},
	}
	if site, ok := reg.Site(t.Place); ok {
		v.PlaceName = site.Name
	}
	switch v.State {
	case office.CallCalling:
		v.LeaseUntil = timeOrNil(t.LeaseEnd)
	case office.CallAgain:
		v.AgainAt = timeOrNil(t.AgainAt)
	}
	if s.reachesAsked(c, t.Node) {
		s.fillCall(&v, t, who)
	}
	if n, ok := reg.Grid(v.Node); ok {
		v.NodeName = n.Name
	}
	return v
}

// fillCall adds what is for those who answer for the person.
func (s *Server) fillCall(v *callView, t *office.Task, who checkpoint.PersonView) {
	v.Person.Outside, v.Person.NameMasked, v.Person.Kind, v.Person.Home = false, who.NameMasked, who.Kind.String(), who.Home
	v.Node = t.Node
	for _, id := range t.Indexes {
		v.Indexes = append(v.Indexes, checkpoint.FormatPersonID(id))
	}
	if a := t.Answers; a != nil {
		v.Answers = &answersView{append([]string{}, a.Symptoms...), a.Onset, a.PlaceNow, a.TravelsOn}
	}
	for i := range t.Results {
		r := &t.Results[i]
		v.Results = append(v.Results, callResultView{r.Outcome, r.Note, utcTime(r.At), s.loginOf(r.By)})
	}
	v.Proposal, v.Observed = idOrNil(t.Propose), idOrNil(t.Observe)
}

// answerCall shows one task.
func (s *Server) answerCall(c *fiber.Ctx, t *office.Task) error {
	views, err := s.viewsOfCalls(c, []office.Task{*t})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}

// handleCall gives one task with all that became of it.
func (s *Server) handleCall(c *fiber.Ctx) error {
	t, _, err := s.askCall(c, false)
	if err != nil {
		return err
	}
	return s.answerCall(c, &t)
}
