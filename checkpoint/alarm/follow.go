package alarm

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"passgate/checkpoint"
)

// Events reach the lists of alerts within the projector's lag, and those of devices
// that were offline, and of paper logs, hours or weeks after they occurred. Three windows,
// looked at the less often the longer they are, find all of them: the last goes back as
// far as events are shown. Each is raised once, whatever becomes of it.
const (
	minute, hour, day = 60 * second, 3600 * second, 24 * 3600 * second
	ahead             = 10 * minute // of clocks that are fast
	maxSeen           = 100_000     // events remembered; more are asked for again
)

var windows = [...]struct{ length, every int64 }{{15 * minute, 0}, {26 * hour, minute}, {0, 30 * minute}} // length 0: retention

// follower is how far the events were followed.
type follower struct {
	since int64               // UTC ms: what was recorded before is not news
	asked [len(windows)]int64 // UTC ms: when each window was last looked at
	seen  map[string]bool     // keys of events that were raised
}

// follow raises the alarms of events.
func (d *Duty) follow(ctx context.Context) error {
	f, now := &d.events, d.book.store.Now()
	if f.since == 0 {
		f.since = now - hour // a town that begins
	}
	var failed error
	for i, w := range windows {
		if f.asked[i] != 0 && now < f.asked[i]+w.every {
			continue
		}
		length := cmp.Or(w.length, d.book.store.Retention().Milliseconds())
		if err := d.followWindow(ctx, now-length, now+ahead); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		f.asked[i] = now
		if i == len(windows)-1 { // all that was listed by now is raised
			f.since = max(f.since, now-day)
		}
	}
	return failed
}

func (d *Duty) followWindow(ctx context.Context, from, to int64) error {
	f, reg := &d.events, d.book.store.Registry()
	if len(f.seen) > maxSeen || f.seen == nil {
		f.seen = map[string]bool{}
	}
	var failed error
	full := map[string]bool{} // nodes that take no more now: they are not asked again for each event
	err := d.book.store.Alerts(ctx, max(from, 0), to, func(a *checkpoint.Alert) error {
		e := &a.Event
		key := fmt.Sprintf("%s-%d-%s", checkpoint.FormatPersonID(e.Person), e.OccurredAt, hex.EncodeToString(e.Hash[:]))
		if e.RecordedAt < f.since || e.Annulled || len(a.Kinds) == 0 || f.seen[key] {
			return nil
		}
		alarm := Alarm{Kind: Kind(a.Kinds[0]), Key: key, Person: e.Person, Ref: "event/" + key, At: e.OccurredAt}
		if e.Fever != 0 {
			alarm.Ref = "fever/" + e.Fever.String()
		}
		if gate, ok := reg.GateByNum(e.Gate); ok {
			if site, ok := reg.Site(gate.Site); ok {
				alarm.Node = site.Grid
			}
		}
		if full[alarm.Node] {
			return nil
		}
		raised, err := d.book.raise(ctx, alarm, raising{source: "events", once: true})
		switch {
		case errors.Is(err, checkpoint.ErrUnavailable), ctx.Err() != nil:
			return err
		case err != nil: // keeps nobody else's alarm back; the first is told
			full[alarm.Node] = errors.Is(err, checkpoint.ErrTooMany)
			failed = cmp.Or(failed, fmt.Errorf("alarm of an event at node %q: %w", alarm.Node, err))
			return nil
		}
		f.seen[key] = true
		if raised {
			d.progress.Raised++
		}
		return nil
	})
	return errors.Join(err, failed)
}

// openAlarm is what the duty knows of an alarm that is open.
type openAlarm struct {
	kind   Kind
	source string
}

// openAlarms reads all that are open; more tells that there are more.
func (b *Book) openAlarms(ctx context.Context) (all map[checkpoint.MatterID]openAlarm, more bool, err error) {
	all = map[checkpoint.MatterID]openAlarm{}
	q := checkpoint.MatterQuery{Kind: matterAlarm, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters}
	for {
		page, next, err := b.store.Matters(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for i := range page {
			var r record
			if err := page[i].Get(&r); err != nil {
				return nil, false, err
			}
			all[page[i].ID] = openAlarm{r.Kind, r.Source}
		}
		if next == "" || len(all) >= maxOpen {
			return all, next != "", nil
		}
		q.Cursor = next
	}
}
