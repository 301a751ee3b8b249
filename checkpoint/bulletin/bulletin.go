package bulletin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// Bulletin is that of one node and day.
type Bulletin struct {
	Node     string
	Name     string // of the node
	Day      checkpoint.Day
	From, To int64 // UTC ms
	// CountedAt is of when the numbers are, UTC ms; of published ones when they were.
	CountedAt   int64
	Over        bool   // nothing more occurs on the day
	PublishedAt int64  // UTC ms, 0: it is not
	PublishedBy uint32 // number of the member of staff, 0: the program
	Entries     []Entry
	Below       []Below // the nodes right below it
}

// Entry is a line with its number.
type Entry struct {
	Line   *Line
	Number int64
	// Before is the number of the day before; HasBefore tells that there is one.
	Before    int64
	HasBefore bool
	// Correction is what came in after the numbers were published: counted now, less
	// the published one.
	Correction int64
}

// Below are the numbers of a node below the one that the bulletin is about, in the
// order of its entries.
type Below struct {
	Node, Name string
	Numbers    []int64
}

// Change is the difference to the day before.
func (e *Entry) Change() int64 { return e.Number - e.Before }

// ChangeText shows it: ↑12, ↓3, =, "" where there was no day before.
func (e *Entry) ChangeText() string {
	switch n := e.Change(); {
	case !e.HasBefore:
		return ""
	case n > 0:
		return fmt.Sprintf("↑%d", n)
	case n < 0:
		return fmt.Sprintf("↓%d", -n)
	}
	return "="
}

// numbers are those of a day, published or counted.
type numbers struct {
	of    func(node string) Numbers // nil: there are none of it
	stand *published                // nil: counted
}

// numbersOf are the published numbers of a day, or those counted now; without of if
// there are neither.
func (b *Book) numbersOf(ctx context.Context, node string, day checkpoint.Day) (n numbers, err error) {
	if n.stand, err = b.standing(ctx, node, day); err != nil {
		return n, err
	}
	if n.stand != nil {
		n.of = func(node string) Numbers { is, _ := n.stand.of(node); return is }
		return n, nil
	}
	if !b.countable(day) {
		return n, nil
	}
	t, err := b.count(ctx, node, day)
	if err != nil {
		return n, err
	}
	n.of = t.numbersOf
	return n, nil
}

func (t *tally) numbersOf(node string) Numbers {
	if i, ok := t.place[node]; ok {
		return t.whole[i]
	}
	return nil
}

// Of makes the bulletin of a node of the grid and a day. node "" is the whole town.
// Errors: *checkpoint.FieldError for "day", ErrTooOld, ErrUnavailable of package
// checkpoint.
func (b *Book) Of(ctx context.Context, node string, day checkpoint.Day) (*Bulletin, error) {
	if node == "" {
		node = b.root()
	}
	d := b.spanOf(day)
	if d.From > b.store.Now() {
		return nil, &checkpoint.FieldError{Field: "day", Why: "has not begun yet"}
	}
	today, err := b.numbersOf(ctx, node, day)
	if err != nil {
		return nil, err
	}
	if today.of == nil {
		return nil, ErrTooOld
	}
	before, err := b.numbersOf(ctx, node, day-1)
	if err != nil {
		return nil, err
	}
	out := &Bulletin{Node: node, Name: b.nameOf(node), Day: day, From: d.From, To: d.To, CountedAt: b.store.Now(), Over: d.over()}
	out.fill(node, &today, &before)
	if p := today.stand; p != nil {
		out.CountedAt, out.PublishedAt, out.PublishedBy = p.At, p.At, p.By
		if b.countable(day) {
			t, err := b.count(ctx, node, day)
			if err != nil {
				return nil, err
			}
			out.correct(t.numbersOf(node), p)
		}
	}
	b.below(out, &today)
	return out, nil
}

func (o *Bulletin) fill(node string, today, before *numbers) {
	now, then := today.of(node), Numbers(nil)
	if before.of != nil {
		then = before.of(node)
	}
	for i := range lines {
		e := Entry{Line: &lines[i], Number: now.Shown(i)}
		if then != nil {
			e.Before, e.HasBefore = then.Shown(i), true
		}
		o.Entries = append(o.Entries, e)
	}
}

// correct compares published numbers with those counted now. Lines that came into the
// table later have only the latter.
func (o *Bulletin) correct(now Numbers, p *published) {
	_, known := p.of(o.Node)
	for i := range o.Entries {
		e := &o.Entries[i]
		if !known[i] {
			e.Number = now.Shown(i)
			continue
		}
		e.Correction = now.Shown(i) - e.Number
	}
}

func (b *Book) below(o *Bulletin, today *numbers) {
	for _, n := range b.store.Registry().GridNodes() {
		if n.Parent != o.Node || n.ID == o.Node {
			continue
		}
		is := today.of(n.ID)
		if is == nil {
			continue // it came into the grid later
		}
		shown := make([]int64, len(lines))
		for i := range lines {
			shown[i] = is.Shown(i)
		}
		o.Below = append(o.Below, Below{n.ID, n.Name, shown})
	}
	slices.SortFunc(o.Below, func(x, y Below) int { return strings.Compare(x.Node, y.Node) })
}

func (b *Book) nameOf(node string) string {
	if n, ok := b.store.Registry().Grid(node); ok {
		return n.Name
	}
	return node
}
