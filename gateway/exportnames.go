package gateway

import (
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// Bounds of a stream with names.
const (
	namedAtOnce = 512    // events that wait for the names of their people
	namesKept   = 20_000 // names that are remembered: about 3 MB
)

// withNames is the form of lines with masked names beside the IDs, if names are asked
// for: for a page that filters by them. Other forms are files, and hold none.
func (s *Server) withNames(c *fiber.Ctx, form streamForm) (streamForm, error) {
	switch names := c.Query("names"); {
	case names == "":
		return form, nil
	case names != "true":
		return form, invalid("names", "must be true")
	case form.media != mimeNDJSON:
		return form, invalid("names", "goes with NDJSON only: files of events hold no names")
	}
	form.open = func(out *pieces, reg *checkpoint.Registry, _ *time.Location) (rowWriter, error) {
		views := func(ids []uint64) (map[uint64]checkpoint.PersonView, error) { return s.store.Views(s.life, ids) }
		return &namedRows{out: out, reg: reg, views: views, people: map[uint64][]byte{}}, nil
	}
	return form, nil
}

// namedRows writes lines as linesForm does, with whom an event is about as a page of
// events has it. Memory does not grow with the events.
type namedRows struct {
	out     *pieces
	reg     *checkpoint.Registry
	views   func(ids []uint64) (map[uint64]checkpoint.PersonView, error)
	waiting []checkpoint.ScanEvent
	people  map[uint64][]byte // JSON of a person, by ID
}

func (n *namedRows) write(e *checkpoint.ScanEvent) error {
	n.waiting = append(n.waiting, *e)
	if len(n.waiting) < namedAtOnce {
		return nil
	}
	return n.send()
}

func (n *namedRows) close() error { return n.send() }

// send looks up who is not known yet and writes what waits.
func (n *namedRows) send() error {
	if len(n.people) > namesKept {
		clear(n.people)
	}
	var unknown []uint64
	for i := range n.waiting {
		id := n.waiting[i].Person
		if _, known := n.people[id]; !known && id != 0 {
			n.people[id] = nil
			unknown = append(unknown, id)
		}
	}
	views, err := n.views(unknown)
	if err != nil {
		return err
	}
	for _, id := range unknown {
		text, err := json.Marshal(viewOfPerson(id, views[id]))
		if err != nil {
			return err
		}
		n.people[id] = text
	}
	for i := range n.waiting {
		e := &n.waiting[i]
		n.out.buf = append(appendJSONEvent(n.out.buf, n.reg, e, n.people[e.Person]), '\n')
		if err := n.out.sendFull(); err != nil {
			return err
		}
	}
	n.waiting = n.waiting[:0]
	return nil
}
