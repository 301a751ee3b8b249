package gateway

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// Whoever takes a report down or changes it gets a receipt, without what was said and
// who said it: so these calls read nobody's data, and the audit, which admins read,
// has no entry that tells of a report that they may not know of.

// reportReceipt is how far a report is.
type reportReceipt struct {
	ID         string   `json:"id"`
	State      string   `json:"state"` // received, assigned, closed, reopened
	ReceivedAt utcTime  `json:"received_at"`
	DueAt      *utcTime `json:"due_at"`
	ClosedAt   *utcTime `json:"closed_at"`
	Minutes    *int64   `json:"minutes_to_close"`
	Outcome    string   `json:"outcome"`
	Answer     string   `json:"answer"`
}

func viewOfReceipt(m *checkpoint.Matter, r *office.Report) reportReceipt {
	view := reportReceipt{
		ID: m.ID.String(), State: m.State, ReceivedAt: utcTime(m.OpenedAt), DueAt: timeOrNil(m.DueAt), ClosedAt: timeOrNil(m.ClosedAt),
		Outcome: r.Outcome, Answer: r.Answer,
	}
	if !m.Open() {
		minutes := (m.ClosedAt - m.OpenedAt) / 60_000
		view.Minutes = &minutes
	}
	return view
}

func answerReceipt(c *fiber.Ctx, m *checkpoint.Matter, err error) error {
	if err != nil {
		return err
	}
	var r office.Report
	if err := m.Get(&r); err != nil {
		return err
	}
	return c.JSON(viewOfReceipt(m, &r))
}

// hotlineView is a report for those who see to it.
type hotlineView struct {
	reportReceipt
	Node       string         `json:"node"`
	Channel    string         `json:"channel"`
	Kind       string         `json:"kind"`
	Text       string         `json:"text"`
	Anonymous  bool           `json:"anonymous"`
	Site       string         `json:"about_site"`
	SiteName   string         `json:"about_site_name"`
	AboutStaff []string       `json:"about_staff"` // logins
	Unnamed    bool           `json:"about_unnamed_staff"`
	Owner      string         `json:"owner"`
	Overdue    bool           `json:"overdue"`
	Caller     *hotlineCaller `json:"caller"` // for its owner alone
	Steps      []matterStep   `json:"steps"`
}

type hotlineCaller struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

func (s *Server) viewOfHotline(m *checkpoint.Matter) (*hotlineView, error) {
	var r office.Report
	if err := m.Get(&r); err != nil {
		return nil, err
	}
	view := &hotlineView{
		reportReceipt: viewOfReceipt(m, &r), Node: m.Node, Channel: r.Channel, Kind: r.Sort, Text: r.Text, Anonymous: r.Anonymous, Site: r.Site,
		AboutStaff: []string{}, Unnamed: r.Unnamed, Owner: s.loginOf(m.Owner), Overdue: m.Late(s.now()), Steps: s.viewOfMatterSteps(m),
	}
	if r.Site != "" {
		view.SiteName = s.siteNameOf(r.Site)
	}
	for _, number := range r.Staff {
		view.AboutStaff = append(view.AboutStaff, s.loginOf(number))
	}
	return view, nil
}

