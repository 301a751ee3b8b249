package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/codes"
)

// rowBody is a row of a log page as somebody typed it: a scan without an ID, with
// what was told on the spot.
type rowBody struct {
	Row int `json:"row"`
	scanBody
}

// rowAnswer is what became of one row.
type rowAnswer struct {
	Row    int         `json:"row"`
	Result *resultView `json:"result,omitempty"`
	Error  *batchError `json:"error,omitempty"`
}

// handleTypePage records rows of a printed page of the gate's paper log. As in a
// batch each row is on its own; one after the other, as they were written.
func (s *Server) handleTypePage(c *fiber.Ctx) error {
	var in struct {
		Page    string            `json:"page"`
		Rows    []json.RawMessage `json:"rows"`
		Replace bool              `json:"replace"`
	}
	if err := decodeOuter(c, &in); err != nil {
		return err
	}
	page, err := s.pageOfGate(c, in.Page)
	if err != nil {
		return err
	}
	if n := len(in.Rows); n < 1 || n > codes.LogRows {
		return invalid("rows", fmt.Sprintf("must hold 1 to %d rows", codes.LogRows))
	}
	device, err := s.store.PaperDevice(s.context(c), page.Gate)
	if err != nil {
		return err
	}
	if err := s.scans.admitSome(len(in.Rows), device.Num, s.now(), scansAMinute, "type rows"); err != nil {
		return err
	}
	t := typing{s: s, ctx: s.context(c), log: s.log(c), page: page, device: device, by: s.typist(principalOf(c)), replace: in.Replace}
	answers := make([]rowAnswer, len(in.Rows))
	for i, text := range in.Rows {
		answers[i] = t.row(i, text)
	}
	if err := noRowRecorded(answers); err != nil {
		return err
	}
	s.subject(c, in.Page)
	s.rows(c, len(answers))
	return c.JSON(fiber.Map{"results": answers})
}

// pageOfGate reads which page is typed: one of the gate in the path, that was printed
// in the last 400 days. Its rows may be older: somebody may have copied them from a page
// that cannot be typed back.
func (s *Server) pageOfGate(c *fiber.Ctx, text string) (codes.LogPage, error) {
	gate := c.Params("gate")
	if d := principalOf(c).Device; d != nil && d.Gate != gate {
		return codes.LogPage{}, failure(codeOutOfScope, "a device types pages of its own gate only")
	}
	page, err := codes.ParseLogPage(strings.TrimSpace(text))
	switch {
	case err != nil:
		return page, invalid("page", "is not the code of a log page: scan it again, or type it as printed below the picture")
	case page.Gate != gate:
		return page, invalid("page", "is a page of gate "+page.Gate+": type it there")
	}
	printed, err := page.PrintedAt(s.store.Zone())
	if err != nil || printed.After(s.clock()) {
		return page, invalid("page", "has a date that is still to come")
	}
	// The check of a page is anybody's to compute: what was printed is not.
	known, err := s.store.LogPagePrinted(s.context(c), gate, s.store.DayAt(printed.UnixMilli()), page.Number)
	if err == nil && !known {
		err = invalid("page", fmt.Sprintf("was never printed here: no page %d of gate %s is on record for %s; see that it was read right, or copy its rows, with their dates, onto a page that is printed now", page.Number, gate, page.Date))
	}
	return page, err
}

// typist is the number of who types: staff, or who is on shift at the device; 0 if
// nobody is.
func (s *Server) typist(who principal) uint32 {
	if who.Staff != nil {
		return who.Staff.Num
	}
	shift, _ := s.store.ShiftAt(who.Device.Num, s.now())
	return shift.Staff
}

// typing is one page on its way.
type typing struct {
	s       *Server
	ctx     context.Context //nolint:containedctx // lives as long as the request
	log     *slog.Logger    // of the request
	page    codes.LogPage
	device  *checkpoint.Device
	by      uint32
	replace bool
}

func (t *typing) row(place int, text json.RawMessage) (answer rowAnswer) {
	var in rowBody
	err := decodeJSON(text, &in)
	answer.Row = in.Row
	var result checkpoint.ScanResult
	if err == nil {
		result, err = t.record(&in)
	}
	if err != nil {
		answer.Error = explainScan(t.log, place, err)
		return answer
	}
	t.s.countScan(t.device.Num, result.Outcome)
	answer.Result = viewOfResult(fmt.Sprintf("%s-%d", t.page, in.Row), &result)
	return answer
}

func (t *typing) record(in *rowBody) (checkpoint.ScanResult, error) {
	row := checkpoint.PaperRow{Date: t.page.Date, Page: t.page.Number, Row: in.Row, Replace: t.replace}
	switch {
	case in.Row < 1 || in.Row > codes.LogRows:
		return checkpoint.ScanResult{}, invalid("row", fmt.Sprintf("must be 1 to %d", codes.LogRows))
	case in.ID != "":
		return checkpoint.ScanResult{}, &apiError{codeUnknownField, "id", "page and row name what is typed"}
	case in.RemeasureOf != "":
		return checkpoint.ScanResult{}, &apiError{codeUnknownField, "remeasure_of", "paper has one reading a row: give the last one"}
	}
	if _, err := in.plate(); err != nil {
		in.Unchecked = true // it is as somebody wrote it
	}
	p, err := t.s.present(t.ctx, t.device, &in.scanBody)
	if err != nil {
		return checkpoint.ScanResult{}, err
	}
	if p.Told, err = toldOnPaper(in.Told); err != nil {
		return checkpoint.ScanResult{}, err
	}
	p.Late, p.TypedBy = true, t.by
	row.Scan, row.Refused = p.ScanRequest, p.Refused
	return t.s.store.RecordPaper(t.ctx, row, func(ctx context.Context, req checkpoint.ScanRequest) (checkpoint.ScanResult, error) {
		return t.s.record(ctx, presentation{req, p.Refused})
	}, t.s.recorder().Annul)
}

// toldOnPaper reads what was decided on the spot. Who was let through needs no
// reason.
func toldOnPaper(told *toldBody) (*checkpoint.Told, error) {
	if told == nil {
		return nil, invalid("told", "is missing: say what was decided on the spot")
	}
	if told.Reason == "" && told.Decision == checkpoint.Pass.String() {
		told.Reason = checkpoint.ReasonOK.String()
	}
	return told.parse()
}

// noRowRecorded is the error of a page of which nothing reached the store.
func noRowRecorded(answers []rowAnswer) error {
	for _, a := range answers {
		if a.Error == nil || a.Error.Code != codeUnavailable {
			return nil
		}
	}
	return failure(codeUnavailable, "none of the rows could be recorded; sending them again is safe")
}

// sourceOfEvent tells what was typed back from paper from what was scanned.
func sourceOfEvent(reg *checkpoint.Registry, e *checkpoint.ScanEvent) string {
	if d, ok := reg.DeviceByNum(e.Device); ok && d.Paper {
		return "paper"
	}
	return "scan"
}
