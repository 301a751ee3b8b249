package gateway

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// purchaseView is the report of a purchase, for those who see to the buyer.
type purchaseView struct {
	ID          string             `json:"id"`
	Node        string             `json:"node"`
	State       string             `json:"state"` // reported, visited, closed
	Site        string             `json:"site"`
	SiteName    string             `json:"site_name"`
	At          utcTime            `json:"at"`
	DueAt       utcTime            `json:"due_at"` // the visit; after it the closing
	Overdue     bool               `json:"overdue"`
	Buyer       buyerView          `json:"buyer"`
	Medicines   []string           `json:"medicines"`
	ForWhom     string             `json:"for_whom"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Symptoms    []string           `json:"symptoms"`
	Scan        string             `json:"scan"`
	Repeated    bool               `json:"repeated"`
	Earlier     []string           `json:"earlier"` // of the same buyer, within 7 days before
	Outcome     string             `json:"outcome"`
	Ref         string             `json:"ref"`
	ClosedAt    *utcTime           `json:"closed_at"`
	Steps       []matterStep       `json:"steps"`
}

// buyerView is who bought: resident if they have a record, else what was typed.
type buyerView struct {
	Resident   *clientView `json:"resident"`
	Name       string      `json:"name"`
	IDTail     string      `json:"id_tail"`
	IDDocument string      `json:"id_document"`
	Phone      string      `json:"phone"`
}

func (s *Server) viewOfPurchase(m *checkpoint.Matter, who *checkpoint.Resident) (*purchaseView, error) {
	var p office.Purchase
	if err := m.Get(&p); err != nil {
		return nil, err
	}
	view := &purchaseView{
		ID: m.ID.String(), Node: m.Node, State: m.State, Site: p.Site, SiteName: s.siteNameOf(p.Site), At: utcTime(m.OpenedAt), DueAt: utcTime(m.DueAt),
		Overdue: m.Late(s.now()), Medicines: append([]string{}, p.Medicines...), ForWhom: p.ForWhom, Temperature: p.Temperature,
		Symptoms: append([]string{}, p.Symptoms...), Scan: p.Scan, Repeated: len(p.Earlier) > 0, Earlier: []string{},
		Outcome: p.Outcome, Ref: p.Ref, ClosedAt: timeOrNil(m.ClosedAt), Steps: s.viewOfMatterSteps(m),
		Buyer: buyerView{Name: p.Name, IDTail: p.IDTail, IDDocument: p.Document, Phone: p.Phone},
	}
	for _, id := range p.Earlier {
		view.Earlier = append(view.Earlier, id.String())
	}
	if who != nil {
		client := viewOfClient(who)
		view.Buyer.Resident = &client
	}
	return view, nil
}

// buyersOf are the people of reports that are on record and live in the caller's part
// of the grid, or nowhere, by ID.
func (s *Server) buyersOf(c *fiber.Ctx, reports []checkpoint.Matter) (map[uint64]*checkpoint.Resident, error) {
	return s.peopleOf(c, reports, func(node string) bool { return node == "" || s.reaches(principalOf(c), node) })
}

// handlePurchases lists the reports at a node and below it: those that are open, of
// one state if it is given, or those closed in a window.
func (s *Server) handlePurchases(c *fiber.Ctx) error {
	state := c.Query("state")
	page, next, err := s.mattersAsked(c, office.KindPurchase, "must be reported, visited or closed; without it, all that is not closed",
		office.PurchaseClosed, office.PurchaseReported, office.PurchaseVisited)
	if err != nil {
		return err
	}
	people, err := s.buyersOf(c, page)
	if err != nil {
		return err
	}
	views := []*purchaseView{}
	for i := range page {
		if state != "" && page[i].State != state {
			continue
		}
		view, err := s.viewOfPurchase(&page[i], people[page[i].Person])
		if err != nil {
			return err
		}
		views = append(views, view)
	}
	s.rows(c, len(views))
	return c.JSON(fiber.Map{"purchases": views, "next": next})
}

// handleVisitPurchase says that the caller was with the buyer.
func (s *Server) handleVisitPurchase(c *fiber.Ctx) error {
	var in struct {
		Note string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	return s.turnPurchase(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.VisitPurchase(ctx, id, by, in.Note)
	})
}

// handleClosePurchase ends a report.
func (s *Server) handleClosePurchase(c *fiber.Ctx) error {
	var in struct {
		Outcome string `json:"outcome"`
		Ref     string `json:"ref"`
		Note    string `json:"note"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	return s.turnPurchase(c, func(ctx context.Context, id checkpoint.MatterID, by uint32) (checkpoint.Matter, error) {
		return s.office.ClosePurchase(ctx, id, by, in.Outcome, in.Ref, in.Note)
	})
}

// turnPurchase changes the report named in the path, if it is in the caller's part of
// the grid.
func (s *Server) turnPurchase(c *fiber.Ctx, turn func(context.Context, checkpoint.MatterID, uint32) (checkpoint.Matter, error)) error {
	id, err := matterInPath(c)
	if err != nil {
		return err
	}
	m, err := s.store.Matter(s.context(c), office.KindPurchase, id)
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	if !s.reaches(principalOf(c), m.Node) {
		return outOfScope()
	}
	if m, err = turn(s.context(c), id, principalOf(c).Staff.Num); err != nil {
		return err
	}
	people, err := s.buyersOf(c, []checkpoint.Matter{m})
	if err != nil {
		return err
	}
	view, err := s.viewOfPurchase(&m, people[m.Person])
	if err != nil {
		return err
	}
	return c.JSON(view)
}
