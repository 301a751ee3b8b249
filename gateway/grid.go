package gateway

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// gridView is a node of the grid, as the API shows and takes it.
type gridView struct {
	ID     string `json:"id"`
	Parent string `json:"parent"`
	Name   string `json:"name"`
	Level  int    `json:"level"`
	Head   string `json:"head"`
	Phone  string `json:"phone"`
}

func viewOfNode(n *checkpoint.GridNode) gridView {
	return gridView{n.ID, n.Parent, n.Name, n.Level, n.Head, n.Phone}
}

func (in gridView) node() (checkpoint.GridNode, error) {
	if err := checkLine("name", in.Name, 120); err != nil {
		return checkpoint.GridNode{}, err
	}
	if in.Head != "" {
		if err := checkLine("head", in.Head, 40); err != nil {
			return checkpoint.GridNode{}, err
		}
	}
	return checkpoint.GridNode{ID: in.ID, Parent: in.Parent, Name: in.Name, Level: in.Level, Head: in.Head, Phone: in.Phone}, nil
}

// handleGrid lists the nodes in the caller's scope.
func (s *Server) handleGrid(c *fiber.Ctx) error {
	who, nodes := principalOf(c), []gridView{}
	for _, node := range s.store.Registry().GridNodes() {
		if s.reaches(who, node.ID) {
			nodes = append(nodes, viewOfNode(node))
		}
	}
	return c.JSON(fiber.Map{"nodes": nodes})
}

// handlePutGrid adds or replaces a node.
func (s *Server) handlePutGrid(c *fiber.Ctx) error {
	var in gridView
	if err := decode(c, &in); err != nil {
		return err
	}
	id, err := pathCode(c, "id", "id", in.ID)
	if err != nil {
		return err
	}
	in.ID = id
	node, err := in.node()
	if err != nil {
		return err
	}
	if err := s.store.Change(s.context(c), func(d *checkpoint.Draft) error { return d.PutGridNode(node) }); err != nil {
		return err
	}
	now, ok := s.store.Registry().Grid(id)
	if !ok {
		return fmt.Errorf("gateway: grid node %s is not there after it was put", id)
	}
	return c.JSON(viewOfNode(now))
}
