package office

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// KindReturnee is the kind of the register of people who come back from outside the
// province.
const KindReturnee checkpoint.MatterKind = "returnee"

// The states of a returnee.
const (
	ReturneeExpected   = "expected"   // on the way
	ReturneeRegistered = "registered" // here, not under observation
	ReturneeObserved   = "observed"
	ReturneeClosed     = "closed"
)

// The outcomes of a returnee.
const (
	ReturneeSettled   = "settled" // the observation is over, or there was none
	ReturneeLeft      = "left"    // went away again
	ReturneeNeverCame = "never_came"
)

var returneeOutcomes = []string{ReturneeSettled, ReturneeLeft, ReturneeNeverCame}

// Bounds of returnees.
const (
	maxReturneeWords = 60                  // characters
	returneeAhead    = 14 * 24 * time.Hour // how early somebody can be announced
	returneeSettles  = 14 * dayMillis      // after arrival: who is registered only is settled then
)

// NewReturnee is a registration: Person, or who it is and where they will live.
type NewReturnee struct {
	ID        string // the client's, see checkpoint.ValidClientID
	Person    uint64 // 0: Row
	Row       checkpoint.NewResident
	From      string // province
	ArrivedAt int64  // UTC ms, at most 30 days back and 14 ahead
	Transport string // train, flight, plate
	By        uint32 // number of the member of staff
	Office    string // node of the grid that they speak for
}

// Returnee is what is kept of one.
type Returnee struct {
	From        string              `json:"f"`
	ArrivedAt   int64               `json:"t"` // UTC ms
	Transport   string              `json:"v,omitempty"`
	Days        int                 `json:"d,omitempty"` // under observation, 0: registered only
	Observation checkpoint.MatterID `json:"o,omitempty"`
	By          uint32              `json:"b,omitempty"`
	Office      string              `json:"n,omitempty"`
	Outcome     string              `json:"z,omitempty"`
	Mark        string              `json:"m"` // digest of what was sent
}

