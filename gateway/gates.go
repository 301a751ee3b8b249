package gateway

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// gateView is a gate as the API shows it.
type gateView struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Site string `json:"site"`
	Open bool   `json:"open"`
}

func viewOfGate(g *checkpoint.Gate) gateView { return gateView{g.Code, g.Name, g.Site, g.Open} }

// gateInput is a gate as the API takes it. Whether it is open has to be said:
// a gate must not be closed, nor opened, by forgetting a word.
type gateInput struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Site string `json:"site"`
	Open *bool  `json:"open"`
}

func (in gateInput) gate() (checkpoint.Gate, error) {
	if in.Open == nil {
		return checkpoint.Gate{}, invalid("open", "is missing: say true or false")
	}
	if in.Name != "" {
		if err := checkLine("name", in.Name, 120); err != nil {
			return checkpoint.Gate{}, err
		}
	}
	return checkpoint.Gate{Code: in.Code, Name: in.Name, Site: in.Site, Open: *in.Open}, nil
}

// handleGates lists the gates in the caller's scope.
func (s *Server) handleGates(c *fiber.Ctx) error {
	who, reg, gates := principalOf(c), s.store.Registry(), []gateView{}
	for _, gate := range reg.Gates() {
		if site, ok := reg.Site(gate.Site); ok && s.reaches(who, site.Grid) {
			gates = append(gates, viewOfGate(gate))
		}
	}
	return c.JSON(fiber.Map{"gates": gates})
}

// handlePutGate adds, opens, closes or renames a gate.
func (s *Server) handlePutGate(c *fiber.Ctx) error {
	var in gateInput
	if err := decode(c, &in); err != nil {
		return err
	}
	code, err := pathCode(c, "gate", "code", in.Code)
	if err != nil {
		return err
	}
	in.Code = code
	gate, err := in.gate()
	if err != nil {
		return err
	}
	if err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error { return d.PutGate(gate) }); err != nil {
		return err
	}
	now, ok := s.store.Registry().Gate(code)
	if !ok {
		return fmt.Errorf("gateway: gate %s is not there after it was put", code)
	}
	return c.JSON(viewOfGate(now))
}
