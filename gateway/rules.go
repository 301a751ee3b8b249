package gateway

import (
	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// RulesTable is what is published of the rules that all sites share: the
// decision table, the order of the rules and the texts of the reasons.
type RulesTable struct {
	Rules         []ruleView              `json:"rules"`
	ResidentsOnly []ruleView              `json:"residents_only"` // rows that are others where a site is for residents only
	Precedence    []stepView              `json:"precedence"`
	Reasons       []checkpoint.ReasonText `json:"reasons"`
}

// PublishedRules is the same for every site and at every time.
func PublishedRules() RulesTable {
	table := RulesTable{viewOfTable(checkpoint.Table()), viewOfTable(checkpoint.TableOfResidentsOnly()), nil, checkpoint.Reasons()}
	for _, step := range checkpoint.Precedence() {
		table.Precedence = append(table.Precedence, viewOfStep(step))
	}
	return table
}

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

func viewOfTable(table []checkpoint.Rule) []ruleView {
	rows := make([]ruleView, len(table))
	for i, r := range table {
		rows[i] = ruleView{
			r.Status.String(), r.Kind.String(), r.Direction.String(), r.OwnHome, r.Outcome.Decision.String(),
			r.Outcome.Reason.String(), r.Outcome.Color(), r.Outcome.Action.String(), r.Outcome.Flags.Names(),
		}
	}
	return rows
}

// stepView is one step of the order of the rules as the API shows it.
type stepView struct {
	Step       string              `json:"step"`
	Reasons    []string            `json:"reasons"`
	Directions []string            `json:"directions"`
	Where      checkpoint.Where    `json:"where"`
	Replaces   checkpoint.Replaces `json:"replaces"`
	Exact      bool                `json:"exact"`
	ZH         string              `json:"zh"`
	EN         string              `json:"en"`
}

func viewOfStep(s checkpoint.Step) stepView {
	view := stepView{s.Name, make([]string, len(s.Reasons)), make([]string, len(s.Ways)), s.Where, s.Replaces, s.Exact, s.ZH, s.EN}
	for i, r := range s.Reasons {
		view.Reasons[i] = r.String()
	}
	for i, d := range s.Ways {
		view.Directions[i] = d.String()
	}
	return view
}

// handleRules publishes the rules that all sites share.
func (s *Server) handleRules(c *fiber.Ctx) error {
	return c.JSON(struct {
		Version int64 `json:"version"`
		RulesTable
	}{s.store.Registry().Version, PublishedRules()})
}
