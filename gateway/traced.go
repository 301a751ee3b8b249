package gateway

import (
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// tracedPerson is somebody in the answer to a tracer's question. Of people whose
// home lies outside the part of the grid that the tracer answers for, or may ask
// about by a grant, it has the ID and the area only: the tracer of that area
// knows more.
type tracedPerson struct {
	ID         string `json:"id"`
	Outside    bool   `json:"outside"`
	Area       string `json:"area"` // management area of the home, "" without a home
	NameMasked string `json:"name_masked"`
	Kind       string `json:"kind"`
	Home       string `json:"home"`
}

// traced looks people up for whoever asks.
func (s *Server) traced(c *fiber.Ctx, ids []uint64) (map[uint64]tracedPerson, error) {
	views, err := s.store.Views(s.context(c), ids)
	if err != nil {
		return nil, err
	}
	out := make(map[uint64]tracedPerson, len(ids))
	for _, id := range ids {
		v := views[id]
		p := tracedPerson{ID: checkpoint.FormatPersonID(id), Area: s.areaOf(v.Grid), Outside: !s.reachesAsked(c, v.Grid)}
		if !p.Outside {
			p.NameMasked, p.Kind, p.Home = v.NameMasked, v.Kind.String(), v.Home
		}
		out[id] = p
	}
	return out, nil
}

// areaOf is the management area (level 2) that a node of the grid lies in; the
// node itself if it lies in none.
func (s *Server) areaOf(node string) string {
	reg := s.store.Registry()
	for at := node; ; {
		n, ok := reg.Grid(at)
		switch {
		case !ok:
			return node
		case n.Level == 2:
			return n.ID
		case n.Level < 2:
			return node
		}
		at = n.Parent
	}
}

// outsiders counts the people of whom no more than ID and area is given.
func outsiders(people map[uint64]tracedPerson) (n int) {
	for _, p := range people {
		if p.Outside {
			n++
		}
	}
	return n
}

// wantsCSV tells whether the client would rather have a table.
func wantsCSV(c *fiber.Ctx) bool {
	return c.Accepts(fiber.MIMEApplicationJSON, mimeCSV) == mimeCSV
}

// sendCSV answers with a table that Excel takes for UTF-8.
func sendCSV(c *fiber.Ctx, head string, rows [][]string) error {
	b := append([]byte("\ufeff"), head...)
	for _, row := range rows {
		b = append(b, '\r', '\n')
		for i, field := range row {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCSVField(b, field)
		}
	}
	c.Set(fiber.HeaderContentType, mimeCSV+"; charset=utf-8")
	return c.Send(append(b, '\r', '\n'))
}

// fields are the columns person,outside,area,name_masked,kind,home of a table.
func (p *tracedPerson) fields() []string {
	return []string{p.ID, strconv.FormatBool(p.Outside), p.Area, p.NameMasked, p.Kind, p.Home}
}

// queryNumber reads a whole number of the query.
func queryNumber(c *fiber.Ctx, name string, without, least, most int) (int, error) {
	text := c.Query(name)
	if text == "" {
		return without, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, invalid(name, fmt.Sprintf("must be %d to %d", least, most))
	}
	return n, nil
}
