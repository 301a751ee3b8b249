package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/gofiber/fiber/v2"

	"passgate/gateway/workbook"
)

const (
	// workbookBody is the largest list that is read for a page, in bytes.
	workbookBody = 8 << 20
	// maxBookRows is of how many people it may be.
	maxBookRows = 50_000
	// maxBookText is of how many bytes of text their rows may be, carried ones included.
	maxBookText = 24 << 20
)

// bookLimits keep all of a workbook in memory: it is somebody's list of people, and
// leaves no file here.
var bookLimits = workbook.Limits{Unpacked: 32 << 20, InMemory: 32 << 20}

// bookSheet is a sheet with a header, and how much of it is about people.
type bookSheet struct {
	Name    string         `json:"name"` // "" of a CSV
	Site    string         `json:"site"` // of rows that name none, as it stands there
	Columns []bookColumn   `json:"columns"`
	Rows    int            `json:"rows"`
	Skipped map[string]int `json:"skipped"`
}

// bookColumn is a column that was found.
type bookColumn struct {
	Field   string `json:"field"`
	Heading string `json:"heading"`
}

// bookRow is a row about somebody, in the columns of an import.
type bookRow struct {
	Sheet    string `json:"sheet"`
	Row      int    `json:"row"`
	Name     string `json:"name"`
	IDNumber string `json:"id_number"`
	Phone    string `json:"phone"`
	Site     string `json:"site"`
	Door     string `json:"door"`
	Grid     string `json:"grid"`
	Of       string `json:"of"` // place of the row that this one repeats, "" if it is the first
}

// badRow is a row that cannot be imported as it is.
type badRow struct {
	bookRow
	Field string `json:"field"`
	Why   string `json:"why"`
	WhyZH string `json:"why_zh"`
}

// bookView is what a list of people holds.
type bookView struct {
	Sheets       []bookSheet `json:"sheets"`
	HiddenSheets []string    `json:"hidden_sheets"`
	HiddenRows   int         `json:"hidden_rows"`
	Rows         []bookRow   `json:"rows"`
	Bad          []badRow    `json:"bad"`

	bySheet map[string]*bookSheet
}

// handleWorkbook reads a clerk's workbook or CSV into rows that can be imported. It keeps
// nothing and looks nobody up.
func (s *Server) handleWorkbook(c *fiber.Ctx) error {
	// A large one takes a few seconds and some hundred MiB: gates come first.
	if !s.workbooks.TryLock() {
		return failure(codeTooMany, "another list is being read here: try again in a moment")
	}
	defer s.workbooks.Unlock()
	view, err := readBook(c.Request().Body(), c.Query("site"))
	if err != nil {
		return err
	}
	return c.JSON(view)
}

func readBook(body []byte, site string) (*bookView, error) {
	source := workbook.Source{Name: "list.csv", In: bytes.NewReader(body), Size: int64(len(body))}
	switch {
	case len(body) == 0:
		return nil, invalid("body", "is empty")
	case bytes.HasPrefix(body, []byte("\xd0\xcf\x11\xe0")):
		return nil, invalid("body", "is of the old Excel format, or has a password: save it without one as .xlsx")
	case workbook.IsExcel(body):
		source.Name = "list.xlsx"
	}
	file, err := workbook.Open(source, site, bookLimits)
	if err != nil {
		return nil, bookError(err)
	}
	defer file.Close() //nolint:errcheck // only read
	view, size := newBookView(file), 0
	twice := workbook.NewTwice()
	for {
		r, err := file.Next()
		if errors.Is(err, io.EOF) {
			return view, nil
		}
		if err != nil {
			return nil, invalid("body", err.Error())
		}
		if len(view.Rows)+len(view.Bad) == maxBookRows {
			return nil, failure(codeTooLarge, fmt.Sprintf("the file is about more than %d people: split it, or import it with passgate residents import", maxBookRows))
		}
		for _, text := range r.Fields {
			size += len(text)
		}
		if size > maxBookText {
			return nil, failure(codeTooLarge, fmt.Sprintf("the rows have more than %d MiB of text: split the file", maxBookText>>20))
		}
		view.add(&r, twice)
	}
}

func bookError(err error) error {
	switch {
	case errors.Is(err, workbook.ErrNoSite):
		return invalid("site", "no column says in which village or compound people live: say which one it is")
	case errors.Is(err, workbook.ErrNoHeader):
		return invalid("header", err.Error())
	}
	return invalid("body", err.Error())
}

func newBookView(file *workbook.File) *bookView {
	found := file.Found()
	v := &bookView{
		Sheets: make([]bookSheet, len(found)), HiddenSheets: append([]string{}, file.Passed...), HiddenRows: file.Hidden,
		Rows: []bookRow{}, Bad: []badRow{}, bySheet: map[string]*bookSheet{},
	}
	for i, f := range found {
		sheet := &v.Sheets[i]
		*sheet = bookSheet{Name: f.Name, Site: f.Site, Columns: []bookColumn{}, Skipped: map[string]int{}}
		for _, h := range f.Headings {
			sheet.Columns = append(sheet.Columns, bookColumn{h.Field, h.Text})
		}
		v.bySheet[f.Name] = sheet
	}
	return v
}

func (v *bookView) add(r *workbook.Row, twice *workbook.Twice) {
	sheet := v.bySheet[r.Sheet]
	if r.Skipped != "" {
		sheet.Skipped[r.Skipped]++
		return
	}
	sheet.Rows++
	f := &r.Fields
	row := bookRow{
		Sheet: r.Sheet, Row: r.Number, Name: f[workbook.ColumnName], IDNumber: f[workbook.ColumnID], Phone: f[workbook.ColumnPhone],
		Site: f[workbook.ColumnSite], Door: f[workbook.ColumnDoor], Grid: f[workbook.ColumnGrid],
	}
	if !r.Bad() {
		row.Of = twice.Look(r)
	}
	if r.Bad() {
		v.Bad = append(v.Bad, badRow{row, r.Field, r.Why.EN, r.Why.ZH})
		return
	}
	v.Rows = append(v.Rows, row)
}
