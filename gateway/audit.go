package gateway

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

const (
	// auditScan is how many entries are looked through for one page.
	auditScan = 20_000
	// auditSlack is how far the order of entries and that of their times may
	// differ: gateways' clocks do.
	auditSlack = 5 * time.Second
)

// auditQuery says which entries are wanted.
type auditQuery struct {
	first, end                   int64 // numbers, the second excluded
	from, to                     int64 // UTC ms, the second excluded
	actor, kase, subject, action string
	who                          principal
}

// handleAudit answers who asked what: in pages, or as a stream of the whole. The
// reader is in the audit, too, like everybody who reads.
func (s *Server) handleAudit(c *fiber.Ctx) error {
	q, err := s.auditQuery(c)
	if err != nil {
		return err
	}
	if c.Accepts(fiber.MIMEApplicationJSON, mimeNDJSON) == mimeNDJSON {
		return s.streamAudit(c, q)
	}
	limit, err := queryNumber(c, "limit", 100, 1, checkpoint.MaxPage)
	if err != nil {
		return err
	}
	entries, next, err := s.auditPage(s.context(c), q, limit)
	if err != nil {
		return err
	}
	s.rows(c, len(entries))
	return c.JSON(struct {
		Entries []json.RawMessage `json:"entries"`
		Next    string            `json:"next"`
	}{entries, next})
}

// errPageFull ends the reading of a page.
var errPageFull = errors.New("gateway: the page is full")

// auditPage gives at most limit entries, and where to go on: a page can be short
// or empty with more to come, where few entries fit.
func (s *Server) auditPage(ctx context.Context, q auditQuery, limit int) (entries []json.RawMessage, next string, err error) {
	entries = []json.RawMessage{}
	last := min(q.end, q.first+auditScan)
	err = s.store.AuditRecords(ctx, q.first, last, func(r *checkpoint.AuditRecord) error {
		switch {
		case q.over(r):
			last = q.end
			return errPageFull
		case !s.auditFits(&q, r):
			return nil
		case len(entries) == limit:
			last = r.Seq
			return errPageFull
		}
		entries = append(entries, r.AppendJSON(nil))
		return nil
	})
	if err != nil && !errors.Is(err, errPageFull) {
		return nil, "", err
	}
	if last < q.end {
		next = strconv.FormatInt(last, 10)
	}
	return entries, next, nil
}

// over tells that no later entry is wanted.
func (q *auditQuery) over(r *checkpoint.AuditRecord) bool {
	return q.to != math.MaxInt64 && r.At >= q.to+auditSlack.Milliseconds()
}

// auditFits tells whether an entry is wanted, and is the reader's business: they
// see what was done by people of their part of the grid.
func (s *Server) auditFits(q *auditQuery, r *checkpoint.AuditRecord) bool {
	return r.At >= q.from && r.At < q.to && (q.actor == "" || r.Actor == q.actor) && (q.kase == "" || r.Case == q.kase) &&
		(q.subject == "" || slices.Contains(strings.Fields(r.Subject), q.subject)) &&
		strings.Contains(r.Action, q.action) && s.reachesActor(q.who, r.Actor)
}

func (s *Server) reachesActor(who principal, login string) bool {
	if s.seesTown(who) {
		return true
	}
	actor, ok := s.store.Registry().Staff(login)
	return ok && s.reaches(who, actor.Grid)
}

// seesTown tells that somebody answers for the whole town.
func (s *Server) seesTown(who principal) bool {
	return who.Staff != nil && (who.Staff.Role == checkpoint.RoleAdmin || who.Staff.Grid == "" || s.isRoot(who.Staff.Grid))
}

// auditQuery reads the query: a window of time, or with after the chain by its
// numbers, which is for who answers for the whole town, as it has no gaps.
func (s *Server) auditQuery(c *fiber.Ctx) (q auditQuery, err error) {
	q = auditQuery{
		to: math.MaxInt64, who: principalOf(c),
		actor: strings.Clone(c.Query("actor")), kase: strings.Clone(c.Query("case")), subject: strings.Clone(c.Query("subject")), action: strings.Clone(c.Query("action")),
	}
	head, _, err := s.store.AuditHead(s.context(c))
	if err != nil {
		return q, err
	}
	q.end = head + 1
	if text := c.Query("after"); text != "" {
		after, err := strconv.ParseInt(text, 10, 64)
		switch {
		case err != nil || after < 0 || after >= math.MaxInt64/2:
			return q, invalid("after", "must be the number of an entry, or 0 for the beginning")
		case c.Query("from")+c.Query("to")+c.Query("cursor") != "":
			return q, invalid("after", "goes without from, to and cursor")
		case !s.seesTown(q.who):
			return q, failure(codeOutOfScope, "the whole chain is for who answers for the whole town: ask for a window of time")
		}
		q.from, q.first = math.MinInt64, after+1
		return q, nil
	}
	if q.from, q.to, err = s.window(c); err != nil {
		return q, err
	}
	if text := c.Query("cursor"); text != "" {
		if q.first, err = strconv.ParseInt(text, 10, 64); err != nil || q.first < 1 {
			return q, invalid("cursor", "must be the one that the page before gave")
		}
		return q, nil
	}
	q.first, err = s.store.AuditSince(s.context(c), q.from-auditSlack.Milliseconds())
	return q, err
}

// handleAuditHead signs the head of now. Who keeps it elsewhere can prove later
// what the audit was.
func (s *Server) handleAuditHead(c *fiber.Ctx) error {
	if s.auditor == nil {
		return failure(codeNotFound, "this gateway has no key that signs heads of the audit")
	}
	seq, hash, err := s.store.AuditHead(s.context(c))
	if err != nil {
		return err
	}
	cut, _, err := s.store.AuditCut(s.context(c))
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Head      checkpoint.AuditHead  `json:"head"`
		PublicKey string                `json:"public_key"`
		Cut       *checkpoint.AuditHead `json:"cut"`
	}{s.auditor.Sign(seq, hash, s.now(), ""), hex.EncodeToString(s.auditor.Public()), cut})
}
