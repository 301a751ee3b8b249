package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// tracers are the accounts of a town with a case about one of three people who
// were at the mall: the second together with the first, the third later and
// together with the second.
type tracers struct {
	*testing.T
	server     string
	boss, lead *shell
	people     [3]string
	from       string
}

func newTracers(t *testing.T) *tracers {
	t.Helper()
	start := time.Now().Add(-50 * time.Minute)
	var back atomic.Int64 // how far the server's clock is behind
	back.Store(int64(time.Hour))
	tr := &tracers{T: t, from: time.Now().Add(-time.Hour).Format(time.RFC3339)}
	tr.server, _ = newTownAt(t, func() time.Time { return time.Now().Add(-time.Duration(back.Load())) })
	for login, s := range map[string]**shell{"boss": &tr.boss, "lead": &tr.lead} {
		*s = newShell(t)
		(*s).env["PASSGATE_PASSWORD"] = "secret of the test"
		tr.do(*s, 0, "login", "--login", login)
		delete((*s).env, "PASSGATE_PASSWORD")
	}
	boss, err := serverFlags{Server: tr.server}.open(t.Context(), &console{Env: func(string) string { return "" }, ConfigDir: func() (string, error) { return tr.boss.home, nil }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range tr.people {
		var made struct{ ID string }
		row := map[string]string{"name": fmt.Sprintf("王小%d", i), "id_number": idNumber(i), "site": "V1", "door": fmt.Sprint(i)}
		if err := boss.post(t.Context(), "/v1/residents", row, &made); err != nil {
			t.Fatal(err)
		}
		tr.people[i] = made.ID
	}
	mall := gatePhone(t, boss, "M1-g1")
	back.Store(0)
	var scans []any
	for i, step := range []struct {
		person, minute int
		direction      string
	}{{0, 0, "in"}, {1, 5, "in"}, {0, 15, "out"}, {2, 20, "in"}, {1, 40, "out"}} {
		scans = append(scans, map[string]any{
			"id": fmt.Sprintf("scan-%04d", i), "occurred_at": apiTime(start.Add(time.Duration(step.minute) * time.Minute)), "resident": tr.people[step.person],
			"direction": step.direction, "temperature": 36.5, "temperature_method": "wrist",
			"told": map[string]string{"decision": "pass", "reason": "ok"},
		})
	}
	var out struct {
		Results []struct {
			Result struct{ Decision string }
			Error  any
		}
	}
	if err := mall.post(t.Context(), "/v1/scans/batch", map[string]any{"scans": scans}, &out); err != nil {
		t.Fatal(err)
	}
	for i, r := range out.Results {
		if r.Result.Decision != "pass" {
			t.Fatalf("scan %d: %+v", i, out.Results)
		}
	}
	return tr
}

// do runs a command against the town.
func (tr *tracers) do(s *shell, code int, args ...string) (out, errs string) {
	tr.Helper()
	return s.must(code, append(args, "--server", tr.server)...)
}

// eventually runs a command until its output has a text: the index follows the
// record.
func (tr *tracers) eventually(want string, args ...string) (out, errs string) {
	tr.Helper()
	for range 100 {
		if out, errs = tr.do(tr.boss, 0, args...); strings.Contains(out, want) {
			return out, errs
		}
		time.Sleep(50 * time.Millisecond)
	}
	tr.Fatalf("no %q in:\n%s%s", want, out, errs)
	return "", ""
}

func TestACaseIsTheGroundOfQuestions(t *testing.T) {
	t.Parallel()
	tr := newTracers(t)
	a, b, c := tr.people[0], tr.people[1], tr.people[2]
	ask := []string{"--case", "C1", "--reason", "找 100% 的接触者"}
	with := func(args ...string) []string { return append(args, ask...) }

	out, _ := tr.do(tr.lead, 0, "case", "open", "--kind", "confirmed", "--person", a, "--title", "首例", "--onset", tr.from, "--json")
	var opened tracingCase
	if err := json.Unmarshal([]byte(out), &opened); err != nil || opened.Code != "C1" || opened.OnsetAt == nil {
		t.Fatalf("%v in %s", err, out)
	}
	_, errs := tr.do(tr.lead, 1, with("trace", "contacts", a)...)
	contains(t, errs, "403 same_person", "a colleague")
	out, errs = tr.eventually(b, with("trace", "contacts", a)...)
	contains(t, out, a, "the period of the case", "venue", "M1 银座商城", "王*1")
	contains(t, errs, "1 of 1 contacts", "case C1: 找 100% 的接触者")
	if line := lineWith(out, b); !strings.Contains(line, "  10  ") {
		t.Errorf("they were together for 10 minutes: %q", line)
	}
	out, _ = tr.do(tr.boss, 0, with("trace", "contacts", a, "--csv")...)
	contains(t, out, byteOrderMark+"rank,hop,person", b)
	out, _ = tr.do(tr.boss, 0, with("trace", "contacts", a, "--evidence")...)
	contains(t, out, "RANK  MET", "10")

	// What goes beyond the caps takes a second person.
	_, errs = tr.do(tr.boss, 1, with("trace", "contacts", a, "--hops", "2")...)
	contains(t, errs, "over_cap", "passgate help case lift")
	out, _ = tr.do(tr.boss, 0, "case", "lift", "C1", "--hops", "2", "--reason", "商场里的聚集")
	contains(t, out, "lift", "2 hops", "商场里的聚集", "boss")
	_, errs = tr.do(tr.boss, 1, "case", "approve", "C1", "lift", "0")
	contains(t, errs, "403 same_person")
	out, _ = tr.do(tr.lead, 0, "case", "approve", "C1", "lift", "0")
	contains(t, out, "14 days, 2 hops", "lead")
	out, _ = tr.do(tr.boss, 0, with("trace", "contacts", a, "--hops", "2")...)
	contains(t, lineWith(out, c), b+" (venue ", "  2  ")

	out, errs = tr.do(tr.boss, 0, with("trace", "crowd", "M1-g1@"+tr.from+"/"+time.Now().Format(time.RFC3339), "site:M1", "--from", tr.from, "--at-least", "2")...)
	contains(t, out, a, b, c, "1 2")
	contains(t, errs, "3 people")
	at := time.Now().Add(-40 * time.Minute).Format(time.RFC3339)
	out, errs = tr.do(tr.boss, 0, with("trace", "inside", "M1", "--at", at)...)
	contains(t, out, a, b, "M1-g1")
	contains(t, errs, "2 inside at ")

	out, _ = tr.do(tr.boss, 0, "case", "attach", "C1", b)
	contains(t, out, a, b)
	out, _ = tr.do(tr.boss, 0, "case", "grant", "C1", "A1", "--reason", "在那里上班")
	contains(t, out, "grant", "A1")
	out, errs = tr.do(tr.boss, 0, "case", "list")
	contains(t, out, "C1", "confirmed", "1 of 50", "首例")
	contains(t, errs, "1 cases")

	out, _ = tr.do(tr.boss, 0, "case", "close", "C1", "--outcome", "resolved")
	contains(t, out, "closed, resolved", "by boss")
	_, errs = tr.do(tr.boss, 1, with("trace", "person", a)...)
	contains(t, errs, "case_closed", "passgate case list")
	out, _ = tr.do(tr.boss, 0, "case", "list")
	if strings.Contains(out, "C1") {
		t.Errorf("a closed case is listed: %s", out)
	}
	_, errs = tr.do(tr.boss, 1, "case", "use", "C1", "--reason", "找接触者")
	contains(t, errs, "is closed")
}

// lineWith gives the first line that has a text as its subject, after the head.
func lineWith(text, part string) string {
	_, table, _ := strings.Cut(text, "\nRANK")
	for line := range strings.Lines(table) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func TestCaseAndReasonGoInHeadersOnly(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	server := fake(t, map[string]http.HandlerFunc{
		"GET /v1/cases/{code}": func(w http.ResponseWriter, r *http.Request) {
			sendJSON(w, 200, map[string]any{"code": r.PathValue("code"), "kind": "other"})
		},
		"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, r *http.Request) {
			seen = r
			sendJSON(w, 200, map[string]any{"gate": "G", "events": []any{}, "next": ""})
		},
		"GET /v1/sites": func(w http.ResponseWriter, r *http.Request) {
			seen = r
			sendJSON(w, 200, map[string]any{"sites": []any{}})
		},
	})
	s := signedIn(t, server)
	asked := func(want ground, args ...string) {
		t.Helper()
		s.must(0, append([]string{"trace", "gate", "G", "--server", server}, args...)...)
		if got := (ground{seen.Header.Get("Trace-Case"), seen.Header.Get("Trace-Reason")}); got != want {
			t.Errorf("%q: asked with %+v, want %+v", args, got, want)
		}
		if strings.Contains(seen.URL.String(), "C1") || strings.Contains(seen.URL.String(), "%E6") {
			t.Errorf("the URL tells: %s", seen.URL)
		}
	}
	asked(ground{})
	s.must(2, "case", "use", "C1", "--server", server)
	s.must(0, "case", "use", "C1", "--reason", "找人 50%", "--server", server)
	asked(ground{"C1", "%E6%89%BE%E4%BA%BA%2050%25"})
	asked(ground{"C1", "other"}, "--reason", "other")
	asked(ground{"C1", "%E6%89%BE%E4%BA%BA%2050%25"}, "--case", "C1")
	asked(ground{"C2", ""}, "--case", "C2") // its reason is not that of another case
	if info, err := os.Stat(filepath.Join(s.home, "passgate", "sessions.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("session file: %v, %v", info, err)
	}
	s.must(0, "case", "use", "--forget", "--server", server)
	asked(ground{})

	// A bare token keeps nothing.
	_, errs := s.must(2, "case", "use", "C1", "--reason", "找人找人", "--server", server, "--token-file", s.file("token", "tok.wang"))
	contains(t, errs, "PASSGATE_CASE")
}

func TestContactsShowNoControlCharactersAndSayWhatWasCut(t *testing.T) {
	t.Parallel()
	person := func(name string) map[string]any {
		return map[string]any{"id": "0400000000000007", "name_masked": name, "home": "V1", "area": "A1"}
	}
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/residents/{id}/contacts": func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("gate_margin") != "60" || q.Get("min_overlap") != "1" || q.Get("hops") != "1" || q.Has("from") {
			sendProblem(w, 422, "invalid", "gate_margin", "not as the test wants it: "+r.URL.String())
			return
		}
		sendJSON(w, 200, map[string]any{
			"resident": person("王\x1b*"), "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z", "period": "case", "total": 70,
			"contacts": []any{map[string]any{
				"hop": 1, "person": person("李\n*"), "kinds": []string{"household", "gate"}, "first_at": "2026-11-23T00:00:00Z",
				"chain": []any{map[string]any{"person": person("李*")}}, "evidence": []any{map[string]any{
					"kind": "gate", "site": "V1", "site_name": "村\u202e",
					"mine": map[string]any{"at": "2026-11-23T01:00:00Z", "gate": "V1-g1", "direction": "in"},
				}},
			}, map[string]any{"hop": 1, "person": map[string]any{"id": "0400000000000008", "outside": true, "area": "A9"}}},
			"staff": []any{map[string]any{"login": "guard\x1b7", "scans": 2, "gates": []string{"V1-g1"}}},
			"cuts":  []any{map[string]any{"kind": "people", "hop": 2, "at": 50, "of": 70}, map[string]any{"kind": "new\x1bkind", "at": 1, "of": 2, "site": "M1"}},
		})
	}})
	s := signedIn(t, server)
	out, _ := s.must(0, "trace", "contacts", "0400000000000007", "--gate-margin", "60", "--evidence", "--server", server)
	if strings.ContainsAny(out, "\x1b\u202e") {
		t.Errorf("an answer can disturb the terminal: %q", out)
	}
	contains(t, out, "household gate", "2026-11-23 08:00:00", "0400000000000008  in A9", "V1-g1 in 2026-11-23 09:00:00", "guard 7", "CUT at 50 of 70: people whose own contacts were looked for, hop 2", "CUT at 1 of 2: new kind, M1")
}
