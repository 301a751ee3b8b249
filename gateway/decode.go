package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// decode reads the request's JSON body into v, strictly: unknown or repeated
// fields, other spellings of a field, trailing data, bad UTF-8 and deep nesting
// are refused. The strings in v are copies.
func decode(c *fiber.Ctx, v any) error {
	if err := mustBeJSON(c); err != nil {
		return err
	}
	return decodeStrictly(c.Request().Body(), v, maxDepth)
}

// decodeOuter is decode for a body whose inner values are json.RawMessage:
// those are decoded one by one with decodeJSON, so that one bad value leaves
// the others alone.
func decodeOuter(c *fiber.Ctx, v any) error {
	if err := mustBeJSON(c); err != nil {
		return err
	}
	return decodeStrictly(c.Request().Body(), v, 1)
}

// decodeJSON is decode for one JSON text.
func decodeJSON(text []byte, v any) error { return decodeStrictly(text, v, maxDepth) }

func mustBeJSON(c *fiber.Ctx) error {
	if t := c.Get(fiber.HeaderContentType); t != "" && t != fiber.MIMEApplicationJSON {
		media, _, err := mime.ParseMediaType(t)
		if err != nil || media != fiber.MIMEApplicationJSON {
			return failure(codeUnsupportedMedia, "send application/json")
		}
	}
	return nil
}

// decodeStrictly decodes; names are checked in the outermost levels only.
func decodeStrictly(body []byte, v any, levels int) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return failure(codeBadJSON, "the body is empty")
	}
	if !utf8.Valid(body) {
		return failure(codeBadJSON, "the body is not UTF-8")
	}
	if err := checkMembers(body, levels); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return jsonError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return failure(codeBadJSON, "there is something behind the JSON value")
	}
	return nil
}

// jsonError says in the API's words what encoding/json did not accept.
func jsonError(err error) error {
	var field *checkpoint.FieldError
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &field):
		return field
	case errors.As(err, &kind):
		if kind.Field == "" {
			return failure(codeBadJSON, "a JSON object is expected, not a "+kind.Value)
		}
		return invalid(kind.Field, "a "+kind.Value+" is not what is expected here")
	case errors.As(err, &syntax):
		return failure(codeBadJSON, fmt.Sprintf("at byte %d: %s", syntax.Offset, syntax))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failure(codeBadJSON, "the JSON ends too early")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		if plain, err := strconv.Unquote(name); err == nil {
			name = plain
		}
		return &apiError{codeUnknownField, name, "this field is not known"}
	}
	return failure(codeBadJSON, "it cannot be read")
}

// Bounds of a JSON text: ours are at most four deep.
const (
	maxDepth   = 16
	maxMembers = 64
)

// checkMembers refuses what encoding/json lets through: a name given twice, of
// which two readers might take different ones, a name in another spelling, and
// nesting without bound. Names are checked in the outermost levels. It does not
// check the syntax otherwise.
func checkMembers(body []byte, levels int) error {
	var open []int // per open bracket, where its names begin in names; -1: array
	var names [][]byte
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			if len(open) == maxDepth {
				return failure(codeBadJSON, "it is nested too deeply")
			}
			first := -1
			if body[i] == '{' {
				first = len(names)
			}
			open = append(open, first)
		case '}', ']':
			if len(open) == 0 {
				return nil // the decoder reports it
			}
			if first := open[len(open)-1]; first >= 0 {
				names = names[:first]
			}
			open = open[:len(open)-1]
		case '"':
			end := endOfString(body, i+1)
			if end < 0 {
				return nil
			}
			name := body[i+1 : end]
			i = end
			if len(open) == 0 || len(open) > levels || open[len(open)-1] < 0 || !followedByColon(body, end+1) {
				continue
			}
			if err := checkName(name, names[open[len(open)-1]:]); err != nil {
				return err
			}
			names = append(names, name)
		}
	}
	return nil
}

