package gateway

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
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
	Second     string   `json:"second"` // login of who approved it, "" where it took nobody
	Evidence   string   `json:"evidence,omitempty"`
}

// viewOfDecision shows a decision. The evidence is for those who decide.
func (s *Server) viewOfDecision(r *checkpoint.StatusRecord, who *checkpoint.Staff) decisionView {
	ground := r.Ground.Words()
	v := decisionView{
		Status: r.Status.String(), Ground: string(r.Ground), GroundText: textView{ground.ZH, ground.EN},
		Since: utcTime(r.Since), Until: timeOrNil(r.Until), By: s.loginOf(r.By), Second: s.loginOf(r.Second), ByOffice: s.officeOf(r),
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

// handleStatus decides about a person's status. Red waits for a second person.
func (s *Server) handleStatus(c *fiber.Ctx) error {
	var in statusInput
	if err := decode(c, &in); err != nil {
		return err
	}
	who, person := principalOf(c).Staff, residentOf(c)
	p, err := in.proposal(who)
	if err != nil {
		return err
	}
	var record checkpoint.StatusRecord
	switch {
	case in.Fever != "":
		record, err = s.redByHospital(c, in.Fever, &p, person.ID)
	case office.NeedsSecond(p.Status, 1):
		return s.propose(c, p.NameFor(person.ID), person.Grid, p, []uint64{person.ID})
	default:
		record, err = s.store.ChangeStatus(s.context(c), person.ID, p.Change())
	}
	if err != nil {
		return err
	}
	s.log(c).Info("status changed", "by", who.Login, "status", in.Status, "ground", in.Ground)
	return c.JSON(struct {
		ID string `json:"id"`
		decisionView
	}{checkpoint.FormatPersonID(person.ID), s.viewOfDecision(&record, who)})
}

// redByHospital turns somebody red at once, by a hospital's result.
func (s *Server) redByHospital(c *fiber.Ctx, fever string, p *office.Proposal, person uint64) (record checkpoint.StatusRecord, err error) {
	id, err := checkpoint.ParseFeverID(fever)
	if err != nil {
		return record, invalid("fever", "must be the ID of a fever case")
	}
	return s.office.RedByHospital(s.context(c), id, person, p.Change())
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
	// Report is what was told of today, null if nothing was; ReportDue that it has to
	// be, by an observation.
	Report    *dayReportView `json:"report"`
	ReportDue bool           `json:"report_due"`
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
			v.Observed = &observedView{
				From: utcTime(care.ObservedFrom), Until: timeOrNil(r.Until), Due: append([]checkpoint.Slot{}, care.Due...), Today: s.viewsOfDiary(&members[i], care.Today),
			}
			if err := s.addReport(ctx, v.Observed, members[i].ID); err != nil {
				return nil, err
			}
		}
		out[i] = v
	}
	return out, nil
}

// addReport adds what today's report says, of who has an observation.
func (s *Server) addReport(ctx context.Context, view *observedView, person uint64) error {
	id, err := s.office.ObservationOf(ctx, person)
	if errors.Is(err, checkpoint.ErrNotObserved) {
		return nil
	}
	if err != nil {
		return err
	}
	_, body, err := s.office.Observation(ctx, id)
	if err != nil {
		return err
	}
	if report := body.ReportOf(s.store.DayAt(s.now())); report != nil {
		told := viewOfDayReport(report)
		view.Report = &told
	}
	view.ReportDue = view.Report == nil
	return nil
}
