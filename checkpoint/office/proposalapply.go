package office

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"passgate/checkpoint"
)

// peopleList is a list of IDs that takes 11 bytes a person in JSON.
type peopleList []uint64

// MarshalText packs it.
func (l peopleList) MarshalText() ([]byte, error) {
	plain := make([]byte, 0, 8*len(l))
	for _, id := range l {
		plain = binary.BigEndian.AppendUint64(plain, id)
	}
	return base64.StdEncoding.AppendEncode(nil, plain), nil
}

// UnmarshalText reads what MarshalText wrote.
func (l *peopleList) UnmarshalText(text []byte) error {
	plain, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil || len(plain)%8 != 0 {
		return errors.New("office: this is no list of people")
	}
	*l = make(peopleList, 0, len(plain)/8)
	for ; len(plain) > 0; plain = plain[8:] {
		*l = append(*l, binary.BigEndian.Uint64(plain))
	}
	return nil
}

// applyProposal changes the status of everybody whom an approved proposal is about, from
// where it was cut off before.
func (o *Office) applyProposal(ctx context.Context, m checkpoint.Matter) (checkpoint.Matter, error) {
	for m.State == ProposalApproved {
		var p Proposal
		if err := m.Get(&p); err != nil {
			return m, err
		}
		whom := p.Whom(&m)
		from := min(p.Done, len(whom))
		some := whom[from:min(from+appliedAtOnce, len(whom))]
		failed, err := o.changeStatuses(ctx, p.Change(), p.At, some)
		if err != nil {
			return m, err
		}
		m, err = o.store.TurnMatter(ctx, KindProposal, m.ID, p.Second, "", func(m *checkpoint.Matter) error {
			var now Proposal
			if err := m.Get(&now); err != nil {
				return err
			}
			if m.State != ProposalApproved || !m.Open() || now.Done != p.Done { // somebody else was faster
				return nil
			}
			for i, why := range failed {
				if why != "" {
					now.fail(from+i, why)
				}
			}
			if now.Done = from + len(some); now.Done >= len(whom) {
				m.State, m.ClosedAt = ProposalApplied, o.store.Now()
			}
			return m.Put(now)
		})
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// ChangeStatuses gives many people one status and names those whom it could not be
// given to. Doing it again changes nothing more. Errors: ErrUnavailable.
func (o *Office) ChangeStatuses(ctx context.Context, c checkpoint.StatusChange, people []uint64) (failed []FailedChange, err error) {
	whys, err := o.changeStatuses(ctx, c, o.store.Now(), people)
	for i, why := range whys {
		if why != "" {
			failed = append(failed, FailedChange{people[i], why})
		}
	}
	return failed, err
}

// changeStatuses gives people one status, which was decided at a time (UTC ms), and
// says of each why not, "" if it did.
func (o *Office) changeStatuses(ctx context.Context, c checkpoint.StatusChange, decided int64, people []uint64) ([]string, error) {
	present, err := o.Present(ctx, people)
	if err != nil {
		return nil, err
	}
	whys := make([]string, len(people))
	for i := range present {
		if whys[i], err = o.changeStatus(ctx, c, decided, present[i].ID); err != nil {
			return nil, err
		}
	}
	return whys, nil
}

func (o *Office) changeStatus(ctx context.Context, c checkpoint.StatusChange, decided int64, person uint64) (why string, err error) {
	const gone = "is not on record any more"
	if person == 0 {
		return gone, nil
	}
	done, err := o.store.ChangeStatusWhile(ctx, person, c, func(ctx context.Context) (bool, error) {
		who, err := o.store.Resident(ctx, person)
		if err != nil {
			return false, err
		}
		now, err := o.store.StatusRecord(ctx, &who)
		return now.Since <= decided || decidedBy(&now, &c), err
	})
	switch {
	case errors.Is(err, checkpoint.ErrUnavailable):
		return "", err
	case errors.Is(err, checkpoint.ErrNotFound):
		return gone, nil
	case err != nil:
		return err.Error(), nil
	case !done:
		return "has another status since this one was decided", nil
	}
	return "", nil
}

// decidedBy tells that a record is of a decision.
func decidedBy(r *checkpoint.StatusRecord, c *checkpoint.StatusChange) bool {
	return r.Status == c.Status && r.Ground == c.Ground && r.Until == c.Until && r.By == c.By && r.Second == c.Second &&
		r.Evidence == c.Evidence && r.Office == c.Office
}

// Present reads people, in the order of ids: who moved under an ID of now, who is not on
// record any more as nobody (ID 0). Errors: ErrUnavailable.
func (o *Office) Present(ctx context.Context, ids []uint64) ([]checkpoint.Resident, error) {
	found, err := o.residents(ctx, ids)
	if err != nil {
		return nil, err
	}
	var moved []uint64
	for _, r := range found {
		if r.Kind == checkpoint.KindErased && r.KnownAs != 0 {
			moved = append(moved, r.KnownAs)
		}
	}
	now, err := o.residents(ctx, moved)
	if err != nil {
		return nil, err
	}
	people := make([]checkpoint.Resident, len(ids))
	for i, id := range ids {
		r := found[id]
		if r.Kind == checkpoint.KindErased {
			r = now[r.KnownAs]
		}
		if r.Kind != checkpoint.KindErased {
			people[i] = r
		}
	}
	return people, nil
}

// residents reads people by their IDs.
func (o *Office) residents(ctx context.Context, ids []uint64) (map[uint64]checkpoint.Resident, error) {
	people, err := o.store.Residents(ctx, ids)
	byID := make(map[uint64]checkpoint.Resident, len(people))
	for i := range people {
		byID[people[i].ID] = people[i]
	}
	return byID, err
}
