package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// statusInput is a decision about somebody's status as it is sent.
type statusInput struct {
	Status   string `json:"status"`
	Ground   string `json:"ground"`
	Until    string `json:"until"`
	Evidence string `json:"evidence"`
	Case     string `json:"case"`
	Fever    string `json:"fever"` // case of which a hospital has given a positive result
}

// proposal reads a decision, in the name of who asks.
func (in *statusInput) proposal(who *checkpoint.Staff) (p office.Proposal, err error) {
	p = office.Proposal{Ground: checkpoint.Ground(in.Ground), Evidence: in.Evidence, Case: in.Case, By: who.Num, Office: who.Grid}
	if p.Status, err = checkpoint.ParseStatus(in.Status); err != nil {
		return p, invalid("status", "must be one of "+joined(checkpoint.Statuses()))
	}
	if in.Fever != "" && p.Status != checkpoint.StatusRed {
		return p, invalid("fever", "is for red")
	}
	if in.Until != "" {
		p.Until, err = parseTime("until", in.Until)
	}
	return p, err
}

// underCase refuses what takes a case and names none that is open and the caller's
// business.
func (s *Server) underCase(c *fiber.Ctx, code string) error {
	if code == "" {
		return invalid("case", "is missing: this belongs to an open case, give its code")
	}
	kase, err := s.store.Case(s.context(c), code)
	switch {
	case err != nil:
		return s.hidden(principalOf(c), err)
	case !s.concerns(principalOf(c), kase.Grid):
		return outOfScope()
	case !kase.Open():
		return failure(codeCaseClosed, "the case is closed: open another one")
	}
	return nil
}

// proposalView is a change of status that waits for a second person, or did.
type proposalView struct {
	ID         string         `json:"id"`
	State      string         `json:"state"`
	Status     string         `json:"status"`
	Ground     string         `json:"ground"`
	GroundText textView       `json:"ground_text"`
	Until      *utcTime       `json:"until"`
	Evidence   string         `json:"evidence"`
	Case       string         `json:"case"`
	Node       string         `json:"node"`
	Count      int            `json:"count"`  // people
	People     []clientView   `json:"people"` // of one proposal; in lists at most 3
	Failed     []failedChange `json:"failed"`
	ProposedBy string         `json:"proposed_by"`
	ProposedAt utcTime        `json:"proposed_at"`
	ExpiresAt  utcTime        `json:"expires_at"`
	DecidedBy  string         `json:"decided_by"`
	ClosedAt   *utcTime       `json:"closed_at"`
	Reason     string         `json:"reason"`
}

type failedChange struct {
	Resident string `json:"resident"`
	Detail   string `json:"detail"`
}

func (s *Server) viewOfProposal(c *fiber.Ctx, m *checkpoint.Matter, most int) (v proposalView, err error) {
	var p office.Proposal
	if err := m.Get(&p); err != nil {
		return v, err
	}
	whom, ground := p.Whom(m), p.Ground.Words()
	people, err := s.store.Residents(s.context(c), whom[:min(len(whom), most)])
	if err != nil {
		return v, err
	}
	v = proposalView{
		ID: m.ID.String(), State: m.State, Status: p.Status.String(), Ground: string(p.Ground), GroundText: textView{ground.ZH, ground.EN},
		Until: timeOrNil(p.Until), Evidence: p.Evidence, Case: p.Case, Node: m.Node, Count: len(whom), People: []clientView{}, Failed: []failedChange{},
		ProposedBy: s.loginOf(p.By), ProposedAt: utcTime(m.OpenedAt), ExpiresAt: utcTime(m.OpenedAt + office.ProposalLife.Milliseconds()),
		DecidedBy: s.loginOf(p.Second), ClosedAt: timeOrNil(m.ClosedAt), Reason: p.Why,
	}
	for i := range people {
		v.People = append(v.People, viewOfClient(&people[i]))
	}
	for _, f := range p.FailedFor(m) {
		v.Failed = append(v.Failed, failedChange{checkpoint.FormatPersonID(f.Person), f.Why})
	}
	return v, nil
}

// propose writes a change down that waits for a second person, and answers 202 with it.
func (s *Server) propose(c *fiber.Ctx, clientID, node string, p office.Proposal, people []uint64) error {
	if err := s.store.CheckStatusChange(p.Change()); err != nil {
		return err
	}
	if err := s.underCase(c, p.Case); err != nil {
		return err
	}
	m, err := s.office.Propose(s.context(c), clientID, node, p, people)
	if err != nil {
		return err
	}
	s.log(c).Info("status proposed", "by", principalOf(c).Staff.Login, "status", p.Status.String(), "people", len(people))
	view, err := s.viewOfProposal(c, &m, office.MaxProposed)
	if err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(fiber.Map{"proposal": view})
}

