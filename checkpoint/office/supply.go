package office

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"passgate/checkpoint"
)

// A stock is what one node has of one item: an open record with the amount. Each
// change of it is an entry of its own, closed at once, and both are written
// together. Entries of a stock are numbered and carry the amount afterwards, so what
// was there before the oldest that is still kept is known, too: entries go with
// retention, the stock stays right.

// Kinds of records of the supplies.
const (
	KindStock   checkpoint.MatterKind = "stock"          // of an item at a node
	KindSupply  checkpoint.MatterKind = "supply"         // an entry: a change of one stock
	KindReceipt checkpoint.MatterKind = "supply_receipt" // what somebody was handed: the entry itself names nobody
)

// States.
const (
	stateKept      = "kept"
	stateBooked    = "booked"
	stateTakenBack = "taken_back"
	stateReceived  = "received"
)

// Movement says what was moved.
type Movement string

// The movements.
const (
	SupplyIn         Movement = "in"         // obtained
	SupplyOut        Movement = "out"        // handed out
	SupplyTransfer   Movement = "transfer"   // from one node to another
	SupplyCorrection Movement = "correction" // after counting
	SupplyTakeBack   Movement = "take_back"  // undoes one of the others
)

// Bounds of supplies.
const (
	maxQuantity      = 10_000_000
	maxEntriesADay   = 2000 // of one stock
	maxSupplyWords   = 60
	maxSupplyReason  = 200
	maxEntriesLooked = 20_000 // of one report
)

// SupplyMove is a movement as somebody enters it.
type SupplyMove struct {
	ID         string // the client's, see checkpoint.ValidClientID
	Movement   Movement
	Node       string // whose stock; of a transfer, where it comes from
	Item       string // code
	Quantity   int64  // whole units, 1 to 10,000,000; of a correction what is added, below 0: taken away
	From       string // in: from whom
	To         SupplyTo
	ReceivedBy string
	Reason     string              // correction and take_back: why
	Of         checkpoint.MatterID // take_back: of which entry
	By         uint32              // number of the member of staff
}

// SupplyTo says who got it: exactly one of them.
type SupplyTo struct {
	Node     string `json:"node,omitempty"` // of a transfer
	Site     string `json:"site,omitempty"`
	Staff    string `json:"staff,omitempty"` // login
	Resident uint64 `json:"-"`               // for their household; the receipt has it
}

// SupplyEntry is what is written of a change of one stock.
type SupplyEntry struct {
	Movement   Movement            `json:"k"`
	Item       string              `json:"i"`
	Delta      int64               `json:"d"`
	After      int64               `json:"a"` // what the stock is from then on
	Number     int64               `json:"u"` // counts the entries of the stock
	From       string              `json:"f,omitempty"`
	To         SupplyTo            `json:"t,omitzero"`
	Other      string              `json:"o,omitempty"` // of a transfer: the other node
	Pair       checkpoint.MatterID `json:"p,omitempty"` // and its entry
	ReceivedBy string              `json:"r,omitempty"`
	Receipt    bool                `json:"c,omitempty"` // a record of KindReceipt with the same ID says who got it
	Reason     string              `json:"w,omitempty"`
	Of         checkpoint.MatterID `json:"x,omitempty"`
	Mark       string              `json:"m"` // digest of what was sent
}

// SupplyReceipt is the part of an entry that is about a person.
type SupplyReceipt struct {
	Item       string `json:"i"`
	Quantity   int64  `json:"q"`
	ReceivedBy string `json:"r,omitempty"`
}

// stock is what is kept of one.
type stock struct {
	Item   string `json:"i"`
	Amount int64  `json:"a"`
	Low    int64  `json:"l,omitempty"` // below it there is too little; 0: no line
	Number int64  `json:"u"`           // of its last entry
	Last   int64  `json:"t"`           // UTC ms, when that was written: its entries are in order
	Day    int64  `json:"d"`           // of the last entry, see checkpoint.Day
	Today  int    `json:"n"`           // entries of that day
}

func stockRef(node, item string) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: KindStock, ID: checkpoint.NewMatterID(KindStock, node+"\x00"+item)}
}

