package gateway

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// dispatchView is a problem that was given to somebody, to be solved by a time.
type dispatchView struct {
	ID       string       `json:"id"`
	Node     string       `json:"node"`
	Problem  string       `json:"problem"`
	Source   string       `json:"source"`
	State    string       `json:"state"` // open, taken, done, verified, reopened
	Owner    string       `json:"owner"` // login
	OpenedAt utcTime      `json:"opened_at"`
	DueAt    *utcTime     `json:"due_at"` // null when it is done
	Overdue  bool         `json:"overdue"`
	ClosedAt *utcTime     `json:"closed_at"`
	Steps    []matterStep `json:"steps"`
}

func (s *Server) viewOfDispatch(m *checkpoint.Matter) (*dispatchView, error) {
	var d office.Dispatch
	if err := m.Get(&d); err != nil {
		return nil, err
	}
	return &dispatchView{
		m.ID.String(), m.Node, d.Problem, d.Source, m.State, s.loginOf(m.Owner), utcTime(m.OpenedAt), timeOrNil(m.DueAt), m.Late(s.now()),
		timeOrNil(m.ClosedAt), s.viewOfMatterSteps(m),
	}, nil
}

func (s *Server) answerDispatch(c *fiber.Ctx, m *checkpoint.Matter, err error) error {
	if err != nil {
		return err
	}
	view, err := s.viewOfDispatch(m)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

// handleAddDispatch gives a problem out.
func (s *Server) handleAddDispatch(c *fiber.Ctx) error {
	var in struct {
		ID      string `json:"id"`
		Node    string `json:"node"`
		Problem string `json:"problem"`
		Source  string `json:"source"`
		Owner   string `json:"owner"`
		DueAt   string `json:"due_at"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAt(c, in.Node); err != nil {
		return err
	}
	due, err := parseTime("due_at", in.DueAt)
	if err != nil {
		return err
	}
	if err := s.maySpread(c, in.Source); err != nil {
		return err
	}
	m, err := s.office.AddDispatch(s.context(c), office.NewDispatch{
		ID: in.ID, Node: in.Node, Owner: in.Owner, DueAt: due, By: principalOf(c).Staff.Num,
		Detail: office.Dispatch{Problem: in.Problem, Source: in.Source},
	})
	return s.answerDispatch(c, &m, err)
}

// maySpread refuses a report about staff as a source: its dispatch would be seen by
// those whom it is hidden from. Who may not know of one is told what they would be
// told if it were not there.
func (s *Server) maySpread(c *fiber.Ctx, source string) error {
	kind, id, _ := strings.Cut(source, "/")
	if kind != string(office.KindReport) && kind != string(office.KindStaffReport) {
		return nil
	}
	none := invalid("source", "there is no such report")
	report, err := checkpoint.ParseMatterID(id)
	if err != nil {
		return none
	}
	m, err := s.office.ReportFor(s.context(c), report, principalOf(c).Staff)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return none
	case err != nil:
		return err
	case !s.reaches(principalOf(c), m.Node):
		return none
	case m.Kind == office.KindStaffReport:
		return invalid("source", "a report about staff is assigned and not dispatched, where others would read of it")
	}
	return nil
}

// handleDispatches lists what was given out at a node and below it: what is not
// closed, of one state if it is given; all of a day; or what was verified in a window.
func (s *Server) handleDispatches(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	state, owner := c.Query("state"), c.Query("owner")
	q := checkpoint.MatterQuery{Kind: office.KindDispatch, Node: node, By: checkpoint.OpenOnly}
	if err := s.pageAsked(c, &q, state == office.DispatchVerified); err != nil {
		return err
	}
	switch state {
	case "", office.DispatchOpen, office.DispatchTaken, office.DispatchDone, office.DispatchReopened, office.DispatchVerified:
	default:
		return invalid("state", "must be open, taken, done, reopened or verified; without it, all that is not verified")
	}
	page, next, err := s.store.Matters(s.context(c), q)
	if err != nil {
		return err
	}
	views := []*dispatchView{}
	for i := range page {
		m := &page[i]
		if state != "" && m.State != state || owner != "" && s.loginOf(m.Owner) != owner {
			continue
		}
		view, err := s.viewOfDispatch(m)
		if err != nil {
			return err
		}
		views = append(views, view)
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"dispatches": views, "next": next})
}

// pageAsked fills in which page of a list is asked for: all that began on a local day
// if one is named; what was closed in the window if closed is asked for, the last one
// first.
func (s *Server) pageAsked(c *fiber.Ctx, q *checkpoint.MatterQuery, closed bool) (err error) {
	if q.Limit, err = limitAsked(c, 200); err != nil {
		return err
	}
	q.Cursor = strings.Clone(c.Query("cursor"))
	if text := c.Query("day"); text != "" {
		day, err := checkpoint.ParseDay(text)
		if err != nil {
			return invalid("day", "must be a day like 2020-02-11")
		}
		q.By = checkpoint.OpenedAll
		q.From, q.To = s.store.Bounds(day)
		return nil
	}
	if closed {
		q.By, q.Newest = checkpoint.ClosedOnly, true
		q.From, q.To, err = s.window(c)
	}
	return err
}

// turnDispatch changes the dispatch named in the path, if it is in the caller's part
// of the grid.
func (s *Server) turnDispatch(c *fiber.Ctx, turn func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error)) error {
	id, err := s.mayTurn(c, office.KindDispatch)
	if err != nil {
		return err
	}
	m, err := turn(s.context(c), id, principalOf(c).Staff.Num)
	return s.answerDispatch(c, &m, err)
}

// mayTurn is the ID in the path of a record of a kind that lies in the caller's part
// of the grid.
func (s *Server) mayTurn(c *fiber.Ctx, kind checkpoint.MatterKind) (checkpoint.MatterID, error) {
	m, err := s.mayRead(c, kind)
	return m.ID, err
}

// mayRead reads the record of a kind in the path, if it lies in the caller's part of
// the grid.
func (s *Server) mayRead(c *fiber.Ctx, kind checkpoint.MatterKind) (checkpoint.Matter, error) {
	id, err := matterInPath(c)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	m, err := s.store.Matter(s.context(c), kind, id)
	if err != nil {
		return m, s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), m.Node) {
		return checkpoint.Matter{}, outOfScope()
	}
	return m, nil
}

// handleDispatch gives one.
func (s *Server) handleDispatch(c *fiber.Ctx) error {
	m, err := s.mayRead(c, office.KindDispatch)
	return s.answerDispatch(c, &m, err)
}

// turnBody is what most steps are taken with.
type turnBody struct {
	Note  string `json:"note"`
	Owner string `json:"owner"`
	DueAt string `json:"due_at"`
}

// due is the deadline, 0 without one.
func (t *turnBody) due() (int64, error) {
	if t.DueAt == "" {
		return 0, nil
	}
	return parseTime("due_at", t.DueAt)
}

// noted reads a body with a note alone.
func noted(c *fiber.Ctx) (string, error) {
	var in struct {
		Note string `json:"note"`
	}
	err := decode(c, &in)
	return in.Note, err
}

// handleTakeDispatch says that the caller, who is its owner, sees to it.
func (s *Server) handleTakeDispatch(c *fiber.Ctx) error {
	note, err := noted(c)
	if err != nil {
		return err
	}
	return s.turnDispatch(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.TakeDispatch(ctx, id, by, note)
	})
}

// handleFinishDispatch says that it is solved, and how.
func (s *Server) handleFinishDispatch(c *fiber.Ctx) error {
	note, err := noted(c)
	if err != nil {
		return err
	}
	return s.turnDispatch(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.FinishDispatch(ctx, id, by, note)
	})
}

// handleVerifyDispatch closes one that is done.
func (s *Server) handleVerifyDispatch(c *fiber.Ctx) error {
	note, err := noted(c)
	if err != nil {
		return err
	}
	return s.turnDispatch(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.VerifyDispatch(ctx, id, by, note)
	})
}

// handleReopenDispatch says why one is not solved.
func (s *Server) handleReopenDispatch(c *fiber.Ctx) error {
	note, due, err := notedAndDue(c)
	if err != nil {
		return err
	}
	return s.turnDispatch(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.ReopenDispatch(ctx, id, by, due, note)
	})
}

// notedAndDue reads a body with a note and a deadline.
func notedAndDue(c *fiber.Ctx) (string, int64, error) {
	var in struct {
		Note  string `json:"note"`
		DueAt string `json:"due_at"`
	}
	if err := decode(c, &in); err != nil {
		return "", 0, err
	}
	due, err := parseTime("due_at", in.DueAt)
	return in.Note, due, err
}

// handleReassignDispatch gives one to another owner.
func (s *Server) handleReassignDispatch(c *fiber.Ctx) error {
	var in turnBody
	if err := decode(c, &in); err != nil {
		return err
	}
	due, err := in.due()
	if err != nil {
		return err
	}
	return s.turnDispatch(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.ReassignDispatch(ctx, id, by, in.Owner, due, in.Note)
	})
}
