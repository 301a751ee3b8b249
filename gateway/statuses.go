package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// decisionView is a decision about somebody's status: what, why, by whom, until
// when. Of a status by enrolment nobody said why: ground and author are empty.
type decisionView struct {
	Status     string   `json:"status"`
	Ground     string   `json:"ground"`
	GroundText textView `json:"ground_text"`
	Since      utcTime  `json:"since"`
	Until      *utcTime `json:"until"`  // null: until it is changed
	By         string   `json:"by"`     // login; "passgate" where it ended by itself
	Office     string   `json:"office"` // node of the grid
	ByOffice   string   `json:"by_office"`
	Evidence   string   `json:"evidence,omitempty"`
}

// viewOfDecision shows a decision. The evidence is for those who decide.
func (s *Server) viewOfDecision(r *checkpoint.StatusRecord, who *checkpoint.Staff) decisionView {
	ground := r.Ground.Words()
	v := decisionView{
		Status: r.Status.String(), Ground: string(r.Ground), GroundText: textView{ground.ZH, ground.EN},
		Since: utcTime(r.Since), Until: timeOrNil(r.Until), By: s.loginOf(r.By), ByOffice: s.officeOf(r),
	}
	if r.Ground != "" {
		v.Office = r.Office
	}
	if r.Authority != "" {
		v.By = r.Author
	}
	if r.Ground == checkpoint.GroundLapsed {
		v.By = "passgate"
	}
	switch who.Role {
	case checkpoint.RoleMedic, checkpoint.RoleLeader, checkpoint.RoleAdmin:
		v.Evidence = r.Evidence
	}
	return v
}

// officeOf names the office that took a decision: "" where nobody did. Staff
// without a node speak for the whole town. It may be one outside the town.
func (s *Server) officeOf(r *checkpoint.StatusRecord) string {
	if r.Ground == "" {
		return ""
	}
	if r.Authority != "" {
		return r.Authority
	}
	if n, ok := s.store.Registry().Grid(r.Office); ok {
		return n.Name
	}
	return rootOf(s.store.Registry())
}

// loginOf is the login of a member of staff by number, "" for 0.
func (s *Server) loginOf(number uint32) string {
	if st, ok := s.store.Registry().StaffByNum(number); ok {
		return st.Login
	}
	return ""
}

// handleStatus decides about a person's status.
func (s *Server) handleStatus(c *fiber.Ctx) error {
	var in struct {
		Status   string `json:"status"`
		Ground   string `json:"ground"`
		Until    string `json:"until"`
		Evidence string `json:"evidence"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	status, err := checkpoint.ParseStatus(in.Status)
	if err != nil {
		return invalid("status", "must be one of "+joined(checkpoint.Statuses()))
	}
	who, until := principalOf(c).Staff, int64(0)
	if in.Until != "" {
		if until, err = parseTime("until", in.Until); err != nil {
			return err
		}
	}
	person := residentOf(c)
	record, err := s.store.ChangeStatus(s.context(c), person.ID, checkpoint.StatusChange{
		Status: status, Ground: checkpoint.Ground(in.Ground), Until: until, Evidence: in.Evidence, By: who.Num, Office: who.Grid,
	})
	if err != nil {
		return err
	}
	s.logger.Info("status changed", "request", requestID(c), "by", who.Login, "status", status.String(), "ground", in.Ground)
	return c.JSON(struct {
		ID string `json:"id"`
		decisionView
	}{checkpoint.FormatPersonID(person.ID), s.viewOfDecision(&record, who)})
}

// handleResident gives one person in the clear, and why they have their status.
func (s *Server) handleResident(c *fiber.Ctx) error {
	p, who := residentOf(c), principalOf(c).Staff
	history, err := s.store.StatusHistory(s.context(c), &p)
	if err != nil {
		return err
	}
	switch who.Role {
	case checkpoint.RoleEnroller, checkpoint.RoleAdmin:
	default:
		p.IDNumber = maskTail(p.IDNumber)
	}
	views := make([]decisionView, len(history))
	for i := range history {
		views[len(history)-1-i] = s.viewOfDecision(&history[i], who)
	}
	return c.JSON(struct {
		residentView
		Decisions []decisionView `json:"decisions"`
	}{viewOfResident(p), views})
}

// memberCare is what a household is told of a member beside who they are: why
// they have their status, their contest and, under observation, their diary.
type memberCare struct {
	Ground     string        `json:"ground"`
	GroundText textView      `json:"ground_text"`
	Since      *utcTime      `json:"since"`
	Until      *utcTime      `json:"until"`
	ByOffice   string        `json:"by_office"`
	Contest    *contestView  `json:"contest"`
	Observed   *observedView `json:"observed"`
}

type observedView struct {
	From  utcTime           `json:"from"`
	Until *utcTime          `json:"until"`
	Due   []checkpoint.Slot `json:"readings_due"`
	Today []diaryView       `json:"today"`
}

// careOf reads it for the members of a household, in their order.
func (s *Server) careOf(ctx context.Context, members []checkpoint.Resident) ([]memberCare, error) {
	cares, err := s.store.CareOf(ctx, members)
	if err != nil {
		return nil, err
	}
	out := make([]memberCare, len(cares))
	for i := range cares {
		care, r := &cares[i], &cares[i].Status
		ground := r.Ground.Words()
		v := memberCare{
			Ground: string(r.Ground), GroundText: textView{ground.ZH, ground.EN},
			Since: timeOrNil(r.Since), Until: timeOrNil(r.Until), ByOffice: s.officeOf(r),
		}
		if care.Contest != nil {
			contest := viewOfContest(care.Contest)
			v.Contest = &contest
		}
		if r.Status.Observed() {
			v.Observed = &observedView{utcTime(care.ObservedFrom), timeOrNil(r.Until), append([]checkpoint.Slot{}, care.Due...), s.viewsOfDiary(&members[i], care.Today)}
		}
		out[i] = v
	}
	return out, nil
}
