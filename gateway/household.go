package gateway

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// householdView is what a household is told of itself.
type householdView struct {
	Now     utcTime      `json:"now"`
	Site    siteName     `json:"site"`
	Door    string       `json:"door"`
	Office  officeView   `json:"office"`
	Members []memberView `json:"members"`
	Phones  []phoneView  `json:"phones"`
}

type siteName struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// officeView is whom to ask: the nearest office above the home that has given a
// number, else the home's own without one.
type officeView struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// memberView is one of the household, with what they may know of themselves.
type memberView struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	Status     string   `json:"status"`
	StatusText textView `json:"status_text"`
	memberCare
}

// handleHousehold tells a household what is kept of it.
func (s *Server) handleHousehold(c *fiber.Ctx) error {
	view, err := s.viewOfHousehold(s.context(c), principalOf(c).Phone)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

func (s *Server) viewOfHousehold(ctx context.Context, phone *checkpoint.Phone) (*householdView, error) {
	members, err := s.store.HouseholdMembers(ctx, phone.Site, phone.Household)
	if err != nil {
		return nil, err
	}
	site, ok := s.store.Registry().Site(phone.Site)
	if !ok {
		return nil, failure(codeNotFound, "the site of this household is gone")
	}
	view := &householdView{
		Now: utcTime(s.now()), Site: siteName{site.Code, site.Name}, Office: officeAbove(s.store.Registry(), site.Grid),
		Members: make([]memberView, len(members)),
	}
	care, err := s.careOf(ctx, members)
	if err != nil {
		return nil, err
	}
	for i := range members {
		view.Door = members[i].Door
		view.Members[i] = viewOfMember(&members[i], care[i])
	}
	view.Phones, err = s.viewOfPhones(ctx, phone)
	return view, err
}

// householdIDs are the people of the household whose phone calls.
func (s *Server) householdIDs(c *fiber.Ctx) ([]uint64, error) {
	phone := principalOf(c).Phone
	members, err := s.store.HouseholdMembers(s.context(c), phone.Site, phone.Household)
	ids := make([]uint64, len(members))
	for i := range members {
		ids[i] = members[i].ID
	}
	return ids, err
}

// viewOfMember shows a member of a household to it.
func viewOfMember(p *checkpoint.Resident, care memberCare) memberView {
	words := checkpoint.StatusWords()[p.Status]
	return memberView{
		checkpoint.FormatPersonID(p.ID), p.Name, p.Kind.String(), words.Name, textView{words.ZH, words.EN}, care,
	}
}

// officeAbove finds the office of a node of the grid.
func officeAbove(reg *checkpoint.Registry, node string) officeView {
	var nearest officeView
	for {
		n, ok := reg.Grid(node)
		switch {
		case !ok:
			return nearest
		case n.Phone != "":
			return officeView{n.Name, n.Phone}
		case nearest.Name == "":
			nearest.Name = n.Name
		}
		node = n.Parent
	}
}

// memberOf reads a person who is named in a request, if they are of the caller's
// household. Who is not, is treated like who does not exist.
func (s *Server) memberOf(c *fiber.Ctx, id string) (checkpoint.Resident, error) {
	person, err := checkpoint.ParsePersonID(id)
	if err != nil {
		return checkpoint.Resident{}, err
	}
	member, err := s.store.HouseholdMember(s.context(c), principalOf(c).Phone.Household, person)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return member, failure(codeOutOfScope, "this person is not of your household")
	}
	return member, err
}
