package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

const mimeCSV = "text/csv"

// Bounds of a stream.
const (
	streamPiece = 32 << 10         // bytes that are sent at once
	streamWrite = 10 * time.Second // for the client to take a piece
	streamWhole = 15 * time.Minute
)

// streamForm is a form in which events are streamed.
type streamForm struct {
	media             string
	head, foot, comma string
	row               func(b []byte, reg *checkpoint.Registry, e *checkpoint.ScanEvent) []byte
}

// streamForms are the forms by the media type that a client accepts.
var streamForms = map[string]streamForm{
	mimeNDJSON: {media: mimeNDJSON, comma: "\n", foot: "\n", row: appendJSONRow},
	mimeCSV: {
		media: mimeCSV + "; charset=utf-8",
		head: "\ufeff" + // so that Excel takes it for UTF-8
			"occurred_at,recorded_at,person,direction,decision,reason,color,action,flags,temperature,temperature_method,who,device,lane,plate,vehicle,purpose,override,annulled,annulment,staff\r\n",
		comma: "\r\n", foot: "\r\n", row: appendCSVRow,
	},
}

// refusalsForm is one JSON object with a list of any length.
func refusalsForm(w checkpoint.Window) streamForm {
	gate, _ := json.Marshal(w.Gate) // a string always has a form
	return streamForm{
		media: fiber.MIMEApplicationJSON,
		head:  fmt.Sprintf(`{"gate":%s,"from":"%s","to":"%s","refusals":[`, gate, utcTime(w.From), utcTime(w.To)),
		comma: ",", foot: "]}", row: appendJSONRow,
	}
}

// eventSource hands events in order to row and stops at its first error.
type eventSource func(ctx context.Context, row func(*checkpoint.ScanEvent) error) error

// errClientGone marks that nobody reads any more.
var errClientGone = errors.New("gateway: the client has gone")

// stream answers with all events of a source, in constant memory. A failure
// under way cuts the connection, so that nobody takes a part for the whole.
func (s *Server) stream(c *fiber.Ctx, form streamForm, source eventSource) error {
	if err := s.store.Ping(s.context(c)); err != nil {
		return err // while there still can be a status
	}
	ended, err := s.concludeStream(c)
	if err != nil {
		return err
	}
	out := &eventStream{form: form, reg: s.store.Registry(), conn: c.Context().Conn()}
	id := requestID(c)
	c.Set(fiber.HeaderContentType, form.media)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(s.life, streamWhole)
		defer cancel()
		err := out.run(ctx, w, source)
		ended(out.rows, err)
		if err != nil {
			if !errors.Is(err, errClientGone) {
				s.logger.Error("stream failed", "request", id, "error", err)
			}
			_ = out.conn.Close()
		}
	})
	return nil
}

// eventStream writes events in pieces.
type eventStream struct {
	form streamForm
	reg  *checkpoint.Registry
	conn net.Conn
	w    *bufio.Writer
	buf  []byte
	rows int
}

func (o *eventStream) run(ctx context.Context, w *bufio.Writer, source eventSource) (err error) {
	defer func() { // a goroutine's panic would be the whole process's
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: panic: %v\n%s", p, debug.Stack())
		}
	}()
	o.w = w
	o.buf = append(make([]byte, 0, streamPiece+4096), o.form.head...)
	err = source(ctx, func(e *checkpoint.ScanEvent) error {
		if o.rows > 0 {
			o.buf = append(o.buf, o.form.comma...)
		}
		o.rows++
		o.buf = o.form.row(o.buf, o.reg, e)
		if len(o.buf) < streamPiece {
			return nil
		}
		return o.flush()
	})
	if err != nil {
		return err
	}
	if o.rows > 0 || o.form.comma != o.form.foot { // the foot ends the last row
		o.buf = append(o.buf, o.form.foot...)
	}
	return o.flush()
}

// flush sends what is there. The client has streamWrite to take it.
func (o *eventStream) flush() error {
	if err := o.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return errClientGone
	}
	if _, err := o.w.Write(o.buf); err != nil {
		return errClientGone
	}
	if err := o.w.Flush(); err != nil {
		return errClientGone
	}
	o.buf = o.buf[:0]
	return nil
}

