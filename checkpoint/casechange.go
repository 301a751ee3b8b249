package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// What may be asked under a case is bounded by Caps. More takes a Lift, another
// part of the grid a Grant; both are asked for by one person and approved by
// another, and end.

// Caps bound what may be asked under one case.
type Caps struct {
	People int `json:"people,omitempty"` // different people asked about, over the life of the case
	Days   int `json:"days,omitempty"`   // of one question
	Hops   int `json:"hops,omitempty"`   // of contacts
}

// DefaultCaps are those of every case, maxCaps the most that a lift can give.
var (
	DefaultCaps = Caps{People: 50, Days: 14, Hops: 1}
	maxCaps     = Caps{People: 5000, Days: 61, Hops: 3}
)

// The longest that a lift or a grant runs.
const (
	MaxLift  = 14 * 24 * time.Hour
	MaxGrant = 7 * 24 * time.Hour
)

// Approval is how one person asked for something and another one allowed it.
type Approval struct {
	Reason     string `json:"reason"` // one line of 4 to 200 bytes
	AskedBy    string `json:"asked_by"`
	AskedAt    int64  `json:"asked_at"` // UTC ms
	Until      int64  `json:"until"`    // UTC ms; it ends then
	ApprovedBy string `json:"approved_by,omitempty"`
	ApprovedAt int64  `json:"approved_at,omitempty"`
}

// runs tells that it was approved and has not ended.
func (a *Approval) runs(now int64) bool { return a.ApprovedAt != 0 && now < a.Until }

// Lift raises caps of one case for a time; a cap of 0 stays as it is.
type Lift struct {
	Caps
	Approval
}

// Grant lets the one who asked for it ask, under one case, about a part of the
// grid that they do not answer for.
type Grant struct {
	Node string `json:"node"`
	Approval
}

// CapsAt are the caps in force at a time (UTC ms).
func (c *Case) CapsAt(now int64) Caps {
	caps := DefaultCaps
	for i := range c.Lifts {
		if l := &c.Lifts[i]; l.runs(now) {
			caps.People, caps.Days, caps.Hops = max(caps.People, l.People), max(caps.Days, l.Days), max(caps.Hops, l.Hops)
		}
	}
	return caps
}

// Granted are the nodes that somebody may ask about under this case, at a time
// (UTC ms), beside their own part of the grid; none once it is closed.
func (c *Case) Granted(login string, now int64) (nodes []string) {
	if !c.Open() {
		return nil
	}
	for i := range c.Grants {
		if g := &c.Grants[i]; g.AskedBy == login && g.runs(now) {
			nodes = append(nodes, g.Node)
		}
	}
	return nodes
}

// Errors of changes to cases.
var (
	// ErrCaseClosed: nothing is asked, lifted or added under a closed case.
	ErrCaseClosed = errors.New("checkpoint: the case is closed")
	// ErrSamePerson: who asked for something cannot approve it.
	ErrSamePerson = errors.New("checkpoint: the one who asked cannot approve")
	// ErrOverCap: the question is larger than the case allows.
	ErrOverCap = errors.New("checkpoint: the question is larger than the case allows")
)

// ChangeCase applies fn to an open case and stores the result. fn may run more
// than once. Errors: ErrNotFound, ErrCaseClosed, those of fn, ErrUnavailable.
func (s *Store) ChangeCase(ctx context.Context, code string, fn func(c *Case, now int64) error) (Case, error) {
	for range 20 {
		c, err := s.Case(ctx, code)
		if err != nil {
			return c, err
		}
		if !c.Open() {
			return c, ErrCaseClosed
		}
		now := s.now()
		if err := fn(&c, now); err != nil {
			return c, err
		}
		if err := c.check(now); err != nil {
			return c, err
		}
		if done, err := s.putCase(ctx, &c); err != nil || done {
			return c, err
		}
	}
	return Case{}, fmt.Errorf("checkpoint: the case is being changed too often: %w", ErrUnavailable)
}

