package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	stdunicode "unicode"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"passgate/gateway/workbook"
)

// register is a server's register of residents: by ID number, with what was
// sent. Numbers that start with X are bad.
type register struct {
	mu     sync.Mutex
	people map[string]string
	calls  int
	sizes  []int
	// trouble answers a call in the register's place if it returns true.
	trouble func(call, rows int, w http.ResponseWriter) bool
}

func (r *register) handle(w http.ResponseWriter, req *http.Request) {
	rows, err := csv.NewReader(req.Body).ReadAll()
	if err != nil || len(rows) == 0 || strings.Join(rows[0], ",") != "name,id_number,phone,site,door,grid" {
		sendProblem(w, 422, "invalid", "body", fmt.Sprintf("not CSV: %v", err))
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	r.sizes = append(r.sizes, len(rows)-1)
	if len(rows)-1 > 5000 || req.ContentLength > 2<<20 {
		sendProblem(w, 413, "too_large", "", "split it")
		return
	}
	if r.trouble != nil && r.trouble(r.calls, len(rows)-1, w) {
		return
	}
	created, changed, unchanged, faults := 0, 0, 0, []any{}
	for i, row := range rows[1:] {
		content := strings.Join(row, "|")
		old, known := r.people[row[1]]
		switch {
		case strings.HasPrefix(row[1], "X") || row[0] == "":
			faults = append(faults, map[string]any{"row": i + 2, "field": "id_number", "why": "has a wrong check digit", "why_zh": "校验位不符", "line": ""})
			continue
		case !known:
			created++
		case old != content:
			changed++
		default:
			unchanged++
		}
		r.people[row[1]] = content
	}
	sendJSON(w, 200, map[string]any{"created": created, "changed": changed, "unchanged": unchanged, "errors": faults})
}

func newRegister(t *testing.T) (*register, *shell, string) {
	t.Helper()
	r := &register{people: map[string]string{}}
	server := fake(t, map[string]http.HandlerFunc{"POST /v1/residents/import": r.handle})
	return r, signedIn(t, server), server
}

func summaryOf(t *testing.T, out string) importSummary {
	t.Helper()
	var s importSummary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return s
}

// numberCell is said of an ID number that a spreadsheet holds as a number.
const numberCell = "the cell holds a number, and a spreadsheet keeps only the first 15 digits of one: format the column as text, then enter the ID number again"

// errorRows reads an error file.
func errorRows(t *testing.T, path string) [][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body, marked := strings.CutPrefix(string(text), byteOrderMark)
	if !marked {
		t.Error("without a byte order mark Excel shows the names wrong")
	}
	reader := csv.NewReader(strings.NewReader(body))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

const mixedFile = "许商街道居民登记表,,,,,\n" +
	"序号,姓名,身份证号（必填）,手机号,村居,门牌,备注\n" +
	"1,王小明,11010519491231002X,13800000000,一村,\"3-2,501\",=1+1\n" +
	"2,李四,X10105194912310020,,一村,1-1,坏\n" +
	",,,,,,\n" +
	"3,赵六,1.10105E+17,,一村,1-2,\n" +
	"4,\"钱七,ID3,,一村,1-3,\n" +
	"5,孙八,ID4,,一村,1-4,,,多\n" +
	"6,周九,ID5,,一村,1-5,\n" +
	"7,周九,ID5,,一村,1-6,\n" +
	"8,周九,ID5,,一村,1-5,\n" +
	"9,吴十,ID6,+8613800000001,一村,1-7,\n"

func checkMixed(t *testing.T, s *shell, r *register, server, path string) {
	t.Helper()
	out, errs := s.must(1, "residents", "import", path, "--json", "--server", server)
	if errs != "" {
		t.Errorf("with --json the error output is %q", errs)
	}
	got := summaryOf(t, out)
	if got.Rows != 9 || got.Created != 3 || got.Duplicate != 1 || got.Refused != 5 || !got.Complete || got.Errors != path+".errors.csv" {
		t.Errorf("summary %+v", got)
	}
	if want := "王小明|11010519491231002X|13800000000|一村|3-2,501|"; r.people["11010519491231002X"] != want {
		t.Errorf("%q was sent, want %q", r.people["11010519491231002X"], want)
	}
	if want := "吴十|ID6|+8613800000001|一村|1-7|"; r.people["ID6"] != want {
		t.Errorf("%q was sent, want %q", r.people["ID6"], want)
	}
	rows := errorRows(t, path+".errors.csv")
	if head := strings.Join(rows[0], ","); head != "sheet,row,field,原因,reason,name,id_number,phone,site,door,grid" {
		t.Errorf("header %q", head)
	}
	want := []struct{ row, field, reason, cell string }{
		{"4", "id_number", "has a wrong check digit", "李四"},
		{"6", "id_number", "format the column as text", "赵六"},
		{"7", "", "quotation mark", "\"钱七"},
		{"8", "", "more cells than the header", "孙八"},
		{"10", "id_number", "row 9 has the same ID number in another household", "周九"},
	}
	if len(rows) != len(want)+1 {
		t.Fatalf("%d rows refused, want %d: %q", len(rows)-1, len(want), rows)
	}
	for i, w := range want {
		row := rows[i+1]
		if row[1] != w.row || row[2] != w.field || !han(row[3]) || !strings.Contains(row[4], w.reason) || row[5] != w.cell {
			t.Errorf("error row %q, want %+v", row, w)
		}
	}
}

func TestImportInEveryEncoding(t *testing.T) {
	t.Parallel()
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(mixedFile)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(mixedFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"utf8": mixedFile, "bom": byteOrderMark + mixedFile, "gb18030": gb, "utf16": utf16,
		"windows": strings.ReplaceAll(mixedFile, "\n", "\r\n"), "mac": strings.ReplaceAll(mixedFile, "\n", "\r"),
		"windows gb18030": strings.ReplaceAll(gb, "\n", "\r\n"), "no last line end": strings.TrimSuffix(mixedFile, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, s, server := newRegister(t)
			checkMixed(t, s, r, server, s.file("people.csv", text))
		})
	}
}

func TestOneDamagedLineDoesNotChangeTheOtherNames(t *testing.T) {
	t.Parallel()
	r, s, server := newRegister(t)
	path := s.file("people.csv", "姓名,身份证号,村居\n王一,A1,村\n王二,A2,村\n李\xff\xfe,A3,村\n")
	out, _ := s.must(1, "residents", "import", path, "--json", "--server", server)
	if got := summaryOf(t, out); got.Created != 2 || got.Refused != 1 || r.people["A1"] != "王一|A1||村||" {
		t.Errorf("%+v %q", got, r.people)
	}
}

func TestImportAgainChangesNothingAndClearsTheErrorFile(t *testing.T) {
	t.Parallel()
	_, s, server := newRegister(t)
	bad := "name;id_number;site\n王一;A1;村\n坏;X1;村\n"
	path := s.file("people.csv", bad)
	out, _ := s.must(1, "residents", "import", path, "--server", server)
	contains(t, out, "1 created", "1 refused", path+".errors.csv")
	// The error file, corrected, is an import of its own.
	fixed := s.file("fixed.csv", strings.Replace(s.read(path+".errors.csv"), "X1", "B1", 1))
	if got := summaryOf(t, first(s.must(0, "residents", "import", fixed, "--json", "--server", server))); got.Created != 1 {
		t.Errorf("corrected: %+v", got)
	}
	s.file("people.csv", strings.Replace(bad, "X1", "B1", 1))
	if got := summaryOf(t, first(s.must(0, "residents", "import", path, "--json", "--server", server))); got.Unchanged != 2 || got.Created+got.Changed+got.Refused != 0 {
		t.Errorf("again: %+v", got)
	}
	if _, err := os.Stat(path + ".errors.csv"); !os.IsNotExist(err) {
		t.Errorf("the error file of the earlier run is still there: %v", err)
	}
}

func first(out, _ string) string { return out }

// han tells whether a text has Chinese in it.
func han(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return stdunicode.Is(stdunicode.Han, r) })
}

