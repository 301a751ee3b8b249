package workbook

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// sheet is one sheet of a clerk's workbook, or a CSV, past its header. What
// stands in it beside people (titles, the header once more, sums) is passed over and
// says so.
type sheet struct {
	reader  rowReader
	name    string
	width   int // cells of the header
	at      columns
	site    string // of rows that name none
	pending *Row   // read, and not given yet

	household [ColumnCount]string // of the last row that names its door
	heads     [inputCount]Heading // of the columns that were found
}

// pastHeader reads up to the header; nil if there is none.
func pastHeader(reader rowReader) (*sheet, error) {
	for {
		r, err := reader.next()
		if err != nil || r.Number > headerWithin {
			return nil, ignoreEOF(err)
		}
		at, ok, twice := findColumns(r.cells)
		if !ok {
			continue
		}
		if twice != "" {
			return nil, fmt.Errorf("the header has two columns for %s: take one away", twice)
		}
		sheet := &sheet{reader: reader, at: at}
		sheet.widen(r.cells)
		sheet.note(r.cells)
		below, err := reader.next()
		switch {
		case errors.Is(err, io.EOF):
		case err != nil:
			return nil, err
		case sheet.at.below(below.cells):
			sheet.widen(below.cells)
			sheet.note(below.cells)
		default:
			sheet.pending = &below
		}
		return sheet, nil
	}
}

// widen takes a row of a header into account.
func (s *sheet) widen(cells []string) {
	for i, cell := range cells {
		if trim(cell) != "" {
			s.width = max(s.width, i+1)
		}
	}
}

// note keeps what the columns are called in a row of a header.
func (s *sheet) note(cells []string) {
	for input, at := range s.at {
		name := s.at.cell(cells, Column(input))
		switch {
		case at < 0:
			s.heads[input] = Heading{}
		case name != "":
			s.heads[input] = Heading{fieldName(Column(input)), name, at}
		}
	}
}

// usualSheet is how spreadsheets name sheets by themselves.
var usualSheet = regexp.MustCompile(`^(?i)(sheet|工作表)\s*\d*$`)

// belongsTo says whose rows are that name no village: site, or the sheet's name.
func (s *sheet) belongsTo(site string) error {
	s.site = site
	if site == "" && s.at[ColumnSite] < 0 {
		if s.name == "" || usualSheet.MatchString(s.name) {
			return ErrNoSite
		}
		s.site = strings.Join(strings.Fields(narrow(s.name)), "")
	}
	return nil
}

func (s *sheet) read() (Row, error) {
	if r := s.pending; r != nil {
		s.pending = nil
		return *r, nil
	}
	return s.reader.next()
}

// next gives the next row, with its fields.
func (s *sheet) next() (Row, error) {
	r, err := s.read()
	if err != nil {
		return r, err
	}
	if r.Why == (Reason{}) {
		if at, again, _ := findColumns(r.cells); again {
			s.at.again(at)
			r.Skipped = "header"
			s.widen(r.cells)
			return r, nil
		}
	}
	r.spell(&s.at)
	r.Fields = s.at.pick(r.cells)
	if r.Why == (Reason{}) && s.nobody(&r) {
		return r, nil
	}
	if r.Fields[ColumnSite] == "" {
		r.Fields[ColumnSite] = s.site
	}
	s.carryDoor(&r)
	r.check(max(s.width, 1))
	return r, nil
}

// sums are the beginnings of rows below people.
var sums = regexp.MustCompile(`^(合计|小计|总计|共计|总人数|总户数|共\d|填表|制表|审核|负责人|填报|联系人[:]|备注|注[:]|说明|日期[:])`)

// nobody tells that a row is about nobody, and says what it is.
func (s *sheet) nobody(r *Row) bool {
	if r.Fields[ColumnID] != "" {
		return false
	}
	first, filled := "", 0
	for _, cell := range r.cells {
		if trim(cell) != "" {
			if filled++; filled == 1 {
				first = narrow(trim(cell))
			}
		}
	}
	switch {
	case sums.MatchString(strings.ReplaceAll(first, " ", "")):
		r.Skipped = "sum"
	case r.title && filled == 1:
		r.Skipped = "title"
	case r.Fields[ColumnName] == "" && r.Fields[ColumnPhone] == "":
		r.Skipped = "nobody"
	}
	return r.Skipped != ""
}

// carryDoor gives a member of a household, who says what they are to its head, the
// door that stands beside the head alone.
func (s *sheet) carryDoor(r *Row) {
	relation := s.at.cell(r.cells, inputRelation)
	switch {
	case r.Fields[ColumnDoor] != "":
		s.household = r.Fields
	case relation == "" || relation == "户主" || relation == "本人":
		s.household = [ColumnCount]string{}
	case s.household[ColumnSite] == r.Fields[ColumnSite]:
		r.Fields[ColumnDoor] = s.household[ColumnDoor]
	}
}
