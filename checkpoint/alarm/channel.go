package alarm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"passgate/checkpoint"
)

// ChannelKind says who is at the other end.
type ChannelKind string

// The kinds of channels.
const (
	Webhook  ChannelKind = "webhook"  // a program: signed JSON, see webhook.go
	WeCom    ChannelKind = "wecom"    // 企业微信 group robot
	DingTalk ChannelKind = "dingtalk" // 钉钉 group robot
	Feishu   ChannelKind = "feishu"   // 飞书 group robot
)

// Scope says which alarms of a channel's part of the grid it gets.
type Scope string

// The scopes.
const (
	ScopeSubtree Scope = "subtree" // all of them, and again when somebody at or below its node is told next
	ScopeNode    Scope = "node"    // those that the head of its own node is told
)

// Channel is where others are told of alarms.
type Channel struct {
	Name   string      `json:"m"`
	Kind   ChannelKind `json:"k"`
	URL    string      `json:"u"` // a secret, too: whoever knows it can write
	Secret string      `json:"s,omitempty"`
	Node   string      `json:"n"`
	Scope  Scope       `json:"o"`
	Kinds  []Kind      `json:"f,omitempty"` // none: all
	Level  Level       `json:"l,omitempty"` // "": both
}

// Bounds of channels.
const (
	maxChannels  = 200
	maxURL       = 500
	minKey       = 24 // bytes of a webhook's key, as Standard Webhooks has it
	maxKey       = 64
	maxSecret    = 200
	secretPrefix = "whsec_"
)

func channelID(name string) checkpoint.MatterID {
	return checkpoint.NewMatterID(matterChannel, name)
}

// PutChannel makes a channel or changes it; without URL or Secret those that it has
// stay. Errors: *FieldError, ErrTooMany, ErrUnavailable.
func (b *Book) PutChannel(ctx context.Context, c Channel, by uint32) (Channel, error) {
	others, err := b.Channels(ctx, "")
	if err != nil {
		return c, err
	}
	if len(others) >= maxChannels && !slices.ContainsFunc(others, func(o Channel) bool { return o.Name == c.Name }) {
		return c, fmt.Errorf("%w: there are %d channels", checkpoint.ErrTooMany, len(others))
	}
	if c.Scope == "" {
		c.Scope = ScopeSubtree
	}
	refs := []checkpoint.MatterRef{{Kind: matterChannel, ID: channelID(c.Name)}}
	err = b.store.TurnMatters(ctx, by, "", refs, func(some []*checkpoint.Matter) error {
		m := some[0]
		var old Channel
		if err := m.Get(&old); err != nil {
			return err
		}
		if c.URL == "" {
			c.URL = old.URL
		}
		if c.Secret == "" && c.Kind == old.Kind {
			c.Secret = old.Secret
		}
		if err := b.checkChannel(&c); err != nil {
			return err
		}
		m.Node, m.State, m.ClosedAt = c.Node, "on", 0
		return m.Put(c)
	})
	return c, err
}

func (b *Book) checkChannel(c *Channel) error {
	bad := func(field, why string) error { return &checkpoint.FieldError{Field: field, Why: why} }
	switch {
	case !validName(c.Name):
		return bad("name", "must be 1 to 40 of a to z, 0 to 9 and -")
	case !slices.Contains([]ChannelKind{Webhook, WeCom, DingTalk, Feishu}, c.Kind):
		return bad("kind", "must be webhook, wecom, dingtalk or feishu")
	case c.Scope != ScopeSubtree && c.Scope != ScopeNode:
		return bad("scope", "must be subtree or node")
	case c.Level != "" && c.Level != Urgent && c.Level != Today:
		return bad("level", "must be urgent, today, or empty for both")
	case len(c.Kinds) > len(kinds) || slices.ContainsFunc(c.Kinds, func(k Kind) bool { return !k.Known() }):
		return bad("kinds", "must be kinds of alarms: the contract lists them")
	}
	if _, ok := b.store.Registry().Grid(c.Node); !ok {
		return bad("node", "must be a node of the grid")
	}
	if why := badURL(c.URL); why != "" {
		return bad("url", why)
	}
	if err := b.vet(c.URL); err != nil {
		return bad("url", err.Error())
	}
	if why := c.badSecret(); why != "" {
		return bad("secret", why)
	}
	return nil
}

