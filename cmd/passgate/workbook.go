package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// residentSheet is one sheet of a clerk's workbook, or a CSV, past its header. What
// stands in it beside people (titles, the header once more, sums) is passed over and
// says so.
type residentSheet struct {
	reader  rowReader
	name    string
	width   int // cells of the header
	at      columns
	site    string // of rows that name none
	pending *row   // read, and not given yet

	household [columnCount]string // of the last row that names its door
}

// pastHeader reads up to the header; nil if there is none.
func pastHeader(reader rowReader) (*residentSheet, error) {
	for {
		r, err := reader.next()
		if err != nil || r.number > headerWithin {
			return nil, ignoreEOF(err)
		}
		at, ok, twice := findColumns(r.cells)
		if !ok {
			continue
		}
		if twice != "" {
			return nil, fmt.Errorf("the header has two columns for %s: take one away", twice)
		}
		sheet := &residentSheet{reader: reader, at: at}
		sheet.widen(r.cells)
		below, err := reader.next()
		switch {
		case errors.Is(err, io.EOF):
		case err != nil:
			return nil, err
		case sheet.at.below(below.cells):
			sheet.widen(below.cells)
		default:
			sheet.pending = &below
		}
		return sheet, nil
	}
}

// widen takes a row of a header into account.
func (s *residentSheet) widen(cells []string) {
	for i, cell := range cells {
		if trim(cell) != "" {
			s.width = max(s.width, i+1)
		}
	}
}

// usualSheet is how spreadsheets name sheets by themselves.
var usualSheet = regexp.MustCompile(`^(?i)(sheet|工作表)\s*\d*$`)

// belongsTo says whose rows are that name no village: site, or the sheet's name.
func (s *residentSheet) belongsTo(site string) error {
	s.site = site
	if site == "" && s.at[columnSite] < 0 {
		if s.name == "" || usualSheet.MatchString(s.name) {
			return errors.New("no column says in which village or compound (村居) people live: add one, or name it by --site (or, in Excel, by the sheet's name)")
		}
		s.site = strings.Join(strings.Fields(narrow(s.name)), "")
	}
	return nil
}

func (s *residentSheet) read() (row, error) {
	if r := s.pending; r != nil {
		s.pending = nil
		return *r, nil
	}
	return s.reader.next()
}

// next gives the next row, with its fields.
func (s *residentSheet) next() (row, error) {
	r, err := s.read()
	if err != nil {
		return r, err
	}
	if r.why == (reason{}) {
		if at, again, _ := findColumns(r.cells); again {
			s.at.again(at)
			r.skipped = "header"
			s.widen(r.cells)
			return r, nil
		}
	}
	r.spell(&s.at)
	r.fields = s.at.pick(r.cells)
	if r.why == (reason{}) && s.nobody(&r) {
		return r, nil
	}
	if r.fields[columnSite] == "" {
		r.fields[columnSite] = s.site
	}
	s.carryDoor(&r)
	r.check(max(s.width, 1))
	return r, nil
}

// sums are the beginnings of rows below people.
var sums = regexp.MustCompile(`^(合计|小计|总计|共计|总人数|总户数|共\d|填表|制表|审核|负责人|填报|联系人[:]|备注|注[:]|说明|日期[:])`)

// nobody tells that a row is about nobody, and says what it is.
func (s *residentSheet) nobody(r *row) bool {
	if r.fields[columnID] != "" {
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
		r.skipped = "sum"
	case r.title && filled == 1:
		r.skipped = "title"
	case r.fields[columnName] == "" && r.fields[columnPhone] == "":
		r.skipped = "nobody"
	}
	return r.skipped != ""
}

// carryDoor gives a member of a household, who says what they are to its head, the
// door that stands beside the head alone.
func (s *residentSheet) carryDoor(r *row) {
	relation := s.at.cell(r.cells, inputRelation)
	switch {
	case r.fields[columnDoor] != "":
		s.household = r.fields
	case relation == "" || relation == "户主" || relation == "本人":
		s.household = [columnCount]string{}
	case s.household[columnSite] == r.fields[columnSite]:
		r.fields[columnDoor] = s.household[columnDoor]
	}
}
