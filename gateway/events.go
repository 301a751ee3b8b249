package gateway

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// deviceSees is how far back a device may look at its own gate.
const deviceSees = 24 * time.Hour

// eventView is a recorded scan. Person is left out of refusals without one
// and in trajectories unless the event is recorded under a walk-in's ID. Gate and
// Site are for trajectories, where they differ from event to event.
type eventView struct {
	OccurredAt  utcTime            `json:"occurred_at"`
	RecordedAt  utcTime            `json:"recorded_at"`
	Person      *personInEvent     `json:"person,omitempty"`
	Gate        string             `json:"gate,omitempty"`
	Site        string             `json:"site,omitempty"`
	Direction   string             `json:"direction"`
	Decision    string             `json:"decision"`
	Reason      string             `json:"reason"`
	Color       checkpoint.Color   `json:"color"`
	Action      string             `json:"action"`
	Flags       []string           `json:"flags"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Method      string             `json:"temperature_method"`
	Who         string             `json:"who"`
	Device      string             `json:"device"`
	Lane        string             `json:"lane"`
	Plate       string             `json:"plate"`
	Vehicle     string             `json:"vehicle"`
	Purpose     string             `json:"purpose"`
	Override    string             `json:"override"`
	Annulled    bool               `json:"annulled"`
	Annulment   bool               `json:"annulment"`
	Staff       string             `json:"staff"`  // login of who was on shift, "" if nobody was; of paper, who typed it
	Source      string             `json:"source"` // scan, paper
}

// personInEvent is somebody under the ID by which an event is recorded. KnownAs
// is whom a walk-in turned out to be.
type personInEvent struct {
	ID         string         `json:"id"`
	NameMasked string         `json:"name_masked"`
	KnownAs    *personInEvent `json:"known_as,omitempty"`
}

// viewOfEvent renders all but person, gate and site.
func viewOfEvent(reg *checkpoint.Registry, e *checkpoint.ScanEvent) eventView {
	view := eventView{
		OccurredAt: utcTime(e.OccurredAt), RecordedAt: utcTime(e.RecordedAt), Direction: e.Direction.String(),
		Decision: e.Decision.String(), Reason: e.Reason.String(), Color: e.Color(), Action: e.Action.String(),
		Flags: e.Flags.Names(), Temperature: e.Temperature, Method: e.Method.String(), Who: e.Who.String(), Plate: e.Plate,
		Vehicle: vehicleOf(e), Purpose: e.Purpose.String(), Override: e.Override.String(),
		Annulled: e.Annulled, Annulment: e.IsAnnulment(),
	}
	if d, ok := reg.DeviceByNum(e.Device); ok {
		view.Device, view.Lane = d.Code, d.Lane
	}
	view.Staff, view.Source = staffOfEvent(reg, e), sourceOfEvent(reg, e)
	return view
}

// staffOfEvent is the login of the person on shift, "" if nobody was.
func staffOfEvent(reg *checkpoint.Registry, e *checkpoint.ScanEvent) string {
	if st, ok := reg.StaffByNum(e.Staff); ok {
		return st.Login
	}
	return ""
}

// vehicleOf is the name that the events of one car share, "" without a car.
func vehicleOf(e *checkpoint.ScanEvent) string {
	if e.Vehicle == [8]byte{} {
		return ""
	}
	return hex.EncodeToString(e.Vehicle[:])
}

// handleEvents answers what passed a gate in a window: in pages with masked
// names, or as a stream of the whole window with IDs.
func (s *Server) handleEvents(c *fiber.Ctx) error {
	w, err := s.gateWindow(c)
	if err != nil {
		return err
	}
	if err := narrow(c, &w); err != nil {
		return err
	}
	if err := s.ask(c, question{from: w.From, to: w.To}); err != nil {
		return err
	}
	form, ok, err := formOf(c)
	if err != nil {
		return err
	}
	if ok {
		if form, err = s.withNames(c, form); err != nil {
			return err
		}
		return s.stream(c, form.keptAs(w, s.store.Zone()), s.eventSource(w, s.store.Events))
	}
	limit, err := queryNumber(c, "limit", 100, 1, checkpoint.MaxPage)
	if err != nil {
		return err
	}
	page, err := s.store.Page(s.context(c), w, c.Query("cursor"), limit)
	if err != nil {
		return err
	}
	events, err := s.namedEvents(s.context(c), page.Events)
	if err != nil {
		return err
	}
	s.rows(c, len(events))
	return c.JSON(struct {
		Gate   string      `json:"gate"`
		From   utcTime     `json:"from"`
		To     utcTime     `json:"to"`
		Events []eventView `json:"events"`
		Next   string      `json:"next"`
	}{w.Gate, utcTime(w.From), utcTime(w.To), events, page.Next})
}

// handleRefusals streams the refusals of a gate that name nobody: there can be
// more of them than an answer should hold in memory.
func (s *Server) handleRefusals(c *fiber.Ctx) error {
	w, err := s.gateWindow(c)
	if err != nil {
		return err
	}
	form, ok, err := formOf(c)
	if err != nil {
		return err
	}
	if ok {
		form = form.keptAs(w, s.store.Zone())
	} else {
		form = refusalsForm(w)
	}
	return s.stream(c, form, s.eventSource(w, s.store.Refusals))
}

// gateWindow reads gate and window. A device sees its own gate and not far
// back.
func (s *Server) gateWindow(c *fiber.Ctx) (w checkpoint.Window, err error) {
	w.Gate = strings.Clone(c.Params("gate"))
	if w.From, w.To, err = s.window(c); err != nil {
		return w, err
	}
	if w.From < 0 {
		return w, invalid("from", "lies too far back")
	}
	if d := principalOf(c).Device; d != nil {
		if d.Gate != w.Gate {
			return w, failure(codeOutOfScope, "a device sees its own gate only")
		}
		earliest := s.now() - deviceSees.Milliseconds()
		if c.Query("from") != "" && w.From < earliest-time.Minute.Milliseconds() {
			return w, invalid("from", "a device sees the last 24 hours only")
		}
		w.From = min(max(w.From, earliest), w.To)
	}
	if _, ok := s.store.Registry().Gate(w.Gate); !ok {
		return w, failure(codeNotFound, "there is no such gate")
	}
	return w, nil
}

// narrow reads direction, decision, reason and temperature of the query.
func narrow(c *fiber.Ctx, w *checkpoint.Window) error {
	if text := c.Query("direction"); text != "" {
		d, err := checkpoint.ParseDirection(text)
		if err != nil {
			return invalid("direction", "must be in or out")
		}
		w.Direction = &d
	}
	if text := c.Query("decision"); text != "" {
		d, err := checkpoint.ParseDecision(text)
		if err != nil {
			return invalid("decision", "must be pass, deny, remeasure or incomplete")
		}
		w.Decision = &d
	}
	if text := c.Query("reason"); text != "" {
		r, err := checkpoint.ParseReason(text)
		if err != nil {
			return invalid("reason", "must be one of the table of reasons (GET /v1/rules/table)")
		}
		w.Reason = &r
	}
	return narrowTemperature(c, w)
}

// narrowTemperature reads temperature_min and temperature_max, both included,
// or temperature=none for events without a reading.
func narrowTemperature(c *fiber.Ctx, w *checkpoint.Window) error {
	r := checkpoint.CelsiusRange{Min: checkpoint.MinCelsius, Max: checkpoint.MaxCelsius}
	some := false
	for _, end := range [...]struct {
		name string
		to   *checkpoint.Celsius
	}{{"temperature_min", &r.Min}, {"temperature_max", &r.Max}} {
		text := c.Query(end.name)
		if text == "" {
			continue
		}
		some = true
		reading, err := checkpoint.ParseCelsius(text)
		if err != nil {
			return invalid(end.name, "must be °C from 30.0 to 45.0 with at most one decimal, like 37.3")
		}
		*end.to = reading
	}
	switch text := c.Query("temperature"); {
	case text != "" && text != "none":
		return invalid("temperature", "must be none, for events without a reading; a range is temperature_min and temperature_max")
	case text != "" && some:
		return invalid("temperature", "none goes without temperature_min and temperature_max")
	case text != "":
		r = checkpoint.CelsiusRange{}
	case !some:
		return nil
	case r.Min > r.Max:
		return invalid("temperature_max", "must not be below temperature_min")
	}
	w.Temperature = &r
	return nil
}

// namedEvents renders events with the masked names of their people.
func (s *Server) namedEvents(ctx context.Context, events []checkpoint.ScanEvent) ([]eventView, error) {
	seen, ids := map[uint64]bool{}, make([]uint64, 0, len(events))
	for i := range events {
		if id := events[i].Person; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	people, err := s.store.Views(ctx, ids)
	if err != nil {
		return nil, err
	}
	reg, out := s.store.Registry(), make([]eventView, len(events))
	for i := range events {
		e := &events[i]
		out[i] = viewOfEvent(reg, e)
		out[i].Person = viewOfPerson(e.Person, people[e.Person])
	}
	return out, nil
}

func viewOfPerson(id uint64, p checkpoint.PersonView) *personInEvent {
	view := &personInEvent{ID: checkpoint.FormatPersonID(id), NameMasked: p.NameMasked}
	if r := p.KnownAs; r != nil {
		view.KnownAs = &personInEvent{ID: checkpoint.FormatPersonID(r.ID), NameMasked: r.NameMasked}
	}
	return view
}

// eventReader is Store.Events or Store.Refusals.
type eventReader func(context.Context, checkpoint.Window, func(*checkpoint.ScanEvent) error) error

// eventSource reads a window for a stream.
func (s *Server) eventSource(w checkpoint.Window, read eventReader) eventSource {
	return func(ctx context.Context, row func(*checkpoint.ScanEvent) error) error { return read(ctx, w, row) }
}