func TestImportInParcelsThroughTrouble(t *testing.T) {
	t.Parallel()
	r, s, server := newRegister(t)
	r.trouble = func(call, rows int, w http.ResponseWriter) bool {
		switch {
		case call == 1:
			sendProblem(w, 429, "too_many", "", "slow down")
		case call == 3:
			panic(http.ErrAbortHandler) // the connection breaks
		case rows > 3000:
			sendProblem(w, 503, "unavailable", "", "too much in the time")
		default:
			return false
		}
		return true
	}
	var text strings.Builder
	text.WriteString("name,id_number,site,door\n")
	for i := range 12_345 {
		number := fmt.Sprintf("N%d", i)
		if i%1000 == 999 {
			number = "X" + number
		}
		fmt.Fprintf(&text, "某%d,%s,村,%d\n", i, number, i)
	}
	path := s.file("people.csv", text.String())
	out, errs := s.must(1, "residents", "import", path, "--server", server)
	contains(t, out, "12345 rows", "12333 created", "12 refused")
	contains(t, errs, " 40 %", "100 %")
	rows := errorRows(t, path+".errors.csv")
	for i, row := range rows[1:] {
		if want := fmt.Sprint(1001 + 1000*i); row[1] != want || row[5] != fmt.Sprintf("某%d", 999+1000*i) {
			t.Errorf("refused row %q, want number %s", row, want)
		}
	}
	if len(r.people) != 12_333 {
		t.Errorf("%d people, want 12333", len(r.people))
	}
}

