package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// matchView tells whom a walk-in turned out to be; Resident is null while that
// is not known.
type matchView struct {
	WalkIn    personInEvent  `json:"walk_in"`
	Resident  *personInEvent `json:"resident"`
	MatchedAt *utcTime       `json:"matched_at"`
	MatchedBy string         `json:"matched_by"`
}

// candidateView is somebody on record who may be a walk-in.
type candidateView struct {
	foundView
	SameName bool `json:"same_name"`
	SameTail bool `json:"same_tail"`
}

// handleCandidates lists people in the caller's scope who have the phone that
// was written down of a walk-in, and whom it is known as.
func (s *Server) handleCandidates(c *fiber.Ctx) error {
	walkIn, err := walkInInPath(c)
	if err != nil {
		return err
	}
	match, err := s.store.MatchOf(s.context(c), walkIn)
	if err != nil {
		return err
	}
	view, err := s.viewOfMatch(s.context(c), match)
	if err != nil {
		return err
	}
	found, err := s.store.WalkInCandidates(s.context(c), walkIn)
	if err != nil {
		return err
	}
	who, candidates := principalOf(c), []candidateView{}
	for i := range found {
		if p := &found[i]; s.reaches(who, p.Grid) {
			candidates = append(candidates, candidateView{s.viewOfFound(&p.Resident), p.SameName, p.SameTail})
			s.about(c, p.ID)
		}
	}
	s.rows(c, len(candidates))
	return c.JSON(struct {
		matchView
		Candidates []candidateView `json:"candidates"`
	}{view, candidates})
}

// handleMatch puts on record that a walk-in was a resident in the caller's scope.
func (s *Server) handleMatch(c *fiber.Ctx) error {
	var in struct {
		Resident string `json:"resident"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	walkIn, err := walkInInPath(c)
	if err != nil {
		return err
	}
	resident, err := checkpoint.ParsePersonID(in.Resident)
	if err != nil {
		return err
	}
	if err := s.mayMatch(c, resident); err != nil {
		return err
	}
	s.about(c, resident)
	by := principalOf(c).Staff.Login
	match, err := s.store.MatchWalkIn(s.context(c), walkIn, resident, by)
	if err != nil {
		return err
	}
	s.log(c).Info("walk-in matched", "by", by)
	return s.sendMatch(c, match)
}

// handleUnmatch takes a match to a resident in the caller's scope back.
func (s *Server) handleUnmatch(c *fiber.Ctx) error {
	walkIn, err := walkInInPath(c)
	if err != nil {
		return err
	}
	match, err := s.store.MatchOf(s.context(c), walkIn)
	if err != nil {
		return err
	}
	if match.Resident != 0 {
		if err := s.mayMatch(c, match.Resident); err != nil {
			return err
		}
	}
	if _, err := s.store.UnmatchWalkIn(s.context(c), walkIn); err != nil {
		return err
	}
	s.log(c).Info("walk-in unmatched", "by", principalOf(c).Staff.Login)
	return s.sendMatch(c, checkpoint.Match{WalkIn: walkIn})
}

func walkInInPath(c *fiber.Ctx) (uint64, error) {
	id, err := checkpoint.ParsePersonID(c.Params("id"))
	if err != nil {
		return 0, invalid("id", "must be a walk-in's ID: 16 digits and letters a to f")
	}
	return id, nil
}

// mayMatch refuses residents out of the caller's scope.
func (s *Server) mayMatch(c *fiber.Ctx, resident uint64) error {
	person, err := s.store.Resident(s.context(c), resident)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), person.Grid) {
		return outOfScope()
	}
	return nil
}

func (s *Server) sendMatch(c *fiber.Ctx, match checkpoint.Match) error {
	view, err := s.viewOfMatch(s.context(c), match)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

func (s *Server) viewOfMatch(ctx context.Context, m checkpoint.Match) (matchView, error) {
	people, err := s.store.Views(ctx, []uint64{m.WalkIn, m.Resident})
	if err != nil {
		return matchView{}, err
	}
	walkIn := people[m.WalkIn]
	walkIn.KnownAs = nil // it stands beside it
	view := matchView{WalkIn: *viewOfPerson(m.WalkIn, walkIn)}
	if m.Resident != 0 {
		at := utcTime(m.At)
		view.Resident, view.MatchedAt, view.MatchedBy = viewOfPerson(m.Resident, people[m.Resident]), &at, m.By
	}
	return view, nil
}
