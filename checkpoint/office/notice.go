package office

import (
	"context"
	"errors"
	"fmt"
	"time"

	"passgate/checkpoint"
)

// A notice is a record, and lies on the board of its node while it is not over: so
// what holds at a place is read at once from the boards on the way up.

// Kinds of records of notices.
const (
	KindNotice  checkpoint.MatterKind = "notice"
	kindBoard   checkpoint.MatterKind = "notice_board"
	maxOnBoard                        = 8 // notices of one node at a time
	maxTitle                          = 60
	maxNotice                         = 1000
	maxLoud                           = 300
	maxNoticeOn                       = 60 * 24 * time.Hour
	maxBoardsUp                       = 8 // nodes on the way up, as many as change at once
	noticeSlack                       = 5 * time.Minute
)

// States of notices.
const (
	NoticePublished = "published"
	NoticeWithdrawn = "withdrawn"
	NoticeOver      = "over" // its time is over
)

// Notice is a text for the people of a node and of all below it.
type Notice struct {
	Title       string `json:"t"`
	Text        string `json:"x"`
	Loudspeaker string `json:"l,omitempty"` // shorter, to be read out
	From        int64  `json:"f"`           // UTC ms, included
	Until       int64  `json:"u"`           // UTC ms, not included
}

// Posted is a notice with its name and place.
type Posted struct {
	ID     checkpoint.MatterID `json:"i"`
	Node   string              `json:"n"`
	Notice Notice              `json:"b"`
}

type board struct {
	Posted []Posted `json:"p"`
}

func boardRef(node string) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: kindBoard, ID: checkpoint.NewMatterID(kindBoard, node)}
}

// current leaves out what is over.
func (b *board) current(now int64) (posted []Posted) {
	for _, p := range b.Posted {
		if p.Notice.Until > now {
			posted = append(posted, p)
		}
	}
	return posted
}

