package gateway

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// residentView is a person in the clear.
type residentView struct {
	ID         string  `json:"id"`
	Kind       string  `json:"kind"`
	Name       string  `json:"name"`
	IDNumber   string  `json:"id_number"`
	Phone      string  `json:"phone"`
	Site       string  `json:"site"`
	Door       string  `json:"door"`
	Grid       string  `json:"grid"`
	Status     string  `json:"status"`
	Generation uint32  `json:"generation"`
	CreatedAt  utcTime `json:"created_at"`
}

// foundView is a person as a search shows them: enough to tell them from others.
type foundView struct {
	ID             string `json:"id"`
	Kind           string `json:"kind"`
	NameMasked     string `json:"name_masked"`
	IDNumberMasked string `json:"id_number_masked"`
	PhoneMasked    string `json:"phone_masked"`
	BirthYear      int    `json:"birth_year"` // 0: the document does not say
	Site           string `json:"site"`
	SiteName       string `json:"site_name"`
	Door           string `json:"door"`
	Grid           string `json:"grid"`
	Status         string `json:"status"`
}

// maskTail hides all but the last four characters.
func maskTail(text string) string {
	hidden := max(0, len(text)-4) // documents and phones are ASCII
	return strings.Repeat("*", hidden) + text[hidden:]
}

// residentInput is one person to be enrolled, who begins green: any other status is a
// decision with a ground and an author, and red takes a second person (handleStatus).
type residentInput struct {
	Name     string `json:"name"`
	IDNumber string `json:"id_number"`
	Phone    string `json:"phone"`
	Site     string `json:"site"`
	Door     string `json:"door"`
	Grid     string `json:"grid"`
}

// handleEnrol enters one person into the register.
func (s *Server) handleEnrol(c *fiber.Ctx) error {
	var in residentInput
	if err := decode(c, &in); err != nil {
		return err
	}
	row := checkpoint.NewResident{
		Name: in.Name, IDNumber: in.IDNumber, Phone: in.Phone, Site: in.Site, Door: in.Door, Grid: in.Grid,
	}
	who := principalOf(c)
	if !s.reachesHome(who, row) {
		return outOfScope()
	}
	elsewhere, err := s.livesElsewhere(s.context(c), who, row)
	if err != nil {
		return err
	}
	if elsewhere {
		return outOfScope()
	}
	results, err := s.store.Enrol(s.context(c), []checkpoint.NewResident{row})
	if err != nil {
		return err
	}
	done := results[0]
	if done.Err != nil {
		return done.Err
	}
	if done.Created {
		c.Status(fiber.StatusCreated)
	}
	return c.JSON(struct {
		ID      string `json:"id"`
		Created bool   `json:"created"`
		Changed bool   `json:"changed"`
	}{checkpoint.FormatPersonID(done.ID), done.Created, done.Changed})
}

// reachesHome tells whether the home of a row lies in the caller's scope. That
// it exists and fits is for the store to check.
func (s *Server) reachesHome(who principal, row checkpoint.NewResident) bool {
	site, ok := s.store.Registry().Site(row.Site)
	if !ok {
		return true // nothing is entered, and the error names the field
	}
	if row.Grid != "" {
		return s.reaches(who, row.Grid)
	}
	return s.reaches(who, site.Grid)
}

// livesElsewhere tells whether the document of a row belongs to somebody out of
// the caller's scope: enrolling them anew would bring them under the caller. A
// row that the store will refuse tells nothing: trying a document leaves either
// a refusal in the audit or a person on record.
func (s *Server) livesElsewhere(ctx context.Context, who principal, row checkpoint.NewResident) (bool, error) {
	if s.reaches(who, "") || s.store.CheckResident(row) != nil {
		return false, nil
	}
	id, err := s.store.FindByDocument(ctx, row.IDNumber)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	person, err := s.store.Resident(ctx, id)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return false, nil
	}
	return err == nil && !s.reaches(who, person.Grid), err
}

func viewOfResident(p checkpoint.Resident) residentView {
	return residentView{
		checkpoint.FormatPersonID(p.ID), p.Kind.String(), p.Name, p.IDNumber, p.Phone, p.Site, p.Door, p.Grid,
		p.Status.String(), p.Generation, utcTime(p.CreatedAt),
	}
}

// searchesAMinute is how many searches one account may make: enough for a queue
// of people, too few to try documents or phones one after the other.
const searchesAMinute = 60

// personSearch is what somebody is looked for by: exactly one of the three. Site goes
// with the name only.
type personSearch struct {
	IDNumber string `json:"id_number"`
	Phone    string `json:"phone"`
	Name     string `json:"name"`
	Site     string `json:"site"`
}

// handleSearch finds people by document, phone or whole name, among those in scope.
func (s *Server) handleSearch(c *fiber.Ctx) error {
	var in personSearch
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.searches.admit(principalOf(c).Staff.Num, s.now(), searchesAMinute, "search for people"); err != nil {
		return err
	}
	people, more, err := s.searchPeople(c, &in)
	if err != nil {
		return err
	}
	found := []foundView{}
	for _, p := range people {
		if s.reaches(principalOf(c), p.Grid) {
			found = append(found, s.viewOfFound(&p))
			s.about(c, p.ID)
		}
	}
	s.rows(c, len(found))
	return c.JSON(fiber.Map{"residents": found, "more": more})
}

// searchPeople finds people; more is only ever true of a name.
func (s *Server) searchPeople(c *fiber.Ctx, in *personSearch) (people []checkpoint.Resident, more bool, err error) {
	given := 0
	for _, text := range []string{in.IDNumber, in.Phone, in.Name} {
		if text != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, false, invalid("id_number", "give one of id_number, phone and name")
	case in.Site != "" && in.Name == "":
		return nil, false, invalid("site", "goes with a name only")
	case in.Name != "":
		return s.store.SearchName(s.context(c), checkpoint.NameQuery{
			Name: in.Name, Site: in.Site, Copy: s.standby,
			Within: func(node string) bool { return s.reaches(principalOf(c), node) },
		})
	}
	var ids []uint64
	if in.Phone != "" {
		ids, err = s.store.FindByPhone(s.context(c), in.Phone)
	} else {
		ids = make([]uint64, 1)
		if ids[0], err = s.store.FindByDocument(s.context(c), in.IDNumber); errors.Is(err, checkpoint.ErrNotFound) {
			return nil, false, nil
		}
	}
	if err != nil {
		return nil, false, err
	}
	people, err = s.store.Residents(s.context(c), ids)
	return people, false, err
}

func (s *Server) viewOfFound(p *checkpoint.Resident) foundView {
	view := foundView{
		ID: checkpoint.FormatPersonID(p.ID), Kind: p.Kind.String(), NameMasked: p.NameMasked, IDNumberMasked: maskTail(p.IDNumber),
		PhoneMasked: maskTail(p.Phone), BirthYear: birthYear(p.IDNumber), Site: p.Site, Door: p.Door, Grid: p.Grid, Status: p.Status.String(),
	}
	if site, ok := s.store.Registry().Site(p.Site); ok {
		view.SiteName = site.Name
	}
	return view
}

// birthYear is what an ID number of 18 characters says, 0 for other documents.
func birthYear(document string) int {
	if len(document) != 18 {
		return 0
	}
	year, _ := strconv.Atoi(document[6:10]) // it was checked when it came
	return year
}
