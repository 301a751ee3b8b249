package feed

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"passgate/checkpoint"
)

// Bounds of what is sent.
const (
	MaxChanges   = 1000 // at once
	changesAtOne = 8    // people whose changes are applied beside one another
	// maxChangeAge is how long ago a decision may have been taken, maxChangeAhead how
	// far clocks may differ, in ms.
	maxChangeAge   = 28 * 24 * 3600 * 1000
	maxChangeAhead = 10 * 60 * 1000
)

// Change is a decision about somebody's status that an authority took. (Source, ID)
// is its identity.
type Change struct {
	Source string `json:"s"`
	ID     string `json:"i"`
	Time   int64  `json:"t"` // UTC ms: when it was taken
	// Exactly one of the two says whom it is about.
	Pseudonym string `json:"p,omitempty"` // as events of this subscriber's feed have it
	Document  string `json:"d,omitempty"` // number of an identity document

	Status   string `json:"st"`
	Ground   string `json:"g"`
	Evidence string `json:"e"`
	Author   string `json:"a"`
	Until    int64  `json:"u,omitempty"` // UTC ms, 0: until it is changed
	// Sequence orders the decisions about one person, the highest is the newest. 0
	// where an authority has none: then Time does.
	Sequence int64 `json:"q,omitempty"`
}

// Result says what became of a change.
type Result string

// The results. Those of conflict and of a change without an identity are not kept.
const (
	Applied       Result = "applied"
	Superseded    Result = "superseded"     // a newer one about this person had come before
	UnknownPerson Result = "unknown_person" // kept: it is applied when the person is enrolled
	Refused       Result = "refused"
	Conflict      Result = "conflict" // the same source and id came before with other content
)

// Outcome is the answer to one change; the same again gets the same answer.
type Outcome struct {
	Result    Result
	Duplicate bool   // it had come before
	Field     string // of one that was refused
	Why       string
}

const (
	kindChange    checkpoint.MatterKind = "authority_change"
	kindHead      checkpoint.MatterKind = "authority_head" // of a subscriber and a person: the newest change
	stateApplying                       = "applying"       // it is the newest one, and on its way
	stateHead                           = "head"
)

// changeBody is what is kept of a change.
type changeBody struct {
	Change
	Subscriber string `json:"b"`
	Digest     []byte `json:"h"`
	Field      string `json:"f,omitempty"`
	Why        string `json:"w,omitempty"`
}

// headBody is the newest change of a person.
type headBody struct {
	Sequence int64
	Time     int64
	Change   checkpoint.MatterID
}

// order compares two changes of a person: negative if h is older.
func (h headBody) order(o headBody) int {
	return cmp.Or(cmp.Compare(h.Sequence, o.Sequence), cmp.Compare(h.Time, o.Time), cmp.Compare(h.Change, o.Change))
}

// Apply takes changes, each for itself, and tells what became of each, in their order.
// Those about one person are taken in the order in which they are given. It is safe to
// repeat; an error (checkpoint.ErrUnavailable) leaves part of them done.
func (f *Feed) Apply(ctx context.Context, sub *Subscriber, changes []Change) ([]Outcome, error) {
	outcomes := make([]Outcome, len(changes))
	whose := map[string][]int{} // by whom they are about
	var people []string
	for i := range changes {
		who := changes[i].Pseudonym + "\x00" + changes[i].Document
		if whose[who] == nil {
			people = append(people, who)
		}
		whose[who] = append(whose[who], i)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	next := make(chan []int)
	for range min(changesAtOne, len(people)) {
		wg.Go(func() {
			for some := range next {
				for _, i := range some {
					outcome, err := f.take(ctx, sub, &changes[i])
					if err != nil {
						stop(err)
						break
					}
					outcomes[i] = outcome
				}
			}
		})
	}
	for _, who := range people {
		next <- whose[who]
	}
	close(next)
	wg.Wait()
	return outcomes, context.Cause(ctx)
}

// change is one on its way.
type change struct {
	*Change
	id     checkpoint.MatterID
	head   headBody
	person uint64 // 0: not known
	bad    *checkpoint.FieldError
	order  checkpoint.StatusChange
}

// take takes one change.
func (f *Feed) take(ctx context.Context, sub *Subscriber, c *Change) (Outcome, error) {
	if bad := c.identity(); bad != nil {
		return Outcome{Result: Refused, Field: bad.Field, Why: bad.Why}, nil
	}
	way := &change{Change: c, id: checkpoint.NewMatterID(kindChange, sub.Name+"\x00"+c.Source+"\x00"+c.ID)}
	way.head = headBody{c.Sequence, c.Time, way.id}
	way.order, way.bad = f.check(sub, c)
	var err error
	if way.bad == nil {
		if way.person, err = f.find(ctx, sub, c); err != nil {
			return Outcome{}, err
		}
	}
	outcome, err := f.record(ctx, sub, way)
	if err != nil || outcome.Result != "" {
		return outcome, err
	}
	duplicate := outcome.Duplicate
	outcome, err = f.apply(ctx, sub, way)
	outcome.Duplicate = duplicate
	return outcome, err
}

func headOf(sub *Subscriber, person uint64) checkpoint.MatterID {
	return checkpoint.NewMatterID(kindHead, sub.Name+"\x00"+checkpoint.FormatPersonID(person))
}

// digest is of what was sent.
func (c *Change) digest() []byte {
	text, err := json.Marshal(c)
	if err != nil {
		panic("feed: strings and numbers cannot fail to encode: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return sum[:16]
}

// find gives the person, 0 if there is none in the subscriber's part of the grid.
func (f *Feed) find(ctx context.Context, sub *Subscriber, c *Change) (id uint64, err error) {
	if c.Document != "" {
		id, err = f.store.FindByDocument(ctx, c.Document)
		if errors.Is(err, checkpoint.ErrNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("feed: a change: %w", err)
		}
	} else {
		names, err := f.namesFor(sub.Name)
		if err != nil {
			return 0, err
		}
		id, _ = names.personOf(c.Pseudonym) // check has looked at it
	}
	views, err := f.store.Views(ctx, []uint64{id})
	if err != nil {
		return 0, err
	}
	who, ok := views[id]
	w := writer{sub: sub, reg: f.store.Registry()}
	if !ok || who.Kind != checkpoint.KindResident || !w.mine(who.Grid) {
		return 0, nil
	}
	return id, nil
}
