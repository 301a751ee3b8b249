package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Rebuild makes the indexes of a store from its record: sets that differ, people
// who are elsewhere and counts that are wrong are put right, what no record has
// goes. It wants the store for itself: with a gateway running it answers
// checkpoint.ErrInUse and has written nothing. When it is cut off, the indexes
// are half old and half new until it has run once more. A report comes with most
// errors. Errors: checkpoint.ErrInUse, checkpoint.ErrUnavailable, those of the
// archive and of the disk.
func Rebuild(ctx context.Context, store *checkpoint.Store, opt Options) (_ *Report, err error) {
	hold, err := store.HoldProjectors(ctx)
	if err != nil {
		return nil, err
	}
	report := newReport(&opt)
	src := newSource(store, &opt, report)
	var cursors map[int]string // of what is in the indexes, once it is
	defer func() {
		err = errors.Join(err, hold.Release(ctx, cursors))
	}()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-hold.Lost():
			stop()
		case <-ctx.Done():
		}
	}()
	e := newEngine(store, src, report, &opt)
	e.until = forever
	e.sink = &writer{store: store, report: report, keep: e.keep, since: store.RetainedFrom()}
	if err := e.run(ctx); err != nil {
		return report, err
	}
	if err := unchanged(ctx, store, src); err != nil {
		return report, err
	}
	cursors = src.cursors
	return report, nil
}

// forever is later than any time that an event can have.
const forever = 1 << 47

// unchanged tells whether nobody has written into the logs meanwhile: a gateway
// would have, and what it wrote may be lost from the indexes.
func unchanged(ctx context.Context, store *checkpoint.Store, src *source) error {
	now, err := store.LogExtents(ctx)
	if err != nil {
		return err
	}
	for part := range now {
		if now[part].Last != src.extents[part].Last {
			return fmt.Errorf("a gateway has recorded events meanwhile, so that some may be missing: replay again: %w", checkpoint.ErrInUse)
		}
	}
	return nil
}

func newReport(opt *Options) *Report {
	show := opt.Show
	if show == 0 {
		show = 100
	}
	return &Report{show: show, Damaged: []Damage{}, Differences: []Difference{}, Skipped: []string{}}
}

func newEngine(store *checkpoint.Store, src *source, report *Report, opt *Options) *engine {
	return &engine{
		store: store, src: src, report: report, opt: opt, unsettled: map[uint64]bool{},
		counts: map[gateDay]checkpoint.ReadingCounts{},
	}
}

// keep tells whether what Redis holds of a time stays although the record has
// nothing of it: before retention, and where the record is not whole.
func (e *engine) keep(at int64) bool {
	return at < e.store.RetainedFrom() || e.src.gaps.hit(checkpoint.DayOf(at))
}

// writer is the sink that makes the indexes.
type writer struct {
	store  *checkpoint.Store
	report *Report
	keep   func(at int64) bool
	since  int64 // what is older is in no digest, UTC ms

	mu     sync.Mutex
	joined []uint64 // people who are one person with a walk-in
}

func (w *writer) sets(ctx context.Context, sets []checkpoint.Set, d *setDigests) error {
	for i := range sets {
		d.buffer = digestSet(d.record, sets[i].Name(), within(sets[i].Entries, w.since), d.buffer)
	}
	if err := w.keepStored(ctx, sets); err != nil {
		return err
	}
	for i := range sets {
		set := &sets[i]
		if len(set.Entries) > 0 {
			w.report.count(set.Family, func(f *FamilyReport) {
				f.Sets++
				f.Events += int64(len(set.Entries))
			})
		}
	}
	return retry(ctx, func() error { return w.store.ReplaceSets(ctx, sets) })
}

// keepStored adds to sets what has to stay of what Redis holds of them.
func (w *writer) keepStored(ctx context.Context, sets []checkpoint.Set) error {
	var there []checkpoint.Set
	var at []int
	for i := range sets {
		if len(sets[i].Parts) > 0 {
			there, at = append(there, sets[i]), append(at, i)
		}
	}
	if len(there) == 0 {
		return nil
	}
	var stored []checkpoint.StoredSet
	err := retry(ctx, func() (err error) {
		stored, err = w.store.ReadSets(ctx, there)
		return err
	})
	if err != nil {
		return err
	}
	for k := range stored {
		kept := keptOf(&stored[k], sets[at[k]].Entries, w.keep)
		if len(kept) == 0 {
			continue
		}
		entries := slices.Concat(sets[at[k]].Entries, kept)
		slices.SortFunc(entries, checkpoint.CompareEntries)
		sets[at[k]].Entries = entries
		w.report.count(stored[k].Family, func(f *FamilyReport) { f.Kept += int64(len(kept)) })
	}
	return nil
}

// keptOf gives what is only in Redis of a set and has to stay.
func keptOf(stored *checkpoint.StoredSet, record []checkpoint.SetEntry, keep func(int64) bool) (kept []checkpoint.SetEntry) {
	for _, e := range stored.Entries {
		if !keep(e.At) || find(record, stored.Family, e) != nil {
			continue
		}
		if n := len(kept); n > 0 && checkpoint.CompareEntries(kept[n-1], e) == 0 {
			continue // in two chunks
		}
		if _, err := checkpoint.MemberEvent(stored.SetID, e.At, string(e.Member)); err == nil {
			kept = append(kept, e)
		}
	}
	return kept
}

// find gives the entry of the same scan, nil if there is none.
func find(entries []checkpoint.SetEntry, f checkpoint.Family, e checkpoint.SetEntry) *checkpoint.SetEntry {
	i, _ := slices.BinarySearchFunc(entries, e.At, func(x checkpoint.SetEntry, at int64) int { return cmp.Compare(x.At, at) })
	for ; i < len(entries) && entries[i].At == e.At; i++ {
		if checkpoint.SameScan(f, string(entries[i].Member), string(e.Member)) {
			return &entries[i]
		}
	}
	return nil
}

func (w *writer) states(ctx context.Context, part int, states []checkpoint.PersonState) error {
	if len(w.store.Registry().Sites()) == 0 {
		w.report.skip(noSites)
		return nil
	}
	var joined []uint64
	err := retry(ctx, func() (err error) {
		joined, err = w.store.PutStates(ctx, part, states, w.keep)
		return err
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.joined = append(w.joined, joined...)
	w.report.Inside.Checked += int64(len(states))
	return nil
}

const noSites = "who is inside: the registry has no sites; restore it, then replay again"

func (w *writer) readings(ctx context.Context, gate uint32, day checkpoint.Day, counts checkpoint.ReadingCounts) error {
	w.report.Readings.Checked++
	return w.store.PutReadings(ctx, gate, day, counts)
}

// end settles those of whom the trail in another partition tells, too.
func (w *writer) end(ctx context.Context) error {
	for _, person := range w.joined {
		if err := retry(ctx, func() error { return w.store.SettleState(ctx, person) }); err != nil {
			return err
		}
	}
	return nil
}

// retry tries something again that is safe to do twice while the store does not
// answer, for a few seconds.
func retry(ctx context.Context, fn func() error) error {
	for try := 0; ; try++ {
		err := fn()
		if !errors.Is(err, checkpoint.ErrUnavailable) || try == 5 || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(try+1) * 200 * time.Millisecond):
		}
	}
}
