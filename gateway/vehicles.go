package gateway

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// maxPassages bounds the answer to a search by plate.
const maxPassages = 1000

// passageView is one person's passage in a vehicle. Plate is as it was
// recorded, Vehicle the same for all who sat in it.
type passageView struct {
	OccurredAt utcTime       `json:"occurred_at"`
	Gate       string        `json:"gate"`
	Site       string        `json:"site"`
	Direction  string        `json:"direction"`
	Decision   string        `json:"decision"`
	Annulled   bool          `json:"annulled"`
	Person     personInEvent `json:"person"`
	Plate      string        `json:"plate"`
	Vehicle    string        `json:"vehicle"`
}

// handleVehicleSearch answers where a vehicle passed and who sat in it, at the
// gates in the caller's scope. The plate comes in the body: it is personal data.
func (s *Server) handleVehicleSearch(c *fiber.Ctx) error {
	var in struct {
		Plate     string `json:"plate"`
		Unchecked bool   `json:"plate_unchecked"`
		From      string `json:"from"`
		To        string `json:"to"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	plate, err := plateOf(in.Plate, in.Unchecked)
	if err != nil {
		return err
	}
	from, to, err := s.windowOf(in.From, in.To)
	if err != nil {
		return err
	}
	if err := s.ask(c, question{from: from, to: to}); err != nil {
		return err
	}
	events, truncated, err := s.passages(c, plate, from, to)
	if err != nil {
		return err
	}
	s.rows(c, len(events))
	passages, err := s.viewOfPassages(s.context(c), events)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		From      utcTime       `json:"from"`
		To        utcTime       `json:"to"`
		Passages  []passageView `json:"passages"`
		Truncated bool          `json:"truncated"`
	}{utcTime(from), utcTime(to), passages, truncated})
}

// plateOf is a number plate in its one form, or as it was seen if it is said to
// have a form of its own.
func plateOf(plate string, unchecked bool) (string, error) {
	if unchecked {
		return plate, checkLine("plate", plate, 20)
	}
	return checkpoint.ParsePlate(plate)
}

// passages are the first maxPassages events of a plate at gates that the caller
// may see; truncated tells that there are more.
func (s *Server) passages(c *fiber.Ctx, plate string, from, to int64) (events []checkpoint.ScanEvent, truncated bool, err error) {
	reg, enough := s.store.Registry(), errors.New("enough")
	err = s.store.ByPlate(s.context(c), plate, from, to, func(e *checkpoint.ScanEvent) error {
		_, site := placeOf(reg, e.Gate)
		if e.IsAnnulment() || site == nil || !s.reachesAsked(c, site.Grid) {
			return nil
		}
		if len(events) == maxPassages {
			return enough
		}
		events = append(events, *e)
		return nil
	})
	if errors.Is(err, enough) {
		return events, true, nil
	}
	return events, false, err
}

func (s *Server) viewOfPassages(ctx context.Context, events []checkpoint.ScanEvent) ([]passageView, error) {
	named, err := s.namedEvents(ctx, events)
	if err != nil {
		return nil, err
	}
	reg, out := s.store.Registry(), make([]passageView, len(events))
	for i, e := range named {
		gate, site := placeOf(reg, events[i].Gate)
		out[i] = passageView{
			e.OccurredAt, gate.Code, site.Code, e.Direction, e.Decision, e.Annulled, *e.Person, e.Plate, e.Vehicle,
		}
	}
	return out, nil
}
