package gateway

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// enterpriseView is an enterprise or shop: how it is equipped, and what was decided
// about its work.
type enterpriseView struct {
	Site        string      `json:"site"`
	Name        string      `json:"name"`
	Kind        string      `json:"kind"`
	Node        string      `json:"node"`
	State       string      `json:"state"` // none, applying, approved, suspended, refused, lapsed
	ValidUntil  *utcTime    `json:"valid_until"`
	Application *string     `json:"application"` // the one that waits
	InForce     *string     `json:"in_force"`    // the one under which it works
	GatesClosed bool        `json:"gates_closed"`
	Profile     profileView `json:"profile"`
}

// profileView is how an enterprise is equipped, shown and sent.
type profileView struct {
	Contact      string `json:"contact"`
	Phone        string `json:"phone"`
	PlanOnFile   bool   `json:"plan_on_file"`
	PlanNote     string `json:"plan_note"`
	Masks        int    `json:"masks"`
	Thermometers int    `json:"thermometers"`
	StaffLimit   int    `json:"staff_limit"`
}

func (s *Server) viewOfEnterprise(site *checkpoint.Site, m *checkpoint.Matter, e *office.Enterprise) *enterpriseView {
	view := &enterpriseView{
		Site: site.Code, Name: site.Name, Kind: site.Kind.String(), Node: site.Grid, State: e.StandingAt(m.State, s.now()),
		Application: idOrNil(e.Asked), InForce: idOrNil(e.InForce), GatesClosed: s.store.Registry().RulesAt(site, s.now()).Closed,
		Profile: profileView{e.Profile.Contact, e.Profile.Phone, e.Profile.PlanOnFile, e.Profile.PlanNote, e.Profile.Masks, e.Profile.Thermometers, e.Profile.StaffLimit},
	}
	if m.State == office.WorkApproved || m.State == office.WorkSuspended {
		view.ValidUntil = timeOrNil(e.Until)
	}
	return view
}

// enterpriseStates are what a list can be asked for.
var enterpriseStates = []string{
	office.WorkNone, office.WorkApplying, office.WorkApproved, office.WorkSuspended, office.WorkRefused, office.WorkLapsed,
}

// handleEnterprises lists the enterprises and shops at a node and below it by their
// codes, those that nothing is known of too, so that none is missed.
func (s *Server) handleEnterprises(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	limit, err := limitAsked(c, 200)
	if err != nil {
		return err
	}
	state, after := c.Query("state"), c.Query("cursor")
	if state != "" && !strings.Contains(" "+strings.Join(enterpriseStates, " ")+" ", " "+state+" ") {
		return invalid("state", "must be one of "+strings.Join(enterpriseStates, ", "))
	}
	kept, err := s.office.Enterprises(s.context(c), node)
	if err != nil {
		return err
	}
	views, next, reg := []*enterpriseView{}, "", s.store.Registry()
	for _, site := range reg.Sites() {
		if site.Code <= after || !office.IsEnterprise(site.Kind) || !reg.Within(site.Grid, node) {
			continue
		}
		m, known := kept[office.EnterpriseID(site.Code)]
		if !known {
			m.State = office.WorkNone
		}
		var e office.Enterprise
		if err := m.Get(&e); err != nil {
			return err
		}
		view := s.viewOfEnterprise(site, &m, &e)
		if state != "" && view.State != state {
			continue
		}
		if len(views) == limit {
			next = views[limit-1].Site
			break
		}
		views = append(views, view)
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"enterprises": views, "next": next})
}

// siteInPath is the enterprise in the path.
func (s *Server) siteInPath(c *fiber.Ctx) (*checkpoint.Site, error) {
	return s.office.EnterpriseSite(c.Params("site"))
}

// handleEnterprise gives one with its applications, its staff by number and what was
// decided when by whom.
func (s *Server) handleEnterprise(c *fiber.Ctx) error {
	site, err := s.siteInPath(c)
	if err != nil {
		return err
	}
	m, e, err := s.office.EnterpriseOf(s.context(c), site)
	if err != nil {
		return err
	}
	applications, err := s.office.Applications(s.context(c), site)
	if err != nil {
		return err
	}
	staff, err := s.office.StaffOf(s.context(c), site)
	if err != nil {
		return err
	}
	views := make([]*applicationView, len(applications))
	for i := range applications {
		if views[i], err = s.viewOfApplication(&applications[i]); err != nil {
			return err
		}
	}
	return c.JSON(struct {
		*enterpriseView
		Staff        int                `json:"staff"`
		Applications []*applicationView `json:"applications"`
		Steps        []matterStep       `json:"steps"`
	}{s.viewOfEnterprise(site, &m, &e), len(staff), views, s.viewOfMatterSteps(&m)})
}

