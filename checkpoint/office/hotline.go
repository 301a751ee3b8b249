package office

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"passgate/checkpoint"
)

// Kinds of what people report. What is about staff is a kind of its own, so that no
// list and no number of the others tells of it: numbers of KindReport, in bulletins
// too, are without it, and it is in none. See ReportVisible.
const (
	KindReport      checkpoint.MatterKind = "report"
	KindStaffReport checkpoint.MatterKind = "staff_report"
)

// States of reports.
const (
	ReportReceived = "received" // somebody has to be found for it
	ReportAssigned = "assigned"
	ReportClosed   = "closed"
	ReportReopened = "reopened" // as received
)

// The words that a report is made of.
var (
	reportChannels = []string{"phone", "letter", "web", "in_person"}
	reportSorts    = []string{"complaint", "tip_off", "question", "help"}
	reportOutcomes = []string{"solved", "answered", "unfounded", "passed_on"}
)

// Bounds of reports.
const (
	assignWithin     = 4 * time.Hour
	answerWithin     = 24 * time.Hour // after it was assigned
	maxHotlineText   = 2000           // characters
	maxHotlineAnswer = 1000
	maxAboutStaff    = 10
	maxMyReports     = 20  // of one phone in a day
	maxReports       = 500 // of one account in a day
)

// Report is what is kept of one.
type Report struct {
	Channel   string   `json:"c"`
	Sort      string   `json:"k"`
	Text      string   `json:"t"`
	Anonymous bool     `json:"a,omitempty"`
	Name      string   `json:"n,omitempty"` // of the caller; that of a resident is in their record
	Phone     string   `json:"f,omitempty"`
	Site      string   `json:"s,omitempty"` // what it is about
	Staff     []uint32 `json:"w,omitempty"` // numbers of whom it is about
	Unnamed   bool     `json:"u,omitempty"` // it is about staff, and nobody has said yet about whom
	Answer    string   `json:"x,omitempty"`
	Outcome   string   `json:"o,omitempty"`
	Mark      string   `json:"m"` // digest of what was sent
}

// NewReport is a report as it comes in.
type NewReport struct {
	ID       string // the client's, see checkpoint.ValidClientID
	Desk     string // who takes it: an account or a phone; its IDs and its daily number are its own
	Most     int    // of the desk, in a day
	Node     string // where; that of the site if there is one
	Resident uint64 // the caller, 0: somebody else, or nobody is to know
	About    []string
	By       uint32
	Report   Report
}

// ReportOfAccount is a report that a member of staff takes down.
func ReportOfAccount(id string, who *checkpoint.Staff) NewReport {
	return NewReport{ID: id, Desk: "staff " + who.Login, Most: maxReports, By: who.Num}
}

// ReportOfPhone is a report from a household's phone.
func ReportOfPhone(id string, phone *checkpoint.Phone) NewReport {
	return NewReport{ID: id, Desk: "phone " + checkpoint.FormatPersonID(phone.ID), Most: maxMyReports}
}

