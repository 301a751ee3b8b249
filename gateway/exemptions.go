package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// handleExempt frees a resident from the limit of outings for a time.
func (s *Server) handleExempt(c *fiber.Ctx) error {
	var in struct {
		Ground string `json:"ground"`
		Until  string `json:"until"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	until, err := parseTime("until", in.Until)
	if err != nil {
		return err
	}
	by := principalOf(c).Staff.Login
	e, err := s.store.Exempt(s.context(c), residentOf(c).ID, until, checkpoint.ExemptGround(in.Ground), by)
	if err != nil {
		return err
	}
	s.log(c).Info("exempt from the limit of outings", "by", by, "ground", in.Ground)
	return c.JSON(struct {
		Resident string                  `json:"resident"`
		Site     string                  `json:"site"`
		Ground   checkpoint.ExemptGround `json:"ground"`
		From     utcTime                 `json:"from"`
		Until    utcTime                 `json:"until"`
		IssuedBy string                  `json:"issued_by"`
	}{checkpoint.FormatPersonID(e.Person), e.Site, e.Ground, utcTime(e.From), utcTime(e.Until), e.IssuedBy})
}

// handleEndExemption takes an exemption back; without one nothing changes.
func (s *Server) handleEndExemption(c *fiber.Ctx) error {
	by := principalOf(c).Staff.Login
	if err := s.store.EndExemption(s.context(c), residentOf(c).ID, by); err != nil {
		return err
	}
	s.log(c).Info("exemption taken back", "by", by)
	return c.SendStatus(fiber.StatusNoContent)
}
