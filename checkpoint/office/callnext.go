package office

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"passgate/checkpoint"
)

// caller is what somebody has in hand.
type caller struct {
	Call  checkpoint.MatterID `json:"c"`           // 0: nothing
	Given peopleList          `json:"g,omitempty"` // numbers of tasks that they were given, to be called first
}

const (
	maxGiven = 200
	// lookedAtOnce is how many tasks are read to find a free one.
	lookedAtOnce = 16
)

const callerKept = "kept"

func callerRef(number uint32) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: kindCaller, ID: checkpoint.NewMatterID(kindCaller, strconv.FormatUint(uint64(number), 10))}
}

var (
	errTaken   = errors.New("office: somebody was faster")
	errAnother = errors.New("office: the caller has got another one meanwhile")
)

// CallInHand is what somebody has to call now; nil if nothing. Errors:
// ErrUnavailable.
func (o *Office) CallInHand(ctx context.Context, by uint32) (*Task, error) {
	_, t, err := o.inHand(ctx, by)
	return t, err
}

// inHand also gives what is noted of them, whether they still have it or not.
func (o *Office) inHand(ctx context.Context, by uint32) (hand caller, t *Task, err error) {
	ref := callerRef(by)
	m, err := o.store.Matter(ctx, ref.Kind, ref.ID)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return hand, nil, nil
	}
	if err == nil {
		err = m.Get(&hand)
	}
	if err != nil || hand.Call == 0 {
		return hand, nil, err
	}
	task, err := o.TaskByID(ctx, hand.Call)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return hand, nil, nil
	case err != nil:
		return hand, nil, err
	case task.StateAt(o.store.Now()) != CallCalling || task.Owner != by:
		return hand, nil, nil
	}
	return hand, &task, nil
}

// NextCall gives somebody the best-ranked task of a case that is free, of those
// within, one that was given to them first; nil if there is none. Who has one gets the
// same again. Errors: *Refusal (they have one of another case), ErrUnavailable.
func (o *Office) NextCall(ctx context.Context, code string, by uint32, within func(node string) bool) (*Task, error) {
	of, err := o.CallsOf(ctx, code)
	if err != nil {
		return nil, err
	}
	for range 5 {
		hand, has, err := o.inHand(ctx, by)
		switch {
		case err != nil:
			return nil, err
		case has != nil && has.Case != code:
			return nil, refuse(CodeWrongState, "you have a call of the case %s in hand: say how it ended, or release it", has.Case)
		case has != nil:
			return has, nil
		}
		given := make([]checkpoint.MatterRef, len(hand.Given))
		for i, id := range hand.Given {
			given[i] = checkpoint.MatterRef{Kind: KindCall, ID: checkpoint.MatterID(id)}
		}
		t, err := o.takeBest(ctx, slices.Concat(given, of.Tasks), &seeker{code, by, hand.Call, within})
		if !errors.Is(err, errAnother) {
			return t, err
		}
	}
	return nil, refuse(CodeWrongState, "you ask for calls in several places at once: go on in one of them")
}

// seeker is somebody who looks for a call.
type seeker struct {
	code   string
	by     uint32
	noted  checkpoint.MatterID // what is noted as theirs
	within func(node string) bool
}

// fits tells that they can take a task now.
func (s *seeker) fits(t *Task, now int64) bool {
	owner := t.OwnerAt(now)
	return t.There() && t.Person != 0 && t.Case == s.code && t.StateAt(now) == CallOpen && (owner == 0 || owner == s.by) && s.within(t.Node)
}

// takeBest takes the first one that is free.
func (o *Office) takeBest(ctx context.Context, refs []checkpoint.MatterRef, who *seeker) (*Task, error) {
	for some := range slices.Chunk(refs, lookedAtOnce) {
		matters, err := o.store.ReadMatters(ctx, some)
		if err != nil {
			return nil, err
		}
		for i := range matters {
			if !matters[i].Open() {
				continue
			}
			t, err := taskOf(&matters[i])
			if err != nil {
				return nil, err
			}
			if !who.fits(&t, o.store.Now()) {
				continue
			}
			took, err := o.takeCall(ctx, t.ID, who)
			if !errors.Is(err, errTaken) {
				return took, err
			}
		}
	}
	return nil, nil //nolint:nilnil // nothing is left to call
}

// takeCall writes task and caller together.
func (o *Office) takeCall(ctx context.Context, id checkpoint.MatterID, who *seeker) (took *Task, err error) {
	refs := []checkpoint.MatterRef{{Kind: KindCall, ID: id}, callerRef(who.by)}
	err = o.store.TurnMatters(ctx, who.by, "", refs, func(some []*checkpoint.Matter) error {
		var hand caller
		if err := some[1].Get(&hand); err != nil {
			return err
		}
		if hand.Call != who.noted {
			return errAnother
		}
		now := o.store.Now()
		err := turnTask(some[0], func(t *Task) error {
			if !who.fits(t, now) {
				return errTaken
			}
			t.State, t.Owner, t.AgainAt = CallCalling, who.by, 0
			t.lease(now)
			took = t
			return nil
		})
		if err != nil {
			return err
		}
		hand.Call = id
		hand.Given = slices.DeleteFunc(hand.Given, func(given uint64) bool { return given == uint64(id) })
		return keepCaller(some[1], &hand, now)
	})
	if err != nil {
		return nil, err
	}
	return took, nil
}

// keepCaller writes down what somebody has; it goes when they have not called for long.
func keepCaller(m *checkpoint.Matter, hand *caller, now int64) error {
	m.State, m.ClosedAt = callerKept, now
	return m.Put(hand)
}

// lease lets its owner keep it from now on.
func (t *Task) lease(now int64) {
	t.LeaseEnd = now + CallLease.Milliseconds()
	t.touch(t.LeaseEnd, callUntouched)
}
