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

// breakersOf are those in quarantine: evenly spread over the order in which people
// come.
func breakersOf(seed uint64, people int) []int {
	order, some := newOrder(seed, people), min((people+breakersShare-50)/breakersShare, breakersMost)
	out := make([]int, some)
	for i := range out {
		out[i] = order.at(uint64(i * people / some)) // #nosec G115 -- not negative
	}
	slices.Sort(out)
	return out
}

// confine puts people into quarantine.
func (p *preparation) confine(ctx context.Context) error {
	w := p.world
	w.breakers = breakersOf(w.Seed, w.People)
	for i, person := range w.breakers {
		in := map[string]string{"status": "quarantine", "ground": "close_contact"}
		if err := p.api.call(ctx, http.MethodPut, "/v1/residents/"+formatID(w.ids[person])+"/status", in, nil); err != nil {
			return err
		}
		p.Progress("quarantine", i+1, len(w.breakers))
	}
	return nil
}

// confined tells whether somebody is in quarantine.
func (w *World) confined(person int) bool {
	_, found := slices.BinarySearch(w.breakers, person)
	return found
}
