package gateway

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// newCallBody is a contact as it is sent; unknown is empty.
type newCallBody struct {
	Resident string   `json:"resident"`
	Hop      int      `json:"hop"`
	Exposure int64    `json:"exposure"`
	Kinds    []string `json:"kinds"`
	LastMet  string   `json:"last_met"`
	Place    string   `json:"place"` // code of a site, or words
}

// handleAddCalls makes tasks of the contacts of one person.
func (s *Server) handleAddCalls(c *fiber.Ctx) error {
	var in struct {
		Index    string        `json:"index"`
		Contacts []newCallBody `json:"contacts"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	a, err := s.askCallsInPath(c)
	if err == nil && !a.own {
		err = outOfScope()
	}
	if err == nil {
		_, err = s.office.MayCall(s.context(c), a.kase.Code)
	}
	if err != nil {
		return err
	}
	calls := office.NewCalls{
		Case: &a.kase, By: principalOf(c).Staff.Num, Within: func(node string) bool { return s.reachesAsked(c, node) },
	}
	if calls.Index, err = s.indexOf(c, &a.kase, in.Index); err != nil {
		return err
	}
	if calls.Contacts, err = newCallsOf(in.Contacts); err != nil {
		return err
	}
	added, already, err := s.office.AddCalls(s.context(c), calls)
	if err != nil {
		return err
	}
	s.subject(c, in.Index)
	s.rows(c, added+already)
	ids := make([]uint64, len(calls.Contacts))
	for i := range calls.Contacts {
		ids[i] = calls.Contacts[i].Person
	}
	if err := s.aboutMany(c, ids); err != nil {
		return err
	}
	return c.JSON(fiber.Map{"added": added, "already": already})
}

// indexOf reads whose contacts they are: somebody of the case, or whom somebody has
// asked about under it.
func (s *Server) indexOf(c *fiber.Ctx, k *checkpoint.Case, text string) (uint64, error) {
	id, err := checkpoint.ParsePersonID(text)
	if err != nil {
		return 0, invalid("index", "must be the ID of the person whose contacts they are")
	}
	if slices.Contains(k.People, id) {
		return id, nil
	}
	asked, err := s.store.WasAsked(s.context(c), k.Code, id)
	if err == nil && !asked {
		err = invalid("index", "must be somebody of the case, or whom somebody has asked about under it")
	}
	return id, err
}

func newCallsOf(in []newCallBody) ([]office.NewCall, error) {
	out := make([]office.NewCall, len(in))
	for i := range in {
		b := &in[i]
		id, err := checkpoint.ParsePersonID(b.Resident)
		if err != nil {
			return nil, invalid("contacts", "hold "+clip(b.Resident, 20)+", which is no ID of a person")
		}
		out[i] = office.NewCall{Person: id, Hop: b.Hop, Exposure: b.Exposure, Kinds: b.Kinds, Place: b.Place}
		if b.LastMet != "" {
			if out[i].LastMet, err = parseTime("contacts", b.LastMet); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// seenCalls are the tasks of a case that the caller may know of, the best-ranked first.
func (s *Server) seenCalls(c *fiber.Ctx, a *callAsk) ([]office.Task, error) {
	tasks, err := s.office.Tasks(s.context(c), &a.calls)
	if err != nil || a.own {
		return tasks, err
	}
	return slices.DeleteFunc(tasks, func(t office.Task) bool { return !s.reachesAsked(c, t.Node) }), nil
}

// countCalls counts tasks by state; late are those that lie longer than they may.
func (s *Server) countCalls(tasks []office.Task) (counts map[string]int, late int) {
	counts, now := map[string]int{}, s.now()
	for _, state := range office.CallStates() {
		counts[state] = 0
	}
	for i := range tasks {
		counts[tasks[i].StateAt(now)]++
		if tasks[i].Late(now) {
			late++
		}
	}
	return counts, late
}

// handleCalls lists the tasks of a case in the order in which they are called.
func (s *Server) handleCalls(c *fiber.Ctx) error {
	a, err := s.askCallsInPath(c)
	if err != nil {
		return err
	}
	limit, err := limitAsked(c, 200)
	if err != nil {
		return err
	}
	state, owner := c.Query("state"), c.Query("owner")
	if state != "" && !slices.Contains(office.CallStates(), state) {
		return invalid("state", "must be one of "+strings.Join(office.CallStates(), ", "))
	}
	all, err := s.seenCalls(c, &a)
	if err != nil {
		return err
	}
	counts, late := s.countCalls(all)
	now := s.now()
	page := slices.DeleteFunc(slices.Clone(all), func(t office.Task) bool {
		return state != "" && t.StateAt(now) != state || owner != "" && s.loginOf(t.OwnerAt(now)) != owner
	})
	next := ""
	if page, err = afterCall(page, all, c.Query("cursor")); err != nil {
		return err
	}
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID.String()
	}
	views, err := s.viewsOfCalls(c, page)
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"contacts": views, "next": next, "counts": counts, "late": late, "total": len(all)})
}

// afterCall leaves of a page what ranks behind the task that the cursor names, which
// may have left the page meanwhile.
func afterCall(page, all []office.Task, cursor string) ([]office.Task, error) {
	if cursor == "" {
		return page, nil
	}
	id, err := checkpoint.ParseMatterID(cursor)
	at := slices.IndexFunc(all, func(t office.Task) bool { return t.ID == id })
	if err != nil || at < 0 {
		return nil, invalid("cursor", "must be what the page before gave as next")
	}
	behind := map[checkpoint.MatterID]bool{}
	for i := range all[at+1:] {
		behind[all[at+1+i].ID] = true
	}
	return slices.DeleteFunc(page, func(t office.Task) bool { return !behind[t.ID] }), nil
}

// caseCallsView is a case with work for the caller's part of the grid.
type caseCallsView struct {
	Case   string         `json:"case"`
	Title  string         `json:"title"` // "" of another part's case, of which only tasks are here
	Own    bool           `json:"own"`
	Counts map[string]int `json:"counts"`
	Late   int            `json:"late"`
	Total  int            `json:"total"`
}

// handleCallCases lists the open cases with tasks that are the caller's business.
func (s *Server) handleCallCases(c *fiber.Ctx) error {
	all, err := s.office.CallCases(s.context(c))
	if err != nil {
		return err
	}
	views := []caseCallsView{}
	for i := range all {
		a := callAsk{calls: all[i]}
		if a.kase, err = s.store.Case(s.context(c), all[i].Case); err != nil {
			return err
		}
		a.own = s.concerns(principalOf(c), a.kase.Grid)
		tasks, err := s.seenCalls(c, &a)
		if err != nil {
			return err
		}
		if len(tasks) == 0 || !a.kase.Open() {
			continue
		}
		v := caseCallsView{Case: a.kase.Code, Own: a.own, Total: len(tasks)}
		if a.own {
			v.Title = a.kase.Title
		}
		v.Counts, v.Late = s.countCalls(tasks)
		views = append(views, v)
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"cases": views})
}

// callVisitView is somebody whom no call reached, for whoever goes there.
type callVisitView struct {
	Call   callView    `json:"call"`
	Client *clientView `json:"client"` // null: erased
}

// handleCallVisits lists whom a grid member has to go to because of a case.
func (s *Server) handleCallVisits(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	tasks, err := s.office.CallVisits(s.context(c), node)
	if err != nil {
		return err
	}
	matters := make([]checkpoint.Matter, len(tasks))
	for i := range tasks {
		matters[i] = tasks[i].Matter
	}
	people, err := s.peopleOf(c, matters, func(string) bool { return true }) // whose task is here, wherever their home is
	if err != nil {
		return err
	}
	calls, err := s.viewsOfCalls(c, tasks)
	if err != nil {
		return err
	}
	views := make([]callVisitView, len(calls))
	for i := range calls {
		views[i].Call = calls[i]
		if who := people[tasks[i].Person]; who != nil {
			client := viewOfClient(who)
			views[i].Client = &client
		}
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"visits": views})
}

// handleCallInHand gives the call that the caller has, if any.
func (s *Server) handleCallInHand(c *fiber.Ctx) error {
	t, err := s.office.CallInHand(s.context(c), principalOf(c).Staff.Num)
	if err != nil {
		return err
	}
	return s.answerHand(c, t, 0)
}

// answerHand shows a call that may be none, and then when the next one is due (UTC
// ms, 0: not known).
func (s *Server) answerHand(c *fiber.Ctx, t *office.Task, again int64) error {
	if t == nil {
		return c.JSON(fiber.Map{"call": nil, "again_at": timeOrNil(again)})
	}
	if _, err := s.askCalls(c, t.Case); err != nil {
		return err
	}
	views, err := s.viewsOfCalls(c, []office.Task{*t})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"call": views[0], "again_at": nil})
}
