package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"passgate/checkpoint"
)

// Bounds of what was done.
const (
	maxDisinfectWords = 60
	maxDisinfectNote  = 200
	maxDisinfections  = 300 // of one site, written in a day
	// writtenBack is how late what was done may be written down, futureSlack how far a clock
	// may be ahead.
	writtenBack = 48 * time.Hour
	futureSlack = 2 * time.Minute
)

// stateExtra is that of what was done beside the rounds that were due.
const stateExtra = "extra"

// Disinfection is what was done once.
type Disinfection struct {
	ID    string              `json:"-"` // the client's, see checkpoint.ValidClientID
	Site  string              `json:"s"`
	Place Place               `json:"p"`
	At    int64               `json:"t"` // UTC ms
	By    uint32              `json:"b"` // number of the member of staff who writes it down
	Hand  string              `json:"h,omitempty"`
	Agent string              `json:"a,omitempty"` // with what, for example 84 消毒液 1:100
	Note  string              `json:"n,omitempty"`
	Round checkpoint.MatterID `json:"x,omitempty"` // the round that it closed; 0: it was an extra one
	Mark  string              `json:"m"`           // digest of what was sent
}

// Disinfect writes down that a place was disinfected. That closes the oldest round of
// its day that is still due or was missed; without one it is an extra. Again, it
// changes nothing. Errors: *FieldError, *Refusal, ErrOtherRecord, ErrUnavailable.
func (o *Office) Disinfect(ctx context.Context, d Disinfection) (Disinfection, checkpoint.Matter, error) {
	site, err := o.checkDisinfection(&d)
	if err == nil {
		err = o.OpenRounds(ctx)
	}
	if err != nil {
		return d, checkpoint.Matter{}, err
	}
	d.Round, d.Mark = 0, ""
	d.Mark = markOf(&d)
	now, day := o.store.Now(), o.store.DayAt(d.At)
	refs := []checkpoint.MatterRef{
		{Kind: KindDisinfection, ID: checkpoint.NewMatterID(KindDisinfection, d.ID)},
		o.deskRef(string(KindDisinfection) + "\x00" + d.Site),
	}
	for n := 1; n <= MaxRounds; n++ {
		refs = append(refs, checkpoint.MatterRef{Kind: KindRound, ID: roundID(d.Site, d.Place, day, n)})
	}
	written, body := (*checkpoint.Matter)(nil), d
	err = o.store.TurnMatters(ctx, d.By, "", refs, func(some []*checkpoint.Matter) error {
		if written, body = some[0], d; written.There() {
			if err := written.Get(&body); err != nil {
				return err
			}
			if body.Mark != d.Mark {
				return checkpoint.ErrOtherRecord
			}
			return errDone
		}
		if err := o.countAtDesk(some[1], maxDisinfections, "this site's disinfections"); err != nil {
			return err
		}
		written.State = stateExtra
		if m := firstUndone(some[2:]); m != nil {
			if err := finishRound(m, written.ID, now); err != nil {
				return err
			}
			written.State, body.Round = RoundDone, m.ID
		}
		written.Node, written.OpenedAt, written.ClosedAt = site.Grid, d.At, now
		return written.Put(body)
	})
	if err != nil && !errors.Is(err, errDone) {
		return d, checkpoint.Matter{}, err
	}
	return body, *written, nil
}

// firstUndone is the first round that waits, or was given up when its day was over.
func firstUndone(rounds []*checkpoint.Matter) *checkpoint.Matter {
	for _, m := range rounds {
		if m.State == RoundDue || m.State == RoundMissed {
			return m
		}
	}
	return nil
}

func finishRound(m *checkpoint.Matter, by checkpoint.MatterID, now int64) error {
	var r Round
	if err := m.Get(&r); err != nil {
		return err
	}
	m.State, r.Done = RoundDone, by
	if m.Open() {
		m.ClosedAt = now
	}
	return m.Put(r)
}

func (o *Office) checkDisinfection(d *Disinfection) (*checkpoint.Site, error) {
	if err := checkpoint.ValidClientID(d.ID); err != nil {
		return nil, err
	}
	site, ok := o.store.Registry().Site(d.Site)
	if !ok {
		return nil, &checkpoint.FieldError{Field: "site", Why: "there is no such site"}
	}
	if !knownPlace(d.Place) {
		return nil, placeError("kind")
	}
	var err error
	if d.Hand, err = checkpoint.CleanText("by", d.Hand, maxDisinfectWords, false); err != nil {
		return nil, err
	}
	if d.Agent, err = checkpoint.CleanText("agent", d.Agent, maxDisinfectWords, false); err != nil {
		return nil, err
	}
	if d.Note, err = checkpoint.CleanText("note", d.Note, maxDisinfectNote, false); err != nil {
		return nil, err
	}
	return site, o.checkAt(d.At, writtenBack)
}

// checkAt refuses what is written down from the future or too late.
func (o *Office) checkAt(at int64, back time.Duration) error {
	switch now := o.store.Now(); {
	case at > now+futureSlack.Milliseconds():
		return &checkpoint.FieldError{Field: "at", Why: "lies in the future: the clock of this device is wrong"}
	case at < now-back.Milliseconds():
		return &checkpoint.FieldError{Field: "at", Why: fmt.Sprintf("lies more than %d hours back", int(back.Hours()))}
	}
	return nil
}
