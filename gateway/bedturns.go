package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// bedInPath is the bed named in the path, if it is in the caller's part of the grid.
func (s *Server) bedInPath(c *fiber.Ctx) (checkpoint.Matter, error) {
	id, err := matterInPath(c)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	bed, err := s.store.Matter(s.context(c), office.KindBed, id)
	if err != nil {
		return bed, s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), bed.Node) {
		return bed, outOfScope()
	}
	return bed, nil
}

// handleAssignBed puts somebody into a bed.
func (s *Server) handleAssignBed(c *fiber.Ctx) error {
	var in admissionBody
	if err := decode(c, &in); err != nil {
		return err
	}
	bed, err := s.bedInPath(c)
	if err != nil {
		return err
	}
	if in.Node != "" {
		return invalid("node", "is that of the bed: leave it out")
	}
	a, err := s.admission(c, &in, bed.Node)
	if err != nil {
		return err
	}
	m, err := s.office.AssignBed(s.context(c), bed.ID, a)
	return answerBed(c, &m, err)
}

// handleReleaseBed says that somebody has left a bed.
func (s *Server) handleReleaseBed(c *fiber.Ctx) error {
	var in struct {
		Stay string `json:"stay"`
		To   string `json:"to"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	bed, err := s.bedInPath(c)
	if err != nil {
		return err
	}
	stay, err := checkpoint.ParseMatterID(in.Stay)
	if err != nil {
		return invalid("stay", "must be the id of the stay, as the list of beds gives it")
	}
	if v, err := s.office.BedStay(s.context(c), stay); err == nil && v.Matter.Person != 0 {
		s.about(c, v.Matter.Person)
	}
	m, err := s.office.ReleaseBed(s.context(c), bed.ID, stay, principalOf(c).Staff.Num, in.To)
	return answerBed(c, &m, err)
}

// handleCleanBed says that a bed can be used.
func (s *Server) handleCleanBed(c *fiber.Ctx) error { return s.turnBed(c, s.office.CleanBed) }

// handleCloseBed takes a bed out of use.
func (s *Server) handleCloseBed(c *fiber.Ctx) error { return s.turnBed(c, s.office.CloseBed) }

func (s *Server) turnBed(c *fiber.Ctx, turn func(context.Context, checkpoint.MatterID, uint32, string) (checkpoint.Matter, error)) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	bed, err := s.bedInPath(c)
	if err != nil {
		return err
	}
	m, err := turn(s.context(c), bed.ID, principalOf(c).Staff.Num, in.Note)
	return answerBed(c, &m, err)
}
