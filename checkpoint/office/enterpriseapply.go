package office

import (
	"context"
	"fmt"
	"strings"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// States of applications to resume work.
const (
	AppDraft     = "draft"
	AppSubmitted = "submitted"
	AppReturned  = "returned" // to be mended and submitted again
	AppApproved  = "approved"
	AppRefused   = "refused" // closed
	AppSuspended = "suspended"
	AppReplaced  = "replaced" // closed: a later one was approved
)

// Bounds of applications.
const (
	decideWithin = 48 * time.Hour // after it was submitted
	maxMeasures  = 1000
	maxValidity  = 180 * 24 * time.Hour
)

// Application is what is kept of one beside its steps, which tell who did what when
// and on what ground.
type Application struct {
	Site      string `json:"s"`
	Measures  string `json:"m"`           // what is done against infection
	Headcount int    `json:"h"`           // people who are to come to work
	Start     string `json:"b"`           // local day from which work is to begin
	Until     int64  `json:"u,omitempty"` // UTC ms: for how long it was approved
	Ground    string `json:"g,omitempty"` // of the last decision
	Mark      string `json:"k"`           // digest of what was sent
}

// AppliesTo is the site that an application is for; ErrNotFound if there is no such
// application.
func (o *Office) AppliesTo(ctx context.Context, id checkpoint.MatterID) (*checkpoint.Site, error) {
	m, err := o.store.Matter(ctx, KindApplication, id)
	if err != nil {
		return nil, err
	}
	var a Application
	if err := m.Get(&a); err != nil {
		return nil, err
	}
	site, ok := o.store.Registry().Site(a.Site)
	if !ok {
		return nil, checkpoint.ErrNotFound
	}
	return site, nil
}

// Applications are those of a site that are kept, the last first, at most 50.
func (o *Office) Applications(ctx context.Context, site *checkpoint.Site) (of []checkpoint.Matter, err error) {
	q := checkpoint.MatterQuery{Kind: KindApplication, Node: site.Grid, Limit: checkpoint.MaxMatters, Newest: true}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		var a Application
		if err := m.Get(&a); err != nil {
			return err
		}
		if a.Site == site.Code && len(of) < 50 {
			of = append(of, *m)
		}
		return nil
	})
	return of, err
}

func (a *Application) check(zone *time.Location) (err error) {
	if a.Measures, err = checkpoint.CleanText("measures", a.Measures, maxMeasures, true); err != nil {
		return err
	}
	if a.Headcount < 1 || a.Headcount > maxStaffOf {
		return &checkpoint.FieldError{Field: "headcount", Why: fmt.Sprintf("must be 1 to %d people", maxStaffOf)}
	}
	if day, err := time.ParseInLocation(time.DateOnly, a.Start, zone); err != nil || day.Year() < 2000 || day.Year() > 2200 {
		return &checkpoint.FieldError{Field: "start", Why: "must be the first day of work, like 2020-02-17"}
	}
	return nil
}