func TestImportGivesUpOnAServerThatStaysAwayAndSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	r, s, server := newRegister(t)
	r.trouble = func(_, _ int, w http.ResponseWriter) bool {
		sendProblem(w, 503, "unavailable", "", "try again")
		return true
	}
	rows := make([]importRow, 300)
	for i := range rows {
		rows[i] = importRow{Row: workbook.Row{Number: i + 2}, line: fmt.Appendf(nil, "a,N%d,,v,,\n", i)}
	}
	c, err := newClient(serverFlags{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	c.token = "tok.x"
	sender := &importSender{client: c, patience: 300 * time.Millisecond, pause: 10 * time.Millisecond}
	began := time.Now()
	_, err = sender.send(t.Context(), rows)
	var retry *problem
	if !errors.As(err, &retry) || retry.ExitCode() != exitBackend || r.calls < 3 || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %d calls in %s", err, r.calls, time.Since(began))
	}
	r.trouble = func(_, _ int, w http.ResponseWriter) bool {
		sendProblem(w, 403, "forbidden", "", "not for this role")
		return true
	}
	r.calls = 0
	path := s.file("people.csv", "name,id_number,site\na,b,c\n")
	s.must(1, "residents", "import", path, "--server", server)
	if r.calls != 1 {
		t.Errorf("a plain no was asked for %d times", r.calls)
	}
}

func TestFilesThatAreNoneAreRefusedClearly(t *testing.T) {
	t.Parallel()
	_, s, server := newRegister(t)
	for name, file := range map[string]struct{ content, says string }{
		"no header.csv":   {"王一,A1,村\n", "no header"},
		"two.csv":         {"姓名,name,id_number,site\n", "two columns for name"},
		"excel named.csv": {"PK\x03\x04....", ".xlsx"},
		"broken.xlsx":     {"nonsense", "not an Excel file"},
		"old.xls":         {"nonsense", "save it as .xlsx"},
		"empty.csv":       {"", "no header"},
	} {
		_, errs := s.must(2, "residents", "import", s.file(name, file.content), "--server", server)
		contains(t, errs, file.says)
	}
	_, errs := s.must(2, "residents", "import", s.home, "--server", server)
	contains(t, errs, "no regular file")
}

func TestLongLinesAndOpenQuotesLoseOneRowOnly(t *testing.T) {
	t.Parallel()
	r, s, server := newRegister(t)
	var text strings.Builder
	text.WriteString("name,id_number,site\n\"open,A0,v\n")
	for i := range 100 {
		fmt.Fprintf(&text, "a,B%d,v\n", i)
	}
	text.WriteString(strings.Repeat("x", 3*workbook.MaxLine) + ",C1,v\nlast,C2,v\n\"two\nlines\",C3,v\n")
	path := s.file("people.csv", text.String())
	out, _ := s.must(1, "residents", "import", path, "--json", "--server", server)
	if got := summaryOf(t, out); got.Created != 101 || got.Refused != 3 {
		t.Errorf("%+v", got)
	}
	rows := errorRows(t, path+".errors.csv")
	if rows[1][1] != "2" || rows[2][1] != "103" || rows[3][1] != "105" || !strings.Contains(rows[3][4], "line break") {
		t.Errorf("refused %.200q", rows)
	}
	if r.people["C2"] == "" {
		t.Error("the row behind the long line is lost")
	}
}

