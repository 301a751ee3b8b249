package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
	"passgate/gateway/cells"
)

const mimeCSV = "text/csv"

// textForm writes each event as a piece of text.
type textForm struct {
	head, foot, comma string
	row               func(b []byte, reg *checkpoint.Registry, e *checkpoint.ScanEvent) []byte
}

var (
	linesForm = textForm{comma: "\n", foot: "\n", row: appendJSONRow}
	csvForm   = textForm{
		head: "\ufeff" + strings.Join(eventColumns[:], ",") + "\r\n", // the mark, so that Excel takes it for UTF-8
		foot: "\r\n", comma: "\r\n", row: appendCSVRow,
	}
)

// refusalsForm is one JSON object with a list of any length.
func refusalsForm(w checkpoint.Window) streamForm {
	gate, _ := json.Marshal(w.Gate) // a string always has a form
	return streamForm{media: fiber.MIMEApplicationJSON, open: textForm{
		head:  fmt.Sprintf(`{"gate":%s,"from":"%s","to":"%s","refusals":[`, gate, utcTime(w.From), utcTime(w.To)),
		comma: ",", foot: "]}", row: appendJSONRow,
	}.open}
}

func (f textForm) open(out *pieces, reg *checkpoint.Registry, _ *time.Location) (rowWriter, error) {
	out.buf = append(out.buf, f.head...)
	return &textRows{textForm: f, out: out, reg: reg}, nil
}

// textRows writes straight into the piece that is sent next.
type textRows struct {
	textForm
	out  *pieces
	reg  *checkpoint.Registry
	some bool
}

func (t *textRows) write(e *checkpoint.ScanEvent) error {
	if t.some {
		t.out.buf = append(t.out.buf, t.comma...)
	}
	t.some = true
	t.out.buf = t.row(t.out.buf, t.reg, e)
	return t.out.sendFull()
}

func (t *textRows) close() error {
	if t.some || t.comma != t.foot { // the foot ends the last row
		t.out.buf = append(t.out.buf, t.foot...)
	}
	return nil
}

// appendJSONRow writes an event as eventView would be, with the person's ID
// only. It is written out by hand because a window can have millions of rows.
func appendJSONRow(b []byte, reg *checkpoint.Registry, e *checkpoint.ScanEvent) []byte {
	return appendJSONEvent(b, reg, e, nil)
}

// appendJSONEvent is appendJSONRow with a person as they are written, if it is not nil.
func appendJSONEvent(b []byte, reg *checkpoint.Registry, e *checkpoint.ScanEvent, person []byte) []byte {
	device, lane := deviceOfEvent(reg, e)
	b = utcTime(e.OccurredAt).append(append(b, `{"occurred_at":"`...))
	b = utcTime(e.RecordedAt).append(append(b, `","recorded_at":"`...))
	switch {
	case person != nil:
		b = append(append(b, `","person":`...), person...)
	case e.Person != 0:
		b = append(appendPerson(append(b, `","person":{"id":"`...), e.Person), '"', '}')
	default:
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
	if e.Flags != 0 {
		for i, name := range e.Flags.Names() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), name...), '"')
		}
	}
	b = append(b, `],"temperature":`...)
	if e.Temperature == 0 {
		b = append(b, "null"...)
	} else {
		b = e.Temperature.Append(b)
	}
	b = append(append(b, `,"temperature_method":"`...), e.Method.String()...)
	b = append(append(b, `","who":"`...), e.Who.String()...)
	b = append(append(b, `","device":"`...), device...)
	b = appendJSONString(append(b, `","lane":`...), lane)
	b = appendJSONString(append(b, `,"plate":`...), e.Plate)
	b = appendVehicle(append(b, `,"vehicle":"`...), e)
	b = append(append(b, `","purpose":"`...), e.Purpose.String()...)
	b = append(append(b, `","override":"`...), e.Override.String()...)
	b = strconv.AppendBool(append(b, `","annulled":`...), e.Annulled)
	b = strconv.AppendBool(append(b, `,"annulment":`...), e.IsAnnulment())
	b = append(append(b, `,"staff":"`...), staffOfEvent(reg, e)...)
	b = append(append(b, `","source":"`...), sourceOfEvent(reg, e)...)
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
	return hex.AppendEncode(b, binary.BigEndian.AppendUint64(make([]byte, 0, 8), id))
}

// appendVehicle writes what vehicleOf returns.
func appendVehicle(b []byte, e *checkpoint.ScanEvent) []byte {
	if e.Vehicle == [8]byte{} {
		return b
	}
	return hex.AppendEncode(b, e.Vehicle[:])
}

func appendJSONString(b []byte, text string) []byte {
	special := strings.IndexFunc(text, func(r rune) bool {
		return r < ' ' || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
	})
	if special < 0 {
		return append(append(append(b, '"'), text...), '"')
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
	} {
		b = append(append(b, ','), field...)
	}
	b = append(b, ',')
	if e.Flags != 0 {
		b = append(b, strings.Join(e.Flags.Names(), " ")...)
	}
	b = e.Temperature.Append(append(b, ','))
	for _, field := range [...]string{e.Method.String(), e.Who.String(), device} {
		b = append(append(b, ','), field...)
	}
	b = appendCSVField(append(b, ','), lane)
	b = appendCSVField(append(b, ','), e.Plate)
	b = appendVehicle(append(b, ','), e)
	for _, field := range [...]string{e.Purpose.String(), e.Override.String()} {
		b = append(append(b, ','), field...)
	}
	b = strconv.AppendBool(append(b, ','), e.Annulled)
	b = strconv.AppendBool(append(b, ','), e.IsAnnulment())
	b = append(append(b, ','), staffOfEvent(reg, e)...)
	return append(append(b, ','), sourceOfEvent(reg, e)...)
}

// appendCSVField writes a text that people chose: what a spreadsheet could take
// for a formula gets an apostrophe in front, what needs quotes is quoted.
func appendCSVField(b []byte, text string) []byte {
	if text == "" {
		return b
	}
	text = cells.Guard(text)
	if !strings.ContainsAny(text, ",\"\r\n") {
		return append(b, text...)
	}
	return append(append(append(b, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
}
