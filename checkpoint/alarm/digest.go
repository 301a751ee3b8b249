package alarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// Digests of one channel and level are a row, a stream: the first of a quiet time is
// due at once, the next ones after waits that grow while more comes. Whatever is told
// goes into the one that gathers; which that is says the stream's record, and both are
// written together.

// messageState is where a digest stands.
type messageState string

// The states of messages.
const (
	gathering messageState = "gathering"
	sending   messageState = "sending" // tried, or tried again
	sent      messageState = "sent"
	dead      messageState = "dead"    // given up
	dropped   messageState = "dropped" // its channel is gone
)

const second = 1000 // ms

// waits are how long a stream gathers, ms; the last one repeats.
var waits = map[Level][]int64{
	Urgent: {0, 30 * second, 120 * second, 300 * second},
	Today:  {0, 300 * second, 900 * second, 3600 * second},
}

// quiet is how long nothing has to have come until the next one is told at once.
func quiet(level Level) int64 { w := waits[level]; return 2 * w[len(w)-1] }

// stream is the record of a stream.
type stream struct {
	Seq   int   `json:"s"` // number of its last message
	Stage int   `json:"g"` // of waits, of that message
	Due   int64 `json:"d"` // of that message
}

// group are the alarms of a message of one kind at one place.
type group struct {
	Kind  Kind     `json:"k"`
	Node  string   `json:"n"`
	Again bool     `json:"a,omitempty"` // told before, to somebody below or the same
	Refs  []string `json:"r"`           // see item.ref
}

// message is the record of a message.
type message struct {
	Channel  string  `json:"c"`
	Level    Level   `json:"l"`
	Groups   []group `json:"g,omitempty"`
	Test     bool    `json:"t,omitempty"` // says only that the channel works
	Since    int64   `json:"s"`           // UTC ms: when it was first due
	Attempts int     `json:"n,omitempty"`
	Error    string  `json:"e,omitempty"` // of the last attempt
}

// maxItems are the most alarms of one digest: they fit into a record.
const maxItems = 1200

func (m *message) items() (n int) {
	for _, g := range m.Groups {
		n += len(g.Refs)
	}
	return n
}

// item is an alarm to tell.
type item struct {
	entry Entry
	again bool
	told  told // who is told
}

// ref names an alarm, its generation and how often it was told: the same ref is told
// once.
func (it *item) ref() string {
	return fmt.Sprintf("%s-%d-%d", it.entry.ID, it.entry.Generation, it.entry.Calls)
}

// alarmOf is the ID in a ref.
func alarmOf(ref string) string {
	id, _, _ := strings.Cut(ref, "-")
	return id
}

// add puts an item into a message, unless it is there.
func (m *message) add(it *item) {
	at := slices.IndexFunc(m.Groups, func(g group) bool {
		return g.Kind == it.entry.Kind && g.Node == it.entry.Node && g.Again == it.again
	})
	if at < 0 {
		at = len(m.Groups)
		m.Groups = append(m.Groups, group{Kind: it.entry.Kind, Node: it.entry.Node, Again: it.again})
	}
	if g := &m.Groups[at]; !slices.Contains(g.Refs, it.ref()) {
		g.Refs = append(g.Refs, it.ref())
	}
}

// has tells that a message names an item.
func (m *message) has(ref string) bool {
	return slices.ContainsFunc(m.Groups, func(g group) bool { return slices.Contains(g.Refs, ref) })
}

// without are the items that a message does not name.
func (m *message) without(items []item) []item {
	return slices.DeleteFunc(slices.Clone(items), func(it item) bool { return m.has(it.ref()) })
}

func streamID(channel string, level Level) checkpoint.MatterID {
	return checkpoint.NewMatterID(matterStream, channel+"\x00"+string(level))
}

func messageID(channel string, level Level, seq int) checkpoint.MatterID {
	return checkpoint.NewMatterID(matterMessage, fmt.Sprintf("%s\x00%s\x00%d", channel, level, seq))
}

// tell puts items into a channel's digests of a level.
func (b *Book) tell(ctx context.Context, c *Channel, level Level, items []item) error {
	for len(items) > 0 {
		var st stream
		m, err := b.store.Matter(ctx, matterStream, streamID(c.Name, level))
		switch {
		case err == nil:
			err = m.Get(&st)
		case errors.Is(err, checkpoint.ErrNotFound):
			err = nil
		}
		if err != nil {
			return err
		}
		items, err = b.tellSome(ctx, c, level, st, items)
		if err != nil {
			return err
		}
	}
	return nil
}

// tellSome puts items into the message that gathers, or into a new one, and gives
// those that are left: it is full, or somebody was faster.
func (b *Book) tellSome(ctx context.Context, c *Channel, level Level, st stream, items []item) (left []item, err error) {
	refs := []checkpoint.MatterRef{
		{Kind: matterStream, ID: streamID(c.Name, level)},
		{Kind: matterMessage, ID: messageID(c.Name, level, st.Seq)},
		{Kind: matterMessage, ID: messageID(c.Name, level, st.Seq+1)},
	}
	err = b.store.TurnMatters(ctx, 0, "", refs, func(some []*checkpoint.Matter) error {
		var have stream
		var msg message
		if err := errors.Join(some[0].Get(&have), some[1].Get(&msg)); err != nil {
			return err
		}
		if left = items; have != st {
			return errNothing
		}
		into, now := some[1], b.store.Now()
		some[0].Node, some[0].State = c.Node, "on"
		fresh := items
		if messageState(into.State) != gathering || into.DueAt <= now || msg.items() >= maxItems {
			fresh = msg.without(items) // a round that was cut off had put them into the last one
			if left = fresh; len(fresh) == 0 {
				return errNothing
			}
			into, have = some[2], have.next(level, now)
			msg = message{Channel: c.Name, Level: level, Since: have.Due}
			into.Node, into.State, into.DueAt = c.Node, string(gathering), have.Due
		}
		room := min(len(fresh), maxItems-msg.items())
		for i := range fresh[:room] {
			msg.add(&fresh[i])
		}
		left = fresh[room:]
		return errors.Join(some[0].Put(have), into.Put(msg))
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return left, err
}

// next is the stream with one more message.
func (s stream) next(level Level, now int64) stream {
	w := waits[level]
	if s.Seq == 0 || now >= s.Due+quiet(level) {
		return stream{s.Seq + 1, 0, now}
	}
	stage := min(s.Stage+1, len(w)-1)
	return stream{s.Seq + 1, stage, max(now, s.Due+w[stage])}
}
