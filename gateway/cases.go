package gateway

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// caseView is a tracing case as the API shows it. PeriodFrom and PeriodTo say
// in which time meetings with it count.
type caseView struct {
	Code       string                 `json:"code"`
	Kind       checkpoint.CaseKind    `json:"kind"`
	Title      string                 `json:"title"`
	People     []personInEvent        `json:"people"`
	Grid       string                 `json:"grid"`
	OnsetAt    *utcTime               `json:"onset_at"`
	SampledAt  *utcTime               `json:"sampled_at"`
	IsolatedAt *utcTime               `json:"isolated_at"`
	PeriodFrom utcTime                `json:"period_from"`
	PeriodTo   utcTime                `json:"period_to"`
	OpenedAt   utcTime                `json:"opened_at"`
	OpenedBy   string                 `json:"opened_by"`
	ClosedAt   *utcTime               `json:"closed_at"`
	ClosedBy   string                 `json:"closed_by"`
	Outcome    checkpoint.CaseOutcome `json:"outcome"`
	Caps       checkpoint.Caps        `json:"caps"`  // in force now
	Asked      int                    `json:"asked"` // different people asked about
	Lifts      []liftView             `json:"lifts"`
	Grants     []grantView            `json:"grants"`
}

type approvalView struct {
	Number     int      `json:"number"`
	Reason     string   `json:"reason"`
	AskedBy    string   `json:"asked_by"`
	AskedAt    utcTime  `json:"asked_at"`
	Until      utcTime  `json:"until"`
	ApprovedBy string   `json:"approved_by"` // empty: nobody yet
	ApprovedAt *utcTime `json:"approved_at"`
}

type liftView struct {
	checkpoint.Caps
	approvalView
}

type grantView struct {
	Node string `json:"node"`
	approvalView
}

func viewOfApproval(n int, a *checkpoint.Approval) approvalView {
	return approvalView{n, a.Reason, a.AskedBy, utcTime(a.AskedAt), utcTime(a.Until), a.ApprovedBy, timeOrNil(a.ApprovedAt)}
}

// viewOfCases renders cases with the masked names of their people; of those
// outside the caller's part of the grid it has the ID only.
func (s *Server) viewOfCases(c *fiber.Ctx, cases []checkpoint.Case) ([]caseView, error) {
	var ids []uint64
	for i := range cases {
		ids = append(ids, cases[i].People...)
	}
	people, err := s.store.Views(s.context(c), ids)
	if err != nil {
		return nil, err
	}
	for id, p := range people {
		if !s.reaches(principalOf(c), p.Grid) {
			people[id] = checkpoint.PersonView{ID: id}
		}
	}
	counts, err := s.store.Asked(s.context(c), cases)
	if err != nil {
		return nil, err
	}
	views := make([]caseView, len(cases))
	for i := range cases {
		views[i] = viewOfCase(&cases[i], people, counts[i], s.now())
	}
	return views, nil
}

func viewOfCase(k *checkpoint.Case, people map[uint64]checkpoint.PersonView, count int, now int64) caseView {
	from, to := k.Period(now)
	v := caseView{
		Code: k.Code, Kind: k.Kind, Title: k.Title, People: []personInEvent{}, Grid: k.Grid,
		OnsetAt: timeOrNil(k.OnsetAt), SampledAt: timeOrNil(k.SampledAt), IsolatedAt: timeOrNil(k.IsolatedAt),
		PeriodFrom: utcTime(from), PeriodTo: utcTime(to), OpenedAt: utcTime(k.OpenedAt), OpenedBy: k.OpenedBy,
		ClosedAt: timeOrNil(k.ClosedAt), ClosedBy: k.ClosedBy, Outcome: k.Outcome,
		Caps: k.CapsAt(now), Asked: count, Lifts: []liftView{}, Grants: []grantView{},
	}
	for _, id := range k.People {
		v.People = append(v.People, *viewOfPerson(id, people[id]))
	}
	for i := range k.Lifts {
		v.Lifts = append(v.Lifts, liftView{k.Lifts[i].Caps, viewOfApproval(i, &k.Lifts[i].Approval)})
	}
	for i := range k.Grants {
		v.Grants = append(v.Grants, grantView{k.Grants[i].Node, viewOfApproval(i, &k.Grants[i].Approval)})
	}
	return v
}

// answerCase renders what a change of a case came to.
func (s *Server) answerCase(c *fiber.Ctx, k checkpoint.Case, err error) error {
	if err != nil {
		return err
	}
	views, err := s.viewOfCases(c, []checkpoint.Case{k})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}