// CloseCase closes a case. Closing it again with the same outcome changes
// nothing. Errors: *FieldError, ErrNotFound, ErrCaseClosed (with another
// outcome), ErrUnavailable.
func (s *Store) CloseCase(ctx context.Context, code string, outcome CaseOutcome, by string) (Case, error) {
	if !slices.Contains(CaseOutcomes(), outcome) {
		return Case{}, &FieldError{"outcome", "must be resolved, excluded, transferred or mistaken"}
	}
	c, err := s.ChangeCase(ctx, code, func(c *Case, now int64) error {
		c.ClosedAt, c.ClosedBy, c.Outcome = now, by, outcome
		return nil
	})
	if errors.Is(err, ErrCaseClosed) && c.Outcome == outcome {
		return c, nil
	}
	return c, err
}

// AttachToCase adds people to a case as part of its evidence: their events are
// held with it. Errors: *FieldError, ErrNotFound, ErrCaseClosed, ErrUnavailable.
func (s *Store) AttachToCase(ctx context.Context, code string, people []uint64) (Case, error) {
	if err := s.checkPeople(ctx, people); err != nil {
		return Case{}, err
	}
	return s.ChangeCase(ctx, code, func(c *Case, _ int64) error {
		for _, id := range people {
			if !slices.Contains(c.People, id) {
				c.People = append(c.People, id)
			}
		}
		return nil
	})
}

// AskLift records that somebody asks for more than the caps of a case. It has
// no effect until ApproveLift. The lift's number is its place in Case.Lifts.
func (s *Store) AskLift(ctx context.Context, code string, l Lift) (Case, error) {
	switch {
	case l.Caps == Caps{}:
		return Case{}, &FieldError{"people", "give at least one of people, days and hops"}
	case l.People < 0 || l.People > maxCaps.People:
		return Case{}, &FieldError{"people", fmt.Sprintf("must be at most %d", maxCaps.People)}
	case l.Days < 0 || l.Days > maxCaps.Days:
		return Case{}, &FieldError{"days", fmt.Sprintf("must be at most %d", maxCaps.Days)}
	case l.Hops < 0 || l.Hops > maxCaps.Hops:
		return Case{}, &FieldError{"hops", fmt.Sprintf("must be at most %d", maxCaps.Hops)}
	}
	return s.ChangeCase(ctx, code, func(c *Case, now int64) error {
		if len(c.Lifts) >= maxCaseLifts {
			return &FieldError{"reason", fmt.Sprintf("a case takes at most %d lifts: open another one", maxCaseLifts)}
		}
		err := l.ask(now, MaxLift)
		c.Lifts = append(c.Lifts, l)
		return err
	})
}

// AskGrant records that somebody asks for another part of the grid. It has no
// effect until ApproveGrant. The grant's number is its place in Case.Grants.
func (s *Store) AskGrant(ctx context.Context, code string, g Grant) (Case, error) {
	if _, ok := s.Registry().Grid(g.Node); !ok {
		return Case{}, &FieldError{"node", "is not a node of the grid"}
	}
	return s.ChangeCase(ctx, code, func(c *Case, now int64) error {
		if len(c.Grants) >= maxCaseLifts {
			return &FieldError{"reason", fmt.Sprintf("a case takes at most %d grants: open another one", maxCaseLifts)}
		}
		err := g.ask(now, MaxGrant)
		c.Grants = append(c.Grants, g)
		return err
	})
}

// ask makes it one that nobody has approved yet.
func (a *Approval) ask(now int64, longest time.Duration) error {
	a.AskedAt, a.ApprovedBy, a.ApprovedAt = now, "", 0
	return a.check(now, longest)
}

func (a *Approval) check(now int64, longest time.Duration) error {
	switch {
	case len(a.Reason) < 4 || !validLine(a.Reason, 200):
		return &FieldError{"reason", "must be one line of 4 to 200 bytes"}
	case a.Until <= now || a.Until > now+longest.Milliseconds():
		return &FieldError{"until", fmt.Sprintf("must lie in the next %d days", int(longest.Hours()/24))}
	}
	return nil
}

// ApproveLift puts lift n of a case in force. Approving it again changes
// nothing. Errors: ErrNotFound, ErrSamePerson, ErrCaseClosed, *FieldError (it
// has ended), ErrUnavailable.
func (s *Store) ApproveLift(ctx context.Context, code string, n int, by string) (Case, error) {
	return s.ChangeCase(ctx, code, func(c *Case, now int64) error {
		if n < 0 || n >= len(c.Lifts) {
			return notFound("lift", fmt.Sprint(n))
		}
		return c.Lifts[n].approve(by, now)
	})
}