// handleAddReport takes down what somebody says.
func (s *Server) handleAddReport(c *fiber.Ctx) error {
	var in struct {
		ID      string `json:"id"`
		Channel string `json:"channel"`
		Kind    string `json:"kind"`
		Text    string `json:"text"`
		Node    string `json:"node"`
		Caller  struct {
			Name      string `json:"name"`
			Phone     string `json:"phone"`
			Anonymous bool   `json:"anonymous"`
		} `json:"caller"`
		AboutSite    string   `json:"about_site"`
		AboutStaff   []string `json:"about_staff"`
		AboutUnnamed bool     `json:"about_unnamed_staff"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	var err error
	if in.AboutSite != "" {
		err = s.mayAtSite(c, in.AboutSite)
	} else {
		err = s.mayAt(c, in.Node)
	}
	if err != nil {
		return err
	}
	report := office.ReportOfAccount(in.ID, principalOf(c).Staff)
	report.Node, report.About = in.Node, in.AboutStaff
	report.Report = office.Report{
		Channel: in.Channel, Sort: in.Kind, Text: in.Text, Anonymous: in.Caller.Anonymous, Name: in.Caller.Name, Phone: in.Caller.Phone,
		Site: in.AboutSite, Unnamed: in.AboutUnnamed && len(in.AboutStaff) == 0,
	}
	m, err := s.office.AddReport(s.context(c), report)
	return answerReceipt(c, &m, err)
}

// seesAll tells whether somebody sees the reports of their part of the grid, and not
// only those that they have.
func seesAll(who *checkpoint.Staff) bool {
	switch who.Role {
	case checkpoint.RoleLeader, checkpoint.RoleGrid, checkpoint.RoleAuditor, checkpoint.RoleAdmin:
		return true
	}
	return false
}

// handleReports lists reports at a node and below it: what is not closed, of one state
// if it is given, or what was closed in a window; with staff=true those about staff
// that the caller may know of. How many those are is not told to the audit.
func (s *Server) handleReports(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	state, staff := c.Query("state"), c.Query("staff")
	switch state {
	case "", office.ReportReceived, office.ReportAssigned, office.ReportReopened, office.ReportClosed:
	default:
		return invalid("state", "must be received, assigned, reopened or closed; without it, all that is not closed")
	}
	if staff != "" && staff != "true" && staff != "false" {
		return invalid("staff", "must be true, for reports about staff, or false")
	}
	q := checkpoint.MatterQuery{Kind: office.KindReport, Node: node, By: checkpoint.OpenOnly}
	if err := s.pageAsked(c, &q, state == office.ReportClosed); err != nil {
		return err
	}
	who := principalOf(c).Staff
	var page []checkpoint.Matter
	next := ""
	if staff == "true" {
		page, err = s.office.StaffReports(s.context(c), who, node, q.By, q.From, q.To)
	} else {
		page, next, err = s.store.Matters(s.context(c), q)
	}
	if err != nil {
		return err
	}
	views := []*hotlineView{}
	for i := range page {
		m := &page[i]
		if state != "" && m.State != state || !seesAll(who) && m.Owner != who.Num {
			continue
		}
		view, err := s.viewOfHotline(m)
		if err != nil {
			return err
		}
		views = append(views, view)
	}
	if staff != "true" {
		s.rows(c, len(views))
	}
	return c.JSON(fiber.Map{"reports": views, "next": next})
}

// reportInPath reads the report named in the path, if the caller may know of it; one
// that they may not know of is not there.
func (s *Server) reportInPath(c *fiber.Ctx) (checkpoint.Matter, error) {
	who := principalOf(c)
	id, err := matterInPath(c)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	m, err := s.office.ReportFor(s.context(c), id, who.Staff)
	switch {
	case err != nil:
		return m, s.hidden(who, err)
	case !s.reaches(who, m.Node):
		return m, outOfScope()
	case !seesAll(who.Staff) && m.Owner != who.Staff.Num:
		return m, s.hidden(who, checkpoint.ErrNotFound)
	}
	return m, nil
}

// handleReport gives one report; to its owner with who called. The audit does not say
// which one it was: its own steps tell who has had it.
func (s *Server) handleReport(c *fiber.Ctx) error {
	s.subject(c, "")
	m, err := s.reportInPath(c)
	if err != nil {
		return err
	}
	view, err := s.viewOfHotline(&m)
	if err != nil {
		return err
	}
	if m.Owner == principalOf(c).Staff.Num && !view.Anonymous {
		if view.Caller, err = s.callerOf(c, &m); err != nil {
			return err
		}
	}
	return c.JSON(view)
}

// callerOf is who called: as it was taken down, or as the register of residents has it.
func (s *Server) callerOf(c *fiber.Ctx, m *checkpoint.Matter) (*hotlineCaller, error) {
	var r office.Report
	if err := m.Get(&r); err != nil || m.Person == 0 {
		return &hotlineCaller{r.Name, r.Phone}, err
	}
	person, err := s.store.Resident(s.context(c), m.Person)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return nil, nil
	}
	return &hotlineCaller{person.Name, person.Phone}, err
}

// handleAssignReport gives a report to somebody.
func (s *Server) handleAssignReport(c *fiber.Ctx) error {
	var in turnBody
	if err := decode(c, &in); err != nil {
		return err
	}
	due, err := in.due()
	if err != nil {
		return err
	}
	m, err := s.reportInPath(c)
	if err != nil {
		return err
	}
	m, err = s.office.AssignReport(s.context(c), m.ID, principalOf(c).Staff, in.Owner, due, in.Note)
	return answerReceipt(c, &m, err)
}

// handleCloseReport ends a report with an answer.
func (s *Server) handleCloseReport(c *fiber.Ctx) error {
	var in struct {
		Outcome string `json:"outcome"`
		Answer  string `json:"answer"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	m, err := s.reportInPath(c)
	if err != nil {
		return err
	}
	m, err = s.office.CloseReport(s.context(c), m.ID, principalOf(c).Staff, in.Outcome, in.Answer)
	return answerReceipt(c, &m, err)
}

// handleReopenReport says why a report is not done with.
func (s *Server) handleReopenReport(c *fiber.Ctx) error {
	note, err := noted(c)
	if err != nil {
		return err
	}
	m, err := s.reportInPath(c)
	if err != nil {
		return err
	}
	m, err = s.office.ReopenReport(s.context(c), m.ID, principalOf(c).Staff, note)
	return answerReceipt(c, &m, err)
}

// handleNameStaff says whom a report is about.
func (s *Server) handleNameStaff(c *fiber.Ctx) error {
	var in struct {
		AboutStaff []string `json:"about_staff"`
		Note       string   `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	m, err := s.reportInPath(c)
	if err != nil {
		return err
	}
	m, err = s.office.NameStaff(s.context(c), m.ID, principalOf(c).Staff, in.AboutStaff, in.Note)
	return answerReceipt(c, &m, err)
}

// handleTellHotline takes down what a household says, in the name of a member or of
// nobody. Who sends the same again learns what has become of it.
func (s *Server) handleTellHotline(c *fiber.Ctx) error {
	var in struct {
		ID         string `json:"id"`
		Kind       string `json:"kind"`
		Text       string `json:"text"`
		Resident   string `json:"resident"`
		Anonymous  bool   `json:"anonymous"`
		AboutStaff bool   `json:"about_staff"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	phone := principalOf(c).Phone
	site, ok := s.store.Registry().Site(phone.Site)
	if !ok {
		return failure(codeNotFound, "the site of this household is gone")
	}
	report := office.ReportOfPhone(strings.Clone(in.ID), phone)
	report.Node = site.Grid
	report.Report = office.Report{Channel: "web", Sort: in.Kind, Text: in.Text, Anonymous: in.Anonymous, Unnamed: in.AboutStaff}
	switch {
	case in.Anonymous && in.Resident != "":
		return invalid("resident", "whoever wants to stay unknown is not named: leave it out")
	case !in.Anonymous:
		member, err := s.memberOf(c, in.Resident)
		if err != nil {
			return err
		}
		report.Resident = member.ID
	}
	m, err := s.office.AddReport(s.context(c), report)
	return answerReceipt(c, &m, err)
}

// handleMyHotline lists what the household has said in its members' names, the last
// first.
func (s *Server) handleMyHotline(c *fiber.Ctx) error {
	ids, err := s.householdIDs(c)
	if err != nil {
		return err
	}
	mine, err := s.office.MyReports(s.context(c), ids)
	if err != nil {
		return err
	}
	type myReport struct {
		reportReceipt
		Resident string `json:"resident"`
		Kind     string `json:"kind"`
		Text     string `json:"text"`
	}
	views := make([]myReport, len(mine))
	for i := range mine {
		var r office.Report
		if err := mine[i].Get(&r); err != nil {
			return err
		}
		views[i] = myReport{viewOfReceipt(&mine[i], &r), checkpoint.FormatPersonID(mine[i].Person), r.Sort, r.Text}
	}
	return c.JSON(fiber.Map{"reports": views})
}
