package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// observationView is somebody under observation, as a list shows them.
type observationView struct {
	ID         string      `json:"id"`
	Node       string      `json:"node"`
	State      string      `json:"state"`
	Person     *clientView `json:"person"` // null: erased, or moved out of the caller's part of the grid
	Place      string      `json:"place"`
	Status     string      `json:"status"`
	Ground     string      `json:"ground"`
	GroundText textView    `json:"ground_text"`
	Case       string      `json:"case"`
	From       utcTime     `json:"from"`
	Until      utcTime     `json:"until"`
	Leader     string      `json:"leader"`
	Cadre      string      `json:"cadre"`
	Medic      string      `json:"medic"`
	Today      todayView   `json:"today"`
	Breaches   int         `json:"breaches"`
	End        *endView    `json:"end"` // null while it is open
}

// todayView is what an observation has and lacks today.
type todayView struct {
	Day          string            `json:"day"`
	Taken        []checkpoint.Slot `json:"taken"`
	Due          []checkpoint.Slot `json:"due"`
	Missed       []checkpoint.Slot `json:"missed"`
	Report       *dayReportView    `json:"report"`
	ReportDue    bool              `json:"report_due"`
	ReportMissed bool              `json:"report_missed"`
}

type dayReportView struct {
	Day     string  `json:"day"`
	AllWell bool    `json:"all_well"`
	Text    string  `json:"text"`
	At      utcTime `json:"at"`
	By      string  `json:"by"` // household, staff
}

type endView struct {
	How    string  `json:"how"`
	Ground string  `json:"ground"`
	Reason string  `json:"reason"`
	By     string  `json:"by"` // login, "" for the program
	At     utcTime `json:"at"`
}

func (s *Server) viewOfObservation(v *office.ObservedToday, who *checkpoint.Resident) observationView {
	m, ground := &v.Matter, v.Ground.Words()
	view := observationView{
		ID: m.ID.String(), Node: m.Node, State: m.State, Place: v.Place, Status: v.Status.String(),
		Ground: string(v.Ground), GroundText: textView{ground.ZH, ground.EN}, Case: v.Case, From: utcTime(v.From), Until: utcTime(v.Until),
		Leader: v.Leader, Cadre: v.Cadre, Medic: v.Medic, Today: viewOfToday(&v.Today), Breaches: len(v.Breaches),
	}
	if who != nil {
		client := viewOfClient(who)
		view.Person = &client
	}
	if v.End != nil && !m.Open() {
		view.End = &endView{v.End.How, string(v.End.Ground), v.End.Reason, s.loginOf(v.End.By), utcTime(m.ClosedAt)}
	}
	return view
}

func viewOfToday(t *office.Today) todayView {
	view := todayView{
		Day: t.Day.String(), Taken: append([]checkpoint.Slot{}, t.Taken...), Due: append([]checkpoint.Slot{}, t.Due...),
		Missed: append([]checkpoint.Slot{}, t.Missed...), ReportDue: t.ReportDue, ReportMissed: t.ReportMissed,
	}
	if t.Report != nil {
		report := viewOfDayReport(t.Report)
		view.Report = &report
	}
	return view
}

func viewOfDayReport(r *office.DailyReport) dayReportView {
	view := dayReportView{r.Day.String(), r.AllWell, r.Text, utcTime(r.At), "household"}
	if r.By != 0 {
		view.By = "staff"
	}
	return view
}

// handleObservations lists who is under observation at a node and below it, or whose
// observation ended in a window.
func (s *Server) handleObservations(c *fiber.Ctx) error {
	state := c.Query("state")
	page, next, err := s.mattersAsked(c, office.KindObservation, "must be starting, running, held, ending or ended; without it, all that are not ended",
		office.ObservationEnded, office.ObservationStarting, office.ObservationRunning, office.ObservationHeld, office.ObservationEnding)
	if err != nil {
		return err
	}
	all := make([]office.Observed, 0, len(page))
	for i := range page {
		if state == "" || page[i].State == state {
			all = append(all, office.Observed{Matter: page[i]})
			if err := page[i].Get(&all[len(all)-1].Observation); err != nil {
				return err
			}
		}
	}
	views, err := s.viewsOfObserved(c, all)
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"observations": views, "next": next})
}

