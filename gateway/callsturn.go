package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// handleNextCall gives the caller whom to call next; again, the same one.
func (s *Server) handleNextCall(c *fiber.Ctx) error {
	a, err := s.askCallsInPath(c)
	if err == nil {
		_, err = s.office.MayCall(s.context(c), a.kase.Code)
	}
	if err != nil {
		return err
	}
	by := principalOf(c).Staff.Num
	t, err := s.office.NextCall(s.context(c), a.kase.Code, by, func(node string) bool { return s.reachesAsked(c, node) })
	if err != nil {
		return err
	}
	if t == nil {
		again, err := s.nextPause(c, &a)
		if err != nil {
			return err
		}
		s.rows(c, 0)
		return s.answerHand(c, nil, again)
	}
	s.subject(c, checkpoint.FormatPersonID(t.Person))
	return s.answerHand(c, t, 0)
}

// nextPause is when the first one of the caller's part that did not answer comes back
// (UTC ms); 0: none does.
func (s *Server) nextPause(c *fiber.Ctx, a *callAsk) (first int64, err error) {
	tasks, err := s.seenCalls(c, a)
	for i := range tasks {
		if t := &tasks[i]; t.StateAt(s.now()) == office.CallAgain && s.reachesAsked(c, t.Node) && (first == 0 || t.AgainAt < first) {
			first = t.AgainAt
		}
	}
	return first, err
}

// mayTurnCall is askCall for a task under whose case people are still called.
func (s *Server) mayTurnCall(c *fiber.Ctx, within bool) (office.Task, error) {
	t, a, err := s.askCall(c, within)
	if err == nil {
		_, err = s.office.MayCall(s.context(c), a.kase.Code)
	}
	return t, err
}

// leads tells whether the caller may take tasks out of others' hands.
func leads(c *fiber.Ctx) bool {
	role := principalOf(c).Staff.Role
	return role == leader || role == checkpoint.RoleAdmin
}

// handleShowNumber shows name and number to the one who has the task. That is on record
// under the case, with the reason, before it is shown.
func (s *Server) handleShowNumber(c *fiber.Ctx) error {
	t, err := s.mayTurnCall(c, true)
	if err != nil {
		return err
	}
	if _, err := reasonOf(c.Get(headerReason)); err != nil {
		return err
	}
	if t, err = s.office.ShowNumber(s.context(c), t.ID, principalOf(c).Staff.Num); err != nil {
		return err
	}
	who, err := s.store.Resident(s.context(c), t.Person)
	if err != nil {
		return err
	}
	s.about(c, who.ID)
	return c.JSON(fiber.Map{"phone": who.Phone, "name": who.Name, "shown": t.Shown})
}

// handleAssignCall gives a task to somebody of the staff.
func (s *Server) handleAssignCall(c *fiber.Ctx) error {
	var in struct {
		Login string `json:"login"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	t, err := s.mayTurnCall(c, true)
	if err == nil {
		t, err = s.office.AssignCall(s.context(c), t.ID, principalOf(c).Staff.Num, in.Login)
	}
	if err != nil {
		return err
	}
	return s.answerCall(c, &t)
}

// handleReleaseCall gives a task back.
func (s *Server) handleReleaseCall(c *fiber.Ctx) error {
	t, _, err := s.askCall(c, true)
	if err == nil {
		t, err = s.office.ReleaseCall(s.context(c), t.ID, principalOf(c).Staff.Num, leads(c))
	}
	if err != nil {
		return err
	}
	return s.answerCall(c, &t)
}

// handleTransferCall gives a task to another part of the grid, or to a subdistrict
// outside the town. Nobody draws one from elsewhere into their own part.
func (s *Server) handleTransferCall(c *fiber.Ctx) error {
	var in struct {
		To   string `json:"to"`
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	t, err := s.mayTurnCall(c, false)
	if err != nil {
		return err
	}
	may := func(from, to string) error {
		if !s.reachesAsked(c, from) && s.reachesAsked(c, to) {
			return failure(codeOutOfScope, "this person lives outside your part of the grid: give the task to the part that answers for them")
		}
		return nil
	}
	if t, err = s.office.TransferCall(s.context(c), t.ID, principalOf(c).Staff.Num, leads(c), in.To, in.Note, may); err != nil {
		return err
	}
	s.about(c, t.Person)
	return s.answerCall(c, &t)
}

// outcomeBody is what became of a call.
type outcomeBody struct {
	ID      string       `json:"id"`
	Outcome string       `json:"outcome"`
	Note    string       `json:"note"`
	Answers *answersView `json:"answers"`
	AgainAt string       `json:"again_at"`
	Order   *orderBody   `json:"order"`
}

// orderBody is what somebody was told to do; leader, cadre and medic begin an
// observation at once, which takes a leader.
type orderBody struct {
	Status string `json:"status"`
	Until  string `json:"until"`
	Leader string `json:"leader"`
	Cadre  string `json:"cadre"`
	Medic  string `json:"medic"`
	Place  string `json:"place"`
}

// handleFinishCall writes down what became of a call.
func (s *Server) handleFinishCall(c *fiber.Ctx) error {
	var in outcomeBody
	if err := decode(c, &in); err != nil {
		return err
	}
	t, err := s.mayTurnCall(c, true)
	if err != nil {
		return err
	}
	out := office.NewOutcome{ID: in.ID, Outcome: in.Outcome, Note: in.Note, By: principalOf(c).Staff}
	if a := in.Answers; a != nil {
		out.Answers = &office.Answers{Symptoms: a.Symptoms, Onset: a.Onset, PlaceNow: a.PlaceNow, TravelsOn: a.TravelsOn}
	}
	if in.AgainAt != "" {
		if out.AgainAt, err = parseTime("again_at", in.AgainAt); err != nil {
			return err
		}
	}
	if out.Order, err = orderOf(c, &in); err != nil {
		return err
	}
	if t, err = s.office.FinishCall(s.context(c), t.ID, out); err != nil {
		return err
	}
	s.about(c, t.Person)
	s.log(c).Info("contact called", "by", principalOf(c).Staff.Login, "case", t.Case, "outcome", in.Outcome)
	return s.answerCall(c, &t)
}

func orderOf(c *fiber.Ctx, in *outcomeBody) (o office.Order, err error) {
	switch {
	case in.Outcome != office.OutcomeOrdered && in.Order != nil:
		return o, invalid("order", "is for ordered")
	case in.Outcome != office.OutcomeOrdered:
		return o, nil
	case in.Order == nil:
		return o, invalid("order", "is missing: which status, and until when")
	}
	if o.Status, err = checkpoint.ParseStatus(in.Order.Status); err != nil {
		return o, invalid("status", "must be yellow, observation or quarantine")
	}
	if o.Until, err = parseTime("until", in.Order.Until); err != nil {
		return o, err
	}
	if in.Order.Leader+in.Order.Cadre+in.Order.Medic == "" {
		return o, nil
	}
	if !leads(c) {
		return o, failure(codeForbidden, "a leader begins observations: order the status, which they approve")
	}
	o.Three, o.Place = &office.Three{Leader: in.Order.Leader, Cadre: in.Order.Cadre, Medic: in.Order.Medic}, in.Order.Place
	return o, nil
}