// handlePutEnterprise writes down how an enterprise is equipped.
func (s *Server) handlePutEnterprise(c *fiber.Ctx) error {
	var in struct {
		profileView
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	site, err := s.siteInPath(c)
	if err != nil {
		return err
	}
	m, err := s.office.PutProfile(s.context(c), principalOf(c).Staff.Num, site, office.Profile{
		Contact: in.Contact, Phone: in.Phone, PlanOnFile: in.PlanOnFile, PlanNote: in.PlanNote, Masks: in.Masks,
		Thermometers: in.Thermometers, StaffLimit: in.StaffLimit,
	}, in.Note)
	if err != nil {
		return err
	}
	var e office.Enterprise
	if err := m.Get(&e); err != nil {
		return err
	}
	return c.JSON(s.viewOfEnterprise(site, &m, &e))
}

// employeeView is somebody who works at an enterprise. Whoever lives in the caller's
// part of the grid is named in full.
type employeeView struct {
	ID         string   `json:"id"`
	State      string   `json:"state"` // works, left
	Resident   *string  `json:"resident"`
	Name       string   `json:"name"`
	IDDocument string   `json:"id_document"` // its last four, of who has no record here
	Phone      string   `json:"phone"`
	Job        string   `json:"job"`
	Since      utcTime  `json:"since"`
	LeftAt     *utcTime `json:"left_at"`
}

func (s *Server) viewsOfEmployees(c *fiber.Ctx, some []checkpoint.Matter) ([]*employeeView, error) {
	views, ids := make([]*employeeView, len(some)), []uint64{}
	byID := map[uint64]*employeeView{}
	for i := range some {
		m := &some[i]
		var kept office.Employee
		if err := m.Get(&kept); err != nil {
			return nil, err
		}
		views[i] = &employeeView{
			ID: m.ID.String(), State: m.State, Name: kept.Name, IDDocument: maskTail(kept.Document), Phone: kept.Phone, Job: kept.Job,
			Since: utcTime(m.OpenedAt), LeftAt: timeOrNil(m.ClosedAt),
		}
		if kept.OnRecord && m.Person != 0 {
			ids, byID[m.Person] = append(ids, m.Person), views[i]
		}
	}
	people, err := s.store.Residents(s.context(c), ids)
	if err != nil {
		return nil, err
	}
	for i := range people {
		p := &people[i]
		view := byID[p.ID]
		if view.Name = p.NameMasked; s.reaches(principalOf(c), p.Grid) {
			id := checkpoint.FormatPersonID(p.ID)
			view.Resident, view.Name, view.Phone = &id, p.Name, p.Phone
			s.about(c, p.ID)
		}
	}
	return views, nil
}

// handleEnterpriseStaff lists who works at an enterprise.
func (s *Server) handleEnterpriseStaff(c *fiber.Ctx) error {
	site, err := s.siteInPath(c)
	if err != nil {
		return err
	}
	staff, err := s.office.StaffOf(s.context(c), site)
	if err != nil {
		return err
	}
	views, err := s.viewsOfEmployees(c, staff)
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"staff": views})
}

// mostEmployed is how many people are written down at once.
const mostEmployed = 200

// handleEmploy writes down who works at an enterprise, one by one: a bad row leaves
// the others alone.
func (s *Server) handleEmploy(c *fiber.Ctx) error {
	var in struct {
		People []struct {
			Resident   string `json:"resident"`
			IDDocument string `json:"id_document"`
			Name       string `json:"name"`
			Phone      string `json:"phone"`
			Job        string `json:"job"`
		} `json:"people"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	site, err := s.siteInPath(c)
	if err != nil {
		return err
	}
	if len(in.People) < 1 || len(in.People) > mostEmployed {
		return invalid("people", "must be 1 to 200 at once")
	}
	type result struct {
		Person *employeeView `json:"person"` // null if it was refused
		Code   code          `json:"code"`
		Field  string        `json:"field"`
		Detail string        `json:"detail"` // why
	}
	results := make([]result, len(in.People))
	for i, p := range in.People {
		employee := office.NewEmployee{Document: strings.TrimSpace(p.IDDocument), Name: p.Name, Phone: p.Phone, Job: p.Job}
		err := invalid("resident", "name everybody by exactly one of resident and id_document")
		if (p.Resident == "") != (employee.Document == "") {
			err = nil
		}
		if err == nil && p.Resident != "" {
			employee.Person, err = checkpoint.ParsePersonID(p.Resident)
		} else if err == nil { // it tells whose document that is, like a search
			err = s.searches.admit(principalOf(c).Staff.Num, s.now(), searchesAMinute, "look up people by document")
		}
		var m checkpoint.Matter
		if err == nil {
			m, err = s.office.Employ(s.context(c), principalOf(c).Staff.Num, site, employee)
		}
		if err != nil {
			told := explain(err)
			if problems[told.code].status >= http.StatusInternalServerError {
				return err
			}
			results[i] = result{nil, told.code, told.field, told.detail}
			continue
		}
		views, err := s.viewsOfEmployees(c, []checkpoint.Matter{m})
		if err != nil {
			return err
		}
		results[i].Person = views[0]
	}
	s.rows(c, len(results))
	return c.JSON(fiber.Map{"results": results})
}

// handleLeaveEmployment writes down that somebody works there no more.
func (s *Server) handleLeaveEmployment(c *fiber.Ctx) error {
	site, err := s.siteInPath(c)
	if err != nil {
		return err
	}
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	m, err := s.office.Leave(s.context(c), principalOf(c).Staff.Num, site, id, "")
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	views, err := s.viewsOfEmployees(c, []checkpoint.Matter{m})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}
