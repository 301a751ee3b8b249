package gateway

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"passgate/checkpoint"
)

const mimeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// sheetRows is how many rows a sheet can have, its header among them.
const sheetRows = 1 << 20

// xlsxRows writes a workbook row by row into a zip file that is sent as it
// grows: nothing of it lies on a disk, and the library for workbooks would put
// the sheets there. The zip's directory comes last, so a workbook that was cut
// off is none.
//
// Times are date cells of the gates' zone, temperatures numbers. All other
// cells are text by their type and format: no spreadsheet takes one for a
// formula or an ID for a number, not even when it is edited.
type xlsxRows struct {
	zip    *zip.Writer
	reg    *checkpoint.Registry
	zone   *time.Location
	most   int       // rows of a sheet
	name   string    // of the sheets, a number follows
	head   []string  // of the columns
	sheet  io.Writer // the one that is written, in zip
	sheets int
	rows   int // of the sheet
	buf    []byte
}

func openXLSX(out *pieces, reg *checkpoint.Registry, zone *time.Location) (rowWriter, error) {
	return newXLSX(out, reg, zone, sheetRows)
}

// newXLSX begins a workbook of sheets of at most so many rows.
func newXLSX(out io.Writer, reg *checkpoint.Registry, zone *time.Location, most int) (*xlsxRows, error) {
	head := append([]string(nil), eventColumns[:]...)
	for column := range 2 {
		head[column] += " (" + zone.String() + ")"
	}
	x := &xlsxRows{reg: reg, zone: zone, most: most, name: "events", head: head}
	return x, x.begin(out)
}

// begin begins the workbook with its first sheet.
func (x *xlsxRows) begin(out io.Writer) error {
	x.zip = zip.NewWriter(out)
	x.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	return x.beginSheet()
}

func (x *xlsxRows) beginSheet() (err error) {
	x.sheets++
	x.rows = 0
	if x.sheet, err = x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.sheets)); err != nil {
		return err
	}
	x.buf = append(x.buf[:0], xlsxSheetHead...)
	x.beginRow()
	for column, name := range x.head {
		x.text(column, name)
	}
	return x.endRow()
}

func (x *xlsxRows) endSheet() error {
	_, err := io.WriteString(x.sheet, `</sheetData></worksheet>`)
	return err
}

func (x *xlsxRows) write(e *checkpoint.ScanEvent) error {
	if x.rows == x.most {
		if err := x.endSheet(); err != nil {
			return err
		}
		if err := x.beginSheet(); err != nil {
			return err
		}
	}
	device, lane := deviceOfEvent(x.reg, e)
	person := ""
	if e.Person != 0 {
		person = checkpoint.FormatPersonID(e.Person)
	}
	x.beginRow()
	x.moment(0, e.OccurredAt)
	x.moment(1, e.RecordedAt)
	for i, text := range [...]string{
		person, e.Direction.String(), e.Decision.String(), e.Reason.String(), string(e.Color()), e.Action.String(), strings.Join(e.Flags.Names(), " "),
	} {
		x.text(2+i, text)
	}
	if e.Temperature != 0 {
		x.cell(9, `" s="3"><v>`, e.Temperature.String(), `</v></c>`)
	}
	for i, text := range [...]string{
		e.Method.String(), e.Who.String(), device, lane, e.Plate, vehicleOf(e), e.Purpose.String(), e.Override.String(),
	} {
		x.text(10+i, text)
	}
	x.truth(18, e.Annulled)
	x.truth(19, e.IsAnnulment())
	x.text(20, staffOfEvent(x.reg, e))
	x.text(21, sourceOfEvent(x.reg, e))
	return x.endRow()
}

func (x *xlsxRows) beginRow() {
	x.rows++
	x.buf = append(strconv.AppendInt(append(x.buf, `<row r="`...), int64(x.rows), 10), `">`...)
}

func (x *xlsxRows) endRow() error {
	x.buf = append(x.buf, `</row>`...)
	_, err := x.sheet.Write(x.buf)
	x.buf = x.buf[:0]
	return err
}

