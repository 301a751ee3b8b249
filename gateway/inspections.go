package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// inspectionView is an inspector's visit to a site.
type inspectionView struct {
	ID        string      `json:"id"`
	Node      string      `json:"node"`
	Site      string      `json:"site"`
	SiteName  string      `json:"site_name"`
	At        utcTime     `json:"at"`
	By        string      `json:"by"` // login
	Checklist []checkView `json:"checklist"`
	Note      string      `json:"note"`
	Findings  []string    `json:"findings"` // their IDs
}

type checkView struct {
	Item   string `json:"item"`
	Result string `json:"result"` // ok, lacking, not_applicable
	Note   string `json:"note"`
}

func (s *Server) viewOfInspection(m *checkpoint.Matter) (*inspectionView, error) {
	var v office.Inspection
	if err := m.Get(&v); err != nil {
		return nil, err
	}
	view := &inspectionView{
		ID: m.ID.String(), Node: m.Node, Site: v.Site, SiteName: s.siteNameOf(v.Site), At: utcTime(m.OpenedAt), By: s.loginOf(m.OpenedBy),
		Checklist: []checkView{}, Note: v.Note, Findings: []string{},
	}
	for _, check := range v.Checks {
		view.Checklist = append(view.Checklist, checkView{check.Item, check.Result, check.Note})
	}
	for _, id := range v.Findings {
		view.Findings = append(view.Findings, id.String())
	}
	return view, nil
}

// findingView is what was found wrong and has to be put right.
type findingView struct {
	ID         string       `json:"id"`
	Node       string       `json:"node"`
	Site       string       `json:"site"`
	SiteName   string       `json:"site_name"`
	Inspection string       `json:"inspection"`
	Item       string       `json:"item"`
	Severity   string       `json:"severity"` // minor, serious, grave
	Text       string       `json:"text"`
	State      string       `json:"state"`   // open, corrected, verified, reopened
	Owner      string       `json:"owner"`   // login of who looks after it
	AtSite     string       `json:"at_site"` // who sees to it there
	OpenedAt   utcTime      `json:"opened_at"`
	DueAt      *utcTime     `json:"due_at"` // to be put right; when it is corrected, to be looked at
	Overdue    bool         `json:"overdue"`
	Evidence   string       `json:"evidence"`
	ClosedAt   *utcTime     `json:"closed_at"`
	Steps      []matterStep `json:"steps"`
}

func (s *Server) viewOfFinding(m *checkpoint.Matter) (*findingView, error) {
	var f office.Finding
	if err := m.Get(&f); err != nil {
		return nil, err
	}
	return &findingView{
		m.ID.String(), m.Node, f.Site, s.siteNameOf(f.Site), f.Inspection.String(), f.Item, f.Severity, f.Text, m.State, s.loginOf(m.Owner),
		f.AtSite, utcTime(m.OpenedAt), timeOrNil(m.DueAt), m.Late(s.now()), f.Evidence, timeOrNil(m.ClosedAt), s.viewOfMatterSteps(m),
	}, nil
}

func (s *Server) viewsOfFindings(some []checkpoint.Matter, shown func(*findingView) bool) ([]*findingView, error) {
	views := []*findingView{}
	for i := range some {
		view, err := s.viewOfFinding(&some[i])
		if err != nil {
			return nil, err
		}
		if shown(view) {
			views = append(views, view)
		}
	}
	return views, nil
}