// RegisterReturnee enrols or finds the person and begins the observation that the
// rules of their home ask for, or waits for them to arrive. The same again changes
// nothing, and completes what was cut off. Errors: *FieldError, *Refusal,
// ErrOtherRecord, ErrNotFound, ErrUnavailable.
func (o *Office) RegisterReturnee(ctx context.Context, n NewReturnee) (checkpoint.Matter, error) {
	mark := markOf(n)
	if err := o.checkReturnee(&n); err != nil {
		return checkpoint.Matter{}, err
	}
	if n.Person == 0 {
		results, err := o.store.Enrol(ctx, []checkpoint.NewResident{n.Row})
		if err == nil {
			err = results[0].Err
		}
		if err != nil {
			return checkpoint.Matter{}, err
		}
		n.Person = results[0].ID
	}
	who, err := o.store.Resident(ctx, n.Person)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	site, ok := o.store.Registry().Site(who.Site)
	if !ok {
		return checkpoint.Matter{}, refuse(CodeWrongState, "this person has no home in town: register them with site and door")
	}
	days := o.store.Registry().RulesAt(site, o.store.Now()).ObservesReturnees()
	if n.ArrivedAt+int64(days)*dayMillis <= o.store.Now() {
		days = 0 // its time is over
	}
	if days > 0 {
		if _, err := o.Appoint(who.Grid); err != nil {
			return checkpoint.Matter{}, err
		}
	}
	var m *checkpoint.Matter
	refs := []checkpoint.MatterRef{{Kind: KindReturnee, ID: checkpoint.NewMatterID(KindReturnee, n.ID)}}
	err = o.store.TurnMatters(ctx, n.By, "", refs, func(some []*checkpoint.Matter) error {
		if m = some[0]; m.There() {
			var body Returnee
			if err := m.Get(&body); err != nil {
				return err
			}
			if body.Mark != mark {
				return checkpoint.ErrOtherRecord
			}
			return errDone
		}
		m.Node, m.Person, m.State, m.DueAt = who.Grid, who.ID, ReturneeExpected, n.ArrivedAt
		return m.Put(Returnee{From: n.From, ArrivedAt: n.ArrivedAt, Transport: n.Transport, Days: days, By: n.By, Office: n.Office, Mark: mark})
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return o.settleReturnee(ctx, m)
}

func (o *Office) checkReturnee(n *NewReturnee) (err error) {
	if err := checkpoint.ValidClientID(n.ID); err != nil {
		return err
	}
	if n.From, err = checkpoint.CleanText("from_province", n.From, maxReturneeWords, true); err != nil {
		return err
	}
	if n.Transport, err = checkpoint.CleanText("transport", n.Transport, maxReturneeWords, false); err != nil {
		return err
	}
	now := o.store.Now()
	if n.ArrivedAt < now-observationBack.Milliseconds() || n.ArrivedAt > now+returneeAhead.Milliseconds() {
		return &checkpoint.FieldError{Field: "arrived_at", Why: "must lie at most 30 days back and 14 days ahead"}
	}
	if n.Person == 0 && n.Row.Door == "" {
		return &checkpoint.FieldError{Field: "door", Why: "is missing: where does the person live?"}
	}
	return nil
}

// settleReturnee takes the next step of one, if there is any.
func (o *Office) settleReturnee(ctx context.Context, m *checkpoint.Matter) (checkpoint.Matter, error) {
	var body Returnee
	if err := m.Get(&body); err != nil || !m.Open() || m.Person == 0 {
		return *m, err
	}
	now := o.store.Now()
	switch m.State {
	case ReturneeExpected:
		if now < body.ArrivedAt {
			return *m, nil
		}
		if body.Days == 0 {
			return o.turnReturnee(ctx, m, func(m *checkpoint.Matter, _ *Returnee) {
				m.State, m.DueAt = ReturneeRegistered, body.ArrivedAt+returneeSettles
			})
		}
		return o.observeReturnee(ctx, m, &body)
	case ReturneeRegistered:
		if now < body.ArrivedAt+returneeSettles {
			return *m, nil
		}
	case ReturneeObserved:
		of, err := o.store.Matter(ctx, KindObservation, body.Observation)
		if err == nil && of.Open() {
			return *m, nil
		}
		if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
			return *m, err
		}
	}
	return o.turnReturnee(ctx, m, func(m *checkpoint.Matter, body *Returnee) {
		m.State, m.ClosedAt, body.Outcome = ReturneeClosed, now, ReturneeSettled
	})
}

// observeReturnee begins the observation, or finds the one that the person has.
func (o *Office) observeReturnee(ctx context.Context, m *checkpoint.Matter, body *Returnee) (checkpoint.Matter, error) {
	id, err := o.ObservationOf(ctx, m.Person)
	if errors.Is(err, checkpoint.ErrNotObserved) {
		id, err = o.beginFor(ctx, m, body)
	}
	if err != nil {
		return *m, err
	}
	return o.turnReturnee(ctx, m, func(m *checkpoint.Matter, body *Returnee) {
		m.State, m.DueAt, body.Observation = ReturneeObserved, 0, id
	})
}

func (o *Office) beginFor(ctx context.Context, m *checkpoint.Matter, body *Returnee) (checkpoint.MatterID, error) {
	three, err := o.Appoint(m.Node)
	if err != nil {
		return 0, err
	}
	until := body.ArrivedAt + int64(body.Days)*dayMillis
	began, err := o.StartObservation(ctx, NewObservation{
		ID: "returnee-" + m.ID.String(), Person: m.Person, Three: three, From: body.ArrivedAt, Until: until, By: body.By, Office: body.Office,
		Ground: "returned_from_risk_area", Evidence: strings.TrimSpace("自" + body.From + "返回 " + body.Transport),
	})
	return began.ID, err
}

// turnReturnee changes one that is still as it was.
func (o *Office) turnReturnee(ctx context.Context, was *checkpoint.Matter, fn func(*checkpoint.Matter, *Returnee)) (checkpoint.Matter, error) {
	var turned *checkpoint.Matter
	_, err := o.store.TurnMatter(ctx, KindReturnee, was.ID, 0, "", func(m *checkpoint.Matter) error {
		turned = m
		var body Returnee
		if err := m.Get(&body); err != nil {
			return err
		}
		if m.State != was.State || !m.Open() {
			return errDone
		}
		fn(m, &body)
		return m.Put(body)
	})
	if err != nil && !errors.Is(err, errDone) {
		return *was, err
	}
	return *turned, nil
}

// CloseReturnee closes one by hand. The same outcome again changes nothing. Errors:
// ErrNotFound, *FieldError, *Refusal (they are under observation, or it was closed
// otherwise), ErrUnavailable.
func (o *Office) CloseReturnee(ctx context.Context, id checkpoint.MatterID, by uint32, outcome, note string) (checkpoint.Matter, error) {
	if !slices.Contains(returneeOutcomes, outcome) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "outcome", Why: "must be one of " + strings.Join(returneeOutcomes, ", ")}
	}
	var closed *checkpoint.Matter
	_, err := o.store.TurnMatter(ctx, KindReturnee, id, by, note, func(m *checkpoint.Matter) error {
		closed = m
		var body Returnee
		if err := m.Get(&body); err != nil {
			return err
		}
		switch {
		case !m.Open() && body.Outcome == outcome:
			return errDone
		case !m.Open():
			return refuse(CodeWrongState, "this person was closed before as %s: it stays as it was", body.Outcome)
		case m.State == ReturneeObserved:
			return refuse(CodeWrongState, "this person is under observation: release them first, that closes this, too")
		}
		m.State, m.ClosedAt, body.Outcome = ReturneeClosed, o.store.Now(), outcome
		return m.Put(body)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *closed, nil
}

// settleReturnees takes the next step of all that are open.
func (o *Office) settleReturnees(ctx context.Context) error {
	var first error
	q := checkpoint.MatterQuery{Kind: KindReturnee, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		_, err := o.settleReturnee(ctx, m)
		if errors.Is(err, checkpoint.ErrUnavailable) {
			return err
		}
		if err != nil && first == nil {
			first = err
		}
		return nil
	})
	return errors.Join(err, first)
}
