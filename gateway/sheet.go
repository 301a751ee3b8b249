package gateway

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

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
	homes := households{days: days, at: s.clock(), signer: signer}
	if err := s.store.ResidentsOf(s.context(c), site.Code, homes.add); err != nil {
		return err
	}
	data := codes.SheetData{Site: site.Name, Printed: s.clock(), Households: homes.list()}
	s.rows(c, len(homes.people))
	var page bytes.Buffer
	if err := codes.Sheet(&page, data); err != nil {
		return fmt.Errorf("gateway: draw a sheet: %w", err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	// The page has its style inside and loads nothing.
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	return c.Send(page.Bytes())
}

// households gathers the people of a site by household.
type households struct {
	days   int
	at     time.Time
	signer *codes.Signer
	people []paperHolder
}

// paperHolder is somebody with their paper pass.
type paperHolder struct {
	checkpoint.Resident
	pass codes.SheetPass
}

// add issues a person's pass; who moved away or died gets none.
func (h *households) add(person checkpoint.Resident) error {
	if person.Status == checkpoint.StatusGone {
		return nil
	}
	pass, compact, err := h.signer.IssueCompact(codes.Request{
		Person: person.ID, Generation: person.Generation, Kind: codes.KindPaper, Home: person.Site,
		NotBefore: h.at, Days: h.days,
	})
	if err != nil {
		return fmt.Errorf("gateway: issue a paper pass: %w", err)
	}
	h.people = append(h.people, paperHolder{person, codes.SheetPass{
		Name: person.Name, Token: compact, NotBefore: pass.NotBefore, ExpiresAt: pass.ExpiresAt, Question: questionFor(person),
	}})
	return nil
}

// list is one household for each door and for each person without one. Its
// members stand in the order in which they were enrolled, on every print.
func (h *households) list() []codes.SheetHousehold {
	slices.SortFunc(h.people, func(a, b paperHolder) int {
		return cmp.Or(cmp.Compare(a.Door, b.Door), cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	var homes []codes.SheetHousehold
	for _, p := range h.people {
		if last := len(homes) - 1; last >= 0 && p.Door != "" && homes[last].Door == p.Door {
			homes[last].Passes = append(homes[last].Passes, p.pass)
			continue
		}
		homes = append(homes, codes.SheetHousehold{Door: p.Door, Passes: []codes.SheetPass{p.pass}})
	}
	return homes
}

// questionFor picks what the guard asks: the year of birth is known only from
// an ID number of 18 characters.
func questionFor(person checkpoint.Resident) codes.Question {
	if person.Door != "" && len(person.IDNumber) == 18 {
		return codes.AskBirthYearAndDoor
	}
	return codes.AskDocumentTail
}
