package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"passgate/checkpoint"
)

// Book holds a town's alarms and the channels by which they are told. Any number of
// processes may have one.
type Book struct {
	store *checkpoint.Store
	vet   func(url string) error
}

// NewBook opens the book of a store's town. vet says whether this machine may call a
// URL, see package outbound; nil: any that has a good form.
func NewBook(store *checkpoint.Store, vet func(url string) error) *Book {
	if vet == nil {
		vet = func(string) error { return nil }
	}
	return &Book{store, vet}
}

// Raise opens an alarm until somebody closes it. While it is open, raising it again
// counts, if it is later, and changes nothing else. Errors: *FieldError, ErrTooMany,
// ErrUnavailable.
func (b *Book) Raise(ctx context.Context, a Alarm) error {
	_, err := b.raise(ctx, a, raising{})
	return err
}

// raising says how an alarm is raised.
type raising struct {
	source string // whose it is to say when the cause is gone; "": nobody's
	once   bool   // it does not come back: an event that was closed is seen to
	anew   bool   // the cause was gone meanwhile: that it was closed by hand keeps it no longer quiet
}

// raise is Raise; it tells whether there is an alarm more.
func (b *Book) raise(ctx context.Context, a Alarm, how raising) (bool, error) {
	if a.Kind == "" || a.Key == "" {
		return false, fmt.Errorf("alarm: an alarm of kind %q about %q", a.Kind, a.Key)
	}
	counted := false
	refs := []checkpoint.MatterRef{{Kind: matterAlarm, ID: idOf(a.Kind, a.Key)}}
	err := b.store.TurnMatters(ctx, 0, "", refs, func(some []*checkpoint.Matter) error {
		m, now := some[0], b.store.Now()
		var r record
		if err := m.Get(&r); err != nil {
			return err
		}
		switch {
		case m.There() && m.Open():
			if how.source != "" || a.At <= r.Last {
				return errNothing
			}
			r.Count, r.Last, counted = r.Count+1, a.At, true
			return m.Put(r)
		case m.There() && (how.once || now < r.QuietUntil && !how.anew):
			return errNothing
		case m.There():
			r.Generation++
		}
		counted = false
		told := b.firstTold(&a)
		m.Node, m.Person, m.State, m.Owner = b.place(a.Node), a.Person, string(Open), told.num()
		m.OpenedAt, m.ClosedAt, m.DueAt = now, 0, now
		return m.Put(record{
			Kind: a.Kind, Key: a.Key, Ref: a.Ref, At: a.At, Last: a.At, Hidden: a.Hidden, Source: how.source,
			Generation: r.Generation, Count: 1, Told: told.node,
		})
	})
	if errors.Is(err, errNothing) {
		return false, nil
	}
	return err == nil && !counted, err
}

// Entry reads one alarm. Errors: ErrNotFound, ErrUnavailable.
func (b *Book) Entry(ctx context.Context, id checkpoint.MatterID) (Entry, error) {
	m, err := b.store.Matter(ctx, matterAlarm, id)
	if err != nil {
		return Entry{}, err
	}
	return entryOf(&m)
}

