package main

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// Bounds of what stands in a sheet; Excel's own are lower but for the cells,
// and there is no register with so many columns.
const (
	maxXMLToken  = 1 << 20 // bytes of one tag or text
	maxXMLDepth  = 64
	maxCells     = 1024     // of a row, that hold something
	maxRowText   = 1 << 20  // bytes of a row's texts
	maxShared    = 2 << 20  // texts that sheets share
	maxFormat    = 16 << 10 // bytes of a tag of the styles
	maxMarked    = 64       // columns in which numbers are told from text
	columnsOfRow = excelize.MaxColumns
)

// sheetSurvey is what one look through a sheet finds out.
type sheetSurvey struct {
	last int // row
	// numbers are, by row, the columns (bit 0 is the first) that hold a number
	// rather than text. A number of 18 digits lost its last three when it was
	// typed, and a number format can make it look whole; only the type of the
	// cell tells, which the reader of rows does not give.
	numbers map[int]uint64
}

// sheetSurveyor goes through a sheet before the library for workbooks does,
// which takes what is broken for the end, and a row for as large as it is.
type sheetSurveyor struct {
	sheetSurvey
	shared []uint32 // bytes of each shared text

	row, column int // from 1 and from 0
	cells, text int // of the row, so far
	kind        string
	filled      bool // the cell holds something
	inValue     bool
}

// surveySheet looks through a sheet. Its error says in which row it is broken,
// or out of bounds.
func surveySheet(archive *zip.Reader, part string, shared []uint32) (sheetSurvey, error) {
	s := &sheetSurveyor{sheetSurvey: sheetSurvey{numbers: map[int]uint64{}}, shared: shared}
	err := eachToken(archive, part, maxXMLToken, s.token)
	if err != nil && s.row > 0 {
		err = fmt.Errorf("row %d: %w", s.row, err)
	}
	return s.sheetSurvey, err
}

func (s *sheetSurveyor) token(token xml.Token) error {
	switch token := token.(type) {
	case xml.StartElement:
		switch token.Name.Local {
		case "row":
			return s.beginRow(token)
		case "c":
			return s.beginCell(token)
		case "v", "t":
			s.inValue = true
		}
	case xml.EndElement:
		if token.Name.Local == "v" || token.Name.Local == "t" {
			s.inValue = false
		}
	case xml.CharData:
		if s.inValue {
			return s.value(token)
		}
	}
	return nil
}

// beginRow counts as the library does, and refuses what it would mix up.
func (s *sheetSurveyor) beginRow(start xml.StartElement) error {
	s.row++
	if text, ok := attribute(start, "r"); ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < s.row || text[0] == '+' {
			return fmt.Errorf("the row behind it has the number %.20q: rows have to be in order", text)
		}
		s.row = n
	}
	if s.row > excelize.TotalRows {
		return fmt.Errorf("a sheet has %d rows at most", excelize.TotalRows)
	}
	s.last, s.column, s.cells, s.text = s.row, -1, 0, 0
	return nil
}

func (s *sheetSurveyor) beginCell(start xml.StartElement) error {
	s.column++
	if text, ok := attribute(start, "r"); ok {
		column, row, err := excelize.CellNameToCoordinates(text)
		if err != nil || column-1 < s.column || row != s.row {
			return fmt.Errorf("a cell has the name %.20q: cells have to be in order", text)
		}
		s.column = column - 1
	}
	if s.column >= columnsOfRow {
		return fmt.Errorf("a row has %d cells at most", columnsOfRow)
	}
	s.kind, _ = attribute(start, "t")
	s.filled = false
	return nil
}

// value takes a piece of what a cell holds.
func (s *sheetSurveyor) value(piece xml.CharData) error {
	if s.row == 0 || s.column < 0 {
		return nil // the text of something else
	}
	if !s.filled {
		s.filled = true
		if s.cells++; s.cells > maxCells {
			return fmt.Errorf("it has more than %d cells that hold something", maxCells)
		}
	}
	s.text += len(piece)
	switch s.kind {
	case "s":
		if n, err := strconv.Atoi(string(piece)); err == nil && n >= 0 && n < len(s.shared) {
			s.text += int(s.shared[n])
		}
	case "", "n":
		if s.column < maxMarked {
			s.numbers[s.row] |= 1 << s.column
		}
	}
	if s.text > maxRowText {
		return fmt.Errorf("it holds more than %d KiB", maxRowText>>10)
	}
	return nil
}

// sharedSizes gives the size of each text that sheets share.
func sharedSizes(archive *zip.Reader) (sizes []uint32, err error) {
	inText := false
	err = eachToken(archive, sharedPart, maxXMLToken, func(token xml.Token) error {
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "si":
				if len(sizes) == maxShared {
					return fmt.Errorf("it has more than %d texts", maxShared)
				}
				sizes = append(sizes, 0)
			case "t":
				inText = true
			}
		case xml.EndElement:
			inText = inText && token.Name.Local != "t"
		case xml.CharData:
			if inText && len(sizes) > 0 {
				if sizes[len(sizes)-1] += uint32(len(token)); sizes[len(sizes)-1] > maxRowText { //nolint:gosec // at most maxXMLToken
					return fmt.Errorf("text %d has more than %d KiB", len(sizes), maxRowText>>10)
				}
			}
		}
		return nil
	})
	if errors.Is(err, errNoPart) {
		return nil, nil
	}
	return sizes, err
}

// checkFormats holds the formats of numbers, which the library applies to every
// cell, to a size that a person could have typed.
func checkFormats(archive *zip.Reader) error {
	err := eachToken(archive, "xl/styles.xml", maxFormat, func(xml.Token) error { return nil })
	if errors.Is(err, errNoPart) {
		return nil
	}
	return err
}

// eachToken reads a part's XML to its end, in bounds: longest is how many bytes a tag or
// text may have. A document type, with which entities come, is refused.
func eachToken(archive *zip.Reader, part string, longest int, visit func(xml.Token) error) error {
	in, err := openPart(archive, part)
	if err != nil {
		return err
	}
	defer in.Close()
	budget := &tokenBudget{in: in, left: longest}
	decoder := xml.NewDecoder(budget)
	for depth := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", part, err)
		}
		budget.left = longest
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > maxXMLDepth {
				return fmt.Errorf("unpack %s: it is nested too deeply", part)
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			return fmt.Errorf("unpack %s: it has a document type, which no spreadsheet has", part)
		}
		if err := visit(token); err != nil {
			return err
		}
	}
}

// tokenBudget gives so many bytes on, until it gets more to give: the XML
// decoder holds a whole tag or text in memory.
type tokenBudget struct {
	in   io.Reader
	left int
}

var errLongToken = errors.New("a tag or text is too long")

// Read reads.
func (b *tokenBudget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongToken
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func attribute(element xml.StartElement, name string) (value string, ok bool) {
	for _, attr := range element.Attr {
		if attr.Name.Local == name && attr.Name.Space == "" {
			return attr.Value, true
		}
	}
	return "", false
}
