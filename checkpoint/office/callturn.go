package office

import (
	"context"
	"fmt"
	"slices"

	"passgate/checkpoint"
)

func (o *Office) turnCall(ctx context.Context, id checkpoint.MatterID, by uint32, note string, fn func(*Task) error) (Task, error) {
	m, err := o.store.TurnMatter(ctx, KindCall, id, by, note, func(m *checkpoint.Matter) error {
		if m.Person == 0 {
			return checkpoint.ErrNotFound
		}
		return turnTask(m, fn)
	})
	if err != nil {
		return Task{}, err
	}
	return taskOf(&m)
}

// inHandOf refuses what only the caller does who has the task.
func (o *Office) inHandOf(t *Task, by uint32) error {
	switch {
	case t.State == CallCalling && t.Owner == by:
		return nil
	case t.State == CallCalling:
		return refuse(CodeNotYours, "%s has this call now: ask for the next one", o.login(t.Owner))
	}
	return refuse(CodeNotYours, "it is %s and you do not have it: ask for the next one", t.StateAt(o.store.Now()))
}

// ShowNumber counts that the number was shown to who has the task, and lets them keep
// it from now on. Errors: ErrNotFound, *Refusal, ErrUnavailable.
func (o *Office) ShowNumber(ctx context.Context, id checkpoint.MatterID, by uint32) (Task, error) {
	return o.turnCall(ctx, id, by, "", func(t *Task) error {
		if err := o.inHandOf(t, by); err != nil {
			return err
		}
		t.Shown++
		t.lease(o.store.Now())
		return nil
	})
}

// AssignCall gives a task to somebody, who gets it with their next call before others;
// whoever has it loses it. Errors: ErrNotFound, *FieldError, *Refusal, ErrUnavailable.
func (o *Office) AssignCall(ctx context.Context, id checkpoint.MatterID, by uint32, login string) (Task, error) {
	t, err := o.TaskByID(ctx, id)
	if err != nil {
		return t, err
	}
	who, err := o.ownerAt(login, t.Node)
	switch {
	case err != nil:
		return t, &checkpoint.FieldError{Field: "login", Why: "must be an account in use that answers for where this person lives"}
	case who.Role != checkpoint.RoleTracer && who.Role != checkpoint.RoleLeader && who.Role != checkpoint.RoleAdmin:
		return t, &checkpoint.FieldError{Field: "login", Why: "must be a tracer or a leader: they make the calls"}
	}
	refs := []checkpoint.MatterRef{{Kind: KindCall, ID: id}, callerRef(who.Num)}
	err = o.store.TurnMatters(ctx, by, "", refs, func(some []*checkpoint.Matter) error {
		now := o.store.Now()
		if err := turnTask(some[0], func(t *Task) error { return t.give(now, who.Num) }); err != nil {
			return err
		}
		var hand caller
		if err := some[1].Get(&hand); err != nil {
			return err
		}
		if slices.Contains(hand.Given, uint64(id)) {
			return nil
		}
		if len(hand.Given) >= maxGiven {
			return refuse(CodeTooMany, "they have %d to call first already: give it to somebody else", maxGiven)
		}
		hand.Given = append(hand.Given, uint64(id))
		return keepCaller(some[1], &hand, now)
	})
	if err != nil {
		return t, err
	}
	return o.TaskByID(ctx, id)
}

// give lets nobody but its new owner take it.
func (t *Task) give(now int64, to uint32) error {
	switch {
	case t.Person == 0:
		return checkpoint.ErrNotFound
	case !t.Open():
		return refuse(CodeWrongState, "it is %s: there is nothing to call about any more", t.State)
	case t.State == CallElsewhere:
		return refuse(CodeWrongState, "this person lives elsewhere: transfer the task first")
	}
	t.free(now)
	t.Owner = to
	return nil
}

