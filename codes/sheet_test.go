package codes

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// svgArea adds up the runs of dark modules in the path of an SVG.
func svgArea(t *testing.T, svg string) int {
	t.Helper()
	area := 0
	for _, run := range regexp.MustCompile(`h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(svg, -1) {
		n, err := strconv.Atoi(run[1])
		if err != nil || run[1] != run[2] {
			t.Fatalf("run %v, %v", run, err)
		}
		area += n
	}
	return area
}

func sheetOf(t *testing.T, passes ...SheetPass) string {
	t.Helper()
	signer := signerAt(t, fixedRing(t), goldenTime)
	for i := range passes {
		pass, compact, err := signer.IssueCompact(Request{Person: uint64(i), Kind: KindPaper, NotBefore: goldenTime})
		if err != nil {
			t.Fatal(err)
		}
		passes[i].Token, passes[i].NotBefore, passes[i].ExpiresAt = compact, pass.NotBefore, pass.ExpiresAt
	}
	var out bytes.Buffer
	if err := Sheet(&out, SheetData{Title: "许商花园", Passes: passes}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSheetIsSortedByDoor(t *testing.T) {
	t.Parallel()
	page := sheetOf(t,
		SheetPass{Name: "甲", Site: "许商花园", Door: "2-10-1"},
		SheetPass{Name: "乙", Site: "许商花园", Door: "10-1-1"},
		SheetPass{Name: "丙", Site: "许商花园", Door: "2-9-2"},
		SheetPass{Name: "丁", Site: "许商花园", Door: "2-9-1"},
	)
	at := -1
	for _, name := range []string{"丁", "丙", "甲", "乙"} {
		next := strings.Index(page, `<div class="name">`+name)
		if next < at {
			t.Errorf("%s is out of order", name)
		}
		at = next
	}
}

func TestSheetSaysWhatAGuardNeeds(t *testing.T) {
	t.Parallel()
	page := sheetOf(t,
		SheetPass{Name: "王𠮷", Site: "许商花园", Door: "2-9-1"},
		SheetPass{Name: "李四", Site: "许商花园", Door: "2-9-2", Question: AskDocumentTail},
	)
	for _, want := range []string{
		"王𠮷", "许商花园", "2-9-1", "2026-11-24", "2026-12-21", "出生年份和门牌号?", "证件号码后四位?",
		"size: A4", "dashed", `lang="zh-CN"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the sheet lacks %q", want)
		}
	}
	if strings.Count(page, "<svg") != 2 {
		t.Errorf("%d codes for two passes", strings.Count(page, "<svg"))
	}
	for _, outside := range []string{"<script", "<link", "<img", "url(", "@import", "src="} {
		if strings.Contains(page, outside) {
			t.Errorf("the sheet has %s", outside)
		}
	}
	// The symbol without its quiet zone of 4 modules on each side.
	width := regexp.MustCompile(`\.qr svg \{ display: block; width: (\d+)mm`).FindStringSubmatch(page)
	if mm, err := strconv.ParseFloat(width[1], 64); err != nil || mm*41/49 < 35 {
		t.Errorf("the code is %v mm wide with its quiet zone", width)
	}
}

func TestSheetNamesCannotInject(t *testing.T) {
	t.Parallel()
	evil := `</div><script>alert(1)</script><img src=x onerror="x">`
	page := sheetOf(t, SheetPass{Name: evil, Site: evil, Door: evil})
	if strings.Contains(page, "<script") || strings.Contains(page, "<img") || !strings.Contains(page, "&lt;script") {
		t.Error("a name came through as HTML")
	}
}

func TestSheetPages(t *testing.T) {
	t.Parallel()
	passes := make([]SheetPass, 17)
	for i := range passes {
		passes[i] = SheetPass{Name: fmt.Sprint("人", i), Door: strconv.Itoa(i)}
	}
	page := sheetOf(t, passes...)
	if n := strings.Count(page, `<section class="page">`); n != 3 || !strings.Contains(page, "3 / 3") {
		t.Errorf("%d pages for 17 passes, eight to a page", n)
	}
}

func TestSheetRefusesAToken(t *testing.T) {
	t.Parallel()
	_, jwt, err := signerAt(t, fixedRing(t), goldenTime).Issue(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	for _, pass := range []SheetPass{{Token: jwt}, {Token: ""}, {Token: "PG1:A", Question: 9}} {
		var out bytes.Buffer
		if err := Sheet(&out, SheetData{Passes: []SheetPass{pass}}); err == nil || out.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes written", pass, err, out.Len())
		}
	}
}
