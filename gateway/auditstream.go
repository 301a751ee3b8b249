package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// streamAudit answers with all entries of a query, one a line, in constant
// memory: up to the head of now, so that the reader's own entries do not make it
// longer.
func (s *Server) streamAudit(c *fiber.Ctx, q auditQuery) error {
	ended, err := s.concludeStream(c)
	if err != nil {
		return err
	}
	conn, log := c.Context().Conn(), s.log(c)
	c.Set(fiber.HeaderContentType, mimeNDJSON)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(s.life, streamWhole)
		defer cancel()
		rows, err := s.writeAudit(ctx, q, &pieces{conn: conn, w: w, buf: make([]byte, 0, streamPiece+checkpoint.MaxAuditLine), rest: s.load.rest})
		ended(rows, err)
		if err != nil {
			if !errors.Is(err, errClientGone) {
				log.Error("stream failed", "error", err)
			}
			_ = conn.Close()
		}
	})
	return nil
}

// writeAudit writes the lines and counts them.
func (s *Server) writeAudit(ctx context.Context, q auditQuery, out *pieces) (rows int, err error) {
	defer func() { // a goroutine's panic would be the whole process's
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = s.store.AuditRecords(ctx, q.first, q.end, func(r *checkpoint.AuditRecord) error {
		switch {
		case q.over(r):
			return errPageFull
		case !s.auditFits(&q, r):
			return nil
		}
		rows++
		out.buf = append(r.AppendJSON(out.buf), '\n')
		return out.sendFull()
	})
	if err != nil && !errors.Is(err, errPageFull) {
		return rows, err
	}
	return rows, out.flush()
}
