package gateway

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

const (
	// stripBack is how far back a strip of passes may begin.
	stripBack = 10 * time.Minute
	// stripMost is how many passes a strip has at most: both ends of a day.
	stripMost = int(passAhead/codes.AppGrid) + 1
	// passesAMinute is how many passes are signed for one phone: ten strips, half a
	// second of one processor.
	passesAMinute = 10 * stripMost
	// historySpan bounds one question about what somebody did.
	historySpan = 14 * 24 * time.Hour
)

type stripPass struct {
	Compact   string  `json:"compact"`
	NotBefore utcTime `json:"not_before"`
	ExpiresAt utcTime `json:"expires_at"`
}

// handleStrip issues the app passes of a member for the next 24 hours, with which
// the phone goes on without a network. A gate judges the status, so there are
// passes for everybody who lives here.
func (s *Server) handleStrip(c *fiber.Ctx) error {
	var in struct {
		Resident string `json:"resident"`
		From     string `json:"from"`
	}
	if err := decode(c, &in); err != nil {
		return err
	}
	from := s.clock()
	if in.From != "" {
		at, err := parseTime("from", in.From)
		if err != nil {
			return err
		}
		from = time.UnixMilli(at)
	}
	if from.Before(s.clock().Add(-stripBack)) || from.After(s.clock().Add(passAhead)) {
		return invalid("from", "must lie between 10 minutes ago and 24 hours ahead, by the server's clock")
	}
	member, err := s.memberOf(c, in.Resident)
	if err != nil {
		return err
	}
	if err := s.strips.admitSome(stripMost, deskOf(principalOf(c).Phone), s.now(), passesAMinute, "have passes signed"); err != nil {
		return err
	}
	passes, err := s.strip(&member, from)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Now    utcTime     `json:"now"`
		Passes []stripPass `json:"passes"`
	}{utcTime(s.now()), passes})
}

// strip signs the passes that begin from a time on, without those that are over.
func (s *Server) strip(member *checkpoint.Resident, from time.Time) ([]stripPass, error) {
	signer, err := s.signer()
	if err != nil {
		return nil, err
	}
	passes := make([]stripPass, 0, stripMost)
	end := s.clock().Add(passAhead)
	for at := from.Truncate(codes.AppGrid); !at.After(end); at = at.Add(codes.AppGrid) {
		pass, compact, err := signer.IssueCompact(codes.Request{
			Person: member.ID, Generation: member.Generation, Kind: codes.KindApp, Home: member.Site, NotBefore: at,
		})
		if err != nil {
			return nil, fmt.Errorf("gateway: issue a resident's pass: %w", err)
		}
		if pass.ExpiresAt > s.clock().Unix() {
			passes = append(passes, stripPass{compact, utcTime(pass.NotBefore * 1000), utcTime(pass.ExpiresAt * 1000)})
		}
	}
	return passes, nil
}

// myEvent is an event as the one whom it is about sees it.
type myEvent struct {
	ID          string             `json:"id"`
	OccurredAt  utcTime            `json:"occurred_at"`
	Site        string             `json:"site"` // by name
	Gate        string             `json:"gate"` // by name
	Direction   string             `json:"direction"`
	Decision    string             `json:"decision"`
	Reason      string             `json:"reason"`
	Text        textView           `json:"text"`
	Temperature checkpoint.Celsius `json:"temperature"`
	Annulled    bool               `json:"annulled"`
}

// handleMyHistory tells a member what is on record of them, refusals and what was
// taken back included.
func (s *Server) handleMyHistory(c *fiber.Ctx) error {
	member, err := s.memberOf(c, c.Query("resident"))
	if err != nil {
		return err
	}
	from, to, err := s.window(c)
	switch {
	case err != nil:
		return err
	case from < 0 || to-from > historySpan.Milliseconds():
		return invalid("from", "must lie at most 14 days before to")
	}
	events, err := s.store.TrailEvents(s.context(c), member.ID, from, to)
	if err != nil {
		return err
	}
	return c.JSON(fiber.Map{"events": myEvents(s.store.Registry(), events)})
}

func myEvents(reg *checkpoint.Registry, events []checkpoint.ScanEvent) []myEvent {
	views := []myEvent{}
	for i := range events {
		e := &events[i]
		if e.IsAnnulment() {
			continue // what it takes back says so
		}
		text := e.Reason.Text()
		view := myEvent{
			ID: hex.EncodeToString(e.Hash[:]), OccurredAt: utcTime(e.OccurredAt), Direction: e.Direction.String(),
			Decision: e.Decision.String(), Reason: e.Reason.String(), Text: textView{text.ZH, text.EN},
			Temperature: e.Temperature, Annulled: e.Annulled,
		}
		if gate, site := placeOf(reg, e.Gate); gate != nil && site != nil {
			view.Gate, view.Site = gate.Name, site.Name
		}
		views = append(views, view)
	}
	return views
}