// AddApplication writes a draft down; again, it changes nothing. There is one at a
// time that waits. Errors: *FieldError, *Refusal, ErrOtherRecord, ErrUnavailable.
func (o *Office) AddApplication(ctx context.Context, by uint32, site *checkpoint.Site, id string, a Application) (checkpoint.Matter, error) {
	if err := checkpoint.ValidClientID(id); err != nil {
		return checkpoint.Matter{}, err
	}
	if err := a.check(o.store.Zone()); err != nil {
		return checkpoint.Matter{}, err
	}
	a.Site, a.Until, a.Ground, a.Mark = site.Code, 0, "", ""
	a.Mark = markOf(a)
	ref := checkpoint.MatterRef{Kind: KindApplication, ID: checkpoint.NewMatterID(KindApplication, id)}
	var written *checkpoint.Matter
	_, err := o.turnEnterprise(ctx, by, site, "", []checkpoint.MatterRef{ref}, func(m *checkpoint.Matter, e *Enterprise, others []*checkpoint.Matter) error {
		written = others[0]
		switch {
		case written.There():
			var before Application
			if err := written.Get(&before); err != nil {
				return err
			}
			if before.Mark != a.Mark {
				return checkpoint.ErrOtherRecord
			}
			return errDone
		case e.Asked != 0:
			return refuse(CodeWrongState, "another application of this site waits (%s): go on with it", e.Asked)
		}
		written.Node, written.State, e.Asked = site.Grid, AppDraft, ref.ID
		if e.InForce == 0 {
			m.State = WorkApplying
		}
		return written.Put(a)
	})
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// appTurn is what changes together with an application.
type appTurn struct {
	m    *checkpoint.Matter
	a    *Application
	firm *checkpoint.Matter
	e    *Enterprise
	old  *checkpoint.Matter // of Approve: the application that is in force before, nil if there is none
}

// turnApplication changes an application and its enterprise; replaces: the application
// that is in force, too. need: there must be a ground.
func (o *Office) turnApplication(ctx context.Context, by uint32, id checkpoint.MatterID, ground string, need, replaces bool, fn func(*appTurn) error) (checkpoint.Matter, error) {
	ground, err := checkpoint.CleanText("ground", ground, maxDutyNote, need)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	site, err := o.AppliesTo(ctx, id)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	_, before, err := o.EnterpriseOf(ctx, site)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	refs := []checkpoint.MatterRef{{Kind: KindApplication, ID: id}}
	if replaces && before.InForce != 0 && before.InForce != id {
		refs = append(refs, checkpoint.MatterRef{Kind: KindApplication, ID: before.InForce})
	}
	t := &appTurn{}
	_, err = o.turnEnterprise(ctx, by, site, ground, refs, func(firm *checkpoint.Matter, e *Enterprise, others []*checkpoint.Matter) error {
		*t = appTurn{m: others[0], a: &Application{}, firm: firm, e: e}
		if len(others) > 1 && others[1].There() {
			t.old = others[1]
		}
		switch {
		case !t.m.There():
			return checkpoint.ErrNotFound
		case replaces && e.InForce != before.InForce:
			return fmt.Errorf("office: application %s: another was decided meanwhile: %w", id, checkpoint.ErrUnavailable)
		}
		if err := t.m.Get(t.a); err != nil {
			return err
		}
		if err := fn(t); err != nil {
			return err
		}
		if need {
			t.a.Ground = ground
		}
		return t.m.Put(t.a)
	})
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return *t.m, nil
}

// Submit hands a draft in, or one that was returned, as it is or mended; the
// enterprise must have what it needs. It is to be decided within 48 hours. Errors:
// ErrNotFound, *Refusal, *FieldError, ErrUnavailable.
func (o *Office) Submit(ctx context.Context, by uint32, id checkpoint.MatterID, note string, mended *Application) (checkpoint.Matter, error) {
	if mended != nil {
		if err := mended.check(o.store.Zone()); err != nil {
			return checkpoint.Matter{}, err
		}
	}
	return o.turnApplication(ctx, by, id, note, false, false, func(t *appTurn) error {
		if missing := t.e.Profile.lacks(); len(missing) > 0 {
			return refuse(CodeWrongState, "the enterprise's profile lacks %s: fill it in first", strings.Join(missing, ", "))
		}
		if err := (step{[]string{AppDraft, AppReturned}, AppSubmitted}).take(t.m, by, note); err != nil {
			return err
		}
		if mended != nil {
			t.a.Measures, t.a.Headcount, t.a.Start = mended.Measures, mended.Headcount, mended.Start
		}
		t.m.DueAt = o.store.Now() + decideWithin.Milliseconds()
		return nil
	})
}

// Return sends an application back with what has to be mended. Errors: as Submit.
func (o *Office) Return(ctx context.Context, by uint32, id checkpoint.MatterID, reasons string) (checkpoint.Matter, error) {
	return o.turnApplication(ctx, by, id, reasons, true, false, func(t *appTurn) error {
		t.m.DueAt = 0
		return step{[]string{AppSubmitted}, AppReturned}.take(t.m, by, reasons)
	})
}

// submittedBy is who handed it in last.
func submittedBy(m *checkpoint.Matter) (by uint32) {
	for _, s := range m.Steps {
		if s.State == AppSubmitted {
			by = s.By
		}
	}
	return by
}

// Approve lets an enterprise work until a time, by somebody who did not hand the
// application in. One that was in force before is replaced. Errors: as Submit,
// ErrSamePerson.
func (o *Office) Approve(ctx context.Context, by uint32, id checkpoint.MatterID, until int64, ground string) (checkpoint.Matter, error) {
	now := o.store.Now()
	if until <= now || until > now+maxValidity.Milliseconds() {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "valid_until", Why: "must lie ahead, by at most 180 days"}
	}
	return o.turnApplication(ctx, by, id, ground, true, true, func(t *appTurn) error {
		if submittedBy(t.m) == by {
			return checkpoint.ErrSamePerson
		}
		if err := (step{[]string{AppSubmitted}, AppApproved}).take(t.m, by, ground); err != nil {
			return err
		}
		if t.old != nil && t.old.Open() {
			t.old.State, t.old.ClosedAt, t.old.DueAt = AppReplaced, now, 0
		}
		t.m.DueAt, t.a.Until = until, until
		t.firm.State, t.e.Asked, t.e.InForce, t.e.Until = WorkApproved, 0, id, until
		return nil
	})
}

