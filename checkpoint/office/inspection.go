package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// Kinds of records of inspections.
const (
	KindInspection checkpoint.MatterKind = "inspection"
	KindFinding    checkpoint.MatterKind = "finding" // what has to be put right
)

// stateVisited is that of inspections, which are closed at once.
const stateVisited = "visited"

// States of findings.
const (
	FindingOpen      = "open"
	FindingCorrected = "corrected" // says the site; somebody has to look
	FindingVerified  = "verified"  // closed
	FindingReopened  = "reopened"
)

// The words of an inspection.
var (
	checklist      = []string{"masks", "thermometers", "registration", "disinfection", "distance", "canteen", "isolation_room", "plan"}
	checkResults   = []string{"ok", "lacking", "not_applicable"}
	findingWeights = []string{"minor", "serious", "grave"}
)

// Bounds of inspections.
const (
	maxFindings    = 20 // of one visit
	maxCheckNote   = 200
	maxFindingText = 500
	inspectBack    = 48 * time.Hour // how late a visit may be written down
	verifyWithin   = 48 * time.Hour // after it was corrected
)

// Check is one line of the checklist.
type Check struct {
	Item   string `json:"i"`
	Result string `json:"r"`
	Note   string `json:"n,omitempty"`
}

// Inspection is a visit to a site.
type Inspection struct {
	Site     string                `json:"s"`
	Checks   []Check               `json:"c"`
	Note     string                `json:"n,omitempty"`
	Findings []checkpoint.MatterID `json:"f,omitempty"`
}

// Finding is what was found wrong.
type Finding struct {
	Site       string              `json:"s"`
	Inspection checkpoint.MatterID `json:"v"`
	Item       string              `json:"i"` // of the checklist
	Severity   string              `json:"w"`
	Text       string              `json:"t"`
	AtSite     string              `json:"a,omitempty"` // who sees to it at the site
	Due        int64               `json:"d"`           // UTC ms, as it was ordered first
	Evidence   string              `json:"e,omitempty"` // of the correction
}

// NewFinding is one as the inspector writes it down.
type NewFinding struct {
	Item, Severity, Text, AtSite string
	DueAt                        int64  // UTC ms
	Owner                        string // login of who looks after it; "": the inspector
}

// NewInspection is a visit as the inspector writes it down.
type NewInspection struct {
	ID       string // the client's, see checkpoint.ValidClientID
	Site     string
	At       int64 // UTC ms
	By       *checkpoint.Staff
	Checks   []Check
	Note     string
	Findings []NewFinding
}

// AddInspection writes a visit and its findings down; again, it changes nothing. What
// was cut short is finished when it is sent again. Errors: *FieldError,
// ErrOtherRecord, ErrTooMany, ErrUnavailable.
func (o *Office) AddInspection(ctx context.Context, in NewInspection) (checkpoint.Matter, []checkpoint.Matter, error) {
	m := checkpoint.Matter{Kind: KindInspection, State: stateVisited, OpenedBy: in.By.Num, OpenedAt: in.At}
	if err := checkpoint.ValidClientID(in.ID); err != nil {
		return m, nil, err
	}
	m.ID = checkpoint.NewMatterID(KindInspection, in.ID)
	_, err := o.store.Matter(ctx, KindInspection, m.ID)
	again := err == nil
	if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
		return m, nil, err
	}
	site, err := o.checkInspection(&in, again)
	if err != nil {
		return m, nil, err
	}
	findings, err := o.findings(&in, m.ID, site)
	if err != nil {
		return m, nil, err
	}
	body := Inspection{Site: in.Site, Checks: in.Checks, Note: in.Note}
	for i := range findings {
		body.Findings = append(body.Findings, findings[i].ID)
	}
	m.Node, m.ClosedAt = site.Grid, o.store.Now()
	if err := m.Put(body); err != nil {
		return m, nil, err
	}
	if m, err = o.store.AddMatter(ctx, m); err != nil {
		return m, nil, err
	}
	for i := range findings {
		if findings[i], err = o.store.AddMatter(ctx, findings[i]); err != nil {
			return m, nil, err
		}
	}
	return m, findings, nil
}

// checkInspection refuses what makes none; again: it is on record, so that it may lie
// further back.
func (o *Office) checkInspection(in *NewInspection, again bool) (*checkpoint.Site, error) {
	site, ok := o.store.Registry().Site(in.Site)
	if !ok {
		return nil, &checkpoint.FieldError{Field: "site", Why: "there is no such site"}
	}
	if !again {
		if err := o.checkAt(in.At, inspectBack); err != nil {
			return nil, err
		}
	}
	if len(in.Checks) == 0 {
		return nil, &checkpoint.FieldError{Field: "checklist", Why: "must say of at least one item how it is"}
	}
	for i := range in.Checks {
		c := &in.Checks[i]
		if err := oneOf("checklist.item", c.Item, checklist); err != nil {
			return nil, err
		}
		if err := oneOf("checklist.result", c.Result, checkResults); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(in.Checks[:i], func(other Check) bool { return other.Item == c.Item }) {
			return nil, &checkpoint.FieldError{Field: "checklist.item", Why: "names " + c.Item + " twice"}
		}
		var err error
		if c.Note, err = checkpoint.CleanText("checklist.note", c.Note, maxCheckNote, false); err != nil {
			return nil, err
		}
	}
	var err error
	in.Note, err = checkpoint.CleanText("note", in.Note, maxDutyNote, false)
	return site, err
}

