package world

import (
	"context"
	"net/http"
	"slices"
)

// Of a town of 50 people or more one in breakersShare is in quarantine at home, but no
// more than breakersMost: each takes a call.
const (
	breakersShare = 500
	breakersMost  = 200
	// documentsKept is how many people can show an identity document: the first
	// of the town. The number of somebody further on follows only from all before.
	documentsKept = 2000
)

// confine puts some people, evenly spread over the order in which people come,
// into quarantine.
func (p *preparation) confine(ctx context.Context) error {
	w := p.world
	some := min((w.People+breakersShare-50)/breakersShare, breakersMost)
	order := newOrder(w.Seed, w.People)
	for i := range some {
		person := order.at(uint64(i * w.People / some)) // #nosec G115 -- not negative
		in := map[string]string{"status": "quarantine", "ground": "close_contact"}
		if err := p.api.call(ctx, http.MethodPut, "/v1/residents/"+formatID(w.ids[person])+"/status", in, nil); err != nil {
			return err
		}
		w.breakers = append(w.breakers, person)
		p.Progress("quarantine", i+1, some)
	}
	slices.Sort(w.breakers)
	return nil
}

// confined tells whether somebody is in quarantine.
func (w *World) confined(person int) bool {
	_, found := slices.BinarySearch(w.breakers, person)
	return found
}