// Ack says that somebody sees to an alarm: nobody else is told any more. The first
// one stays. Errors: ErrClosed, ErrNotFound, *FieldError, ErrUnavailable.
func (b *Book) Ack(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (Entry, error) {
	return b.turn(ctx, id, by, note, func(m *checkpoint.Matter, _ *record) error {
		switch State(m.State) {
		case Closed:
			return ErrClosed
		case Acked:
			return errNothing
		}
		m.State, m.Owner, m.DueAt = string(Acked), by, 0
		return nil
	})
}

// quietFor is for how long a cause that goes on is not raised again after somebody
// has closed its alarm.
const quietFor = 24 * 3600 * 1000

// Close ends an alarm by hand; note says what was done. If its cause goes on it is
// raised again a day later. Errors: ErrClosed, ErrNotFound, *FieldError,
// ErrUnavailable.
func (b *Book) Close(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (Entry, error) {
	if note == "" {
		return Entry{}, &checkpoint.FieldError{Field: "note", Why: "is missing: say in a few words what was done"}
	}
	return b.turn(ctx, id, by, note, func(m *checkpoint.Matter, r *record) error {
		r.QuietUntil = b.store.Now() + quietFor
		return b.close(m)
	})
}

func (b *Book) close(m *checkpoint.Matter) error {
	if !m.Open() {
		return ErrClosed
	}
	m.State, m.ClosedAt, m.DueAt = string(Closed), b.store.Now(), 0
	return nil
}

// closeGone closes an alarm whose cause is gone.
func (b *Book) closeGone(ctx context.Context, id checkpoint.MatterID) error {
	_, err := b.turn(ctx, id, 0, "情况已消除", func(m *checkpoint.Matter, _ *record) error { return b.close(m) })
	if errors.Is(err, ErrClosed) || errors.Is(err, checkpoint.ErrNotFound) {
		return nil
	}
	return err
}

// turn changes an alarm; errNothing of fn leaves it as it is.
func (b *Book) turn(ctx context.Context, id checkpoint.MatterID, by uint32, note string, fn func(*checkpoint.Matter, *record) error) (Entry, error) {
	m, err := b.store.TurnMatter(ctx, matterAlarm, id, by, note, func(m *checkpoint.Matter) error {
		var r record
		if err := m.Get(&r); err != nil {
			return err
		}
		if err := fn(m, &r); err != nil {
			return err
		}
		return m.Put(r)
	})
	switch {
	case errors.Is(err, errNothing):
		return b.Entry(ctx, id)
	case err != nil:
		return Entry{}, err
	}
	return entryOf(&m)
}

// Query says which alarms are asked for.
type Query struct {
	Node   string // those of its subtree; "": of the town
	State  State  // "": those that are not closed
	Level  Level  // "": any
	Cursor string
	Limit  int
	Viewer uint32 // number of who asks: what is hidden from them is left out; 0: nobody in particular
}

// List reads a page, closed ones by when they were closed, the newest first; others
// by when they were opened, the oldest first. A page may hold fewer than Limit.
func (b *Book) List(ctx context.Context, q Query) (page []Entry, next string, err error) {
	by := checkpoint.OpenOnly
	if q.State == Closed {
		by = checkpoint.ClosedOnly
	}
	matters, next, err := b.store.Matters(ctx, checkpoint.MatterQuery{
		Kind: matterAlarm, Node: q.Node, By: by, Cursor: q.Cursor, Limit: q.Limit, Newest: q.State == Closed,
	})
	if err != nil {
		return nil, "", err
	}
	for i := range matters {
		e, err := entryOf(&matters[i])
		if err != nil {
			return nil, "", err
		}
		if q.shows(&e) {
			page = append(page, e)
		}
	}
	return page, next, nil
}

func (q *Query) shows(e *Entry) bool {
	return (q.State == "" || e.State == q.State) && (q.Level == "" || e.Kind.Text().Level == q.Level) && e.ShownTo(q.Viewer)
}

// ShownTo tells whether a member of staff may see an alarm: not one about themselves.
func (e *Entry) ShownTo(staff uint32) bool { return staff == 0 || !slices.Contains(e.Hidden, staff) }

// maxOpen bounds what is read of open alarms at once.
const maxOpen = 20_000

// All reads every alarm of a query, at most maxOpen; more tells that there are more.
func (b *Book) All(ctx context.Context, q Query) (all []Entry, more bool, err error) {
	for q.Limit, q.Cursor = checkpoint.MaxMatters, ""; ; {
		page, next, err := b.List(ctx, q)
		if err != nil {
			return nil, false, err
		}
		all = append(all, page...)
		if next == "" || len(all) >= maxOpen {
			return all, next != "", nil
		}
		q.Cursor = next
	}
}
