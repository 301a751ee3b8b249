package bulletin

import (
	"context"
	"fmt"

	"passgate/checkpoint"
)

// source is where the records are of which lines count some. read hands fn those of
// a node and of all below it that may concern the day, each once.
type source struct {
	name string
	read func(b *Book, ctx context.Context, node string, d *span, fn func(*record)) error
	// quick counts those of the day by their own nodes without reading them, where all
	// lines of the source count just that; nil: they are read.
	quick func(b *Book, ctx context.Context, d *span) (map[string]int64, error)
}

// The sources that are no kinds of matters.
var (
	fromSilentGates = source{name: "gate", read: (*Book).silentGates}
	fromFevers      = source{name: "fever case", read: (*Book).fevers}
	fromReadings    = source{name: "reading", read: (*Book).homeFevers}
	fromContests    = source{name: "contest", read: (*Book).contests}
	fromRequests    = source{name: "request", read: (*Book).requests}
	fromPermits     = source{name: "permit", read: (*Book).permits}
	fromMissed      = source{name: "missed", read: func(b *Book, ctx context.Context, node string, d *span, fn func(*record)) error {
		return b.find(ctx, b.finders.Missed, node, d, fn)
	}}
	fromHomes = source{name: "home", read: func(b *Book, ctx context.Context, node string, d *span, fn func(*record)) error {
		return b.find(ctx, b.finders.Homes, node, d, fn)
	}}
)

// Found is what a Finder has.
type Found struct {
	Node   string // of the grid
	Person uint64 // whom it is about, 0: nobody
	At     int64  // UTC ms
	State  string
	Ref    string // kind and ID of the record behind it
}

// Finder hands to fn what is missing of a day at a node of the grid ("": in the
// town), which follows from several records and is in none.
type Finder func(ctx context.Context, node string, day checkpoint.Day, fn func(Found)) error

// Finders know what the registers lack. Of one that is nil there is nothing.
type Finders struct {
	Missed Finder // readings and daily reports of who is under observation; State MissedReading or MissedReport
	Homes  Finder // homes that were not reached
}

// States of what Finders.Missed finds.
const (
	MissedReading = "reading"
	MissedReport  = "report"
)

func (b *Book) find(ctx context.Context, find Finder, node string, d *span, fn func(*record)) error {
	if find == nil {
		return nil
	}
	return find(ctx, b.townOr(node), d.Day, func(f Found) {
		fn(&record{Node: f.Node, Person: f.Person, Opened: f.At, State: f.State, Ref: f.Ref})
	})
}

// matters is the source of the office's records of a kind: those that are open, and
// those that were closed on the day or later.
func matters(kind checkpoint.MatterKind) source {
	return source{name: string(kind), read: func(b *Book, ctx context.Context, node string, d *span, fn func(*record)) error {
		seen := map[checkpoint.MatterID]bool{} // one that is closed while it is read is in both lists
		for _, q := range []checkpoint.MatterQuery{
			{By: checkpoint.OpenOnly, To: d.To}, {By: checkpoint.ClosedOnly, From: d.From},
		} {
			q.Kind = kind
			err := b.eachMatter(ctx, node, q, func(m *checkpoint.Matter) {
				if m.OpenedAt < d.To && !seen[m.ID] {
					seen[m.ID] = true
					fn(recordOf(m, d))
				}
			})
			if err != nil {
				return err
			}
		}
		return nil
	}}
}

// entries is the source of records that are over when they are written: those of the
// day.
func entries(kind checkpoint.MatterKind) source {
	return source{
		name: string(kind),
		read: func(b *Book, ctx context.Context, node string, d *span, fn func(*record)) error {
			q := checkpoint.MatterQuery{Kind: kind, By: checkpoint.OpenedAll, From: d.From, To: d.To}
			return b.eachMatter(ctx, node, q, func(m *checkpoint.Matter) { fn(recordOf(m, d)) })
		},
		quick: func(b *Book, ctx context.Context, d *span) (map[string]int64, error) {
			return b.store.CountMatters(ctx, kind, checkpoint.OpenedAll, d.From, d.To)
		},
	}
}

func (b *Book) eachMatter(ctx context.Context, node string, q checkpoint.MatterQuery, fn func(*checkpoint.Matter)) error {
	q.Node = b.townOr(node)
	return b.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		fn(m)
		return nil
	})
}

func recordOf(m *checkpoint.Matter, d *span) *record {
	return &record{
		Node: m.Node, Person: m.Person, Opened: m.OpenedAt, Closed: m.ClosedAt, Due: m.DueAt, State: stateAt(m, d.To),
		Ref: fmt.Sprintf("%s/%s", m.Kind, m.ID),
	}
}

// stateAt is the state of a matter at a time (UTC ms) by its steps.
func stateAt(m *checkpoint.Matter, at int64) string {
	for i := len(m.Steps) - 1; i >= 0; i-- {
		if m.Steps[i].At < at {
			return m.Steps[i].State
		}
	}
	return m.State
}

// fevers are the cases, at the node of the gate of their second reading.
func (b *Book) fevers(ctx context.Context, _ string, d *span, fn func(*record)) error {
	reg, seen := b.store.Registry(), map[checkpoint.FeverID]bool{}
	for _, q := range []checkpoint.FeverQuery{{To: d.To}, {Closed: true, From: d.From}} {
		for {
			page, next, err := b.store.Fevers(ctx, q)
			if err != nil {
				return err
			}
			for i := range page {
				if c := &page[i]; !seen[c.ID] {
					seen[c.ID] = true
					fn(recordOfFever(reg, c, d))
				}
			}
			if q.Cursor = next; next == "" {
				break
			}
		}
	}
	return nil
}

func recordOfFever(reg *checkpoint.Registry, c *checkpoint.FeverCase, d *span) *record {
	r := record{Person: c.Person, Opened: c.OpenedAt, Closed: c.ClosedAt, State: string(c.Outcome), Ref: "fever/" + c.ID.String()}
	if c.Open() || c.ClosedAt >= d.To {
		r.State = "open"
	}
	if site, ok := reg.SiteByNum(c.Site); ok {
		r.Node = site.Grid
	}
	if gate, ok := reg.GateByNum(c.Gate); ok {
		r.Gate = gate.Code
	}
	return &r
}

// permits are those of visitors that let in at some time of the day, at the node of
// their site.
func (b *Book) permits(ctx context.Context, _ string, d *span, fn func(*record)) error {
	reg := b.store.Registry()
	return b.store.PermitsBetween(ctx, d.From, d.To, func(p checkpoint.PermitSpan) {
		r := record{Person: p.Person, Opened: p.From, Closed: p.EndsAt, State: "in_force", Ref: fmt.Sprintf("permit/%d", p.Number)}
		if site, ok := reg.SiteByNum(p.Site); ok {
			r.Node = site.Grid
		}
		fn(&r)
	})
}