// AddNotice publishes a notice at a node; again, it changes nothing. A From of 0 is
// now. Errors: *FieldError, *Refusal, ErrOtherRecord, ErrUnavailable.
func (o *Office) AddNotice(ctx context.Context, by uint32, node, id string, n Notice) (checkpoint.Matter, error) {
	if err := checkpoint.ValidClientID(id); err != nil {
		return checkpoint.Matter{}, err
	}
	mark := markOf([]any{node, n})
	if err := o.checkNotice(&n); err != nil {
		return checkpoint.Matter{}, err
	}
	type kept struct {
		Notice
		Mark string `json:"m"`
	}
	ref := checkpoint.MatterRef{Kind: KindNotice, ID: checkpoint.NewMatterID(KindNotice, id)}
	var written *checkpoint.Matter
	err := o.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{ref, boardRef(node)}, func(some []*checkpoint.Matter) error {
		m, now := some[0], o.store.Now()
		if written = m; m.There() {
			var before kept
			if err := m.Get(&before); err != nil {
				return err
			}
			if before.Mark != mark {
				return checkpoint.ErrOtherRecord
			}
			return errDone
		}
		var b board
		if err := some[1].Get(&b); err != nil {
			return err
		}
		if b.Posted = b.current(now); len(b.Posted) >= maxOnBoard {
			return refuse(CodeTooMany, "%s has %d notices already: withdraw one first, people read few", o.nodeName(node), maxOnBoard)
		}
		b.Posted = append(b.Posted, Posted{m.ID, node, n})
		m.Node, m.State, m.DueAt = node, NoticePublished, n.Until
		some[1].Node, some[1].State = node, stateKept
		if err := some[1].Put(b); err != nil {
			return err
		}
		return m.Put(kept{n, mark})
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

func (o *Office) checkNotice(n *Notice) (err error) {
	if n.Title, err = checkpoint.CleanText("title", n.Title, maxTitle, true); err != nil {
		return err
	}
	if n.Text, err = checkpoint.CleanText("text", n.Text, maxNotice, true); err != nil {
		return err
	}
	if n.Loudspeaker, err = checkpoint.CleanText("loudspeaker_text", n.Loudspeaker, maxLoud, false); err != nil {
		return err
	}
	now := o.store.Now()
	if n.From == 0 {
		n.From = now
	}
	switch {
	case n.Until <= n.From:
		return &checkpoint.FieldError{Field: "valid_until", Why: "must lie after valid_from"}
	case n.Until <= now-noticeSlack.Milliseconds():
		return &checkpoint.FieldError{Field: "valid_until", Why: "must lie ahead"}
	case n.Until > now+maxNoticeOn.Milliseconds():
		return &checkpoint.FieldError{Field: "valid_until", Why: fmt.Sprintf("must lie at most %d days ahead", int(maxNoticeOn.Hours()/24))}
	}
	return nil
}

// WithdrawNotice takes a notice off the board; again, it changes nothing. Errors:
// ErrNotFound, *Refusal, *FieldError, ErrUnavailable.
func (o *Office) WithdrawNotice(ctx context.Context, by uint32, id checkpoint.MatterID, note string) (checkpoint.Matter, error) {
	return o.endNotice(ctx, by, id, NoticeWithdrawn, note)
}

func (o *Office) endNotice(ctx context.Context, by uint32, id checkpoint.MatterID, state, note string) (checkpoint.Matter, error) {
	m, err := o.store.Matter(ctx, KindNotice, id)
	if err != nil {
		return m, err
	}
	var written *checkpoint.Matter
	refs := []checkpoint.MatterRef{{Kind: KindNotice, ID: id}, boardRef(m.Node)}
	err = o.store.TurnMatters(ctx, by, note, refs, func(some []*checkpoint.Matter) error {
		switch written = some[0]; {
		case !written.There():
			return checkpoint.ErrNotFound
		case written.State == state:
			return errDone
		case written.State != NoticePublished:
			return refuse(CodeWrongState, "it is not published any more: it is %s", written.State)
		}
		now := o.store.Now()
		var b, left board
		if err := some[1].Get(&b); err != nil {
			return err
		}
		for _, p := range b.current(now) {
			if p.ID != id {
				left.Posted = append(left.Posted, p)
			}
		}
		written.State, written.ClosedAt, written.DueAt = state, now, 0
		return some[1].Put(left)
	})
	if err != nil && !errors.Is(err, errDone) {
		return checkpoint.Matter{}, err
	}
	return *written, nil
}

// NoticesAt are those that hold at a node now: its own and those of the nodes above
// it, the nearest first, of each node in order of publication.
func (o *Office) NoticesAt(ctx context.Context, node string) (posted []Posted, err error) {
	var refs []checkpoint.MatterRef
	reg := o.store.Registry()
	for n, ok := reg.Grid(node); ok && len(refs) < maxBoardsUp; n, ok = reg.Grid(n.Parent) {
		refs = append(refs, boardRef(n.ID))
	}
	err = o.store.TurnMatters(ctx, 0, "", refs, func(some []*checkpoint.Matter) error { // reads them at once, and changes none
		now := o.store.Now()
		for _, m := range some {
			var b board
			if err := m.Get(&b); err != nil {
				return err
			}
			for _, p := range b.current(now) {
				if p.Notice.From <= now {
					posted = append(posted, p)
				}
			}
		}
		return errDone
	})
	if !errors.Is(err, errDone) {
		return nil, err
	}
	return posted, nil
}

// endNotices closes those whose time is over.
func (o *Office) endNotices(ctx context.Context) error {
	over, err := o.store.DueMatters(ctx, KindNotice, o.store.Now()+1)
	if err != nil {
		return err
	}
	for i := range over {
		_, err := o.endNotice(ctx, 0, over[i].ID, NoticeOver, "")
		var refused *Refusal
		if err != nil && !errors.As(err, &refused) && !errors.Is(err, checkpoint.ErrNotFound) {
			return err
		}
	}
	return nil
}
