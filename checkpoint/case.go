package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Case is the ground on which somebody's movements may be asked about. It is
// opened by those who answer for people's health, not by those who trace, and
// it bounds what may be asked under it: see Caps. While it is open, and until
// CaseHold after it was closed, the events of its people are kept although
// retention is over.
type Case struct {
	Num   uint32   `json:"-"`
	Code  string   `json:"code"` // "C" and the number
	Kind  CaseKind `json:"kind"`
	Title string   `json:"title"` // for those who work on it, at most 120 bytes
	// People are whose infection the case is about, and whoever was added as
	// part of its evidence; the one it was opened for comes first.
	People []uint64 `json:"people"`
	// Opened is how many of them it was opened about: the first ones. 0 in cases of
	// before this was written down.
	Opened int    `json:"opened,omitempty"`
	Grid   string `json:"grid"` // node of the grid that answers for it

	// Times in UTC ms, 0 if unknown: first symptoms, the first positive sample,
	// when the person was isolated.
	OnsetAt    int64 `json:"onset_at,omitempty"`
	SampledAt  int64 `json:"sampled_at,omitempty"`
	IsolatedAt int64 `json:"isolated_at,omitempty"`

	OpenedAt int64       `json:"opened_at"` // UTC ms
	OpenedBy string      `json:"opened_by"` // login
	ClosedAt int64       `json:"closed_at,omitempty"`
	ClosedBy string      `json:"closed_by,omitempty"`
	Outcome  CaseOutcome `json:"outcome,omitempty"`

	Lifts  []Lift  `json:"lifts,omitempty"`
	Grants []Grant `json:"grants,omitempty"`

	stored string // as Redis holds it, for the next change
}

// CaseKind is what a case is about.
type CaseKind string

// The kinds of cases.
const (
	CaseConfirmed    CaseKind = "confirmed"
	CaseSuspected    CaseKind = "suspected"
	CaseAsymptomatic CaseKind = "asymptomatic" // a positive sample, no symptoms
	CaseCluster      CaseKind = "cluster"      // several, whose common place is looked for
	CaseOther        CaseKind = "other"        // a fever, a returnee, a breach
)

// CaseKinds lists them.
func CaseKinds() []CaseKind {
	return []CaseKind{CaseConfirmed, CaseSuspected, CaseAsymptomatic, CaseCluster, CaseOther}
}

// CaseOutcome is why a case was closed.
type CaseOutcome string

// The outcomes.
const (
	CaseResolved    CaseOutcome = "resolved"    // contacts found and followed
	CaseExcluded    CaseOutcome = "excluded"    // not infected
	CaseTransferred CaseOutcome = "transferred" // another place goes on with it
	CaseMistaken    CaseOutcome = "mistaken"    // opened by mistake
)

// CaseOutcomes lists them.
func CaseOutcomes() []CaseOutcome {
	return []CaseOutcome{CaseResolved, CaseExcluded, CaseTransferred, CaseMistaken}
}

// Bounds of a case.
const (
	MaxCaseTitle  = 120 // bytes
	MaxCasePeople = 500
	maxCaseLifts  = 50
	// CaseHold is how long after its closing a case keeps the events of its
	// people.
	CaseHold = 14 * 24 * time.Hour
	// beforeOnset is how long before the first symptoms, or before the sample
	// of somebody without any, meetings count: two days by the national
	// protocol (新型冠状病毒肺炎防控方案, sixth edition, 7 March 2020).
	beforeOnset = 48 * time.Hour
	// periodWithout is how far back the period of a case reaches about whose
	// beginning nothing is known: the longest incubation.
	periodWithout = 14 * 24 * time.Hour
)

// Open tells that nobody has closed the case yet.
func (c *Case) Open() bool { return c.ClosedAt == 0 }

// Period is the time in which meetings with the case count, from <= t < to in
// UTC ms: from two days before the first symptoms, or before the sample where
// there were none, or 14 days before the case was opened where neither is
// known; to the isolation, or to now.
func (c *Case) Period(now int64) (from, to int64) {
	switch {
	case c.OnsetAt != 0:
		from = c.OnsetAt - beforeOnset.Milliseconds()
	case c.SampledAt != 0:
		from = c.SampledAt - beforeOnset.Milliseconds()
	default:
		from = c.OpenedAt - periodWithout.Milliseconds()
	}
	to = now
	if c.IsolatedAt != 0 {
		to = min(now, c.IsolatedAt)
	}
	return max(0, min(from, to)), to
}

// check refuses what cannot be; now is UTC ms.
func (c *Case) check(now int64) error {
	switch {
	case !slices.Contains(CaseKinds(), c.Kind):
		return &FieldError{"kind", "must be confirmed, suspected, asymptomatic, cluster or other"}
	case c.Title == "" || !validLine(c.Title, MaxCaseTitle):
		return &FieldError{"title", "must be one line of 1 to 120 bytes"}
	case len(c.People) > MaxCasePeople:
		return &FieldError{"people", fmt.Sprintf("a case has at most %d", MaxCasePeople)}
	case c.IsolatedAt != 0 && c.OnsetAt > c.IsolatedAt:
		return &FieldError{"isolated_at", "lies before onset_at"}
	}
	for _, t := range []struct {
		field string
		at    int64
	}{{"onset_at", c.OnsetAt}, {"sampled_at", c.SampledAt}, {"isolated_at", c.IsolatedAt}} {
		if t.at < 0 || t.at > now {
			return &FieldError{t.field, "must not lie in the future"}
		}
	}
	return nil
}

