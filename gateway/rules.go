package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// ruleView is one row of the decision table as the API shows it.
type ruleView struct {
	Status    string           `json:"status"`
	SiteKind  string           `json:"site_kind"`
	Direction string           `json:"direction"`
	OwnHome   bool             `json:"own_home"`
	Decision  string           `json:"decision"`
	Reason    string           `json:"reason"`
	Color     checkpoint.Color `json:"color"`
	Action    string           `json:"action"`
	Flags     []string         `json:"flags"`
}

// handleRules publishes the decision table and the texts of the reasons.
func (s *Server) handleRules(c *fiber.Ctx) error {
	table := checkpoint.Table()
	rows := make([]ruleView, len(table))
	for i, r := range table {
		rows[i] = ruleView{
			r.Status.String(), r.Kind.String(), r.Direction.String(), r.OwnHome, r.Outcome.Decision.String(),
			r.Outcome.Reason.String(), r.Outcome.Color(), r.Outcome.Action.String(), r.Outcome.Flags.Names(),
		}
	}
	return c.JSON(struct {
		Version int64                   `json:"version"`
		Rules   []ruleView              `json:"rules"`
		Reasons []checkpoint.ReasonText `json:"reasons"`
	}{s.store.Registry().Version, rows, checkpoint.Reasons()})
}
