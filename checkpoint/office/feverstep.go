package office

import (
	"context"
	"slices"

	"passgate/checkpoint"
)

// Results of a screening.
const (
	ScreenedNegative     = "negative"
	ScreenedPositive     = "positive"
	ScreenedInconclusive = "inconclusive" // to be done again
)

// ScreeningResults lists them.
func ScreeningResults() []string {
	return []string{ScreenedNegative, ScreenedPositive, ScreenedInconclusive}
}

// handoverWays are how somebody gets to the hospital.
var handoverWays = []string{"ambulance", "own_vehicle", "on_foot"}

// ReportFever writes a report down: to the community, or to the subdistrict, which
// comes after it. The same again changes nothing. Errors: *FieldError, *Refusal,
// ErrNotFound, ErrUnavailable.
func (o *Office) ReportFever(ctx context.Context, id checkpoint.FeverID, step string, r FeverReport) (checkpoint.Matter, error) {
	var err error
	if r.To, err = checkpoint.CleanText("to", r.To, maxFeverWords, true); err != nil {
		return checkpoint.Matter{}, err
	}
	if r.Note, err = checkpoint.CleanText("note", r.Note, maxFeverNote, false); err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnFever(ctx, id, r.By, func(m *checkpoint.Matter, p *FeverProcedure) error {
		place, state := &p.Community, FeverReported
		if step == FeverReportSubdistrict {
			place, state = &p.Subdistrict, FeverEscalated
		}
		switch before := *place; {
		case before != nil && before.To == r.To && before.Note == r.Note:
			return errDone
		case before != nil:
			return refuse(CodeWrongState, "this report was made before, to %s: it stays as it was", before.To)
		case p.Outcome != "":
			return refuse(CodeWrongState, "the case is closed")
		case step == FeverReportSubdistrict && p.Community == nil:
			return refuse(CodeWrongState, "report to the community first: it looks after the people around")
		}
		r.At = o.store.Now()
		*place = &r
		if p.Handover == nil {
			m.State = state
		}
		return nil
	})
}

// HandOverFever writes down who took the person to which hospital. It is taken at any
// time: an ambulance waits for no report. The same again changes nothing. Errors: as
// ReportFever.
func (o *Office) HandOverFever(ctx context.Context, id checkpoint.FeverID, h Handover) (checkpoint.Matter, error) {
	if !slices.Contains(handoverWays, h.How) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "how", Why: "must be ambulance, own_vehicle or on_foot"}
	}
	var err error
	for _, text := range []struct {
		field string
		value *string
		most  int
		need  bool
	}{
		{"hospital", &h.Hospital, maxFeverWords, true},
		{"plate", &h.Plate, 20, h.How == "ambulance"},
		{"crew", &h.Crew, maxFeverWords, false},
		{"note", &h.Note, maxFeverNote, false},
	} {
		if *text.value, err = checkpoint.CleanText(text.field, *text.value, text.most, text.need); err != nil {
			return checkpoint.Matter{}, err
		}
	}
	return o.turnFever(ctx, id, h.By, func(m *checkpoint.Matter, p *FeverProcedure) error {
		if before := p.Handover; before != nil {
			if before.How == h.How && before.Hospital == h.Hospital && before.Plate == h.Plate && before.Crew == h.Crew && before.Note == h.Note {
				return errDone
			}
			return refuse(CodeWrongState, "the person was handed over before, to %s: it stays as it was", before.Hospital)
		}
		if p.Outcome != "" {
			return refuse(CodeWrongState, "the case is closed")
		}
		h.At = o.store.Now()
		p.Handover, m.State = &h, FeverHandedOver
		return nil
	})
}

// ScreenFever writes a result down. One that is inconclusive is followed by another;
// the same again changes nothing. Errors: as ReportFever.
func (o *Office) ScreenFever(ctx context.Context, id checkpoint.FeverID, s Screening) (checkpoint.Matter, error) {
	if err := s.check(o.store.Now()); err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnFever(ctx, id, s.By, func(m *checkpoint.Matter, p *FeverProcedure) error { return o.screen(m, p, s) })
}

