package office

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"passgate/checkpoint"
)

// An enterprise or shop is an open record for good, one for each site of its kinds:
// how it is equipped, and what was decided about its work. Its applications and its
// staff are records of their own; they change together with it.
//
// The decision is on paper: it does not close or open the site's gates. Whoever may
// make policies does that (the API offers the policy that fits), so that nobody is
// locked out by a form.

// Kinds of records of enterprises.
const (
	KindEnterprise  checkpoint.MatterKind = "enterprise"
	KindApplication checkpoint.MatterKind = "application" // to resume work; open while it waits or is in force
	KindEmployee    checkpoint.MatterKind = "employee"    // closed when they have left
)

// States of enterprises.
const (
	WorkNone      = "none"     // nothing was asked for
	WorkApplying  = "applying" // an application waits
	WorkApproved  = "approved"
	WorkSuspended = "suspended"
	WorkRefused   = "refused" // the last application was
	WorkLapsed    = "lapsed"  // approved, and its time is over: never stored
)

// Bounds of enterprises.
const (
	maxStock     = 10_000_000
	maxStaffOf   = 2000 // of one site
	maxEnterWord = 60
)

// Profile is how an enterprise is equipped.
type Profile struct {
	Contact      string `json:"c"`
	Phone        string `json:"f"` // mainland mobile, or a landline
	PlanOnFile   bool   `json:"p,omitempty"`
	PlanNote     string `json:"n,omitempty"` // which one, where it lies
	Masks        int    `json:"m,omitempty"`
	Thermometers int    `json:"t,omitempty"`
	StaffLimit   int    `json:"l,omitempty"` // people at work at once, 0: none named
}

// Enterprise is what is kept of one.
type Enterprise struct {
	Site    string              `json:"s"`
	Profile Profile             `json:"p"`
	Asked   checkpoint.MatterID `json:"a,omitempty"` // the application that waits
	InForce checkpoint.MatterID `json:"i,omitempty"` // the one under which it works, or would
	Until   int64               `json:"u,omitempty"` // UTC ms: for how long that is valid
	Staff   int                 `json:"w,omitempty"` // at most so many are at work here
}

// StandingAt is the state that people are told at a time (UTC ms).
func (e *Enterprise) StandingAt(state string, now int64) string {
	if state == WorkApproved && e.Until <= now {
		return WorkLapsed
	}
	return state
}

// EnterpriseSite finds a site that is an enterprise or a shop. The error is a
// *FieldError for "site".
func (o *Office) EnterpriseSite(code string) (*checkpoint.Site, error) {
	site, ok := o.store.Registry().Site(code)
	if !ok || !IsEnterprise(site.Kind) {
		return nil, &checkpoint.FieldError{Field: "site", Why: "must be an enterprise, mall, market or shop"}
	}
	return site, nil
}

// IsEnterprise tells whether sites of a kind need leave to work.
func IsEnterprise(kind checkpoint.SiteKind) bool {
	switch kind {
	case checkpoint.Enterprise, checkpoint.Mall, checkpoint.Market, checkpoint.Shop:
		return true
	}
	return false
}

func enterpriseRef(site string) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: KindEnterprise, ID: EnterpriseID(site)}
}

// EnterpriseID is the ID of a site's record.
func EnterpriseID(site string) checkpoint.MatterID {
	return checkpoint.NewMatterID(KindEnterprise, site)
}

// EnterpriseOf reads a site's record; one that nothing is known of has the state
// none. Errors: ErrUnavailable.
func (o *Office) EnterpriseOf(ctx context.Context, site *checkpoint.Site) (m checkpoint.Matter, e Enterprise, err error) {
	m, err = o.store.Matter(ctx, KindEnterprise, EnterpriseID(site.Code))
	if errors.Is(err, checkpoint.ErrNotFound) {
		return checkpoint.Matter{ID: EnterpriseID(site.Code), Kind: KindEnterprise, Node: site.Grid, State: WorkNone}, Enterprise{Site: site.Code}, nil
	}
	if err == nil {
		err = m.Get(&e)
	}
	return m, e, err
}

