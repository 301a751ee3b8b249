package gateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// feverView is a fever case with the masked name of its person. What follows
// second is null or empty while the case is open.
type feverView struct {
	ID       string        `json:"id"`
	State    string        `json:"state"` // open, closed
	Person   personInEvent `json:"person"`
	Home     string        `json:"home"` // code of the home site, "" if none
	OpenedAt utcTime       `json:"opened_at"`
	Site     string        `json:"site"`
	SiteName string        `json:"site_name"`
	Gate     string        `json:"gate"`
	First    readingView   `json:"first"`
	Second   readingView   `json:"second"`
	Outcome  string        `json:"outcome"`
	ClosedAt *utcTime      `json:"closed_at"`
	ClosedBy string        `json:"closed_by"`
	Note     string        `json:"note"`
	// Procedure is what was done about it.
	Procedure *procedureView `json:"procedure"`
	// Contact is for medics, and in the answer about one case only.
	Contact *contactView `json:"contact,omitempty"`
}

type readingView struct {
	At          utcTime            `json:"at"`
	Temperature checkpoint.Celsius `json:"temperature"`
}

// contactView is what a medic needs to reach the person.
type contactView struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
	Site  string `json:"site"`
	Door  string `json:"door"`
}

// feversLooked bounds how many cases are looked at for one page of a list.
const feversLooked = 5000

// handleFevers lists the cases that are open, or those closed in a window, of
// people who live in the caller's scope or were measured in it.
func (s *Server) handleFevers(c *fiber.Ctx) error {
	q, err := s.feversAsked(c)
	if err != nil {
		return err
	}
	who, ctx, views := principalOf(c), s.context(c), []feverView{}
	for looked := 0; ; {
		page, next, err := s.store.Fevers(ctx, q)
		if err != nil {
			return err
		}
		looked += len(page)
		people, err := s.feverPeople(ctx, page)
		if err != nil {
			return err
		}
		page = slices.DeleteFunc(page, func(f checkpoint.FeverCase) bool { return !s.reachesFever(who, &f, people[f.Person]) })
		some, err := s.viewsOfFevers(ctx, page, people)
		if err != nil {
			return err
		}
		views = append(views, some...)
		if q.Cursor = next; next == "" || len(views) >= feversPage || looked >= feversLooked {
			break
		}
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"fevers": views, "next": q.Cursor})
}

// viewsOfFevers are cases with their procedures.
func (s *Server) viewsOfFevers(ctx context.Context, cases []checkpoint.FeverCase, people map[uint64]feverPerson) ([]feverView, error) {
	ids := make([]checkpoint.FeverID, len(cases))
	for i := range cases {
		ids[i] = cases[i].ID
	}
	procedures, err := s.office.Fevers(ctx, ids)
	if err != nil {
		return nil, err
	}
	views := make([]feverView, len(cases))
	for i := range cases {
		views[i] = s.viewOfFever(&cases[i], people[cases[i].Person])
		views[i].Procedure = s.viewOfProcedure(&procedures[i].FeverProcedure, &procedures[i].Matter)
	}
	return views, nil
}

// feversPage is how many cases are read at a time.
const feversPage = 100

// feversAsked is what the query asks for: the open cases, all or those opened in a
// window, or the ones closed in a window.
func (s *Server) feversAsked(c *fiber.Ctx) (q checkpoint.FeverQuery, err error) {
	state := c.Query("state", "open")
	if state != "open" && state != "closed" {
		return q, invalid("state", "must be open or closed")
	}
	q = checkpoint.FeverQuery{Closed: state == "closed", Cursor: strings.Clone(c.Query("cursor")), Limit: feversPage}
	if q.Closed || c.Query("from") != "" || c.Query("to") != "" {
		q.From, q.To, err = s.window(c)
	}
	return q, err
}

// handleFever gives one case.
func (s *Server) handleFever(c *fiber.Ctx) error {
	fever, person, err := s.feverInPath(c)
	if err != nil {
		return err
	}
	view := s.viewOfFever(&fever, person)
	if err := s.procedureOf(s.context(c), &view, fever.ID); err != nil {
		return err
	}
	switch principalOf(c).Staff.Role {
	case checkpoint.RoleMedic, checkpoint.RoleAdmin:
		p := person.now()
		view.Contact = &contactView{p.Name, p.Phone, p.Site, p.Door}
	}
	return c.JSON(view)
}

