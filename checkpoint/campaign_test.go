package checkpoint

import (
	"errors"
	"testing"
	"time"
)

func TestTheCampaignTakesTwoPeople(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	turn := func(end bool, by string, ended bool) Campaign {
		t.Helper()
		c, err := s.TurnCampaign(t.Context(), end, "县指挥部通知", by)
		must(t, err)
		if (c.EndedAt != 0) != ended {
			t.Errorf("%s says end=%v: ended %v, want %v", by, end, c.EndedAt != 0, ended)
		}
		return c
	}
	if c := turn(false, "leader", false); c.Asked != nil {
		t.Errorf("begun although it runs: %+v", c)
	}
	turn(true, "leader", false)
	turn(true, "leader", false) // the same person again
	clock.Advance(turnWaits)
	turn(true, "admin", false) // too late to be the second person
	if c := turn(true, "leader", true); c.By.AskedBy != "admin" || c.By.ApprovedBy != "leader" || c.Asked != nil {
		t.Errorf("ended by %+v", c.By)
	}
	if _, err := s.OpenCase(t.Context(), Case{Kind: CaseOther, Title: "x"}, "medic"); !errors.Is(err, ErrCampaignOver) {
		t.Errorf("a case after the end: %v", err)
	}
	turn(false, "leader", true)
	turn(false, "admin", false)
	mustOpenCase(t, s, Case{})
	if fe := (*FieldError)(nil); !errors.As(onlyError(s.TurnCampaign(t.Context(), true, "x", "admin")), &fe) {
		t.Error("ended without a reason")
	}
}

// With the campaign every hold ends.
func TestTheEndOfTheCampaignEndsTheHolds(t *testing.T) {
	t.Parallel()
	s, clock, people := caseTown(t)
	kase := mustOpenCase(t, s, Case{People: people[:1]})
	for _, by := range []string{"leader", "admin"} {
		_, err := s.TurnCampaign(t.Context(), true, "县指挥部通知", by)
		must(t, err)
	}
	for _, w := range []struct {
		after time.Duration
		held  int
	}{{CaseHold - time.Millisecond, 1}, {time.Millisecond, 0}} {
		clock.Advance(w.after)
		held, err := s.Held(t.Context())
		must(t, err)
		if len(held) != w.held {
			t.Errorf("held %v, want %d", held, w.held)
		}
	}
	if c := sweptCase(t, s, kase.Code); len(c.People) != 0 || c.Open() {
		t.Errorf("swept after the campaign and its hold: %+v", c)
	}
}
