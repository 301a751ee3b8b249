package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// sheetRows reads one sheet of an Excel file as a stream.
type sheetRows struct {
	book   *excelize.File
	rows   *excelize.Rows
	number int
	sheetSurvey
	idColumn int
}

// openSheet finds the first sheet with a header.
func openSheet(path string) (*residentFile, error) {
	archive, err := openArchive(path)
	if err != nil {
		return nil, badInput("%s: %w", path, err)
	}
	defer archive.Close() //nolint:errcheck // only read
	shared, err := sharedSizes(archive.Reader)
	if err == nil {
		err = checkFormats(archive.Reader)
	}
	if err != nil {
		return nil, badInput("%s: %w", path, err)
	}
	book, err := excelize.OpenFile(path, excelize.Options{UnzipSizeLimit: maxSheetBytes, UnzipXMLSizeLimit: sheetInMemory})
	if err != nil {
		return nil, badInput("%s: not an Excel file that can be read: %w", path, err)
	}
	for _, name := range book.GetSheetList() {
		file, err := openSheetNamed(book, archive.Reader, name, shared)
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

func openSheetNamed(book *excelize.File, archive *zip.Reader, name string, shared []uint32) (*residentFile, error) {
	part, err := sheetPart(archive, name)
	if err != nil || part == "" {
		return nil, err
	}
	survey, err := surveySheet(archive, part, shared)
	if err != nil {
		return nil, err
	}
	rows, err := book.Rows(name)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	s := &sheetRows{book: book, rows: rows, sheetSurvey: survey, idColumn: -1}
	file, err := pastHeader(s)
	if file != nil && file.at[columnID] >= maxMarked {
		err = fmt.Errorf("the column %s is behind the first %d: move it to the left", columnNames[columnID], maxMarked)
	}
	if err != nil || file == nil {
		_ = rows.Close() // only read
		return nil, err
	}
	s.idColumn = file.at[columnID]
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
		if s.idColumn >= 0 && s.numbers[s.number]>>s.idColumn&1 == 1 {
			r.field, r.why = columnNames[columnID], numberCell
		}
		return r, nil
	}
	if err := s.rows.Error(); err != nil {
		return row{}, err
	}
	return row{}, io.EOF
}

func (s *sheetRows) expected() int { return max(s.last-s.number, 0) }

func (s *sheetRows) close() error { return errors.Join(s.rows.Close(), s.book.Close()) }