// ApproveGrant is ApproveLift for a grant.
func (s *Store) ApproveGrant(ctx context.Context, code string, n int, by string) (Case, error) {
	return s.ChangeCase(ctx, code, func(c *Case, now int64) error {
		if n < 0 || n >= len(c.Grants) {
			return notFound("grant", fmt.Sprint(n))
		}
		return c.Grants[n].approve(by, now)
	})
}

func (a *Approval) approve(by string, now int64) error {
	switch {
	case a.ApprovedAt != 0:
		return nil
	case a.AskedBy == by:
		return ErrSamePerson
	case now >= a.Until:
		return &FieldError{"until", "has passed: ask again"}
	}
	a.ApprovedBy, a.ApprovedAt = by, now
	return nil
}

// AskAbout counts people as asked about under a case: all of them, or none and
// ErrOverCap if there would be more than the cap allows. Somebody who was asked
// about before counts once.
func (s *Store) AskAbout(ctx context.Context, c *Case, people []uint64) error {
	args := []any{c.CapsAt(s.now()).People}
	for _, id := range people {
		args = append(args, raw(id))
	}
	reply, err := s.run(ctx, s.rdb, askScript, []string{s.keys.cases("p:" + c.Code)}, args...)
	if err != nil {
		return err
	}
	if reply != int64(1) {
		return ErrOverCap
	}
	return nil
}

// WasAsked tells whether somebody has been asked about under a case. Errors:
// ErrUnavailable.
func (s *Store) WasAsked(ctx context.Context, code string, person uint64) (bool, error) {
	asked, err := s.rdb.SIsMember(ctx, s.keys.cases("p:"+code), raw(person)).Result()
	return asked, unavailable(err)
}

// maxMet bounds whom a case remembers as contacts, before the last answer: twice as many
// as 50 people, the cap of every case, can be answered with. A case that remembers so many
// has been lifted by a second person, and takes anybody as a contact: else nobody new could
// be called any more. A million are some 40 MB.
const maxMet = 1_000_000

// NoteMet remembers whom an answer under a case named as contacts: they may be
// called because of it. Errors: ErrUnavailable.
func (s *Store) NoteMet(ctx context.Context, code string, people []uint64) error {
	key := s.keys.cases("m:" + code)
	n, err := s.rdb.SCard(ctx, key).Result()
	if err != nil || n >= maxMet || len(people) == 0 {
		return unavailable(err)
	}
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for some := range slices.Chunk(people, pipelineSize) {
			members := make([]any, len(some))
			for i, id := range some {
				members[i] = raw(id)
			}
			p.SAdd(ctx, key, members...)
		}
		return nil
	})
	return unavailable(err)
}

// Strangers are those of some people who have nothing to do with a case: it was not
// opened about them, nobody has asked about them under it, and no answer named them as
// contacts. Whoever works on it can attach anybody: that is not enough. A case that
// remembers maxMet contacts has no strangers. Errors: ErrUnavailable.
func (s *Store) Strangers(ctx context.Context, c *Case, people []uint64) (strangers []uint64, err error) {
	known := make([][2]*redis.BoolCmd, len(people))
	var met *redis.IntCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		met = p.SCard(ctx, s.keys.cases("m:"+c.Code))
		for i, id := range people {
			for k, set := range [2]string{"p:", "m:"} {
				known[i][k] = p.SIsMember(ctx, s.keys.cases(set+c.Code), raw(id))
			}
		}
		return nil
	})
	if err != nil || met.Val() >= maxMet {
		return nil, unavailable(err)
	}
	for i, id := range people {
		if !known[i][0].Val() && !known[i][1].Val() && !slices.Contains(c.People[:min(c.Opened, len(c.People))], id) {
			strangers = append(strangers, id)
		}
	}
	return strangers, nil
}

// Asked is how many different people have been asked about under each of some
// cases.
func (s *Store) Asked(ctx context.Context, cases []Case) ([]int, error) {
	replies := make([]*redis.IntCmd, len(cases))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range cases {
			replies[i] = p.SCard(ctx, s.keys.cases("p:"+cases[i].Code))
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	counts := make([]int, len(cases))
	for i, reply := range replies {
		counts[i] = int(reply.Val())
	}
	return counts, nil
}