// SupplyID is the ID of the entry that a client's ID names; of a transfer, that at
// the node which gave.
func SupplyID(clientID string) checkpoint.MatterID {
	return checkpoint.NewMatterID(KindSupply, clientID)
}

// errDone ends a change that was made before.
var errDone = errors.New("office: done before")

// MoveSupply books a movement, once, and gives the entry of move.Node. Errors:
// *FieldError, *Refusal (not enough is there, or it was taken back before),
// ErrOtherRecord, ErrNotFound, ErrUnavailable.
func (o *Office) MoveSupply(ctx context.Context, move SupplyMove) (checkpoint.Matter, error) {
	item, err := o.checkMove(ctx, &move)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	b := booking{o: o, move: &move, item: item, mark: markOf([]any{move, move.To.Resident})}
	if move.Movement == SupplyTakeBack {
		err = b.prepareTakeBack(ctx)
	} else {
		b.prepare()
	}
	if err != nil {
		return checkpoint.Matter{}, err
	}
	err = o.store.TurnMatters(ctx, move.By, "", b.refs(), b.book)
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *b.written, nil
}

// markOf is a digest of all that a client sent.
func markOf(v any) string {
	text, _ := json.Marshal(v) // of plain fields
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// checkMove refuses what makes no movement and reads its item.
func (o *Office) checkMove(ctx context.Context, move *SupplyMove) (item SupplyItem, err error) {
	if err := checkpoint.ValidClientID(move.ID); err != nil {
		return item, err
	}
	correction, takeBack := move.Movement == SupplyCorrection, move.Movement == SupplyTakeBack
	for _, text := range []struct {
		field string
		value *string
		most  int
		need  bool
	}{
		{"from", &move.From, maxSupplyWords, move.Movement == SupplyIn},
		{"received_by", &move.ReceivedBy, maxSupplyWords, false},
		{"reason", &move.Reason, maxSupplyReason, correction || takeBack},
	} {
		if *text.value, err = checkpoint.CleanText(text.field, *text.value, text.most, text.need); err != nil {
			return item, err
		}
	}
	if takeBack {
		return item, nil // the rest is that of the entry
	}
	if move.Quantity < 1 && !correction || move.Quantity == 0 || max(move.Quantity, -move.Quantity) > maxQuantity {
		return item, &checkpoint.FieldError{Field: "quantity", Why: fmt.Sprintf("must be a whole number of units from 1 to %d; of a correction what is added, below 0: taken away", maxQuantity)}
	}
	if err := o.checkTo(move); err != nil {
		return item, err
	}
	return o.supplyItem(ctx, move.Item)
}

// checkTo holds who got it against the kind of movement and the registry.
func (o *Office) checkTo(move *SupplyMove) error {
	to, reg, given := &move.To, o.store.Registry(), 0
	for _, there := range []bool{to.Site != "", to.Staff != "", to.Resident != 0} {
		if there {
			given++
		}
	}
	_, site := reg.Site(to.Site)
	_, staff := reg.Staff(to.Staff)
	_, node := reg.Grid(to.Node)
	switch {
	case move.Movement == SupplyOut && (given != 1 || to.Node != ""):
		return &checkpoint.FieldError{Field: "to", Why: "name exactly one of site, staff and resident; to another node it is a transfer"}
	case move.Movement == SupplyTransfer && (given != 0 || to.Node == move.Node || !node):
		return &checkpoint.FieldError{Field: "to", Why: "name another node of the grid"}
	case move.Movement != SupplyOut && move.Movement != SupplyTransfer && (given != 0 || to.Node != ""):
		return &checkpoint.FieldError{Field: "to", Why: "is for out and transfer only"}
	case to.Site != "" && !site:
		return &checkpoint.FieldError{Field: "to.site", Why: "there is no such site"}
	case to.Staff != "" && !staff:
		return &checkpoint.FieldError{Field: "to.staff", Why: "there is no such account"}
	}
	switch move.Movement {
	case SupplyIn, SupplyOut, SupplyTransfer, SupplyCorrection:
		return nil
	}
	return &checkpoint.FieldError{Field: "movement", Why: "must be in, out, transfer, correction or take_back"}
}
