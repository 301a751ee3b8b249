package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// serviceView is what a household has asked for, as it sees it.
type serviceView struct {
	ID       string   `json:"id"`
	Resident string   `json:"resident"`
	Kind     string   `json:"kind"`
	Text     string   `json:"text"`
	State    string   `json:"state"` // open, taken, done
	OpenedAt utcTime  `json:"opened_at"`
	TakenAt  *utcTime `json:"taken_at"`
	DoneAt   *utcTime `json:"done_at"`
	Note     string   `json:"note"`
}

func viewOfService(r *checkpoint.ServiceRequest) serviceView {
	return serviceView{
		r.ID, checkpoint.FormatPersonID(r.Person), string(r.Kind), r.Text, string(r.State()), utcTime(r.OpenedAt),
		timeOrNil(r.TakenAt), timeOrNil(r.DoneAt), r.Note,
	}
}

// serviceForStaff is a request with whose it is and who sees to it. Its ID names
// it for the whole town.
type serviceForStaff struct {
	serviceView
	Person  clientView `json:"person"`
	TakenBy string     `json:"taken_by"`
	DoneBy  string     `json:"done_by"`
	DueAt   *utcTime   `json:"due_at"` // of the next step; null when it is done
	Overdue bool       `json:"overdue"`
}

func (s *Server) serviceForStaff(r *checkpoint.ServiceRequest, p *checkpoint.Resident) serviceForStaff {
	view := serviceForStaff{viewOfService(r), viewOfClient(p), s.loginOf(r.TakenBy), s.loginOf(r.DoneBy), timeOrNil(r.DueAt()), r.Overdue(s.now())}
	view.ID = townID(r.Person, r.ID)
	return view
}

// handleMyRequest asks for something for a member.
func (s *Server) handleMyRequest(c *fiber.Ctx) error {
	var in struct {
		ID       string `json:"id"`
		Resident string `json:"resident"`
		Kind     string `json:"kind"`
		Text     string `json:"text"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	member, err := s.memberOf(c, in.Resident)
	if err != nil {
		return err
	}
	request, err := s.store.OpenRequest(s.context(c), member.ID, in.ID, checkpoint.ServiceKind(in.Kind), in.Text)
	if err != nil {
		return err
	}
	return c.JSON(viewOfService(&request))
}

// handleMyRequests lists what the household has asked for, the last first.
func (s *Server) handleMyRequests(c *fiber.Ctx) error {
	ids, err := s.householdIDs(c)
	if err != nil {
		return err
	}
	requests, err := s.store.RequestsOf(s.context(c), ids)
	if err != nil {
		return err
	}
	views := make([]serviceView, len(requests))
	for i := range requests {
		views[i] = viewOfService(&requests[i])
	}
	return c.JSON(fiber.Map{"requests": views})
}

// handleRequests lists what people in the caller's scope have asked for: what is
// not done, of one state if one is given, or what was done in a window.
func (s *Server) handleRequests(c *fiber.Ctx) error {
	state := c.Query("state")
	requests, next, err := s.requestsAsked(c, checkpoint.ServiceState(state))
	if err != nil {
		return err
	}
	views := []serviceForStaff{}
	err = s.eachClient(c, len(requests), func(i int) uint64 { return requests[i].Person }, func(i int, p *checkpoint.Resident) {
		if state == "" || string(requests[i].State()) == state {
			views = append(views, s.serviceForStaff(&requests[i], p))
		}
	})
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"requests": views, "next": next})
}

func (s *Server) requestsAsked(c *fiber.Ctx, state checkpoint.ServiceState) ([]checkpoint.ServiceRequest, string, error) {
	q, err := s.careAsked(c)
	if err != nil {
		return nil, "", err
	}
	switch state {
	case "", checkpoint.ServiceOpen, checkpoint.ServiceTaken:
		return s.store.WaitingRequests(s.context(c), q)
	case checkpoint.ServiceDone:
		from, to, err := s.window(c)
		if err != nil {
			return nil, "", err
		}
		return s.store.DoneRequests(s.context(c), from, to, q)
	}
	return nil, "", invalid("state", "must be open, taken or done; without it, all that is not done")
}

// handleTakeRequest says that the caller sees to it.
func (s *Server) handleTakeRequest(c *fiber.Ctx) error { return s.turnRequest(c, s.store.TakeRequest) }

// handleFinishRequest says that it is done.
func (s *Server) handleFinishRequest(c *fiber.Ctx) error {
	return s.turnRequest(c, s.store.FinishRequest)
}

func (s *Server) turnRequest(c *fiber.Ctx, turn func(context.Context, uint64, string, string, uint32) (checkpoint.ServiceRequest, error)) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	person, id, err := s.clientOf(c)
	if err != nil {
		return err
	}
	request, err := turn(s.context(c), person.ID, id, in.Note, principalOf(c).Staff.Num)
	if err != nil {
		return err
	}
	return c.JSON(s.serviceForStaff(&request, &person))
}
