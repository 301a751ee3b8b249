package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/feed"
	"passgate/codes"
)

// changeEvent is a decision of an authority as a CloudEvent.
type changeEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            string          `json:"time"`
	Subject         string          `json:"subject"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

// changeType is the type of the events that are taken.
const changeType = "passgate.status.order"

type changeData struct {
	IDDocument string `json:"id_document"`
	Status     string `json:"status"`
	Ground     string `json:"ground"`
	Evidence   string `json:"evidence"`
	Author     string `json:"author"`
	Until      string `json:"until"`
	Sequence   int64  `json:"sequence"`
}

// changeResult is what became of one.
type changeResult struct {
	ID        string      `json:"id"`
	Source    string      `json:"source"`
	Result    feed.Result `json:"result"`
	Duplicate bool        `json:"duplicate"`
	Field     string      `json:"field,omitempty"`
	Why       string      `json:"why,omitempty"`
}

// handleChanges takes decisions about statuses, each for itself.
func (s *Server) handleChanges(c *fiber.Ctx) error {
	sub := principalOf(c).Subscriber
	if !sub.Changes {
		return failure(codeForbidden, "this subscriber has not the right to send changes")
	}
	if t := c.Get(fiber.HeaderContentType); t != "" {
		if media, _, err := mime.ParseMediaType(t); err != nil || media != mimeEvents && media != fiber.MIMEApplicationJSON {
			return failure(codeUnsupportedMedia, "send "+mimeEvents)
		}
	}
	body := c.Request().Body()
	key, err := codes.ParsePartnerKey(sub.Key)
	if err != nil {
		return fmt.Errorf("gateway: key of subscriber %s: %w", sub.Name, err)
	}
	if err := key.Verify(c.Get(headerSignature), body); err != nil {
		return failure(codeBadSignature, "the header "+headerSignature+" has to be a detached JWS (EdDSA) over the body as it is sent, by the key that is registered for this subscriber")
	}
	var items []json.RawMessage
	if err := decodeStrictly(body, &items, 1); err != nil {
		return err
	}
	if len(items) == 0 || len(items) > feed.MaxChanges {
		return invalid("", "a batch is an array of 1 to 1000 events")
	}
	results := make([]changeResult, len(items))
	var changes []feed.Change
	var whose []int // index of each change
	for i, item := range items {
		change, err := readChange(item)
		results[i].ID, results[i].Source = change.ID, change.Source
		if err != nil {
			told := explain(err)
			results[i].Result, results[i].Field, results[i].Why = feed.Refused, told.field, told.detail
			continue
		}
		changes, whose = append(changes, change), append(whose, i)
	}
	outcomes, err := s.feed.Apply(s.context(c), sub, changes)
	if err != nil {
		return err
	}
	for n, outcome := range outcomes {
		r := &results[whose[n]]
		r.Result, r.Duplicate, r.Field, r.Why = outcome.Result, outcome.Duplicate, outcome.Field, outcome.Why
	}
	return s.sendResults(c, sub, results)
}

func (s *Server) sendResults(c *fiber.Ctx, sub *feed.Subscriber, results []changeResult) error {
	counts := map[string]int{}
	for i := range results {
		name := string(results[i].Result)
		if results[i].Duplicate {
			name = "duplicate"
		}
		counts[name]++
	}
	s.rows(c, len(results))
	if in := inquiryOf(c); in != nil {
		in.entry.Detail = countsText(counts)
	}
	s.log(c).Info("changes of an authority", "subscriber", sub.Name, "results", countsText(counts))
	return c.JSON(struct {
		Results []changeResult `json:"results"`
	}{results})
}

// readChange reads one event. What it gives with an error has an identity as far as
// that could be read.
func readChange(item []byte) (change feed.Change, err error) {
	var e changeEvent
	if err := decodeJSON(item, &e); err != nil {
		return change, err
	}
	change.ID, change.Source, change.Pseudonym = e.ID, e.Source, e.Subject
	switch {
	case e.SpecVersion != "1.0":
		return change, invalid("specversion", "must be 1.0")
	case e.Type != changeType:
		return change, invalid("type", "must be "+changeType)
	case e.DataContentType != "" && e.DataContentType != fiber.MIMEApplicationJSON:
		return change, invalid("datacontenttype", "must be application/json, or left out")
	}
	if change.Time, err = parseTime("time", e.Time); err != nil {
		return change, err
	}
	var d changeData
	if len(bytes.TrimSpace(e.Data)) == 0 {
		return change, invalid("data", "is missing")
	}
	if err := decodeJSON(e.Data, &d); err != nil {
		return change, err
	}
	change.Document, change.Status, change.Ground, change.Evidence = d.IDDocument, d.Status, d.Ground, d.Evidence
	change.Author, change.Sequence = d.Author, d.Sequence
	if d.Until != "" {
		change.Until, err = parseTime("until", d.Until)
	}
	return change, err
}

// waitingView is a decision about somebody who is not on record.
type waitingView struct {
	ID         string  `json:"id"`
	Subscriber string  `json:"subscriber"`
	Node       string  `json:"node"`
	IDDocument string  `json:"id_document"`
	Status     string  `json:"status"`
	Ground     string  `json:"ground"`
	Evidence   string  `json:"evidence"`
	Author     string  `json:"author"`
	DecidedAt  utcTime `json:"decided_at"`
	Since      utcTime `json:"since"`
}

// handleWaitingChanges lists decisions that wait for somebody to be enrolled.
func (s *Server) handleWaitingChanges(c *fiber.Ctx) error {
	node, err := s.nodeAsked(c)
	if err != nil {
		return err
	}
	waiting, err := s.feed.Waiting(s.context(c), node, checkpoint.MaxMatters)
	if err != nil {
		return err
	}
	views := make([]waitingView, len(waiting))
	for i, w := range waiting {
		views[i] = waitingView{
			w.Matter.String(), w.Subscriber, w.Node, w.Document, w.Status, w.Ground, w.Evidence, w.Author, utcTime(w.Time), utcTime(w.Since),
		}
	}
	s.rows(c, len(views))
	return c.JSON(struct {
		Changes []waitingView `json:"changes"`
	}{views})
}
