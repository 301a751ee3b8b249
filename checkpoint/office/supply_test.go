package office_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
	"passgate/checkpoint/storetest"
)

// supplyModel is what the stocks should be.
type supplyModel struct {
	w      *storetest.W
	o      *office.Office
	item   string
	amount map[string]int64
	sent   []office.SupplyMove
	undone map[checkpoint.MatterID]bool
}

var supplyNodes = []string{"A1", "V1C", "V2C"}

// move books one movement and holds what became of it against the model.
func (m *supplyModel) move(t *rapid.T, move office.SupplyMove) {
	delta := map[string]int64{}
	switch move.Movement {
	case office.SupplyOut:
		delta[move.Node] = -move.Quantity
	case office.SupplyTransfer:
		delta[move.Node], delta[move.To.Node] = -move.Quantity, move.Quantity
	default:
		delta[move.Node] = move.Quantity
	}
	m.book(t, move, delta)
}

func (m *supplyModel) book(t *rapid.T, move office.SupplyMove, delta map[string]int64) {
	possible := move.Movement != office.SupplyTakeBack || !m.undone[move.Of]
	for node, d := range delta {
		possible = possible && m.amount[node]+d >= 0
	}
	entry, err := m.o.MoveSupply(t.Context(), move)
	var refused *office.Refusal
	switch {
	case possible && err != nil:
		t.Fatalf("%+v: %v", move, err)
	case !possible && !errors.As(err, &refused):
		t.Fatalf("%+v: booked, or failed: %v", move, err)
	case !possible:
		return
	}
	for node, d := range delta {
		m.amount[node] += d
	}
	m.sent = append(m.sent, move)
	if move.Movement == office.SupplyTakeBack {
		m.undone[move.Of], m.undone[entry.ID] = true, true // nor is it taken back itself
	}
}

// step does anything.
func (m *supplyModel) step(t *rapid.T, n int) {
	move := office.SupplyMove{
		ID: fmt.Sprintf("supply-%s-%d", m.item, n), Item: m.item, Node: rapid.SampledFrom(supplyNodes).Draw(t, "node"),
		Quantity: rapid.Int64Range(1, 20).Draw(t, "quantity"), By: 1,
	}
	switch what := rapid.SampledFrom([]string{"in", "in", "out", "transfer", "correction", "take_back", "again"}).Draw(t, "what"); {
	case what == "again" && len(m.sent) > 0:
		again := rapid.SampledFrom(m.sent).Draw(t, "again")
		if _, err := m.o.MoveSupply(t.Context(), again); err != nil {
			t.Fatalf("%+v again: %v", again, err)
		}
	case what == "take_back" && len(m.sent) > 0:
		of := rapid.SampledFrom(m.sent).Draw(t, "of")
		m.takeBack(t, of, move.ID)
	case what == "out":
		move.Movement, move.To.Site = office.SupplyOut, "V1"
		m.move(t, move)
	case what == "transfer":
		move.Movement, move.To.Node = office.SupplyTransfer, supplyNodes[(slices.Index(supplyNodes, move.Node)+1)%len(supplyNodes)]
		m.move(t, move)
	case what == "correction":
		move.Movement, move.Quantity, move.Reason = office.SupplyCorrection, -move.Quantity, "清点"
		m.move(t, move)
	default:
		move.Movement, move.From = office.SupplyIn, "县指挥部"
		m.move(t, move)
	}
}

func (m *supplyModel) takeBack(t *rapid.T, of office.SupplyMove, id string) {
	undo := office.SupplyMove{ID: id, Movement: office.SupplyTakeBack, Of: office.SupplyID(of.ID), Reason: "登记错误", By: 1}
	delta := map[string]int64{of.Node: -of.Quantity}
	switch of.Movement {
	case office.SupplyOut:
		delta[of.Node] = of.Quantity
	case office.SupplyTransfer:
		delta[of.Node], delta[of.To.Node] = of.Quantity, -of.Quantity
	}
	m.book(t, undo, delta)
}

