package office

import (
	"context"
	"errors"
	"fmt"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// stateEmployed and stateGone are those of employees.
const (
	stateEmployed = "works"
	stateGone     = "left"
)

// Employee is somebody who works at an enterprise.
type Employee struct {
	Site     string `json:"s"`
	OnRecord bool   `json:"o,omitempty"` // the matter's person has a record; else that is a number which stands for what follows
	Name     string `json:"n,omitempty"` // as typed, of who has none
	Document string `json:"d,omitempty"`
	Phone    string `json:"f,omitempty"`
	Job      string `json:"j,omitempty"`
}

// NewEmployee is somebody who begins to work: by the ID of their record, or by their
// document, with the name if they have no record here.
type NewEmployee struct {
	Person   uint64
	Document string
	Name     string
	Phone    string
	Job      string
}

// Employ writes down that somebody works at a site; again, it changes nothing.
// Errors: *FieldError, *Refusal, ErrUnavailable.
func (o *Office) Employ(ctx context.Context, by uint32, site *checkpoint.Site, in NewEmployee) (checkpoint.Matter, error) {
	person, kept, err := o.findEmployee(ctx, &in)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	kept.Site = site.Code
	ref := checkpoint.MatterRef{Kind: KindEmployee, ID: checkpoint.NewMatterID(KindEmployee, site.Code+"\x00"+checkpoint.FormatPersonID(person))}
	full, err := o.staffFull(ctx, site)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	var written *checkpoint.Matter
	_, err = o.turnEnterprise(ctx, by, site, "", []checkpoint.MatterRef{ref}, func(_ *checkpoint.Matter, e *Enterprise, others []*checkpoint.Matter) error {
		written = others[0]
		if written.State == stateEmployed && written.Person == person {
			return errDone
		}
		if full >= 0 {
			e.Staff = full
		}
		most := maxStaffOf
		if limit := e.Profile.StaffLimit; limit > 0 {
			most = limit
		}
		if e.Staff >= most {
			return refuse(CodeNotEnough, "%d people may work here, and as many are written down: write down who has left, or raise staff_limit", most)
		}
		e.Staff++
		written.Node, written.Person, written.State, written.OpenedAt, written.ClosedAt = site.Grid, person, stateEmployed, o.store.Now(), 0
		return written.Put(kept)
	})
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// staffFull counts who works at a site if its record says that nobody more may, -1
// otherwise: who was erased is counted there until then.
func (o *Office) staffFull(ctx context.Context, site *checkpoint.Site) (int, error) {
	_, e, err := o.EnterpriseOf(ctx, site)
	if err != nil {
		return 0, err
	}
	if limit := e.Profile.StaffLimit; e.Staff < maxStaffOf && (limit == 0 || e.Staff < limit) {
		return -1, nil
	}
	staff, err := o.StaffOf(ctx, site)
	return len(staff), err
}

// findEmployee finds out whose record it is.
func (o *Office) findEmployee(ctx context.Context, in *NewEmployee) (person uint64, kept Employee, err error) {
	if kept.Job, err = checkpoint.CleanText("job", in.Job, maxEnterWord, false); err != nil {
		return 0, kept, err
	}
	if in.Document == "" {
		found, err := o.store.Residents(ctx, []uint64{in.Person})
		if err == nil && len(found) == 0 {
			err = &checkpoint.FieldError{Field: "resident", Why: "nobody is on record under this ID: name them by id_document and name"}
		}
		kept.OnRecord = true
		return in.Person, kept, err
	}
	person, err = o.store.FindByDocument(ctx, in.Document)
	var field *checkpoint.FieldError
	switch {
	case err == nil:
		kept.OnRecord = true
		return person, kept, nil
	case errors.As(err, &field):
		return 0, kept, &checkpoint.FieldError{Field: "id_document", Why: field.Why}
	case !errors.Is(err, checkpoint.ErrNotFound):
		return 0, kept, err
	}
	if kept.Name, err = checkpoint.CleanName(in.Name); err != nil {
		return 0, kept, err
	}
	if kept.Phone, err = checkpoint.ParsePhone(in.Phone); err != nil {
		return 0, kept, err
	}
	kept.Document = in.Document
	person, err = o.store.DocumentKey(in.Document)
	return person, kept, err
}

// Leave writes down that somebody works at a site no more; again, it changes nothing.
// Errors: ErrNotFound, *FieldError, ErrUnavailable.
func (o *Office) Leave(ctx context.Context, by uint32, site *checkpoint.Site, id checkpoint.MatterID, note string) (checkpoint.Matter, error) {
	var written *checkpoint.Matter
	ref := checkpoint.MatterRef{Kind: KindEmployee, ID: id}
	_, err := o.turnEnterprise(ctx, by, site, note, []checkpoint.MatterRef{ref}, func(_ *checkpoint.Matter, e *Enterprise, others []*checkpoint.Matter) error {
		written = others[0]
		var kept Employee
		if err := written.Get(&kept); err != nil {
			return err
		}
		switch {
		case !written.There() || kept.Site != site.Code:
			return checkpoint.ErrNotFound
		case written.State == stateGone:
			return errDone
		}
		e.Staff = max(0, e.Staff-1)
		written.State, written.ClosedAt = stateGone, o.store.Now()
		return nil
	})
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// StaffOf are those who work at a site, in order of arrival.
func (o *Office) StaffOf(ctx context.Context, site *checkpoint.Site) (staff []checkpoint.Matter, err error) {
	q := checkpoint.MatterQuery{Kind: KindEmployee, Node: site.Grid, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		var kept Employee
		if err := m.Get(&kept); err != nil {
			return err
		}
		if kept.Site == site.Code {
			staff = append(staff, *m)
		}
		return nil
	})
	return staff, err
}

// EnterpriseDue is what deserves an alarm now of enterprises, inspections, the hotline
// and dispatches. It also ends notices whose time is over.
func (o *Office) EnterpriseDue(ctx context.Context) ([]alarm.Alarm, error) {
	if err := o.endNotices(ctx); err != nil {
		return nil, fmt.Errorf("office: notices that are over: %w", err)
	}
	var all []alarm.Alarm
	for _, due := range []func(context.Context) ([]alarm.Alarm, error){
		o.reportsDue, o.dispatchesDue, o.findingsDue, o.applicationsDue,
	} {
		some, err := due(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
