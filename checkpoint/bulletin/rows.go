package bulletin

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"passgate/checkpoint"
)

// Row is one of what a number counted.
type Row struct {
	At     int64  // UTC ms: of a scan when it occurred, of a record when it was opened
	Closed int64  // UTC ms, 0: it is open, or was a moment
	Due    int64  // UTC ms, 0: never
	Node   string // of the grid
	Person uint64 // whom it is about, 0: nobody
	Gate   string // code, "" if it is about none
	State  string // at the end of the day; of a scan the reason
	Ref    string // where it is found: kind and ID
}

// MaxRows is the most rows of a page.
const MaxRows = 500

func (r *Row) compare(o *Row) int {
	return cmp.Or(cmp.Compare(r.At, o.At), strings.Compare(r.Ref, o.Ref))
}

func (r *Row) cursor() string { return strconv.FormatInt(r.At, 36) + "-" + r.Ref }

func parseCursor(text string) (Row, error) {
	if text == "" {
		return Row{At: -1}, nil
	}
	at, ref, ok := strings.Cut(text, "-")
	ms, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil {
		return Row{}, &checkpoint.FieldError{Field: "cursor", Why: "must be what the page before gave as next"}
	}
	return Row{At: ms, Ref: ref}, nil
}

// page gathers the rows after a cursor, the earliest first, in bounded memory.
type page struct {
	after Row
	limit int
	rows  []Row
}

func (p *page) add(r Row) {
	if r.compare(&p.after) <= 0 {
		return
	}
	if p.rows = append(p.rows, r); len(p.rows) >= 8*p.limit {
		p.cut()
	}
}

// cut leaves one row more than a page has, if there are.
func (p *page) cut() {
	slices.SortFunc(p.rows, func(a, b Row) int { return a.compare(&b) })
	p.rows = p.rows[:min(len(p.rows), p.limit+1)]
}

// Rows opens a number: a page of what was counted now for a line at a node of the
// grid on a day, in order of time, and the cursor of the next, "" at the end. Who may
// see them is for the caller to say (Line.OpensFor). Errors:
// *checkpoint.FieldError, ErrTooOld, ErrUnavailable of package checkpoint.
func (b *Book) Rows(ctx context.Context, node string, day checkpoint.Day, line *Line, cursor string, limit int) ([]Row, string, error) {
	if node == "" {
		node = b.root()
	}
	after, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	if !b.countable(day) {
		return nil, "", ErrTooOld
	}
	p := page{after: after, limit: min(max(limit, 1), MaxRows)}
	t := newTally(b.store.Registry(), b.root(), node, b.spanOf(day))
	if line.scan != nil {
		err = b.scanRows(ctx, t, line, &p)
	} else {
		err = b.recordRows(ctx, t, line, &p)
	}
	if err != nil {
		return nil, "", err
	}
	next := ""
	if p.cut(); len(p.rows) > p.limit {
		p.rows = p.rows[:p.limit]
		next = p.rows[p.limit-1].cursor()
	}
	return p.rows, next, nil
}

func (b *Book) scanRows(ctx context.Context, t *tally, line *Line, p *page) error {
	reg := b.store.Registry()
	gates, at := t.gatesOf(reg)
	return b.store.EventsAt(ctx, gates, t.From, t.To, func(e *checkpoint.ScanEvent) error {
		if line.scan(e, e.Moved()) {
			gate, _ := reg.GateByNum(e.Gate)
			p.add(Row{
				At: e.OccurredAt, Node: t.nodes[at[e.Gate]], Person: e.Person, Gate: gate.Code, State: e.Reason.String(),
				Ref: "event/" + gate.Code + "." + hex.EncodeToString(e.Hash[:]),
			})
		}
		return nil
	})
}

func (b *Book) recordRows(ctx context.Context, t *tally, line *Line, p *page) error {
	reg := b.store.Registry()
	return line.source.read(b, ctx, t.nodes[0], &t.span, func(r *record) {
		if _, here := t.at(reg, r.Node); here && line.counts(r, &t.span) {
			p.add(Row{
				At: r.Opened, Closed: r.Closed, Due: r.Due, Node: r.Node, Person: r.Person, Gate: r.Gate, State: r.State, Ref: r.Ref,
			})
		}
	})
}
