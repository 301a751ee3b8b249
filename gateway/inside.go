package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// handleInside tells how many people are inside a site. A device may ask about
// the site of its own gate.
func (s *Server) handleInside(c *fiber.Ctx) error {
	reg := s.store.Registry()
	site, ok := reg.Site(c.Params("site"))
	if !ok {
		return failure(codeNotFound, "there is no such site")
	}
	if d := principalOf(c).Device; d != nil {
		if gate, ok := reg.Gate(d.Gate); !ok || gate.Site != site.Code {
			return failure(codeOutOfScope, "a device sees its own site only")
		}
	}
	counts, err := s.store.Inside(s.context(c), []*checkpoint.Site{site})
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Site     string  `json:"site"`
		Inside   int     `json:"inside"`
		Capacity int     `json:"capacity"`
		At       utcTime `json:"at"`
	}{site.Code, counts[0], reg.RulesAt(site, s.now()).Capacity, utcTime(s.now())})
}
