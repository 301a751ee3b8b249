package gateway

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/codes"
)

// mostLogPages is how many pages of a gate's paper log are printed at once: a
// day of a busy gate has 40.
const mostLogPages = 50

// logPagesAMinute is how many one device or account may have printed: the stock of a
// gate at once, not all numbers that its day has.
const logPagesAMinute = 100

// printPolicy is for pages that are printed: they have their style inside and
// load nothing.
const printPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

// handleLogSheet prints pages of a gate's paper log, for when nothing else
// works. Each page is another one, however often it is asked.
func (s *Server) handleLogSheet(c *fiber.Ctx) error {
	pages := 1
	if text := c.Query("pages"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostLogPages {
			return invalid("pages", fmt.Sprintf("must be 1 to %d", mostLogPages))
		}
		pages = n
	}
	reg, code := s.store.Registry(), strings.Clone(c.Params("gate"))
	if d := principalOf(c).Device; d != nil && d.Gate != code {
		return failure(codeOutOfScope, "a device prints pages of its own gate only")
	}
	gate, ok := reg.Gate(code)
	if !ok {
		return failure(codeNotFound, "there is no such gate")
	}
	site, ok := reg.Site(gate.Site)
	if !ok {
		return failure(codeNotFound, "the site of this gate is gone")
	}
	if err := s.prints.admitSome(pages, printerOf(principalOf(c)), s.now(), logPagesAMinute, "print pages"); err != nil {
		return err
	}
	first, day, err := s.store.TakeLogPages(s.context(c), code, pages, codes.MaxLogPage)
	if err != nil {
		return err
	}
	rules := reg.RulesAt(site, s.now())
	var page bytes.Buffer
	err = codes.LogSheet(&page, codes.LogSheetData{
		Site: site.Name, Gate: gate.Name, Pages: pages, Printed: s.clock(),
		First:     codes.LogPage{Gate: code, Date: strings.ReplaceAll(day.String(), "-", ""), Number: first},
		FeverLine: rules.FeverLine.String(), Remeasure: rules.RemeasureMin, Call: reg.DutyPhone(site.Grid),
	})
	if err != nil {
		return fmt.Errorf("gateway: print log pages: %w", err)
	}
	return sendPrint(c, page.Bytes())
}

// printerOf numbers who prints: devices, and behind them accounts.
func printerOf(who principal) uint32 {
	if who.Device != nil {
		return who.Device.Num
	}
	return who.Staff.Num | 1<<31
}

// sendPrint answers with a page to print.
func sendPrint(c *fiber.Ctx, page []byte) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, printPolicy)
	return c.Send(page)
}
