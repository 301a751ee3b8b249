package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// MaxGeneration is the last generation of passes that a person can have: passes
// do not say their generation, so a gateway finds it by trying them.
const MaxGeneration = 255

// ErrGenerations says that the passes of a person were revoked 255 times.
var ErrGenerations = errors.New("checkpoint: this person's passes were revoked 255 times, enrol a successor with a new ID")

// Revocation says that every pass of a person up to a generation is void, or that
// the person is confined, or is no longer.
type Revocation struct {
	Seq        string // place in the list, see Revocations
	Person     uint64
	Generation uint32 // the last one that is void; of a confinement, that of the passes
	At         int64  // UTC ms
	What       Revoking
}

// Revoke voids every pass of a person and returns the generation of those
// issued from now on. It is in force for the next scan. Repeating it after an
// error is safe: at worst passes issued meanwhile are void, too, and the list
// names a generation twice. ErrNotFound, ErrGenerations.
func (s *Store) Revoke(ctx context.Context, person uint64) (uint32, error) {
	key := s.keys.person(person)
	old, err := s.rdb.HGet(ctx, key, "g").Uint64()
	switch {
	case isNil(err):
		return 0, notFound("person", FormatPersonID(person))
	case err != nil:
		return 0, unavailable(err)
	case old >= MaxGeneration:
		return 0, ErrGenerations
	}
	// The list comes first: should the rest fail, devices that decide offline
	// refuse too much for a moment instead of too little for good.
	err = s.rdb.XAdd(ctx, &redis.XAddArgs{
		Stream: s.keys.revocations(),
		Values: []any{"p", raw(person), "g", old, "t", s.now()},
	}).Err()
	if err != nil {
		return 0, unavailable(err)
	}
	reply, err := s.run(ctx, s.rdb, enrolScript, []string{key}, "raise", old)
	if isNil(err) {
		return 0, notFound("person", FormatPersonID(person))
	}
	if err != nil {
		return 0, err
	}
	now, ok := reply.(int64)
	if !ok || now <= 0 || now > MaxGeneration {
		return 0, fmt.Errorf("checkpoint: raising a generation gave %v", reply)
	}
	return uint32(now), nil
}

// maxRevocations bounds one answer of Revocations.
const maxRevocations = 10_000

var streamID = regexp.MustCompile(`^\d{1,20}-\d{1,20}$`)

// Revocations lists what was revoked after the place called after ("" for the
// start), in order, at most limit (1 to 10,000; outside of it the bound). next
// is the place from which to go on; it stays the same when nothing is new. A
// generation can be listed more than once.
func (s *Store) Revocations(ctx context.Context, after string, limit int) (list []Revocation, next string, err error) {
	from := "-"
	if after != "" {
		if !streamID.MatchString(after) {
			return nil, "", &FieldError{"after", "must be a place that the revocation list gave"}
		}
		from = "(" + after
	}
	limit = max(1, min(limit, maxRevocations))
	entries, err := s.rdb.XRangeN(ctx, s.keys.revocations(), from, "+", int64(limit)).Result()
	if err != nil {
		return nil, "", unavailable(err)
	}
	next = after
	for _, e := range entries {
		r, err := decodeRevocation(e)
		if err != nil {
			return nil, "", err
		}
		list, next = append(list, r), e.ID
	}
	return list, next, nil
}

func decodeRevocation(e redis.XMessage) (Revocation, error) {
	person, _ := e.Values["p"].(string)
	generation, _ := e.Values["g"].(string)
	at, _ := e.Values["t"].(string)
	g, errG := strconv.ParseUint(generation, 10, 32)
	t, errT := strconv.ParseInt(at, 10, 64)
	if err := errors.Join(errG, errT); err != nil || len(person) != 8 {
		return Revocation{}, fmt.Errorf("checkpoint: revocation %s is not in its form: %v", e.ID, e.Values)
	}
	word, _ := e.Values["c"].(string)
	what := slices.Index(revokingWords[:], word)
	if what < 0 {
		return Revocation{}, fmt.Errorf("checkpoint: revocation %s is of a kind that this version does not know: %q", e.ID, word)
	}
	return Revocation{Seq: e.ID, Person: fromRaw(person), Generation: uint32(g), At: t, What: Revoking(what)}, nil //nolint:gosec // three of them
}
