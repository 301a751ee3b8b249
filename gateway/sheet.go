package gateway

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// sheetDesk lets one sheet be drawn at a time.
type sheetDesk struct{ sync.Mutex }

// handleSheet prints the paper passes of everybody who lives at a site.
func (s *Server) handleSheet(c *fiber.Ctx) error {
	days := codes.PaperDays
	if text := c.Query("days"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return invalid("days", "must be a number")
		}
		if days, err = checkDays(codes.KindPaper, n); err != nil {
			return err
		}
	}
	site, ok := s.store.Registry().Site(c.Params("site"))
	if !ok {
		return failure(codeNotFound, "there is no such site")
	}
	// Signing and drawing take a millisecond a person: gates come first.
	if !s.sheets.TryLock() {
		return failure(codeTooMany, "another sheet is being drawn here: try again in a moment")
	}
	defer s.sheets.Unlock()
	signer, err := s.signer()
	if err != nil {
		return err
	}
	data := codes.SheetData{Title: site.Name}
	err = s.store.ResidentsOf(s.context(c), site.Code, func(person checkpoint.Resident) error {
		if person.Status == checkpoint.StatusGone {
			return nil
		}
		pass, compact, err := signer.IssueCompact(codes.Request{
			Person: person.ID, Generation: person.Generation, Kind: codes.KindPaper, Home: person.Site,
			NotBefore: s.clock(), Days: days,
		})
		if err != nil {
			return fmt.Errorf("gateway: issue a paper pass: %w", err)
		}
		data.Passes = append(data.Passes, codes.SheetPass{
			Name: person.Name, Site: site.Name, Door: person.Door, Token: compact,
			NotBefore: pass.NotBefore, ExpiresAt: pass.ExpiresAt, Question: questionFor(person),
		})
		return nil
	})
	if err != nil {
		return err
	}
	s.rows(c, len(data.Passes))
	var page bytes.Buffer
	if err := codes.Sheet(&page, data); err != nil {
		return fmt.Errorf("gateway: draw a sheet: %w", err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	// The page has its style inside and loads nothing.
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	return c.Send(page.Bytes())
}

// questionFor picks what the guard asks: the year of birth is known only from
// an ID number of 18 characters.
func questionFor(person checkpoint.Resident) codes.Question {
	if person.Door != "" && len(person.IDNumber) == 18 {
		return codes.AskBirthYearAndDoor
	}
	return codes.AskDocumentTail
}
