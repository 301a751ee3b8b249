package gateway

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// nodeAsked is the node of the grid that a list is asked for: that of the query, the
// caller's own without one, "" for the whole town.
func (s *Server) nodeAsked(c *fiber.Ctx) (string, error) {
	code := strings.Clone(c.Query("node"))
	if code == "" {
		if who := principalOf(c).Staff; who != nil {
			return who.Grid, nil
		}
	}
	if _, ok := s.store.Registry().Grid(code); !ok && code != "" {
		return "", failure(codeNotFound, "there is no such node of the grid")
	}
	return code, nil
}

// mayAt refuses what is about a node of the grid that is not there, or that the
// caller does not answer for.
func (s *Server) mayAt(c *fiber.Ctx, node string) error {
	who := principalOf(c)
	if _, ok := s.store.Registry().Grid(node); !ok {
		return s.hidden(who, failure(codeNotFound, "there is no such node of the grid"))
	}
	if !s.reaches(who, node) {
		return outOfScope()
	}
	return nil
}

// mayAtSite is mayAt for the node of a site.
func (s *Server) mayAtSite(c *fiber.Ctx, code string) error {
	node, err := s.siteNode(code)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	return s.mayAt(c, node)
}

// matterInPath is the ID of a record in the path.
func matterInPath(c *fiber.Ctx) (checkpoint.MatterID, error) {
	return checkpoint.ParseMatterID(c.Params("id"))
}

// idOrNil shows the ID of a record that may be none.
func idOrNil(id checkpoint.MatterID) *string {
	if id == 0 {
		return nil
	}
	text := id.String()
	return &text
}

// matterStep is what somebody did about a record.
type matterStep struct {
	At    utcTime `json:"at"`
	By    string  `json:"by"` // login, "" for the program
	State string  `json:"state"`
	Note  string  `json:"note"`
}

func (s *Server) viewOfMatterSteps(m *checkpoint.Matter) []matterStep {
	views := make([]matterStep, len(m.Steps))
	for i, step := range m.Steps {
		views[i] = matterStep{utcTime(step.At), s.loginOf(step.By), step.State, step.Note}
	}
	return views
}

// mattersAsked is the page of a register that the query asks for, at a node and below
// it: what is open, of one state if it is given, or what was closed in a window. closed
// and open are its states, words what is said of any other. Rows of other states than
// the one asked for are in the page, too.
func (s *Server) mattersAsked(c *fiber.Ctx, kind checkpoint.MatterKind, words, closed string, open ...string) (page []checkpoint.Matter, next string, err error) {
	q := checkpoint.MatterQuery{Kind: kind, By: checkpoint.OpenOnly, Cursor: strings.Clone(c.Query("cursor"))}
	if q.Node, err = s.nodeAsked(c); err != nil {
		return nil, "", err
	}
	if q.Limit, err = limitAsked(c, 200); err != nil {
		return nil, "", err
	}
	switch state := c.Query("state"); {
	case state == "", slices.Contains(open, state):
	case state == closed:
		q.By, q.Newest = checkpoint.ClosedOnly, true
		if q.From, q.To, err = s.window(c); err != nil {
			return nil, "", err
		}
	default:
		return nil, "", invalid("state", words)
	}
	return s.store.Matters(s.context(c), q)
}
