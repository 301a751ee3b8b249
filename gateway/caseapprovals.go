package gateway

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// approvalInput is what is asked for a second person's approval.
type approvalInput struct {
	People int    `json:"people"`
	Days   int    `json:"days"`
	Hops   int    `json:"hops"`
	Node   string `json:"node"`
	Reason string `json:"reason"`
	Until  string `json:"until"`
}

func (s *Server) readApproval(c *fiber.Ctx) (in approvalInput, k checkpoint.Case, asked checkpoint.Approval, err error) {
	if err = decode(c, &in); err != nil {
		return in, k, asked, err
	}
	asked = checkpoint.Approval{Reason: in.Reason, AskedBy: principalOf(c).Staff.Login}
	if asked.Until, err = s.momentOf("until", in.Until); err == nil {
		k, err = s.caseOf(c)
	}
	return in, k, asked, err
}

func (s *Server) handleAskLift(c *fiber.Ctx) error {
	in, k, asked, err := s.readApproval(c)
	if err != nil {
		return err
	}
	if in.Node != "" {
		return &apiError{codeUnknownField, "node", "another part of the grid is a grant: POST /v1/cases/{code}/grants"}
	}
	k, err = s.store.AskLift(s.context(c), k.Code, checkpoint.Lift{Caps: checkpoint.Caps{People: in.People, Days: in.Days, Hops: in.Hops}, Approval: asked})
	return s.answerCase(c, k, err)
}

func (s *Server) handleAskGrant(c *fiber.Ctx) error {
	in, k, asked, err := s.readApproval(c)
	if err != nil {
		return err
	}
	if in.People != 0 || in.Days != 0 || in.Hops != 0 {
		return &apiError{codeUnknownField, "people", "more people, days or hops are a lift: POST /v1/cases/{code}/lifts"}
	}
	k, err = s.store.AskGrant(s.context(c), k.Code, checkpoint.Grant{Node: in.Node, Approval: asked})
	return s.answerCase(c, k, err)
}

// numberOf reads the number of a lift or grant in the path.
func numberOf(c *fiber.Ctx) (int, error) {
	n, err := strconv.Atoi(c.Params("number"))
	if err != nil || n < 0 {
		return 0, failure(codeNotFound, "it has a number, from 0")
	}
	return n, nil
}

func (s *Server) handleApproveLift(c *fiber.Ctx) error {
	n, err := numberOf(c)
	if err != nil {
		return err
	}
	k, err := s.caseOf(c)
	if err != nil {
		return err
	}
	if !s.reaches(principalOf(c), k.Grid) { // the caps are those of the whole case
		return outOfScope()
	}
	k, err = s.store.ApproveLift(s.context(c), k.Code, n, principalOf(c).Staff.Login)
	return s.answerCase(c, k, err)
}

// handleApproveGrant is for who answers for the part of the grid that is asked
// for, wherever the case belongs.
func (s *Server) handleApproveGrant(c *fiber.Ctx) error {
	n, err := numberOf(c)
	if err != nil {
		return err
	}
	k, err := s.store.Case(s.context(c), strings.Clone(c.Params("code")))
	if err != nil {
		return err
	}
	if n >= len(k.Grants) {
		return failure(codeNotFound, "there is no such grant")
	}
	if !s.reaches(principalOf(c), k.Grants[n].Node) {
		return outOfScope()
	}
	k, err = s.store.ApproveGrant(s.context(c), k.Code, n, principalOf(c).Staff.Login)
	return s.answerCase(c, k, err)
}
