package office

import (
	"context"

	"passgate/checkpoint"
)

// booking is one movement on its way into the record.
type booking struct {
	o    *Office
	move *SupplyMove
	item SupplyItem
	mark string
	legs []leg
	// undone are the entries that it takes back, one for each leg.
	undone []checkpoint.MatterID
	// written is the entry of the first leg, as it is in the record.
	written *checkpoint.Matter
}

// leg is the change of one stock.
type leg struct {
	node  string
	delta int64
	other string // of a transfer: the other node
	entry checkpoint.MatterID
	pair  checkpoint.MatterID
}

// prepare finds the legs of a movement that is no take_back.
func (b *booking) prepare() {
	move := b.move
	first := leg{node: move.Node, delta: move.Quantity, entry: SupplyID(move.ID)}
	switch move.Movement {
	case SupplyOut:
		first.delta = -move.Quantity
	case SupplyTransfer:
		first.delta, first.other, first.pair = -move.Quantity, move.To.Node, secondID(move.ID)
		b.legs = []leg{first, {node: first.other, delta: move.Quantity, other: first.node, entry: first.pair, pair: first.entry}}
		return
	}
	b.legs = []leg{first}
}

// secondID is the entry of a transfer at the node that got it.
func secondID(clientID string) checkpoint.MatterID { return SupplyID(clientID + "\x00second") }

// prepareTakeBack finds what the entry has moved.
func (b *booking) prepareTakeBack(ctx context.Context) error {
	m, entry, err := b.o.SupplyEntryOf(ctx, b.move.Of)
	if err != nil {
		return err
	}
	if entry.Movement == SupplyTakeBack {
		return refuse(CodeWrongState, "what takes something back is not taken back itself: book the movement again")
	}
	if b.item, err = b.o.supplyItem(ctx, entry.Item); err != nil {
		return err
	}
	first := leg{node: m.Node, delta: -entry.Delta, entry: SupplyID(b.move.ID)}
	b.undone = []checkpoint.MatterID{m.ID}
	if entry.Pair != 0 {
		first.other, first.pair = entry.Other, secondID(b.move.ID)
		b.undone = append(b.undone, entry.Pair)
		b.legs = []leg{first, {node: entry.Other, delta: entry.Delta, other: m.Node, entry: first.pair, pair: first.entry}}
		return nil
	}
	b.legs = []leg{first}
	return nil
}

// refs are the records that change together: entries, stocks, what is undone, receipt.
func (b *booking) refs() (refs []checkpoint.MatterRef) {
	for _, l := range b.legs {
		refs = append(refs, checkpoint.MatterRef{Kind: KindSupply, ID: l.entry})
	}
	for _, l := range b.legs {
		refs = append(refs, stockRef(l.node, b.item.Code))
	}
	for _, id := range b.undone {
		refs = append(refs, checkpoint.MatterRef{Kind: KindSupply, ID: id})
	}
	if b.move.To.Resident != 0 {
		refs = append(refs, checkpoint.MatterRef{Kind: KindReceipt, ID: b.legs[0].entry})
	}
	return refs
}

// book changes them, in the order of refs.
func (b *booking) book(some []*checkpoint.Matter) error {
	n := len(b.legs)
	entries, stocks, undone, receipt := some[:n], some[n:2*n], some[2*n:2*n+len(b.undone)], some[2*n+len(b.undone):]
	b.written = entries[0]
	if entries[0].There() {
		var before SupplyEntry
		if err := entries[0].Get(&before); err != nil {
			return err
		}
		if before.Mark != b.mark {
			return checkpoint.ErrOtherRecord
		}
		return errDone
	}
	for _, m := range undone {
		if m.State != stateBooked {
			return refuse(CodeWrongState, "this movement was taken back before")
		}
		m.State = stateTakenBack
	}
	kept, now := make([]stock, n), b.o.store.Now()
	for i, m := range stocks {
		if err := m.Get(&kept[i]); err != nil {
			return err
		}
		now = max(now, kept[i].Last)
	}
	for i, l := range b.legs {
		if err := b.change(l, &kept[i], stocks[i], entries[i], now); err != nil {
			return err
		}
	}
	for _, m := range receipt {
		m.Node, m.State, m.Person, m.OpenedAt, m.ClosedAt = b.move.Node, stateReceived, b.move.To.Resident, now, now
		if err := m.Put(SupplyReceipt{b.item.Code, b.move.Quantity, b.move.ReceivedBy}); err != nil {
			return err
		}
	}
	return nil
}

// change makes one leg: the stock, and its entry.
func (b *booking) change(l leg, kept *stock, m, entry *checkpoint.Matter, now int64) error {
	day := int64(b.o.store.DayAt(now))
	if kept.Day != day {
		kept.Day, kept.Today = day, 0
	}
	switch {
	case kept.Amount+l.delta < 0:
		return refuse(CodeNotEnough, "%s has %d %s of %s and %d are asked for: hand out less, or book first what came in", b.o.nodeName(l.node), kept.Amount, b.item.Unit, b.item.Name, -l.delta)
	case kept.Today >= maxEntriesADay:
		return refuse(CodeTooMany, "%s of %s was booked %d times today: add movements up", b.item.Name, b.o.nodeName(l.node), maxEntriesADay)
	}
	kept.Item, kept.Amount, kept.Last = b.item.Code, kept.Amount+l.delta, now
	kept.Number++
	kept.Today++
	m.Node, m.State = l.node, stateKept
	kept.mark(m, now)
	move := b.move
	e := SupplyEntry{
		Movement: move.Movement, Item: b.item.Code, Delta: l.delta, After: kept.Amount, Number: kept.Number, From: move.From,
		To: move.To, Other: l.other, Pair: l.pair, Reason: move.Reason, Of: move.Of, Mark: b.mark, Receipt: move.To.Resident != 0,
	}
	if !e.Receipt { // a resident's household is named in the receipt alone
		e.ReceivedBy = move.ReceivedBy
	}
	entry.Node, entry.State, entry.OpenedAt, entry.ClosedAt = l.node, stateBooked, now, now
	if err := entry.Put(e); err != nil {
		return err
	}
	return m.Put(kept)
}

// mark makes a stock due while there is too little of it: that is how it is found.
func (k *stock) mark(m *checkpoint.Matter, now int64) {
	switch {
	case k.Amount >= k.Low:
		m.DueAt = 0
	case m.DueAt == 0:
		m.DueAt = now
	}
}

// nodeName is what people call a node.
func (o *Office) nodeName(id string) string {
	if n, ok := o.store.Registry().Grid(id); ok {
		return n.Name
	}
	return id
}
