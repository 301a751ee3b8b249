package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

const (
	maxBatch     = 1000
	batchWorkers = 64 // scans of one batch that wait for the store together
)

// toldBody is what a device answered on its own.
type toldBody struct {
	Decision string `json:"decision"`
	Reason   string `json:"reason"`
	Action   string `json:"action"`
}

// batchAnswer is what became of one scan: a result or an error.
type batchAnswer struct {
	ID     string      `json:"id"`
	Result *resultView `json:"result,omitempty"`
	Annul  *annulView  `json:"annulment,omitempty"`
	Error  *batchError `json:"error,omitempty"`
}

type batchError struct {
	Code   code   `json:"code"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

// handleBatch records scans that a device took while it was offline. Each is
// on its own: a bad one keeps no other out. Those of one person go in the
// order of the request, the rest side by side.
func (s *Server) handleBatch(c *fiber.Ctx) error {
	var in struct {
		Scans      []json.RawMessage `json:"scans"`
		Annulments []json.RawMessage `json:"annulments"`
	}
	if err := decodeOuter(c, &in); err != nil {
		return err
	}
	n := len(in.Scans) + len(in.Annulments)
	if err := s.admitScans(c, max(1, min(n, maxBatch))); err != nil { // one of a wrong size was read, too
		return err // of the whole batch: what is queued on the phone stays there
	}
	if n < 1 || n > maxBatch {
		return invalid("scans", fmt.Sprintf("must hold 1 to %d scans, together with annulments", maxBatch))
	}
	device, b := principalOf(c).Device, s.newBatch(c, len(in.Scans))
	b.record(b.sort(in.Scans, func(place int, text json.RawMessage) (presentation, error) {
		return b.read(device, place, text)
	}))
	annulled := b.annul(device, in.Annulments)
	if err := noneRecorded(append(b.answers, annulled...)); err != nil {
		return err
	}
	return c.JSON(struct {
		Results    []batchAnswer `json:"results"`
		Annulments []batchAnswer `json:"annulments"`
	}{b.answers, annulled})
}

// noneRecorded is the error of a request of which nothing reached the store.
func noneRecorded(answers []batchAnswer) error {
	for _, a := range answers {
		if a.Error == nil || a.Error.Code != codeUnavailable {
			return nil
		}
	}
	return failure(codeUnavailable, "none of the scans could be recorded; sending them again is safe")
}

// batch is one batch on its way.
type batch struct {
	s       *Server
	ctx     context.Context //nolint:containedctx // lives as long as the request
	log     *slog.Logger    // of the request
	answers []batchAnswer
}

func (s *Server) newBatch(c *fiber.Ctx, scans int) *batch {
	return &batch{s: s, ctx: s.context(c), log: s.log(c), answers: make([]batchAnswer, scans)}
}

type queuedScan struct {
	place int
	presentation
}

// sort reads the scans and lines them up by person; bad ones get their answer.
func (b *batch) sort(scans []json.RawMessage, read func(place int, text json.RawMessage) (presentation, error)) [][]queuedScan {
	lines, of := make([][]queuedScan, 0, len(scans)), map[string]int{}
	for i, text := range scans {
		p, err := read(i, text)
		if err != nil {
			b.fail(i, err)
			continue
		}
		key := p.Presented
		switch {
		case p.Pass != nil:
			key = checkpoint.FormatPersonID(p.Pass.Person)
		case p.Person != 0:
			key = checkpoint.FormatPersonID(p.Person)
		}
		at, seen := of[key]
		if !seen {
			at = len(lines)
			lines, of[key] = append(lines, nil), at
		}
		lines[at] = append(lines[at], queuedScan{i, p})
	}
	return lines
}

func (b *batch) read(device *checkpoint.Device, place int, text json.RawMessage) (presentation, error) {
	var in scanBody
	err := readScan(text, &in)
	b.answers[place].ID = in.ID
	if err != nil {
		b.answers[place].ID = idOf(text)
		return presentation{}, err
	}
	if _, err := in.plate(); err != nil {
		in.Unchecked = true // a slip in a plate does not lose what happened offline
	}
	p, err := b.s.present(b.ctx, device, &in)
	if err != nil {
		return p, err
	}
	p.Late = true
	if in.Told != nil {
		p.Told, err = in.Told.parse()
	}
	return p, err
}

// idOf finds the id of a scan that cannot be read, so that the device knows
// which one it was; "" if there is none to find.
func idOf(text []byte) string {
	var in struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(text, &in) // what could be read is what is wanted
	return in.ID[:min(len(in.ID), 64)]
}

// parse reads what was told; without an action it is the decision's usual one.
func (t *toldBody) parse() (*checkpoint.Told, error) {
	decision, err := checkpoint.ParseDecision(t.Decision)
	if err != nil {
		return nil, invalid("told.decision", "must be pass, deny, remeasure or incomplete")
	}
	reason, err := checkpoint.ParseReason(t.Reason)
	if err != nil {
		return nil, invalid("told.reason", "is not in the table of reasons")
	}
	if t.Action == "" {
		usual := map[checkpoint.Decision]checkpoint.Action{
			checkpoint.Pass: checkpoint.Admit, checkpoint.Deny: checkpoint.SendBack,
			checkpoint.Remeasure: checkpoint.MeasureAgain, checkpoint.Incomplete: checkpoint.MeasureAgain,
		}
		return &checkpoint.Told{Decision: decision, Reason: reason, Action: usual[decision]}, nil
	}
	for action := checkpoint.Admit; action <= checkpoint.Disinfect; action++ {
		if action.String() == t.Action {
			return &checkpoint.Told{Decision: decision, Reason: reason, Action: action}, nil
		}
	}
	return nil, invalid("told.action", "must be admit, measure_again, register, hold_here, escort, send_back or disinfect")
}

// record takes the lines to the store, several at once.
func (b *batch) record(lines [][]queuedScan) {
	work := make(chan []queuedScan)
	var wg sync.WaitGroup
	for range min(batchWorkers, len(lines)) {
		wg.Go(func() {
			for line := range work {
				for _, scan := range line {
					b.recordOne(scan)
				}
			}
		})
	}
	for _, line := range lines {
		work <- line
	}
	close(work)
	wg.Wait()
}

func (b *batch) recordOne(scan queuedScan) {
	defer func() { // a goroutine's panic would be the whole process's
		if p := recover(); p != nil {
			b.fail(scan.place, fmt.Errorf("gateway: panic: %v", p))
		}
	}()
	if err := b.ctx.Err(); err != nil {
		b.fail(scan.place, err)
		return
	}
	result, err := b.s.record(b.ctx, scan.presentation)
	if err != nil {
		b.fail(scan.place, err)
		return
	}
	b.s.countScan(scan.Device, result.Outcome)
	b.answers[scan.place].Result = viewOfResult(scan.ID, &result)
}

func (b *batch) fail(place int, err error) { b.answers[place].Error = b.explain(place, err) }

func (b *batch) explain(place int, err error) *batchError {
	return explainScan(b.log, place, err)
}

// explainScan says why one scan of many was not recorded.
func explainScan(log *slog.Logger, place int, err error) *batchError {
	e := explain(err)
	if e.code == codeInternal {
		log.Error("scan of a batch failed", "place", place, "error", err)
	}
	return &batchError{e.code, e.field, e.detail}
}

// annul takes back what a guard took back offline, after the batch's scans.
func (b *batch) annul(device *checkpoint.Device, annulments []json.RawMessage) []batchAnswer {
	answers := make([]batchAnswer, len(annulments))
	for i, text := range annulments {
		var in annulBody
		err := decodeJSON(text, &in)
		answers[i].ID = idOf(text)
		if err == nil {
			answers[i].Annul, err = b.s.annul(b.ctx, device, &in, true)
		}
		if err != nil {
			answers[i].Error = b.explain(i, err)
		}
	}
	return answers
}
