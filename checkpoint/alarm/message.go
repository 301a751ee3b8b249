package alarm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"passgate/checkpoint"
)

// Times of messages, ms.
const (
	claimFor  = 60 * second        // a process that died while it sent is waited for so long
	retryMin  = 30 * second        // after the first attempt; doubled each time, up to
	retryMax  = 3600 * second      // this, and a fifth more or less
	giveUp    = 24 * 3600 * second // after it was first due
	maxListed = 5000               // messages looked through for dead ones
)

// claim takes a message that is due, for whoever sends it; errNothing if somebody
// else has. It is due again if nothing is heard of it.
func (b *Book) claim(ctx context.Context, id checkpoint.MatterID) (msg message, err error) {
	_, err = b.store.TurnMatter(ctx, matterMessage, id, 0, "", func(m *checkpoint.Matter) error {
		msg = message{}
		if err := m.Get(&msg); err != nil {
			return err
		}
		now := b.store.Now()
		if !m.Open() || m.DueAt > now {
			return errNothing
		}
		msg.Attempts++
		m.State, m.DueAt = string(sending), now+claimFor
		return m.Put(msg)
	})
	return msg, err
}

// conclude writes down how an attempt went; why nil: it was delivered. It tells the
// state of the message and, if it is tried again, when (UTC ms).
func (b *Book) conclude(ctx context.Context, id checkpoint.MatterID, why error) (state messageState, again int64, err error) {
	_, err = b.store.TurnMatter(ctx, matterMessage, id, 0, "", func(m *checkpoint.Matter) error {
		var msg message
		if err := m.Get(&msg); err != nil {
			return err
		}
		now := b.store.Now()
		var gone *goneError
		msg.Error, state, again = "", sent, 0
		switch {
		case !m.Open():
			return errNothing
		case errors.Is(why, errNoChannel):
			state = dropped
		case why != nil:
			msg.Error = clip(why.Error(), 300)
			if state = dead; !errors.As(why, &gone) && now-msg.Since < giveUp {
				state, again = sending, now+backOff(msg.Attempts)
			}
		}
		m.State, m.DueAt, m.ClosedAt = string(state), again, 0
		if again == 0 {
			m.ClosedAt = now
		}
		return m.Put(msg)
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return state, again, err
}

// backOff is the wait after so many attempts, ms.
func backOff(attempts int) int64 {
	wait := retryMin
	for range min(attempts-1, 10) {
		wait = min(2*wait, retryMax)
	}
	return int64(float64(wait) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // spreads attempts, is no secret
}

// giveBack leaves a claimed message to whoever is on duty next. The receiver may have
// it already, under the same ID.
func (b *Book) giveBack(ctx context.Context, id checkpoint.MatterID) error {
	_, err := b.store.TurnMatter(ctx, matterMessage, id, 0, "", func(m *checkpoint.Matter) error {
		if m.Open() {
			m.DueAt = b.store.Now()
		}
		return nil
	})
	return err
}

// DeadMessage is one that was given up.
type DeadMessage struct {
	ID       checkpoint.MatterID
	Level    Level
	Alarms   int
	Test     bool
	Since    int64 // UTC ms: when it was first due
	DiedAt   int64 // UTC ms
	Attempts int
	Error    string // of the last attempt
}

// Dead lists the messages of a channel that were given up, the last one first; at
// most 200 of the channel's last 5,000. Errors: ErrNotFound, ErrUnavailable.
func (b *Book) Dead(ctx context.Context, name string) (all []DeadMessage, err error) {
	c, err := b.Channel(ctx, name)
	if err != nil {
		return nil, err
	}
	q := checkpoint.MatterQuery{Kind: matterMessage, Node: c.Node, By: checkpoint.ClosedOnly, Newest: true, Limit: checkpoint.MaxMatters}
	for seen := 0; seen < maxListed && len(all) < 200; {
		page, next, err := b.store.Matters(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page {
			m, msg := &page[i], message{}
			if err := m.Get(&msg); err != nil {
				return nil, err
			}
			if msg.Channel == name && messageState(m.State) == dead {
				all = append(all, DeadMessage{m.ID, msg.Level, msg.items(), msg.Test, msg.Since, m.ClosedAt, msg.Attempts, msg.Error})
			}
		}
		seen += len(page)
		if q.Cursor = next; next == "" {
			break
		}
	}
	return all, nil
}

// Retry sends dead messages of a channel again: one, or with id 0 all that Dead lists.
// It tells how many. Errors: ErrNotFound, ErrUnavailable.
func (b *Book) Retry(ctx context.Context, name string, id checkpoint.MatterID, by uint32) (n int, err error) {
	all, err := b.Dead(ctx, name)
	if err != nil {
		return 0, err
	}
	for _, d := range all {
		if id != 0 && d.ID != id {
			continue
		}
		_, err := b.store.TurnMatter(ctx, matterMessage, d.ID, by, "", func(m *checkpoint.Matter) error {
			var msg message
			if err := m.Get(&msg); err != nil {
				return err
			}
			if messageState(m.State) != dead {
				return errNothing
			}
			now := b.store.Now()
			msg.Since, msg.Attempts = now, 0
			m.State, m.ClosedAt, m.DueAt = string(sending), 0, now
			return m.Put(msg)
		})
		switch {
		case err == nil:
			n++
		case !errors.Is(err, errNothing):
			return n, err
		}
	}
	if id != 0 && n == 0 {
		return 0, fmt.Errorf("alarm: dead message %s: %w", id, checkpoint.ErrNotFound)
	}
	return n, nil
}

// Test has a channel told that it works, by the next round of the duty; a failure is
// found in Tested. The ID is that of the message. Errors: ErrNotFound, ErrTooMany,
// ErrUnavailable.
func (b *Book) Test(ctx context.Context, name string, by uint32) (checkpoint.MatterID, error) {
	c, err := b.Channel(ctx, name)
	if err != nil {
		return 0, err
	}
	ref := checkpoint.MatterRef{Kind: matterMessage, ID: testID(name)}
	return ref.ID, b.store.TurnMatters(ctx, by, "", []checkpoint.MatterRef{ref}, func(some []*checkpoint.Matter) error {
		m, now := some[0], b.store.Now()
		m.Node, m.State, m.DueAt, m.ClosedAt = c.Node, string(sending), now, 0
		return m.Put(message{Channel: name, Level: Today, Test: true, Since: now})
	})
}

// testID is the one test message of a channel: whoever tests again tests it anew.
func testID(name string) checkpoint.MatterID {
	return checkpoint.NewMatterID(matterMessage, name+"\x00test")
}

// TestResult is how the last test of a channel went.
type TestResult struct {
	State string // sending, sent, dead; "" without one
	At    int64  // UTC ms: when it was asked for
	Error string
}

// Tested reads it. Errors: ErrUnavailable.
func (b *Book) Tested(ctx context.Context, name string) (TestResult, error) {
	m, err := b.store.Matter(ctx, matterMessage, testID(name))
	if errors.Is(err, checkpoint.ErrNotFound) {
		return TestResult{}, nil
	}
	var msg message
	if err == nil {
		err = m.Get(&msg)
	}
	return TestResult{m.State, msg.Since, msg.Error}, err
}
