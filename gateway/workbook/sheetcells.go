package workbook

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

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
	maxMerges    = 200_000  // cells over several rows or columns
	maxStyles    = 65_536   // as in Excel
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
	// dates are those of them that are shown as a date.
	dates map[int]uint64
	// merges are the cells that go over several rows, by their first.
	merges []merge
	titles map[int]bool // rows with a cell over several columns
	hidden int          // rows that hold something and are not shown
}

// merge is a cell over several rows.
type merge struct{ column, first, last int }

// sheetSurveyor goes through a sheet before the library for workbooks does,
// which takes what is broken for the end, and a row for as large as it is.
type sheetSurveyor struct {
	sheetSurvey
	shared []uint32 // bytes of each shared text
	styles []bool   // which formats are of dates

	row, column int // from 1 and from 0
	cells, text int // of the row, so far
	kind        string
	date        bool // the cell's format is of a date
	unseen      bool // the row is not shown
	spans       int
	filled      bool // the cell holds something
	inValue     bool
}

// surveySheet looks through a sheet. Its error says in which row it is broken,
// or out of bounds.
func surveySheet(archive *zip.Reader, part string, shared []uint32, dates []bool) (sheetSurvey, error) {
	s := &sheetSurveyor{sheetSurvey: sheetSurvey{numbers: map[int]uint64{}, dates: map[int]uint64{}, titles: map[int]bool{}}, shared: shared, styles: dates}
	err := eachToken(archive, part, maxXMLToken, s.token)
	if err != nil && s.row > 0 {
		err = fmt.Errorf("row %d: %w", s.row, err)
	}
	slices.SortFunc(s.merges, func(a, b merge) int { return a.first - b.first })
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
		case "mergeCell":
			return s.merged(token)
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
	hidden, _ := attribute(start, "hidden")
	s.unseen = hidden == "1" || hidden == "true"
	return nil
}

// merged notes a cell that goes over several rows or columns.
func (s *sheetSurveyor) merged(start xml.StartElement) error {
	if s.spans++; s.spans > maxMerges {
		return fmt.Errorf("it has more than %d merged cells", maxMerges)
	}
	area, _ := attribute(start, "ref")
	from, to, _ := strings.Cut(area, ":")
	left, top, err := excelize.CellNameToCoordinates(from)
	if err != nil {
		return nil // the library for workbooks does not look at it either
	}
	right, bottom, err := excelize.CellNameToCoordinates(to)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	if bottom > top && left <= maxMarked {
		s.merges = append(s.merges, merge{left - 1, top, bottom})
	}
	if right > left+1 {
		s.titles[top] = true
	}
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
	style, _ := attribute(start, "s")
	n, err := strconv.Atoi(style)
	s.date = err == nil && n >= 0 && n < len(s.styles) && s.styles[n]
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
		if s.cells == 0 && s.unseen {
			s.hidden++
		}
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
			if s.date {
				s.dates[s.row] |= 1 << s.column
			}
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
// cell, to a size that a person could have typed, and says which styles of cells are
// of dates.
func checkFormats(archive *zip.Reader) (dates []bool, err error) {
	own, cells := map[string]bool{}, false // formats of the file's own
	err = eachToken(archive, "xl/styles.xml", maxFormat, func(token xml.Token) error {
		switch token := token.(type) {
		case xml.StartElement:
			id, _ := attribute(token, "numFmtId")
			switch token.Name.Local {
			case "numFmt":
				code, _ := attribute(token, "formatCode")
				own[id] = len(own) < maxStyles && dateFormat(code)
			case "cellXfs":
				cells = true
			case "xf":
				if cells && len(dates) < maxStyles {
					dates = append(dates, own[id] || usualDate(id))
				}
			}
		case xml.EndElement:
			cells = cells && token.Name.Local != "cellXfs"
		}
		return nil
	})
	if errors.Is(err, errNoPart) {
		return nil, nil
	}
	return dates, err
}

// usualDate tells whether a format that every spreadsheet has is of a date.
func usualDate(id string) bool {
	n, err := strconv.Atoi(id)
	return err == nil && (n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 58)
}

// dateFormat tells whether a format shows a date: a day or a year beside a month.
func dateFormat(code string) bool {
	code = strings.ToLower(code)
	return strings.Contains(code, "m") && strings.ContainsAny(code, "dy")
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
