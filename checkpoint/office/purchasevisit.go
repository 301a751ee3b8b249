package office

import (
	"context"
	"errors"
	"slices"
	"strings"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// VisitPurchase says that somebody was with the buyer and what they found; the report
// is to be closed within 24 hours then. The same again changes nothing. Errors:
// ErrNotFound, *FieldError, *Refusal, ErrUnavailable.
func (o *Office) VisitPurchase(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	return o.turnPurchase(ctx, id, by, note, func(m *checkpoint.Matter, _ *Purchase) error {
		last := m.Steps[len(m.Steps)-1]
		switch {
		case m.State == PurchaseVisited && last.By == by && last.Note == strings.TrimSpace(note):
			return errDone
		case m.State == PurchaseClosed:
			return refuse(CodeWrongState, "this report is closed")
		}
		m.State, m.Owner, m.DueAt = PurchaseVisited, by, o.store.Now()+closeWithin.Milliseconds()
		return nil
	})
}

// ClosePurchase ends a report, once: ref names the record that it led to. The same
// outcome again changes nothing. Errors: as VisitPurchase.
func (o *Office) ClosePurchase(ctx context.Context, id checkpoint.MatterID, by uint32, outcome, ref, note string) (checkpoint.Matter, error) {
	if !slices.Contains(purchaseOutcomes, outcome) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "outcome", Why: "must be one of " + strings.Join(purchaseOutcomes, ", ")}
	}
	ref, err := checkpoint.CleanText("ref", ref, maxSupplyWords, false)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnPurchase(ctx, id, by, note, func(m *checkpoint.Matter, p *Purchase) error {
		switch {
		case m.State == PurchaseClosed && p.Outcome == outcome:
			return errDone
		case m.State == PurchaseClosed:
			return refuse(CodeWrongState, "this report was closed before with the outcome %s: it stays as it was", p.Outcome)
		case m.State == PurchaseReported && outcome != "unreachable":
			return refuse(CodeWrongState, "nobody has seen the buyer yet: write down the visit first")
		}
		m.State, m.ClosedAt, p.Outcome, p.Ref = PurchaseClosed, o.store.Now(), outcome, ref
		return nil
	})
}

// turnPurchase changes a report; fn ends it with errDone if there is nothing to do.
func (o *Office) turnPurchase(ctx context.Context, id checkpoint.MatterID, by uint32, note string, fn func(*checkpoint.Matter, *Purchase) error) (checkpoint.Matter, error) {
	var turned *checkpoint.Matter
	_, err := o.store.TurnMatter(ctx, KindPurchase, id, by, note, func(m *checkpoint.Matter) error {
		turned = m
		var p Purchase
		if err := m.Get(&p); err != nil {
			return err
		}
		if err := fn(m, &p); err != nil {
			return err
		}
		return m.Put(p)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *turned, nil
}

// purchasesDue are the reports that nobody has seen to yet, and those that are
// overdue.
func (o *Office) purchasesDue(ctx context.Context) ([]alarm.Alarm, error) {
	now := o.store.Now()
	open, err := o.store.DueMatters(ctx, KindPurchase, now+2*closeWithin.Milliseconds())
	if err != nil {
		return nil, err
	}
	var alarms []alarm.Alarm
	for i := range open {
		m := &open[i]
		a := alarm.Alarm{Kind: alarm.PurchaseReported, Node: m.Node, Ref: string(KindPurchase) + "/" + m.ID.String(), At: m.OpenedAt}
		switch {
		case m.DueAt < now:
			a.Kind, a.At = alarm.PurchaseOverdue, m.DueAt
		case m.State != PurchaseReported:
			continue
		}
		var p Purchase
		if err := m.Get(&p); err != nil {
			return nil, err
		}
		if a.Key = a.Ref; p.OnRecord {
			a.Person = m.Person
		}
		alarms = append(alarms, a)
	}
	return alarms, nil
}
