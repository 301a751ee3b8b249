package office

import (
	"context"
	"fmt"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// Stock is what one node has of one item, without those below it.
type Stock struct {
	Node   string
	Item   string
	Amount int64
	Low    int64 // below it there is too little; 0: no line
	// Of a report on a time: what was there at its beginning and at its end, what
	// came in and what went out between. Opening + In - Out is Closing.
	Opening, In, Out, Closing int64
}

// TooLittle tells that the stock is below its line.
func (s *Stock) TooLittle() bool { return s.Amount < s.Low }

// StockOf is what a record of KindStock keeps.
func StockOf(m *checkpoint.Matter) (Stock, error) {
	var kept stock
	err := m.Get(&kept)
	return Stock{Node: m.Node, Item: kept.Item, Amount: kept.Amount, Low: kept.Low, Opening: kept.Amount, Closing: kept.Amount}, err
}

// Stocks lists those of a node and of all below it.
func (o *Office) Stocks(ctx context.Context, node string) (all []Stock, err error) {
	q := checkpoint.MatterQuery{Kind: KindStock, Node: node, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		st, err := StockOf(m)
		all = append(all, st)
		return err
	})
	return all, err
}

// StocksBetween is Stocks with what was moved with from <= time < to (UTC ms). A
// *FieldError for "from" if that is too much. What was there at the beginning follows
// from what is there and what was booked since, so it does not matter that older
// entries are gone.
func (o *Office) StocksBetween(ctx context.Context, node string, from, to int64) ([]Stock, error) {
	all, err := o.Stocks(ctx, node)
	if err != nil {
		return nil, err
	}
	place := make(map[[2]string]*Stock, len(all))
	for i := range all {
		place[[2]string{all[i].Node, all[i].Item}] = &all[i]
	}
	looked := 0
	q := checkpoint.MatterQuery{Kind: KindSupply, Node: node, By: checkpoint.ClosedOnly, From: from, Limit: checkpoint.MaxMatters}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		if looked++; looked > maxEntriesLooked {
			return &checkpoint.FieldError{Field: "from", Why: fmt.Sprintf("there are more than %d movements since then: begin later, or ask about a smaller part of the grid", maxEntriesLooked)}
		}
		var e SupplyEntry
		if err := m.Get(&e); err != nil {
			return err
		}
		s := place[[2]string{m.Node, e.Item}]
		switch {
		case s == nil: // booked since the stocks were read
		case m.ClosedAt >= to:
			s.Opening, s.Closing = s.Opening-e.Delta, s.Closing-e.Delta
		default:
			s.Opening -= e.Delta
			s.In += max(e.Delta, 0)
			s.Out -= min(e.Delta, 0)
		}
		return nil
	})
	return all, err
}

// SupplyEntryOf reads one entry; ErrNotFound if there is none.
func (o *Office) SupplyEntryOf(ctx context.Context, id checkpoint.MatterID) (m checkpoint.Matter, e SupplyEntry, err error) {
	if m, err = o.store.Matter(ctx, KindSupply, id); err != nil {
		return m, e, err
	}
	err = m.Get(&e)
	return m, e, err
}

// SupplyPage reads a page of entries at a node and below it, booked with
// from <= time < to (UTC ms), the last first, and the receipts of those that were
// handed to somebody, by the entry's ID.
func (o *Office) SupplyPage(ctx context.Context, node string, from, to int64, cursor string, limit int) (page []checkpoint.Matter, receipts map[checkpoint.MatterID]checkpoint.Matter, next string, err error) {
	q := checkpoint.MatterQuery{Kind: KindSupply, Node: node, By: checkpoint.ClosedOnly, From: from, To: to, Cursor: cursor, Limit: limit, Newest: true}
	if page, next, err = o.store.Matters(ctx, q); err != nil || len(page) == 0 {
		return page, nil, next, err
	}
	receipts = map[checkpoint.MatterID]checkpoint.Matter{}
	q = checkpoint.MatterQuery{
		Kind: KindReceipt, Node: node, By: checkpoint.ClosedOnly, From: page[len(page)-1].ClosedAt, To: page[0].ClosedAt + 1, Limit: checkpoint.MaxMatters,
	}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error { receipts[m.ID] = *m; return nil })
	return page, receipts, next, err
}

// SetLow draws the line of a stock below which there is too little; 0 takes it
// away. Errors: *FieldError, ErrUnavailable.
func (o *Office) SetLow(ctx context.Context, by uint32, node, item string, low int64) (Stock, error) {
	if low < 0 || low > maxQuantity {
		return Stock{}, &checkpoint.FieldError{Field: "low", Why: fmt.Sprintf("must be a whole number of units from 0 to %d; 0: no line", maxQuantity)}
	}
	if _, err := o.supplyItem(ctx, item); err != nil {
		return Stock{}, err
	}
	var kept stock
	err := o.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{stockRef(node, item)}, func(some []*checkpoint.Matter) error {
		m := some[0]
		kept = stock{}
		if err := m.Get(&kept); err != nil {
			return err
		}
		kept.Item, kept.Low = item, low
		m.Node, m.State = node, stateKept
		kept.mark(m, o.store.Now())
		return m.Put(kept)
	})
	return Stock{Node: node, Item: item, Amount: kept.Amount, Low: low}, err
}

// suppliesDue are the stocks that are below their line.
func (o *Office) suppliesDue(ctx context.Context) ([]alarm.Alarm, error) {
	low, err := o.store.DueMatters(ctx, KindStock, o.store.Now()+1)
	if err != nil {
		return nil, err
	}
	alarms := make([]alarm.Alarm, len(low))
	for i := range low {
		m := &low[i]
		ref := string(KindStock) + "/" + m.ID.String()
		alarms[i] = alarm.Alarm{Kind: alarm.StockLow, Node: m.Node, Key: ref, Ref: ref, At: m.DueAt}
	}
	return alarms, nil
}
