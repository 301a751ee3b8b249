package alarm

import (
	"context"
	"errors"
	"time"

	"passgate/checkpoint"
)

// Each channel is called by one goroutine at a time, so that its messages come in
// order and a slow receiver keeps no other waiting.

// perMinute is how often a channel is called.
func (c *Channel) perMinute() int {
	if c.Kind == Webhook {
		return 120
	}
	return 20
}

// line is what a process knows of the calls to a channel.
type line struct {
	busy  bool
	until int64   // UTC ms: not called before, since it failed
	calls []int64 // UTC ms, of the last minute
}

// admit tells whether a channel may be called now, and counts the call.
func (l *line) admit(now int64, most int) bool {
	for len(l.calls) > 0 && l.calls[0] <= now-minute {
		l.calls = l.calls[1:]
	}
	if len(l.calls) >= most {
		return false
	}
	l.calls = append(l.calls, now)
	return true
}

// maxBurst are the messages that one goroutine delivers before the next round.
const maxBurst = 20

// send begins to deliver what is due.
func (d *Duty) send(ctx context.Context) error {
	now := d.book.store.Now()
	due, err := d.book.store.DueMatters(ctx, matterMessage, now+1)
	if err != nil {
		return err
	}
	byChannel := map[string][]checkpoint.MatterID{}
	for i := range due {
		var msg message
		if err := due[i].Get(&msg); err != nil {
			return err
		}
		if ids := byChannel[msg.Channel]; len(ids) < maxBurst {
			byChannel[msg.Channel] = append(ids, due[i].ID)
		}
	}
	for name, ids := range byChannel {
		if d.reserve(name, now) {
			d.delivering.Go(func() { d.deliver(ctx, name, ids) })
		}
	}
	return nil
}

// reserve takes a channel's line; false if it is busy or has to wait.
func (d *Duty) reserve(name string, now int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lines[name]
	if l == nil {
		l = &line{}
		d.lines[name] = l
	}
	if l.busy || now < l.until {
		return false
	}
	l.busy = true
	return true
}

// deliver sends messages of a channel until one fails.
func (d *Duty) deliver(ctx context.Context, name string, ids []checkpoint.MatterID) {
	d.slots <- struct{}{}
	defer func() {
		<-d.slots
		d.mu.Lock()
		d.lines[name].busy = false
		d.mu.Unlock()
	}()
	for _, id := range ids {
		again, err := d.deliverOne(ctx, name, id)
		if err != nil && ctx.Err() == nil {
			d.cfg.Logger.Error("a message could not be taken in hand; it is tried again", "channel", name, "message", id, "error", err)
		}
		if err != nil || again != 0 || ctx.Err() != nil {
			d.mu.Lock()
			d.lines[name].until = again
			d.mu.Unlock()
			return
		}
	}
}

// deliverOne makes one attempt; again is when the channel may be called next (UTC ms)
// if it failed, else 0.
func (d *Duty) deliverOne(ctx context.Context, name string, id checkpoint.MatterID) (again int64, err error) {
	c, err := d.book.Channel(ctx, name)
	if errors.Is(err, checkpoint.ErrNotFound) {
		_, _, err := d.book.conclude(ctx, id, errNoChannel)
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	now := d.book.store.Now()
	d.mu.Lock()
	free := d.lines[name].admit(now, c.perMinute())
	d.mu.Unlock()
	if !free {
		return now + minute/4, nil
	}
	msg, err := d.book.claim(ctx, id)
	if errors.Is(err, errNothing) || errors.Is(err, checkpoint.ErrNotFound) {
		return 0, nil // somebody else has it
	}
	if err != nil {
		return 0, err
	}
	why := d.call(ctx, &c, id, &msg)
	cut := why != nil && ctx.Err() != nil // by the end of the process, not by the receiver
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkpoint.ClientTimeout)
	defer cancel()
	if cut {
		return 0, d.book.giveBack(ctx, id)
	}
	state, again, err := d.book.conclude(ctx, id, why)
	d.count(state, why)
	if why != nil {
		d.cfg.Logger.Warn("a message was not delivered", "channel", name, "message", id, "attempt", msg.Attempts, "state", string(state), "error", why)
	}
	return again, err
}

// call delivers a message; nil: the receiver took it.
func (d *Duty) call(ctx context.Context, c *Channel, id checkpoint.MatterID, msg *message) error {
	req, err := d.book.request(c, id, msg, d.cfg.Link, time.UnixMilli(d.book.store.Now()))
	if err != nil {
		return err
	}
	status, answer, err := d.cfg.Post(ctx, req.url, req.header, req.body)
	if err != nil {
		return err
	}
	return c.accepted(status, answer)
}

func (d *Duty) count(state messageState, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case state == sent:
		d.sent.Sent++
	case state == dead:
		d.sent.Dead++
	}
	if why != nil {
		d.sent.Failed++
	}
}
