package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// KindDispatch is a problem that was given to somebody who answers for its place, to
// be solved by a time.
const KindDispatch checkpoint.MatterKind = "dispatch"

// States of dispatches.
const (
	DispatchOpen     = "open"
	DispatchTaken    = "taken"
	DispatchDone     = "done"     // says the owner
	DispatchVerified = "verified" // somebody else has looked: closed
	DispatchReopened = "reopened"
)

// Bounds of what the office writes down.
const (
	maxProblem    = 1000 // characters
	maxDutyWords  = 60
	maxDutyNote   = 500
	maxDueAhead   = 60 * 24 * time.Hour
	dueSlack      = time.Minute // a deadline may have passed while it was typed
	dutyRefLength = 60
)

// Dispatch is what is kept of one beside owner and deadline.
type Dispatch struct {
	Problem string `json:"p"`
	Source  string `json:"s,omitempty"` // the record that it comes from: "finding/ID", "fever/ID"
}

// NewDispatch is a dispatch as it is given out.
type NewDispatch struct {
	ID     string // the client's, see checkpoint.ValidClientID
	Node   string
	Owner  string // login
	DueAt  int64  // UTC ms
	By     uint32
	Detail Dispatch
}

// AddDispatch gives a problem out; again, it changes nothing. Errors: *FieldError,
// ErrOtherRecord, ErrTooMany, ErrUnavailable.
func (o *Office) AddDispatch(ctx context.Context, in NewDispatch) (checkpoint.Matter, error) {
	m := checkpoint.Matter{Kind: KindDispatch, Node: in.Node, State: DispatchOpen, OpenedBy: in.By, DueAt: in.DueAt}
	if err := checkpoint.ValidClientID(in.ID); err != nil {
		return m, err
	}
	m.ID = checkpoint.NewMatterID(KindDispatch, in.ID)
	var err error
	if in.Detail.Problem, err = checkpoint.CleanText("problem", in.Detail.Problem, maxProblem, true); err != nil {
		return m, err
	}
	if in.Detail.Source, err = checkpoint.CleanText("source", in.Detail.Source, dutyRefLength, false); err != nil {
		return m, err
	}
	owner, err := o.ownerAt(in.Owner, in.Node)
	if err != nil {
		return m, err
	}
	if _, err := o.store.Matter(ctx, KindDispatch, m.ID); errors.Is(err, checkpoint.ErrNotFound) { // sent again it may lie behind
		if err := o.checkDue(in.DueAt); err != nil {
			return m, err
		}
	}
	m.Owner = owner.Num
	if err := m.Put(in.Detail); err != nil {
		return m, err
	}
	return o.store.AddMatter(ctx, m)
}

// ownerAt finds the account that a record of a node is given to: one in use that
// answers for the node. The error is a *FieldError for "owner".
func (o *Office) ownerAt(login, node string) (*checkpoint.Staff, error) {
	reg := o.store.Registry()
	who, ok := reg.Staff(login)
	switch {
	case !ok || who.Disabled || who.Role == checkpoint.RoleGuard:
		return nil, &checkpoint.FieldError{Field: "owner", Why: "must be the login of an account in use"}
	case !reg.Within(node, who.Grid) && !o.isRoot(who.Grid):
		return nil, &checkpoint.FieldError{Field: "owner", Why: "must answer for this node of the grid, or for one above it"}
	}
	return who, nil
}

func (o *Office) isRoot(node string) bool {
	n, ok := o.store.Registry().Grid(node)
	return ok && n.Parent == ""
}

// checkDue refuses a deadline that is over, or too far ahead. The error is a
// *FieldError for "due_at".
func (o *Office) checkDue(at int64) error {
	now := o.store.Now()
	if at < now-dueSlack.Milliseconds() || at > now+maxDueAhead.Milliseconds() {
		return &checkpoint.FieldError{Field: "due_at", Why: fmt.Sprintf("must lie ahead, by at most %d days", int(maxDueAhead.Hours()/24))}
	}
	return nil
}

// step is a way from some states to another one.
type step struct {
	from []string
	to   string
}

// take goes that way; errDone if the same person went it last with the same note.
func (s step) take(m *checkpoint.Matter, by uint32, note string) error {
	if last := m.Steps[len(m.Steps)-1]; m.State == s.to && last.By == by && last.Note == strings.TrimSpace(note) {
		return errDone
	}
	if !slices.Contains(s.from, m.State) {
		return refuse(CodeWrongState, "it is %s: only what is %s can become %s", m.State, strings.Join(s.from, " or "), s.to)
	}
	m.State = s.to
	return nil
}

