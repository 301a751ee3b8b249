package feed

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"passgate/checkpoint"
)

// Bounds of a page.
const (
	MinLimit     = 10
	MaxLimit     = 1000
	DefaultLimit = 200
	// maxLooked is how many entries are looked at for one page: where few are the
	// subscriber's, a page ends early, and the next one goes on.
	maxLooked = 20_000
)

// Page is a piece of the feed.
type Page struct {
	Events []Event
	Next   string         // cursor behind it
	More   bool           // there is more already
	Counts map[string]int // events by type
}

// ExpiredError says that a cursor is older than what is kept.
type ExpiredError struct {
	Resume string // the cursor from which everything is there again
}

// Error says what that means.
func (e *ExpiredError) Error() string {
	return "feed: what followed this cursor is not kept any more"
}

// place makes a cursor of what a subscriber begins with.
func (f *Feed) place(ctx context.Context, cursor string) (checkpoint.FeedPlaces, error) {
	switch cursor {
	case "", CursorStart:
		return f.store.FeedStart(ctx)
	case CursorNow:
		return f.store.FeedEnd(ctx)
	}
	return parseCursor(cursor)
}

// Read gives the next page behind a cursor, "" for the start: up to limit events of
// what lies in the subscriber's part of the grid, in order for each person. Without
// any it is empty at once. An event can come twice: where a master was lost, it is
// read again. Errors: *ExpiredError, *checkpoint.FieldError, checkpoint.ErrUnavailable.
func (f *Feed) Read(ctx context.Context, sub *Subscriber, cursor string, limit int) (Page, error) {
	page := Page{Counts: map[string]int{}}
	places, err := f.place(ctx, cursor)
	if err != nil {
		return page, err
	}
	w, err := f.writer(sub)
	if err != nil {
		return page, err
	}
	limit = min(max(limit, MinLimit), MaxLimit)
	for looked := 0; ; {
		read, err := f.store.ReadFeed(ctx, places, max(8, limit/16))
		if err != nil {
			return page, expired(err)
		}
		places, w.oldest = read.Places, read.ShownFrom
		entries, held := inOrder(&read)
		if err := w.prepare(ctx, f.store, entries); err != nil {
			return page, err
		}
		taken := w.fill(&page, entries, limit)
		for i := range entries[:taken] {
			e := &entries[i]
			places[e.Part][e.Stream] = e.ID
		}
		looked += taken
		page.More = held || taken < len(entries)
		if !page.More || taken < len(entries) || len(page.Events) >= limit || looked >= maxLooked {
			break
		}
	}
	page.Next = formatCursor(&places)
	return page, f.identify(ctx, sub, page.Events)
}

// writer begins a page.
func (f *Feed) writer(sub *Subscriber) (*writer, error) {
	names, err := f.namesFor(sub.Name)
	if err != nil {
		return nil, err
	}
	reg := f.store.Registry()
	w := &writer{sub: sub, names: names, reg: reg, source: "urn:passgate"}
	for _, n := range reg.GridNodes() {
		if n.Parent == "" {
			w.source = "urn:passgate:" + n.ID
		}
	}
	return w, nil
}

func expired(err error) error {
	var cut *checkpoint.FeedCutError
	if errors.As(err, &cut) {
		return &ExpiredError{formatCursor(&cut.Resume)}
	}
	return err
}

// inOrder puts the news between the entries of the logs, as all was written. Of a
// partition of whose one stream not all was read, what the other has behind that waits.
func inOrder(read *checkpoint.FeedRead) (entries []checkpoint.FeedEntry, held bool) {
	var last [checkpoint.Partitions][2]checkpoint.EntryID // in the log, of each stream what was read
	place := func(e *checkpoint.FeedEntry) checkpoint.EntryID {
		if e.Stream == checkpoint.NewsStream {
			return e.After
		}
		return e.ID
	}
	for i := range read.Entries {
		e := &read.Entries[i]
		at := &last[e.Part][e.Stream]
		if e.Stream == checkpoint.NewsStream && e.After.Before(*at) { // the log has lost its end meanwhile
			e.After = *at
		}
		*at = place(e)
	}
	for i := range read.Entries {
		e := &read.Entries[i]
		if other := 1 - e.Stream; read.More[e.Part][other] && last[e.Part][other].Before(place(e)) {
			continue
		}
		entries = append(entries, *e)
	}
	for _, more := range read.More {
		held = held || more[checkpoint.LogStream] || more[checkpoint.NewsStream]
	}
	slices.SortStableFunc(entries, func(a, b checkpoint.FeedEntry) int {
		p, q := place(&a), place(&b)
		return cmp.Or(cmp.Compare(p.Ms, q.Ms), cmp.Compare(a.Part, b.Part), cmp.Compare(p.Seq, q.Seq), cmp.Compare(a.Stream, b.Stream))
	})
	return entries, held
}

// prepare reads what the news among the entries are about.
func (w *writer) prepare(ctx context.Context, store *checkpoint.Store, entries []checkpoint.FeedEntry) (err error) {
	var decisions []*checkpoint.News
	var people []uint64
	var fevers []checkpoint.FeverID
	for i := range entries {
		n := entries[i].News
		switch {
		case n == nil:
		case n.Fever != 0:
			fevers = append(fevers, n.Fever)
		default:
			decisions, people = append(decisions, n), append(people, n.Person)
		}
	}
	if w.fevers, err = store.FeversByID(ctx, fevers); err != nil {
		return err
	}
	if w.people, err = store.Views(ctx, people); err != nil {
		return err
	}
	if !w.sub.has(FieldGround) && !w.sub.has(FieldUntil) {
		return nil
	}
	w.decisions, err = store.DecisionsOf(ctx, decisions)
	return err
}

// fill puts the events of entries on the page until it is full and tells how many
// entries it has taken.
func (w *writer) fill(page *Page, entries []checkpoint.FeedEntry, limit int) int {
	for i := range entries {
		events := w.of(&entries[i])
		if len(page.Events)+len(events) > limit {
			return i
		}
		for _, e := range events {
			page.Counts[string(e.Type)]++
			page.Events = append(page.Events, e)
		}
	}
	return len(entries)
}

// identify adds who people are, if the subscriber is told.
func (f *Feed) identify(ctx context.Context, sub *Subscriber, events []Event) error {
	if !sub.identifies() || len(events) == 0 {
		return nil
	}
	var ids []uint64
	for i := range events {
		ids = append(ids, events[i].person)
	}
	slices.Sort(ids)
	found, err := f.store.Residents(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	who := map[uint64]*checkpoint.Resident{}
	for i := range found {
		who[found[i].ID] = &found[i]
	}
	for i := range events {
		person, ok := who[events[i].person]
		if !ok {
			continue
		}
		if sub.has(FieldName) {
			events[i].Data.Name = person.Name
		}
		if sub.has(FieldIDDocument) {
			events[i].Data.IDDocument = person.IDNumber
		}
	}
	return nil
}