// AddReport writes a report down; again, it changes nothing and gives what has become
// of it. Errors: *FieldError, *Refusal, ErrOtherRecord, ErrUnavailable.
func (o *Office) AddReport(ctx context.Context, in NewReport) (checkpoint.Matter, error) {
	r := in.Report
	if err := o.checkReport(&in, &r); err != nil {
		return checkpoint.Matter{}, err
	}
	kind := KindReport
	if len(r.Staff) > 0 || r.Unnamed {
		kind = KindStaffReport
	}
	if kind == KindStaffReport && !o.seenBySomebody(in.Node, &r) {
		return checkpoint.Matter{}, &checkpoint.FieldError{Field: "about_staff", Why: "nobody here stands above whom it is about, and there is no auditor: hand it to the county"}
	}
	r.Mark = markOf([]any{in.Node, in.Resident, r})
	// The ID of both kinds is one and the same, so that it cannot come in twice.
	id := checkpoint.NewMatterID(KindReport, in.Desk+"\x00"+in.ID)
	refs := []checkpoint.MatterRef{{Kind: KindReport, ID: id}, {Kind: KindStaffReport, ID: id}, o.deskRef(string(KindReport) + "\x00" + in.Desk)}
	var written *checkpoint.Matter
	err := o.store.TurnMatters(ctx, in.By, "", refs, func(some []*checkpoint.Matter) error {
		for _, m := range some[:2] {
			if m.There() {
				written = m
				return sameReport(m, r.Mark)
			}
		}
		if err := o.countAtDesk(some[2], in.Most, "reports"); err != nil {
			return err
		}
		if written = some[0]; kind == KindStaffReport {
			written = some[1]
		}
		written.Node, written.Person, written.State, written.DueAt = in.Node, in.Resident, ReportReceived, o.store.Now()+assignWithin.Milliseconds()
		return written.Put(r)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// sameReport is errDone for what was sent before with the same content; what was
// forgotten with its caller cannot be told apart any more.
func sameReport(m *checkpoint.Matter, mark string) error {
	var before Report
	if err := m.Get(&before); err != nil {
		return err
	}
	if before.Mark != mark && len(m.Body) > 0 {
		return checkpoint.ErrOtherRecord
	}
	return errDone
}

func (o *Office) checkReport(in *NewReport, r *Report) (err error) {
	if err := checkpoint.ValidClientID(in.ID); err != nil {
		return err
	}
	if err := oneOf("channel", r.Channel, reportChannels); err != nil {
		return err
	}
	if err := oneOf("kind", r.Sort, reportSorts); err != nil {
		return err
	}
	if r.Text, err = checkpoint.CleanText("text", r.Text, maxHotlineText, true); err != nil {
		return err
	}
	if r.Anonymous && (r.Name != "" || r.Phone != "" || in.Resident != 0) {
		return &checkpoint.FieldError{Field: "caller.anonymous", Why: "whoever wants to stay unknown is not named: leave name and phone out"}
	}
	if r.Name, err = checkpoint.CleanText("caller.name", r.Name, maxDutyWords, false); err != nil {
		return err
	}
	if r.Phone, err = checkpoint.CleanText("caller.phone", r.Phone, 20, false); err != nil {
		return err
	}
	if strings.Trim(r.Phone, "+0123456789 -") != "" {
		return &checkpoint.FieldError{Field: "caller.phone", Why: "must be a number: digits, blanks and dashes"}
	}
	reg := o.store.Registry()
	if r.Site != "" {
		site, ok := reg.Site(r.Site)
		if !ok {
			return &checkpoint.FieldError{Field: "about_site", Why: "there is no such site"}
		}
		in.Node = site.Grid
	}
	if _, ok := reg.Grid(in.Node); !ok {
		return &checkpoint.FieldError{Field: "node", Why: "must be the node of the grid where it is"}
	}
	r.Staff, err = o.staffNumbers(in.About)
	return err
}

// staffNumbers are those of some logins, in order.
func (o *Office) staffNumbers(logins []string) (numbers []uint32, err error) {
	if len(logins) > maxAboutStaff {
		return nil, &checkpoint.FieldError{Field: "about_staff", Why: "names more than 10: write several reports"}
	}
	for _, login := range logins {
		who, ok := o.store.Registry().Staff(login)
		if !ok {
			return nil, &checkpoint.FieldError{Field: "about_staff", Why: "there is no such account: name logins, or say that it is about staff who are not named (about_unnamed_staff)"}
		}
		numbers = append(numbers, who.Num)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

// oneOf refuses what is none of some words.
func oneOf(field, word string, words []string) error {
	if !slices.Contains(words, word) {
		return &checkpoint.FieldError{Field: field, Why: "must be one of " + strings.Join(words, ", ")}
	}
	return nil
}