func TestImportOfExcel(t *testing.T) {
	t.Parallel()
	r, s, server := newRegister(t)
	path := s.home + "/people.xlsx"
	writeSheet(t, path, [][]any{
		{"许商街道居民登记表"},
		{},
		{"姓名", "身份证号", "手机号", "村居", "门牌"},
		{"王小明", "11010519491231002X", 13800000000, "一村", "3-2-501"},
		{"数字", 110105194912310020, nil, "一村", 12},
		{"整数", shaped{110105194912310000}, nil, "一村", 12},
		{},
		{"李四", "X1", nil, "一村", "1-1"},
		{"赵六", "A6", nil, "一村", 501},
	})
	out, _ := s.must(1, "residents", "import", path, "--json", "--server", server)
	if got := summaryOf(t, out); got.Rows != 5 || got.Created != 2 || got.Refused != 3 {
		t.Errorf("%+v", got)
	}
	if r.people["11010519491231002X"] != "王小明|11010519491231002X|13800000000|一村|3-2-501|" || r.people["A6"] != "赵六|A6||一村|501|" {
		t.Errorf("sent: %q", r.people)
	}
	rows := errorRows(t, path+".errors.csv")
	for i, want := range [][2]string{{"5", numberCell}, {"6", numberCell}, {"8", "has a wrong check digit"}} {
		if row := rows[i+1]; row[0] != "名单" || row[1] != want[0] || row[2] != "id_number" || row[4] != want[1] {
			t.Errorf("refused %q, want %q", row, want)
		}
	}
	if got := summaryOf(t, first(s.must(1, "residents", "import", path, "--json", "--server", server))); got.Unchanged != 2 {
		t.Errorf("again: %+v", got)
	}
}

// shaped is a number that a format of its cell makes look whole.
type shaped struct{ number int }

// writeSheet writes a second sheet of an Excel file; the first is a cover.
func writeSheet(t *testing.T, path string, rows [][]any) {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(book.SetCellValue("Sheet1", "A1", "封面"))
	_, err := book.NewSheet("名单")
	check(err)
	whole, err := book.NewStyle(&excelize.Style{NumFmt: 1})
	check(err)
	for r, cells := range rows {
		for c, cell := range cells {
			name, err := excelize.CoordinatesToCellName(c+1, r+1)
			check(err)
			if number, ok := cell.(shaped); ok {
				cell = number.number
				check(book.SetCellStyle("名单", name, name, whole))
			}
			if cell != nil {
				check(book.SetCellValue("名单", name, cell))
			}
		}
	}
	check(book.SaveAs(path))
}

func TestExportJoinsSitesUnderOneHeader(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{
		"GET /v1/sites": func(w http.ResponseWriter, _ *http.Request) {
			sendJSON(w, 200, map[string]any{"sites": []any{
				map[string]any{"code": "V1", "name": "一村", "kind": "village"},
				map[string]any{"code": "M1", "name": "商场", "kind": "mall"},
				map[string]any{"code": "C1", "name": "小区", "kind": "compound"},
			}})
		},
		"GET /v1/residents": func(w http.ResponseWriter, r *http.Request) {
			site := r.URL.Query().Get("site")
			if site == "broken" {
				w.Header().Set("Content-Length", "1000")
			}
			if r.Header.Get("Accept") == "text/csv" {
				_, _ = io.WriteString(w, byteOrderMark+"id,name\n"+site+",王\n")
			} else {
				_, _ = io.WriteString(w, `{"id":"`+site+`"}`+"\n")
			}
		},
	})
	s := signedIn(t, server)
	out, _ := s.must(0, "residents", "export", "--server", server)
	if out != byteOrderMark+"id,name\nV1,王\nC1,王\n" {
		t.Errorf("got %q", out)
	}
	if out, _ = s.must(0, "residents", "export", "--site", "C1", "--json", "--server", server); out != "{\"id\":\"C1\"}\n" {
		t.Errorf("got %q", out)
	}
	path := s.home + "/out.csv"
	s.must(3, "residents", "export", "--site", "broken", "--csv", path, "--server", server)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("half an export lies there like a whole one")
	}
	s.must(0, "residents", "export", "--site", "C1", "--csv", path, "--server", server)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}
