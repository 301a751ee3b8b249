// Package workbook reads the lists of people that clerks keep, as they really are: Excel
// workbooks with titles, merged cells, headers that come again, a sheet for each village
// and doors in parts, or CSV of any make. It gives rows of people, says of each row that it
// cannot use why, and what the rows are that nobody stands in.
//
// Files may be made to harm who opens them. Whatever they hold, reading one takes bounded
// memory and ends, and no entity, path or formula in it is followed.
package workbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// headerWithin is in how many rows a header is looked for, below titles.
const headerWithin = 20

// Limits bound what a file may unpack to, in bytes.
type Limits struct {
	// Unpacked is for all of an Excel file.
	Unpacked int64
	// InMemory is up to which size a sheet, or the texts that sheets share, are unpacked
	// in memory; a larger one goes to a temporary file, which Close removes.
	InMemory int64
}

// Machine is for who reads files of their own: room for a million rows.
var Machine = Limits{Unpacked: maxSheetBytes, InMemory: sheetInMemory}

// Source is a file as it comes.
type Source struct {
	Name string // its ending says what it is: .xlsx, .xlsm, else CSV
	In   io.ReaderAt
	Size int64 // bytes
}

// File is a file of residents: its sheets, each past its header.
type File struct {
	sheets []*sheet
	at     int // sheet that is read
	close  func() error
	// Passed are the names of hidden sheets, which are not read.
	Passed []string
	// Hidden is the number of rows that the spreadsheet does not show; they are read.
	Hidden int
}

// ErrNoHeader is of a file in which no row names the columns.
var ErrNoHeader = fmt.Errorf("no header in the first %d rows: columns name (姓名), id_number (身份证号) and site (村居) are needed, in any order", headerWithin)

// ErrNoSite is of rows that do not say where people live.
var ErrNoSite = errors.New("no column says in which village or compound (村居) people live: add one, or name it by --site (or, in Excel, by the sheet's name)")

// Open opens a CSV or Excel file and finds its headers. Rows that name no village or
// compound belong to site, "": to that of the sheet's name. It reads from the source until
// Close.
func Open(source Source, site string, limits Limits) (*File, error) {
	switch strings.ToLower(filepath.Ext(source.Name)) {
	case ".xlsx", ".xlsm":
		return openBook(source, site, limits)
	case ".xls":
		return nil, errors.New("this is of the old Excel format: save it as .xlsx or as CSV")
	}
	reader, err := openCSV(source)
	if err != nil {
		return nil, err
	}
	only, err := pastHeader(reader)
	if err == nil && only == nil {
		return nil, ErrNoHeader
	}
	if err == nil {
		err = only.belongsTo(site)
	}
	if err != nil {
		return nil, err
	}
	return &File{sheets: []*sheet{only}, close: reader.close}, nil
}

// IsExcel tells an Excel file by its first bytes.
func IsExcel(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03")) }

// Heading is a column that was found in a header.
type Heading struct {
	Field string // of ColumnNames, or building, unit, room, relation
	Text  string // as it is called in the file
	At    int    // from 0
}

// Found is what was found of a sheet before its rows are read.
type Found struct {
	Name     string // "" of a CSV
	Site     string // of rows that name none
	Headings []Heading
}

// Found tells of the sheets with a header, in the order of the file.
func (f *File) Found() []Found {
	all := make([]Found, len(f.sheets))
	for i, s := range f.sheets {
		all[i] = Found{Name: s.name, Site: s.site, Headings: []Heading{}}
		for _, h := range s.heads {
			if h.Text != "" {
				all[i].Headings = append(all[i].Headings, h)
			}
		}
	}
	return all
}

// Next gives the next row of all sheets, io.EOF at the end.
func (f *File) Next() (Row, error) {
	for ; f.at < len(f.sheets); f.at++ {
		r, err := f.sheets[f.at].next()
		if !errors.Is(err, io.EOF) {
			r.Sheet = f.sheets[f.at].name
			return r, err
		}
	}
	return Row{}, io.EOF
}

// Expected is about how many rows are to come, for showing progress.
func (f *File) Expected() (n int) {
	for _, sheet := range f.sheets {
		n += max(0, sheet.reader.expected())
	}
	return n
}

// Close ends the reading.
func (f *File) Close() error { return f.close() }

// rowReader reads a file row by row, in little memory. next gives io.EOF at the
// end; blank rows are left out.
type rowReader interface {
	next() (Row, error)
	// expected is about how many rows there are, for the progress bar; -1 if
	// that is not known.
	expected() int
	close() error
}
