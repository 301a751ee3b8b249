package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// KindSupplyItems is the one record that lists what the town keeps in store.
const KindSupplyItems checkpoint.MatterKind = "supply_items"

// Bounds of the list.
const (
	maxItems     = 300
	maxItemCode  = 20 // characters
	maxItemWords = 30
)

// SupplyItem is a kind of thing that is kept in store, counted in whole units.
type SupplyItem struct {
	Code string `json:"code"` // a to z, 0 to 9, '-' and '_'
	Name string `json:"name"`
	Unit string `json:"unit"` // for example 只; it stays, or the numbers would mean something else
}

type itemList struct {
	Items []SupplyItem `json:"items"`
}

func itemsRef() checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: KindSupplyItems, ID: checkpoint.NewMatterID(KindSupplyItems, "all")}
}

// SupplyItems lists them by code.
func (o *Office) SupplyItems(ctx context.Context) ([]SupplyItem, error) {
	m, err := o.store.Matter(ctx, KindSupplyItems, itemsRef().ID)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list itemList
	err = m.Get(&list)
	return list.Items, err
}

// PutSupplyItem adds an item, or gives one another name. Errors: *FieldError,
// *Refusal, ErrUnavailable.
func (o *Office) PutSupplyItem(ctx context.Context, by uint32, item SupplyItem) (SupplyItem, error) {
	if item.Code == "" || len(item.Code) > maxItemCode || strings.Trim(item.Code, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return item, &checkpoint.FieldError{Field: "code", Why: fmt.Sprintf("must be 1 to %d of a to z, 0 to 9, '-' and '_'", maxItemCode)}
	}
	var err error
	if item.Name, err = checkpoint.CleanText("name", item.Name, maxItemWords, true); err != nil {
		return item, err
	}
	if item.Unit, err = checkpoint.CleanText("unit", item.Unit, maxItemWords, true); err != nil {
		return item, err
	}
	err = o.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{itemsRef()}, func(some []*checkpoint.Matter) error {
		m := some[0]
		var list itemList
		if err := m.Get(&list); err != nil {
			return err
		}
		at, there := slices.BinarySearchFunc(list.Items, item.Code, func(i SupplyItem, code string) int { return strings.Compare(i.Code, code) })
		switch {
		case there && list.Items[at].Unit != item.Unit:
			return refuse(CodeWrongState, "%s is counted in %s, and what is booked cannot be turned into %s: add another item", item.Code, list.Items[at].Unit, item.Unit)
		case there:
			list.Items[at] = item
		case len(list.Items) >= maxItems:
			return refuse(CodeWrongState, "there are %d items already: use one of them", maxItems)
		default:
			list.Items = slices.Insert(list.Items, at, item)
		}
		m.State = stateKept
		return m.Put(list)
	})
	return item, err
}

// supplyItem finds one; a *FieldError for "item" if it is not in the list.
func (o *Office) supplyItem(ctx context.Context, code string) (SupplyItem, error) {
	items, err := o.SupplyItems(ctx)
	if err != nil {
		return SupplyItem{}, err
	}
	for _, item := range items {
		if item.Code == code {
			return item, nil
		}
	}
	return SupplyItem{}, &checkpoint.FieldError{Field: "item", Why: "is not in the list of items: a leader adds it first"}
}
