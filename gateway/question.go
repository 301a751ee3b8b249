package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// Staff who read personal data leave an entry in the audit, before they get it.
// Who asks where people were needs more: an open case, a reason, and a question
// within the case's caps. Both come in headers, so that neither is in a URL or
// in anybody's log.
const (
	headerCase   = "Trace-Case"   // code of an open case
	headerReason = "Trace-Reason" // percent-encoded UTF-8, one line of 4 to 200 characters
)

// reading is what a route reads of people.
type reading uint8

const (
	nothing reading = iota
	duty            // personal data in the course of duty, who may do what, or the rules that gates go by: audited
	asked           // where people were: audited, and needs a case and a reason
)

// inquiry is one request of staff on such a route, and what the audit will say
// of it.
type inquiry struct {
	kase  checkpoint.Case // of an asked route
	entry checkpoint.AuditEntry
	about checkpoint.About // who will be told that they were read
	kept  bool             // the entry is on record already
}

func inquiryOf(c *fiber.Ctx) *inquiry {
	in, _ := c.Locals(inquiryKey).(*inquiry)
	return in
}

// begin starts the inquiry of a member of staff.
func (s *Server) beginInquiry(c *fiber.Ctx, r route, who *checkpoint.Staff) {
	s.inquire(c, r, who.Login, string(who.Role))
}

// inquire is beginInquiry for anybody.
func (s *Server) inquire(c *fiber.Ctx, r route, actor, role string) {
	in := &inquiry{entry: checkpoint.AuditEntry{
		Actor: actor, Role: role, Action: r.method + " " + r.path, Request: requestID(c), Rows: 1,
		Detail: clip(string(c.Request().URI().QueryString()), 400),
	}}
	var subject []string
	for _, param := range c.Route().Params {
		subject = append(subject, c.Params(param))
	}
	in.entry.Subject = clip(strings.Join(subject, " "), 120)
	c.Locals(inquiryKey, in)
}

// clip is a copy of what a client wrote, for the audit: valid, and not longer
// than so many bytes.
func clip(text string, bytes int) string {
	return strings.ToValidUTF8(strings.Clone(text[:min(len(text), bytes)]), "?")
}

// ground reads case and reason of a question, and refuses it without.
func (s *Server) ground(c *fiber.Ctx, in *inquiry, who principal) error {
	code := strings.Clone(c.Get(headerCase))
	if code == "" {
		return failure(codeCaseNeeded, "who asks where people were gives the code of an open case in the header "+headerCase+" and why in "+headerReason)
	}
	in.entry.Case = clip(code, 20)
	reason, err := reasonOf(c.Get(headerReason))
	if err != nil {
		return err
	}
	in.entry.Reason = reason
	in.kase, err = s.store.Case(s.context(c), code)
	switch {
	case errors.Is(err, checkpoint.ErrNotFound) && s.reaches(who, ""):
		return failure(codeCaseNeeded, "there is no such case: "+headerCase+" is the code of an open one")
	case err != nil:
		return s.hidden(who, err)
	case !s.concerns(who, in.kase.Grid):
		return outOfScope()
	}
	campaign, err := s.store.Campaign(s.context(c))
	switch {
	case err != nil:
		return err
	case campaign.EndedAt != 0:
		return checkpoint.ErrCampaignOver
	case !in.kase.Open():
		return failure(codeCaseClosed, "the case is closed: nothing is asked under it any more")
	case who.Staff != nil && in.kase.OpenedBy == who.Staff.Login: // or one person could make the ground of their own questions
		return failure(codeSamePerson, "who opened the case does not ask under it: a colleague asks, or opens one for you")
	}
	return nil
}

func reasonOf(header string) (string, error) {
	reason, err := url.PathUnescape(header)
	n := utf8.RuneCountInString(strings.TrimSpace(reason))
	if err != nil || !utf8.ValidString(reason) || n < 4 || n > 200 || strings.ContainsFunc(reason, unicode.IsControl) {
		return "", invalid(headerReason, "must say why this is asked: one line of 4 to 200 characters, UTF-8 and percent-encoded")
	}
	return strings.Clone(reason), nil
}

// concerns tells whether a case of this node is somebody's business: it lies in
// their part of the grid, or their part lies in its.
func (s *Server) concerns(who principal, node string) bool {
	return s.reaches(who, node) || who.Staff != nil && s.store.Registry().Within(who.Staff.Grid, node)
}

// reachesAsked is reaches, and beside it what a grant opens for this question.
func (s *Server) reachesAsked(c *fiber.Ctx, node string) bool {
	who := principalOf(c)
	if s.reaches(who, node) {
		return true
	}
	in := inquiryOf(c)
	if in == nil || who.Staff == nil || in.entry.Case == "" {
		return false
	}
	return slices.ContainsFunc(in.kase.Granted(who.Staff.Login, s.now()), func(granted string) bool {
		return s.store.Registry().Within(node, granted)
	})
}

