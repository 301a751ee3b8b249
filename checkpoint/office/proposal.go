package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"passgate/checkpoint"
)

// A red status, and any status for more than 20 people at once, takes a second person.
// What one proposes waits for at most a day; when another one approves it, it is
// applied to one person after the other. Applying is safe to repeat: what was cut off
// is completed by approving again, or by SettleProposals. Orders of an authority
// outside the town, and a hospital's positive result followed by its case, are decided
// by two parties already and come another way.

// KindProposal is a change of status that waits for a second person.
const KindProposal checkpoint.MatterKind = "status_proposal"

// States of proposals.
const (
	ProposalPending  = "pending"
	ProposalApproved = "approved" // being applied
	ProposalApplied  = "applied"
	ProposalRefused  = "refused"
	ProposalExpired  = "expired"
)

// Bounds of proposals.
const (
	// AloneAtMost is for how many people one person may decide at once.
	AloneAtMost = 20
	// MaxProposed is how many people one proposal can have.
	MaxProposed    = 1500
	ProposalLife   = 24 * time.Hour // how long one waits
	maxProposalWhy = 200
)

// Proposal is what is kept of one.
type Proposal struct {
	Status   checkpoint.Status `json:"s"`
	Ground   checkpoint.Ground `json:"g"`
	Until    int64             `json:"u,omitempty"` // UTC ms
	Evidence string            `json:"e"`
	Case     string            `json:"c,omitempty"`
	Office   string            `json:"o"`           // node that the author speaks for
	By       uint32            `json:"b"`           // who proposed it
	Second   uint32            `json:"a,omitempty"` // who approved or refused it
	Why      string            `json:"w,omitempty"` // of a refusal
	People   []uint64          `json:"p,omitempty"` // whom it is about, if they are many
	Failed   []FailedChange    `json:"f,omitempty"` // whom it could not be applied to
}

// FailedChange is somebody whose status could not be changed, and why.
type FailedChange struct {
	Person uint64 `json:"p"`
	Why    string `json:"w"`
}

// NeedsSecond tells that a change takes a second person.
func NeedsSecond(status checkpoint.Status, people int) bool {
	return status == checkpoint.StatusRed || people > AloneAtMost
}

// NameFor is what names a proposal about one person: the same proposal sent again is
// the same one, another one is not.
func (p *Proposal) NameFor(person uint64) string { return "one-" + markOf([]any{p, person}) }

// Whom lists the people of a proposal.
func (p *Proposal) Whom(m *checkpoint.Matter) []uint64 {
	if m.Person != 0 {
		return []uint64{m.Person}
	}
	return p.People
}

// Propose writes a change down that waits for a second person; clientID names it. node
// is where it belongs. The same again changes nothing. Errors: *FieldError,
// ErrOtherRecord, ErrUnavailable.
func (o *Office) Propose(ctx context.Context, clientID, node string, p Proposal, people []uint64) (checkpoint.Matter, error) {
	if err := checkpoint.ValidClientID(clientID); err != nil {
		return checkpoint.Matter{}, err
	}
	if err := o.checkProposal(&p, people); err != nil {
		return checkpoint.Matter{}, err
	}
	m := checkpoint.Matter{
		ID: checkpoint.NewMatterID(KindProposal, clientID), Kind: KindProposal, Node: node, State: ProposalPending, OpenedBy: p.By,
	}
	if old, err := o.store.Matter(ctx, KindProposal, m.ID); err == nil {
		m.DueAt = old.OpenedAt + ProposalLife.Milliseconds() // as it was sent first
	} else {
		m.DueAt = o.store.Now() + ProposalLife.Milliseconds()
	}
	m.OpenedAt = m.DueAt - ProposalLife.Milliseconds()
	if len(people) == 1 {
		m.Person = people[0]
	} else {
		p.People = people
	}
	if err := m.Put(p); err != nil {
		return m, err
	}
	return o.store.AddMatter(ctx, m)
}

