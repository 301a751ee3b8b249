package gateway

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"passgate/checkpoint"
	"passgate/gateway/cells"
)

const (
	// maxImportRows is how many people one file may hold.
	maxImportRows = 5000
	// maxImportCells is how many commas it may have: in memory each field takes forty
	// bytes.
	maxImportCells = 250_000
	// maxStrayQuotes is how often reading starts again behind a quote that makes
	// no sense: each time it may have looked through the whole file.
	maxStrayQuotes = 100
	// maxLineShown is how much of a bad row is given back, in bytes.
	maxLineShown = 1000
)

// importRow is one row of a file. Rows are counted as a spreadsheet does: the
// header is row 1.
type importRow struct {
	number int
	line   string // as it was sent, in UTF-8
	person checkpoint.NewResident
	field  string // what is wrong with it, if why is not empty
	why    string
}

// The columns of an import, and the names that they go by.
var importColumns = map[string]int{
	"name": colName, "id_number": colDocument, "phone": colPhone, "site": colSite, "door": colDoor, "grid": colGrid,
	"姓名": colName, "身份证号": colDocument, "身份证号码": colDocument, "证件号码": colDocument, "手机号": colPhone, "手机": colPhone,
	"电话": colPhone, "联系电话": colPhone, "村居": colSite, "小区": colSite, "门牌": colDoor, "门牌号": colDoor, "网格": colGrid,
}

const (
	colName = iota
	colDocument
	colPhone
	colSite
	colDoor
	colGrid
	importWidth
)