// question is how large a question is.
type question struct {
	people   []uint64 // asked about; none for who passed a place
	from, to int64    // UTC ms
	hops     int
}

// ask holds a question to the caps of its case. Handlers of asked routes call
// it before they read; devices, which see their own gate only, pass.
func (s *Server) ask(c *fiber.Ctx, q question) error {
	in := inquiryOf(c)
	if in == nil {
		return nil
	}
	caps := in.kase.CapsAt(s.now())
	switch {
	case q.hops > caps.Hops:
		return overCap("hops", q.hops, caps.Hops)
	case wholeDays(q.from, q.to) > caps.Days:
		return overCap("days", wholeDays(q.from, q.to), caps.Days)
	}
	if len(q.people) == 0 {
		return nil
	}
	names := make([]string, 0, 4)
	for _, id := range q.people[:min(len(q.people), 4)] {
		names = append(names, checkpoint.FormatPersonID(id))
	}
	in.entry.Subject = strings.Join(names, " ")
	s.about(c, q.people...)
	err := s.store.AskAbout(s.context(c), &in.kase, q.people)
	if errors.Is(err, checkpoint.ErrOverCap) {
		return overCap("people", caps.People+1, caps.People)
	}
	return err
}

const dayMillis = 24 * 3600 * 1000

// wholeDays are the days of a question: a cap of 14 lets somebody ask about 14
// days and the one that has begun.
func wholeDays(from, to int64) int { return int((to - from) / dayMillis) }

func overCap(what string, asked, most int) error {
	return failure(codeOverCap, fmt.Sprintf("%d %s, the case allows %d: ask for more (POST /v1/cases/{code}/lifts), a second person approves", asked, what, most))
}

// rows tells the audit how many rows an answer has; 1 if nobody says.
func (s *Server) rows(c *fiber.Ctx, n int) {
	if in := inquiryOf(c); in != nil {
		in.entry.Rows = int64(n)
	}
}

// subject tells the audit who or what was asked about, where the path does not.
func (s *Server) subject(c *fiber.Ctx, subject string) {
	if in := inquiryOf(c); in != nil {
		in.entry.Subject = subject
	}
}

// about tells the audit whose particulars an answer has, where it is not the
// person in the path: they find the entry. Lists that somebody is merely in, of a
// gate's passages for example, are about nobody.
func (s *Server) about(c *fiber.Ctx, people ...uint64) {
	if in := inquiryOf(c); in != nil {
		in.about.People = append(in.about.People, people...)
	}
}

// aboutSite is about for everybody who lives at a site.
func (s *Server) aboutSite(c *fiber.Ctx, code string) {
	if in := inquiryOf(c); in != nil {
		in.about.Site = code
	}
}

// conclude puts a request on record, answered or refused. What cannot be put on
// record is not answered.
func (s *Server) conclude(c *fiber.Ctx, err error) error {
	in := inquiryOf(c)
	if in == nil || in.kept {
		return err
	}
	in.entry.Outcome = "answered"
	if person := residentOf(c); person.ID != 0 {
		s.about(c, person.ID)
	}
	if err != nil {
		in.entry.Outcome, in.entry.Rows, in.about = string(explain(err).code), 0, checkpoint.About{}
	}
	if _, lost := s.store.AuditAbout(s.context(c), in.entry, in.about); lost != nil {
		if err == nil {
			return lost
		}
		s.log(c).Error("a refused request is not in the audit", "error", lost)
	}
	return err
}

// concludeStream puts a stream on record before its first row: how many it had
// follows in an entry of its own, by the function returned.
func (s *Server) concludeStream(c *fiber.Ctx) (ended func(rows int, err error), err error) {
	in := inquiryOf(c)
	if in == nil {
		return func(int, error) {}, nil
	}
	in.entry.Outcome, in.entry.Rows = "streaming", -1
	if _, err := s.store.AuditAbout(s.context(c), in.entry, in.about); err != nil {
		return nil, err
	}
	in.kept = true
	entry, log := in.entry, s.log(c) // the request's memory is reused when the handler returns
	return func(rows int, err error) {
		entry.Rows, entry.Outcome = int64(rows), "streamed"
		if err != nil {
			entry.Outcome = "cut"
		}
		// The stream's own context may have ended with the server's life.
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		if _, err := s.store.Audit(ctx, entry); err != nil {
			log.Error("the end of a stream is not in the audit", "rows", rows, "error", err)
		}
	}, nil
}
