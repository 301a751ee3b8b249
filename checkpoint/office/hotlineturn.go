package office

import (
	"context"
	"errors"
	"slices"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// ReportFor reads a report for a member of staff: ErrNotFound if there is none, or
// none that they may know of. It does not look at what part of the grid is theirs,
// but for one about staff. Errors: ErrNotFound, ErrUnavailable.
func (o *Office) ReportFor(ctx context.Context, id checkpoint.MatterID, who *checkpoint.Staff) (checkpoint.Matter, error) {
	m, err := o.store.Matter(ctx, KindReport, id)
	if !errors.Is(err, checkpoint.ErrNotFound) {
		return m, err
	}
	m, hidden := o.store.Matter(ctx, KindStaffReport, id)
	switch {
	case hidden != nil && !errors.Is(hidden, checkpoint.ErrNotFound):
		return checkpoint.Matter{}, hidden
	case hidden == nil && o.ReportVisible(&m, who):
		return m, nil
	}
	return checkpoint.Matter{}, err
}

// turnReport changes a report that somebody may know of.
func (o *Office) turnReport(ctx context.Context, id checkpoint.MatterID, who *checkpoint.Staff, note string, fn func(*checkpoint.Matter, *Report) error) (checkpoint.Matter, error) {
	m, err := o.ReportFor(ctx, id, who)
	if err != nil {
		return m, err
	}
	return turnAs(ctx, o, checkpoint.MatterRef{Kind: m.Kind, ID: id}, who.Num, note, fn)
}

// AssignReport gives a report to somebody who answers for its node, by a deadline; 0
// for due: 24 hours from now. One about staff goes to nobody whom it is about, nor to
// anybody who answers to them (wrong_state). Errors: ErrNotFound, *Refusal,
// *FieldError, ErrUnavailable.
func (o *Office) AssignReport(ctx context.Context, id checkpoint.MatterID, who *checkpoint.Staff, owner string, due int64, note string) (checkpoint.Matter, error) {
	if due != 0 {
		if err := o.checkDue(due); err != nil {
			return checkpoint.Matter{}, err
		}
	} else {
		due = o.store.Now() + answerWithin.Milliseconds()
	}
	return o.turnReport(ctx, id, who, note, func(m *checkpoint.Matter, r *Report) error {
		to, err := o.ownerAt(owner, m.Node)
		switch {
		case err != nil:
			return err
		case slices.Contains(r.Staff, to.Num):
			return refuse(CodeWrongState, "it is about %s, who cannot see to it", to.Login)
		case m.Kind == KindStaffReport && !o.sees(r, to, true):
			return refuse(CodeWrongState, "%s answers to somebody whom it is about, or it is not said yet about whom it is: choose a head above them, or an auditor", to.Login)
		case m.State == ReportClosed:
			return refuse(CodeWrongState, "it is closed: reopen it first")
		case m.State == ReportAssigned && m.Owner == to.Num:
			return errDone
		}
		m.State, m.Owner, m.DueAt = ReportAssigned, to.Num, due
		return nil
	})
}

// CloseReport ends a report, once, with the answer that the caller gets: by its owner,
// or by a leader or an auditor. Errors: as AssignReport.
func (o *Office) CloseReport(ctx context.Context, id checkpoint.MatterID, who *checkpoint.Staff, outcome, answer string) (checkpoint.Matter, error) {
	if err := oneOf("outcome", outcome, reportOutcomes); err != nil {
		return checkpoint.Matter{}, err
	}
	answer, err := checkpoint.CleanText("answer", answer, maxHotlineAnswer, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnReport(ctx, id, who, "", func(m *checkpoint.Matter, r *Report) error {
		switch {
		case m.State == ReportClosed && r.Outcome == outcome && r.Answer == answer:
			return errDone
		case m.State == ReportClosed:
			return refuse(CodeWrongState, "it was closed before with the outcome %s: it stays as it was, unless it is reopened", r.Outcome)
		case m.State != ReportAssigned:
			return refuse(CodeWrongState, "it is given to nobody: assign it first")
		}
		if who.Role != checkpoint.RoleLeader && who.Role != checkpoint.RoleAuditor {
			if err := o.ownersOnly(m, who.Num); err != nil {
				return err
			}
		}
		m.State, m.ClosedAt, m.DueAt, r.Outcome, r.Answer = ReportClosed, o.store.Now(), 0, outcome, answer
		return nil
	})
}

// ReopenReport says why a report is not done with: it has to be assigned anew.
// Errors: as AssignReport.
func (o *Office) ReopenReport(ctx context.Context, id checkpoint.MatterID, who *checkpoint.Staff, note string) (checkpoint.Matter, error) {
	note, err := checkpoint.CleanText("note", note, maxDutyNote, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnReport(ctx, id, who, note, func(m *checkpoint.Matter, r *Report) error {
		if len(m.Body) == 0 {
			return refuse(CodeWrongState, "its caller was erased, and what they said with them")
		}
		if err := (step{[]string{ReportClosed}, ReportReopened}).take(m, who.Num, note); err != nil {
			return err
		}
		m.ClosedAt, m.Owner, m.DueAt, r.Outcome, r.Answer = 0, 0, o.store.Now()+assignWithin.Milliseconds(), "", ""
		return nil
	})
}

// NameStaff says whom a report is about that named nobody. From then on those who are
// above them see it, too. Errors: as AssignReport.
func (o *Office) NameStaff(ctx context.Context, id checkpoint.MatterID, who *checkpoint.Staff, logins []string, note string) (checkpoint.Matter, error) {
	numbers, err := o.staffNumbers(logins)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	if len(numbers) == 0 {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "about_staff", Why: "must name at least one account"}
	}
	return o.turnReport(ctx, id, who, note, func(m *checkpoint.Matter, r *Report) error {
		switch {
		case m.Kind == KindStaffReport && !r.Unnamed && slices.Equal(r.Staff, numbers):
			return errDone
		case m.Kind != KindStaffReport || !r.Unnamed:
			return refuse(CodeWrongState, "it is said already about whom it is")
		}
		r.Staff, r.Unnamed = numbers, false
		if !o.seenBySomebody(m.Node, r) {
			return &checkpoint.FieldError{Field: "about_staff", Why: "nobody here would see it any more: hand it to the county"}
		}
		if owner, ok := o.store.Registry().StaffByNum(m.Owner); ok && !o.sees(r, owner, true) {
			m.Owner, m.State, m.DueAt = 0, ReportReceived, o.store.Now()+assignWithin.Milliseconds()
		}
		return nil
	})
}

// StaffReports are the reports about staff that somebody may know of, at a node and
// below it, the last first: those that are open, or those closed with
// from <= time < to (UTC ms). There is no paging: that would tell how many others
// there are.
func (o *Office) StaffReports(ctx context.Context, who *checkpoint.Staff, node string, by checkpoint.MatterOrder, from, to int64) (seen []checkpoint.Matter, err error) {
	q := checkpoint.MatterQuery{Kind: KindStaffReport, Node: node, By: by, From: from, To: to, Limit: checkpoint.MaxMatters, Newest: true}
	err = o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error {
		if len(seen) < checkpoint.MaxMatters && o.ReportVisible(m, who) {
			seen = append(seen, *m)
		}
		return nil
	})
	return seen, err
}

// MyReports are those that a household has sent in its members' names, the last
// first.
func (o *Office) MyReports(ctx context.Context, members []uint64) (mine []checkpoint.Matter, err error) {
	for _, person := range members {
		for _, kind := range []checkpoint.MatterKind{KindReport, KindStaffReport} {
			page, _, err := o.store.Matters(ctx, checkpoint.MatterQuery{Kind: kind, Person: person, Newest: true, Limit: 50})
			if err != nil {
				return nil, err
			}
			mine = append(mine, page...)
		}
	}
	slices.SortFunc(mine, func(a, b checkpoint.Matter) int { return int(b.OpenedAt - a.OpenedAt) })
	return mine, nil
}

// reportsDue are the reports that nobody has, or has answered, in time. One about
// staff is hidden from everybody who may not know of it.
func (o *Office) reportsDue(ctx context.Context) ([]alarm.Alarm, error) {
	alarms, err := o.overdue(ctx, KindReport, func(*checkpoint.Matter) alarm.Kind { return alarm.ReportOverdue })
	if err != nil {
		return nil, err
	}
	late, err := o.store.DueMatters(ctx, KindStaffReport, o.store.Now())
	for i := range late {
		m := &late[i]
		ref := string(KindStaffReport) + "/" + m.ID.String()
		a := alarm.Alarm{Kind: alarm.ReportOverdue, Node: m.Node, Key: ref, Ref: ref, At: m.DueAt}
		for _, who := range o.store.Registry().StaffList() {
			if !o.ReportVisible(m, who) {
				a.Hidden = append(a.Hidden, who.Num)
			}
		}
		alarms = append(alarms, a)
	}
	return alarms, err
}