// Enterprises are all records at a node and below it, by their IDs.
func (o *Office) Enterprises(ctx context.Context, node string) (map[checkpoint.MatterID]checkpoint.Matter, error) {
	all := map[checkpoint.MatterID]checkpoint.Matter{}
	q := checkpoint.MatterQuery{Kind: KindEnterprise, Node: node, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	err := o.store.EachMatter(ctx, q, func(m *checkpoint.Matter) error { all[m.ID] = *m; return nil })
	return all, err
}

// PutProfile writes down how an enterprise is equipped; note says what was changed.
// Errors: *FieldError, ErrUnavailable.
func (o *Office) PutProfile(ctx context.Context, by uint32, site *checkpoint.Site, p Profile, note string) (checkpoint.Matter, error) {
	if err := p.check(); err != nil {
		return checkpoint.Matter{}, err
	}
	return o.turnEnterprise(ctx, by, site, note, nil, func(_ *checkpoint.Matter, e *Enterprise, _ []*checkpoint.Matter) error {
		e.Profile = p
		return nil
	})
}

func (p *Profile) check() (err error) {
	if p.Contact, err = checkpoint.CleanText("contact", p.Contact, maxEnterWord, true); err != nil {
		return err
	}
	if p.Phone, err = checkpoint.CleanText("phone", p.Phone, 20, true); err != nil {
		return err
	}
	if strings.Trim(p.Phone, "+0123456789 -") != "" {
		return &checkpoint.FieldError{Field: "phone", Why: "must be a number: digits, blanks and dashes"}
	}
	if p.PlanNote, err = checkpoint.CleanText("plan_note", p.PlanNote, maxDutyNote, false); err != nil {
		return err
	}
	for field, n := range map[string]int{"masks": p.Masks, "thermometers": p.Thermometers} {
		if n < 0 || n > maxStock {
			return &checkpoint.FieldError{Field: field, Why: "must be how many there are, 0 to 10000000"}
		}
	}
	if p.StaffLimit < 0 || p.StaffLimit > maxStaffOf {
		return &checkpoint.FieldError{Field: "staff_limit", Why: fmt.Sprintf("must be 1 to %d people, or 0 for no limit of its own", maxStaffOf)}
	}
	return nil
}

// lacks lists what an enterprise must have before it asks for leave to work.
func (p *Profile) lacks() (missing []string) {
	for _, need := range []struct {
		there bool
		what  string
	}{
		{p.Contact != "" && p.Phone != "", "who answers for it, with a phone number"},
		{p.PlanOnFile, "an epidemic plan on file"},
		{p.Masks > 0, "masks"},
		{p.Thermometers > 0, "thermometers"},
	} {
		if !need.there {
			missing = append(missing, need.what)
		}
	}
	return missing
}

// turnEnterprise changes a site's record, which is made if it is not there, with some
// others; fn ends it with errDone if there is nothing left to do.
func (o *Office) turnEnterprise(
	ctx context.Context, by uint32, site *checkpoint.Site, note string, others []checkpoint.MatterRef,
	fn func(m *checkpoint.Matter, e *Enterprise, others []*checkpoint.Matter) error,
) (checkpoint.Matter, error) {
	var written *checkpoint.Matter
	err := o.store.TurnMatters(ctx, by, note, append([]checkpoint.MatterRef{enterpriseRef(site.Code)}, others...), func(some []*checkpoint.Matter) error {
		m := some[0]
		written = m
		var e Enterprise
		if err := m.Get(&e); err != nil {
			return err
		}
		if !m.There() {
			m.State = WorkNone
		}
		e.Site, m.Node = site.Code, site.Grid
		if err := fn(m, &e, some[1:]); err != nil {
			return err
		}
		return m.Put(e)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}
