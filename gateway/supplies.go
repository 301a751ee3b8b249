package gateway

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// itemView is a kind of thing that is kept in store.
type itemView struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Unit string `json:"unit"`
}

// heldItem is what a part of the grid has of an item.
type heldItem struct {
	Item   string `json:"item"`
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Amount int64  `json:"amount"` // with all below
	Own    int64  `json:"own"`    // at the node itself
	Flow   *flow  `json:"flow"`   // null without from or to
}

// flow is what moved in a time. Opening + in - out is closing; what went from one
// node to another within is in both.
type flow struct {
	Opening int64 `json:"opening"`
	In      int64 `json:"in"`
	Out     int64 `json:"out"`
	Closing int64 `json:"closing"`
}

func (f *flow) add(s *office.Stock) {
	f.Opening, f.In, f.Out, f.Closing = f.Opening+s.Opening, f.In+s.In, f.Out+s.Out, f.Closing+s.Closing
}

// heldBelow is what one node directly below has, with all below it.
type heldBelow struct {
	Node  string     `json:"node"`
	Name  string     `json:"name"`
	Items []heldItem `json:"items"`
}

type stockLine struct {
	Node   string `json:"node"`
	Item   string `json:"item"`
	Amount int64  `json:"amount"`
	Low    int64  `json:"low"`
}

// handleSupplies gives what a node and all below it have in store.
func (s *Server) handleSupplies(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	ctx, report := s.context(c), c.Query("from") != "" || c.Query("to") != ""
	items, err := s.office.SupplyItems(ctx)
	if err != nil {
		return err
	}
	var stocks []office.Stock
	if report {
		from, to, failed := s.window(c)
		if failed != nil {
			return failed
		}
		stocks, err = s.office.StocksBetween(ctx, node, from, to)
	} else {
		stocks, err = s.office.Stocks(ctx, node)
	}
	if err != nil {
		return err
	}
	return c.JSON(s.viewOfSupplies(node, items, stocks, report))
}

// viewOfSupplies rolls stocks up: all of them, and those of each node directly below.
func (s *Server) viewOfSupplies(node string, items []office.SupplyItem, stocks []office.Stock, report bool) fiber.Map {
	reg := s.store.Registry()
	below, low := []heldBelow{}, []stockLine{}
	for _, n := range reg.GridNodes() {
		if n.Parent != node || n.ID == node {
			continue
		}
		if held := hold(items, stocks, report, func(of string) bool { return reg.Within(of, n.ID) }, n.ID); len(held) > 0 {
			below = append(below, heldBelow{n.ID, n.Name, held})
		}
	}
	for i := range stocks {
		if st := &stocks[i]; st.TooLittle() {
			low = append(low, stockLine{st.Node, st.Item, st.Amount, st.Low})
		}
	}
	all := hold(items, stocks, report, func(string) bool { return true }, node)
	return fiber.Map{"node": node, "items": all, "below": below, "low": low}
}

// hold adds up the stocks within a node, in the order of items; those without any
// are left out.
func hold(items []office.SupplyItem, stocks []office.Stock, report bool, within func(string) bool, node string) []heldItem {
	held, place := []heldItem{}, map[string]int{}
	for _, item := range items {
		place[item.Code] = len(held)
		held = append(held, heldItem{Item: item.Code, Name: item.Name, Unit: item.Unit})
	}
	there := map[string]bool{}
	for i := range stocks {
		st := &stocks[i]
		at, known := place[st.Item]
		if !known || !within(st.Node) {
			continue
		}
		h := &held[at]
		there[st.Item] = true
		if h.Amount += st.Amount; st.Node == node {
			h.Own += st.Amount
		}
		if report {
			if h.Flow == nil {
				h.Flow = &flow{}
			}
			h.Flow.add(st)
		}
	}
	return slices.DeleteFunc(held, func(h heldItem) bool { return !there[h.Item] })
}

// handleSupplyItems lists what can be kept in store.
func (s *Server) handleSupplyItems(c *fiber.Ctx) error {
	items, err := s.office.SupplyItems(s.context(c))
	if err != nil {
		return err
	}
	views := make([]itemView, len(items))
	for i, item := range items {
		views[i] = itemView(item)
	}
	return c.JSON(fiber.Map{"items": views})
}

