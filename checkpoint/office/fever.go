package office

import (
	"context"
	"errors"
	"time"

	"passgate/checkpoint"
)

// A fever case is opened by the second high reading, in the person's own record, and
// that alone is what gates look at (checkpoint.FeverCase). What has to be done about
// it is a matter with the same ID: two reports (双测温两报告), the hand-over to the
// ambulance, the screening, the closing. What has happened is always written down;
// closing is what takes all that comes before:
//
//	step                  by when                            may be written down
//	report, community     10 minutes after the case opened   once
//	report, subdistrict   30 minutes after the case opened   once, after the first
//	handover              2 hours after the case opened      once
//	screening             24 hours after the handover        after the handover; again after an inconclusive one
//	closing               24 hours after the last of them    see missingFor
//
// The matter is made when somebody looks at the case, or by SettleFevers; it is closed
// before the case is, and SettleFevers completes what was cut off between the two.

// KindFever is the procedure of a fever case. It stands at the node of the site where
// the person was measured.
const KindFever checkpoint.MatterKind = "fever"

// The steps.
const (
	FeverReportCommunity   = "report_community"
	FeverReportSubdistrict = "report_subdistrict"
	FeverHandover          = "handover"
	FeverScreening         = "screening"
	FeverClosing           = "closing"
)

// States of a procedure: the last step that was taken.
const (
	FeverOpened     = "opened"
	FeverReported   = "reported" // to the community
	FeverEscalated  = "escalated"
	FeverHandedOver = "handed_over"
	FeverScreened   = "screened"
	FeverClosed     = "closed"
)

// Deadlines of the steps.
const (
	reportWithin     = 10 * time.Minute
	escalateWithin   = 30 * time.Minute
	handoverWithin   = 2 * time.Hour
	screeningWithin  = 24 * time.Hour
	feverCloseWithin = 24 * time.Hour
	maxScreenings    = 20
	maxFeverWords    = 60
	maxFeverNote     = 200
)

// FeverReport is one of the two reports.
type FeverReport struct {
	At   int64  `json:"a"` // UTC ms
	By   uint32 `json:"b"` // number of the member of staff
	To   string `json:"t"` // the office, as written
	Note string `json:"n,omitempty"`
}

// Handover is how the person left for the hospital.
type Handover struct {
	At       int64  `json:"a"` // UTC ms
	By       uint32 `json:"b"`
	How      string `json:"h"` // ambulance, own_vehicle, on_foot
	Hospital string `json:"o"`
	Plate    string `json:"p,omitempty"`
	Crew     string `json:"c,omitempty"` // who took them over
	Note     string `json:"n,omitempty"`
}

// Screening is a result.
type Screening struct {
	Result    string `json:"r"`           // negative, positive, inconclusive
	At        int64  `json:"a"`           // UTC ms, written down
	SampledAt int64  `json:"s,omitempty"` // UTC ms
	By        uint32 `json:"b,omitempty"` // 0: the hospital, by its code
	CodeBy    uint32 `json:"c,omitempty"` // who made the code, 0: without one
	Doctor    string `json:"d,omitempty"` // who answers for it there
	Note      string `json:"n,omitempty"`
}

// FeverProcedure is what was done about a case.
type FeverProcedure struct {
	Community   *FeverReport  `json:"c,omitempty"`
	Subdistrict *FeverReport  `json:"s,omitempty"`
	Handover    *Handover     `json:"h,omitempty"`
	Screenings  []Screening   `json:"r,omitempty"` // oldest first
	Link        *HospitalLink `json:"l,omitempty"`
	Outcome     string        `json:"o,omitempty"` // of the closing
	ClosedBy    string        `json:"b,omitempty"` // login
	Note        string        `json:"n,omitempty"`
}

// Screened is the result that counts, "" without one.
func (p *FeverProcedure) Screened() string {
	if len(p.Screenings) == 0 {
		return ""
	}
	return p.Screenings[len(p.Screenings)-1].Result
}

// Next is the step that is due next and by when (UTC ms), of a case that was opened
// then; "" when it is closed.
func (p *FeverProcedure) Next(opened int64) (step string, due int64) {
	after := func(d time.Duration) int64 { return opened + d.Milliseconds() }
	switch {
	case p.Outcome != "":
		return "", 0
	case p.Community == nil:
		return FeverReportCommunity, after(reportWithin)
	case p.Subdistrict == nil:
		return FeverReportSubdistrict, after(escalateWithin)
	case p.Handover == nil:
		return FeverHandover, after(handoverWithin)
	case len(p.Screenings) == 0 || p.Screened() == ScreenedInconclusive:
		return FeverScreening, max(p.Handover.At, lastAt(p.Screenings)) + screeningWithin.Milliseconds()
	}
	return FeverClosing, lastAt(p.Screenings) + feverCloseWithin.Milliseconds()
}

