package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// row is one row of a file.
type row struct {
	sheet string // name of the sheet, "" of a CSV
	// number is what a spreadsheet or an editor shows beside it: from 1, the
	// header counted.
	number int
	cells  []string
	// numbers and dates are the columns (bit 0 is the first) that hold a number, and
	// a date, rather than text. title says that it is one cell over several columns.
	numbers, dates uint64
	title          bool

	fields [columnCount]string
	// skipped says why nobody stands in the row, "" if somebody does.
	skipped string
	// field and why are set if the row cannot be used.
	field string
	why   reason
}

// reason says why a row is not taken.
type reason struct{ zh, en string }

// rowReader reads a file row by row, in little memory. next gives io.EOF at the
// end; blank rows are left out.
type rowReader interface {
	next() (row, error)
	// expected is about how many rows there are, for the progress bar; -1 if
	// that is not known.
	expected() int
	close() error
}

// headerWithin is in how many rows a header is looked for, below titles.
const headerWithin = 20

// residentFile is a file of residents: its sheets, each past its header.
type residentFile struct {
	sheets []*residentSheet
	at     int // sheet that is read
	close  func() error
	passed []string // hidden sheets, which are not read
	hidden int      // rows that the spreadsheet does not show
}

// next gives the next row of all sheets.
func (f *residentFile) next() (row, error) {
	for ; f.at < len(f.sheets); f.at++ {
		r, err := f.sheets[f.at].next()
		if !errors.Is(err, io.EOF) {
			r.sheet = f.sheets[f.at].name
			return r, err
		}
	}
	return row{}, io.EOF
}

func (f *residentFile) expected() (n int) {
	for _, sheet := range f.sheets {
		n += max(0, sheet.reader.expected())
	}
	return n
}

// openResidents opens a CSV or Excel file and finds its headers. Rows that name no
// village or compound belong to site, "": to that of the sheet's name.
func openResidents(path, site string) (*residentFile, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx", ".xlsm":
		return openBook(path, site)
	case ".xls":
		return nil, badInput("%s is of the old Excel format: save it as .xlsx or as CSV", path)
	}
	reader, err := openCSV(path)
	if err != nil {
		return nil, err
	}
	sheet, err := pastHeader(reader)
	if err == nil && sheet == nil {
		_ = reader.close() // only read
		return nil, noHeader(path)
	}
	if err == nil {
		err = sheet.belongsTo(site)
	}
	if err != nil {
		_ = reader.close() // only read
		return nil, badInput("%s: %w", path, err)
	}
	return &residentFile{sheets: []*residentSheet{sheet}, close: reader.close}, nil
}

func noHeader(path string) error {
	return badInput("%s: no header in the first %d rows: columns name (姓名), id_number (身份证号) and site (村居) are needed, in any order", path, headerWithin)
}

// scientific is what a spreadsheet makes of a long number when it writes CSV.
var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$`)

// maxExact is the least number that a spreadsheet may not keep whole.
const maxExact = 1e15

var (
	numberCell = reason{
		"单元格是数字格式，Excel 只保留前 15 位，后几位已丢失：请将该列设为“文本”，再重新输入证件号",
		"the cell holds a number, and a spreadsheet keeps only the first 15 digits of one: format the column as text, then enter the ID number again",
	}
	dateCell = reason{
		"门牌被 Excel 变成了日期：请将该列设为“文本”，再重新输入",
		"a spreadsheet turned the door into a date: format the column as text, then enter it again",
	}
)

// wholeNumber is a number in the digits that people would write, "" if the
// spreadsheet may have lost some.
func wholeNumber(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != math.Trunc(n) || math.Abs(n) >= maxExact {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// spell writes numbers as people do, and refuses what is none any more.
func (r *row) spell(at *columns) {
	if r.numbers == 0 && r.dates == 0 {
		return
	}
	marked := func(marks uint64, input column) bool {
		i := at[input]
		return i >= 0 && i < maxMarked && marks>>i&1 == 1
	}
	for input := range inputCount {
		if !marked(r.numbers, input) || at[input] >= len(r.cells) {
			continue
		}
		whole := wholeNumber(trim(r.cells[at[input]]))
		door := input == columnDoor || input >= inputBuilding && input <= inputRoom
		switch {
		case r.why != (reason{}):
		case door && marked(r.dates, input):
			r.field, r.why = columnNames[columnDoor], dateCell
		case input == columnID && whole == "":
			r.field, r.why = columnNames[columnID], numberCell
		case whole != "":
			r.cells[at[input]] = whole
		}
	}
}

// check says what only the file can tell is wrong with a row.
func (r *row) check(width int) {
	switch {
	case r.why != (reason{}):
	case len(r.cells) > width && !blank(r.cells[width:]):
		r.why = reason{"单元格比表头多：含逗号的内容要加引号", "it has more cells than the header: is there a comma in a cell without quotation marks?"}
	case scientific.MatchString(r.fields[columnID]):
		r.field, r.why = columnNames[columnID], numberCell
	}
	for field, value := range r.fields {
		if r.why == (reason{}) && strings.ContainsAny(value, "\r\n") {
			r.field, r.why = columnNames[field], reason{"单元格里有换行", "has a line break"}
		}
	}
}

// place names a row for people.
func (r *row) place() string { return cmp.Or(r.sheet, "row") + fmt.Sprintf(" %d", r.number) }
