package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// visitView is a visit to a home.
type visitView struct {
	Site      string  `json:"site"`
	Household string  `json:"household"`
	Day       string  `json:"day"`
	Outcome   string  `json:"outcome"` // reached, absent, refused
	Note      string  `json:"note"`
	At        utcTime `json:"at"`
	By        string  `json:"by"` // login
}

func (s *Server) viewOfVisit(m *checkpoint.Matter) (*visitView, error) {
	var v office.Visit
	if err := m.Get(&v); err != nil {
		return nil, err
	}
	return &visitView{v.Site, checkpoint.FormatPersonID(v.Household), v.Day.String(), m.State, v.Note, utcTime(v.At), s.loginOf(v.By)}, nil
}

// handleVisit writes a visit down, of now or of when a phone without a network was
// there. The home is named by site and household,
// as the list gives them, or by site and door.
func (s *Server) handleVisit(c *fiber.Ctx) error {
	var in struct {
		Site      string `json:"site"`
		Household string `json:"household"`
		Door      string `json:"door"`
		Outcome   string `json:"outcome"`
		Note      string `json:"note"`
		At        string `json:"at"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	at := int64(0)
	if in.At != "" {
		var err error
		if at, err = parseTime("at", in.At); err != nil {
			return err
		}
	}
	if _, err := s.siteNode(in.Site); err != nil {
		return s.hidden(principalOf(c), err)
	}
	household, err := s.householdAsked(in.Site, in.Household, in.Door)
	if err != nil {
		return err
	}
	members, err := s.office.HomeMembers(s.context(c), in.Site, household)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), members[0].Grid) {
		return outOfScope()
	}
	m, err := s.office.PutVisit(s.context(c), office.NewVisit{
		Site: in.Site, Household: household, Outcome: in.Outcome, Note: in.Note, At: at, By: principalOf(c).Staff.Num,
	})
	if err != nil {
		return err
	}
	view, err := s.viewOfVisit(&m)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

func (s *Server) householdAsked(site, household, door string) (uint64, error) {
	switch {
	case (household == "") == (door == ""):
		return 0, invalid("household", "name the home by exactly one of household and door")
	case door != "":
		return s.store.HouseholdAt(site, door)
	}
	id, err := checkpoint.ParsePersonID(household)
	if err != nil {
		return 0, invalid("household", "must be what the list gives: 16 digits and letters a to f")
	}
	return id, nil
}
