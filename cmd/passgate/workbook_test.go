package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// messyBook is a clerk's workbook as they really are, with what has to become of it.
type messyBook struct {
	t       *testing.T
	book    *excelize.File
	sheet   string
	row     int
	serial  int
	good    int
	twice   int
	skipped int
	hidden  int
	refused map[string]string // sheet and row -> part of the reason
}

func newMessyBook(t *testing.T) *messyBook {
	t.Helper()
	return &messyBook{t: t, book: excelize.NewFile(), refused: map[string]string{}}
}

func (m *messyBook) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *messyBook) open(sheet string) {
	m.t.Helper()
	_, err := m.book.NewSheet(sheet)
	m.must(err)
	m.sheet, m.row = sheet, 0
}

// add writes a row below the others and gives its number.
func (m *messyBook) add(cells ...any) int {
	m.t.Helper()
	m.row++
	m.must(m.book.SetSheetRow(m.sheet, fmt.Sprintf("A%d", m.row), &cells))
	return m.row
}

func (m *messyBook) merge(from, to string) { m.t.Helper(); m.must(m.book.MergeCell(m.sheet, from, to)) }

func (m *messyBook) bad(why string, cells ...any) {
	m.t.Helper()
	m.refused[fmt.Sprintf("%s %d", m.sheet, m.add(cells...))] = why
}

// id is another valid ID number.
func (m *messyBook) id() string {
	m.serial++
	digits := fmt.Sprintf("370126%d%02d%02d%03d", 1940+m.serial/9000, m.serial/750%12+1, m.serial/27%28+1, m.serial%27)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

func wide(text string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r + 0xfee0
		}
		return r
	}, text)
}

// compound writes a sheet of flats: titles, a header of two rows, cells over several
// rows, doors in parts, and every way to get an ID number wrong.
func (m *messyBook) compound(homes int) {
	m.open("小区")
	m.add("许商街道新都小区居民信息登记表")
	m.merge("A1", "J1")
	m.add("填表单位：", "", "", "2020年2月11日")
	m.add("序号", "村（居）/小区", "住址", "", "", "姓名", "身份证号码（18位）", "性别", "联系电话", "备注")
	m.merge("C3", "E3")
	m.add("", "", "楼栋", "单元", "房号")
	first := m.row + 1
	for home := range homes {
		top := m.row + 1
		for member := range 3 {
			id := m.id()
			switch (home + member) % 5 {
			case 1:
				id = wide(id)
			case 2:
				id = " " + id[:6] + "\u00a0" + id[6:14] + " " + strings.ToLower(id[14:]) + "\u3000"
			case 3:
				id = "'" + id
			}
			phone := []any{fmt.Sprintf("138-0000-%04d", home), 13900000000 + home, wide(fmt.Sprintf("+86 137 0000 %04d", home))}[member]
			site, building, unit, room := "新都", any(fmt.Sprintf("%d号楼", home/20+1)), any(home/10%2+1), any(home%10+101)
			if home%2 == 0 {
				building, unit, room = home/20+1, fmt.Sprintf("%d单元", home/10%2+1), wide(fmt.Sprintf("%d室", home%10+101))
			}
			if member > 0 {
				building, unit, room = nil, nil, nil
			}
			if m.row >= first {
				site = ""
			}
			m.add(m.row, site, building, unit, room, "住户"+string(rune('一'+home)), id, "男", phone, "")
			m.good++
		}
		for _, column := range []string{"C", "D", "E"} {
			m.merge(fmt.Sprintf("%s%d", column, top), fmt.Sprintf("%s%d", column, top+2))
		}
		if home%40 == 5 {
			m.must(m.book.SetRowVisible(m.sheet, top, false))
			m.hidden++
		}
		if home%50 == 15 {
			m.row++ // an empty row
			m.add("序号", "村（居）/小区", "住址", "", "", "姓名", "身份证号码（18位）", "性别", "联系电话", "备注")
			m.skipped++
			m.book.SetCellValue(m.sheet, fmt.Sprintf("C%d", m.row), "楼栋")
			m.book.SetCellValue(m.sheet, fmt.Sprintf("D%d", m.row), "单元")
			m.book.SetCellValue(m.sheet, fmt.Sprintf("E%d", m.row), "房号")
		}
	}
	last := m.row
	m.merge(fmt.Sprintf("B%d", first), fmt.Sprintf("B%d", last))
	valid := m.id()
	wrong := valid[:17] + string("0X"[strings.IndexByte("X0", valid[17])&1])
	if wrong == valid {
		wrong = valid[:17] + "1"
	}
	m.bad("only the first 15 digits", 1, "新都小区", 9, 1, 101, "数字", 370126198001010071)
	m.bad("old form", 1, "新都小区", 9, 1, 101, "旧证", 370126800101007)
	m.bad("check digit", 1, "新都小区", 9, 1, 101, "错位", wrong)
	m.bad("is missing", 1, "新都小区", 9, 1, 101, "无证", "")
	m.bad("turned the door into a date", 1, "新都小区", 9, nil, time.Date(2020, 3, 2, 0, 0, 0, 0, time.UTC), "日期", m.id())
	m.bad("mainland mobile", 1, "新都小区", 9, 1, 101, "座机", m.id(), "女", "0531-84880000")
	m.bad("several places", 1, "东关", 9, 1, 101, "同名", m.id())
	m.bad("not the code of a known site", 1, "没有的村", 9, 1, 101, "无村", m.id())
	m.add("合计", "", "", "", "", fmt.Sprintf("%d人", m.good))
	m.skipped++
	m.add("填表人：张三", "", "", "审核人：李四")
	m.skipped++
}

