package workbook

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	// MaxLine is the longest line and the longest record that is read, in bytes.
	MaxLine = 64 << 10
	// maxRecordLines is over how many lines a quoted cell may go. Behind a
	// quotation mark that is never closed, one row is lost and not the file.
	maxRecordLines = 20
)

// csvRows reads CSV: UTF-8 with or without a byte order mark, UTF-16 with one,
// or GB18030; lines ending in \n, \r\n or \r; cells apart by comma, semicolon or
// tab.
type csvRows struct {
	file  *io.SectionReader
	in    *bufio.Reader
	lines int // in the file, about
	gb    bool
	comma rune

	number  int // of the last line read
	pending []textLine
}

// LongRow is the reason against a row of more than MaxLine bytes.
var LongRow = Reason{fmt.Sprintf("本行超过 %d KiB", MaxLine>>10), fmt.Sprintf("the row is longer than %d KiB", MaxLine>>10)}

type textLine struct {
	number int
	text   string
	why    Reason
}

// openCSV looks through the file once to find out how it is written.
func openCSV(source Source) (*csvRows, error) {
	c := &csvRows{file: io.NewSectionReader(source.In, 0, source.Size)}
	err := c.survey()
	if err == nil {
		err = c.rewind()
	}
	return c, err
}

// rewind starts again, behind the byte order mark if there is one.
func (c *csvRows) rewind() error {
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	head := make([]byte, 3)
	n, err := io.ReadFull(c.file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var r io.Reader = c.file
	switch {
	case bytes.HasPrefix(head, []byte("\ufeff")), bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		r = transform.NewReader(c.file, unicode.BOMOverride(transform.Nop))
	case IsExcel(head):
		return errors.New("this is an Excel file: give it a name ending in .xlsx")
	}
	c.in, c.number, c.pending = bufio.NewReaderSize(r, 64<<10), 0, nil
	return nil
}

// survey counts lines, and decides by the majority of the lines with Chinese in
// them between UTF-8 and GB18030, so that one damaged line does not turn all
// names into others. The separator is that of the header.
func (c *csvRows) survey() error {
	if err := c.rewind(); err != nil {
		return err
	}
	var utf, gb int
	for {
		line, _, err := c.rawLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		c.lines++
		switch {
		case !utf8.Valid(line):
			gb++
		case bytes.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }):
			utf++
		}
	}
	c.gb, c.comma = gb > utf, ','
	return c.findComma()
}

// findComma tries the separators on the first rows until one shows a header.
func (c *csvRows) findComma() error {
	for _, comma := range []rune{',', '\t', ';'} {
		if err := c.rewind(); err != nil {
			return err
		}
		c.comma = comma
		sheet, err := pastHeader(c)
		if sheet != nil || err != nil {
			return err
		}
	}
	c.comma = ','
	return nil
}

// rawLine reads one line without its end. long says that the rest was dropped.
func (c *csvRows) rawLine() (line []byte, long bool, err error) {
	read := false
	for {
		b, err := c.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && read:
			return line, long, nil
		case err != nil:
			return nil, false, err
		case b == '\n':
			return line, long, nil
		case b == '\r':
			if next, err := c.in.Peek(1); err == nil && next[0] == '\n' {
				_, _ = c.in.Discard(1) // it was just seen
			}
			return line, long, nil
		}
		read = true
		if len(line) < MaxLine {
			line = append(line, b)
		} else {
			long = true
		}
	}
}

// line gives the next line as text.
func (c *csvRows) line() (textLine, error) {
	if len(c.pending) > 0 {
		line := c.pending[0]
		c.pending = c.pending[1:]
		return line, nil
	}
	raw, long, err := c.rawLine()
	if err != nil {
		return textLine{}, err
	}
	c.number++
	line := textLine{number: c.number}
	if c.gb {
		if raw, err = simplifiedchinese.GB18030.NewDecoder().Bytes(raw); err != nil {
			return textLine{}, err
		}
	}
	line.text = strings.ToValidUTF8(string(raw), "\ufffd")
	switch {
	case long:
		line.why = LongRow
		line.text = strings.ToValidUTF8(line.text[:min(len(line.text), 200)], "") + "…"
	case strings.ContainsRune(line.text, '\ufffd'):
		line.why = Reason{"本行有不是文字的字节：请另存为 CSV UTF-8", "the row holds bytes that are no text: save the file as CSV UTF-8"}
	case strings.ContainsRune(line.text, 0):
		line.why = Reason{"本行含有空字符", "the row holds a NUL character"}
	}
	return line, nil
}

// next gives the next row that is not blank.
func (c *csvRows) next() (Row, error) {
	for {
		line, err := c.line()
		if err != nil {
			return Row{}, err
		}
		r := Row{Number: line.number, Why: line.why}
		if line.why != (Reason{}) {
			r.cells = strings.Split(line.text, string(c.comma))
			return r, nil
		}
		if r.cells, r.Why, err = c.split(line); err != nil {
			return Row{}, err
		}
		if !blank(r.cells) {
			return r, nil
		}
	}
}

// split takes a line apart, with the lines that follow if a quoted cell goes on.
func (c *csvRows) split(first textLine) (cells []string, why Reason, err error) {
	if !strings.Contains(first.text, `"`) {
		return strings.Split(first.text, string(c.comma)), Reason{}, nil
	}
	text, open := first.text, oddQuotes(first.text)
	var more []textLine
	for open {
		next, err := c.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, Reason{}, err
		}
		if err == nil {
			more = append(more, next)
			text += "\n" + next.text
			open = open != oddQuotes(next.text)
		}
		if err != nil || next.why != (Reason{}) || len(more) >= maxRecordLines || len(text) > MaxLine {
			c.pending = append(more, c.pending...)
			return strings.Split(first.text, string(c.comma)), Reason{"引号没有成对", "a quotation mark is not closed"}, nil
		}
	}
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma = c.comma
	if cells, err = reader.Read(); err != nil { // what follows may be good
		c.pending = append(more, c.pending...)
		return strings.Split(first.text, string(c.comma)), Reason{"引号位置有误：请把整个单元格加引号，其中的引号写两个", "a quotation mark stands where none may: put the cell into quotation marks and double those inside"}, nil
	}
	return cells, Reason{}, nil
}

func oddQuotes(text string) bool { return strings.Count(text, `"`)%2 == 1 }

// expected is the number of lines but the header.
func (c *csvRows) expected() int { return max(c.lines-1, 0) }

func (c *csvRows) close() error { return nil }

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
