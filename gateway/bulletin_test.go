package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"passgate/checkpoint"
	"passgate/checkpoint/bulletin"
)

// toldBulletin is a bulletin as it comes over the wire.
type toldBulletin struct {
	Node        string        `json:"node"`
	Day         string        `json:"day"`
	Over        bool          `json:"over"`
	PublishedAt *string       `json:"published_at"`
	PublishedBy string        `json:"published_by"`
	Lines       []lineView    `json:"lines"`
	Below       []nodeNumbers `json:"below"`
}

// bulletinOf is a bulletin as somebody sees it.
func (w *world) bulletinOf(login, node, day string) (b toldBulletin) {
	w.t.Helper()
	got := w.staffCall(login, http.MethodGet, "/v1/bulletin?node="+node+"&day="+day, "/v1/bulletin", nil).ok(http.StatusOK)
	w.must(json.Unmarshal(got.body, &b))
	return b
}

func (b *toldBulletin) line(t *testing.T, key string) lineView {
	t.Helper()
	for _, l := range b.Lines {
		if l.Key == key {
			return l
		}
	}
	t.Fatalf("no line %s", key)
	return lineView{}
}

// tells holds numbers against "key=number" words.
func (b *toldBulletin) tells(t *testing.T, when string, words ...string) {
	t.Helper()
	for _, word := range words {
		key, want, _ := strings.Cut(word, "=")
		if got := fmt.Sprint(b.line(t, key).Number); got != want {
			t.Errorf("%s: %s of %s on %s is %s, want %s", when, key, b.Node, b.Day, got, want)
		}
	}
}

// indexed waits until the gates' indexes have so many events.
func (w *world) indexed(want int) {
	w.t.Helper()
	eventually(w.t, "the gates' indexes have all events", func() bool {
		n, now := 0, w.clock.Now().UnixMilli()
		w.must(w.store.EventsAt(w.t.Context(), w.store.Registry().Gates(), now-72*3600_000, now+1, func(*checkpoint.ScanEvent) error { n++; return nil }))
		return n == want
	})
}

// at moves the clock to a time at the place.
func (w *world) at(text string) {
	w.t.Helper()
	t, err := time.ParseInLocation("2006-01-02 15:04:05.000", text, w.store.Zone())
	w.must(err)
	w.clock.ms.Store(t.UnixMilli())
}

func (w *world) publish(login, node, day string) answer {
	w.t.Helper()
	return w.staffCall(login, http.MethodPost, "/v1/bulletins", "/v1/bulletins", fields{"node": node, "day": day})
}

const theDay, nextDay = "2020-02-11", "2020-02-12"

func TestTheBulletinOfADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.foundHeads()
	wang, li := w.people["wang"], w.people["li"]
	w.scan("D1", w.newScan(wang).with(fields{"direction": "out"})).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.scan("E1", w.newScan(wang)).ok(http.StatusOK)
	w.scan("E2", w.newScan(li).with(fields{"temperature": 38.2})).ok(http.StatusOK)
	w.scan("E1", w.newScan(li).with(fields{"resident": nil, "pass": "PG1:NOT A PASS"})).ok(http.StatusOK)
	task := fields{"id": "dispatch-0001", "node": "V1C", "problem": "村口缺一顶帐篷", "owner": "boss-a1", "due_at": w.in(time.Hour)}
	w.do(http.MethodPost, "/v1/dispatches", w.as("leader"), task).ok(http.StatusOK)
	w.indexed(4)

	t.Log("live, by node")
	b := w.bulletinOf("leader", "", theDay)
	b.tells(t, "at noon", "in=1", "out=1", "people=1", "denied=1", "denied_malformed=1", "high_readings=1", "silent_gates=1", "homes_missing=2", "dispatches=1", "dispatches_overdue=0")
	if b.Node != "XS" || b.Over || b.PublishedAt != nil || len(b.Below) != 2 || b.Below[0].Numbers["in"] != 1 || b.Below[1].Numbers["homes_missing"] != 1 {
		t.Errorf("the town's: %+v", b.Below)
	}
	if l := b.line(t, "out"); l.Yesterday == nil || *l.Yesterday != 0 || l.ChangeText != "↑1" || l.Opens {
		t.Errorf("out: %+v", l)
	}
	b = w.bulletinOf("leader-a2", "A2", theDay)
	b.tells(t, "the other area", "in=0", "out=0", "denied=0", "silent_gates=1", "homes_missing=1", "dispatches=0")

	t.Log("who sees none of it")
	w.do(http.MethodGet, "/v1/bulletin?node=A1", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/bulletin?node=A1", w.as("tracer"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodGet, "/v1/bulletin?node=A9", w.as("leader"), nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/bulletin?day="+nextDay, w.as("leader"), nil).problem(http.StatusUnprocessableEntity, "invalid", "day")
	w.do(http.MethodGet, "/v1/bulletin?format=pdf", w.as("leader"), nil).problem(http.StatusUnprocessableEntity, "invalid", "format")
	w.do(http.MethodGet, "/v1/bulletin?day=2020-01-01", w.as("leader"), nil).problem(http.StatusConflict, "too_late", "")
	w.openNumbers()

	t.Log("every form")
	w.at("2020-02-11 14:00:00.000")
	w.everyForm()
}

