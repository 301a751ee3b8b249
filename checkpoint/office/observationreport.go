package office

import (
	"context"
	"slices"
	"unicode/utf8"

	"passgate/checkpoint"
)

// Report writes the report of a day: something, with what it is, or that all is well.
// What was told of a day stays told: more can be added, and a day that was not well
// does not become one that was. Today's or yesterday's. by is the number of the member
// of staff who writes, 0: the household. Errors: ErrNotFound, *FieldError,
// ErrNotObserved, *Refusal, ErrUnavailable.
func (o *Office) Report(ctx context.Context, id checkpoint.MatterID, day checkpoint.Day, allWell bool, text string, by uint32) (checkpoint.Matter, error) {
	text, err := checkpoint.CleanText("text", text, maxDailyText, !allWell)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	now := o.store.Now()
	today := o.store.DayAt(now)
	if day > today || day < today-1 {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "day", Why: "must be today or yesterday"}
	}
	return o.turnObservation(ctx, id, 0, "", func(m *checkpoint.Matter, body *Observation) error {
		from, to := o.store.Bounds(day)
		if !m.Open() || m.State == ObservationEnding {
			return overRefusal()
		}
		if to <= body.From || from >= max(body.Until, now) {
			return checkpoint.ErrNotObserved
		}
		i := slices.IndexFunc(body.Reports, func(r DailyReport) bool { return r.Day >= day })
		switch {
		case i < 0:
			body.Reports = append(body.Reports, DailyReport{day, allWell, text, now, by})
			return nil
		case body.Reports[i].Day > day:
			body.Reports = slices.Insert(body.Reports, i, DailyReport{day, allWell, text, now, by})
			return nil
		}
		return body.Reports[i].add(allWell, text, now, by)
	})
}

// add takes a second word of the same day in.
func (r *DailyReport) add(allWell bool, text string, now int64, by uint32) error {
	if r.AllWell == allWell && r.Text == text || text == "" && allWell {
		return errDone
	}
	if r.Text != "" && text != r.Text {
		text = r.Text + "\n" + text
	}
	if utf8.RuneCountInString(text) > maxDailyText {
		return &checkpoint.FieldError{Field: "text", Why: "is more than fits into one day's report: phone the grid member"}
	}
	r.AllWell, r.Text, r.At, r.By = r.AllWell && allWell, text, now, by
	return nil
}

// ReportOf is the report of a day, nil if there is none.
func (b *Observation) ReportOf(day checkpoint.Day) *DailyReport {
	for i := range b.Reports {
		if b.Reports[i].Day == day {
			return &b.Reports[i]
		}
	}
	return nil
}