// caseOf reads the case in the path and checks that it is the caller's business.
func (s *Server) caseOf(c *fiber.Ctx) (checkpoint.Case, error) {
	k, err := s.store.Case(s.context(c), strings.Clone(c.Params("code")))
	if err == nil && !s.concerns(principalOf(c), k.Grid) {
		err = outOfScope()
	}
	return k, s.hidden(principalOf(c), err)
}

// handleOpenCase opens a case, for one person or for none (a cluster).
func (s *Server) handleOpenCase(c *fiber.Ctx) error {
	var in struct {
		Kind       string `json:"kind"`
		Person     string `json:"person"`
		Title      string `json:"title"`
		Grid       string `json:"grid"`
		OnsetAt    string `json:"onset_at"`
		SampledAt  string `json:"sampled_at"`
		IsolatedAt string `json:"isolated_at"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	who := principalOf(c)
	k := checkpoint.Case{
		Kind: checkpoint.CaseKind(in.Kind), Title: in.Title, Grid: who.Staff.Grid,
	}
	for _, t := range []struct {
		field, text string
		at          *int64
	}{{"onset_at", in.OnsetAt, &k.OnsetAt}, {"sampled_at", in.SampledAt, &k.SampledAt}, {"isolated_at", in.IsolatedAt, &k.IsolatedAt}} {
		if t.text == "" {
			continue
		}
		at, err := s.momentOf(t.field, t.text)
		if err != nil {
			return err
		}
		*t.at = at
	}
	if in.Person != "" {
		node, id, err := s.reachablePerson(c, in.Person)
		if err != nil {
			return err
		}
		k.People = []uint64{id}
		if node != "" {
			k.Grid = node
		}
		s.subject(c, in.Person)
		s.about(c, id)
	}
	if in.Grid != "" {
		if _, ok := s.store.Registry().Grid(in.Grid); !ok {
			return invalid("grid", "is not a node of the grid")
		}
		k.Grid = in.Grid
	}
	if !s.reaches(who, k.Grid) {
		return outOfScope()
	}
	k, err := s.store.OpenCase(s.context(c), k, who.Staff.Login)
	c.Status(fiber.StatusCreated)
	return s.answerCase(c, k, err)
}

// reachablePerson reads a person's ID and finds the node of their home; they
// have to be in the caller's scope.
func (s *Server) reachablePerson(c *fiber.Ctx, text string) (node string, id uint64, err error) {
	if id, err = checkpoint.ParsePersonID(text); err != nil {
		return "", 0, err
	}
	person, err := s.store.Resident(s.context(c), id)
	if err != nil {
		return "", 0, s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), person.Grid) {
		return "", 0, outOfScope()
	}
	return person.Grid, id, nil
}

// handleCases lists the cases that are the caller's business, the newest first.
func (s *Server) handleCases(c *fiber.Ctx) error {
	state := c.Query("state")
	if state != "" && state != "open" && state != "closed" {
		return invalid("state", "must be open or closed")
	}
	cases, err := s.store.Cases(s.context(c))
	if err != nil {
		return err
	}
	cases = slices.DeleteFunc(cases, func(k checkpoint.Case) bool {
		return !s.concerns(principalOf(c), k.Grid) || state != "" && k.Open() != (state == "open")
	})
	views, err := s.viewOfCases(c, cases)
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(struct {
		Cases []caseView `json:"cases"`
	}{views})
}

func (s *Server) handleCase(c *fiber.Ctx) error {
	k, err := s.caseOf(c)
	return s.answerCase(c, k, err)
}

func (s *Server) handleCloseCase(c *fiber.Ctx) error {
	var in struct {
		Outcome string `json:"outcome"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	k, err := s.caseOf(c)
	if err != nil {
		return err
	}
	if !s.reaches(principalOf(c), k.Grid) { // others in the town need it, too
		return outOfScope()
	}
	k, err = s.store.CloseCase(s.context(c), k.Code, checkpoint.CaseOutcome(in.Outcome), principalOf(c).Staff.Login)
	return s.answerCase(c, k, err)
}

// handleAttach adds people to a case: their events are held with it.
func (s *Server) handleAttach(c *fiber.Ctx) error {
	var in struct {
		People []string `json:"people"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if len(in.People) == 0 || len(in.People) > 100 {
		return invalid("people", "give 1 to 100 IDs")
	}
	k, err := s.caseOf(c)
	if err != nil {
		return err
	}
	people := make([]uint64, len(in.People))
	for i, text := range in.People {
		if _, people[i], err = s.reachablePerson(c, text); err != nil {
			return err
		}
	}
	s.rows(c, len(people))
	s.about(c, people...)
	k, err = s.store.AttachToCase(s.context(c), k.Code, people)
	return s.answerCase(c, k, err)
}
