package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"passgate/checkpoint"
)

// irregularMall lets people pass M1 with all that a cell can hold: with and
// without a reading, with plates that look like formulas, with flags.
func (w *world) irregularMall() (plates []string) {
	w.t.Helper()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Device("E1")
		dev := *old
		dev.Lane = "=东门_x0041_<&>"
		return d.PutDevice(dev)
	})
	plates = []string{"=1+2", "+1", "-1", "@SUM(A1)", `a"b,c`, "鲁A12345", "0012", "1E5", ""}
	for i, plate := range plates {
		scan := w.newScan(w.people[[]string{"wang", "li"}[i%2]]).with(fields{"plate": plate, "plate_unchecked": true, "temperature": float64(361+i) / 10})
		if plate == "" {
			delete(scan, "plate")
			delete(scan, "plate_unchecked")
			delete(scan, "temperature")
			delete(scan, "temperature_method")
		}
		w.scan("E1", scan).ok(http.StatusOK)
		w.clock.Advance(time.Minute)
	}
	eventually(w.t, "the index has all", func() bool { return len(w.events("M1", "", 100)) == len(plates) })
	return plates
}

func TestSpreadsheetHoldsWhatThePagesHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.irregularMall()
	pages := w.events("M1", "", 100)
	got := w.do(http.MethodGet, "/v1/gates/M1/events?from=2020-02-11&to=2020-02-12", w.as("tracer"), nil, "Accept", mimeXLSX).ok(http.StatusOK)
	if name := got.header.Get("Content-Disposition"); name != `attachment; filename="M1_20200211-0000_20200212-0000.xlsx"` {
		t.Errorf("kept as %s", name)
	}
	book, err := excelize.OpenReader(bytes.NewReader(got.body))
	w.must(err)
	defer book.Close()
	rows, err := book.GetRows("events 1", excelize.Options{RawCellValue: true})
	w.must(err)
	if len(rows) != len(pages)+1 || len(book.GetSheetList()) != 1 {
		t.Fatalf("%d rows in sheets %v, %d events", len(rows), book.GetSheetList(), len(pages))
	}
	for i, page := range pages {
		row := append(rows[i+1], make([]string, len(eventColumns))...) // empty cells at the end are none
		for col, name := range eventColumns {
			want := fmt.Sprint(page[name])
			switch name {
			case "occurred_at", "recorded_at": // to the millisecond, at the place
				at, err := time.Parse(time.RFC3339, want)
				w.must(err)
				days, _ := strconv.ParseFloat(row[col], 64)
				if ms := math.Round((days-25569)*86_400_000) - (8*time.Hour).Seconds()*1000; int64(ms) != at.UnixMilli() {
					t.Errorf("row %d: %s is %s, want %s", i, name, row[col], want)
				}
				shown, err := book.GetCellValue("events 1", fmt.Sprintf("%c%d", 'A'+col, i+2))
				if w.must(err); shown != at.In(w.store.Zone()).Format("2006-01-02 15:04:05.000") {
					t.Errorf("row %d: %s is shown as %s", i, name, shown)
				}
				continue
			case "person":
				want, _ = page[name].(map[string]any)["id"].(string)
			case "flags":
				want = strings.Trim(want, "[]")
			case "temperature":
				want = strings.Replace(want, "<nil>", "", 1)
			case "annulled", "annulment":
				want = map[string]string{"false": "0", "true": "1"}[want]
			}
			if row[col] != want {
				t.Errorf("row %d: %s is %q, want %q", i, name, row[col], want)
			}
		}
		for col := range eventColumns {
			cell := fmt.Sprintf("%c%d", 'A'+col, i+2)
			if formula, err := book.GetCellFormula("events 1", cell); err != nil || formula != "" {
				t.Errorf("%s is the formula %q, %v", cell, formula, err)
			}
			kind, _ := book.GetCellType("events 1", cell)
			number := col < 2 || eventColumns[col] == "temperature"
			if row[col] != "" && number != (kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber) {
				t.Errorf("%s %q is of type %v", cell, row[col], kind)
			}
		}
	}
}

func TestParquetHoldsWhatThePagesHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.irregularMall()
	pages := w.events("M1", "", 100)
	body := w.stream("/v1/gates/M1/events", mimeParquet)
	rows, err := parquet.Read[parquetRow](strings.NewReader(body), int64(len(body)))
	w.must(err)
	file, err := parquet.OpenFile(strings.NewReader(body), int64(len(body)))
	w.must(err)
	if len(rows) != len(pages) {
		t.Fatalf("%d rows, %d events", len(rows), len(pages))
	}
	for i, field := range file.Schema().Fields() {
		if field.Name() != eventColumns[i] {
			t.Errorf("column %d is %s, want %s", i, field.Name(), eventColumns[i])
		}
	}
	for i, row := range rows {
		page := pages[i]
		person, _ := page["person"].(map[string]any)
		got := fields{
			"occurred_at": utcTime(row.OccurredAt).String(), "recorded_at": utcTime(row.RecordedAt).String(), "direction": row.Direction,
			"decision": row.Decision, "reason": row.Reason, "color": row.Color, "action": row.Action, "flags": []any{},
			"temperature": nil, "temperature_method": row.Method, "who": row.Who, "device": row.Device, "lane": row.Lane, "plate": row.Plate,
			"vehicle": row.Vehicle, "purpose": row.Purpose, "override": row.Override, "annulled": row.Annulled, "annulment": row.Annulment,
			"staff": row.Staff, "source": row.Source, "person": page["person"],
		}
		if row.Temperature != nil {
			got["temperature"] = *row.Temperature
		}
		for _, flag := range row.Flags {
			got["flags"] = append(got["flags"].([]any), flag)
		}
		if !reflect.DeepEqual(got, page) || row.Person != person["id"] {
			t.Errorf("row %d\n got %v\nwant %v", i, got, page)
		}
	}
}

func TestFormatOfTheQueryComesBeforeAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for format, media := range map[string]string{
		"csv": mimeCSV, "ndjson": mimeNDJSON, "xlsx": mimeXLSX, "parquet": mimeParquet, "json": fiber.MIMEApplicationJSON,
	} {
		for _, what := range []string{"events", "refusals"} {
			got := w.do(http.MethodGet, "/v1/gates/M1/"+what+"?format="+format, w.as("tracer"), nil, "Accept", "text/html, */*").ok(http.StatusOK)
			if !strings.HasPrefix(got.header.Get("Content-Type"), media) {
				t.Errorf("%s as %s came as %s", what, format, got.header.Get("Content-Type"))
			}
		}
	}
	w.do(http.MethodGet, "/v1/gates/M1/events?format=pdf", w.as("tracer"), nil).problem(http.StatusUnprocessableEntity, "invalid", "format")
}

// A full sheet is followed by another one; each has a header.
func TestSheetsFollowOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for events, sheets := range map[int][]int{0: {1}, 9: {10}, 10: {10, 2}, 18: {10, 10}, 25: {10, 10, 8}} {
		var file bytes.Buffer
		x, err := newXLSX(&file, w.store.Registry(), w.store.Zone(), 10)
		w.must(err)
		for i := range events {
			w.must(x.write(&checkpoint.ScanEvent{Person: uint64(i + 1), OccurredAt: 1, RecordedAt: 1, Direction: checkpoint.In}))
		}
		w.must(x.close())
		book, err := excelize.OpenReader(&file)
		w.must(err)
		var got []int
		person := 0
		for _, sheet := range book.GetSheetList() {
			rows, err := book.GetRows(sheet)
			w.must(err)
			got = append(got, len(rows))
			for _, row := range rows[1:] {
				if person++; row[2] != checkpoint.FormatPersonID(uint64(person)) {
					t.Errorf("%s: person %s, want %d", sheet, row[2], person)
				}
			}
			if rows[0][0] != "occurred_at (Asia/Shanghai)" || rows[0][2] != "person" {
				t.Errorf("%s begins with %v", sheet, rows[0])
			}
		}
		if !reflect.DeepEqual(got, sheets) {
			t.Errorf("%d events make sheets of %v rows, want %v", events, got, sheets)
		}
		book.Close()
	}
}

// What was cut off is no file of its kind.
func TestCutFilesCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, media := range []string{mimeXLSX, mimeParquet} {
		w := newWorld(t)
		w.serve(func(s *Server) {
			s.app.Get("/cut", func(c *fiber.Ctx) error {
				s.begin(c)
				c.SetUserContext(t.Context())
				return s.stream(c, streamForms[media], func(_ context.Context, row func(*checkpoint.ScanEvent) error) error {
					for i := range 50_000 {
						if err := row(&checkpoint.ScanEvent{Person: uint64(i) << 30, OccurredAt: int64(i), Direction: checkpoint.In}); err != nil {
							return err
						}
					}
					return errors.New("lost")
				})
			})
		})
		res, err := w.http.Get(w.url + "/cut")
		w.must(err)
		got, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil || len(got) < streamPiece {
			t.Errorf("%s: %d bytes before the cut, %v", media, len(got), err)
		}
		if media == mimeXLSX {
			_, err = excelize.OpenReader(bytes.NewReader(got))
		} else {
			_, err = parquet.OpenFile(bytes.NewReader(got), int64(len(got)))
		}
		if err == nil {
			t.Errorf("%s: half a file can be read", media)
		}
	}
}