// check: each stock is what the model says, and the sum of its entries, which follow
// one another without a gap.
func (m *supplyModel) check(t *rapid.T) {
	stocks, err := m.o.Stocks(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stocks {
		if s.Item == m.item && s.Amount != m.amount[s.Node] {
			t.Fatalf("%s has %d, should have %d", s.Node, s.Amount, m.amount[s.Node])
		}
	}
	page, _, _, err := m.o.SupplyPage(t.Context(), "", m.w.Store.Now(), 0, "", checkpoint.MaxMatters)
	if err != nil {
		t.Fatal(err)
	}
	byNode := map[string][]office.SupplyEntry{}
	for i := range page {
		var e office.SupplyEntry
		if err := page[i].Get(&e); err != nil {
			t.Fatal(err)
		}
		if e.Item == m.item {
			byNode[page[i].Node] = append(byNode[page[i].Node], e)
		}
	}
	for node, entries := range byNode {
		slices.SortFunc(entries, func(a, b office.SupplyEntry) int { return int(a.Number - b.Number) })
		sum := int64(0)
		for i, e := range entries {
			if sum += e.Delta; e.Number != int64(i+1) || e.After != sum || sum < 0 {
				t.Fatalf("%s: entry %d of %d is %+v, the sum is %d", node, i+1, len(entries), e, sum)
			}
		}
		if sum != m.amount[node] {
			t.Fatalf("%s: entries add up to %d, there are %d", node, sum, m.amount[node])
		}
	}
}

func TestAStockIsTheSumOfItsMovements(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := office.New(w.Store)
	runs, most := 0, 25
	if os.Getenv("PASSGATE_LONG") != "" {
		most = 200
	}
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > most {
			return
		}
		w.Clock.Advance(time.Minute) // entries from now on are of this run
		item := fmt.Sprintf("i%d", runs)
		if _, err := o.PutSupplyItem(rt.Context(), 1, office.SupplyItem{Code: item, Name: item, Unit: "只"}); err != nil {
			rt.Fatal(err)
		}
		m := &supplyModel{w: w, o: o, item: item, amount: map[string]int64{}, undone: map[checkpoint.MatterID]bool{}}
		for n := range rapid.IntRange(1, 10).Draw(rt, "steps") {
			m.step(rt, n)
		}
		m.check(rt)
	})
}

func TestTheLedgerAddsUpWhenItsOldEntriesAreGone(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := office.New(w.Store)
	book := func(id string, movement office.Movement, n int64) (at int64) {
		t.Helper()
		move := office.SupplyMove{ID: id, Movement: movement, Node: "A1", Item: "mask", Quantity: n, By: 1}
		if movement == office.SupplyIn {
			move.From = "县指挥部"
		} else {
			move.To.Staff = "grid"
		}
		entry, err := o.MoveSupply(t.Context(), move)
		if err != nil {
			t.Fatal(err)
		}
		return entry.ClosedAt
	}
	if _, err := o.PutSupplyItem(t.Context(), 1, office.SupplyItem{Code: "mask", Name: "口罩", Unit: "只"}); err != nil {
		t.Fatal(err)
	}
	first := book("old-entry-1", office.SupplyIn, 100)
	w.Clock.Advance(-time.Minute) // that of another gateway is behind
	if second := book("old-entry-2", office.SupplyOut, 30); second < first {
		t.Errorf("the second entry is %d ms before the first", first-second)
	}
	w.Clock.Advance(20 * 24 * time.Hour)
	book("new-entry-1", office.SupplyIn, 5)
	w.Clock.Advance(10 * 24 * time.Hour)
	for range 2 {
		if _, err := w.Store.NewSweeper(nil, slog.New(slog.DiscardHandler)).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	book("new-entry-2", office.SupplyOut, 70)
	page, _, _, err := o.SupplyPage(t.Context(), "A1", 0, 0, "", 10)
	if err != nil || len(page) != 2 {
		t.Fatalf("%d entries are left (%v), want 2", len(page), err)
	}
	stocks, err := o.StocksBetween(t.Context(), "XS", storetest.Start.UnixMilli(), w.Store.Now()+1)
	if err != nil || len(stocks) != 1 {
		t.Fatalf("stocks %v (%v)", stocks, err)
	}
	if s := stocks[0]; s.Opening != 70 || s.In != 5 || s.Out != 70 || s.Closing != 5 || s.Amount != 5 {
		t.Errorf("the ledger is %+v", s)
	}
}
