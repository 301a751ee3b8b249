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
// is completed by approving again, or by SettleProposals, and never overrules what was
// decided about somebody since. Two parties have decided already, so that nobody is
// asked, where an authority outside the town orders (package feed) and where a hospital
// gave a positive result (RedByHospital).

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
	// MaxProposed is how many people one proposal can have: their list and where it
	// failed fit into one matter.
	MaxProposed    = 2000
	ProposalLife   = 24 * time.Hour // how long one waits
	maxProposalWhy = 200
	// appliedAtOnce is after how many people it is written down how far it has come.
	appliedAtOnce = 100
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
	At       int64             `json:"t,omitempty"` // UTC ms, when they did
	Why      string            `json:"w,omitempty"` // of a refusal
	People   peopleList        `json:"p,omitempty"` // whom it is about, if they are many
	Done     int               `json:"d,omitempty"` // how many of them were looked at, from the first
	Failed   []failure         `json:"f,omitempty"`
}

// failure is why something could not be applied, and to whom: their places in the list.
type failure struct {
	Why    string `json:"w"`
	Places []int  `json:"p"`
}

// FailedChange is somebody whose status could not be changed, and why.
type FailedChange struct {
	Person uint64
	Why    string
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

// FailedFor lists whom it could not be applied to.
func (p *Proposal) FailedFor(m *checkpoint.Matter) (failed []FailedChange) {
	whom := p.Whom(m)
	for _, f := range p.Failed {
		for _, place := range f.Places {
			if place < len(whom) { // none of somebody who was erased since
				failed = append(failed, FailedChange{whom[place], f.Why})
			}
		}
	}
	return failed
}

// fail writes down that it could not be applied to who stands at a place.
func (p *Proposal) fail(place int, why string) {
	i := slices.IndexFunc(p.Failed, func(f failure) bool { return f.Why == why })
	if i < 0 {
		i = len(p.Failed)
		p.Failed = append(p.Failed, failure{Why: why})
	}
	p.Failed[i].Places = append(p.Failed[i].Places, place)
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
	m, err := o.store.TurnMatter(ctx, KindProposal, id, by, "", func(m *checkpoint.Matter) error {
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
		case m.State != ProposalPending || !m.Open():
			return refuse(CodeWrongState, "this proposal is decided: it is %s", m.State)
		case m.Late(now):
			return refuse(CodeWrongState, "this proposal is older than a day: propose it again")
		case approve && o.store.CheckStatusChange(p.Change()) != nil:
			return refuse(CodeWrongState, "the status that it proposes would be over by now: propose it again")
		}
		p.Second, p.At, p.Why, m.State, m.DueAt = by, now, why, ProposalApproved, 0
		if !approve {
			m.State, m.ClosedAt = ProposalRefused, now
		}
		return m.Put(p)
	})
	if errors.Is(err, errDone) {
		m, err = o.store.Matter(ctx, KindProposal, id)
	}
	if err != nil || m.State != ProposalApproved {
		return m, err
	}
	return o.applyProposal(ctx, m)
}