// viewsOfObserved shows observations with what today asks for and whom to go to.
func (s *Server) viewsOfObserved(c *fiber.Ctx, all []office.Observed) ([]observationView, error) {
	today, err := s.office.WithToday(s.context(c), all, s.store.DayAt(s.now()))
	if err != nil {
		return nil, err
	}
	return s.viewsOfObservedToday(c, today)
}

func (s *Server) viewsOfObservedToday(c *fiber.Ctx, today []office.ObservedToday) ([]observationView, error) {
	matters := make([]checkpoint.Matter, len(today))
	for i := range today {
		matters[i] = today[i].Matter
	}
	people, err := s.clientsOf(c, matters)
	if err != nil {
		return nil, err
	}
	views := make([]observationView, len(today))
	for i := range today {
		views[i] = s.viewOfObservation(&today[i], people[today[i].Matter.Person])
	}
	return views, nil
}

// clientsOf are the people that records are about and who live in the caller's part
// of the grid, by ID. The audit is told whose particulars are read.
func (s *Server) clientsOf(c *fiber.Ctx, matters []checkpoint.Matter) (map[uint64]*checkpoint.Resident, error) {
	return s.peopleOf(c, matters, func(node string) bool { return s.reaches(principalOf(c), node) })
}

// peopleOf are the people that records are about and whose home's node may be seen, by
// ID. The audit is told whose particulars are read.
func (s *Server) peopleOf(c *fiber.Ctx, matters []checkpoint.Matter, seen func(node string) bool) (map[uint64]*checkpoint.Resident, error) {
	ids, byID := []uint64{}, map[uint64]*checkpoint.Resident{}
	for i := range matters {
		if id := matters[i].Person; id != 0 && byID[id] == nil {
			byID[id] = &checkpoint.Resident{}
			ids = append(ids, id)
		}
	}
	people, err := s.store.Residents(s.context(c), ids)
	clear(byID)
	for i := range people {
		if p := &people[i]; seen(p.Grid) {
			byID[p.ID] = p
			s.about(c, p.ID)
		}
	}
	return byID, err
}

// observationBody is an observation as it is begun.
type observationBody struct {
	ID       string `json:"id"`
	Resident string `json:"resident"`
	Leader   string `json:"leader"`
	Cadre    string `json:"cadre"`
	Medic    string `json:"medic"`
	From     string `json:"from"`
	Until    string `json:"until"`
	Ground   string `json:"ground"`
	Evidence string `json:"evidence"`
	Place    string `json:"place"`
	Status   string `json:"status"`
	Case     string `json:"case"`
}

// handleStartObservation begins an observation.
func (s *Server) handleStartObservation(c *fiber.Ctx) error {
	var in observationBody
	if err := decode(c, &in); err != nil {
		return err
	}
	person, err := checkpoint.ParsePersonID(in.Resident)
	if err != nil {
		return err
	}
	if err := s.mayWith(c, person); err != nil {
		return err
	}
	who := principalOf(c).Staff
	n := office.NewObservation{
		ID: in.ID, Person: person, Three: office.Three{Leader: in.Leader, Cadre: in.Cadre, Medic: in.Medic}, Ground: checkpoint.Ground(in.Ground),
		Evidence: in.Evidence, Place: in.Place, Case: in.Case, By: who.Num, Office: who.Grid,
	}
	if in.Status != "" {
		if n.Status, err = checkpoint.ParseStatus(in.Status); err != nil {
			return invalid("status", "must be observation or quarantine")
		}
	}
	for _, t := range []struct {
		field, text string
		at          *int64
	}{{"from", in.From, &n.From}, {"until", in.Until, &n.Until}} {
		if t.text != "" {
			if *t.at, err = s.momentOf(t.field, t.text); err != nil {
				return err
			}
		}
	}
	m, err := s.office.StartObservation(s.context(c), n)
	if err != nil {
		return err
	}
	s.log(c).Info("observation begun", "by", who.Login, "ground", in.Ground)
	return s.answerObservation(c, &m)
}

// answerObservation gives one as it is now.
func (s *Server) answerObservation(c *fiber.Ctx, m *checkpoint.Matter) error {
	v := office.Observed{Matter: *m}
	if err := m.Get(&v.Observation); err != nil {
		return err
	}
	views, err := s.viewsOfObserved(c, []office.Observed{v})
	if err != nil {
		return err
	}
	return c.JSON(views[0])
}
