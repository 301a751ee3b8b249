package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// row is one row of a file.
type row struct {
	// number is what a spreadsheet or an editor shows beside it: from 1, the
	// header counted.
	number int
	cells  []string
	// field and why are set if the row cannot be used.
	field, why string
}

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

// residentFile is a file of residents past its header.
type residentFile struct {
	rowReader
	header []string
	at     columns
}

// openResidents opens a CSV or Excel file and finds its header.
func openResidents(path string) (*residentFile, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx", ".xlsm":
		return openSheet(path)
	case ".xls":
		return nil, badInput("%s is of the old Excel format: save it as .xlsx or as CSV", path)
	}
	reader, err := openCSV(path)
	if err != nil {
		return nil, err
	}
	file, err := pastHeader(reader)
	if err != nil {
		_ = reader.close() // only read
		return nil, badInput("%s: %w", path, err)
	}
	if file == nil {
		_ = reader.close() // only read
		return nil, noHeader(path)
	}
	return file, nil
}

func noHeader(path string) error {
	return badInput("%s: no header in the first %d rows: columns name (姓名), id_number (身份证号) and site (村居) are needed, in any order", path, headerWithin)
}

// pastHeader reads up to the header; nil if there is none.
func pastHeader(reader rowReader) (*residentFile, error) {
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
		for len(r.cells) > 0 && trim(r.cells[len(r.cells)-1]) == "" {
			r.cells = r.cells[:len(r.cells)-1]
		}
		return &residentFile{reader, r.cells, at}, nil
	}
}

// scientific is what a spreadsheet makes of a long number when it writes CSV.
var scientific = regexp.MustCompile(`^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$`)

const numberCell = "the cell holds a number, and a spreadsheet keeps only the first 15 digits of one: format the column as text, then enter the ID number again"

// fields checks what only the file can tell, and takes the fields out.
func (f *residentFile) fields(r *row) [columnCount]string {
	picked := f.at.pick(r.cells)
	switch {
	case r.why != "":
	case len(r.cells) > len(f.header) && !blank(r.cells[len(f.header):]):
		r.why = "it has more cells than the header: is there a comma in a cell without quotation marks?"
	case picked == [columnCount]string{}:
		r.field, r.why = columnNames[columnName], "is empty, and so are all columns that are imported"
	case scientific.MatchString(picked[columnID]):
		r.field, r.why = columnNames[columnID], numberCell
	}
	for field, value := range picked {
		if r.why == "" && strings.ContainsAny(value, "\r\n") {
			r.field, r.why = columnNames[field], "has a line break"
		}
	}
	return picked
}
