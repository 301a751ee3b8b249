package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// returneeView is somebody who comes back from outside the province.
type returneeView struct {
	ID          string       `json:"id"`
	Node        string       `json:"node"`
	State       string       `json:"state"` // expected, registered, observed, closed
	Person      *clientView  `json:"person"`
	From        string       `json:"from_province"`
	ArrivedAt   utcTime      `json:"arrived_at"`
	Transport   string       `json:"transport"`
	Days        int          `json:"days"`        // under observation, 0: registered only
	Observation *string      `json:"observation"` // ID, null without one
	Outcome     string       `json:"outcome"`
	ClosedAt    *utcTime     `json:"closed_at"`
	Steps       []matterStep `json:"steps"`
}

func (s *Server) viewsOfReturnees(c *fiber.Ctx, page []checkpoint.Matter) ([]returneeView, error) {
	people, err := s.clientsOf(c, page)
	if err != nil {
		return nil, err
	}
	views := make([]returneeView, len(page))
	for i := range page {
		m := &page[i]
		var r office.Returnee
		if err := m.Get(&r); err != nil {
			return nil, err
		}
		views[i] = returneeView{
			ID: m.ID.String(), Node: m.Node, State: m.State, From: r.From, ArrivedAt: utcTime(r.ArrivedAt), Transport: r.Transport, Days: r.Days,
			Observation: idOrNil(r.Observation), Outcome: r.Outcome, ClosedAt: timeOrNil(m.ClosedAt), Steps: s.viewOfMatterSteps(m),
		}
		if who := people[m.Person]; who != nil {
			client := viewOfClient(who)
			views[i].Person = &client
		}
	}
	return views, nil
}

// returneeBody is a registration as it is sent: resident, or name, id_number, site and
// door.
type returneeBody struct {
	ID        string `json:"id"`
	Resident  string `json:"resident"`
	Name      string `json:"name"`
	IDNumber  string `json:"id_number"`
	Phone     string `json:"phone"`
	Site      string `json:"site"`
	Door      string `json:"door"`
	From      string `json:"from_province"`
	ArrivedAt string `json:"arrived_at"`
	Transport string `json:"transport"`
}

// handleRegisterReturnee registers somebody who comes back, or will.
func (s *Server) handleRegisterReturnee(c *fiber.Ctx) error {
	var in returneeBody
	if err := decode(c, &in); err != nil {
		return err
	}
	n := office.NewReturnee{ID: in.ID, From: in.From, Transport: in.Transport, By: principalOf(c).Staff.Num, Office: principalOf(c).Staff.Grid}
	var err error
	if n.ArrivedAt, err = parseTime("arrived_at", in.ArrivedAt); err != nil {
		return err
	}
	if err := s.whoComesBack(c, &in, &n); err != nil {
		return err
	}
	m, err := s.office.RegisterReturnee(s.context(c), n)
	if err != nil {
		return err
	}
	views, err := s.viewsOfReturnees(c, []checkpoint.Matter{m})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}

// whoComesBack reads who it is, if their home is in the caller's part of the grid.
func (s *Server) whoComesBack(c *fiber.Ctx, in *returneeBody, n *office.NewReturnee) (err error) {
	if in.Resident != "" {
		if in.Name != "" || in.IDNumber != "" || in.Phone != "" || in.Site != "" || in.Door != "" {
			return invalid("resident", "is on record: leave name, id_number, phone, site and door out")
		}
		if n.Person, err = checkpoint.ParsePersonID(in.Resident); err != nil {
			return err
		}
		return s.mayWith(c, n.Person)
	}
	who := principalOf(c)
	n.Row = checkpoint.NewResident{Name: in.Name, IDNumber: in.IDNumber, Phone: in.Phone, Site: in.Site, Door: in.Door}
	if !s.reachesHome(who, n.Row) {
		return outOfScope()
	}
	elsewhere, err := s.livesElsewhere(s.context(c), who, n.Row)
	if err == nil && elsewhere {
		err = outOfScope()
	}
	return err
}

// handleReturnees lists those of a node and all below it: who is not closed, of one
// state if it is given, or who was closed in a window.
func (s *Server) handleReturnees(c *fiber.Ctx) error {
	state := c.Query("state")
	page, next, err := s.mattersAsked(c, office.KindReturnee, "must be expected, registered, observed or closed; without it, all that are not closed",
		office.ReturneeClosed, office.ReturneeExpected, office.ReturneeRegistered, office.ReturneeObserved)
	if err != nil {
		return err
	}
	all, err := s.viewsOfReturnees(c, page)
	if err != nil {
		return err
	}
	views := []returneeView{}
	for i := range all {
		if state == "" || all[i].State == state {
			views = append(views, all[i])
		}
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"returnees": views, "next": next})
}

// handleCloseReturnee closes one by hand.
func (s *Server) handleCloseReturnee(c *fiber.Ctx) error {
	var in struct {
		Outcome string `json:"outcome"`
		Note    string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	m, err := s.store.Matter(s.context(c), office.KindReturnee, id)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), m.Node) {
		return outOfScope()
	}
	if m, err = s.office.CloseReturnee(s.context(c), id, principalOf(c).Staff.Num, in.Outcome, in.Note); err != nil {
		return err
	}
	views, err := s.viewsOfReturnees(c, []checkpoint.Matter{m})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}
