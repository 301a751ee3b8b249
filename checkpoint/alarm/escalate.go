package alarm

import (
	"context"
	"errors"
	"fmt"

	"passgate/checkpoint"
)

// patience is how long an alarm waits for somebody to acknowledge it until the next
// head above is told, ms.
var patience = map[Level]int64{Urgent: 10 * minute, Today: 120 * minute}

// reminder is how often the head at the top is told again, ms.
var reminder = map[Level]int64{Urgent: 30 * minute, Today: day}

// tellDue tells the heads whose turn it is: those of new alarms, and the next above
// where nobody has acknowledged one in time.
func (d *Duty) tellDue(ctx context.Context) error {
	due, err := d.book.store.DueMatters(ctx, matterAlarm, d.book.store.Now()+1)
	if err != nil || len(due) == 0 {
		return err
	}
	items := make([]item, 0, len(due))
	for i := range due {
		e, err := entryOf(&due[i])
		if err != nil {
			return err
		}
		items = append(items, d.book.toTell(e))
	}
	channels, err := d.book.Channels(ctx, "")
	if err != nil {
		return err
	}
	for i := range channels {
		if err := d.tellChannel(ctx, &channels[i], items); err != nil {
			return err
		}
	}
	return d.book.toldAll(ctx, items)
}

// toTell is who is told of an alarm that is due.
func (b *Book) toTell(e Entry) item {
	if e.Calls == 0 {
		return item{entry: e, told: b.chain(e.Node, e.Hidden)[0]}
	}
	next, _ := b.nextTold(&e)
	return item{entry: e, again: true, told: next}
}

func (d *Duty) tellChannel(ctx context.Context, c *Channel, items []item) error {
	reg := d.book.store.Registry()
	for level := range waits {
		var mine []item
		for i := range items {
			it := &items[i]
			if it.entry.Kind.Text().Level == level && c.concerns(reg, &it.entry, it.told.node, !it.again) {
				mine = append(mine, *it)
			}
		}
		if err := d.book.tell(ctx, c, level, mine); err != nil {
			return err
		}
		d.progress.Told += len(mine)
	}
	return nil
}

// toldAll writes down that these alarms were told, and when the next one is. Those
// that somebody acknowledged or closed meanwhile stay as they are.
func (b *Book) toldAll(ctx context.Context, items []item) error {
	var failed error
	for i := range items {
		it := &items[i]
		_, err := b.turn(ctx, it.entry.ID, 0, it.note(), func(m *checkpoint.Matter, r *record) error {
			if State(m.State) != Open || !m.Open() || r.Calls != it.entry.Calls || r.Generation != it.entry.Generation {
				return errNothing
			}
			r.Calls++
			r.Told, m.Owner = it.told.node, it.told.num()
			m.DueAt = b.store.Now() + b.wait(it)
			return nil
		})
		if err != nil && !errors.Is(err, checkpoint.ErrNotFound) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// wait is the time until the next one is told, ms.
func (b *Book) wait(it *item) int64 {
	level := it.entry.Kind.Text().Level
	e := it.entry
	e.Told = it.told.node
	if _, top := b.nextTold(&e); top && it.again && it.told.node == it.entry.Told {
		return reminder[level]
	}
	return patience[level]
}

// note is the step in an alarm's record.
func (it *item) note() string {
	who := "无负责人"
	if it.told.head != nil {
		who = it.told.head.Login
	}
	switch {
	case !it.again:
		return fmt.Sprintf("已通知 %s(%s)", it.told.node, who)
	case it.told.node == it.entry.Told:
		return fmt.Sprintf("未确认，再次提醒 %s（%s）", it.told.node, who)
	}
	return fmt.Sprintf("未按时确认，上报 %s（%s）", it.told.node, who)
}
