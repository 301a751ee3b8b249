package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// observationInPath reads the observation in the path, if it is the caller's.
func (s *Server) observationInPath(c *fiber.Ctx) (v office.Observed, err error) {
	id, err := matterInPath(c)
	if err != nil {
		return v, err
	}
	if v.Matter, v.Observation, err = s.office.Observation(s.context(c), id); err != nil {
		return v, s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), v.Matter.Node) {
		return v, outOfScope()
	}
	return v, nil
}

// observationDetail is all there is of one.
type observationDetail struct {
	observationView
	Evidence string              `json:"evidence,omitempty"`
	People   []lookingAfter      `json:"people"`
	Readings []diaryView         `json:"readings"` // today's
	Days     []diaryDay          `json:"days"`
	Reports  []dayReportView     `json:"reports"`
	Seen     []observationBreach `json:"breaches_seen"`
	Steps    []matterStep        `json:"steps"`
}

// lookingAfter is one of the three.
type lookingAfter struct {
	Part  string `json:"part"` // leader, cadre, medic
	Login string `json:"login"`
	Name  string `json:"name"`
	Phone string `json:"phone"` // of their office
}

type observationBreach struct {
	Event string  `json:"event"`
	At    utcTime `json:"at"`
	Gate  string  `json:"gate"`
	Site  string  `json:"site"`
}

// handleObservation gives one with its days, reports and breaches.
func (s *Server) handleObservation(c *fiber.Ctx) error {
	v, err := s.observationInPath(c)
	if err != nil {
		return err
	}
	views, err := s.viewsOfObserved(c, []office.Observed{v})
	if err != nil {
		return err
	}
	view := observationDetail{
		observationView: views[0], People: s.viewOfThree(&v.Three), Readings: []diaryView{}, Days: []diaryDay{}, Reports: []dayReportView{},
		Seen: []observationBreach{}, Steps: s.viewOfMatterSteps(&v.Matter),
	}
	switch principalOf(c).Staff.Role {
	case checkpoint.RoleMedic, checkpoint.RoleLeader, checkpoint.RoleAdmin:
		view.Evidence = v.Evidence
	}
	for i := range v.Reports {
		view.Reports = append(view.Reports, viewOfDayReport(&v.Reports[i]))
	}
	for _, b := range v.Breaches {
		if gate, site := placeOf(s.store.Registry(), b.Gate); gate != nil && site != nil {
			view.Seen = append(view.Seen, observationBreach{b.Event, utcTime(b.At), gate.Code, site.Code})
		}
	}
	if view.Person != nil {
		if err := s.addDiary(c, &view, &v); err != nil {
			return err
		}
	}
	return c.JSON(view)
}

// addDiary adds today's readings, and what was taken and missed on each day.
func (s *Server) addDiary(c *fiber.Ctx, view *observationDetail, v *office.Observed) error {
	p, err := s.store.Resident(s.context(c), v.Matter.Person)
	if err != nil {
		return err
	}
	end := min(v.Until, s.now()+1)
	if !v.Matter.Open() {
		end = min(end, v.Matter.ClosedAt)
	}
	readings, err := s.store.Diary(s.context(c), p.ID, v.From, s.now()+1)
	if err != nil {
		return err
	}
	midnight, _ := s.store.Bounds(s.store.DayAt(s.now()))
	for i := range readings {
		if readings[i].At >= midnight {
			view.Readings = append(view.Readings, s.viewOfReading(&p, &readings[i]))
		}
	}
	for _, d := range s.store.DiaryDays(readings, v.From, end) {
		view.Days = append(view.Days, diaryDay{
			d.Day.String(), append([]checkpoint.Slot{}, d.Taken...), append([]checkpoint.Slot{}, d.Missed...), append([]checkpoint.Slot{}, d.Due...),
		})
	}
	return nil
}

func (s *Server) viewOfThree(t *office.Three) []lookingAfter {
	views := []lookingAfter{}
	for _, p := range [...]struct{ part, login string }{{"leader", t.Leader}, {"cadre", t.Cadre}, {"medic", t.Medic}} {
		view := lookingAfter{Part: p.part, Login: p.login}
		if who, ok := s.store.Registry().Staff(p.login); ok {
			view.Name, view.Phone = who.Name, s.store.Registry().DutyPhone(who.Grid)
		}
		views = append(views, view)
	}
	return views
}