// findings makes the records of what was found.
func (o *Office) findings(in *NewInspection, visit checkpoint.MatterID, site *checkpoint.Site) ([]checkpoint.Matter, error) {
	if len(in.Findings) > maxFindings {
		return nil, &checkpoint.FieldError{Field: "findings", Why: fmt.Sprintf("must be at most %d: the gravest first, and come again", maxFindings)}
	}
	all := make([]checkpoint.Matter, len(in.Findings))
	for i, f := range in.Findings {
		if err := oneOf("findings.item", f.Item, checklist); err != nil {
			return nil, err
		}
		if err := oneOf("findings.severity", f.Severity, findingWeights); err != nil {
			return nil, err
		}
		var err error
		if f.Text, err = checkpoint.CleanText("findings.text", f.Text, maxFindingText, true); err != nil {
			return nil, err
		}
		if f.AtSite, err = checkpoint.CleanText("findings.at_site", f.AtSite, maxDutyWords, false); err != nil {
			return nil, err
		}
		if f.DueAt <= in.At || f.DueAt > in.At+maxDueAhead.Milliseconds() {
			return nil, &checkpoint.FieldError{Field: "findings.due_at", Why: "must lie after the visit, by at most 60 days"}
		}
		owner := in.By
		if f.Owner != "" {
			if owner, err = o.ownerAt(f.Owner, site.Grid); err != nil {
				return nil, &checkpoint.FieldError{Field: "findings.owner", Why: "must be an account in use that answers for this site's node of the grid, or for one above it"}
			}
		}
		all[i] = checkpoint.Matter{
			ID: checkpoint.NewMatterID(KindFinding, fmt.Sprintf("%s\x00%d", visit, i)), Kind: KindFinding, Node: site.Grid,
			State: FindingOpen, Owner: owner.Num, OpenedAt: in.At, OpenedBy: in.By.Num, DueAt: f.DueAt,
		}
		body := Finding{Site: in.Site, Inspection: visit, Item: f.Item, Severity: f.Severity, Text: f.Text, AtSite: f.AtSite, Due: f.DueAt}
		if err := all[i].Put(body); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (o *Office) turnFinding(ctx context.Context, id checkpoint.MatterID, by uint32, note string, fn func(*checkpoint.Matter, *Finding) error) (checkpoint.Matter, error) {
	return turnAs(ctx, o, checkpoint.MatterRef{Kind: KindFinding, ID: id}, by, note, fn)
}

// CorrectFinding says what the site has done, with the evidence for it: somebody has
// to look within 48 hours. Errors: ErrNotFound, *Refusal, *FieldError, ErrUnavailable.
func (o *Office) CorrectFinding(ctx context.Context, id checkpoint.MatterID, by uint32, evidence string) (checkpoint.Matter, error) {
	evidence, err := checkpoint.CleanText("evidence", evidence, maxDutyNote, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnFinding(ctx, id, by, evidence, func(m *checkpoint.Matter, f *Finding) error {
		if err := (step{[]string{FindingOpen, FindingReopened}, FindingCorrected}).take(m, by, evidence); err != nil {
			return err
		}
		m.DueAt, f.Evidence = o.store.Now()+verifyWithin.Milliseconds(), evidence
		return nil
	})
}

// VerifyFinding closes a finding that is corrected. Errors: as CorrectFinding.
func (o *Office) VerifyFinding(ctx context.Context, id checkpoint.MatterID, by uint32, note string) (checkpoint.Matter, error) {
	return o.turnFinding(ctx, id, by, note, func(m *checkpoint.Matter, _ *Finding) error {
		if err := (step{[]string{FindingCorrected}, FindingVerified}).take(m, by, note); err != nil {
			return err
		}
		m.ClosedAt, m.DueAt = o.store.Now(), 0
		return nil
	})
}

// ReopenFinding says what is still wrong, and by when it has to be put right. Errors:
// as CorrectFinding.
func (o *Office) ReopenFinding(ctx context.Context, id checkpoint.MatterID, by uint32, due int64, note string) (checkpoint.Matter, error) {
	note, err := checkpoint.CleanText("note", note, maxDutyNote, true)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	if err := o.checkDue(due); err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnFinding(ctx, id, by, note, func(m *checkpoint.Matter, _ *Finding) error {
		if err := (step{[]string{FindingCorrected, FindingVerified}, FindingReopened}).take(m, by, note); err != nil {
			return err
		}
		m.ClosedAt, m.DueAt = 0, due
		return nil
	})
}

// findingsDue are the findings that were not put right, or not looked at, in time.
func (o *Office) findingsDue(ctx context.Context) ([]alarm.Alarm, error) {
	return o.overdue(ctx, KindFinding, func(*checkpoint.Matter) alarm.Kind { return alarm.FindingOverdue })
}
