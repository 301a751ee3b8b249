package office

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// Outcomes of a call.
const (
	OutcomeCalled      = "called"
	OutcomeUnreachable = "unreachable"
	OutcomeRefused     = "refused"
	OutcomeOrdered     = "ordered" // told to stay at home
)

// NewOutcome says what became of a call, or of a visit.
type NewOutcome struct {
	ID      string // the client's, see checkpoint.ValidClientID
	Outcome string
	Note    string
	Answers *Answers
	AgainAt int64 // UTC ms, of unreachable; 0: CallPause from now
	By      *checkpoint.Staff
	Order   Order // of ordered
}

// Order is what somebody was told to do.
type Order struct {
	Status checkpoint.Status // yellow, observation or quarantine
	Until  int64             // UTC ms
	Three  *Three            // begins an observation at once; nil: the status is proposed
	Place  string            // of the observation
}

// FinishCall writes down what became of a call: whoever has it does so, a grid member
// of one that takes a visit, a leader of one that was refused. An order proposes the
// status, or begins the observation. The same again changes nothing. Errors:
// ErrNotFound, *FieldError, *Refusal, ErrOtherRecord, ErrUnavailable.
func (o *Office) FinishCall(ctx context.Context, id checkpoint.MatterID, in NewOutcome) (Task, error) {
	mark := markOf([]any{in.Outcome, in.Note, in.Answers, in.AgainAt, in.Order, in.By.Num})
	if err := o.checkOutcome(&in); err != nil {
		return Task{}, err
	}
	t, err := o.TaskByID(ctx, id)
	if err == nil {
		err = o.mayFinish(&t, &in, mark)
	}
	if errors.Is(err, errDone) {
		return t, nil
	}
	var ordered order
	if err == nil && in.Outcome == OutcomeOrdered {
		ordered, err = o.order(ctx, &t, &in)
	}
	if err != nil {
		return Task{}, err
	}
	done, err := o.turnCall(ctx, id, in.By.Num, in.Note, func(t *Task) error {
		if err := o.mayFinish(t, &in, mark); err != nil {
			return err
		}
		t.Propose, t.Observe = ordered.proposal, ordered.observation
		o.became(t, &in, mark)
		return nil
	})
	if errors.Is(err, errDone) {
		return o.TaskByID(ctx, id)
	}
	return done, err
}

func (o *Office) checkOutcome(in *NewOutcome) (err error) {
	if err := checkpoint.ValidClientID(in.ID); err != nil {
		return err
	}
	now := o.store.Now()
	switch in.Outcome {
	case OutcomeCalled, OutcomeUnreachable, OutcomeRefused, OutcomeOrdered:
	default:
		return &checkpoint.FieldError{Field: "outcome", Why: "must be called, unreachable, refused or ordered"}
	}
	if in.AgainAt != 0 && (in.Outcome != OutcomeUnreachable || in.AgainAt < now-time.Minute.Milliseconds() || in.AgainAt > now+maxCallAgain.Milliseconds()) {
		return &checkpoint.FieldError{Field: "again_at", Why: "is for unreachable and must lie in the next 7 days"}
	}
	if in.Note, err = checkpoint.CleanText("note", in.Note, maxCallNote, in.Outcome == OutcomeRefused); err != nil || in.Answers == nil {
		return err
	}
	return o.checkAnswers(in.Answers)
}

func (o *Office) checkAnswers(a *Answers) (err error) {
	for _, s := range a.Symptoms {
		if !slices.Contains(CallSymptoms(), s) {
			return &checkpoint.FieldError{Field: "symptoms", Why: "must be of " + strings.Join(CallSymptoms(), ", ")}
		}
	}
	if a.Symptoms = slices.Compact(slices.Sorted(slices.Values(a.Symptoms))); a.Onset != "" {
		day, err := checkpoint.ParseDay(a.Onset)
		if err != nil || day > o.store.DayAt(o.store.Now()) {
			return &checkpoint.FieldError{Field: "onset", Why: "must be a day like 2020-02-11 that is not ahead"}
		}
	}
	if a.PlaceNow, err = checkpoint.CleanText("place_now", a.PlaceNow, maxCallPlace, false); err != nil {
		return err
	}
	a.TravelsOn, err = checkpoint.CleanText("travels_on", a.TravelsOn, maxCallPlace, false)
	return err
}