func validName(name string) bool {
	return name != "" && len(name) <= 40 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// badURL says what is wrong with a URL; "" if nothing is.
func badURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case text == "" || len(text) > maxURL || err != nil || u.Host == "" || u.Opaque != "":
		return fmt.Sprintf("must be the address that the receiver gave, at most %d characters", maxURL)
	case u.User != nil || u.Fragment != "":
		return "must have neither a user nor a fragment"
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return ""
	}
	return "must begin with https://"
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (c *Channel) badSecret() string {
	switch {
	case len(c.Secret) > maxSecret || strings.ContainsFunc(c.Secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Sprintf("must be what the receiver shows, at most %d characters", maxSecret)
	case c.Kind == Webhook && c.key() == nil:
		return fmt.Sprintf("must be %s and %d to %d random bytes in base64", secretPrefix, minKey, maxKey)
	case c.Kind == WeCom && c.Secret != "":
		return "is not used by WeCom robots: leave it out"
	}
	return ""
}

// key is a webhook's key; nil if the secret holds none.
func (c *Channel) key() []byte {
	text, ok := strings.CutPrefix(c.Secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < minKey || len(key) > maxKey {
		return nil
	}
	return key
}

// Host is what of the URL may be shown.
func (c *Channel) Host() string {
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Channel reads one. Errors: ErrNotFound, ErrUnavailable.
func (b *Book) Channel(ctx context.Context, name string) (c Channel, err error) {
	m, err := b.store.Matter(ctx, matterChannel, channelID(name))
	if err != nil {
		return c, err
	}
	if !m.Open() {
		return c, fmt.Errorf("alarm: channel %s: %w", name, checkpoint.ErrNotFound)
	}
	return c, m.Get(&c)
}

// Channels lists those of a node's subtree by name; "": of the town.
func (b *Book) Channels(ctx context.Context, node string) (all []Channel, err error) {
	matters, _, err := b.store.Matters(ctx, checkpoint.MatterQuery{
		Kind: matterChannel, Node: node, By: checkpoint.OpenOnly, Limit: checkpoint.MaxMatters,
	})
	if err != nil {
		return nil, err
	}
	for i := range matters {
		var c Channel
		if err := matters[i].Get(&c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(c, d Channel) int { return strings.Compare(c.Name, d.Name) })
	return all, nil
}

// DropChannel takes a channel out of use and forgets its URL and secret. Errors:
// ErrNotFound, ErrUnavailable.
func (b *Book) DropChannel(ctx context.Context, name string, by uint32) error {
	_, err := b.store.TurnMatter(ctx, matterChannel, channelID(name), by, "", func(m *checkpoint.Matter) error {
		if !m.Open() {
			return errNothing
		}
		m.State, m.ClosedAt, m.Body = "off", b.store.Now(), nil
		return nil
	})
	if errors.Is(err, errNothing) {
		return fmt.Errorf("alarm: channel %s: %w", name, checkpoint.ErrNotFound)
	}
	return err
}

// concerns tells whether a channel gets an alarm whose head of a node is told; first:
// for the first time. What is hidden from somebody goes to no channel: nobody knows who
// reads it there.
func (c *Channel) concerns(reg *checkpoint.Registry, e *Entry, told string, first bool) bool {
	switch {
	case len(e.Hidden) > 0:
		return false
	case c.Level != "" && c.Level != e.Kind.Text().Level:
		return false
	case len(c.Kinds) > 0 && !slices.Contains(c.Kinds, e.Kind):
		return false
	case c.Scope == ScopeNode:
		return told == c.Node
	case first:
		return reg.Within(e.Node, c.Node)
	}
	return reg.Within(told, c.Node)
}