// Refuse ends an application without leave, or a draft that nobody hands in any more.
// Errors: as Submit.
func (o *Office) Refuse(ctx context.Context, by uint32, id checkpoint.MatterID, ground string) (checkpoint.Matter, error) {
	return o.turnApplication(ctx, by, id, ground, true, false, func(t *appTurn) error {
		if err := (step{[]string{AppSubmitted, AppDraft, AppReturned}, AppRefused}).take(t.m, by, ground); err != nil {
			return err
		}
		t.m.ClosedAt, t.m.DueAt = o.store.Now(), 0
		if t.e.Asked = 0; t.e.InForce == 0 {
			t.firm.State = WorkRefused
		}
		return nil
	})
}

// Suspend stops the work of an enterprise. Errors: as Submit.
func (o *Office) Suspend(ctx context.Context, by uint32, id checkpoint.MatterID, ground string) (checkpoint.Matter, error) {
	return o.turnApplication(ctx, by, id, ground, true, false, func(t *appTurn) error {
		if err := (step{[]string{AppApproved}, AppSuspended}).take(t.m, by, ground); err != nil {
			return err
		}
		t.m.DueAt, t.firm.State = 0, WorkSuspended
		return nil
	})
}

// Resume lets an enterprise go on that was suspended, within the time that it was
// approved for. Errors: as Submit.
func (o *Office) Resume(ctx context.Context, by uint32, id checkpoint.MatterID, ground string) (checkpoint.Matter, error) {
	return o.turnApplication(ctx, by, id, ground, true, false, func(t *appTurn) error {
		if err := (step{[]string{AppSuspended}, AppApproved}).take(t.m, by, ground); err != nil {
			return err
		}
		if t.a.Until <= o.store.Now() {
			return refuse(CodeWrongState, "the approval has run out meanwhile: apply anew")
		}
		t.m.DueAt, t.firm.State = t.a.Until, WorkApproved
		return nil
	})
}

// applicationsDue are those that wait too long, and approvals that have run out.
func (o *Office) applicationsDue(ctx context.Context) ([]alarm.Alarm, error) {
	return o.overdue(ctx, KindApplication, func(m *checkpoint.Matter) alarm.Kind {
		if m.State == AppApproved {
			return alarm.ApprovalLapsed
		}
		return alarm.ApplicationOverdue
	})
}
