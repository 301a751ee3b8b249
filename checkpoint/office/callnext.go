package office

import (
	"context"
	"errors"
	"strconv"

	"passgate/checkpoint"
)

// caller is what somebody has in hand.
type caller struct {
	Call checkpoint.MatterID `json:"c"` // 0: nothing
}

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

// inHand also tells which one was noted as theirs, whether it still is or not.
func (o *Office) inHand(ctx context.Context, by uint32) (noted checkpoint.MatterID, t *Task, err error) {
	ref := callerRef(by)
	m, err := o.store.Matter(ctx, ref.Kind, ref.ID)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return 0, nil, nil
	}
	var hand caller
	if err == nil {
		err = m.Get(&hand)
	}
	if err != nil || hand.Call == 0 {
		return 0, nil, err
	}
	task, err := o.TaskByID(ctx, hand.Call)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound):
		return hand.Call, nil, nil
	case err != nil:
		return hand.Call, nil, err
	case task.StateAt(o.store.Now()) != CallCalling || task.Owner != by:
		return hand.Call, nil, nil
	}
	return hand.Call, &task, nil
}

// NextCall gives somebody the best-ranked task of a case that is free, of those
// within, one that was given to them first; nil if there is none. Who has one gets the
// same again. Errors: *Refusal (they have one of another case), ErrUnavailable.
func (o *Office) NextCall(ctx context.Context, code string, by uint32, within func(node string) bool) (*Task, error) {
	for range 5 {
		noted, has, err := o.inHand(ctx, by)
		switch {
		case err != nil:
			return nil, err
		case has != nil && has.Case != code:
			return nil, refuse(CodeWrongState, "you have a call of the case %s in hand: say how it ended, or release it", has.Case)
		case has != nil:
			return has, nil
		}
		t, err := o.takeBest(ctx, code, by, noted, within)
		if !errors.Is(err, errAnother) {
			return t, err
		}
	}
	return nil, refuse(CodeWrongState, "you ask for calls in several places at once: go on in one of them")
}

// takeBest tries the free tasks in their order.
func (o *Office) takeBest(ctx context.Context, code string, by uint32, noted checkpoint.MatterID, within func(node string) bool) (*Task, error) {
	of, err := o.CallsOf(ctx, code)
	if err != nil {
		return nil, err
	}
	tasks, err := o.Tasks(ctx, &of)
	if err != nil {
		return nil, err
	}
	for _, mine := range []uint32{by, 0} {
		for i := range tasks {
			t, now := &tasks[i], o.store.Now()
			if t.StateAt(now) != CallOpen || t.OwnerAt(now) != mine || !within(t.Node) {
				continue
			}
			took, err := o.takeCall(ctx, t.ID, by, noted, mine)
			if !errors.Is(err, errTaken) {
				return took, err
			}
		}
	}
	return nil, nil //nolint:nilnil // nothing is left to call
}

// takeCall writes task and caller together.
func (o *Office) takeCall(ctx context.Context, id checkpoint.MatterID, by uint32, noted checkpoint.MatterID, owner uint32) (took *Task, err error) {
	refs := []checkpoint.MatterRef{{Kind: KindCall, ID: id}, callerRef(by)}
	err = o.store.TurnMatters(ctx, by, "", refs, func(some []*checkpoint.Matter) error {
		var hand caller
		if err := some[1].Get(&hand); err != nil {
			return err
		}
		if hand.Call != noted {
			return errAnother
		}
		now := o.store.Now()
		err := turnTask(some[0], func(t *Task) error {
			if !t.There() || !t.Open() || t.StateAt(now) != CallOpen || t.OwnerAt(now) != owner {
				return errTaken
			}
			t.State, t.Owner, t.AgainAt = CallCalling, by, 0
			t.lease(now)
			took = t
			return nil
		})
		if err != nil {
			return err
		}
		some[1].State, some[1].ClosedAt = callerKept, now // it goes when nobody has called for long
		return some[1].Put(caller{id})
	})
	if err != nil {
		return nil, err
	}
	return took, nil
}

// lease lets its owner keep it from now on.
func (t *Task) lease(now int64) {
	t.LeaseEnd = now + CallLease.Milliseconds()
	t.touch(t.LeaseEnd, callUntouched)
}
