package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/feed"
	"passgate/codes"
)

// The exchange with offices outside the town, the city's platform above all. They
// read by a token of their own and are given what an admin has granted them, for a
// purpose; each page that holds something is in the audit with what was on it.
const (
	headerCursor    = "Feed-Cursor"        // behind the page; where a cursor that expired can go on
	headerMore      = "Feed-More"          // "true": there is more already
	headerSignature = "Passgate-Signature" // detached JWS over the body

	mimeEvents = "application/cloudevents-batch+json"

	longestWait     = 25 * time.Second
	lookAgain       = 500 * time.Millisecond // while a subscriber waits
	callsOfOutsider = 240                    // a minute
	// outsider is what the audit calls subscribers: no login has a colon.
	outsider = "subscriber:"
)

// subscriberOf finds the subscriber whose token it is.
func (s *Server) subscriberOf(c *fiber.Ctx, token []byte) (principal, error) {
	sub, err := s.feed.Authenticate(s.context(c), token)
	if errors.Is(err, feed.ErrToken) {
		return principal{}, failure(codeUnauthorized, "this token is not known, was revoked or has expired: ask the town's administrator for a new one")
	}
	return principal{Subscriber: &sub}, err
}

// admitSubscriber admits a subscriber to a route that is for them.
func (s *Server) admitSubscriber(c *fiber.Ctx, r route, sub *feed.Subscriber) error {
	s.inquire(c, r, outsider+sub.Name, "subscriber")
	return s.feeds.admit(sub.Number(), s.now(), callsOfOutsider, "ask")
}

// handleFeed gives the next page behind a cursor, and waits for one if asked to.
func (s *Server) handleFeed(c *fiber.Ctx) error {
	limit, err := queryNumber(c, "limit", feed.DefaultLimit, feed.MinLimit, feed.MaxLimit)
	if err != nil {
		return err
	}
	wait, err := queryNumber(c, "wait", 0, 0, int(longestWait/time.Second))
	if err != nil {
		return err
	}
	sub := principalOf(c).Subscriber
	poll, err := s.polls.begin(s.context(c), sub.Number())
	if err != nil {
		return err
	}
	defer s.polls.end(poll)
	page, err := s.await(c, poll, sub, strings.Clone(c.Query("cursor")), limit, time.Duration(wait)*time.Second)
	var old *feed.ExpiredError
	if errors.As(err, &old) {
		c.Set(headerCursor, old.Resume)
		return failure(codeCursorExpired, "what followed this cursor is not kept any more: go on from the cursor in the header "+headerCursor+", and ask the town for what is missing")
	}
	if err != nil {
		return err
	}
	return s.sendPage(c, sub, &page)
}

// await reads until there is something, the time is over or another call of this
// subscriber's has come.
func (s *Server) await(c *fiber.Ctx, poll *poll, sub *feed.Subscriber, cursor string, limit int, wait time.Duration) (feed.Page, error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		page, err := s.feed.Read(s.context(c), sub, cursor, limit)
		if err != nil || len(page.Events) > 0 || wait == 0 {
			return page, err
		}
		cursor = page.Next
		if page.More {
			select {
			case <-over.C:
				return page, nil
			default:
				continue
			}
		}
		select {
		case <-again.C:
		case <-over.C:
			return page, nil
		case <-poll.replaced:
			return page, nil
		case <-s.life.Done():
			return page, nil
		}
	}
}

func (s *Server) sendPage(c *fiber.Ctx, sub *feed.Subscriber, page *feed.Page) error {
	if page.Events == nil {
		page.Events = []feed.Event{}
	}
	body, err := json.Marshal(page.Events)
	if err != nil {
		return fmt.Errorf("gateway: a page of the feed: %w", err)
	}
	signature, err := s.ring.SignFeed(body, sub.Name, page.Next, s.clock())
	if errors.Is(err, codes.ErrNoSigningKey) {
		return failure(codeUnavailable, "this gateway holds no key that may sign the feed")
	}
	if err != nil {
		return fmt.Errorf("gateway: a page of the feed: %w", err)
	}
	s.rows(c, len(page.Events))
	if in := inquiryOf(c); in != nil {
		in.entry.Detail = countsText(page.Counts)
		in.kept = len(page.Events) == 0 // nothing was read
	}
	c.Set(headerCursor, page.Next)
	c.Set(headerMore, strconv.FormatBool(page.More))
	c.Set(headerSignature, signature)
	c.Set(fiber.HeaderContentType, mimeEvents)
	c.Response().SetBodyRaw(body)
	return nil
}