// handleAddInspection writes a visit and its findings down.
func (s *Server) handleAddInspection(c *fiber.Ctx) error {
	var in struct {
		ID        string `json:"id"`
		Site      string `json:"site"`
		At        string `json:"at"`
		Note      string `json:"note"`
		Checklist []struct {
			Item   string `json:"item"`
			Result string `json:"result"`
			Note   string `json:"note"`
		} `json:"checklist"`
		Findings []struct {
			Item     string `json:"item"`
			Severity string `json:"severity"`
			Text     string `json:"text"`
			DueAt    string `json:"due_at"`
			Owner    string `json:"owner"`
			AtSite   string `json:"at_site"`
		} `json:"findings"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAtSite(c, in.Site); err != nil {
		return err
	}
	visit := office.NewInspection{ID: in.ID, Site: in.Site, Note: in.Note, By: principalOf(c).Staff}
	var err error
	if visit.At, err = parseTime("at", in.At); err != nil {
		return err
	}
	for _, check := range in.Checklist {
		visit.Checks = append(visit.Checks, office.Check{Item: check.Item, Result: check.Result, Note: check.Note})
	}
	for _, f := range in.Findings {
		due, err := parseTime("findings.due_at", f.DueAt)
		if err != nil {
			return err
		}
		visit.Findings = append(visit.Findings, office.NewFinding{Item: f.Item, Severity: f.Severity, Text: f.Text, AtSite: f.AtSite, Owner: f.Owner, DueAt: due})
	}
	m, findings, err := s.office.AddInspection(s.context(c), visit)
	if err != nil {
		return err
	}
	view, err := s.viewOfInspection(&m)
	if err != nil {
		return err
	}
	found, err := s.viewsOfFindings(findings, func(*findingView) bool { return true })
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"inspection": view, "findings": found})
}

// handleInspections lists visits at a node and below it in a window, of one site if it
// is given, the last one first.
func (s *Server) handleInspections(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	q := checkpoint.MatterQuery{Kind: office.KindInspection, Node: node}
	if err := s.pageAsked(c, &q, true); err != nil {
		return err
	}
	page, next, err := s.store.Matters(s.context(c), q)
	if err != nil {
		return err
	}
	site, views := c.Query("site"), []*inspectionView{}
	for i := range page {
		view, err := s.viewOfInspection(&page[i])
		if err != nil {
			return err
		}
		if site == "" || view.Site == site {
			views = append(views, view)
		}
	}
	return c.JSON(fiber.Map{"inspections": views, "next": next})
}

// handleFindings lists what has to be put right at a node and below it: what is not
// verified, of one state or site if it is given; or what was verified in a window.
func (s *Server) handleFindings(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	state, site := c.Query("state"), c.Query("site")
	switch state {
	case "", office.FindingOpen, office.FindingCorrected, office.FindingReopened, office.FindingVerified:
	default:
		return invalid("state", "must be open, corrected, reopened or verified; without it, all that is not verified")
	}
	q := checkpoint.MatterQuery{Kind: office.KindFinding, Node: node, By: checkpoint.OpenOnly}
	if err := s.pageAsked(c, &q, state == office.FindingVerified); err != nil {
		return err
	}
	page, next, err := s.store.Matters(s.context(c), q)
	if err != nil {
		return err
	}
	views, err := s.viewsOfFindings(page, func(v *findingView) bool {
		return (state == "" || v.State == state) && (site == "" || v.Site == site)
	})
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"findings": views, "next": next})
}

// handleFinding gives one.
func (s *Server) handleFinding(c *fiber.Ctx) error {
	m, err := s.mayRead(c, office.KindFinding)
	if err != nil {
		return err
	}
	view, err := s.viewOfFinding(&m)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// turnFinding changes the finding named in the path, if it is in the caller's part of
// the grid.
func (s *Server) turnFinding(c *fiber.Ctx, turn func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error)) error {
	id, err := s.mayTurn(c, office.KindFinding)
	if err != nil {
		return err
	}
	m, err := turn(s.context(c), id, principalOf(c).Staff.Num)
	if err != nil {
		return err
	}
	view, err := s.viewOfFinding(&m)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// handleCorrectFinding says what the site has done.
func (s *Server) handleCorrectFinding(c *fiber.Ctx) error {
	var in struct {
		Evidence string `json:"evidence"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	return s.turnFinding(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.CorrectFinding(ctx, id, by, in.Evidence)
	})
}

// handleVerifyFinding closes one that is put right.
func (s *Server) handleVerifyFinding(c *fiber.Ctx) error {
	note, err := noted(c)
	if err != nil {
		return err
	}
	return s.turnFinding(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.VerifyFinding(ctx, id, by, note)
	})
}

// handleReopenFinding says what is still wrong.
func (s *Server) handleReopenFinding(c *fiber.Ctx) error {
	note, due, err := notedAndDue(c)
	if err != nil {
		return err
	}
	return s.turnFinding(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.ReopenFinding(ctx, id, by, due, note)
	})
}