// appendJSONRow writes an event as eventView would be, with the person's ID
// only. It is written out by hand because a window can have millions of rows.
func appendJSONRow(b []byte, reg *checkpoint.Registry, e *checkpoint.ScanEvent) []byte {
	device, lane := deviceOfEvent(reg, e)
	b = utcTime(e.OccurredAt).append(append(b, `{"occurred_at":"`...))
	b = utcTime(e.RecordedAt).append(append(b, `","recorded_at":"`...))
	if e.Person != 0 {
		b = append(appendPerson(append(b, `","person":{"id":"`...), e.Person), '"', '}')
	} else {
		b = append(b, '"')
	}
	for _, m := range [...]struct{ name, value string }{
		{`,"direction":"`, e.Direction.String()},
		{`","decision":"`, e.Decision.String()},
		{`","reason":"`, e.Reason.String()},
		{`","color":"`, string(e.Color())},
		{`","action":"`, e.Action.String()},
	} {
		b = append(append(b, m.name...), m.value...)
	}
	b = append(b, `","flags":[`...)
	for i, name := range e.Flags.Names() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), name...), '"')
	}
	b = append(b, `],"temperature":`...)
	if e.Temperature == 0 {
		b = append(b, "null"...)
	} else {
		b = append(b, e.Temperature.String()...)
	}
	b = append(append(b, `,"temperature_method":"`...), e.Method.String()...)
	b = append(append(b, `","who":"`...), e.Who.String()...)
	b = append(append(b, `","device":"`...), device...)
	b = appendJSONString(append(b, `","lane":`...), lane)
	b = appendJSONString(append(b, `,"plate":`...), e.Plate)
	b = append(append(b, `,"vehicle":"`...), vehicleOf(e)...)
	b = append(append(b, `","purpose":"`...), e.Purpose.String()...)
	b = append(append(b, `","override":"`...), e.Override.String()...)
	b = strconv.AppendBool(append(b, `","annulled":`...), e.Annulled)
	b = strconv.AppendBool(append(b, `,"annulment":`...), e.IsAnnulment())
	b = append(append(b, `,"staff":"`...), staffOfEvent(reg, e)...)
	return append(b, '"', '}')
}

func deviceOfEvent(reg *checkpoint.Registry, e *checkpoint.ScanEvent) (device, lane string) {
	if d, ok := reg.DeviceByNum(e.Device); ok {
		return d.Code, d.Lane
	}
	return "", ""
}

// appendPerson writes an ID as FormatPersonID does.
func appendPerson(b []byte, id uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[id>>shift&15])
	}
	return b
}

func appendJSONString(b []byte, text string) []byte {
	if text == "" {
		return append(b, '"', '"')
	}
	quoted, err := json.Marshal(text)
	if err != nil { // a string always has a form
		return append(b, '"', '"')
	}
	return append(b, quoted...)
}

func appendCSVRow(b []byte, reg *checkpoint.Registry, e *checkpoint.ScanEvent) []byte {
	device, lane := deviceOfEvent(reg, e)
	b = append(utcTime(e.OccurredAt).append(b), ',')
	b = append(utcTime(e.RecordedAt).append(b), ',')
	if e.Person != 0 {
		b = appendPerson(b, e.Person)
	}
	for _, field := range [...]string{
		e.Direction.String(), e.Decision.String(), e.Reason.String(), string(e.Color()), e.Action.String(),
		strings.Join(e.Flags.Names(), " "), e.Temperature.String(), e.Method.String(), e.Who.String(), device,
	} {
		b = append(append(b, ','), field...)
	}
	b = appendCSVField(append(b, ','), lane)
	b = appendCSVField(append(b, ','), e.Plate)
	for _, field := range [...]string{vehicleOf(e), e.Purpose.String(), e.Override.String()} {
		b = append(append(b, ','), field...)
	}
	b = strconv.AppendBool(append(b, ','), e.Annulled)
	b = strconv.AppendBool(append(b, ','), e.IsAnnulment())
	return append(append(b, ','), staffOfEvent(reg, e)...)
}

// appendCSVField writes a text that people chose: what a spreadsheet could take
// for a formula gets an apostrophe in front, what needs quotes is quoted.
func appendCSVField(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	if strings.IndexByte(formulaStarts, text[0]) >= 0 {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ",\"\r\n") {
		return append(b, text...)
	}
	return append(append(append(b, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
}
