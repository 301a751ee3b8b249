package gateway

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// entryView is a change of one stock.
type entryView struct {
	ID         string       `json:"id"`
	Node       string       `json:"node"`
	Item       string       `json:"item"`
	Movement   string       `json:"movement"`
	State      string       `json:"state"` // booked, taken_back
	Delta      int64        `json:"delta"`
	After      int64        `json:"after"`
	Number     int64        `json:"number"`
	At         utcTime      `json:"at"`
	By         string       `json:"by"`
	From       string       `json:"from"`
	To         supplyToView `json:"to"`
	OtherNode  string       `json:"other_node"` // of a transfer: the other node
	OtherID    *string      `json:"other_id"`   // and the entry there
	ReceivedBy string       `json:"received_by"`
	Reason     string       `json:"reason"`
	Of         *string      `json:"of"`
}

type supplyToView struct {
	Node     string  `json:"node"`
	Site     string  `json:"site"`
	Staff    string  `json:"staff"`
	Resident *string `json:"resident"`
	Name     string  `json:"name"`
	Door     string  `json:"door"`
}

// viewOfEntry shows an entry, but for whom a receipt names.
func (s *Server) viewOfEntry(m *checkpoint.Matter, receipt *office.SupplyReceipt) (*entryView, error) {
	var e office.SupplyEntry
	if err := m.Get(&e); err != nil {
		return nil, err
	}
	view := &entryView{
		ID: m.ID.String(), Node: m.Node, Item: e.Item, Movement: string(e.Movement), State: m.State, Delta: e.Delta, After: e.After,
		Number: e.Number, At: utcTime(m.ClosedAt), By: s.loginOf(m.OpenedBy), From: e.From, OtherNode: e.Other, OtherID: idOrNil(e.Pair),
		To: supplyToView{Node: e.To.Node, Site: e.To.Site, Staff: e.To.Staff}, ReceivedBy: e.ReceivedBy, Reason: e.Reason, Of: idOrNil(e.Of),
	}
	if receipt != nil {
		view.ReceivedBy = receipt.ReceivedBy
	}
	return view, nil
}

// handleSupplyMoves lists the movements at a node and below it, the last first. Whom
// something was handed to is named if they live in the caller's part of the grid.
func (s *Server) handleSupplyMoves(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	from, to, err := s.window(c)
	if err != nil {
		return err
	}
	limit, err := limitAsked(c, 200)
	if err != nil {
		return err
	}
	page, receipts, next, err := s.office.SupplyPage(s.context(c), node, from, to, strings.Clone(c.Query("cursor")), limit)
	if err != nil {
		return err
	}
	views, handed := make([]*entryView, len(page)), []*entryView{}
	people := []uint64{}
	for i := range page {
		var receipt *office.SupplyReceipt
		r, given := receipts[page[i].ID]
		if given {
			receipt = &office.SupplyReceipt{}
			if err := r.Get(receipt); err != nil {
				return err
			}
		}
		if views[i], err = s.viewOfEntry(&page[i], receipt); err != nil {
			return err
		}
		if given && r.Person != 0 {
			handed, people = append(handed, views[i]), append(people, r.Person)
		}
	}
	err = s.eachClient(c, len(handed), func(i int) uint64 { return people[i] }, func(i int, p *checkpoint.Resident) {
		id := checkpoint.FormatPersonID(p.ID)
		handed[i].To.Resident, handed[i].To.Name, handed[i].To.Door = &id, p.Name, p.Door
		s.about(c, p.ID)
	})
	if err != nil {
		return err
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"movements": views, "next": next})
}

// limitAsked is how many rows of a page are asked for, 1 to 1,000.
func limitAsked(c *fiber.Ctx, usual int) (int, error) {
	text := c.Query("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > checkpoint.MaxMatters {
		return 0, invalid("limit", "must be a number from 1 to "+strconv.Itoa(checkpoint.MaxMatters))
	}
	return n, nil
}
