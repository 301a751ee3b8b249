package codes

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"time"
)

// LogSheetData is what LogSheet prints.
type LogSheetData struct {
	// Site and Gate are names, printed as they are.
	Site, Gate string
	// First is the first page; the others have the numbers after it.
	First LogPage
	// Pages is how many.
	Pages int
	// Printed is the moment of printing.
	Printed time.Time
	// FeverLine is in °C, such as "37.3"; Remeasure is after how many minutes a
	// high reading is taken again.
	FeverLine string
	Remeasure int
	// Call is the number to phone about fever, "" if there is none.
	Call string
}

//go:embed logsheet.html
var logSheetSource string

var logSheetTemplate = template.Must(template.New("logsheet").Parse(logSheetSource))

type logSheetPage struct {
	Token  string
	Number int
	QR     template.HTML
}

// LogSheet writes a page of HTML that prints pages of a gate's paper log on A4,
// for when nothing else works: LogRows rows to be filled in by hand, and a QR by
// which the page is typed back. It loads nothing from anywhere. It fails before
// anything is written.
func LogSheet(w io.Writer, data LogSheetData) error {
	if data.Pages < 1 || data.First.Number < 1 || data.First.Number+data.Pages-1 > MaxLogPage {
		return errors.New("codes: there are no such pages of a paper log")
	}
	page := struct {
		LogSheetData
		Printed string
		Rows    []int
		Pages   []logSheetPage
	}{LogSheetData: data, Printed: data.Printed.In(china).Format("2006-01-02 15:04")}
	for i := range LogRows {
		page.Rows = append(page.Rows, i+1)
	}
	for i := range data.Pages {
		one := data.First
		one.Number += i
		svg, err := QRSVG(one.String())
		if err != nil {
			return fmt.Errorf("codes: log page %s: %w", one, err)
		}
		page.Pages = append(page.Pages, logSheetPage{
			one.String(), one.Number, template.HTML(svg), //nolint:gosec // drawn by QRSVG: digits and letters of ours alone
		})
	}
	if err := logSheetTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("codes: writing log pages: %w", err)
	}
	return nil
}
