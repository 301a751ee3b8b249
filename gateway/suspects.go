package gateway

import (
	"context"
	"math"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/drift"
)

// suspectView is a gate whose temperatures cannot be trusted, why, and what to
// do. Temperatures are in °C; medians have two decimals.
type suspectView struct {
	Kind             drift.Kind         `json:"kind"`
	Text             textView           `json:"text"`
	Gate             string             `json:"gate"`
	GateName         string             `json:"gate_name"`
	Site             string             `json:"site"`
	SiteName         string             `json:"site_name"`
	Method           string             `json:"method"`
	Direction        string             `json:"direction"`
	Readings         int                `json:"readings"`
	Median           float64            `json:"median"`
	Neighbours       int                `json:"neighbours"`
	NeighboursMedian *float64           `json:"neighbours_median"` // null without neighbours
	Mode             checkpoint.Celsius `json:"mode"`
	ModeShare        float64            `json:"mode_share"`
}

func viewOfSuspect(g *checkpoint.SuspectGate) suspectView {
	f := &g.Finding
	zh, en := g.Text()
	view := suspectView{
		Kind: f.Kind, Text: textView{zh, en}, Gate: g.Gate.Code, GateName: g.Gate.Name,
		Site: g.Site.Code, SiteName: g.Site.Name, Method: g.Method.String(), Direction: g.Direction.String(),
		Readings: f.N, Median: hundredths(f.Median / 10), Neighbours: f.Neighbours,
		Mode: checkpoint.Celsius(f.Mode), ModeShare: hundredths(f.Share), //nolint:gosec // a reading
	}
	if f.Neighbours > 0 {
		median := hundredths(f.NeighboursMedian / 10)
		view.NeighboursMedian = &median
	}
	return view
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }

// handleSuspects names the gates in the caller's scope whose temperatures of a
// day cannot be trusted. They are compared with all gates, in scope or not.
func (s *Server) handleSuspects(c *fiber.Ctx) error {
	day, err := s.dayAsked(c)
	if err != nil {
		return err
	}
	suspects, err := s.suspects(s.context(c), principalOf(c), day)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Day      string        `json:"day"`
		Suspects []suspectView `json:"suspects"`
	}{day.String(), suspects})
}

// suspects are those of a day in somebody's scope, never nil.
func (s *Server) suspects(ctx context.Context, who principal, day checkpoint.Day) ([]suspectView, error) {
	found, err := s.store.SuspectGates(ctx, day)
	if err != nil {
		return nil, err
	}
	suspects := []suspectView{}
	for i := range found {
		if s.reaches(who, found[i].Site.Grid) {
			suspects = append(suspects, viewOfSuspect(&found[i]))
		}
	}
	return suspects, nil
}
