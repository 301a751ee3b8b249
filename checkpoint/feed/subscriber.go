package feed

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"passgate/checkpoint"
)

const (
	// TokenPrefix begins every subscriber's token.
	TokenPrefix = "pgc_"
	// MaxSubscribers is how many can be active at once: each that waits for news asks
	// Redis twice a second.
	MaxSubscribers = 20
	// maxSubscription is how long one can be granted at once, in ms.
	maxSubscription = 366 * 24 * 3600 * 1000

	stateActive  = "active"
	stateRevoked = "revoked"

	tokenBody = 8 + 24 // subscriber's number, chance
	tokenTag  = 16
)

const kindSubscriber checkpoint.MatterKind = "subscriber"

// ErrToken says that a token is nobody's, or no longer good.
var ErrToken = errors.New("feed: this token is not known, was revoked or has expired")

// ErrTooManySubscribers says that there is no room for another one.
var ErrTooManySubscribers = fmt.Errorf("feed: there are %d subscribers already: revoke one that is not needed", MaxSubscribers)

// Subscriber is an office outside the town that reads the feed or sends changes.
type Subscriber struct {
	Name      string  `json:"name"`
	Title     string  `json:"title"`      // as residents are shown it
	Node      string  `json:"node"`       // of the grid: nothing outside its subtree is given, or changed
	Types     []Type  `json:"types"`      // that it reads
	Fields    []Field `json:"fields"`     // that it is given
	Purpose   string  `json:"purpose"`    // what for
	Ground    string  `json:"ground"`     // in law, for fields that say who somebody is
	ExpiresAt int64   `json:"expires_at"` // UTC ms
	Changes   bool    `json:"changes"`    // may send decisions about statuses
	Key       string  `json:"key"`        // Ed25519, by which they are signed; callers check it and what it signs

	TokenHash []byte            `json:"token_hash"`
	Matter    checkpoint.Matter `json:"-"` // who made and changed it, and when
	number    checkpoint.MatterID
}

// Number tells subscribers apart where they are counted.
func (s *Subscriber) Number() uint32 { return uint32(s.number) } //nolint:gosec // half of it is enough for 20

// Active tells that it may read and send at a time, UTC ms.
func (s *Subscriber) Active(now int64) bool { return s.Matter.Open() && now < s.ExpiresAt }

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

func (s *Subscriber) check(reg *checkpoint.Registry, now int64) error {
	bad := func(field, why string) error { return &checkpoint.FieldError{Field: field, Why: why} }
	var err error
	if s.Title, err = checkpoint.CleanText("title", s.Title, 60, true); err != nil {
		return err
	}
	if s.Purpose, err = checkpoint.CleanText("purpose", s.Purpose, 200, true); err != nil {
		return err
	}
	if s.Ground, err = checkpoint.CleanText("ground", s.Ground, 200, false); err != nil {
		return err
	}
	_, there := reg.Grid(s.Node)
	switch {
	case !nameForm.MatchString(s.Name):
		return bad("name", "must be 2 to 40 of a to z, 0 to 9 and '-', a letter first")
	case !there:
		return bad("node", "must be a node of the grid")
	case s.ExpiresAt <= now || s.ExpiresAt-now > maxSubscription:
		return bad("expires_at", "must lie in the future, at most 366 days from now")
	case s.Changes != (s.Key != ""):
		return bad("key", "is the Ed25519 key of who sends changes, 32 bytes in base64url: it goes with changes and with nothing else")
	}
	return s.checkPolicy()
}

// Put makes a subscriber, or changes it. A new one, one that was revoked, and one for
// which renew is asked, gets a new token, which is shown once; else token is "".
// Errors: *checkpoint.FieldError, ErrTooManySubscribers, checkpoint.ErrUnavailable.
func (f *Feed) Put(ctx context.Context, s Subscriber, by uint32, renew bool) (out Subscriber, token string, err error) {
	if err := s.check(f.store.Registry(), f.store.Now()); err != nil {
		return s, "", err
	}
	id := checkpoint.NewMatterID(kindSubscriber, s.Name)
	active, err := f.Subscribers(ctx)
	if err != nil {
		return s, "", err
	}
	others := slices.DeleteFunc(active, func(o Subscriber) bool { return o.Name == s.Name || !o.Matter.Open() })
	if len(others) >= MaxSubscribers {
		return s, "", ErrTooManySubscribers
	}
	err = f.store.TurnMatters(ctx, by, "put", []checkpoint.MatterRef{{Kind: kindSubscriber, ID: id}}, func(some []*checkpoint.Matter) error {
		m, old := some[0], Subscriber{}
		if err := m.Get(&old); err != nil {
			return err
		}
		s.TokenHash, token = old.TokenHash, ""
		if !m.There() || !m.Open() || renew {
			token = f.newToken(id)
			s.TokenHash = hashOf(token)
		}
		m.Node, m.State, m.ClosedAt = s.Node, stateActive, 0
		if err := m.Put(s); err != nil {
			return err
		}
		s.Matter = *m
		return nil
	})
	s.number = id
	return s, token, err
}