// turnAs changes one record and what its kind keeps of it; fn ends it with errDone if
// there is nothing left to do.
func turnAs[T any](ctx context.Context, o *Office, ref checkpoint.MatterRef, by uint32, note string, fn func(*checkpoint.Matter, *T) error) (checkpoint.Matter, error) {
	var turned *checkpoint.Matter
	_, err := o.store.TurnMatter(ctx, ref.Kind, ref.ID, by, note, func(m *checkpoint.Matter) error {
		turned = m
		var kept T
		if err := m.Get(&kept); err != nil {
			return err
		}
		if err := fn(m, &kept); err != nil {
			return err
		}
		return m.Put(kept)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *turned, nil
}

func (o *Office) turnDispatch(ctx context.Context, id checkpoint.MatterID, by uint32, note string, fn func(*checkpoint.Matter) error) (checkpoint.Matter, error) {
	return turnAs(ctx, o, checkpoint.MatterRef{Kind: KindDispatch, ID: id}, by, note, func(m *checkpoint.Matter, _ *Dispatch) error { return fn(m) })
}

// ownersOnly refuses what only the owner does.
func (o *Office) ownersOnly(m *checkpoint.Matter, by uint32) error {
	if m.Owner == by {
		return nil
	}
	return refuse(CodeNotYours, "it was given to %s: have it reassigned first", o.login(m.Owner))
}

func (o *Office) login(number uint32) string {
	if who, ok := o.store.Registry().StaffByNum(number); ok {
		return who.Login
	}
	return "nobody"
}

// TakeDispatch says that its owner sees to it; again, it changes nothing. Errors:
// ErrNotFound, *Refusal, *FieldError, ErrUnavailable.
func (o *Office) TakeDispatch(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	return o.turnDispatch(ctx, id, by, note, func(m *checkpoint.Matter) error {
		if err := o.ownersOnly(m, by); err != nil {
			return err
		}
		return step{[]string{DispatchOpen, DispatchReopened}, DispatchTaken}.take(m, by, note)
	})
}

// FinishDispatch says, with what was done, that it is solved: somebody else has to
// look then. Errors: as TakeDispatch.
func (o *Office) FinishDispatch(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	note, err := checkpoint.CleanText("note", note, maxDutyNote, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnDispatch(ctx, id, by, note, func(m *checkpoint.Matter) error {
		if err := o.ownersOnly(m, by); err != nil {
			return err
		}
		m.DueAt = 0
		return step{[]string{DispatchOpen, DispatchTaken, DispatchReopened}, DispatchDone}.take(m, by, note)
	})
}

// VerifyDispatch closes one that is done, by somebody who is not its owner. Errors:
// as TakeDispatch, ErrSamePerson.
func (o *Office) VerifyDispatch(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	return o.turnDispatch(ctx, id, by, note, func(m *checkpoint.Matter) error {
		if m.Owner == by {
			return checkpoint.ErrSamePerson
		}
		if err := (step{[]string{DispatchDone}, DispatchVerified}).take(m, by, note); err != nil {
			return err
		}
		m.ClosedAt = o.store.Now()
		return nil
	})
}

// ReopenDispatch says that one is not solved after all, why, and by when it has to
// be. Errors: as TakeDispatch.
func (o *Office) ReopenDispatch(ctx context.Context, id checkpoint.MatterID, by uint32, due int64, note string) (checkpoint.Matter, error) {
	note, err := checkpoint.CleanText("note", note, maxDutyNote, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	if err := o.checkDue(due); err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnDispatch(ctx, id, by, note, func(m *checkpoint.Matter) error {
		if err := (step{[]string{DispatchDone, DispatchVerified}, DispatchReopened}).take(m, by, note); err != nil {
			return err
		}
		m.DueAt, m.ClosedAt = due, 0
		return nil
	})
}

// ReassignDispatch gives one that is not done to another owner, who has to take it
// anew, with another deadline if due is not 0. Errors: as TakeDispatch.
func (o *Office) ReassignDispatch(ctx context.Context, id checkpoint.MatterID, by uint32, owner string, due int64, note string) (checkpoint.Matter, error) {
	if due != 0 {
		if err := o.checkDue(due); err != nil {
			return checkpoint.Matter{}, err
		}
	}
	return o.turnDispatch(ctx, id, by, note, func(m *checkpoint.Matter) error {
		who, err := o.ownerAt(owner, m.Node)
		if err != nil {
			return err
		}
		if m.State == DispatchDone || !m.Open() {
			return refuse(CodeWrongState, "it is %s: reopen it first", m.State)
		}
		if m.Owner != who.Num && m.State == DispatchTaken {
			m.State = DispatchOpen
		}
		if m.Owner = who.Num; due != 0 {
			m.DueAt = due
		}
		return nil
	})
}

// dispatchesDue are those that are overdue.
func (o *Office) dispatchesDue(ctx context.Context) ([]alarm.Alarm, error) {
	return o.overdue(ctx, KindDispatch, func(*checkpoint.Matter) alarm.Kind { return alarm.DispatchOverdue })
}

// overdue are the open records of a kind whose deadline is over; of gives the kind of
// alarm, "" for none.
func (o *Office) overdue(ctx context.Context, kind checkpoint.MatterKind, of func(*checkpoint.Matter) alarm.Kind) (alarms []alarm.Alarm, err error) {
	late, err := o.store.DueMatters(ctx, kind, o.store.Now())
	for i := range late {
		m := &late[i]
		if k := of(m); k != "" {
			ref := string(kind) + "/" + m.ID.String()
			alarms = append(alarms, alarm.Alarm{Kind: k, Node: m.Node, Key: ref, Ref: ref, At: m.DueAt})
		}
	}
	return alarms, err
}
