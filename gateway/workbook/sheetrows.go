package workbook

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// sheetRows reads one sheet of an Excel file as a stream.
type sheetRows struct {
	rows   *excelize.Rows
	number int
	sheetSurvey
	at   *columns // known once the header is found
	area [maxMarked]mergedArea
}

// mergedArea is a cell that goes over several rows, with what is in it.
type mergedArea struct {
	first, last  int // rows
	text         string
	number, date bool
}

// maxSheets is of how many sheets a workbook may be: each is looked for in the whole
// list of its parts.
const maxSheets = 200

// openBook opens an Excel file: all sheets with a header that can be seen.
func openBook(source Source, site string, limits Limits) (*File, error) {
	archive, err := openArchive(source, limits)
	if err != nil {
		return nil, err
	}
	shared, err := sharedSizes(archive)
	var dates []bool
	if err == nil {
		dates, err = checkFormats(archive)
	}
	if err != nil {
		return nil, err
	}
	book, err := excelize.OpenReader(io.NewSectionReader(source.In, 0, source.Size), excelize.Options{
		UnzipSizeLimit: limits.Unpacked, UnzipXMLSizeLimit: limits.InMemory, RawCellValue: true,
	})
	if err != nil {
		return nil, fmt.Errorf("not an Excel file that can be read: %w", err)
	}
	file := &File{close: book.Close}
	names := book.GetSheetList()
	if len(names) > maxSheets {
		_ = file.close() // only read
		return nil, fmt.Errorf("has %d sheets, of which %d can be read: split it", len(names), maxSheets)
	}
	for _, name := range names {
		sheet, err := openSheetNamed(book, archive, name, shared, dates)
		if err == nil && sheet != nil {
			err = file.take(book, sheet, site)
		}
		if err != nil {
			_ = file.close() // only read
			return nil, fmt.Errorf("sheet %q: %w", name, err)
		}
	}
	if len(file.sheets) == 0 {
		_ = file.close() // only read
		return nil, ErrNoHeader
	}
	return file, nil
}

// take adds a sheet that has a header, unless the spreadsheet hides it.
func (f *File) take(book *excelize.File, sheet *sheet, site string) error {
	rows, _ := sheet.reader.(*sheetRows)
	closing := f.close
	f.close = func() error { return errors.Join(rows.close(), closing()) }
	if shown, err := book.GetSheetVisible(sheet.name); err == nil && !shown {
		f.Passed = append(f.Passed, sheet.name)
		return nil
	}
	if err := sheet.belongsTo(site); err != nil {
		return err
	}
	f.sheets, f.Hidden = append(f.sheets, sheet), f.Hidden+rows.hidden
	return nil
}

func openSheetNamed(book *excelize.File, archive *zip.Reader, name string, shared []uint32, dates []bool) (*sheet, error) {
	part, err := sheetPart(archive, name)
	if err != nil || part == "" {
		return nil, err
	}
	survey, err := surveySheet(archive, part, shared, dates)
	if err != nil {
		return nil, err
	}
	rows, err := book.Rows(name)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	s := &sheetRows{rows: rows, sheetSurvey: survey}
	sheet, err := pastHeader(s)
	if sheet != nil && sheet.at[ColumnID] >= maxMarked {
		err = fmt.Errorf("the column %s is behind the first %d: move it to the left", ColumnNames[ColumnID], maxMarked)
	}
	if err != nil || sheet == nil {
		_ = rows.Close() // only read
		return nil, err
	}
	sheet.name, s.at = name, &sheet.at
	if sheet.pending != nil {
		s.carry(sheet.pending)
	}
	return sheet, nil
}

// next gives the next row that is not blank, numbers as the file has them.
func (s *sheetRows) next() (Row, error) {
	for s.rows.Next() {
		s.number++
		cells, err := s.rows.Columns()
		if err != nil {
			return Row{}, fmt.Errorf("row %d: %w", s.number, err)
		}
		if blank(cells) {
			continue
		}
		r := Row{Number: s.number, cells: cells, numbers: s.numbers[s.number], dates: s.dates[s.number], title: s.titles[s.number]}
		if s.at != nil {
			s.carry(&r)
		}
		return r, nil
	}
	if err := s.rows.Error(); err != nil {
		return Row{}, err
	}
	return Row{}, io.EOF
}

// carry fills the cells of a row that are part of one that began above, but for name
// and ID number, which are each person's own.
func (s *sheetRows) carry(r *Row) {
	for len(s.merges) > 0 && s.merges[0].first <= r.Number {
		m := s.merges[0]
		s.merges = s.merges[1:]
		s.area[m.column] = mergedArea{first: m.first, last: m.last}
	}
	for column := range s.area {
		area, bit := &s.area[column], uint64(1)<<column
		switch {
		case r.Number > area.last || column == s.at[ColumnName] || column == s.at[ColumnID]:
		case r.Number == area.first:
			if column < len(r.cells) {
				area.text, area.number, area.date = r.cells[column], r.numbers&bit != 0, r.dates&bit != 0
			}
		case area.text != "":
			for len(r.cells) <= column {
				r.cells = append(r.cells, "")
			}
			if trim(r.cells[column]) != "" {
				continue
			}
			r.cells[column] = area.text
			if area.number {
				r.numbers |= bit
			}
			if area.date {
				r.dates |= bit
			}
		}
	}
}

func (s *sheetRows) expected() int { return max(s.last-s.number, 0) }

func (s *sheetRows) close() error { return s.rows.Close() }