// mayFinish is errDone if it was written down already.
func (o *Office) mayFinish(t *Task, in *NewOutcome, mark string) error {
	for i := range t.Results {
		switch r := &t.Results[i]; {
		case r.ID == in.ID && r.Mark == mark:
			return errDone
		case r.ID == in.ID:
			return checkpoint.ErrOtherRecord
		}
	}
	leader := in.By.Role == checkpoint.RoleLeader || in.By.Role == checkpoint.RoleAdmin
	switch {
	case t.State == CallVisit, t.State == CallRefused && leader:
		return nil
	case in.By.Role == checkpoint.RoleGrid:
		return refuse(CodeNotYours, "it is %s: grid members go where a visit is due", t.StateAt(o.store.Now()))
	case t.State == CallRefused:
		return refuse(CodeNotYours, "this person refused to answer: a leader sees to it")
	}
	return o.inHandOf(t, in.By.Num)
}

// became goes on to what follows from an outcome.
func (o *Office) became(t *Task, in *NewOutcome, mark string) {
	now, visited := o.store.Now(), t.State == CallVisit
	t.Results = append(t.Results, CallResult{in.ID, in.Outcome, in.Note, now, in.By.Num, mark})
	if over := len(t.Results) - maxCallMarks; over > 0 {
		t.Results = t.Results[over:]
	}
	if in.Answers != nil {
		t.Answers = in.Answers
	}
	t.Owner, t.LeaseEnd, t.AgainAt = 0, 0, 0
	switch in.Outcome {
	case OutcomeCalled:
		t.end(now, CallCalled)
	case OutcomeOrdered:
		t.end(now, CallOrdered)
	case OutcomeRefused:
		t.State = CallRefused
		t.touch(now, callUntouched)
	case OutcomeUnreachable:
		if t.Tries++; t.Tries >= callTries || visited {
			t.State = CallVisit
			t.touch(now, callVisitWithin)
			return
		}
		if t.State, t.AgainAt = CallAgain, in.AgainAt; t.AgainAt == 0 {
			t.AgainAt = now + CallPause.Milliseconds()
		}
		t.touch(t.AgainAt, callUntouched)
	}
}

// order is what an order has come to.
type order struct{ proposal, observation checkpoint.MatterID }

// order proposes the status that somebody was told of, or begins their observation. It
// is named by the outcome, so doing it again does it once.
func (o *Office) order(ctx context.Context, t *Task, in *NewOutcome) (order, error) {
	name := "call-" + checkpoint.NewMatterID(KindCall, t.ID.String()+"\x00"+in.ID).String()
	evidence := "流调电话告知居家 told by phone to stay at home, " + t.Case
	if in.Order.Three != nil {
		m, err := o.StartObservation(ctx, NewObservation{
			ID: name, Person: t.Person, Three: *in.Order.Three, Until: in.Order.Until, Ground: "close_contact", Evidence: evidence,
			Place: in.Order.Place, Status: in.Order.Status, Case: t.Case, By: in.By.Num, Office: in.By.Grid,
		})
		return order{observation: m.ID}, err
	}
	switch in.Order.Status {
	case checkpoint.StatusYellow, checkpoint.StatusObservation, checkpoint.StatusQuarantine:
	default:
		return order{}, &checkpoint.FieldError{Field: "status", Why: "must be yellow, observation or quarantine"}
	}
	m, err := o.Propose(ctx, name, t.Node, Proposal{
		Status: in.Order.Status, Ground: "close_contact", Until: in.Order.Until, Evidence: evidence, Case: t.Case, Office: in.By.Grid, By: in.By.Num,
	}, []uint64{t.Person})
	return order{proposal: m.ID}, err
}
