package gateway

import (
	"cmp"
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// alarmTurn is a step that somebody takes with an alarm.
type alarmTurn func(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (alarm.Entry, error)

// alarmGroup counts alarms of one kind, at one node, or both: what is not grouped by
// is empty.
type alarmGroup struct {
	Kind     alarm.Kind  `json:"kind"`
	Level    alarm.Level `json:"level"`
	Text     *textView   `json:"text"`
	Node     string      `json:"node"`
	NodeName string      `json:"node_name"`
	Count    int         `json:"count"`
	Acked    int         `json:"acked"` // of these, somebody sees to
	Oldest   utcTime     `json:"oldest"`
}

// groupedAlarms answers with counts, the gravest kinds first and in each the places
// with the most.
func (s *Server) groupedAlarms(c *fiber.Ctx, q alarm.Query, by string) error {
	byKind, byNode := by == "kind" || by == "kind,node", by == "node" || by == "kind,node"
	if !byKind && !byNode {
		return invalid("group", "must be kind, node or kind,node")
	}
	all, more, err := s.alarms.All(s.context(c), q)
	if err != nil {
		return err
	}
	type key struct {
		kind alarm.Kind
		node string
	}
	groups := map[key]*alarmGroup{}
	for i := range all {
		e := &all[i]
		var k key
		if byKind {
			k.kind = e.Kind
		}
		if byNode {
			k.node = e.Node
		}
		g := groups[k]
		if g == nil {
			g = &alarmGroup{Kind: k.kind, Node: k.node, Oldest: utcTime(e.OpenedAt)}
			if byKind {
				text := e.Kind.Text()
				g.Level, g.Text = text.Level, &textView{text.ZH, text.EN}
			}
			if byNode {
				g.NodeName = s.nodeName(k.node)
			}
			groups[k] = g
		}
		g.Count++
		g.Oldest = min(g.Oldest, utcTime(e.OpenedAt))
		if e.State == alarm.Acked {
			g.Acked++
		}
	}
	views := make([]alarmGroup, 0, len(groups))
	for _, g := range groups {
		views = append(views, *g)
	}
	slices.SortFunc(views, func(a, b alarmGroup) int {
		return cmp.Or(cmp.Compare(a.Kind.Rank(), b.Kind.Rank()), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Node, b.Node))
	})
	s.rows(c, len(all))
	return c.JSON(struct {
		Groups    []alarmGroup `json:"groups"`
		Count     int          `json:"count"`
		Truncated bool         `json:"truncated"`
	}{views, len(all), more})
}
