package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// KindPurchase is a purchase of fever medicine, which opens a report: somebody has to
// see how the buyer is.
const KindPurchase checkpoint.MatterKind = "purchase"

// States of purchases.
const (
	PurchaseReported = "reported"
	PurchaseVisited  = "visited"
	PurchaseClosed   = "closed"
)

// purchaseOutcomes are how a report can end.
var purchaseOutcomes = []string{"well", "fever_case", "observation", "unreachable"}

// Bounds of purchases.
const (
	visitWithin      = 12 * time.Hour // after the purchase
	closeWithin      = 24 * time.Hour // after the visit
	repeatedWithin   = 7 * 24 * time.Hour
	purchaseBack     = 48 * time.Hour // how late it may be written down
	maxPurchases     = 500            // of one device or pharmacist in a day
	maxMedicines     = 10
	maxMedicineWords = 60
	maxEarlier       = 20
)

// Buyer is who bought: exactly one of them.
type Buyer struct {
	Person   uint64 // who is on record, or was at a gate: the ID that their scan was answered with
	Document string
	WalkIn   *checkpoint.WalkIn
}

// NewPurchase is a purchase as the pharmacy enters it.
type NewPurchase struct {
	ID          string // the client's, see checkpoint.ValidClientID
	Site        string // code of the pharmacy
	Buyer       Buyer
	Scan        string // ID of the buyer's scan at the pharmacy's gate, "" without one
	Medicines   []string
	ForWhom     string
	Temperature checkpoint.Celsius // 0: not taken
	Symptoms    []string
	At          int64  // UTC ms
	By          uint32 // number of the member of staff, 0: nobody is on shift
	Desk        string // whose purchases are counted: a device or an account
}

// Purchase is what is kept of one.
type Purchase struct {
	Site        string                `json:"s"`
	OnRecord    bool                  `json:"o,omitempty"` // the matter's person has a record; else that is a number which stands for what follows
	Name        string                `json:"n,omitempty"` // as typed, of who has none
	IDTail      string                `json:"i,omitempty"`
	Document    string                `json:"d,omitempty"`
	Phone       string                `json:"f,omitempty"`
	Scan        string                `json:"c,omitempty"`
	Medicines   []string              `json:"m"`
	ForWhom     string                `json:"w,omitempty"`
	Temperature checkpoint.Celsius    `json:"t,omitempty"`
	Symptoms    []string              `json:"y,omitempty"`
	Earlier     []checkpoint.MatterID `json:"e,omitempty"` // purchases of the same buyer within 7 days before
	Outcome     string                `json:"x,omitempty"`
	Ref         string                `json:"r,omitempty"` // the record that it led to
	Mark        string                `json:"k"`           // digest of what was sent
}

