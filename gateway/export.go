package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// Bounds of a stream.
const (
	streamPiece = 32 << 10         // bytes that are sent at once
	streamWrite = 10 * time.Second // for the client to take a piece
	streamWhole = 15 * time.Minute
)

// eventColumns are the columns of an export, in every form that has columns.
var eventColumns = [...]string{
	"occurred_at", "recorded_at", "person", "direction", "decision", "reason", "color", "action", "flags", "temperature",
	"temperature_method", "who", "device", "lane", "plate", "vehicle", "purpose", "override", "annulled", "annulment", "staff", "source",
}

// rowWriter writes events in one form, in memory that does not grow with them.
type rowWriter interface {
	write(e *checkpoint.ScanEvent) error
	// close completes what was written. Without it nobody takes it for whole.
	close() error
}

// streamForm is a form in which events are streamed. zone is where the gates
// are.
type streamForm struct {
	media, extension string
	open             func(out *pieces, reg *checkpoint.Registry, zone *time.Location) (rowWriter, error)
	file             string // name under which a browser keeps the answer, "" for one that it shows
}

// streamForms are the forms by the media type that a client accepts.
var streamForms = map[string]streamForm{
	mimeNDJSON:  {mimeNDJSON, "ndjson", linesForm.open, ""},
	mimeCSV:     {mimeCSV + "; charset=utf-8", "csv", csvForm.open, ""},
	mimeXLSX:    {mimeXLSX, "xlsx", openXLSX, ""},
	mimeParquet: {mimeParquet, "parquet", openParquet, ""},
}

// formOf is the form that a request asks for, by its query, as a link in a page
// can, or else by what it accepts. ok is false for plain JSON.
func formOf(c *fiber.Ctx) (form streamForm, ok bool, err error) {
	name := c.Query("format")
	if name == "" {
		form, ok = streamForms[c.Accepts(fiber.MIMEApplicationJSON, mimeNDJSON, mimeCSV, mimeXLSX, mimeParquet)]
		return form, ok, nil
	}
	for _, form := range streamForms {
		if form.extension == name {
			return form, true, nil
		}
	}
	if name != "json" {
		err = invalid("format", "must be json, ndjson, csv, xlsx or parquet")
	}
	return form, false, err
}

// keptAs gives the form the name of a file for a gate's window.
func (f streamForm) keptAs(w checkpoint.Window, zone *time.Location) streamForm {
	const minutes = "20060102-1504"
	f.file = fmt.Sprintf("%s_%s_%s.%s", w.Gate, time.UnixMilli(w.From).In(zone).Format(minutes), time.UnixMilli(w.To).In(zone).Format(minutes), f.extension)
	return f
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
	out := &eventStream{form: form, reg: s.store.Registry(), zone: s.store.Zone()}
	conn, log := c.Context().Conn(), s.log(c)
	c.Set(fiber.HeaderContentType, form.media)
	if form.file != "" {
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+form.file+`"`)
	}
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(s.life, streamWhole)
		defer cancel()
		err := out.run(ctx, &pieces{conn: conn, w: w, buf: make([]byte, 0, streamPiece+4096), rest: s.load.rest}, source)
		ended(out.rows, err)
		if err != nil {
			if !errors.Is(err, errClientGone) {
				log.Error("stream failed", "error", err)
			}
			_ = conn.Close()
		}
	})
	return nil
}

// eventStream writes the events of a source in a form.
type eventStream struct {
	form streamForm
	reg  *checkpoint.Registry
	zone *time.Location
	rows int
}

func (o *eventStream) run(ctx context.Context, out *pieces, source eventSource) (err error) {
	defer func() { // a goroutine's panic would be the whole process's
		if p := recover(); p != nil {
			err = fmt.Errorf("gateway: panic: %v\n%s", p, debug.Stack())
		}
	}()
	rows, err := o.form.open(out, o.reg, o.zone)
	if err != nil {
		return err
	}
	err = source(ctx, func(e *checkpoint.ScanEvent) error {
		o.rows++
		return rows.write(e)
	})
	if err != nil {
		return err
	}
	if err := rows.close(); err != nil {
		return err
	}
	return out.flush()
}

// pieces sends what is written to it, in pieces of streamPiece bytes.
type pieces struct {
	conn net.Conn
	w    *bufio.Writer
	buf  []byte // not sent yet
	rest func() // after each whole piece; nil: none
}

// Write takes all of b, and sends what makes whole pieces.
func (p *pieces) Write(b []byte) (int, error) {
	for taken := 0; taken < len(b); {
		n := min(streamPiece-len(p.buf), len(b)-taken)
		p.buf = append(p.buf, b[taken:taken+n]...)
		taken += n
		if err := p.sendFull(); err != nil {
			return taken, err
		}
	}
	return len(b), nil
}

// sendFull sends what is there if it makes a piece.
func (p *pieces) sendFull() error {
	if len(p.buf) < streamPiece {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	if p.rest != nil {
		p.rest()
	}
	return nil
}

// flush sends what is there. The client has streamWrite to take it.
func (p *pieces) flush() error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return errClientGone
	}
	if _, err := p.w.Write(p.buf); err != nil {
		return errClientGone
	}
	if err := p.w.Flush(); err != nil {
		return errClientGone
	}
	p.buf = p.buf[:0]
	return nil
}
