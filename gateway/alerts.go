package gateway

import (
	"context"
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// maxAlerts bounds the answer to a question for alerts.
const maxAlerts = 1000

// alertView is an event that somebody should look at: why, where, who, and who
// stood at the gate. Kind is the gravest of Kinds, Text its sentence.
type alertView struct {
	Kind       checkpoint.AlertKind   `json:"kind"`
	Kinds      []checkpoint.AlertKind `json:"kinds"`
	Text       textView               `json:"text"`
	OccurredAt utcTime                `json:"occurred_at"`
	RecordedAt utcTime                `json:"recorded_at"`
	Gate       string                 `json:"gate"`
	Site       string                 `json:"site"`
	SiteName   string                 `json:"site_name"`
	Direction  string                 `json:"direction"`
	Decision   string                 `json:"decision"`
	Reason     string                 `json:"reason"`
	Flags      []string               `json:"flags"`
	Person     *personInEvent         `json:"person"` // null if nobody was asked for a name
	Fever      string                 `json:"fever"`  // the case that was opened, "" if none
	Override   string                 `json:"override"`
	Annulled   bool                   `json:"annulled"`
	Device     string                 `json:"device"`
	Lane       string                 `json:"lane"`
	Staff      string                 `json:"staff"`
}

// handleAlerts lists the alerts of a window at the gates in the caller's scope.
func (s *Server) handleAlerts(c *fiber.Ctx) error {
	from, to, err := s.window(c)
	if err != nil {
		return err
	}
	var only checkpoint.AlertKind
	if text := c.Query("kind"); text != "" {
		if only, err = checkpoint.ParseAlertKind(text); err != nil {
			return invalid("kind", "is not a kind of alert: the contract lists them")
		}
	}
	alerts, truncated, err := s.alerts(s.context(c), principalOf(c), from, to, only)
	if err != nil {
		return err
	}
	s.rows(c, len(alerts))
	views, err := s.viewOfAlerts(s.context(c), alerts)
	if err != nil {
		return err
	}
	// Thermometers are no events: those of today belong to a window that reaches
	// into today, unless it is asked for one kind of event.
	suspects, today := []suspectView{}, s.store.DayAt(s.now())
	if only == "" && s.store.DayAt(to-1) >= today && s.store.DayAt(from) <= today {
		if suspects, err = s.suspects(s.context(c), principalOf(c), today); err != nil {
			return err
		}
	}
	contests, readings, err := s.careAlerts(c, from, to, only)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		From      utcTime           `json:"from"`
		To        utcTime           `json:"to"`
		Alerts    []alertView       `json:"alerts"`
		Truncated bool              `json:"truncated"`
		Suspects  []suspectView     `json:"suspects"`
		Contests  []contestForStaff `json:"contests"`
		Readings  []feverishView    `json:"readings"`
	}{utcTime(from), utcTime(to), views, truncated, suspects, contests, readings})
}

// careAlerts are what is no event: the contests whose answer is due by now, if the
// window reaches up to now, and the readings of diaries with fever. None of them
// is asked for by a kind of event.
func (s *Server) careAlerts(c *fiber.Ctx, from, to int64, only checkpoint.AlertKind) (contests []contestForStaff, readings []feverishView, err error) {
	contests = []contestForStaff{}
	if only != "" {
		return contests, []feverishView{}, nil
	}
	if to > s.now() {
		overdue, _, err := s.store.OverdueContests(s.context(c), checkpoint.CareQuery{Within: s.inScope(c)})
		if err == nil {
			err = s.eachClient(c, len(overdue), func(i int) uint64 { return overdue[i].Person }, func(i int, p *checkpoint.Resident) {
				contests = append(contests, s.contestForStaff(&overdue[i], p, principalOf(c).Staff))
			})
		}
		if err != nil {
			return nil, nil, err
		}
	}
	readings, _, err = s.feverish(c, from, to, checkpoint.CareQuery{Within: s.inScope(c)})
	return contests, readings, err
}

// alerts are the first maxAlerts in somebody's scope, of one kind if only is
// not ""; truncated tells that there are more.
func (s *Server) alerts(ctx context.Context, who principal, from, to int64, only checkpoint.AlertKind) (found []checkpoint.Alert, truncated bool, err error) {
	reg, enough := s.store.Registry(), errors.New("enough")
	err = s.store.Alerts(ctx, from, to, func(a *checkpoint.Alert) error {
		_, site := placeOf(reg, a.Event.Gate)
		if site == nil || !s.reaches(who, site.Grid) || only != "" && !slices.Contains(a.Kinds, only) {
			return nil
		}
		if len(found) == maxAlerts {
			return enough
		}
		found = append(found, *a)
		return nil
	})
	if errors.Is(err, enough) {
		return found, true, nil
	}
	return found, false, err
}

func (s *Server) viewOfAlerts(ctx context.Context, alerts []checkpoint.Alert) ([]alertView, error) {
	events := make([]checkpoint.ScanEvent, len(alerts))
	for i := range alerts {
		events[i] = alerts[i].Event
	}
	named, err := s.namedEvents(ctx, events)
	if err != nil {
		return nil, err
	}
	reg, out := s.store.Registry(), make([]alertView, len(alerts))
	for i, e := range named {
		event := &events[i]
		gate, site := placeOf(reg, event.Gate)
		text := alerts[i].Kinds[0].Text()
		out[i] = alertView{
			Kind: text.Kind, Kinds: alerts[i].Kinds, Text: textView{text.ZH, text.EN},
			OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt, Gate: gate.Code, Site: site.Code, SiteName: site.Name,
			Direction: e.Direction, Decision: e.Decision, Reason: e.Reason, Flags: e.Flags,
			Override: e.Override, Annulled: e.Annulled, Device: e.Device, Lane: e.Lane, Staff: e.Staff,
		}
		if event.Person != 0 {
			out[i].Person = e.Person
		}
		if event.Fever != 0 {
			out[i].Fever = event.Fever.String()
		}
	}
	return out, nil
}