// handleReleaseObservation ends one by order.
func (s *Server) handleReleaseObservation(c *fiber.Ctx) error {
	var in struct {
		Ground string `json:"ground"`
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	v, err := s.observationInPath(c)
	if err != nil {
		return err
	}
	who := principalOf(c).Staff
	m, err := s.office.ReleaseObservation(s.context(c), v.Matter.ID, who.Num, who.Grid, checkpoint.Ground(in.Ground), in.Reason)
	if err != nil {
		return err
	}
	s.log(c).Info("observation ended", "by", who.Login, "ground", in.Ground)
	return s.answerObservation(c, &m)
}

// handleExtendObservation gives one a later end.
func (s *Server) handleExtendObservation(c *fiber.Ctx) error {
	var in struct {
		Until  string `json:"until"`
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	until, err := parseTime("until", in.Until)
	if err != nil {
		return err
	}
	v, err := s.observationInPath(c)
	if err != nil {
		return err
	}
	who := principalOf(c).Staff
	m, err := s.office.ExtendObservation(s.context(c), v.Matter.ID, who.Num, who.Grid, until, in.Reason)
	if err != nil {
		return err
	}
	return s.answerObservation(c, &m)
}

// handleObservationPeople names other people to look after somebody.
func (s *Server) handleObservationPeople(c *fiber.Ctx) error {
	var in struct {
		Leader string `json:"leader"`
		Cadre  string `json:"cadre"`
		Medic  string `json:"medic"`
		Note   string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	v, err := s.observationInPath(c)
	if err != nil {
		return err
	}
	m, err := s.office.ChangeThree(s.context(c), v.Matter.ID, principalOf(c).Staff.Num, in.Note, office.Three{Leader: in.Leader, Cadre: in.Cadre, Medic: in.Medic})
	if err != nil {
		return err
	}
	return s.answerObservation(c, &m)
}

// dayReportBody is the report of a day as it is sent.
type dayReportBody struct {
	Resident string `json:"resident"` // of a household; staff name the observation in the path
	Day      string `json:"day"`      // "": today
	AllWell  bool   `json:"all_well"`
	Text     string `json:"text"`
}

// handleReportObservation writes a day's report that a member of staff took.
func (s *Server) handleReportObservation(c *fiber.Ctx) error {
	var in dayReportBody
	if err := decode(c, &in); err != nil {
		return err
	}
	if in.Resident != "" {
		return invalid("resident", "is that of the observation in the path: leave it out")
	}
	v, err := s.observationInPath(c)
	if err != nil {
		return err
	}
	s.about(c, v.Matter.Person)
	return s.report(c, v.Matter.ID, &in, principalOf(c).Staff.Num)
}

// handleMyDayReport writes the report of a day about a member: something, or that all
// is well.
func (s *Server) handleMyDayReport(c *fiber.Ctx) error {
	var in dayReportBody
	if err := decode(c, &in); err != nil {
		return err
	}
	member, err := s.memberOf(c, in.Resident)
	if err != nil {
		return err
	}
	id, err := s.office.ObservationOf(s.context(c), member.ID)
	if err != nil {
		return err
	}
	return s.report(c, id, &in, 0)
}

func (s *Server) report(c *fiber.Ctx, id checkpoint.MatterID, in *dayReportBody, by uint32) error {
	day := s.store.DayAt(s.now())
	if in.Day != "" {
		var err error
		if day, err = checkpoint.ParseDay(in.Day); err != nil {
			return err
		}
	}
	m, err := s.office.Report(s.context(c), id, day, in.AllWell, in.Text, by)
	if err != nil {
		return err
	}
	var body office.Observation
	if err := m.Get(&body); err != nil {
		return err
	}
	report := body.ReportOf(day)
	if report == nil {
		return checkpoint.ErrNotFound // forgotten meanwhile
	}
	return c.JSON(viewOfDayReport(report))
}
