package gateway

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/bulletin"
)

// bulletinPage is how many rows a page has if nobody says.
const bulletinPage = 200

// bulletinRow is one of what a number counted.
type bulletinRow struct {
	At       utcTime        `json:"at"`
	ClosedAt *utcTime       `json:"closed_at"`
	DueAt    *utcTime       `json:"due_at"`
	Node     string         `json:"node"`
	NodeName string         `json:"node_name"`
	Person   *personInEvent `json:"person"` // masked; null if it is about nobody, or nobody is on record any more
	Gate     string         `json:"gate"`
	SiteName string         `json:"site_name"` // of the gate
	State    string         `json:"state"`
	Ref      string         `json:"ref"`  // kind and ID of the record
	Text     string         `json:"text"` // what the record is about, "" if the rest says it
}

// handleBulletinRows opens a number, for those who may.
func (s *Server) handleBulletinRows(c *fiber.Ctx) error {
	line, ok := bulletin.Find(c.Query("line"))
	if !ok {
		return invalid("line", "must be the key of a line of the bulletin")
	}
	if err := mayOpen(line, principalOf(c).Staff.Role); err != nil {
		return err
	}
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	day, err := s.dayAsked(c)
	if err != nil {
		return err
	}
	limit, err := limitAsked(c, bulletinPage)
	if err != nil {
		return err
	}
	rows, next, err := s.bulletins.Rows(s.context(c), node, day, line, strings.Clone(c.Query("cursor")), limit)
	if err != nil {
		return bulletinProblem(err)
	}
	views, err := s.viewsOfBulletinRows(c, rows)
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"line": line.Key, "day": day.String(), "rows": views, "next": next})
}

// mayOpen says why a role may see a number and not what it counted.
func mayOpen(line *bulletin.Line, role checkpoint.Role) error {
	if line.Opens == nil {
		return failure(codeForbidden, "this is a number only: who passed a gate is asked under an open case, by GET /v1/gates/{gate}/events")
	}
	if line.OpensFor(role) {
		return nil
	}
	names := make([]string, len(line.Opens))
	for i, r := range line.Opens {
		names[i] = string(r)
	}
	return failure(codeForbidden, "the role "+string(role)+" sees this number only: its rows are for "+strings.Join(names, ", "))
}

func (s *Server) viewsOfBulletinRows(c *fiber.Ctx, rows []bulletin.Row) ([]bulletinRow, error) {
	ids := make([]uint64, 0, len(rows))
	for i := range rows {
		if rows[i].Person != 0 {
			ids = append(ids, rows[i].Person)
		}
	}
	people, err := s.store.Views(s.context(c), ids)
	if err != nil {
		return nil, err
	}
	texts, err := s.textsOfRows(s.context(c), rows)
	if err != nil {
		return nil, err
	}
	reg, views := s.store.Registry(), make([]bulletinRow, len(rows))
	for i := range rows {
		r := &rows[i]
		v := bulletinRow{
			At: utcTime(r.At), ClosedAt: timeOrNil(r.Closed), DueAt: timeOrNil(r.Due), Node: r.Node, NodeName: s.nodeName(r.Node),
			Gate: r.Gate, State: r.State, Ref: r.Ref, Text: texts[r.Ref],
		}
		if gate, ok := reg.Gate(r.Gate); ok {
			if site, ok := reg.Site(gate.Site); ok {
				v.SiteName = site.Name
			}
		}
		if p, ok := people[r.Person]; ok {
			v.Person = viewOfPerson(r.Person, p)
		}
		views[i] = v
	}
	return views, nil
}