// validLine tells that a text is one line of at most so many bytes.
func validLine(text string, bytes int) bool {
	return len(text) <= bytes && utf8.ValidString(text) && !slices.ContainsFunc([]rune(text), unicode.IsControl)
}

// OpenCase opens a case: kind, title, people, grid and times are the caller's,
// the rest is set here. Errors: *FieldError, ErrNotFound (a person),
// ErrCampaignOver, ErrUnavailable.
func (s *Store) OpenCase(ctx context.Context, c Case, by string) (Case, error) {
	now := s.now()
	campaign, err := s.Campaign(ctx)
	if err != nil {
		return Case{}, err
	}
	if campaign.EndedAt != 0 {
		return Case{}, ErrCampaignOver
	}
	if err := c.check(now); err != nil {
		return Case{}, err
	}
	if err := s.checkPeople(ctx, c.People); err != nil {
		return Case{}, err
	}
	num, err := s.rdb.Incr(ctx, s.keys.cases("n")).Result()
	if err != nil {
		return Case{}, unavailable(err)
	}
	c.Num, c.Code = uint32(num), "C"+strconv.FormatInt(num, 10) //nolint:gosec // a count of cases
	c.OpenedAt, c.OpenedBy, c.Opened, c.stored = now, by, len(c.People), ""
	c.ClosedAt, c.ClosedBy, c.Outcome, c.Lifts, c.Grants = 0, "", "", nil, nil
	if done, err := s.putCase(ctx, &c); err != nil || !done {
		return Case{}, fmt.Errorf("checkpoint: open case %s: %w", c.Code, err)
	}
	return c, nil
}

// checkPeople refuses IDs that nobody has.
func (s *Store) checkPeople(ctx context.Context, people []uint64) error {
	known, err := s.Views(ctx, people)
	if err != nil {
		return err
	}
	for _, id := range people {
		if _, ok := known[id]; !ok {
			return notFound("person", FormatPersonID(id))
		}
	}
	return nil
}

// Case reads one case; ErrNotFound if there is none.
func (s *Store) Case(ctx context.Context, code string) (Case, error) {
	num, ok := caseNumber(code)
	if !ok {
		return Case{}, notFound("case", code)
	}
	stored, err := s.rdb.HGet(ctx, s.keys.cases("c"), strconv.FormatUint(uint64(num), 10)).Result()
	switch {
	case isNil(err):
		return Case{}, notFound("case", code)
	case err != nil:
		return Case{}, unavailable(err)
	}
	return s.openCase(num, stored)
}

// caseNumber reads a code, which has one form only.
func caseNumber(code string) (uint32, bool) {
	if len(code) < 2 || code[0] != 'C' || code[1] == '0' {
		return 0, false
	}
	num, err := strconv.ParseUint(code[1:], 10, 32)
	return uint32(num), err == nil
}

// Cases lists all cases, the newest first.
func (s *Store) Cases(ctx context.Context) ([]Case, error) {
	stored, err := s.rdb.HGetAll(ctx, s.keys.cases("c")).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	cases := make([]Case, 0, len(stored))
	for field, text := range stored {
		num, ok := caseNumber("C" + field)
		if !ok {
			return nil, fmt.Errorf("checkpoint: stored case %q has no number", field)
		}
		c, err := s.openCase(num, text)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	sort.Slice(cases, func(i, j int) bool { return cases[i].Num > cases[j].Num })
	return cases, nil
}

// openCase reads the stored form: JSON, sealed, because titles and grounds name
// people.
func (s *Store) openCase(num uint32, stored string) (Case, error) {
	var c Case
	plain, err := s.seal.open(caseSeal|uint64(num), []byte(stored))
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		return c, fmt.Errorf("checkpoint: case C%d: %w", num, err)
	}
	c.Num, c.stored = num, stored
	return c, nil
}

// caseSeal keeps the records of cases apart from others that are sealed under a
// small number.
const caseSeal = 0xC << 32

// putCase writes a case if it is still as it was read; false if it is not.
func (s *Store) putCase(ctx context.Context, c *Case) (bool, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return false, fmt.Errorf("checkpoint: case %s: %w", c.Code, err)
	}
	sealed := s.seal.seal(caseSeal|uint64(c.Num), plain)
	reply, err := s.run(ctx, s.rdb, caseScript, []string{s.keys.cases("c")}, c.Num, c.stored, sealed)
	if err != nil {
		return false, err
	}
	c.stored = string(sealed)
	return reply == int64(1), nil
}
