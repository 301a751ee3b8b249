package checkpoint

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Gateways of which one has taken a step and the other has not find the same
// person for a document, whoever comes first.
func TestGatewaysAtNeighbouringStepsMakeOnePersonOfADocument(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	gate := another(t, s, clock, secondKey)
	number := 0
	claim := func(row NewResident, candidate uint64, use ...byte) uint64 {
		t.Helper()
		e, err := gate.prepareRow(gate.Registry(), row, candidate)
		must(t, err)
		e.use.list = use
		_, _, err = gate.claim(t.Context(), []*enrolment{e})
		must(t, err)
		return e.id
	}
	steps := [][]byte{{1}, {1, 2}, {2}}
	for i := range steps[1:] {
		for _, order := range [][2][]byte{{steps[i], steps[i+1]}, {steps[i+1], steps[i]}} {
			number++
			row := townsfolk(1000+number, 1)[0]
			first, second := claim(row, 64, order[0]...), claim(row, 6400, order[1]...)
			if third := claim(row, 640000, order[0]...); first != second || second != third {
				t.Errorf("%v then %v: persons %x, %x, %x", order[0], order[1], first, second, third)
			}
		}
	}
}

// erasing runs something once, just before the first documents are entered into
// the new index.
type erasing struct {
	once sync.Once
	do   func()
}

func (e *erasing) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (e *erasing) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (e *erasing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return slices.Contains(c.Args(), any("claim")) }) {
			e.once.Do(e.do)
		}
		return next(ctx, cmds)
	}
}

// Who is erased between the look into the old index and the entry into the new
// one is in neither afterwards.
func TestErasedWhileTheIndexIsCopiedStaysErased(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, townsfolk(0, 1)...)[0]
	gate, operator := another(t, s, clock, secondKey), another(t, s, clock, secondKey)
	operator.rdb.AddHook(&erasing{do: func() { must(t, gate.Erase(t.Context(), id, "boss")) }})
	must(t, operator.RotateFieldKey(t.Context(), 2, nil))
	checkIndexes(t, operator, 2, 0)
	if p, err := operator.Resident(t.Context(), id); err == nil && (p.Name != "" || p.IDNumber != "") {
		t.Errorf("still on record: %+v", p)
	}
	if n := s.rdb.Exists(t.Context(), s.keys.identity(id)).Val(); n != 0 {
		t.Error("the sealed identity is still there, or again")
	}
}
