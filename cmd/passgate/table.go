package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/mattn/go-runewidth"

	"passgate/gateway/cells"
)

// site zone: what people at a gate have on their watches.
var shanghai = mustZone("Asia/Shanghai")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil { // cannot happen: the zone database is part of the program
		return time.FixedZone("CST", 8*60*60)
	}
	return zone
}

// localTime is how a table shows a time.
func localTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(shanghai).Format("2006-01-02 15:04:05")
}

// csvTime is how a CSV shows a time.
func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(shanghai).Format("2006-01-02T15:04:05.000Z07:00")
}

// parseTime reads what a person types: RFC 3339, a date or a date and time in
// Asia/Shanghai, or Unix seconds as in a pass.
func parseTime(name, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, shanghai); err == nil {
			return t, nil
		}
	}
	if len(text) == 10 && strings.Trim(text, "0123456789") == "" {
		var seconds int64
		for _, digit := range text {
			seconds = seconds*10 + int64(digit-'0')
		}
		return time.Unix(seconds, 0), nil
	}
	return time.Time{}, badInput("%s: %q is no time: give a date (2026-11-24), a time in Shanghai (\"2026-11-24 08:00\") or RFC 3339", name, clip(text, 40))
}

// parseTimeOr is parseTime with what to take for an empty text.
func parseTimeOr(name, text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	return parseTime(name, text)
}

// apiTime is how the API takes a time.
func apiTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// plain makes text from elsewhere safe for a terminal: no control characters,
// no escape sequences, one line.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// clip shortens text to n bytes at most, for messages.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}

// tableBlock is how many rows a table holds back to find its column widths.
const tableBlock = 1000

// table writes aligned text. Chinese characters take two columns. Rows are held
// back a thousand at a time, so a table of any length takes little memory.
type table struct {
	out    *bufio.Writer
	head   []string
	widths []int
	rows   [][]string
	begun  bool
}

func newTable(w io.Writer, head ...string) *table {
	return &table{out: bufio.NewWriter(w), head: head, widths: make([]int, len(head))}
}

// add takes one row with a cell for each column.
func (t *table) add(cells ...string) error {
	for i, cell := range cells {
		cells[i] = plain(cell)
	}
	t.rows = append(t.rows, cells)
	if len(t.rows) < tableBlock {
		return nil
	}
	return t.flush()
}

// flush writes what is held back; the first time with the head.
func (t *table) flush() error {
	if !t.begun {
		t.begun = true
		t.rows = append([][]string{t.head}, t.rows...)
	}
	for _, row := range t.rows {
		for i, cell := range row {
			t.widths[i] = max(t.widths[i], runewidth.StringWidth(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", t.widths[i]-runewidth.StringWidth(cell)+2))
			}
		}
		if _, err := t.out.WriteString(strings.TrimRight(line.String(), " ") + "\n"); err != nil {
			return err
		}
	}
	t.rows = t.rows[:0]
	return t.out.Flush()
}

const byteOrderMark = "\ufeff"

// csvWriter writes CSV for spreadsheets: UTF-8 with a byte order mark, formulas
// guarded.
type csvWriter struct{ w *csv.Writer }

func newCSV(w io.Writer, head ...string) (*csvWriter, error) {
	if _, err := io.WriteString(w, byteOrderMark); err != nil {
		return nil, err
	}
	c := &csvWriter{csv.NewWriter(w)}
	return c, c.add(head...)
}

func (c *csvWriter) add(texts ...string) error {
	guarded := make([]string, len(texts))
	for i, text := range texts {
		guarded[i] = cells.Guard(text)
	}
	return c.w.Write(guarded)
}

func (c *csvWriter) flush() error {
	c.w.Flush()
	return c.w.Error()
}

// printJSON writes one document, indented, with Chinese and < > & as they are.
func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
