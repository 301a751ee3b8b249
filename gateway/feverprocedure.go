package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// procedureView is what was done about a fever case and what is due next.
type procedureView struct {
	Stage       string           `json:"stage"`     // the last step that was taken
	NextStep    string           `json:"next_step"` // "" when the case is closed
	DueAt       *utcTime         `json:"due_at"`
	Overdue     bool             `json:"overdue"`
	Community   *feverReportView `json:"community"`   // report 1
	Subdistrict *feverReportView `json:"subdistrict"` // report 2
	Handover    *handoverView    `json:"handover"`
	Screenings  []screeningView  `json:"screenings"` // oldest first
	LinkUntil   *utcTime         `json:"link_until"` // of the hospital's code, null without one that can be used
}

type feverReportView struct {
	At   utcTime `json:"at"`
	By   string  `json:"by"`
	To   string  `json:"to"`
	Note string  `json:"note"`
}

type handoverView struct {
	At       utcTime `json:"at"`
	By       string  `json:"by"`
	How      string  `json:"how"`
	Hospital string  `json:"hospital"`
	Plate    string  `json:"plate"`
	Crew     string  `json:"crew"`
	Note     string  `json:"note"`
}

type screeningView struct {
	At        utcTime  `json:"at"`
	By        string   `json:"by"` // login; "hospital" by its code
	Result    string   `json:"result"`
	SampledAt *utcTime `json:"sampled_at"`
	Doctor    string   `json:"doctor"`
	Note      string   `json:"note"`
}

func (s *Server) viewOfProcedure(p *office.FeverProcedure, m *checkpoint.Matter) *procedureView {
	step, due := p.Next(m.OpenedAt)
	v := &procedureView{
		Stage: m.State, NextStep: step, DueAt: timeOrNil(due), Overdue: m.Late(s.now()),
		Community: s.viewOfFeverReport(p.Community), Subdistrict: s.viewOfFeverReport(p.Subdistrict), Screenings: []screeningView{},
	}
	if h := p.Handover; h != nil {
		v.Handover = &handoverView{utcTime(h.At), s.loginOf(h.By), h.How, h.Hospital, h.Plate, h.Crew, h.Note}
	}
	for _, r := range p.Screenings {
		by := s.loginOf(r.By)
		if r.By == 0 {
			by = "hospital"
		}
		v.Screenings = append(v.Screenings, screeningView{utcTime(r.At), by, r.Result, timeOrNil(r.SampledAt), r.Doctor, r.Note})
	}
	if link := p.Link; link != nil && link.UsedAt == 0 && link.Until > s.now() {
		v.LinkUntil = timeOrNil(link.Until)
	}
	return v
}

func (s *Server) viewOfFeverReport(r *office.FeverReport) *feverReportView {
	if r == nil {
		return nil
	}
	return &feverReportView{utcTime(r.At), s.loginOf(r.By), r.To, r.Note}
}

// procedureOf reads the procedure of one case into its view.
func (s *Server) procedureOf(ctx context.Context, view *feverView, id checkpoint.FeverID) error {
	p, m, err := s.office.Fever(ctx, id)
	if err == nil {
		view.Procedure = s.viewOfProcedure(&p, &m)
	}
	return err
}

// turnFeverInPath takes a step of the case in the path and answers with the case.
func (s *Server) turnFeverInPath(c *fiber.Ctx, step func(ctx context.Context, id checkpoint.FeverID, by uint32) error) error {
	fever, person, err := s.feverInPath(c)
	if err != nil {
		return err
	}
	if err := step(s.context(c), fever.ID, principalOf(c).Staff.Num); err != nil {
		return err
	}
	view := s.viewOfFever(&fever, person)
	if err := s.procedureOf(s.context(c), &view, fever.ID); err != nil {
		return err
	}
	return c.JSON(view)
}

// handleReportFever writes one of the two reports down.
func (s *Server) handleReportFever(c *fiber.Ctx) error {
	var in struct {
		Level string `json:"level"`
		To    string `json:"to"`
		Note  string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	levels := map[string]string{"community": office.FeverReportCommunity, "subdistrict": office.FeverReportSubdistrict}
	step, ok := levels[in.Level]
	switch {
	case !ok:
		return invalid("level", "must be community or subdistrict")
	case step == office.FeverReportSubdistrict && principalOf(c).Staff.Role == checkpoint.RoleGrid:
		return failure(codeForbidden, "a medic or a leader reports to the subdistrict")
	}
	return s.turnFeverInPath(c, func(ctx context.Context, id checkpoint.FeverID, by uint32) error {
		_, err := s.office.ReportFever(ctx, id, step, office.FeverReport{By: by, To: in.To, Note: in.Note})
		return err
	})
}

// handleHandOver writes down who took the person to which hospital.
func (s *Server) handleHandOver(c *fiber.Ctx) error {
	var in struct {
		How      string `json:"how"`
		Hospital string `json:"hospital"`
		Plate    string `json:"plate"`
		Crew     string `json:"crew"`
		Note     string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	return s.turnFeverInPath(c, func(ctx context.Context, id checkpoint.FeverID, by uint32) error {
		_, err := s.office.HandOverFever(ctx, id, office.Handover{
			By: by, How: in.How, Hospital: in.Hospital, Plate: in.Plate, Crew: in.Crew, Note: in.Note,
		})
		return err
	})
}

// handleScreen writes a result down that a medic was told.
func (s *Server) handleScreen(c *fiber.Ctx) error {
	in, err := decodeScreening(c)
	if err != nil {
		return err
	}
	return s.turnFeverInPath(c, func(ctx context.Context, id checkpoint.FeverID, by uint32) error {
		in.By = by
		_, err := s.office.ScreenFever(ctx, id, in)
		return err
	})
}

func decodeScreening(c *fiber.Ctx) (out office.Screening, err error) {
	var in struct {
		Result    string `json:"result"`
		SampledAt string `json:"sampled_at"`
		Doctor    string `json:"doctor"`
		Note      string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return out, err
	}
	out = office.Screening{Result: in.Result, Doctor: in.Doctor, Note: in.Note}
	if in.SampledAt != "" {
		out.SampledAt, err = parseTime("sampled_at", in.SampledAt)
	}
	return out, err
}

// handleHospitalLink makes the code by which the hospital gives its result.
func (s *Server) handleHospitalLink(c *fiber.Ctx) error {
	fever, _, err := s.feverInPath(c)
	if err != nil {
		return err
	}
	who := principalOf(c).Staff
	code, until, err := s.office.MakeHospitalLink(s.context(c), fever.ID, who.Num)
	if err != nil {
		return err
	}
	s.log(c).Info("code for a hospital made", "by", who.Login, "case", fever.ID.String())
	url := ""
	if s.publicURL != "" {
		url = s.publicURL + hospitalPath + "#" + code // browsers send no fragment
	}
	return c.JSON(fiber.Map{"code": code, "page": hospitalPath, "url": url, "expires_at": utcTime(until)})
}