// handleStatusChanges gives many people one status: few at once, many by a proposal.
func (s *Server) handleStatusChanges(c *fiber.Ctx) error {
	var in struct {
		statusInput
		ID     string   `json:"id"`
		People []string `json:"people"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	who := principalOf(c).Staff
	p, err := in.proposal(who)
	if err != nil {
		return err
	}
	if in.Fever != "" {
		return invalid("fever", "is for one person: PUT /v1/residents/{id}/status")
	}
	people, err := s.peopleInScope(c, in.People)
	if err != nil {
		return err
	}
	if office.NeedsSecond(p.Status, len(people)) {
		return s.propose(c, in.ID, who.Grid, p, people)
	}
	if err := s.store.CheckStatusChange(p.Change()); err != nil {
		return err
	}
	if err := s.underCase(c, p.Case); err != nil {
		return err
	}
	failed, err := s.office.ChangeStatuses(s.context(c), p.Change(), people)
	if err != nil {
		return err
	}
	s.log(c).Info("statuses changed", "by", who.Login, "status", p.Status.String(), "people", len(people))
	views := []failedChange{}
	for _, f := range failed {
		views = append(views, failedChange{checkpoint.FormatPersonID(f.Person), f.Why})
	}
	return c.JSON(fiber.Map{"changed": len(people) - len(failed), "failed": views})
}

// peopleInScope reads IDs of people, all of whom have to be in the caller's scope; the
// audit gets an entry about each.
func (s *Server) peopleInScope(c *fiber.Ctx, texts []string) ([]uint64, error) {
	if len(texts) == 0 || len(texts) > office.MaxProposed {
		return nil, invalid("people", fmt.Sprintf("name 1 to %d", office.MaxProposed))
	}
	ids := make([]uint64, len(texts))
	for i, text := range texts {
		id, err := checkpoint.ParsePersonID(text)
		if err != nil {
			return nil, invalid("people", "holds "+clip(text, 20)+", which is no ID of a person")
		}
		ids[i] = id
	}
	return ids, s.auditPeople(c, ids, true)
}

// auditPeople refuses people who are not all in the caller's scope (and on record, if
// all of them have to be) and puts each of them into the audit.
func (s *Server) auditPeople(c *fiber.Ctx, ids []uint64, all bool) error {
	people, err := s.office.Present(s.context(c), ids)
	if err != nil {
		return err
	}
	for i := range people {
		gone := people[i].ID == 0
		if gone && all || !gone && !s.reaches(principalOf(c), people[i].Grid) {
			return outOfScope()
		}
	}
	return s.aboutMany(c, ids)
}

// aboutMany is about for any number of people: an entry is found by at most MaxAbout,
// so many make more entries.
func (s *Server) aboutMany(c *fiber.Ctx, ids []uint64) error {
	in := inquiryOf(c)
	if in == nil {
		return nil
	}
	for first := true; len(ids) > 0; first = false {
		some := ids[:min(len(ids), checkpoint.MaxAbout)]
		if ids = ids[len(some):]; first {
			s.about(c, some...)
			continue
		}
		entry := in.entry
		entry.Outcome, entry.Rows = "answered", int64(len(some))
		if _, err := s.store.AuditAbout(s.context(c), entry, checkpoint.About{People: some}); err != nil {
			return err
		}
	}
	return nil
}

// handleProposals lists the proposals of the caller's part of the grid.
func (s *Server) handleProposals(c *fiber.Ctx) error {
	q := checkpoint.MatterQuery{Kind: office.KindProposal, By: checkpoint.OpenOnly, Cursor: strings.Clone(c.Query("cursor"))}
	switch c.Query("state", "open") {
	case "open":
	case "closed":
		q.By, q.Newest = checkpoint.ClosedOnly, true
	default:
		return invalid("state", "must be open or closed")
	}
	var err error
	if q.Node, err = s.nodeAsked(c); err != nil {
		return err
	}
	if q.Limit, err = limitAsked(c, checkpoint.MaxMatters); err != nil {
		return err
	}
	page, next, err := s.store.Matters(s.context(c), q)
	if err != nil {
		return err
	}
	views := make([]proposalView, len(page))
	for i := range page {
		if views[i], err = s.viewOfProposal(c, &page[i], 3); err != nil {
			return err
		}
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"proposals": views, "next": next})
}

// handleProposal gives one with all of its people: whoever approves it looks at them
// first.
func (s *Server) handleProposal(c *fiber.Ctx) error {
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	p, m, err := s.office.ProposalOf(s.context(c), id)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), m.Node) {
		return outOfScope()
	}
	whom := p.Whom(&m)
	if err := s.auditPeople(c, whom, false); err != nil {
		return err
	}
	s.rows(c, len(whom))
	view, err := s.viewOfProposal(c, &m, office.MaxProposed)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// handleApproveProposal has somebody else than its author put a proposal into force.
func (s *Server) handleApproveProposal(c *fiber.Ctx) error { return s.decideProposal(c, true) }

// handleRefuseProposal ends it.
func (s *Server) handleRefuseProposal(c *fiber.Ctx) error { return s.decideProposal(c, false) }

func (s *Server) decideProposal(c *fiber.Ctx, approve bool) error {
	var in struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	p, m, err := s.office.ProposalOf(s.context(c), id)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if err := s.auditPeople(c, p.Whom(&m), false); err != nil {
		return err
	}
	if m, err = s.office.DecideProposal(s.context(c), id, principalOf(c).Staff.Num, approve, in.Reason); err != nil {
		return err
	}
	s.log(c).Info("proposal decided", "by", principalOf(c).Staff.Login, "proposal", id.String(), "state", m.State)
	view, err := s.viewOfProposal(c, &m, office.MaxProposed)
	if err != nil {
		return err
	}
	return c.JSON(view)
}