// openNumbers opens what some numbers counted.
func (w *world) openNumbers() {
	t := w.t
	t.Helper()
	rows := func(login, query string) answer {
		return w.staffCall(login, http.MethodGet, "/v1/bulletin/rows?day="+theDay+"&"+query, "/v1/bulletin/rows", nil)
	}
	got := rows("leader", "line=high_readings").rows("rows")
	if person := got[0]["person"].(map[string]any); len(got) != 1 || person["name_masked"] != "李*" || got[0]["gate"] != "M2" || got[0]["node"] != "MLC" {
		t.Errorf("high readings: %v", got)
	}
	if got := rows("medic", "line=denied").rows("rows"); len(got) != 1 || got[0]["person"] != nil || got[0]["state"] != "malformed" {
		t.Errorf("refused: %v", got)
	}
	first := rows("cadre-v1c", "line=dispatches_open").rows("rows")
	if len(first) != 1 || !strings.HasPrefix(first[0]["ref"].(string), "dispatch/") || first[0]["text"] != "村口缺一顶帐篷" {
		t.Errorf("dispatches of V1C: %v", first)
	}
	page := rows("leader", "line=homes_missing&limit=1").json()
	rest := rows("leader", "line=homes_missing&limit=1&cursor="+page["next"].(string)).json()
	if page["next"] == "" || rest["next"] != "" || fmt.Sprint(page["rows"]) == fmt.Sprint(rest["rows"]) {
		t.Errorf("two pages: %v, %v", page, rest)
	}
	if got := rows("leader-a2", "line=high_readings").rows("rows"); len(got) != 0 {
		t.Errorf("another part of the grid is told of %v", got)
	}
	rows("leader-a2", "line=high_readings&node=A1").problem(http.StatusForbidden, "out_of_scope", "")
	rows("grid", "line=denied").problem(http.StatusForbidden, "forbidden", "")
	if refused := string(rows("grid", "line=denied").body); !strings.Contains(refused, "leader, medic") {
		t.Errorf("refused with %s", refused)
	}
	rows("leader", "line=in").problem(http.StatusForbidden, "forbidden", "")
	rows("leader", "line=nothing").problem(http.StatusUnprocessableEntity, "invalid", "line")
	rows("leader", "line=denied&cursor=x").problem(http.StatusUnprocessableEntity, "invalid", "cursor")
	if entries, _ := w.auditPage("auditor", "?actor=medic"); len(entries) == 0 || entries[0]["action"] != "GET /v1/bulletin/rows" || entries[0]["rows"] != float64(1) {
		t.Errorf("the audit has %v", entries)
	}
}

// bulletinRows reads a bulletin as CSV, and fails the test on words that are run.
func (a answer) bulletinRows() [][]string {
	a.t.Helper()
	text, marked := strings.CutPrefix(string(a.ok(http.StatusOK).body), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) < 2 || !strings.HasPrefix(a.header.Get("Content-Type"), mimeCSV) {
		a.t.Fatalf("%d rows, %v: %.80q", len(rows), err, text)
	}
	for _, row := range rows {
		for _, word := range row[:firstNumber] {
			if strings.HasPrefix(word, "=") {
				a.t.Errorf("a spreadsheet runs %q", word)
			}
		}
	}
	return rows
}

// everyForm reads the bulletin in each form.
func (w *world) everyForm() {
	t := w.t
	t.Helper()
	ask := func(format string) answer {
		return w.do(http.MethodGet, "/v1/bulletin?format="+format, w.as("leader"), nil).ok(http.StatusOK)
	}
	text := string(ask("text").body)
	for _, want := range []string{"【许商街道疫情防控每日通报】2020年2月11日（星期二）", "截至14:00，进入1人次（↑1），外出1人次", "调度逾期1件", "无登记卡口1个"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text has no %s:\n%s", want, text)
		}
	}
	const lines = 3 * 80 // at least: the town, and two areas
	table := ask("csv").bulletinRows()
	if table[1][3] != "in" || table[1][7] != "1" || len(table) < lines {
		t.Errorf("%d rows of CSV, the first %v", len(table), table[1])
	}
	book, err := excelize.OpenReader(bytes.NewReader(ask("xlsx").body))
	w.must(err)
	sheet, err := book.GetRows("bulletin 1")
	w.must(err)
	if len(sheet) != len(table) || fmt.Sprint(sheet[0]) != fmt.Sprint(table[0]) || sheet[1][4] != "进入" || sheet[1][7] != "1" {
		t.Errorf("%d rows of a workbook, the first %v", len(sheet), sheet[1])
	}
	page := w.do(http.MethodGet, "/v1/bulletin", w.as("leader"), nil, "Accept", "text/html").ok(http.StatusOK)
	_, rest, _ := strings.Cut(string(page.body), "<style>")
	style, rest, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the style of the page is not in %s", policy)
	}
	if !strings.Contains(rest, "一管区") || strings.Contains(rest, "<script") || strings.Contains(rest, " style=") {
		t.Errorf("the page: %.500s", rest)
	}
	for _, body := range []string{text, rest} {
		if strings.Contains(body, "王小明") || strings.Contains(body, hexID(w.people["wang"])) {
			t.Error("a bulletin names somebody")
		}
	}
}

func TestAPublishedBulletinStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.change(func(d *checkpoint.Draft) error { // whose name a spreadsheet and a page would run
		n, _ := d.Grid("A1")
		evil := *n
		evil.Name = "=一管区<b>"
		return d.PutGridNode(evil)
	})
	wang, li := w.people["wang"], w.people["li"]
	out := func(person uint64) fields { return w.newScan(person).with(fields{"direction": "out"}) }

	due := func(book *bulletin.Book) { w.must(book.PublishDue(context.WithoutCancel(t.Context()))) }

	t.Log("the last millisecond of a day and the first of the next one")
	w.at("2020-02-11 23:59:59.999")
	due(w.server.Bulletins())
	w.scan("D1", out(wang)).ok(http.StatusOK)
	w.publish("leader", "XS", theDay).problem(http.StatusConflict, "wrong_state", "")
	w.at("2020-02-12 00:00:00.000")
	w.scan("D2", out(li)).ok(http.StatusOK)
	w.indexed(2)
	before, after := w.bulletinOf("leader", "XS", theDay), w.bulletinOf("leader", "XS", nextDay)
	before.tells(t, "before midnight", "out=1", "people=1")
	after.tells(t, "after midnight", "out=1", "people=1")
	if l := after.line(t, "out"); *l.Yesterday != 1 || l.ChangeText != "=" || !before.Over {
		t.Errorf("the change is %+v", l)
	}

	t.Log("published, by a leader and by the program")
	w.publish("grid", "A2", theDay).problem(http.StatusForbidden, "forbidden", "")
	w.publish("leader-a2", "A1", theDay).problem(http.StatusForbidden, "out_of_scope", "")
	w.publish("leader-a2", "A2", theDay).ok(http.StatusOK)
	w.at("2020-02-12 00:29:59.999")
	due(w.server.Bulletins())
	if b := w.bulletinOf("leader", "XS", theDay); b.PublishedAt != nil {
		t.Error("it was published before half past")
	}
	w.at("2020-02-12 00:30:00.000")
	due(w.server.Bulletins())
	w.at("2020-02-12 00:40:00.000")
	other := BulletinsOf(w.store, w.server.office) // of another gateway
	due(other)
	due(other)

	t.Log("what comes in later is a correction")
	late := out(li).with(fields{"occurred_at": "2020-02-11T14:00:00.000Z", "temperature": 36.4})
	if got := w.batch("D2", late).results(); len(got) != 1 || got[0]["result"] == nil {
		t.Fatalf("the late scan: %v", got)
	}
	w.indexed(3)
	w.publish("leader", "XS", theDay).ok(http.StatusOK)
	w.publish("leader-a2", "A2", theDay).ok(http.StatusOK)
	for node, want := range map[string]struct {
		by         string
		at         string
		number     int64
		correction int64
	}{
		"XS": {"passgate", "2020-02-11T16:30:00.000Z", 1, 1}, "A1": {"passgate", "2020-02-11T16:30:00.000Z", 1, 0},
		"A2": {"leader-a2", "2020-02-11T16:00:00.000Z", 0, 1}, "V2C": {"leader-a2", "2020-02-11T16:00:00.000Z", 0, 1},
	} {
		b := w.bulletinOf("leader", node, theDay)
		l := b.line(t, "out")
		if b.PublishedAt == nil || *b.PublishedAt != want.at || b.PublishedBy != want.by || l.Number != want.number || l.Correction != want.correction {
			t.Errorf("%s: %v by %s, %+v", node, b.PublishedAt, b.PublishedBy, l)
		}
	}
	if l := w.bulletinOf("leader", "XS", nextDay); *l.Lines[1].Yesterday != 1 {
		t.Errorf("the day after is compared with %d", *l.Lines[1].Yesterday)
	}
	w.do(http.MethodGet, "/v1/bulletin?format=csv&node=A1&day="+theDay, w.as("leader"), nil).bulletinRows()
	if page := w.do(http.MethodGet, "/v1/bulletin?format=html&node=A1&day="+theDay, w.as("leader"), nil); strings.Contains(string(page.body), "区<b>") {
		t.Error("a name is run by the page")
	}

	t.Log("when what it was counted from is gone, it still stands")
	w.clock.Advance(40 * 24 * time.Hour)
	gone := w.bulletinOf("leader", "XS", theDay)
	gone.tells(t, "40 days later", "out=1")
	if l := gone.line(t, "out"); l.Correction != 0 || l.Yesterday != nil {
		t.Errorf("40 days later: %+v", l)
	}
}
