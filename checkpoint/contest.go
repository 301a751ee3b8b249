package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ContestState is how far the office has got with a contest.
type ContestState string

// The states.
const (
	ContestOpen    ContestState = "open"
	ContestUpheld  ContestState = "upheld"  // the status stays, and the answer says why
	ContestChanged ContestState = "changed" // the status was changed
)

const (
	// ContestWithin is how long the office has to answer.
	ContestWithin = 48 * time.Hour
	// maxContestText bounds what is written, in characters.
	maxContestText = 500
	// contestsKept and contestsADay bound the contests of one person.
	contestsKept = 30
	contestsADay = 3
)

// Contest is somebody's word against their status, or that of one of their
// household. The office answers it within ContestWithin, and not by whoever gave
// the status. It is kept as long after the answer as events are.
type Contest struct {
	Person   uint64       `json:"-"`
	ID       string       `json:"i"` // as the phone chose it; with Person it names the contest
	Text     string       `json:"x"`
	About    StatusRecord `json:"a"` // what it is about, as it was then
	OpenedAt int64        `json:"t"` // UTC ms

	State      ContestState `json:"s"`
	Answer     string       `json:"w,omitempty"`
	AnsweredAt int64        `json:"z,omitempty"` // UTC ms
	AnsweredBy uint32       `json:"b,omitempty"` // number of the member of staff
}

// DueAt is when an answer is due, UTC ms.
func (c *Contest) DueAt() int64 { return c.OpenedAt + ContestWithin.Milliseconds() }

// Overdue tells that there should be an answer and is none.
func (c *Contest) Overdue(now int64) bool { return c.State == ContestOpen && now >= c.DueAt() }

// Errors of contests.
var (
	// ErrContested: a contest about this person waits for its answer.
	ErrContested = errors.New("checkpoint: a contest about this person waits for its answer")
	// ErrAnswered: the contest was answered otherwise.
	ErrAnswered = errors.New("checkpoint: this contest was answered before, otherwise")
	// ErrOwnDecision: who gave the status may not judge the contest.
	ErrOwnDecision = errors.New("checkpoint: who gave a status does not answer the contest about it")
)

// OpenContest opens a contest about a person's status. The same again gives the
// first one back. Errors: *FieldError, ErrContested, ErrTooMany, ErrOtherRecord
// (the ID is that of another text), ErrNotFound, ErrUnavailable.
func (s *Store) OpenContest(ctx context.Context, who *Resident, id, text string) (Contest, error) {
	if err := validCareID(id); err != nil {
		return Contest{}, err
	}
	text, err := cleanText("text", text, maxContestText, true)
	if err != nil {
		return Contest{}, err
	}
	r := clientRef(who.ID, careContest, id)
	if known, err := s.Contest(ctx, who.ID, id); err == nil {
		if known.Text != text {
			return Contest{}, ErrOtherRecord
		}
		return known, nil
	} else if !errors.Is(err, ErrNotFound) {
		return Contest{}, err
	}
	if !who.Status.ends() {
		return Contest{}, &FieldError{"resident", "has a status that keeps nobody from anything: there is nothing to contest"}
	}
	about, err := s.StatusRecord(ctx, who)
	if err != nil {
		return Contest{}, err
	}
	now := s.now()
	c := Contest{Person: who.ID, ID: id, Text: text, About: about, OpenedAt: now, State: ContestOpen}
	err = s.addCare(ctx, r, careEntry{digest: careDigest(text), at: now, state: careOpen}, c, c.DueAt(),
		careLimits{contestsKept, 1, contestsADay, now - dayMillis, now + 1})
	switch {
	case errors.Is(err, errCareOpen):
		return Contest{}, ErrContested
	case err != nil:
		return Contest{}, err
	}
	return s.Contest(ctx, who.ID, id)
}

// Contest reads one; ErrNotFound if there is none.
func (s *Store) Contest(ctx context.Context, person uint64, id string) (Contest, error) {
	found, err := careAs(ctx, s, []careRef{clientRef(person, careContest, id)}, (*Contest).of)
	if err != nil {
		return Contest{}, err
	}
	if len(found) == 0 {
		return Contest{}, notFound("contest", id)
	}
	return found[0], nil
}

func (c *Contest) of(person uint64) { c.Person = person }

// OpenContests lists those without an answer, the longest due first: a page and the
// cursor of the next, "" at the end.
func (s *Store) OpenContests(ctx context.Context, q CareQuery) ([]Contest, string, error) {
	return s.contests(ctx, listContests, "-inf", "+inf", &q)
}

// OverdueContests lists those whose answer is due, in the same order.
func (s *Store) OverdueContests(ctx context.Context, q CareQuery) ([]Contest, string, error) {
	return s.contests(ctx, listContests, "-inf", strconv.FormatInt(s.now(), 10), &q)
}

// AnsweredContests lists those with from <= answered_at < to (UTC ms), in that order.
func (s *Store) AnsweredContests(ctx context.Context, from, to int64, q CareQuery) ([]Contest, string, error) {
	from = max(from, s.oldestShown())
	return s.contests(ctx, listAnswered, strconv.FormatInt(from, 10), "("+strconv.FormatInt(to, 10), &q)
}

func (s *Store) contests(ctx context.Context, list careListKind, from, to string, q *CareQuery) ([]Contest, string, error) {
	return carePage(ctx, s, list, careContest, from, to, q, (*Contest).of)
}

// AnswerContest answers a contest, once. by is the number of a member of staff,
// who did not give the status. Errors: *FieldError, ErrNotFound, ErrOwnDecision,
// ErrAnswered, ErrUnavailable.
func (s *Store) AnswerContest(ctx context.Context, person uint64, id string, state ContestState, answer string, by uint32) (Contest, error) {
	if state != ContestUpheld && state != ContestChanged {
		return Contest{}, &FieldError{"state", "must be upheld or changed"}
	}
	answer, err := cleanText("answer", answer, maxContestText, true)
	if err != nil {
		return Contest{}, err
	}
	c, err := s.Contest(ctx, person, id)
	switch {
	case err != nil:
		return Contest{}, err
	case c.State != ContestOpen && c.State == state && c.Answer == answer:
		return c, nil
	case c.State != ContestOpen:
		return Contest{}, ErrAnswered
	case c.About.By == by && by != 0:
		return Contest{}, ErrOwnDecision
	}
	if err := s.checkChanged(ctx, &c, state); err != nil {
		return Contest{}, err
	}
	c.State, c.Answer, c.AnsweredAt, c.AnsweredBy = state, answer, s.now(), by
	done, err := s.turnCare(ctx, clientRef(person, careContest, id), careOpen, careClosed, c, c.AnsweredAt)
	switch {
	case err != nil:
		return Contest{}, err
	case !done: // somebody else was faster
		return Contest{}, ErrAnswered
	}
	return c, nil
}

// checkChanged holds the answer to what is so: a status that stays as it was is
// upheld, whatever is said.
func (s *Store) checkChanged(ctx context.Context, c *Contest, state ContestState) error {
	who, err := s.Resident(ctx, c.Person)
	if err != nil {
		return err
	}
	now, err := s.StatusRecord(ctx, &who)
	if err != nil {
		return err
	}
	same := now.Status == c.About.Status && now.Since == c.About.Since
	switch {
	case same && state == ContestChanged:
		return &FieldError{"state", fmt.Sprintf("is changed, but the person still is %s: change the status first", now.Status)}
	case now.Status != c.About.Status && state == ContestUpheld:
		return &FieldError{"state", fmt.Sprintf("is upheld, but the person is %s by now: answer with changed", now.Status)}
	}
	return nil
}
