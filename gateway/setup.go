package gateway

import (
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// setup is a town's places in one request.
type setup struct {
	Grid  []gridView  `json:"grid"`
	Sites []siteInput `json:"sites"`
	Gates []gateInput `json:"gates"`
}

// placed is a record with its place in the request, which errors name.
type placed[T any] struct {
	at     string // like "sites[3]"
	record T
}

// places checks each record on its own and keeps it with its place.
func places[In, Out any](list string, all []In, read func(In) (Out, error)) ([]placed[Out], error) {
	out := make([]placed[Out], len(all))
	for i, in := range all {
		at := fmt.Sprintf("%s[%d]", list, i)
		record, err := read(in)
		if err != nil {
			return nil, inPlace(at, err)
		}
		out[i] = placed[Out]{at, record}
	}
	return out, nil
}

// inPlace puts the place before the field that an error names.
func inPlace(at string, err error) error {
	return renamed(err, func(field string) string { return at + "." + field })
}

// putAll puts records in their order.
func putAll[T any](all []placed[T], put func(T) error) error {
	for _, p := range all {
		if err := put(p.record); err != nil {
			return inPlace(p.at, err)
		}
	}
	return nil
}

// twice names the first record whose code was there before.
func twice[T any](all []placed[T], field string, code func(T) string) error {
	seen := make(map[string]bool, len(all))
	for _, p := range all {
		if seen[code(p.record)] {
			return invalid(p.at+"."+field, "is there twice")
		}
		seen[code(p.record)] = true
	}
	return nil
}

// handleSetup puts many records in one change: all or none.
func (s *Server) handleSetup(c *fiber.Ctx) error {
	var in setup
	if err := decode(c, &in); err != nil {
		return err
	}
	change, err := in.change()
	if err != nil {
		return err
	}
	if err := s.store.Change(s.context(c), change); err != nil {
		return err
	}
	s.rows(c, len(in.Grid)+len(in.Sites)+len(in.Gates))
	return c.JSON(struct {
		Grid         int   `json:"grid"`
		Sites        int   `json:"sites"`
		Gates        int   `json:"gates"`
		RulesVersion int64 `json:"rules_version"`
	}{len(in.Grid), len(in.Sites), len(in.Gates), s.store.Registry().Version})
}

// change checks the request and gives what is to be done. Parents go before
// children, and gates that close before gates that open.
func (in setup) change() (func(*checkpoint.Draft) error, error) {
	grid, err := places("grid", in.Grid, gridView.node)
	if err != nil {
		return nil, err
	}
	sites, err := places("sites", in.Sites, siteInput.site)
	if err != nil {
		return nil, err
	}
	gates, err := places("gates", in.Gates, gateInput.gate)
	if err != nil {
		return nil, err
	}
	if err := twice(grid, "id", func(n checkpoint.GridNode) string { return n.ID }); err != nil {
		return nil, err
	}
	if err := twice(sites, "code", func(s checkpoint.Site) string { return s.Code }); err != nil {
		return nil, err
	}
	if err := twice(gates, "code", func(g checkpoint.Gate) string { return g.Code }); err != nil {
		return nil, err
	}
	slices.SortStableFunc(grid, func(a, b placed[checkpoint.GridNode]) int { return a.record.Level - b.record.Level })
	slices.SortStableFunc(gates, func(a, b placed[checkpoint.Gate]) int {
		switch {
		case a.record.Open == b.record.Open:
			return 0
		case b.record.Open:
			return -1
		}
		return 1
	})
	return func(d *checkpoint.Draft) error {
		if err := putAll(grid, d.PutGridNode); err != nil {
			return err
		}
		if err := putAll(sites, d.PutSite); err != nil {
			return err
		}
		return putAll(gates, d.PutGate)
	}, nil
}
