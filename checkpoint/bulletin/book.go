package bulletin

import (
	"context"
	"crypto/rand"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"passgate/checkpoint"
)

// countsAtOnce is how many days or nodes one process counts at a time: a count of the
// whole town walks through all its passages.
const countsAtOnce = 2

// sourcesAtOnce is how many registers one count reads at a time.
const sourcesAtOnce = 3

// Book makes and publishes the bulletins of a store's town. Any number may work on
// one store at once.
type Book struct {
	store     *checkpoint.Store
	finders   Finders
	counting  chan struct{}
	flights   singleflight.Group // whoever asks for what is being counted gets that
	opened    int64              // UTC ms
	owner     string             // of the lease to publish
	published atomic.Int64       // up to which day the program has published all, +1; 0: not known
}

// New makes the book of a store's town.
func New(store *checkpoint.Store, finders Finders) *Book {
	return &Book{store: store, finders: finders, opened: store.Now(), owner: rand.Text(), counting: make(chan struct{}, countsAtOnce)}
}

// root is the node of the grid that has none above it, "" if there is no grid.
func (b *Book) root() string {
	for _, n := range b.store.Registry().GridNodes() {
		if n.Parent == "" {
			return n.ID
		}
	}
	return ""
}

// townOr is "" for the root, below which all lies that is at no node.
func (b *Book) townOr(node string) string {
	if node == b.root() {
		return ""
	}
	return node
}

// count counts a day for a node and all below it.
func (b *Book) count(ctx context.Context, node string, day checkpoint.Day) (*tally, error) {
	counted, err, _ := b.flights.Do(node+"\x00"+day.String(), func() (any, error) {
		select {
		case b.counting <- struct{}{}:
			defer func() { <-b.counting }()
		case <-ctx.Done():
			return nil, unavailable(ctx.Err())
		}
		return b.countNow(ctx, node, day)
	})
	if err != nil {
		return nil, err
	}
	return counted.(*tally), nil //nolint:forcetypeassert // as above
}

func (b *Book) countNow(ctx context.Context, node string, day checkpoint.Day) (*tally, error) {
	reg := b.store.Registry()
	t := newTally(reg, b.root(), node, b.spanOf(day))
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return b.countGates(ctx, t) }) // the lines of gates alone
	work.Go(func() error { return b.countRecords(ctx, t) })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	t.sum()
	return t, nil
}

// countRecords counts all that is no scan: one walk through each source, some at a
// time, since no two have a line in common.
func (b *Book) countRecords(ctx context.Context, t *tally) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(sourcesAtOnce)
	for i := range sources {
		work.Go(func() error { return b.countSource(ctx, t, &sources[i]) })
	}
	return work.Wait()
}

func (b *Book) countSource(ctx context.Context, t *tally, s *source) error {
	reg, mine := b.store.Registry(), bySource[s.name]
	if s.quick != nil {
		counts, err := s.quick(b, ctx, &t.span)
		for node, n := range counts {
			if place, ok := t.at(reg, node); ok {
				for _, line := range mine {
					t.own[place][line] += n
				}
			}
		}
		return err
	}
	return s.read(b, ctx, t.nodes[0], &t.span, func(r *record) {
		place, ok := t.at(reg, r.Node)
		if !ok {
			return
		}
		for _, line := range mine {
			if l := &lines[line]; l.counts(r, &t.span) {
				t.own[place][line] += l.worth(r)
			}
		}
	})
}

// worth is what a record adds to the line.
func (l *Line) worth(r *record) int64 {
	if l.sum == nil {
		return 1
	}
	return l.sum(r)
}
