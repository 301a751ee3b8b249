package workbook

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// openFile opens a file as the command does.
func openFile(path, site string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Open(Source{path, bytes.NewReader(text), int64(len(text))}, site, Machine)
}

// maxFuzzRows bounds what a fuzzed file is read for.
const maxFuzzRows = 100_000

// fuzzedRow is what became of a row: its fields, or why it has none.
type fuzzedRow struct {
	number int
	fields [ColumnCount]string
	why    string
}

// readAll reads a file to its end, and holds its rows to what always holds.
func readAll(t *testing.T, file *File) (rows []fuzzedRow, err error) {
	t.Helper()
	last := 0
	for len(rows) < maxFuzzRows {
		r, err := file.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		if len(file.sheets) == 1 && r.Number <= last {
			t.Fatalf("row %d behind row %d", r.Number, last)
		}
		last = r.Number
		fields := r.Fields
		size := 0
		for _, cell := range r.cells {
			size += len(cell)
		}
		if size > 1<<24 {
			t.Fatalf("row %d has %d bytes", r.Number, size)
		}
		for _, value := range fields {
			if !r.Bad() && strings.ContainsAny(value, "\r\n\x00") {
				t.Fatalf("row %d is good, with %q", r.Number, value)
			}
		}
		rows = append(rows, fuzzedRow{r.Number, fields, r.Why.EN + r.Skipped})
	}
	return rows, nil
}

func putFile(t *testing.T, name string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	fuzzHeader = "name,id_number,phone,site,door,grid,remark\n"
	fuzzGood   = "Wang Yi,A1234567,13800138000,V1,1-1,,\n"
)

var fuzzFields = [ColumnCount]string{"Wang Yi", "A1234567", "13800138000", "V1", "1-1", ""}

// FuzzCSVFile: whatever stands between two good rows of a file, those are read,
// and every other line that says anything is a row or part of one that is named.
func FuzzCSVFile(f *testing.F) {
	for _, seed := range []string{
		"", "王一,11010519491231002X,13800138000,V1,1-1,,", "\"a\nb\",1,,V1", "a\"b,c", "\"never closed", "\"\"\"", "\r\r\n\n", "x\x00y,1",
		"\xcd\xf5\xd2\xbb,B1234567,,V1", "'=1+1,=A1,+1,-1,@", "a;b\tc", "\xff\xfe", "\ufeff,,,", strings.Repeat(",", 400), strings.Repeat("\"\n", 30),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, between []byte) {
		file, err := openFile(putFile(t, "f.csv", []byte(fuzzHeader+fuzzGood+string(between)+"\n"+fuzzGood)), "")
		if err != nil {
			t.Fatalf("%q keeps the file from being read: %v", between, err)
		}
		defer file.Close() //nolint:errcheck // only read
		rows, err := readAll(t, file)
		if err != nil {
			t.Fatalf("%q ends the reading: %v", between, err)
		}
		if first := rows[0]; first != (fuzzedRow{2, fuzzFields, ""}) {
			t.Fatalf("%q: the first row is %+v", between, first)
		}
		swallowed := strings.Count(string(between), `"`)%2 == 1 // a quotation mark may be closed by none
		if last := rows[len(rows)-1]; !swallowed && (last.fields != fuzzFields || last.why != "") {
			t.Fatalf("%q: the last row is %+v", between, last)
		}
		if strings.Contains(string(between), `"`) {
			return
		}
		said := map[int]bool{}
		for _, r := range rows {
			said[r.number] = true
		}
		lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(string(between), "\r\n", "\n"), "\r", "\n"), "\n")
		for i, line := range lines {
			if strings.ContainsFunc(line, func(r rune) bool { return r >= '0' && r <= 'z' && r != ';' }) && !said[i+3] {
				t.Fatalf("%q: line %d is neither read nor named", between, i+3)
			}
		}
	})
}

