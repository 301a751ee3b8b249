package codes

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func logSheetOf(t *testing.T, data LogSheetData) string {
	t.Helper()
	var out bytes.Buffer
	if err := LogSheet(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLogSheetNamesEachPageAndHasRowsToWriteIn(t *testing.T) {
	t.Parallel()
	first := LogPage{Gate: "370126001202-g1", Date: "20261124", Number: 9}
	page := logSheetOf(t, LogSheetData{
		Site: "许商花园", Gate: "东门", First: first, Pages: 2, Printed: goldenTime, FeverLine: "37.3", Remeasure: 10, Call: "0531-84880000",
	})
	sections := strings.Split(page, `<section class="page">`)[1:]
	if len(sections) != 2 {
		t.Fatalf("%d pages, want 2", len(sections))
	}
	for i, section := range sections {
		want := first
		want.Number += i
		svg, err := QRSVG(want.String())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(section, string(svg)) || !strings.Contains(section, ">"+want.String()+"<") {
			t.Errorf("page %d is not named %s", i, want)
		}
		if n := strings.Count(section, "<tr><td>"); n != LogRows {
			t.Errorf("%d rows, want %d", n, LogRows)
		}
		for _, text := range []string{"东门", "许商花园", "第 " + strconv.Itoa(want.Number) + " 页", "体温 37.3 及以上", "10 分钟", "0531-84880000", "2026-11-24 08:01"} {
			if !strings.Contains(section, text) {
				t.Errorf("page %d lacks %q", want.Number, text)
			}
		}
	}
	for _, outside := range []string{"<script", "<link", "<img", "url(", "@import", "src="} {
		if strings.Contains(page, outside) {
			t.Errorf("the pages have %s", outside)
		}
	}
	row := regexp.MustCompile(`td \{ height: ([0-9.]+)mm`).FindStringSubmatch(page)
	if mm, err := strconv.ParseFloat(row[1], 64); err != nil || mm < 7 || mm*LogRows+11 > 193 {
		t.Errorf("rows of %v mm: too low to write in, or too high for the page", row)
	}
	if page := logSheetOf(t, LogSheetData{Gate: "<b>", First: first, Pages: 1}); strings.Contains(page, "<b><") || strings.Contains(page, "拨打") {
		t.Error("a name came through as HTML, or there is talk of a number that is not known")
	}
}

func TestLogSheetRefusesPagesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, pages int }{{1, 0}, {0, 1}, {MaxLogPage, 2}, {-3, 5}} {
		var out bytes.Buffer
		err := LogSheet(&out, LogSheetData{First: LogPage{Gate: "g", Date: "20261124", Number: c.first}, Pages: c.pages})
		if err == nil || out.Len() > 0 {
			t.Errorf("%d pages from %d: %v, %d bytes written", c.pages, c.first, err, out.Len())
		}
	}
}
