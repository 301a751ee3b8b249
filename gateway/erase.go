package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// handleErase removes who a person is. That it was asked is on record, with the
// reason, before anything is removed; what came of it is an entry of its own.
func (s *Server) handleErase(c *fiber.Ctx) error {
	id, err := checkpoint.ParsePersonID(c.Params("id"))
	if err != nil {
		return err
	}
	var in struct {
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := checkLine("reason", in.Reason, 200); err != nil {
		return err
	}
	person, err := s.store.Resident(s.context(c), id)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	// Whoever erased somebody may ask again, although the person has no home now.
	if person.Kind != checkpoint.KindErased && !s.reaches(principalOf(c), person.Grid) {
		return outOfScope()
	}
	asked := inquiryOf(c)
	asked.entry.Reason = in.Reason
	begun := asked.entry
	begun.Outcome, begun.Rows = "erasing", 0
	if _, err := s.store.Audit(s.context(c), begun); err != nil {
		return err
	}
	if err := s.store.Erase(s.context(c), id, principalOf(c).Staff.Login); err != nil {
		return err
	}
	return c.JSON(struct {
		ID   string `json:"id"`
		Kind string `json:"kind"`
	}{checkpoint.FormatPersonID(id), checkpoint.KindErased.String()})
}
