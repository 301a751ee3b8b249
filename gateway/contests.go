package gateway

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// contestView is a contest as the household sees it.
type contestView struct {
	ID         string   `json:"id"`
	Resident   string   `json:"resident"`
	State      string   `json:"state"` // open, upheld, changed
	OpenedAt   utcTime  `json:"opened_at"`
	DueAt      utcTime  `json:"due_at"`
	Text       string   `json:"text"`
	Answer     string   `json:"answer"`
	AnsweredAt *utcTime `json:"answered_at"`
}

func viewOfContest(k *checkpoint.Contest) contestView {
	return contestView{
		k.ID, checkpoint.FormatPersonID(k.Person), string(k.State), utcTime(k.OpenedAt), utcTime(k.DueAt()),
		k.Text, k.Answer, timeOrNil(k.AnsweredAt),
	}
}

// contestForStaff is a contest with whose it is and what it is about. Its ID names
// it for the whole town.
type contestForStaff struct {
	contestView
	Overdue    bool         `json:"overdue"`
	Person     clientView   `json:"person"`
	About      decisionView `json:"about"`
	AnsweredBy string       `json:"answered_by"`
}

// clientView is whom to go to.
type clientView struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Site  string `json:"site"`
	Door  string `json:"door"`
}

func viewOfClient(p *checkpoint.Resident) clientView {
	return clientView{checkpoint.FormatPersonID(p.ID), p.Name, p.Phone, p.Site, p.Door}
}

func (s *Server) contestForStaff(k *checkpoint.Contest, p *checkpoint.Resident, who *checkpoint.Staff) contestForStaff {
	view := contestForStaff{
		viewOfContest(k), k.Overdue(s.now()), viewOfClient(p), s.viewOfDecision(&k.About, who), s.loginOf(k.AnsweredBy),
	}
	view.ID = townID(k.Person, k.ID)
	return view
}

// townID names a record of care for the whole town: phones choose IDs that are
// good for one person only.
func townID(person uint64, id string) string { return checkpoint.FormatPersonID(person) + "-" + id }

// clientOf reads the person and the record that an ID of townID names, if the
// person is in the caller's scope.
func (s *Server) clientOf(c *fiber.Ctx) (person checkpoint.Resident, id string, err error) {
	head, id, ok := strings.Cut(c.Params("id"), "-")
	number, err := checkpoint.ParsePersonID(head)
	if !ok || err != nil {
		return person, "", invalid("id", "must be the id that the list gives: a resident's ID, a hyphen and more")
	}
	if person, err = s.store.Resident(s.context(c), number); err != nil {
		return person, "", s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), person.Grid) {
		return person, "", outOfScope()
	}
	s.about(c, person.ID)
	return person, strings.Clone(id), nil
}

// handleMyContest opens a contest about a member's status.
func (s *Server) handleMyContest(c *fiber.Ctx) error {
	var in struct {
		ID       string `json:"id"`
		Resident string `json:"resident"`
		Text     string `json:"text"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	member, err := s.memberOf(c, in.Resident)
	if err != nil {
		return err
	}
	contest, err := s.store.OpenContest(s.context(c), &member, in.ID, in.Text)
	if err != nil {
		return err
	}
	return c.JSON(viewOfContest(&contest))
}

// handleContests lists the contests of people in the caller's scope: the open
// ones, the longest due first, or those answered in a window.
func (s *Server) handleContests(c *fiber.Ctx) error {
	contests, next, err := s.contestsAsked(c)
	if err != nil {
		return err
	}
	who, views := principalOf(c), []contestForStaff{}
	err = s.eachClient(c, len(contests), func(i int) uint64 { return contests[i].Person }, func(i int, p *checkpoint.Resident) {
		views = append(views, s.contestForStaff(&contests[i], p, who.Staff))
	})
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"contests": views, "next": next})
}

func (s *Server) contestsAsked(c *fiber.Ctx) ([]checkpoint.Contest, string, error) {
	q, err := s.careAsked(c)
	if err != nil {
		return nil, "", err
	}
	switch c.Query("state", "open") {
	case "open":
		return s.store.OpenContests(s.context(c), q)
	case "answered":
		from, to, err := s.window(c)
		if err != nil {
			return nil, "", err
		}
		return s.store.AnsweredContests(s.context(c), from, to, q)
	}
	return nil, "", invalid("state", "must be open or answered")
}

// careAsked is the page of a list of care that is asked for, of people in the
// caller's scope.
func (s *Server) careAsked(c *fiber.Ctx) (q checkpoint.CareQuery, err error) {
	q.Within, q.Cursor = s.inScope(c), strings.Clone(c.Query("cursor"))
	q.Limit, err = limitAsked(c, checkpoint.MaxMatters)
	return q, err
}

// inScope tells whether a node lies in the caller's part of the grid.
func (s *Server) inScope(c *fiber.Ctx) func(node string) bool {
	who := principalOf(c)
	return func(node string) bool { return s.reaches(who, node) }
}

// eachClient reads the people of n records and hands those in the caller's scope
// to fn, in order.
func (s *Server) eachClient(c *fiber.Ctx, n int, person func(int) uint64, fn func(int, *checkpoint.Resident)) error {
	place := make(map[uint64]*checkpoint.Resident, n)
	ids := make([]uint64, 0, n)
	for i := range n {
		if _, met := place[person(i)]; !met {
			place[person(i)] = nil
			ids = append(ids, person(i))
		}
	}
	people, err := s.store.Residents(s.context(c), ids)
	if err != nil {
		return err
	}
	for i := range people {
		if s.reaches(principalOf(c), people[i].Grid) {
			place[people[i].ID] = &people[i]
		}
	}
	for i := range n {
		if p := place[person(i)]; p != nil {
			fn(i, p)
		}
	}
	return nil
}

// handleAnswerContest answers a contest, once.
func (s *Server) handleAnswerContest(c *fiber.Ctx) error {
	var in struct {
		State  string `json:"state"`
		Answer string `json:"answer"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	person, id, err := s.clientOf(c)
	if err != nil {
		return err
	}
	who := principalOf(c).Staff
	contest, err := s.store.AnswerContest(s.context(c), person.ID, id, checkpoint.ContestState(in.State), in.Answer, who.Num)
	if err != nil {
		return err
	}
	s.log(c).Info("contest answered", "by", who.Login, "state", in.State)
	return c.JSON(s.contestForStaff(&contest, &person, who))
}