// handleCloseFever closes a case, once.
func (s *Server) handleCloseFever(c *fiber.Ctx) error {
	var in struct {
		Outcome string `json:"outcome"`
		Note    string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	fever, person, err := s.feverInPath(c)
	if err != nil {
		return err
	}
	by := principalOf(c).Staff
	closed, err := s.office.CloseFever(s.context(c), fever.ID, checkpoint.FeverOutcome(in.Outcome), by, in.Note)
	if err != nil {
		return err
	}
	s.log(c).Info("fever case closed", "by", by.Login, "case", fever.ID.String(), "outcome", string(closed.Outcome))
	view := s.viewOfFever(&closed, person)
	if err := s.procedureOf(s.context(c), &view, fever.ID); err != nil {
		return err
	}
	return c.JSON(view)
}

// feverInPath is the case named in the path with its person, if it is in the
// caller's scope.
func (s *Server) feverInPath(c *fiber.Ctx) (fever checkpoint.FeverCase, person feverPerson, err error) {
	id, err := checkpoint.ParseFeverID(c.Params("id"))
	if err != nil {
		return fever, person, err
	}
	if fever, err = s.store.Fever(s.context(c), id); err != nil {
		return fever, person, s.hidden(principalOf(c), err)
	}
	people, err := s.feverPeople(s.context(c), []checkpoint.FeverCase{fever})
	if err != nil {
		return fever, person, err
	}
	person = people[fever.Person]
	if !s.reachesFever(principalOf(c), &fever, person) {
		return fever, person, outOfScope()
	}
	s.about(c, fever.Person, person.now().ID)
	return fever, person, nil
}

// reachesFever tells whether a case lies in somebody's scope: by the gate where
// it was measured or by the person's home.
func (s *Server) reachesFever(who principal, fever *checkpoint.FeverCase, person feverPerson) bool {
	site, ok := s.store.Registry().SiteByNum(fever.Site)
	return ok && s.reaches(who, site.Grid) || s.reaches(who, person.now().Grid)
}

// feverPerson is whose case it is. KnownAs is whom a walk-in turned out to be.
type feverPerson struct {
	checkpoint.Resident
	knownAs *checkpoint.Resident
}

// now is the person as they are known by now.
func (p *feverPerson) now() *checkpoint.Resident {
	if p.knownAs != nil {
		return p.knownAs
	}
	return &p.Resident
}

// feverPeople reads the people of cases, by ID.
func (s *Server) feverPeople(ctx context.Context, cases []checkpoint.FeverCase) (map[uint64]feverPerson, error) {
	ids := make([]uint64, len(cases))
	for i := range cases {
		ids[i] = cases[i].Person
	}
	people, err := s.store.Residents(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID, matched := make(map[uint64]feverPerson, len(people)), map[uint64][]uint64{} // resident -> walk-ins
	for _, p := range people {
		byID[p.ID] = feverPerson{Resident: p}
		if p.KnownAs != 0 && !slices.Contains(matched[p.KnownAs], p.ID) {
			matched[p.KnownAs] = append(matched[p.KnownAs], p.ID)
		}
	}
	residents, err := s.store.Residents(ctx, slices.Collect(maps.Keys(matched)))
	for _, r := range residents {
		for _, walkIn := range matched[r.ID] {
			byID[walkIn] = feverPerson{byID[walkIn].Resident, &r}
		}
	}
	return byID, err
}

func (s *Server) viewOfFever(fever *checkpoint.FeverCase, person feverPerson) feverView {
	view := feverView{
		ID: fever.ID.String(), State: "open", Home: person.now().Site, OpenedAt: utcTime(fever.OpenedAt),
		Person: personInEvent{ID: checkpoint.FormatPersonID(fever.Person), NameMasked: person.NameMasked},
		First:  readingView{utcTime(fever.First.At), fever.First.Temperature},
		Second: readingView{utcTime(fever.Second.At), fever.Second.Temperature},
	}
	if r := person.knownAs; r != nil {
		view.Person.KnownAs = &personInEvent{ID: checkpoint.FormatPersonID(r.ID), NameMasked: r.NameMasked}
	}
	if gate, site := placeOf(s.store.Registry(), fever.Gate); gate != nil && site != nil {
		view.Gate, view.Site, view.SiteName = gate.Code, site.Code, site.Name
	}
	if !fever.Open() {
		at := utcTime(fever.ClosedAt)
		view.State, view.Outcome, view.ClosedAt = "closed", string(fever.Outcome), &at
		view.ClosedBy, view.Note = fever.ClosedBy, fever.Note
	}
	return view
}