// village writes a sheet that is named after its village, with the door beside the
// head of a household alone.
func (m *messyBook) village(homes int) {
	m.open("佟道口")
	m.add("户主姓名表")
	m.merge("A1", "E1")
	m.add("姓 名", "与户主关系", "门牌", "手机", "证件号码")
	again := m.id()
	for home := range homes {
		name := "村民" + string(rune('一'+home))
		m.add(name, "户主", fmt.Sprintf("%d号", home+1), "", m.id())
		m.add(name+"妻", "配偶", "", "", m.id())
		m.good += 2
		if home == homes/2 {
			m.add("二组")
			m.merge(fmt.Sprintf("A%d", m.row), fmt.Sprintf("E%d", m.row))
			m.skipped++
		}
	}
	m.add("重复", "户主", "900号", "", again)
	m.good++
	m.add("重复", "户主", "９００号", "", strings.ToLower(again))
	m.twice++
	m.bad("in another household", "重复", "户主", "901号", "", again)
}

func (m *messyBook) save() (path string) {
	m.open("旧表")
	m.add("姓名", "身份证号", "村居")
	m.add("旧人", m.id(), "新都小区")
	m.must(m.book.SetSheetVisible("旧表", false))
	m.must(m.book.SetCellValue("Sheet1", "A1", "封面"))
	path = m.t.TempDir() + "/居民.xlsx"
	m.must(m.book.SaveAs(path))
	m.must(m.book.Close())
	return path
}