func (o *Office) screen(m *checkpoint.Matter, p *FeverProcedure, s Screening) error {
	if n := len(p.Screenings); n > 0 {
		before := p.Screenings[n-1]
		same := before.Result == s.Result && before.SampledAt == s.SampledAt && before.By == s.By && before.Doctor == s.Doctor && before.Note == s.Note
		switch {
		case same:
			return errDone
		case before.Result != ScreenedInconclusive:
			return refuse(CodeWrongState, "the result was %s already: it stays; if it was wrong, close the case and open a tracing case", before.Result)
		case n >= maxScreenings:
			return refuse(CodeTooMany, "there are %d results already", n)
		}
	}
	switch {
	case p.Outcome != "":
		return refuse(CodeWrongState, "the case is closed")
	case p.Handover == nil:
		return refuse(CodeWrongState, "write down first how the person came to the hospital")
	}
	s.At = o.store.Now()
	p.Screenings, m.State = append(p.Screenings, s), FeverScreened
	return nil
}

func (s *Screening) check(now int64) (err error) {
	switch {
	case !slices.Contains(ScreeningResults(), s.Result):
		return &checkpoint.FieldError{Field: "result", Why: "must be negative, positive or inconclusive"}
	case s.SampledAt < 0 || s.SampledAt > now:
		return &checkpoint.FieldError{Field: "sampled_at", Why: "must not lie in the future"}
	}
	if s.Doctor, err = checkpoint.CleanText("doctor", s.Doctor, maxFeverWords, s.By == 0); err != nil {
		return err
	}
	s.Note, err = checkpoint.CleanText("note", s.Note, maxFeverNote, false)
	return err
}

// CloseFever ends a case: its person is judged like anybody again. Errors:
// *FieldError, *Refusal (something is missing), ErrNotFound, ErrFeverClosed,
// ErrUnavailable.
func (o *Office) CloseFever(ctx context.Context, id checkpoint.FeverID, outcome checkpoint.FeverOutcome, by *checkpoint.Staff, note string) (checkpoint.FeverCase, error) {
	if err := checkpoint.CheckFeverClosing(outcome, by.Login, note); err != nil {
		return checkpoint.FeverCase{}, err
	}
	_, err := o.turnFever(ctx, id, by.Num, func(m *checkpoint.Matter, p *FeverProcedure) error {
		switch {
		case p.Outcome == string(outcome):
			return errDone
		case p.Outcome != "":
			return checkpoint.ErrFeverClosed
		}
		if missing := p.missingFor(outcome); missing != "" {
			return refuse(CodeWrongState, "the case cannot be closed as %s: %s", outcome, missing)
		}
		if outcome == checkpoint.FeverObserved {
			if err := o.observedNow(ctx, m.Person); err != nil {
				return err
			}
		}
		p.Outcome, p.ClosedBy, p.Note, p.Link = string(outcome), by.Login, note, nil
		m.State, m.ClosedAt = FeverClosed, o.store.Now()
		return nil
	})
	if err != nil {
		return checkpoint.FeverCase{}, err
	}
	return o.store.CloseFever(ctx, id, outcome, by.Login, note)
}

// observedNow refuses to hand a case on to an observation that nobody has begun.
func (o *Office) observedNow(ctx context.Context, person uint64) error {
	who, err := o.store.Residents(ctx, []uint64{person})
	if err != nil {
		return err
	}
	if len(who) == 1 && who[0].KnownAs != 0 {
		if who, err = o.store.Residents(ctx, []uint64{who[0].KnownAs}); err != nil {
			return err
		}
	}
	if len(who) == 0 || !who[0].Status.Observed() {
		return refuse(CodeWrongState, "this person is not under observation: begin the observation first")
	}
	return nil
}
