package checkpoint

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// ExemptGround is why somebody's exits do not count as outings of their
// household.
type ExemptGround string

// The grounds.
const (
	ExemptMedical ExemptGround = "medical" // treatment that cannot wait: dialysis, pregnancy
	ExemptWork    ExemptGround = "work"    // work that the town cannot do without
)

// MaxExemptSpan is the longest exemption.
const MaxExemptSpan = 90 * 24 * time.Hour

// Exemption frees one person from the limit of outings at their home site, and
// from no other rule.
type Exemption struct {
	Person   uint64
	Site     string // code of the home site
	Ground   ExemptGround
	From     int64  // UTC ms
	Until    int64  // UTC ms, excluded; when it was taken back, if it was
	IssuedBy string // login
}

// Exempt frees a resident from the limit of outings from now on, until a time
// (UTC ms) at most MaxExemptSpan ahead. It takes the place of an earlier one;
// the same again changes nothing. by is the login of who decides it. Errors:
// *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) Exempt(ctx context.Context, person uint64, until int64, ground ExemptGround, by string) (Exemption, error) {
	now := s.now()
	switch {
	case ground != ExemptMedical && ground != ExemptWork:
		return Exemption{}, &FieldError{"ground", "must be medical or work"}
	case until <= now || until > now+MaxExemptSpan.Milliseconds():
		return Exemption{}, &FieldError{"until", "must lie at most 90 days ahead"}
	case !validCode(by):
		return Exemption{}, &FieldError{"by", "must be the login of an account"}
	}
	records, err := s.readPeople(ctx, []uint64{person})
	if err != nil {
		return Exemption{}, err
	}
	if !records[0].exists {
		return Exemption{}, notFound("person", FormatPersonID(person))
	}
	site, ok := s.Registry().SiteByNum(uint32(records[0].home)) //nolint:gosec // parsed as 32 bits
	if !ok {
		return Exemption{}, &FieldError{"resident", "has no home here, so no limit of outings applies"}
	}
	running, _, err := s.exemption(ctx, person)
	if err != nil {
		return Exemption{}, err
	}
	if running != nil && running.Until == until && running.Ground == ground && running.Site == site.Code {
		return *running, nil
	}
	p := issuing{kind: 'x', person: person, site: site.Num, from: now}
	p.notes = permitNotes{Ground: string(ground), Until: until, IssuedAt: now, IssuedBy: by}
	if _, err := rand.Read(p.request[:]); err != nil {
		return Exemption{}, fmt.Errorf("checkpoint: random numbers: %w", err)
	}
	if _, _, err := s.issue(ctx, &p); err != nil {
		return Exemption{}, err
	}
	return Exemption{person, site.Code, ground, now, until, by}, nil
}

// EndExemption takes a person's exemption back; without one nothing changes.
func (s *Store) EndExemption(ctx context.Context, person uint64, by string) error {
	if !validCode(by) {
		return &FieldError{"by", "must be the login of an account"}
	}
	running, number, err := s.exemption(ctx, person)
	if err != nil || running == nil {
		return err
	}
	return s.endPermit(ctx, number, person, by)
}

// Exemption gives the exemption that a person has now, nil if there is none.
func (s *Store) Exemption(ctx context.Context, person uint64) (*Exemption, error) {
	running, _, err := s.exemption(ctx, person)
	return running, err
}

func (s *Store) exemption(ctx context.Context, person uint64) (*Exemption, uint32, error) {
	members, _, err := s.permitMembers(ctx, &PermitFilter{Person: person, State: PermitInForce})
	if err != nil {
		return nil, 0, err
	}
	for _, m := range members {
		if m.kind != 'x' || m.person != person {
			continue
		}
		p, err := s.readPermit(ctx, m)
		return &Exemption{person, p.Site, ExemptGround(p.Ground), p.From, p.Until, p.IssuedBy}, m.number, err
	}
	return nil, 0, nil
}
