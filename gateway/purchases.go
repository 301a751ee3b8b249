package gateway

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
)

// purchaseBody is a purchase of fever medicine as a pharmacy sends it. The buyer is
// named by exactly one of resident, id_document and walk_in, as in a scan; who was
// scanned at the pharmacy's gate by resident, with the scan's ID.
type purchaseBody struct {
	ID          string             `json:"id"`
	Site        string             `json:"site"`
	Resident    *string            `json:"resident"`
	IDDocument  *string            `json:"id_document"`
	WalkIn      *walkInBody        `json:"walk_in"`
	Scan        string             `json:"scan"`
	Medicines   []string           `json:"medicines"`
	ForWhom     string             `json:"for_whom"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Symptoms    []string           `json:"symptoms"`
	At          string             `json:"at"`
}

// handlePurchase writes a purchase down. The answer is the same whoever the buyer
// is: a pharmacy learns nothing here of who is on record, or where they live.
func (s *Server) handlePurchase(c *fiber.Ctx) error {
	var in purchaseBody
	if err := decode(c, &in); err != nil {
		return err
	}
	purchase := office.NewPurchase{
		ID: in.ID, Site: in.Site, Scan: in.Scan, Medicines: in.Medicines, ForWhom: in.ForWhom, Temperature: in.Temperature, Symptoms: in.Symptoms,
	}
	var err error
	if purchase.At, err = parseTime("at", in.At); err != nil {
		return err
	}
	if err := s.seller(c, &purchase); err != nil {
		return err
	}
	if purchase.Buyer, err = buyerOf(&in); err != nil {
		return err
	}
	m, err := s.office.OpenPurchase(s.context(c), purchase)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{
		"id": in.ID, "report": m.ID.String(), "site": purchase.Site, "at": utcTime(purchase.At),
		"text": textView{"已登记，并已上报社区", "Registered, and reported to the community"},
	})
}

// seller fills in which pharmacy sells, and who: a pharmacist one of their own part
// of the grid, a device that of its gate.
func (s *Server) seller(c *fiber.Ctx, purchase *office.NewPurchase) error {
	who := principalOf(c)
	if d := who.Device; d != nil {
		gate, ok := s.store.Registry().Gate(d.Gate)
		if !ok {
			return failure(codeNotFound, "this device's gate is gone")
		}
		if purchase.Site != "" && purchase.Site != gate.Site {
			return outOfScope()
		}
		shift, _ := s.store.ShiftAt(d.Num, purchase.At)
		purchase.Site, purchase.By, purchase.Desk = gate.Site, shift.Staff, "device "+d.Code
		return nil
	}
	purchase.By, purchase.Desk = who.Staff.Num, "staff "+who.Staff.Login
	return s.mayAtSite(c, purchase.Site)
}

func buyerOf(in *purchaseBody) (b office.Buyer, err error) {
	given := 0
	for _, there := range []bool{in.Resident != nil, in.IDDocument != nil, in.WalkIn != nil} {
		if there {
			given++
		}
	}
	switch {
	case given != 1:
		return b, invalid("resident", "name the buyer by exactly one of resident, id_document, walk_in")
	case in.Resident != nil:
		b.Person, err = checkpoint.ParsePersonID(*in.Resident)
	case in.IDDocument != nil:
		if b.Document = strings.TrimSpace(*in.IDDocument); b.Document == "" {
			return b, invalid("id_document", "is missing")
		}
	default:
		b.WalkIn = &checkpoint.WalkIn{Name: in.WalkIn.Name, IDTail: in.WalkIn.IDTail, Phone: in.WalkIn.Phone}
	}
	return b, err
}