// handlePutSupplyItem adds an item, or gives one another name.
func (s *Server) handlePutSupplyItem(c *fiber.Ctx) error {
	var in struct {
		Name string `json:"name"`
		Unit string `json:"unit"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	item, err := s.office.PutSupplyItem(s.context(c), principalOf(c).Staff.Num, office.SupplyItem{Code: strings.Clone(c.Params("code")), Name: in.Name, Unit: in.Unit})
	if err != nil {
		return err
	}
	return c.JSON(itemView(item))
}

// handlePutSupplyLine says below which amount there is too little of an item.
func (s *Server) handlePutSupplyLine(c *fiber.Ctx) error {
	var in struct {
		Node string `json:"node"`
		Item string `json:"item"`
		Low  int64  `json:"low"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	if err := s.mayAt(c, in.Node); err != nil {
		return err
	}
	st, err := s.office.SetLow(s.context(c), principalOf(c).Staff.Num, in.Node, in.Item, in.Low)
	if err != nil {
		return err
	}
	return c.JSON(stockLine{st.Node, st.Item, st.Amount, st.Low})
}

// supplyMoveBody is a movement as it is sent.
type supplyMoveBody struct {
	ID         string        `json:"id"`
	Movement   string        `json:"movement"`
	Node       string        `json:"node"`
	Item       string        `json:"item"`
	Quantity   int64         `json:"quantity"`
	From       string        `json:"from"`
	To         *supplyToBody `json:"to"`
	ReceivedBy string        `json:"received_by"`
	Reason     string        `json:"reason"`
	Of         string        `json:"of"`
}

type supplyToBody struct {
	Node     string `json:"node"`
	Site     string `json:"site"`
	Staff    string `json:"staff"`
	Resident string `json:"resident"`
}

// handleMoveSupply books a movement.
func (s *Server) handleMoveSupply(c *fiber.Ctx) error {
	var in supplyMoveBody
	if err := decode(c, &in); err != nil {
		return err
	}
	move, err := s.supplyMove(c, &in)
	if err != nil {
		return err
	}
	m, err := s.office.MoveSupply(s.context(c), move)
	if err != nil {
		return err
	}
	var receipt *office.SupplyReceipt
	if move.To.Resident != 0 {
		receipt = &office.SupplyReceipt{ReceivedBy: move.ReceivedBy}
	}
	view, err := s.viewOfEntry(&m, receipt)
	if err != nil {
		return err
	}
	if move.To.Resident != 0 {
		id := checkpoint.FormatPersonID(move.To.Resident)
		view.To.Resident = &id
		s.about(c, move.To.Resident)
	}
	return c.JSON(view)
}

// supplyMove reads a movement and refuses what is not the caller's to book.
func (s *Server) supplyMove(c *fiber.Ctx, in *supplyMoveBody) (move office.SupplyMove, err error) {
	move = office.SupplyMove{
		ID: in.ID, Movement: office.Movement(in.Movement), Node: in.Node, Item: in.Item, Quantity: in.Quantity,
		From: in.From, ReceivedBy: in.ReceivedBy, Reason: in.Reason, By: principalOf(c).Staff.Num,
	}
	if move.Movement == office.SupplyTakeBack {
		return move, s.mayTakeBack(c, in, &move)
	}
	if in.Of != "" {
		return move, invalid("of", "is for take_back only")
	}
	if err := s.mayAt(c, in.Node); err != nil {
		return move, err
	}
	if in.To == nil {
		return move, nil
	}
	move.To = office.SupplyTo{Node: in.To.Node, Site: in.To.Site, Staff: in.To.Staff}
	if move.Movement == office.SupplyTransfer && in.To.Node != "" {
		if err := s.mayAt(c, in.To.Node); err != nil {
			return move, err
		}
	}
	if in.To.Resident == "" {
		return move, nil
	}
	if move.To.Resident, err = checkpoint.ParsePersonID(in.To.Resident); err != nil {
		return move, invalid("to.resident", "must be a person's ID: 16 digits and letters a to f")
	}
	return move, s.mayWith(c, move.To.Resident)
}

// mayWith refuses what is about a person who does not live in the caller's part of
// the grid.
func (s *Server) mayWith(c *fiber.Ctx, person uint64) error {
	p, err := s.store.Resident(s.context(c), person)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), p.Grid) {
		return outOfScope()
	}
	return nil
}

// mayTakeBack reads which entry is taken back, at nodes that are all the caller's.
func (s *Server) mayTakeBack(c *fiber.Ctx, in *supplyMoveBody, move *office.SupplyMove) (err error) {
	if in.Node != "" || in.Item != "" || in.Quantity != 0 || in.To != nil || in.From != "" {
		return invalid("of", "take_back has id, of and reason only: the rest is that of the movement")
	}
	if move.Of, err = checkpoint.ParseMatterID(in.Of); err != nil {
		return invalid("of", "must be the id of a movement, as the list gives it")
	}
	m, entry, err := s.office.SupplyEntryOf(s.context(c), move.Of)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if err := s.mayAt(c, m.Node); err != nil || entry.Other == "" {
		return err
	}
	return s.mayAt(c, entry.Other)
}