// workbook packs parts into an Excel file, with those that are the same in all.
func workbook(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	all := map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml": `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
			`<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
			`<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
	}
	for name, content := range parts {
		all[name] = content
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range all {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	sheetHead = `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` +
		`<row r="1"><c t="inlineStr"><is><t>name</t></is></c><c t="inlineStr"><is><t>id_number</t></is></c><c t="inlineStr"><is><t>site</t></is></c></row>`
	sheetGood = `<row><c t="inlineStr"><is><t>Wang Yi</t></is></c><c t="inlineStr"><is><t>A1234567</t></is></c><c t="inlineStr"><is><t>V1</t></is></c></row>`
	sheetFoot = `</sheetData></worksheet>`
)

// FuzzSheet: whatever the middle of a sheet and its shared strings hold, a sheet
// that is read has its first good row and its last, or says where it broke.
func FuzzSheet(f *testing.F) {
	const strings2 = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>王一</t></si><si><r><t>A7</t></r><r><t>654321</t></r></si></sst>`
	for _, seed := range []string{
		"", `<row r="5"><c r="A5" t="s"><v>0</v></c><c r="B5" t="s"><v>1</v></c></row>`, `<row><c r="B3"><v>110105194912310021</v></c></row>`,
		`<row r="9"/><row r="4"><c r="A4"/></row>`, `<row r="1048577"/>`, `<row r="-1"><c r="XFE1"/></row>`, `<row><c t="s"><v>99999999999</v></c></row>`,
		`<row><c t="s"><v>-1</v></c><c t="b"><v>7</v></c><c t="d"><v>2020-01-01</v></c><c t="e"><v>#N/A</v></c></row>`, `</sheetData>`, `<row></c></row>`,
		`<row><c><f t="shared" si="0" ref="A1:B2">A1+B1</f><v>1</v></c></row>`, `<!DOCTYPE a [<!ENTITY b "cc">]><row><c t="str"><v>&b;</v></c></row>`,
		`<row r="3" s="99999" ht="x"><c s="-1" r="A3"><v>1e400</v></c></row>`, `<row><c t="inlineStr"><is><t>_x000D_</t></is></c></row>`, `<row><c><v>` + "\x00" + `</v></c></row>`,
	} {
		f.Add(seed, strings2)
	}
	f.Add("", "<sst>")
	f.Fuzz(func(t *testing.T, middle, shared string) {
		path := putFile(t, "f.xlsx", workbook(t, map[string]string{
			"xl/worksheets/sheet1.xml": sheetHead + sheetGood + middle + sheetGood + sheetFoot, "xl/sharedStrings.xml": shared,
		}))
		file, err := openFile(path, "")
		if err != nil {
			return
		}
		defer file.Close() //nolint:errcheck // only read
		rows, err := readAll(t, file)
		if err != nil {
			return
		}
		good := fuzzedRow{fields: [ColumnCount]string{ColumnName: "Wang Yi", ColumnID: "A1234567", ColumnSite: "V1"}}
		if good.number = 2; len(rows) == 0 || rows[0] != good {
			t.Fatalf("%q: the first row is %+v", middle, rows)
		}
		if strings.Contains(middle, "sheetData") || strings.Contains(middle, "<!") {
			return
		}
		if good.number = rows[len(rows)-1].number; rows[len(rows)-1] != good {
			t.Fatalf("%q: the last row is %+v", middle, rows[len(rows)-1])
		}
	})
}

// FuzzWorkbook: any bytes named .xlsx are read or refused.
func FuzzWorkbook(f *testing.F) {
	book := excelize.NewFile()
	for i, row := range [][]any{{"姓名", "身份证号", "村居"}, {"王一", "A1234567", "V1"}, {"王二", 110105194912310021, "V1"}} {
		if err := book.SetSheetRow("Sheet1", []string{"A1", "A2", "A3"}[i], &row); err != nil {
			f.Fatal(err)
		}
	}
	whole, err := book.WriteToBuffer()
	if err != nil {
		f.Fatal(err)
	}
	small := workbook(f, map[string]string{"xl/worksheets/sheet1.xml": sheetHead + sheetGood + sheetFoot})
	f.Add(whole.Bytes())
	f.Add(small)
	f.Add(small[:len(small)-30])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Add([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := openFile(putFile(t, "f.xlsx", content), "")
		if err != nil {
			return
		}
		defer file.Close() //nolint:errcheck // only read
		_, _ = readAll(t, file)
	})
}
