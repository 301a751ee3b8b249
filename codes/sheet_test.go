package codes

import (
	"bytes"
	"reflect"
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

// household is one to print: a door and who lives there.
func household(door string, names ...string) SheetHousehold {
	home := SheetHousehold{Door: door}
	for _, name := range names {
		home.Passes = append(home.Passes, SheetPass{Name: name})
	}
	return home
}

func sheetOf(t *testing.T, data SheetData) string {
	t.Helper()
	signer := signerAt(t, fixedRing(t), goldenTime)
	for _, home := range data.Households {
		for i := range home.Passes {
			pass, compact, err := signer.IssueCompact(Request{Person: uint64(i), Kind: KindPaper, NotBefore: goldenTime})
			if err != nil {
				t.Fatal(err)
			}
			home.Passes[i].Token, home.Passes[i].NotBefore, home.Passes[i].ExpiresAt = compact, pass.NotBefore, pass.ExpiresAt
		}
	}
	if data.Printed.IsZero() {
		data.Printed = goldenTime
	}
	var out bytes.Buffer
	if err := Sheet(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSheetIsSortedByDoor(t *testing.T) {
	t.Parallel()
	page := sheetOf(t, SheetData{Households: []SheetHousehold{
		household("", "庚"), household("", "己"), household("10-1-101", "戊"), household("3-2-501", "丁"),
		household("3-2-1001", "丙丙"), household("2-10-1", "丙"), household("2-9-2", "乙"), household("2-9-1", "甲"),
	}})
	at := -1
	for _, name := range []string{"甲", "乙", "丙", "丁", "丙丙", "戊", "己", "庚"} {
		next := strings.Index(page, `<div class="name">`+name+"<")
		if next < at {
			t.Errorf("%s is out of order", name)
		}
		at = next
	}
}

func TestSheetSaysWhatAGuardNeeds(t *testing.T) {
	t.Parallel()
	home := household("2-9-1", "王𠮷", "李四")
	home.Passes[1].Question = AskDocumentTail
	page := sheetOf(t, SheetData{Site: "许商花园", Households: []SheetHousehold{home}})
	for _, want := range []string{
		"王𠮷", "许商花园", "2-9-1", "2026-11-24", "2026-12-21", "出生年份和门牌号？", "证件号码后四位？",
		"2 人：王𠮷、李四", "2026-11-24 08:01", "第 1 / 1 页", "共 1 户 2 人", "size: A4", "dashed", `lang="zh-CN"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the sheet lacks %q", want)
		}
	}
	if strings.Count(page, "<svg") != 2 {
		t.Errorf("%d codes for two passes", strings.Count(page, "<svg"))
	}
	// The door is what the guard asks for: it must not be on the pass itself.
	if strings.Count(page, "2-9-1") != 1 {
		t.Error("the door is not only on the part that stays at home")
	}
	for _, outside := range []string{"<script", "<link", "<img", "url(", "@import", "src="} {
		if strings.Contains(page, outside) {
			t.Errorf("the sheet has %s", outside)
		}
	}
	// The symbol without its quiet zone of 4 modules on each side.
	width := regexp.MustCompile(`\.qr \{ width: (\d+)mm`).FindStringSubmatch(page)
	if mm, err := strconv.ParseFloat(width[1], 64); err != nil || mm*41/49 < 35 {
		t.Errorf("the code is %v mm wide with its quiet zone", width)
	}
}

func TestSheetTellsHowToActivateAPhone(t *testing.T) {
	t.Parallel()
	home := household("2-9-1", "王小明")
	page := sheetOf(t, SheetData{PassPage: "https://gates.example.org/pass", Households: []SheetHousehold{home}})
	if strings.Contains(page, "激活码") || strings.Contains(page, "gates.example.org") {
		t.Error("without a code there is talk of one")
	}
	home.Activation = "PGH1-7K3M-Q9TD-W2XA"
	page = sheetOf(t, SheetData{Households: []SheetHousehold{home}})
	if !strings.Contains(page, home.Activation) || strings.Count(page, "<svg") != 1 || strings.Contains(page, "扫右侧") {
		t.Error("without an address: want the code in letters and no picture")
	}
	page = sheetOf(t, SheetData{PassPage: "https://gates.example.org/pass", Households: []SheetHousehold{home}})
	want, err := QRSVG("https://gates.example.org/pass#a=PGH1-7K3M-Q9TD-W2XA")
	if err != nil || !strings.Contains(page, string(want)) || !strings.Contains(page, "<b>gates.example.org/pass</b>") {
		t.Errorf("the picture does not lead to the residents' page with the code (%v)", err)
	}
}

func TestSheetNamesCannotInject(t *testing.T) {
	t.Parallel()
	evil := `</div><script>alert(1)</script><img src=x onerror="x">`
	home := household(evil, evil)
	home.Activation = evil
	page := sheetOf(t, SheetData{Site: evil, Households: []SheetHousehold{home}})
	if strings.Contains(page, "<script") || strings.Contains(page, "<img") || !strings.Contains(page, "&lt;script") {
		t.Error("a name came through as HTML")
	}
}

// homesOn lists, for each page of a sheet, the doors that begin or go on there.
func homesOn(page string) (doors [][]string) {
	for _, section := range strings.Split(page, `<section class="page">`)[1:] {
		var on []string
		for _, m := range regexp.MustCompile(`<div class="door[^>]*>([^<]*)`).FindAllStringSubmatch(section, -1) {
			on = append(on, strings.TrimSpace(m[1]))
		}
		doors = append(doors, on)
	}
	return doors
}

func TestSheetSplitsNoHouseholdThatFits(t *testing.T) {
	t.Parallel()
	of := func(door string, people int) SheetHousehold {
		home := household(door, strings.Split(strings.Repeat("人", people), "")...)
		home.Activation = "PGH1-7K3M-Q9TD-W2XA"
		return home
	}
	page := sheetOf(t, SheetData{Households: []SheetHousehold{
		of("1", 2), of("2", 1), of("3", 2), // 83 mm each: a page
		of("4", 4), of("5", 3), // 131 mm each: a page
		of("6", 5), of("7", 3), // 179 and 131 mm: a page each, though two passes would fit below
		of("8", 8), of("9", 11), of("10", 2), // 227 mm, more than a page, what is left of it
	}})
	want := [][]string{{"1", "2", "3"}, {"4", "5"}, {"6"}, {"7"}, {"8"}, {"9"}, {"9", "10"}}
	if got := homesOn(page); !reflect.DeepEqual(got, want) {
		t.Errorf("doors on pages: %v, want %v", got, want)
	}
	for _, text := range []string{"第 7 / 7 页", "共 10 户 41 人", `9 <span class="en">2/2`} {
		if !strings.Contains(page, text) {
			t.Errorf("the sheet lacks %q", text)
		}
	}
	if n := strings.Count(page, "PGH1-"); n != 10 {
		t.Errorf("%d codes for 10 households", n)
	}
	// The heights by which pages are filled are those of the style.
	for _, rule := range []string{".blocks { height: 263mm", ".card { height: 48mm", ".keep.tall { height: 35mm", "overflow: hidden; height: 12mm"} {
		if !strings.Contains(page, rule) {
			t.Errorf("the style lacks %q", rule)
		}
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
		home := SheetHousehold{Passes: []SheetPass{pass}}
		if err := Sheet(&out, SheetData{Households: []SheetHousehold{home}}); err == nil || out.Len() > 0 {
			t.Errorf("%+v: %v, %d bytes written", pass, err, out.Len())
		}
	}
}
