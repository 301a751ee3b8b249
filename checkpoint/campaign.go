package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Campaign is whether the town fights an epidemic. While it does, tracers may
// ask under a case. When two people have ended it, nobody asks where anybody
// was any more, cases hold evidence for CaseHold more, and what is recorded
// goes by retention. Two people can begin another one.
type Campaign struct {
	EndedAt int64     `json:"ended_at,omitempty"` // UTC ms, 0: it runs
	By      *Approval `json:"by,omitempty"`       // who began or ended it; nil: nobody ever did
	Asked   *Turn     `json:"asked,omitempty"`    // what waits for a second person
}

// Turn is the wish to end the campaign or to begin another one.
type Turn struct {
	End bool `json:"end"`
	Approval
}

// turnWaits is how long a wish waits for a second person.
const turnWaits = 7 * 24 * time.Hour

// ErrCampaignOver says that the campaign is ended, and with it all tracing.
var ErrCampaignOver = errors.New("checkpoint: the campaign is ended")

// Campaign reads the state of the campaign.
func (s *Store) Campaign(ctx context.Context) (Campaign, error) {
	c, _, err := s.readCampaign(ctx)
	return c, err
}

func (s *Store) readCampaign(ctx context.Context) (c Campaign, stored string, err error) {
	stored, err = s.rdb.HGet(ctx, s.keys.cases("campaign"), "c").Result()
	switch {
	case isNil(err):
		return Campaign{}, "", nil
	case err != nil:
		return c, "", unavailable(err)
	}
	if err := json.Unmarshal([]byte(stored), &c); err != nil {
		return c, "", fmt.Errorf("checkpoint: campaign: %w", err)
	}
	return c, stored, nil
}

// TurnCampaign ends the campaign, or begins another one. The first who says so
// leaves a wish; it comes true when a second person says the same within seven
// days. What is so already changes nothing. Errors: *FieldError,
// ErrUnavailable.
func (s *Store) TurnCampaign(ctx context.Context, end bool, reason, by string) (Campaign, error) {
	for range 20 {
		c, stored, err := s.readCampaign(ctx)
		if err != nil {
			return c, err
		}
		if end == (c.EndedAt != 0) {
			return c, nil
		}
		now := s.now()
		if err := c.turn(Turn{end, Approval{Reason: reason, AskedBy: by, AskedAt: now, Until: now + turnWaits.Milliseconds()}}, now); err != nil {
			return c, err
		}
		text, err := json.Marshal(c)
		if err != nil {
			return c, fmt.Errorf("checkpoint: campaign: %w", err)
		}
		reply, err := s.run(ctx, s.rdb, caseScript, []string{s.keys.cases("campaign")}, "c", stored, text)
		if err != nil || reply == int64(1) {
			return c, err
		}
	}
	return Campaign{}, fmt.Errorf("checkpoint: the campaign is being turned too often: %w", ErrUnavailable)
}

// turn applies what somebody says.
func (c *Campaign) turn(t Turn, now int64) error {
	if err := t.check(now, turnWaits); err != nil {
		return err
	}
	first := c.Asked
	if first == nil || first.End != t.End || first.AskedBy == t.AskedBy || now >= first.Until {
		c.Asked = &t
		return nil
	}
	c.By, c.Asked, c.EndedAt = &first.Approval, nil, 0
	c.By.ApprovedBy, c.By.ApprovedAt = t.AskedBy, now
	if t.End {
		c.EndedAt = now
	}
	return nil
}