// ReleaseCall gives a task back that by has or was given, or if any is true whoever
// has it; again, it changes nothing. Errors: ErrNotFound, *Refusal, ErrUnavailable.
func (o *Office) ReleaseCall(ctx context.Context, id checkpoint.MatterID, by uint32, anybodys bool) (Task, error) {
	return o.turnCall(ctx, id, by, "", func(t *Task) error {
		switch now := o.store.Now(); {
		case t.StateAt(now) == CallOpen && t.OwnerAt(now) == 0:
		case t.State != CallCalling && t.State != CallOpen:
			return refuse(CodeWrongState, "it is %s: nobody has it in hand", t.State)
		case t.Owner != by && !anybodys:
			return refuse(CodeNotYours, "%s has it: they release it, or a leader does", o.login(t.Owner))
		default:
			t.free(now)
		}
		return nil
	})
}

// TransferCall gives a task to another node of the grid, whose people then see it, or
// by its name to a subdistrict outside the town, whereupon it is closed here. any: even
// one that somebody else has. Errors: ErrNotFound, *FieldError, *Refusal,
// ErrUnavailable.
func (o *Office) TransferCall(ctx context.Context, id checkpoint.MatterID, by uint32, anybodys bool, to, note string, may func(from, to string) error) (Task, error) {
	to, err := checkpoint.CleanText("to", to, dutyRefLength, true)
	if err != nil {
		return Task{}, err
	}
	t, err := o.TaskByID(ctx, id)
	if err != nil {
		return t, err
	}
	_, within := o.store.Registry().Grid(to)
	refs := []checkpoint.MatterRef{{Kind: KindCall, ID: id}, callCaseRef(t.Case)}
	err = o.store.TurnMatters(ctx, by, note, refs, func(some []*checkpoint.Matter) error {
		if some[0].Person == 0 {
			return checkpoint.ErrNotFound
		}
		err := turnTask(some[0], func(t *Task) error {
			if within {
				if err := may(t.Node, to); err != nil {
					return err
				}
			}
			return o.transfer(t, by, anybodys, to, within)
		})
		if err != nil || !within {
			return err
		}
		var kept callCase
		if err := some[1].Get(&kept); err != nil {
			return err
		}
		if !slices.Contains(kept.Nodes, to) {
			kept.Nodes = append(kept.Nodes, to)
		}
		return some[1].Put(kept)
	})
	if err != nil {
		return Task{}, err
	}
	return o.TaskByID(ctx, id)
}

func (o *Office) transfer(t *Task, by uint32, anybodys bool, to string, within bool) error {
	now := o.store.Now()
	switch {
	case !t.Open():
		return refuse(CodeWrongState, "it is %s: there is nothing to transfer any more", t.State)
	case t.StateAt(now) == CallCalling && t.Owner != by && !anybodys:
		return refuse(CodeNotYours, "%s has this call now: they transfer it, or a leader does", o.login(t.Owner))
	case within && t.Node == to && t.State != CallElsewhere:
		return &checkpoint.FieldError{Field: "to", Why: "is where it is already"}
	case !within:
		t.end(now, CallTransferred)
		t.To = to
		return nil
	}
	t.free(now)
	t.Node, t.To, t.Tries = to, to, 0
	return nil
}

// MayCall refuses a case under which nobody is called any more. Errors: ErrNotFound,
// ErrCaseClosed, ErrCampaignOver, ErrUnavailable.
func (o *Office) MayCall(ctx context.Context, code string) (checkpoint.Case, error) {
	k, err := o.store.Case(ctx, code)
	if err != nil {
		return k, err
	}
	campaign, err := o.store.Campaign(ctx)
	switch {
	case err != nil:
		return k, fmt.Errorf("office: the campaign: %w", err)
	case campaign.EndedAt != 0:
		return k, checkpoint.ErrCampaignOver
	case !k.Open():
		return k, checkpoint.ErrCaseClosed
	}
	return k, nil
}
