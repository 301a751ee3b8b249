package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// campaignView is whether the campaign runs, and what waits for a second person.
type campaignView struct {
	Ended      bool      `json:"ended"`
	EndedAt    *utcTime  `json:"ended_at"`
	AskedBy    string    `json:"asked_by"`    // who began or ended it; empty: nobody ever did
	ApprovedBy string    `json:"approved_by"` // the second person
	Reason     string    `json:"reason"`
	Waiting    *turnView `json:"waiting"`
}

type turnView struct {
	End     bool    `json:"end"`
	Reason  string  `json:"reason"`
	AskedBy string  `json:"asked_by"`
	AskedAt utcTime `json:"asked_at"`
	Until   utcTime `json:"until"`
}

func (s *Server) answerCampaign(c *fiber.Ctx, campaign checkpoint.Campaign, err error) error {
	if err != nil {
		return err
	}
	view := campaignView{Ended: campaign.EndedAt != 0, EndedAt: timeOrNil(campaign.EndedAt)}
	if by := campaign.By; by != nil {
		view.AskedBy, view.ApprovedBy, view.Reason = by.AskedBy, by.ApprovedBy, by.Reason
	}
	if t := campaign.Asked; t != nil && s.now() < t.Until {
		view.Waiting = &turnView{t.End, t.Reason, t.AskedBy, utcTime(t.AskedAt), utcTime(t.Until)}
	}
	return c.JSON(view)
}

func (s *Server) handleCampaign(c *fiber.Ctx) error {
	campaign, err := s.store.Campaign(s.context(c))
	return s.answerCampaign(c, campaign, err)
}

// handleTurnCampaign ends the campaign or begins another one, when two people
// who answer for the whole town have said so.
func (s *Server) handleTurnCampaign(c *fiber.Ctx) error {
	var in struct {
		End    bool   `json:"end"`
		Reason string `json:"reason"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if !s.reaches(principalOf(c), "") {
		return outOfScope()
	}
	campaign, err := s.store.TurnCampaign(s.context(c), in.End, in.Reason, principalOf(c).Staff.Login)
	return s.answerCampaign(c, campaign, err)
}
