package gateway

import (
	"bytes"
	"cmp"
	"errors"
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

// handleSheet prints the paper passes of everybody who lives at a site, of one
// household there, or of those with somebody new.
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
	if text := c.Query("resident"); text != "" {
		if homes.only, err = s.householdAt(c, site.Code, text); err != nil {
			return err
		}
	}
	since := int64(0)
	if text := c.Query("since"); text != "" {
		if since, err = parseTime("since", text); err != nil {
			return err
		}
	}
	if err := s.store.ResidentsOf(s.context(c), site.Code, homes.add); err != nil {
		return err
	}
	homes.keepNew(since)
	data := codes.SheetData{Site: site.Name, Printed: s.clock(), PassPage: s.passPage(), Households: homes.list()}
	activation, err := s.store.ActivationCodes(s.context(c), site.Code, homes.numbers)
	if err != nil {
		return err
	}
	for i, code := range activation {
		data.Households[i].Activation = code
	}
	s.rows(c, len(homes.people))
	if homes.only == 0 {
		s.aboutSite(c, site.Code)
	} else {
		for i := range homes.people {
			s.about(c, homes.people[i].ID)
		}
	}
	// On record before it is drawn: that takes two milliseconds a person, and may
	// take longer than a request has for Redis.
	if err := s.conclude(c, nil); err != nil {
		return err
	}
	if in := inquiryOf(c); in != nil {
		in.kept = true
	}
	var page bytes.Buffer
	if err := codes.Sheet(&page, data); err != nil {
		return fmt.Errorf("gateway: draw a sheet: %w", err)
	}
	return sendPrint(c, page.Bytes())
}

// householdAt is the household at a site that somebody belongs to.
func (s *Server) householdAt(c *fiber.Ctx, site, resident string) (uint64, error) {
	id, err := checkpoint.ParsePersonID(resident)
	if err != nil {
		return 0, err
	}
	person, err := s.store.Resident(s.context(c), id)
	if errors.Is(err, checkpoint.ErrNotFound) || err == nil && person.Site != site {
		return 0, invalid("resident", "nobody with this ID lives at the site")
	}
	return person.Household, err
}

// passPage is the address of the residents' page, "" if this gateway does not
// know under which name it is reached.
func (s *Server) passPage() string {
	if s.publicURL == "" {
		return ""
	}
	return s.publicURL + "/pass"
}

// households gathers the people of a site by household.
type households struct {
	days   int
	at     time.Time
	signer *codes.Signer
	only   uint64 // the one household that is asked for, 0 for all
	people []paperHolder
	// numbers are the households', in the order of list.
	numbers []uint64
}

// paperHolder is somebody with their paper pass.
type paperHolder struct {
	checkpoint.Resident
	pass codes.SheetPass
}

// add issues a person's pass; who moved away or died gets none.
func (h *households) add(person checkpoint.Resident) error {
	if person.Status == checkpoint.StatusGone || h.only != 0 && person.Household != h.only {
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

// keepNew leaves the households in which somebody was enrolled at since (UTC ms) or later.
func (h *households) keepNew(since int64) {
	fresh := map[uint64]bool{}
	for i := range h.people {
		if h.people[i].CreatedAt >= since {
			fresh[h.people[i].Household] = true
		}
	}
	h.people = slices.DeleteFunc(h.people, func(p paperHolder) bool { return !fresh[p.Household] })
}

// list is one entry for each household. Its members stand in the order in which
// they were enrolled, on every print.
func (h *households) list() []codes.SheetHousehold {
	slices.SortFunc(h.people, func(a, b paperHolder) int {
		return cmp.Or(cmp.Compare(a.Household, b.Household), cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	var homes []codes.SheetHousehold
	for i, p := range h.people {
		if i == 0 || p.Household != h.people[i-1].Household {
			homes = append(homes, codes.SheetHousehold{Door: p.Door})
			h.numbers = append(h.numbers, p.Household)
		}
		last := &homes[len(homes)-1]
		last.Passes = append(last.Passes, p.pass)
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