func (o *Office) checkProposal(p *Proposal, people []uint64) (err error) {
	if err := o.store.CheckStatusChange(p.Change()); err != nil {
		return err
	}
	if p.Evidence, err = checkpoint.CleanText("evidence", p.Evidence, maxProposalWhy, true); err != nil {
		return err
	}
	if len(people) == 0 || len(people) > MaxProposed {
		return &checkpoint.FieldError{Field: "people", Why: fmt.Sprintf("name 1 to %d", MaxProposed)}
	}
	if sorted := slices.Sorted(slices.Values(people)); len(slices.Compact(sorted)) != len(people) {
		return &checkpoint.FieldError{Field: "people", Why: "names somebody twice"}
	}
	return nil
}

// Change is the decision that it proposes.
func (p *Proposal) Change() checkpoint.StatusChange {
	return checkpoint.StatusChange{
		Status: p.Status, Ground: p.Ground, Until: p.Until, Evidence: p.Evidence, By: p.By, Office: p.Office, Second: p.Second,
	}
}

// DecideProposal approves or refuses one, once: by is never its author. An approved one
// is applied before the answer. Errors: ErrNotFound, ErrSamePerson, *FieldError,
// *Refusal, ErrUnavailable.
func (o *Office) DecideProposal(ctx context.Context, id checkpoint.MatterID, by uint32, approve bool, why string) (checkpoint.Matter, error) {
	why, err := checkpoint.CleanText("reason", why, maxProposalWhy, !approve)
	if err != nil {
		return checkpoint.Matter{}, err
	}
	_, err = o.store.TurnMatter(ctx, KindProposal, id, by, "", func(m *checkpoint.Matter) error {
		var p Proposal
		if err := m.Get(&p); err != nil {
			return err
		}
		now := o.store.Now()
		switch {
		case p.By == by:
			return checkpoint.ErrSamePerson
		case approve && (m.State == ProposalApproved || m.State == ProposalApplied), !approve && m.State == ProposalRefused:
			return errDone
		case m.State != ProposalPending:
			return refuse(CodeWrongState, "this proposal is decided: it is %s", m.State)
		case m.Late(now):
			return refuse(CodeWrongState, "this proposal is older than a day: propose it again")
		}
		p.Second, p.Why, m.State, m.DueAt = by, why, ProposalApproved, 0
		if !approve {
			m.State, m.ClosedAt = ProposalRefused, now
		}
		return m.Put(p)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	if approve {
		return o.applyProposal(ctx, id)
	}
	return o.store.Matter(ctx, KindProposal, id)
}

// applyProposal changes the status of everybody whom an approved proposal is about.
func (o *Office) applyProposal(ctx context.Context, id checkpoint.MatterID) (checkpoint.Matter, error) {
	m, err := o.store.Matter(ctx, KindProposal, id)
	if err != nil || m.State != ProposalApproved {
		return m, err
	}
	var p Proposal
	if err := m.Get(&p); err != nil {
		return m, err
	}
	failed, err := o.ChangeStatuses(ctx, p.Change(), p.Whom(&m))
	if err != nil {
		return m, err
	}
	return o.store.TurnMatter(ctx, KindProposal, id, p.Second, "", func(m *checkpoint.Matter) error {
		p.Failed = failed
		m.State, m.ClosedAt = ProposalApplied, o.store.Now()
		return m.Put(p)
	})
}

// ChangeStatuses gives many people one status and names those whom it could not be
// given to. Doing it again changes nothing more. Errors: ErrUnavailable.
func (o *Office) ChangeStatuses(ctx context.Context, c checkpoint.StatusChange, people []uint64) (failed []FailedChange, err error) {
	for _, person := range people {
		_, err := o.store.ChangeStatus(ctx, person, c)
		switch {
		case errors.Is(err, checkpoint.ErrUnavailable):
			return failed, err
		case errors.Is(err, checkpoint.ErrNotFound):
			failed = append(failed, FailedChange{person, "is not on record any more"})
		case err != nil:
			failed = append(failed, FailedChange{person, err.Error()})
		}
	}
	return failed, nil
}
