package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"passgate/checkpoint"
	"passgate/gateway"
)

// newTown runs the whole server with a Redis of its own: a village and a mall
// with a gate each, and the accounts boss and lead, a leader of the whole town.
func newTown(t *testing.T) (server string) {
	t.Helper()
	server, _ = newTownIn(t)
	return server
}

// newTownIn is newTown with the folder of its data.
func newTownIn(t *testing.T) (server, dir string) {
	t.Helper()
	return newTownAt(t, time.Now)
}

// newTownAt is newTownIn with a clock of its own.
func newTownAt(t *testing.T, clock func() time.Time) (server, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgt") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	cmd := &ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "t:", Data: dir, Retention: 28}
	srv, err := cmd.open(t.Context(), con, slog.New(slog.DiscardHandler), clock)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := gateway.HashPassword("secret of the test")
	if err != nil {
		t.Fatal(err)
	}
	err = srv.store.Change(t.Context(), func(d *checkpoint.Draft) error {
		for _, put := range []error{
			d.PutGridNode(checkpoint.GridNode{ID: "XS", Name: "许商街道", Level: 1}),
			d.PutGridNode(checkpoint.GridNode{ID: "A1", Parent: "XS", Name: "一管区", Level: 2}),
			d.PutGridNode(checkpoint.GridNode{ID: "V1C", Parent: "A1", Name: "佟道口", Level: 3}),
			d.PutSite(checkpoint.Site{Code: "V1", Name: "佟道口村", Kind: checkpoint.Village, Grid: "V1C"}),
			d.PutSite(checkpoint.Site{Code: "M1", Name: "银座商城", Kind: checkpoint.Mall, Grid: "A1"}),
			d.PutGate(checkpoint.Gate{Code: "V1-g1", Name: "村口", Site: "V1", Open: true}),
			d.PutGate(checkpoint.Gate{Code: "M1-g1", Name: "正门", Site: "M1", Open: true}),
			d.PutStaff(checkpoint.Staff{Login: "boss", Name: "管理员", Role: checkpoint.RoleAdmin, PasswordHash: hash}),
			d.PutStaff(checkpoint.Staff{Login: "lead", Name: "李主任", Role: checkpoint.RoleLeader, Grid: "XS", PasswordHash: hash}),
		} {
			if put != nil {
				return put
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
		srv.close()
	})
	return srv.url(), dir
}

// idNumber gives a valid number by the weights that GB 11643 prints.
func idNumber(serial int) string {
	digits := fmt.Sprintf("37012619800101%03d", serial)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return digits + string("10X98765432"[sum%11])
}

// gatePhone enrols a device as a guard does.
func gatePhone(t testing.TB, boss *client, gate string) *client {
	t.Helper()
	var room struct {
		EnrolCode string `json:"enrol_code"`
	}
	if err := boss.post(t.Context(), "/v1/devices", map[string]string{"gate": gate, "lane": "东门一道"}, &room); err != nil {
		t.Fatal(err)
	}
	phone, err := newClient(serverFlags{Server: boss.base})
	if err != nil {
		t.Fatal(err)
	}
	var enrolled struct{ Token string }
	if err := phone.post(t.Context(), "/v1/devices/enrol", map[string]string{"code": room.EnrolCode}, &enrolled); err != nil {
		t.Fatal(err)
	}
	phone.token = enrolled.Token
	return phone
}

// scan lets a pass through a gate and gives decision and reason.
func scan(t *testing.T, phone *client, id, pass, direction string) string {
	t.Helper()
	var result struct{ Decision, Reason string }
	err := phone.post(t.Context(), "/v1/scans", map[string]any{
		"id": id, "occurred_at": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "pass": pass, "direction": direction, "temperature": 36.5, "temperature_method": "wrist",
	}, &result)
	if err != nil {
		t.Fatal(err)
	}
	return result.Decision + " " + result.Reason
}

// TestFromASpreadsheetToATrajectory is the job of a village's first day.
func TestFromASpreadsheetToATrajectory(t *testing.T) {
	t.Parallel()
	server := newTown(t)
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(0, "login", "--login", "boss", "--server", server)
	delete(s.env, "PASSGATE_PASSWORD")
	at := func(args ...string) []string { return append(args, "--server", server) }

	// A CSV of Windows in GB18030, and an Excel file; each with bad rows.
	wrong := idNumber(3)[:17] + idNumber(4)[17:] // check digits of neighbours differ
	text := "姓名,身份证号,手机号,村居,门牌\r\n王小明," + idNumber(1) + ",13800000000,佟道口村,1-101\r\n李四," + idNumber(2) + ",,V1,1-102\r\n" +
		"赵六," + wrong + ",,V1,1-103\r\n孙八," + idNumber(4) + ",,没有的村,1-104\r\n周九," + idNumber(5) + ",12345,V1,1-105\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	path := s.file("village.csv", gb)
	got := summaryOf(t, first(s.must(1, at("residents", "import", path, "--json")...)))
	if got.Created != 2 || got.Refused != 3 {
		t.Errorf("CSV: %+v", got)
	}
	for i, want := range []struct{ row, field, name string }{{"4", "id_number", "赵六"}, {"5", "site", "孙八"}, {"6", "phone", "周九"}} {
		if row := errorRows(t, path+".errors.csv")[i+1]; row[1] != want.row || row[2] != want.field || !han(row[3]) || row[4] == "" || row[5] != want.name {
			t.Errorf("refused %q, want %+v", row, want)
		}
	}
	if got = summaryOf(t, first(s.must(1, at("residents", "import", path, "--json")...))); got.Unchanged != 2 || got.Created+got.Changed != 0 {
		t.Errorf("CSV again: %+v", got)
	}
	sheet := s.home + "/village.xlsx"
	writeSheet(t, sheet, [][]any{{"登记表"}, {"姓名", "身份证号码", "村居"}, {"吴十", idNumber(6), "佟道口村"}, {"郑一", 370126198001010071, "V1"}, {"冯二", wrong, "V1"}})
	if got = summaryOf(t, first(s.must(1, at("residents", "import", sheet, "--json")...))); got.Created != 1 || got.Refused != 2 {
		t.Errorf("Excel: %+v", got)
	}
	if row := errorRows(t, sheet+".errors.csv")[1]; row[1] != "4" || row[4] != numberCell {
		t.Errorf("a number as ID: %q", row)
	}
	if got = summaryOf(t, first(s.must(1, at("residents", "import", sheet, "--json")...))); got.Unchanged != 1 || got.Created+got.Changed != 0 {
		t.Errorf("Excel again: %+v", got)
	}
	traceOf(t, s, at, server, exported(t, s, at))
}

// exported exports, imports the export again, and gives the ID of 王小明.
func exported(t *testing.T, s *shell, at func(...string) []string) (person string) {
	t.Helper()
	path := s.home + "/export.csv"
	s.must(0, at("residents", "export", "--csv", path)...)
	if got := summaryOf(t, first(s.must(0, at("residents", "import", path, "--json")...))); got.Unchanged != 3 || got.Rows != 3 {
		t.Errorf("the export, imported: %+v", got)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(s.read(path), byteOrderMark))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row[1] == "王小明" {
			person = row[0]
		}
	}
	if !personID.MatchString(person) {
		t.Fatalf("no person in %q", rows)
	}
	return person
}

// leader signs in as one: who asks under a case has not opened it.
func leader(t *testing.T, server string) *shell {
	t.Helper()
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(0, "login", "--login", "lead", "--server", server)
	delete(s.env, "PASSGATE_PASSWORD")
	return s
}

func traceOf(t *testing.T, s *shell, at func(...string) []string, server, person string) {
	t.Helper()
	png := s.home + "/pass.png"
	issued, _ := s.must(0, at("pass", "issue", "--resident", person, "--kind", "paper", "--png", png)...)
	compact := decodeQR(t, png)
	contains(t, issued, compact)
	token := issued[strings.Index(issued, "eyJ") : len(issued)-1]

	boss, err := serverFlags{Server: server}.open(t.Context(), &console{Env: func(string) string { return "" }, ConfigDir: func() (string, error) { return s.home, nil }, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := boss.send(t.Context(), request{method: "GET", path: "/.well-known/jwks.json"})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	set, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	jwks := s.file("jwks.json", string(set))
	out, _ := s.must(0, "pass", "verify", "--jwks", jwks, compact, token)
	if lines := strings.Fields(out); len(lines) != 4 || lines[0] != "ok" || lines[1] != lines[3] {
		t.Errorf("the two forms are not one pass: %q", out)
	}
	s.in = strings.NewReader("\xff\x00\x1b\n" + compact)
	s.must(1, "pass", "verify", "--jwks", jwks)

	village, mall := gatePhone(t, boss, "V1-g1"), gatePhone(t, boss, "M1-g1")
	from := time.Now().Add(-time.Minute).Format(time.RFC3339)
	for i, step := range []struct {
		phone     *client
		direction string
	}{{village, "out"}, {mall, "in"}, {mall, "out"}, {village, "in"}} {
		if got := scan(t, step.phone, fmt.Sprintf("scan-%04d", i), []string{compact, token}[i%2], step.direction); got != "pass ok" {
			t.Errorf("scan %d: %s", i, got)
		}
		time.Sleep(2 * time.Millisecond) // two scans of a person are never in one
	}
	if got := scan(t, mall, "scan-0099", "https://example.org/", "in"); got != "deny not_our_pass" {
		t.Errorf("a foreign code: %s", got)
	}
	_, errs := s.must(1, at("trace", "gate", "M1-g1")...)
	contains(t, errs, "403 case_needed", "passgate case use", "passgate help case open")
	opened, _ := leader(t, server).must(0, at("case", "open", "--kind", "confirmed", "--person", person, "--title", "首例", "--onset", from)...)
	contains(t, opened, "C1  confirmed  open  首例", person, "王*明", "50 people (0 asked about), 14 days, 1 hops")
	_, errs = s.must(0, at("case", "use", "C1", "--reason", "找接触者")...)
	contains(t, errs, "case C1: 找接触者")
	var table string
	for range 50 { // the index follows the record
		if table, errs = s.must(0, at("trace", "gate", "M1-g1", "--from", from)...); strings.HasPrefix(errs, "2 ") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	contains(t, errs, "2 events; case C1: 找接触者")
	contains(t, table, person, "王*明", "36.5", "东门一道", "paper")
	if out, _ := s.must(0, at("trace", "gate", "M1-g1", "--from", from, "--direction", "in", "--csv")...); strings.Count(out, "\n") != 2 || strings.Contains(out, "王") || !strings.Contains(out, person) {
		t.Errorf("CSV of the gate: %q", out)
	}
	refusals, _ := s.must(0, at("trace", "gate", "M1-g1", "--from", from, "--refusals")...)
	contains(t, refusals, "not_our_pass")
	way, errs := s.must(0, at("trace", "person", person, "--from", from)...)
	contains(t, way, "银座商城", "M1-g1", "佟道口村", "home V1")
	contains(t, errs, "4 events")
	_, errs = s.must(1, at("trace", "person", "0400000000ffffff")...)
	contains(t, errs, "404 not_found")
}