func endOfString(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func followedByColon(b []byte, i int) bool {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
		default:
			return b[i] == ':'
		}
	}
	return false
}

func checkName(name []byte, before [][]byte) error {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return &apiError{codeUnknownField, string(name[:min(len(name), 40)]), "this field is not known"}
		}
	}
	for _, other := range before {
		if bytes.Equal(name, other) {
			return &apiError{codeBadJSON, string(name), "this field is there twice"}
		}
	}
	if len(before) >= maxMembers {
		return failure(codeBadJSON, "an object has too many fields")
	}
	return nil
}

// utcTime is a time in UTC ms that JSON shows as RFC 3339 with milliseconds.
type utcTime int64

const timeForm = "2006-01-02T15:04:05.000Z"

func (t utcTime) String() string { return string(t.append(nil)) }

// append writes the time in timeForm, by hand because an export has millions of
// them: the time package takes five times as long.
func (t utcTime) append(b []byte) []byte {
	at := time.UnixMilli(int64(t)).UTC()
	year, month, day := at.Date()
	if year < 0 || year > 9999 {
		return at.AppendFormat(b, timeForm)
	}
	hour, minute, second := at.Clock()
	ms := at.Nanosecond() / 1e6
	b = append(appendTwo(appendTwo(b, year/100), year%100), '-')
	b = append(appendTwo(b, int(month)), '-')
	b = append(appendTwo(b, day), 'T')
	b = append(appendTwo(b, hour), ':')
	b = append(appendTwo(b, minute), ':')
	b = append(appendTwo(b, second), '.', byte('0'+ms/100))
	return append(appendTwo(b, ms%100), 'Z')
}

// appendTwo writes two digits.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// MarshalJSON writes for example "2026-11-24T00:00:00.000Z".
func (t utcTime) MarshalJSON() ([]byte, error) {
	return append(t.append(append(make([]byte, 0, 26), '"')), '"'), nil
}

// parseTime reads RFC 3339 with any offset, to the millisecond.
func parseTime(field, text string) (int64, error) {
	if text == "" {
		return 0, invalid(field, "is missing")
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return 0, invalid(field, "must be a time like 2026-11-24T08:00:00.000+08:00 (RFC 3339)")
	}
	return t.UnixMilli(), nil
}

// maxSpan bounds one question in time; it is the store's bound, too.
const maxSpan = 61 * 24 * time.Hour

// window reads from and to of the query in UTC ms, from included, to excluded:
// RFC 3339, or a date, which stands for midnight at the place. Without them it
// is the last 24 h.
func (s *Server) window(c *fiber.Ctx) (from, to int64, err error) {
	return s.windowOf(c.Query("from"), c.Query("to"))
}

// windowOf is window for from and to of a body.
func (s *Server) windowOf(fromText, toText string) (from, to int64, err error) {
	to = s.now() + 1
	if toText != "" {
		if to, err = s.momentOf("to", toText); err != nil {
			return 0, 0, err
		}
	}
	from = to - (24 * time.Hour).Milliseconds()
	if fromText != "" {
		if from, err = s.momentOf("from", fromText); err != nil {
			return 0, 0, err
		}
	}
	if to < from || to-from > maxSpan.Milliseconds() {
		return 0, 0, invalid("to", "must not lie before from, nor more than 61 days after it")
	}
	return from, to, nil
}

func (s *Server) momentOf(field, text string) (int64, error) {
	if len(text) == len(time.DateOnly) {
		day, err := time.ParseInLocation(time.DateOnly, text, s.store.Zone())
		if err != nil || day.Year() < 2000 || day.Year() > 2200 {
			return 0, invalid(field, "must be a date like 2026-11-24 or a time (RFC 3339)")
		}
		return day.UnixMilli(), nil
	}
	// In a query an unescaped + arrives as a space.
	return parseTime(field, strings.ReplaceAll(text, " ", "+"))
}