// cell writes a cell from its attributes on, but its reference.
func (x *xlsxRows) cell(column int, open, content, end string) {
	x.buf = append(append(x.buf, `<c r="`...), byte('A'+column))
	x.buf = append(strconv.AppendInt(x.buf, int64(x.rows), 10), open...)
	x.buf = append(append(x.buf, content...), end...)
}

// text writes a text, and no cell for none.
func (x *xlsxRows) text(column int, text string) {
	switch {
	case text == "":
	case strings.TrimSpace(text) != text:
		x.cell(column, `" s="1" t="inlineStr"><is><t xml:space="preserve">`, xmlText(text), `</t></is></c>`)
	default:
		x.cell(column, `" s="1" t="inlineStr"><is><t>`, xmlText(text), `</t></is></c>`)
	}
}

func (x *xlsxRows) truth(column int, v bool) {
	digit := "0"
	if v {
		digit = "1"
	}
	x.cell(column, `" t="b"><v>`, digit, `</v></c>`)
}

// moment writes a time as spreadsheets count it: in days at the place since
// 30 December 1899. Ten decimals of a day are a hundredth of a millisecond.
func (x *xlsxRows) moment(column int, ms int64) {
	_, offset := time.UnixMilli(ms).In(x.zone).Zone()
	const daysTo1970 = 25569
	local := ms + int64(offset)*1000 + daysTo1970*dayMillis
	x.cell(column, `" s="2"><v>`, strconv.FormatFloat(float64(local)/dayMillis, 'f', 10, 64), `</v></c>`)
}

// xmlText escapes a text for a cell. What XML cannot hold becomes U+FFFD, and
// _x, which begins an escape of its own there, stays what it is.
func xmlText(text string) string {
	special := strings.IndexFunc(text, func(r rune) bool {
		return r < ' ' || r == '<' || r == '>' || r == '&' || r >= 0xfffd && r <= 0xffff
	})
	if special < 0 && !strings.Contains(text, "_x") {
		return text
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(strings.ReplaceAll(text, "_x", "_x005F_x"))) // a buffer takes everything
	return b.String()
}

// close writes the parts that say which sheets there are, and the directory.
func (x *xlsxRows) close() error {
	if err := x.endSheet(); err != nil {
		return err
	}
	var types, sheets, relations strings.Builder
	for n := 1; n <= x.sheets; n++ {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`, n)
		fmt.Fprintf(&sheets, `<sheet name="%s %d" sheetId="%d" r:id="rId%d"/>`, x.name, n, n, n)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, xlsxOffice, n)
	}
	for _, part := range [...]struct{ name, content string }{
		{"xl/styles.xml", xlsxStyles},
		{"xl/workbook.xml", `<workbook xmlns="` + xlsxMain + `" xmlns:r="` + xlsxOffice + `"><bookViews><workbookView/></bookViews><sheets>` + sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + xlsxPackage + `">` + relations.String() + `<Relationship Id="styles" Type="` + xlsxOffice + `/styles" Target="styles.xml"/></Relationships>`},
		{"_rels/.rels", `<Relationships xmlns="` + xlsxPackage + `"><Relationship Id="rId1" Type="` + xlsxOffice + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", xlsxTypes + types.String() + `</Types>`},
	} {
		w, err := x.zip.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xml.Header+part.content); err != nil {
			return err
		}
	}
	return x.zip.Close()
}

// The fixed parts of a workbook. The styles are: 0 none, 1 text that stays text
// whatever it begins with, 2 a time, 3 one decimal.
const (
	xlsxMain    = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	xlsxOffice  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	xlsxPackage = "http://schemas.openxmlformats.org/package/2006/relationships"

	xlsxSheetHead = xml.Header + `<worksheet xmlns="` + xlsxMain + `"><sheetViews><sheetView workbookViewId="0">` +
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
		`<cols><col min="1" max="2" width="24" customWidth="1"/><col min="3" max="3" width="18" customWidth="1"/></cols><sheetData>`

	xlsxStyles = `<styleSheet xmlns="` + xlsxMain + `"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss.000"/>` +
		`<numFmt numFmtId="165" formatCode="0.0"/></numFmts><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>` +
		`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

	xlsxTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>`
)
