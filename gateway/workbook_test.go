package gateway

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// bookOf writes a workbook: a sheet of rows for each name.
func bookOf(t *testing.T, sheets map[string][][]any, merged ...string) []byte {
	t.Helper()
	book := excelize.NewFile()
	names := slices.Sorted(maps.Keys(sheets))
	slices.Reverse(names) // always the same order
	for _, name := range names {
		rows := sheets[name]
		if _, err := book.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if err := book.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, area := range merged {
		sheet, cells, _ := strings.Cut(area, "!")
		from, to, _ := strings.Cut(cells, ":")
		if err := book.MergeCell(sheet, from, to); err != nil {
			t.Fatal(err)
		}
	}
	text, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// TestAWorkbookIsReadIntoRows: what a page previews and imports is what the import takes.
func TestAWorkbookIsReadIntoRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := func(query string, body []byte) answer {
		return w.do(http.MethodPost, "/v1/residents/workbook"+query, w.as("enroller-a2"), string(body), "Content-Type", "application/octet-stream")
	}
	one, two := newDocument(), newDocument()
	flats := [][]any{
		{"居民信息登记表"},
		{"序号", "小区", "住址", "", "", "姓名", "身份证号码（18位）", "联系电话"},
		{"", "", "楼栋", "单元", "房号"},
		{1, "V1", "3号楼", 2, 501, "王一", one, 13800138000},
		{2, "", "", "", "", "王二", two},
		{3, "V1", "3", "2", "501", "王三", 370126198001010071},
		{"合计", "", "", "", "", "3人"},
		{4, "V1", "3", "2", "502", "王一", one},
		{5, "V1", "3", "2", "501", "王二", two},
	}
	village := [][]any{{"姓名", "证件号码"}, {"赵六", newDocument()}}
	answered := read("", bookOf(t, map[string][][]any{"小区": flats, "V2": village}, "小区!C2:E2", "小区!B4:B5", "小区!C4:C5", "小区!D4:D5", "小区!E4:E5")).ok(http.StatusOK)
	answered.conforms(contract(t), "POST", "/v1/residents/workbook")
	got := answered.json()
	rows, bad := got["rows"].([]any), got["bad"].([]any)
	first, second := rows[0].(map[string]any), rows[1].(map[string]any)
	if len(rows) != 4 || first["door"] != "3-2-501" || second["door"] != "3-2-501" || second["site"] != "V1" || second["sheet"] != "小区" || second["row"] != float64(5) {
		t.Errorf("read %v", rows)
	}
	said := fmt.Sprint(bad)
	if len(bad) != 2 || !strings.Contains(said, "只保留前 15 位") || !strings.Contains(said, "小区 4 行是同一证件号，但住处不同") {
		t.Errorf("bad: %v", bad)
	}
	if of := rows[2].(map[string]any)["of"]; of != "小区 5" {
		t.Errorf("row 9 repeats %q", of)
	}
	if sheets := fmt.Sprint(got["sheets"]); !strings.Contains(sheets, "heading:楼栋") || !strings.Contains(sheets, "skipped:map[sum:1]") || !strings.Contains(sheets, "site:V2") {
		t.Errorf("sheets: %s", sheets)
	}

	plain := bookOf(t, map[string][][]any{"Sheet1": village})
	read("", plain).problem(http.StatusUnprocessableEntity, "invalid", "site")
	if got := read("?site=V1", plain).ok(http.StatusOK).json(); got["rows"].([]any)[0].(map[string]any)["site"] != "V1" {
		t.Errorf("with a site: %v", got)
	}
	read("", []byte("name,id_number,site\nWang,A1234567,V1\n")).ok(http.StatusOK)
	read("", []byte("王一,1,2\n")).problem(http.StatusUnprocessableEntity, "invalid", "header")
	read("", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")).problem(http.StatusUnprocessableEntity, "invalid", "body")
	read("", plain[:len(plain)-30]).problem(http.StatusUnprocessableEntity, "invalid", "body")
	read("", bytes.Repeat([]byte("x"), workbookBody+1)).problem(http.StatusRequestEntityTooLarge, "too_large", "")
}
