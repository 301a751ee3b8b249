package workbook

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Row is one row of a file.
type Row struct {
	Sheet string // name of the sheet, "" of a CSV
	// Number is what a spreadsheet or an editor shows beside it: from 1, the
	// header counted.
	Number int
	cells  []string
	// numbers and dates are the columns (bit 0 is the first) that hold a number, and
	// a date, rather than text. title says that it is one cell over several columns.
	numbers, dates uint64
	title          bool

	Fields [ColumnCount]string
	// Skipped says why nobody stands in the row (header, sum, title, nobody), "" if
	// somebody does.
	Skipped string
	// Field and Why are set if the row cannot be used.
	Field string
	Why   Reason
}

// Bad tells that the row cannot be used.
func (r *Row) Bad() bool { return r.Why != (Reason{}) }

// Place names a row for people.
func (r *Row) Place() string { return cmp.Or(r.Sheet, "row") + fmt.Sprintf(" %d", r.Number) }

// Reason says why a row is not taken.
type Reason struct{ ZH, EN string }

// scientific is what a spreadsheet makes of a long number when it writes CSV.
var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$`)

// maxExact is the least number that a spreadsheet may not keep whole.
const maxExact = 1e15

var (
	numberCell = Reason{
		"单元格是数字格式，Excel 只保留前 15 位，后几位已丢失：请将该列设为“文本”，再重新输入证件号",
		"the cell holds a number, and a spreadsheet keeps only the first 15 digits of one: format the column as text, then enter the ID number again",
	}
	dateCell = Reason{
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
func (r *Row) spell(at *columns) {
	if r.numbers == 0 && r.dates == 0 {
		return
	}
	marked := func(marks uint64, input Column) bool {
		i := at[input]
		return i >= 0 && i < maxMarked && marks>>i&1 == 1
	}
	for input := range inputCount {
		if !marked(r.numbers, input) || at[input] >= len(r.cells) {
			continue
		}
		whole := wholeNumber(trim(r.cells[at[input]]))
		door := input == ColumnDoor || input >= inputBuilding && input <= inputRoom
		switch {
		case r.Why != (Reason{}):
		case door && marked(r.dates, input):
			r.Field, r.Why = ColumnNames[ColumnDoor], dateCell
		case input == ColumnID && whole == "":
			r.Field, r.Why = ColumnNames[ColumnID], numberCell
		case whole != "":
			r.cells[at[input]] = whole
		}
	}
}

// check says what only the file can tell is wrong with a row.
func (r *Row) check(width int) {
	switch {
	case r.Why != (Reason{}):
	case len(r.cells) > width && !blank(r.cells[width:]):
		r.Why = Reason{"单元格比表头多：含逗号的内容要加引号", "it has more cells than the header: is there a comma in a cell without quotation marks?"}
	case scientific.MatchString(r.Fields[ColumnID]):
		r.Field, r.Why = ColumnNames[ColumnID], numberCell
	}
	for field, value := range r.Fields {
		if r.Why == (Reason{}) && strings.ContainsAny(value, "\r\n") {
			r.Field, r.Why = ColumnNames[field], Reason{"单元格里有换行", "has a line break"}
		}
	}
}