func lastAt(s []Screening) int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].At
}

// missingFor says what a case lacks to be closed with an outcome, "" if nothing.
func (p *FeverProcedure) missingFor(outcome checkpoint.FeverOutcome) string {
	if outcome == checkpoint.FeverFalseReading {
		if p.Handover != nil {
			return "the person was handed over: its end is a result of the screening"
		}
		return ""
	}
	switch {
	case p.Community == nil:
		return "it was not reported to the community"
	case p.Subdistrict == nil:
		return "it was not reported to the subdistrict"
	}
	switch outcome {
	case checkpoint.FeverHandedOver:
		if p.Handover == nil {
			return "nobody has written down to whom the person was handed over"
		}
	case checkpoint.FeverScreenedNegative:
		if p.Screened() != ScreenedNegative {
			return "there is no negative result"
		}
	case checkpoint.FeverScreenedPositive:
		if p.Screened() != ScreenedPositive {
			return "there is no positive result"
		}
	}
	return ""
}

// Fever reads the procedure of a case, as it begins if nothing was done yet. Errors:
// ErrNotFound, ErrUnavailable.
func (o *Office) Fever(ctx context.Context, id checkpoint.FeverID) (p FeverProcedure, m checkpoint.Matter, err error) {
	m, err = o.store.Matter(ctx, KindFever, checkpoint.MatterID(id))
	if errors.Is(err, checkpoint.ErrNotFound) {
		m, err = o.turnFever(ctx, id, 0, func(*checkpoint.Matter, *FeverProcedure) error { return nil })
	}
	if err == nil {
		err = m.Get(&p)
	}
	return p, m, err
}

// FeverRecord is a procedure and its matter.
type FeverRecord struct {
	FeverProcedure
	Matter checkpoint.Matter
}

// Fevers is Fever for many cases, in their order.
func (o *Office) Fevers(ctx context.Context, ids []checkpoint.FeverID) ([]FeverRecord, error) {
	refs := make([]checkpoint.MatterRef, len(ids))
	for i, id := range ids {
		refs[i] = checkpoint.MatterRef{Kind: KindFever, ID: checkpoint.MatterID(id)}
	}
	matters, err := o.store.ReadMatters(ctx, refs)
	if err != nil {
		return nil, err
	}
	records := make([]FeverRecord, len(ids))
	for i := range matters {
		r := &records[i]
		if r.Matter = matters[i]; r.Matter.There() {
			err = r.Matter.Get(&r.FeverProcedure)
		} else {
			r.FeverProcedure, r.Matter, err = o.Fever(ctx, ids[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return records, nil
}

// turnFever changes the procedure of a case, making it if it is not there yet. fn
// ends it with errDone if there is nothing to do.
func (o *Office) turnFever(ctx context.Context, id checkpoint.FeverID, by uint32, fn func(*checkpoint.Matter, *FeverProcedure) error) (checkpoint.Matter, error) {
	fever, err := o.store.Fever(ctx, id)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	var turned *checkpoint.Matter
	refs := []checkpoint.MatterRef{{Kind: KindFever, ID: checkpoint.MatterID(id)}}
	err = o.store.TurnMatters(ctx, by, "", refs, func(some []*checkpoint.Matter) error {
		turned = some[0]
		var p FeverProcedure
		if !turned.There() {
			turned.Node, turned.Person, turned.State, turned.OpenedAt = o.feverNode(&fever), fever.Person, FeverOpened, fever.OpenedAt
			if !fever.Open() { // closed when nobody kept procedures yet
				p.Outcome, p.ClosedBy, turned.State, turned.ClosedAt = string(fever.Outcome), fever.ClosedBy, FeverClosed, fever.ClosedAt
			}
		} else if err := turned.Get(&p); err != nil {
			return err
		}
		if err := fn(turned, &p); err != nil {
			return err
		}
		_, turned.DueAt = p.Next(fever.OpenedAt)
		return turned.Put(p)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *turned, nil
}

func (o *Office) feverNode(fever *checkpoint.FeverCase) string {
	if site, ok := o.store.Registry().SiteByNum(fever.Site); ok {
		return site.Grid
	}
	return ""
}