// toUTF8 decodes a file: what charset says, else UTF-8 with or without a byte
// order mark, else GB18030, as Excel in China writes. Some words in GB18030
// happen to be valid UTF-8 of letters that are not used in China.
func toUTF8(body []byte, charset string) (string, error) {
	charset = strings.ToLower(charset)
	marked := bytes.HasPrefix(body, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return "", invalid("body", "is UTF-16 (Excel calls it Unicode text): save it as CSV UTF-8")
	case marked || charset == "utf-8" || charset == "utf8" || charset == "" && looksUTF8(body):
		return strings.TrimPrefix(string(body), "\ufeff"), nil
	case charset != "" && charset != "gb18030" && charset != "gbk" && charset != "gb2312":
		return "", failure(codeUnsupportedMedia, "the character set must be UTF-8 or GB18030")
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(body)
	if err != nil {
		return "", invalid("body", "is neither UTF-8 nor GB18030")
	}
	return strings.TrimPrefix(string(text), "\ufeff"), nil
}

func looksUTF8(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	ascii := true
	for _, b := range body {
		if b >= 0xe0 { // begins a character of three bytes or more, as all Chinese ones
			return true
		}
		ascii = ascii && b < utf8.RuneSelf
	}
	return ascii
}

// rowReader reads the rows of a file one after the other.
type rowReader struct {
	text   string // what the CSV reader reads
	csv    *csv.Reader
	number int // of the last row
	strays int
	column []int // index of each column's field, -1: not there
	fields int   // of the header
}

// readRows reads a whole file. Rows that cannot be read say why. The error is
// about the file as a whole.
func readRows(text string) ([]importRow, error) {
	if strings.Count(text, ",") > maxImportCells {
		return nil, failure(codeTooLarge, fmt.Sprintf("the file has more than %d commas: take out columns that are not imported, or split it", maxImportCells))
	}
	r := &rowReader{}
	r.begin(text)
	if err := r.header(); err != nil {
		return nil, err
	}
	var rows []importRow
	for {
		row, more := r.next()
		if !more {
			return rows, nil
		}
		if row.why != "" || row.person != (checkpoint.NewResident{}) { // else an empty row
			rows = append(rows, row)
		}
		if len(rows) > maxImportRows || r.number > 2*maxImportRows {
			return nil, failure(codeTooLarge, fmt.Sprintf("the file has more than %d rows: split it", maxImportRows))
		}
	}
}

// begin reads on at the start of text.
func (r *rowReader) begin(text string) {
	r.text, r.csv = text, csv.NewReader(strings.NewReader(text))
	r.csv.FieldsPerRecord, r.csv.ReuseRecord = -1, true
}

// header finds the columns.
func (r *rowReader) header() error {
	names, start, end, err := r.record()
	if errors.Is(err, io.EOF) {
		return invalid("header", "is missing: the file is empty")
	}
	if err != nil {
		return invalid("header", "cannot be read: "+csvWhy(err))
	}
	r.fields, r.column = len(names), []int{-1, -1, -1, -1, -1, -1}
	for i, name := range names {
		col, known := importColumns[strings.ToLower(strings.TrimSpace(name))]
		if !known {
			continue
		}
		if r.column[col] >= 0 {
			return invalid("header", fmt.Sprintf("names column %.20q twice", strings.TrimSpace(name)))
		}
		r.column[col] = i
	}
	if r.column[colName] < 0 || r.column[colDocument] < 0 || r.column[colSite] < 0 {
		return invalid("header", fmt.Sprintf("%.80q lacks a column: name, id_number and site (or 姓名, 身份证号, 村居) are needed", shown(r.text[start:end])))
	}
	return nil
}

// record reads one record and where its text lies, and counts rows.
func (r *rowReader) record() (fields []string, start, end int, err error) {
	start = int(r.csv.InputOffset())
	fields, err = r.csv.Read()
	end = int(r.csv.InputOffset())
	if errors.Is(err, io.EOF) {
		return nil, end, end, err
	}
	// The CSV reader passes over empty lines, in either form.
	for start < end && blankLine(r.text[start:end]) > 0 {
		start += blankLine(r.text[start:end])
		r.number++
	}
	r.number++
	return fields, start, end, err
}

// blankLine is how long an empty line at the beginning of text is, 0 for none.
func blankLine(text string) int {
	switch {
	case strings.HasPrefix(text, "\n"):
		return 1
	case strings.HasPrefix(text, "\r\n"):
		return 2
	}
	return 0
}

// next reads one row. more is false at the end.
func (r *rowReader) next() (row importRow, more bool) {
	fields, start, end, err := r.record()
	if errors.Is(err, io.EOF) {
		return row, false
	}
	line := r.text[start:end]
	row = importRow{number: r.number, line: shown(line)}
	if err == nil {
		row.person, err = r.person(fields)
	}
	switch {
	case err == nil && len(fields) > r.fields:
		row.why = fmt.Sprintf("has %d fields, the header has %d: put what holds a comma into quotes", len(fields), r.fields)
	case err != nil:
		// A stray quote may have swallowed good rows: go on behind its line.
		row.why = csvWhy(err)
		if first := strings.IndexByte(line, '\n'); first >= 0 {
			row.line, end = shown(line[:first]), start+first+1
		}
		if r.strays++; r.strays < maxStrayQuotes {
			r.begin(r.text[end:])
			break
		}
		row.why += "; as that is so in many rows, the ones below were not read"
		r.begin("")
	}
	return row, true
}

var errLineBreak = errors.New("a field has a line break")

// person takes the fields of the known columns. Nothing but a stray quote puts
// a line break into them.
func (r *rowReader) person(fields []string) (checkpoint.NewResident, error) {
	var value [importWidth]string
	for col, i := range r.column {
		if i < 0 || i >= len(fields) {
			continue
		}
		if strings.ContainsRune(fields[i], '\n') {
			return checkpoint.NewResident{}, errLineBreak
		}
		value[col] = cells.Unguard(strings.TrimSpace(fields[i]))
	}
	return checkpoint.NewResident{
		Name: value[colName], IDNumber: value[colDocument], Phone: value[colPhone], Site: value[colSite],
		Door: value[colDoor], Grid: value[colGrid],
	}, nil
}

// csvWhy says what is wrong with a row, without quoting it.
func csvWhy(err error) string {
	if errors.Is(err, csv.ErrBareQuote) || errors.Is(err, csv.ErrQuote) || errors.Is(err, errLineBreak) {
		return "a quotation mark opens or closes at a place where it makes no sense"
	}
	return "is not CSV"
}

// shown is a row as it is given back.
func shown(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if len(line) > maxLineShown {
		line = line[:maxLineShown] + "…"
	}
	return strings.ToValidUTF8(line, "")
}