// Revoke ends a subscriber's rights at once. Errors: checkpoint.ErrNotFound,
// checkpoint.ErrUnavailable.
func (f *Feed) Revoke(ctx context.Context, name string, by uint32) (Subscriber, error) {
	m, err := f.store.TurnMatter(ctx, kindSubscriber, checkpoint.NewMatterID(kindSubscriber, name), by, "", func(m *checkpoint.Matter) error {
		if m.Open() {
			m.State, m.ClosedAt = stateRevoked, f.store.Now()
		}
		return nil
	})
	if err != nil {
		return Subscriber{}, err
	}
	return subscriberOf(m)
}

// Subscriber reads one by name. Errors: checkpoint.ErrNotFound,
// checkpoint.ErrUnavailable.
func (f *Feed) Subscriber(ctx context.Context, name string) (Subscriber, error) {
	return f.subscriber(ctx, checkpoint.NewMatterID(kindSubscriber, name))
}

func (f *Feed) subscriber(ctx context.Context, id checkpoint.MatterID) (Subscriber, error) {
	m, err := f.store.Matter(ctx, kindSubscriber, id)
	if err != nil {
		return Subscriber{}, err
	}
	return subscriberOf(m)
}

// Subscribers lists all, active or revoked until retention is over, at most
// checkpoint.MaxMatters.
func (f *Feed) Subscribers(ctx context.Context) ([]Subscriber, error) {
	found, _, err := f.store.Matters(ctx, checkpoint.MatterQuery{Kind: kindSubscriber, Limit: checkpoint.MaxMatters})
	if err != nil {
		return nil, err
	}
	all := make([]Subscriber, len(found))
	for i, m := range found {
		if all[i], err = subscriberOf(m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func subscriberOf(m checkpoint.Matter) (s Subscriber, err error) {
	if err := m.Get(&s); err != nil {
		return s, err
	}
	s.Matter, s.number = m, m.ID
	return s, nil
}

// newToken makes a token: whose it is, chance, and a mark by which it is known as one
// of ours without asking anybody.
func (f *Feed) newToken(id checkpoint.MatterID) string {
	body := binary.BigEndian.AppendUint64(make([]byte, 0, tokenBody+tokenTag), uint64(id))
	body = body[:tokenBody]
	_, _ = rand.Read(body[8:]) // never fails: it would end the process
	return TokenPrefix + b64.EncodeToString(append(body, f.mark(body)...))
}

func (f *Feed) mark(body []byte) []byte {
	mac := hmac.New(sha256.New, f.tokenKey)
	mac.Write(body)
	return mac.Sum(nil)[:tokenTag]
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Made tells whose token it is, if it was made here; whether it is still good only
// Authenticate knows. It keeps nothing of token.
func (f *Feed) Made(token []byte) (checkpoint.MatterID, bool) {
	text, ok := bytes.CutPrefix(token, []byte(TokenPrefix))
	if !ok || len(text) != b64.EncodedLen(tokenBody+tokenTag) {
		return 0, false
	}
	raw, err := b64.DecodeString(string(text))
	if err != nil || !hmac.Equal(f.mark(raw[:tokenBody]), raw[tokenBody:]) {
		return 0, false
	}
	return checkpoint.MatterID(binary.BigEndian.Uint64(raw)), true
}

// Authenticate finds the subscriber whose token it is. Errors: ErrToken,
// checkpoint.ErrUnavailable.
func (f *Feed) Authenticate(ctx context.Context, token []byte) (Subscriber, error) {
	id, ok := f.Made(token)
	if !ok {
		return Subscriber{}, ErrToken
	}
	s, err := f.subscriber(ctx, id)
	if errors.Is(err, checkpoint.ErrNotFound) {
		return s, ErrToken
	}
	if err != nil {
		return s, err
	}
	if subtle.ConstantTimeCompare(s.TokenHash, hashOf(string(token))) != 1 || !s.Active(f.store.Now()) {
		return s, ErrToken
	}
	return s, nil
}