// countsText says how much of what there was, in a stable order.
func countsText(counts map[string]int) string {
	parts := make([]string, 0, len(counts))
	for name, n := range counts {
		parts = append(parts, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// subscriberView is a subscriber as admins and auditors see it.
type subscriberView struct {
	Name      string       `json:"name"`
	Title     string       `json:"title"`
	Node      string       `json:"node"`
	Types     []feed.Type  `json:"types"`
	Fields    []feed.Field `json:"fields"`
	Purpose   string       `json:"purpose"`
	Ground    string       `json:"ground"`
	ExpiresAt utcTime      `json:"expires_at"`
	Changes   bool         `json:"changes"`
	Key       string       `json:"key"`
	Active    bool         `json:"active"`
	CreatedAt utcTime      `json:"created_at"`
	ChangedAt utcTime      `json:"changed_at"`
	ChangedBy string       `json:"changed_by"` // login
	Token     string       `json:"token,omitempty"`
}

func (s *Server) viewOfSubscriber(sub *feed.Subscriber) subscriberView {
	v := subscriberView{
		Name: sub.Name, Title: sub.Title, Node: sub.Node, Types: append([]feed.Type{}, sub.Types...), Fields: sub.Fields,
		Purpose: sub.Purpose, Ground: sub.Ground, ExpiresAt: utcTime(sub.ExpiresAt), Changes: sub.Changes, Key: sub.Key,
		Active: sub.Active(s.now()), CreatedAt: utcTime(sub.Matter.OpenedAt),
	}
	if n := len(sub.Matter.Steps); n > 0 {
		v.ChangedAt, v.ChangedBy = utcTime(sub.Matter.Steps[n-1].At), s.loginOf(sub.Matter.Steps[n-1].By)
	}
	return v
}

// handlePutSubscriber makes a subscriber or changes what it is given.
func (s *Server) handlePutSubscriber(c *fiber.Ctx) error {
	var in struct {
		Title      string       `json:"title"`
		Node       string       `json:"node"`
		Types      []feed.Type  `json:"types"`
		Fields     []feed.Field `json:"fields"`
		Purpose    string       `json:"purpose"`
		Ground     string       `json:"ground"`
		ExpiresAt  string       `json:"expires_at"`
		Changes    bool         `json:"changes"`
		Key        string       `json:"key"`
		RenewToken bool         `json:"renew_token"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	expires, err := parseTime("expires_at", in.ExpiresAt)
	if err != nil {
		return err
	}
	if in.Changes && in.Key != "" {
		if _, err := codes.ParsePartnerKey(in.Key); err != nil {
			return invalid("key", "is no good Ed25519 public key: 32 bytes in base64url, 43 characters")
		}
	}
	who := principalOf(c).Staff
	sub, token, err := s.feed.Put(s.context(c), feed.Subscriber{
		Name: strings.Clone(c.Params("name")), Title: in.Title, Node: in.Node, Types: in.Types, Fields: in.Fields,
		Purpose: in.Purpose, Ground: in.Ground, ExpiresAt: expires, Changes: in.Changes, Key: in.Key,
	}, who.Num, in.RenewToken)
	if errors.Is(err, feed.ErrTooManySubscribers) {
		return failure(codeExists, fmt.Sprintf("there are %d subscribers already: revoke one that is not needed", feed.MaxSubscribers))
	}
	if err != nil {
		return err
	}
	s.log(c).Info("subscriber put", "by", who.Login, "subscriber", sub.Name, "node", sub.Node, "fields", sub.Fields, "changes", sub.Changes, "token", token != "")
	view := s.viewOfSubscriber(&sub)
	view.Token = token
	return c.JSON(view)
}

func (s *Server) handleRevokeSubscriber(c *fiber.Ctx) error {
	who := principalOf(c).Staff
	sub, err := s.feed.Revoke(s.context(c), strings.Clone(c.Params("name")), who.Num)
	if err != nil {
		return err
	}
	s.log(c).Info("subscriber revoked", "by", who.Login, "subscriber", sub.Name)
	return c.JSON(s.viewOfSubscriber(&sub))
}

func (s *Server) handleSubscriber(c *fiber.Ctx) error {
	sub, err := s.feed.Subscriber(s.context(c), strings.Clone(c.Params("name")))
	if err == nil && !s.reaches(principalOf(c), sub.Node) {
		err = checkpoint.ErrNotFound
	}
	if err != nil {
		return s.hidden(principalOf(c), err)
	}
	return c.JSON(s.viewOfSubscriber(&sub))
}

func (s *Server) handleSubscribers(c *fiber.Ctx) error {
	all, err := s.feed.Subscribers(s.context(c))
	if err != nil {
		return err
	}
	views := []subscriberView{}
	for i := range all {
		if s.reaches(principalOf(c), all[i].Node) {
			views = append(views, s.viewOfSubscriber(&all[i]))
		}
	}
	s.rows(c, len(views))
	return c.JSON(struct {
		Subscribers []subscriberView `json:"subscribers"`
	}{views})
}
