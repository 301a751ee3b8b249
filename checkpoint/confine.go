package checkpoint

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Revoking says what an entry of the list of revocations is about.
type Revoking byte

// The two latter void nothing: whoever is green again goes on with the same
// passes.
const (
	RevokesGeneration Revoking = iota // the passes of a generation are void
	ConfinesPerson                    // from now on no pass lets the person go (Status.Confines)
	ReleasesPerson                    // passes do again
)

// revokingWords are the stored forms in field c, which generations do not have.
var revokingWords = [...]string{RevokesGeneration: "", ConfinesPerson: "1", ReleasesPerson: "0"}

// announce puts on the list whether people are confined from now on. Devices that
// decide offline hear of a confinement before it is in force, and of its end
// after: should something fail between, they refuse too much for a while instead
// of too little. An end is told whatever the status was before, so that doing it
// again completes it.
func (s *Store) announce(ctx context.Context, what Revoking, people ...uint64) error {
	if len(people) == 0 {
		return nil
	}
	generations := make([]*redis.StringCmd, len(people))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range people {
			generations[i] = p.HGet(ctx, s.keys.person(id), "g")
		}
		return nil
	})
	if isNil(err) {
		return notFound("person", FormatPersonID(people[0]))
	}
	if err != nil {
		return unavailable(err)
	}
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range people {
			p.XAdd(ctx, &redis.XAddArgs{
				Stream: s.keys.revocations(),
				Values: []any{"p", raw(id), "g", generations[i].Val(), "t", s.now(), "c", revokingWords[what]},
			})
		}
		return nil
	})
	return unavailable(err)
}