// OpenPurchase writes a purchase down and opens its report, at the node of the
// buyer's home, else at that of the pharmacy; again, it changes nothing. Errors:
// *FieldError, *Refusal, ErrOtherRecord, ErrUnavailable.
func (o *Office) OpenPurchase(ctx context.Context, in NewPurchase) (checkpoint.Matter, error) {
	site, err := o.checkPurchase(&in)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	body := Purchase{
		Site: in.Site, Scan: in.Scan, Medicines: in.Medicines, ForWhom: in.ForWhom, Temperature: in.Temperature, Symptoms: in.Symptoms,
		Mark: markOf(&in),
	}
	person, node, err := o.findBuyer(ctx, &in.Buyer, &body)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	if node == "" {
		node = site.Grid
	}
	id := checkpoint.NewMatterID(KindPurchase, in.ID)
	if body.Earlier, err = o.earlierPurchases(ctx, person, in.At, id); err != nil {
		return checkpoint.Matter{}, err
	}
	var written *checkpoint.Matter
	refs := []checkpoint.MatterRef{{Kind: KindPurchase, ID: id}, o.deskRef(string(KindPurchase) + "\x00" + in.Desk)}
	err = o.store.TurnMatters(ctx, in.By, "", refs, func(some []*checkpoint.Matter) error {
		m := some[0]
		if written = m; m.There() {
			return sameMark(m, body.Mark)
		}
		if err := o.countAtDesk(some[1], maxPurchases, "the purchases"); err != nil {
			return err
		}
		m.Node, m.Person, m.State, m.OpenedAt, m.DueAt = node, person, PurchaseReported, in.At, in.At+visitWithin.Milliseconds()
		return m.Put(body)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// sameMark is errDone for what was sent before with the same content; what was
// forgotten with its person cannot be told apart any more.
func sameMark(m *checkpoint.Matter, mark string) error {
	var before Purchase
	if err := m.Get(&before); err != nil {
		return err
	}
	if before.Mark != mark && len(m.Body) > 0 {
		return checkpoint.ErrOtherRecord
	}
	return errDone
}

// findBuyer finds out whose record the purchase goes to and writes into body what is
// known of who has none. node is that of their home, "" without one.
func (o *Office) findBuyer(ctx context.Context, b *Buyer, body *Purchase) (person uint64, node string, err error) {
	switch {
	case b.Document != "":
		person, err = o.store.FindByDocument(ctx, b.Document)
		var field *checkpoint.FieldError
		switch {
		case errors.Is(err, checkpoint.ErrNotFound):
			body.Document = b.Document
			person, err = o.store.DocumentKey(b.Document)
			return person, "", err
		case errors.As(err, &field):
			return 0, "", &checkpoint.FieldError{Field: "id_document", Why: field.Why}
		}
	case b.WalkIn != nil:
		body.Name, body.IDTail, body.Phone = b.WalkIn.Name, b.WalkIn.IDTail, b.WalkIn.Phone
		person, err = o.store.WalkInID(*b.WalkIn)
	default:
		person = b.Person
	}
	if err != nil {
		return 0, "", err
	}
	for range 2 { // a walk-in, and the resident that they turned out to be
		found, err := o.store.Residents(ctx, []uint64{person})
		switch {
		case err != nil:
			return 0, "", err
		case len(found) == 0 && b.WalkIn == nil:
			return 0, "", &checkpoint.FieldError{Field: "resident", Why: "nobody is on record under this ID: name the buyer by id_document or walk_in"}
		case len(found) == 0:
			return person, "", nil
		}
		body.OnRecord = true
		if found[0].KnownAs == 0 {
			return person, found[0].Grid, nil
		}
		person = found[0].KnownAs
	}
	return person, "", nil
}

// earlierPurchases are those of the same buyer in the week before a purchase.
func (o *Office) earlierPurchases(ctx context.Context, person uint64, at int64, but checkpoint.MatterID) (ids []checkpoint.MatterID, err error) {
	page, _, err := o.store.Matters(ctx, checkpoint.MatterQuery{
		Kind: KindPurchase, Person: person, By: checkpoint.OpenedAll, From: at - repeatedWithin.Milliseconds(), To: at + 1, Limit: maxEarlier, Newest: true,
	})
	for i := range page {
		if page[i].ID != but {
			ids = append(ids, page[i].ID)
		}
	}
	return ids, err
}

func (o *Office) checkPurchase(in *NewPurchase) (*checkpoint.Site, error) {
	if err := checkpoint.ValidClientID(in.ID); err != nil {
		return nil, err
	}
	site, ok := o.store.Registry().Site(in.Site)
	if !ok || site.Kind != checkpoint.Pharmacy {
		return nil, &checkpoint.FieldError{Field: "site", Why: "must be the code of a pharmacy"}
	}
	if len(in.Medicines) < 1 || len(in.Medicines) > maxMedicines {
		return nil, &checkpoint.FieldError{Field: "medicines", Why: fmt.Sprintf("name 1 to %d", maxMedicines)}
	}
	var err error
	for i := range in.Medicines {
		if in.Medicines[i], err = checkpoint.CleanText("medicines", in.Medicines[i], maxMedicineWords, true); err != nil {
			return nil, err
		}
	}
	if in.ForWhom, err = checkpoint.CleanText("for_whom", in.ForWhom, maxMedicineWords, false); err != nil {
		return nil, err
	}
	if in.Scan, err = checkpoint.CleanText("scan", in.Scan, 64, false); err != nil {
		return nil, err
	}
	if err := checkSymptoms(in.Symptoms); err != nil {
		return nil, err
	}
	return site, o.checkAt(in.At, purchaseBack)
}

func checkSymptoms(given []string) error {
	words := checkpoint.SymptomWords()
	names := make([]string, len(words))
	for i := range words {
		names[i] = words[i].Name
	}
	for i, name := range given {
		if !slices.Contains(names, name) || slices.Contains(given[:i], name) {
			return &checkpoint.FieldError{Field: "symptoms", Why: "must be some of " + strings.Join(names, ", ") + ", each once"}
		}
	}
	return nil
}
