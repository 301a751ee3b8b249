package gateway

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func (w *world) importCSV(login string, body any, contentType string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/residents/import", w.as(login), body, "Content-Type", contentType)
}

// counted fails the test unless the import did this.
func (a answer) counted(created, changed, unchanged int) []rowFault {
	a.t.Helper()
	got := a.ok(http.StatusOK).json()
	if got["created"] != float64(created) || got["changed"] != float64(changed) || got["unchanged"] != float64(unchanged) {
		a.t.Errorf("imported %s, want %d created, %d changed, %d unchanged", a.body, created, changed, unchanged)
	}
	faults := []rowFault{}
	for _, v := range got["errors"].([]any) {
		f := v.(map[string]any)
		faults = append(faults, rowFault{int(f["row"].(float64)), f["field"].(string), f["why"].(string), f["why_zh"].(string), f["line"].(string)})
	}
	return faults
}

// at gives row and field of faults, for comparing.
func at(faults []rowFault) (out []string) {
	for _, f := range faults {
		out = append(out, fmt.Sprintf("%d:%s", f.Row, f.Field))
	}
	return out
}

func TestGoodRowsGoInAndBadRowsComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, other, wrong := newDocument(), newDocument(), newDocument()
	lines := []string{
		"name,id_number,phone,site,door,grid,remark",
		"王一," + good + ",13800138000,V1,1-1,,",
		"王二," + wrong[:17] + "?,,V1,,,",                  // 3: a mistyped number
		"王三," + other + `,,V1,"2-1","","said ""hello"""`, // a quoted field
		"",                                     // 5: nothing
		",,,,,,",                               // 6: nothing
		"王五," + other + ",,V2,,,",              // 7: the document of row 4
		"王六," + wrong + ",,V9,,,",              // 8: no such site
		"王七," + wrong + ",,V1,3,1-1,,,",        // 9: too many fields
		`王"八,` + wrong + ",,V1,,,",             // 10: a stray quote
		`"王九,` + newDocument() + ",,V1,,,",     // 11: a quote that is never closed
		"王十," + newDocument() + ",,V1,,,",      // is not swallowed by it
		"王十一," + newDocument() + ",12,V1,,,\r", // 13: no phone
		"王十二," + newDocument() + ",,一村,,,",     // the site by its name
	}
	faults := w.importCSV("enroller", strings.Join(lines, "\n"), "text/csv").counted(4, 0, 0)
	want := []string{"3:id_number", "7:id_number", "8:site", "9:", "10:", "11:", "13:phone"}
	if !slices.Equal(at(faults), want) {
		t.Fatalf("faults at %v, want %v", at(faults), want)
	}
	for _, f := range faults {
		if f.Why == "" || f.Line != strings.TrimSuffix(lines[f.Row-1], "\r") {
			t.Errorf("row %d: why %q, line %q", f.Row, f.Why, f.Line)
		}
	}
	if why := faults[1].Why; !strings.Contains(why, "row 4") {
		t.Errorf("the second row with a document: %s", why)
	}
	if faults := w.importCSV("enroller", strings.Join(lines, "\n"), "text/csv").counted(0, 0, 4); !slices.Equal(at(faults), want) {
		t.Errorf("imported again: faults at %v", at(faults))
	}
	changed := lines[0] + "\n" + strings.Replace(lines[1], "13800138000", "13900139000", 1)
	w.importCSV("enroller", changed, "text/csv").counted(0, 1, 0)
	if logs := w.logs.String(); strings.Contains(logs, good) || strings.Contains(logs, "王一") {
		t.Error("people are in the log")
	}
}

func TestImportReadsWhatExcelInChinaWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := func() (text, document string) {
		document = newDocument()
		return "姓名,身份证号,手机号,村居,门牌,网格\r\n㼆䶮," + document + ",13800138000,一村,1号楼-2,\r\n", document
	}
	encoded := func(text string) []byte {
		b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
		w.must(err)
		return b
	}
	plain, d1 := file()
	marked, d2 := file()
	gb, d3 := file()
	named, d4 := file()
	// In GB18030 模 is C4 A3, which is also valid UTF-8: Latin letter ģ.
	d5 := newDocument()
	tricky := encoded("name,id_number,site\n模," + d5 + ",V1\n")
	for i, c := range []struct {
		body              any
		contentType, want string
		document          string
	}{
		{plain, "text/csv", "㼆䶮", d1},
		{"\ufeff" + marked, "text/csv", "㼆䶮", d2},
		{encoded(gb), "text/csv", "㼆䶮", d3},
		{encoded(named), "text/csv; charset=GBK", "㼆䶮", d4},
		{tricky, "application/vnd.ms-excel", "模", d5},
	} {
		w.importCSV("enroller", c.body, c.contentType).counted(1, 0, 0)
		id, err := w.store.FindByDocument(t.Context(), c.document)
		w.must(err)
		if person, err := w.store.Resident(t.Context(), id); err != nil || person.Name != c.want {
			t.Errorf("file %d: the name is %q (%v)", i+1, person.Name, err)
		}
	}
}

func TestFilesThatAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refuse := func(body any, contentType string, status int, code, field string) {
		t.Helper()
		w.importCSV("enroller", body, contentType).problem(status, code, field)
	}
	header := "name,id_number,site\n"
	refuse("", "text/csv", http.StatusUnprocessableEntity, "invalid", "header")
	refuse("name,phone\n", "text/csv", http.StatusUnprocessableEntity, "invalid", "header")
	refuse("name,name,id_number,site\n", "text/csv", http.StatusUnprocessableEntity, "invalid", "header")
	refuse("\xff\xfen\x00a\x00", "text/csv", http.StatusUnprocessableEntity, "invalid", "body")
	refuse(header, "application/json", http.StatusUnsupportedMediaType, "unsupported_media", "")
	refuse(header, "text/csv; charset=big5", http.StatusUnsupportedMediaType, "unsupported_media", "")
	row := "王,x,V1\n"
	refuse(header+strings.Repeat(row, maxImportRows+1), "text/csv", http.StatusRequestEntityTooLarge, "too_large", "")
	refuse(header+strings.Repeat("\n", largeBody-100)+row, "text/csv", http.StatusRequestEntityTooLarge, "too_large", "")
	refuse(bytes.Repeat([]byte("x"), largeBody+1), "text/csv", http.StatusRequestEntityTooLarge, "too_large", "")
	w.importCSV("medic", header, "text/csv").problem(http.StatusForbidden, "forbidden", "")
	w.importCSV("enroller", header, "text/csv").counted(0, 0, 0)
}

func TestFileOfNothingButQuotesIsReadInBoundedTime(t *testing.T) {
	t.Parallel()
	text := "name,id_number,site\n" + strings.Repeat("\"x\n", largeBody/4)
	start := time.Now()
	rows, err := readRows(text)
	if err != nil || len(rows) != maxStrayQuotes || !strings.Contains(rows[len(rows)-1].why, "not read") {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestImportTakesOnlyRowsInScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, ours := newDocument(), newDocument()
	w.importCSV("enroller", "name,id_number,site\n郑九,"+theirs+",V1\n", "text/csv").counted(1, 0, 0)
	text := "name,id_number,site\n吴十," + ours + ",V2\n陈一," + newDocument() + ",V1\n郑九," + theirs + ",V2\n"
	// A preview tells of what is out of scope no more than the import does.
	preview := w.do(http.MethodPost, "/v1/residents/import?preview=1", w.as("enroller-a2"), text, "Content-Type", "text/csv").ok(http.StatusOK)
	if verdicts := strings.Join(preview.names("rows", "verdict"), " "); verdicts != "new refused refused" || strings.Contains(string(preview.body), `"from":{`) {
		t.Errorf("previewed %s", preview.body)
	}
	w.do(http.MethodPost, "/v1/residents/import?preview=yes", w.as("enroller-a2"), text, "Content-Type", "text/csv").problem(http.StatusUnprocessableEntity, "invalid", "preview")
	faults := w.importCSV("enroller-a2", text, "text/csv").counted(1, 0, 0)
	if !slices.Equal(at(faults), []string{"3:site", "4:id_number"}) {
		t.Errorf("faults at %v: %v", at(faults), faults)
	}
	id, err := w.store.FindByDocument(t.Context(), theirs)
	w.must(err)
	if person, err := w.store.Resident(t.Context(), id); err != nil || person.Site != "V1" {
		t.Errorf("somebody was moved from out of scope to %q (%v)", person.Site, err)
	}
}

func TestImportTakesAFullFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var text strings.Builder
	text.WriteString("name,id_number,phone,site,door,grid\n")
	for i := range maxImportRows {
		fmt.Fprintf(&text, "王小明,%s,138%08d,V2,%d-%d,\n", newDocument(), i, i/30, i%30)
	}
	w.importCSV("enroller-a2", text.String(), "text/csv").counted(maxImportRows, 0, 0)
}

func BenchmarkReadRows(b *testing.B) {
	var text strings.Builder
	text.WriteString("姓名,身份证号,手机号,村居,门牌,网格\n")
	for i := range maxImportRows {
		fmt.Fprintf(&text, "王小明,%s,138%08d,370126001201,%d-%d-501,\n", newDocument(), i, i/30, i%30)
	}
	b.ReportAllocs()
	for b.Loop() {
		if rows, err := readRows(text.String()); err != nil || len(rows) != maxImportRows {
			b.Fatal(len(rows), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/maxImportRows, "ns/row")
}

// TestParticularsAreRefusedInChinese: who enrols one person is told as who imports a list,
// and nothing else is taken for one of those reasons.
func TestParticularsAreRefusedInChinese(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := newDocument()
	wrong = wrong[:17] + map[bool]string{true: "1", false: "2"}[wrong[17] != '1']
	got := w.do(http.MethodPost, "/v1/residents", w.as("enroller"), fields{"name": "王一", "id_number": wrong, "site": "V1"})
	if got.problem(http.StatusUnprocessableEntity, "invalid", "id_number"); !strings.Contains(string(got.body), `"detail_zh":"身份证号校验位不符`) {
		t.Errorf("refused with %s", got.body)
	}
	for why, want := range map[string]string{
		"is a shop, nobody lives there: give a village": "该场所无人居住：请填村或小区", "is a rule that nobody knows": "", "has 3 fields": "", "": "",
		"is in row 7 already, with other particulars": "第 7 行已有同一证件号，内容不同：请只保留一行",
	} {
		if got := knownChinese(why); got != want {
			t.Errorf("%q is %q, want %q", why, got, want)
		}
	}
}