// TestMessyWorkbook: one command from the clerk's workbook to the passes to print,
// every row that is not taken explained.
func TestMessyWorkbook(t *testing.T) {
	t.Parallel()
	homes, long := 20, os.Getenv("PASSGATE_LONG") != ""
	if long {
		homes = 300 // 1,500 rows
	}
	server := newTown(t)
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(0, "login", "--login", "boss", "--server", server)
	boss, err := serverFlags{Server: server}.open(t.Context(), &console{Env: func(string) string { return "" }, ConfigDir: func() (string, error) { return s.home, nil }, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	setUp(t, boss)
	m := newMessyBook(t)
	m.compound(homes)
	m.village(homes)
	path, passes := m.save(), t.TempDir()+"/passes"
	run := func(code int, args ...string) importSummary {
		t.Helper()
		return summaryOf(t, first(s.must(code, append([]string{"residents", "import", path, "--json", "--server", server}, args...)...)))
	}

	got := run(1, "--preview")
	want := importSummary{
		File: path, Preview: true, Rows: m.good + m.twice + len(m.refused), Created: m.good, Duplicate: m.twice, Refused: len(m.refused), Skipped: m.skipped,
		HiddenRows: m.hidden, HiddenSheets: []string{"旧表"}, Verdicts: path + ".preview.csv", Seconds: got.Seconds, Complete: true,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("previewed\n%+v, want\n%+v", got, want)
	}
	if people := residentsIn(t, boss, "V1", "C1"); len(people) != 0 {
		t.Fatalf("a preview entered %d people", len(people))
	}
	began := time.Now()
	got = run(1, "--sheets", passes)
	t.Logf("%d rows, %d people on sheets in %v", got.Rows, got.Created, time.Since(began).Round(time.Millisecond))
	if got.Created != m.good || got.Refused != len(m.refused) || got.Duplicate != m.twice || len(got.Sheets) != 2 {
		t.Errorf("imported %+v", got)
	}
	if took := time.Since(began); long && took > time.Minute {
		t.Errorf("it took %v", took)
	}
	m.explained(errorRows(t, path+".errors.csv")[1:])
	m.printed(boss, got.Sheets, homes)
	if again := run(1); again.Unchanged != m.good || again.Created+again.Changed+again.Moved != 0 {
		t.Errorf("again: %+v", again)
	}
	m.moved(s, boss, server)
}

// setUp adds a compound of flats and two villages of one name.
func setUp(t *testing.T, boss *client) {
	t.Helper()
	var sites []any
	for code, name := range map[string]string{"C1": "新都小区", "E1": "东关村", "E2": "东关村"} {
		kind := map[bool]string{true: "compound", false: "village"}[code == "C1"]
		sites = append(sites, map[string]any{"code": code, "name": name, "kind": kind, "grid": "V1C"})
	}
	body := map[string]any{"sites": sites}
	if err := boss.post(context.Background(), "/v1/setup", body, &struct{}{}); err != nil {
		t.Fatal(err)
	}
}

// explained holds the error file to the rows that are bad, and to no others.
func (m *messyBook) explained(rows [][]string) {
	m.t.Helper()
	if len(rows) != len(m.refused) {
		m.t.Errorf("%d rows are refused, want %d", len(rows), len(m.refused))
	}
	for _, row := range rows {
		place := row[0] + " " + row[1]
		if why, known := m.refused[place]; !known || !strings.Contains(row[4], why) || !han(row[3]) {
			m.t.Errorf("%s: %q and %q, want %q", place, row[3], row[4], why)
		}
	}
}

// residentsIn exports sites.
func residentsIn(t *testing.T, boss *client, sites ...string) (rows [][]string) {
	t.Helper()
	for _, site := range sites {
		answer, err := boss.send(t.Context(), request{method: http.MethodGet, path: "/v1/residents", query: map[string][]string{"site": {site}}, accept: "text/csv"})
		if err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(answer.Body).ReadAll()
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, all[1:]...)
	}
	return rows
}

// printed: every person has a pass, every household of three one door.
func (m *messyBook) printed(boss *client, sheets []string, homes int) {
	m.t.Helper()
	people := residentsIn(m.t, boss, "C1", "V1")
	doors, text := map[string]int{}, ""
	for _, row := range people {
		door := slices.IndexFunc(row, func(cell string) bool { return strings.HasSuffix(cell, "号") || strings.Count(cell, "-") == 2 })
		if door < 0 {
			m.t.Fatalf("no door in %q", row)
		}
		doors[row[door]]++
	}
	three := 0
	for door, n := range doors {
		if n == 3 && strings.Count(door, "-") == 2 {
			three++
		}
	}
	if three != homes || len(doors) != 2*homes+1 || doors["1-1-101"] != 3 || doors["1号"] != 2 {
		m.t.Errorf("%d households of three and %d doors, want %d and %d", three, len(doors), homes, 2*homes+1)
	}
	for _, path := range sheets {
		page, err := os.ReadFile(path)
		m.must(err)
		text += string(page)
	}
	for _, row := range people {
		if !strings.Contains(text, row[1]) {
			m.t.Fatalf("%q is on no sheet", row[1])
		}
	}
	if info, err := os.Stat(sheets[0]); err != nil || info.Mode().Perm() != 0o600 {
		m.t.Errorf("%v %v", info, err)
	}
}

// moved: a later list in which somebody lives elsewhere and somebody has a phone.
func (m *messyBook) moved(s *shell, boss *client, server string) {
	m.t.Helper()
	people := residentsIn(m.t, boss, "V1")
	name, id, name2, id2 := people[0][1], people[0][2], people[1][1], people[1][2]
	path := s.file("later.csv", fmt.Sprintf("姓名,身份证号,手机,小区,门牌\n%s,%s,,新都小区,77-1-101\n%s,%s,13800000009,V1,\n", name, id, name2, id2))
	at := []string{"residents", "import", path, "--json", "--server", server}
	if got := summaryOf(m.t, first(s.must(0, append(at, "--preview")...))); got.Moved != 1 || got.Changed != 1 {
		m.t.Errorf("previewed: %+v", got)
	}
	for _, row := range errorRows(m.t, path+".preview.csv")[1:] {
		if row[2] == "moves" && (!strings.HasPrefix(row[4], "V1 ") || row[5] != "C1 77-1-101") || row[2] == "changed" && row[3] != "phone" {
			m.t.Errorf("previewed %q", row)
		}
	}
	if got := summaryOf(m.t, first(s.must(1, at...))); got.Changed != 1 || got.Refused != 1 {
		m.t.Errorf("without moves: %+v", got)
	}
	if row := errorRows(m.t, path+".errors.csv")[1]; row[1] != "2" || !strings.Contains(row[4], "on record at V1") || !strings.Contains(row[3], "搬") {
		m.t.Errorf("refused %q", row)
	}
	if got := summaryOf(m.t, first(s.must(0, append(at, "--moves")...))); got.Moved != 1 || got.Unchanged != 1 {
		m.t.Errorf("with moves: %+v", got)
	}
	if got := summaryOf(m.t, first(s.must(0, append(at, "--moves")...))); got.Moved != 0 || got.Unchanged != 2 {
		m.t.Errorf("moved again: %+v", got)
	}
}
