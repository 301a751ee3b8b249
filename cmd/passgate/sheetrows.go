package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

const (
	// maxSheetBytes bounds what an Excel file may unpack to.
	maxSheetBytes = 2 << 30
	// sheetInMemory is how much of a sheet is unpacked in memory; a larger one
	// goes to a temporary file.
	sheetInMemory = 16 << 20
)

// sheetRows reads one sheet of an Excel file as a stream.
type sheetRows struct {
	book   *excelize.File
	rows   *excelize.Rows
	number int
	total  int
	// numbers are the rows whose ID number is not text.
	numbers map[int]bool
}

// openSheet finds the first sheet with a header.
func openSheet(path string) (*residentFile, error) {
	book, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: maxSheetBytes, UnzipXMLSizeLimit: sheetInMemory})
	if err != nil {
		return nil, badInput("%s: not an Excel file that can be read: %w", path, err)
	}
	for _, name := range book.GetSheetList() {
		file, err := openSheetNamed(book, path, name)
		if err != nil {
			_ = book.Close() // only read
			return nil, badInput("%s, sheet %q: %w", path, plain(name), err)
		}
		if file != nil {
			return file, nil
		}
	}
	_ = book.Close() // only read
	return nil, noHeader(path)
}

func openSheetNamed(book *excelize.File, path, name string) (*residentFile, error) {
	rows, err := book.Rows(name)
	if err != nil {
		return nil, nil //nolint:nilerr // a chart or the like: not for us
	}
	s := &sheetRows{book: book, rows: rows}
	file, err := pastHeader(s)
	if file == nil {
		_ = rows.Close() // only read
		return nil, err
	}
	last := 0
	if s.numbers, last, err = numericCells(path, name, file.at[columnID]); err != nil {
		_ = rows.Close() // only read
		return nil, err
	}
	s.total = max(last-s.number, 0)
	return file, nil
}

// next gives the next row that is not blank, as the spreadsheet shows it.
func (s *sheetRows) next() (row, error) {
	for s.rows.Next() {
		s.number++
		cells, err := s.rows.Columns()
		if err != nil {
			return row{}, fmt.Errorf("row %d: %w", s.number, err)
		}
		if blank(cells) {
			continue
		}
		r := row{number: s.number, cells: cells}
		if s.numbers[s.number] {
			r.field, r.why = columnNames[columnID], numberCell
		}
		return r, nil
	}
	if err := s.rows.Error(); err != nil {
		return row{}, err
	}
	return row{}, io.EOF
}

func (s *sheetRows) expected() int { return s.total }

func (s *sheetRows) close() error { return errors.Join(s.rows.Close(), s.book.Close()) }
