package bulletin

import (
	"context"

	"passgate/checkpoint"
)

// What is written of people beside the gates lies at the node that answers for them
// now.

// within says which people's records are meant.
func (b *Book) within(node string) checkpoint.CareQuery {
	if node == b.root() {
		return checkpoint.CareQuery{} // whoever has no home is the town's
	}
	reg := b.store.Registry()
	return checkpoint.CareQuery{Within: func(of string) bool { return reg.Within(of, node) }}
}

// everyPage reads all pages of a list.
func everyPage[T any](q checkpoint.CareQuery, read func(checkpoint.CareQuery) ([]T, string, error)) (all []T, err error) {
	for {
		page, next, err := read(q)
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next == "" {
			return all, nil
		}
		q.Cursor = next
	}
}

// atHome hands on records with the node of their person.
func (b *Book) atHome(ctx context.Context, records []record, fn func(*record)) error {
	people := make([]uint64, len(records))
	for i := range records {
		people[i] = records[i].Person
	}
	nodes, err := b.store.NodesOf(ctx, people)
	if err != nil {
		return err
	}
	met := make(map[string]bool, len(records)) // what was closed while it was read is in both lists
	for i := range records {
		if r := &records[i]; !met[r.Ref] {
			met[r.Ref] = true
			r.Node = nodes[r.Person]
			fn(r)
		}
	}
	return nil
}

func careRef(kind string, person uint64, id string) string {
	return kind + "/" + checkpoint.FormatPersonID(person) + "-" + id
}

// requests are what households asked for.
func (b *Book) requests(ctx context.Context, node string, d *span, fn func(*record)) error {
	q := b.within(node)
	waiting, err := everyPage(q, func(q checkpoint.CareQuery) ([]checkpoint.ServiceRequest, string, error) {
		return b.store.WaitingRequests(ctx, q)
	})
	if err != nil {
		return err
	}
	done, err := everyPage(q, func(q checkpoint.CareQuery) ([]checkpoint.ServiceRequest, string, error) {
		return b.store.DoneRequests(ctx, d.From, b.store.Now()+1, q)
	})
	if err != nil {
		return err
	}
	var records []record
	for _, r := range append(waiting, done...) {
		if r.OpenedAt >= d.To {
			continue
		}
		records = append(records, record{
			Person: r.Person, Opened: r.OpenedAt, Closed: r.DoneAt, Due: r.DueAt(), State: string(r.State()), Ref: careRef("request", r.Person, r.ID),
		})
	}
	return b.atHome(ctx, records, fn)
}

// contests are what people said against their status.
func (b *Book) contests(ctx context.Context, node string, d *span, fn func(*record)) error {
	q := b.within(node)
	waiting, err := everyPage(q, func(q checkpoint.CareQuery) ([]checkpoint.Contest, string, error) {
		return b.store.OpenContests(ctx, q)
	})
	if err != nil {
		return err
	}
	answered, err := everyPage(q, func(q checkpoint.CareQuery) ([]checkpoint.Contest, string, error) {
		return b.store.AnsweredContests(ctx, d.From, b.store.Now()+1, q)
	})
	if err != nil {
		return err
	}
	var records []record
	for _, c := range append(waiting, answered...) {
		if c.OpenedAt >= d.To {
			continue
		}
		records = append(records, record{
			Person: c.Person, Opened: c.OpenedAt, Closed: c.AnsweredAt, Due: c.DueAt(), State: string(c.State), Ref: careRef("contest", c.Person, c.ID),
		})
	}
	return b.atHome(ctx, records, fn)
}

// homeFevers are readings of diaries at or above the fever line.
func (b *Book) homeFevers(ctx context.Context, node string, d *span, fn func(*record)) error {
	readings, err := everyPage(b.within(node), func(q checkpoint.CareQuery) ([]checkpoint.DiaryReading, string, error) {
		return b.store.FeverReadings(ctx, d.From, d.To, q)
	})
	if err != nil {
		return err
	}
	records := make([]record, len(readings))
	for i, r := range readings {
		records[i] = record{Person: r.Person, Opened: r.At, Closed: r.At, State: r.Temperature.String(), Ref: careRef("reading", r.Person, r.ID)}
	}
	return b.atHome(ctx, records, fn)
}
