package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func event(second int, name, plate string) map[string]any {
	return map[string]any{
		"occurred_at": fmt.Sprintf("2026-11-24T00:%02d:%02d.000Z", second/60%60, second%60), "recorded_at": "2026-11-24T00:00:01.000Z",
		"person": map[string]any{"id": "0400000000000007", "name_masked": name}, "direction": "in", "decision": "pass", "reason": "ok", "color": "green",
		"action": "admit", "flags": []string{"late"}, "temperature": 36.5, "temperature_method": "wrist", "who": "app", "device": "D1", "lane": "东门", "plate": plate,
	}
}

func TestTraceGateFollowsThePagesOfOneWindow(t *testing.T) {
	t.Parallel()
	const total = 2500
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("from") != "2026-11-23T16:00:00.000Z" || query.Get("direction") != "in" || query.Get("decision") != "pass" || r.PathValue("gate") != "G 1" {
			sendProblem(w, 422, "invalid", "from", "not as the test wants it: "+r.URL.String())
			return
		}
		start, _ := strconv.Atoi(query.Get("cursor"))
		if start > 0 && query.Get("to") != "2026-11-24T12:00:00.000Z" {
			sendProblem(w, 422, "invalid", "to", "the window moved between pages")
			return
		}
		limit, _ := strconv.Atoi(query.Get("limit"))
		end := min(start+limit, total)
		events, next := []any{}, ""
		for i := start; i < end; i++ {
			events = append(events, event(i, []string{"王*明", "李*", "欧阳**"}[i%3], "鲁A·12345"))
		}
		if end < total {
			next = strconv.Itoa(end)
		}
		sendJSON(w, 200, map[string]any{"gate": "G 1", "from": "2026-11-23T16:00:00.000Z", "to": "2026-11-24T12:00:00.000Z", "events": events, "next": next})
	}})
	s := signedIn(t, server)
	args := []string{"trace", "gate", "G 1", "--from", "2026-11-24", "--direction", "in", "--decision", "pass", "--server", server}
	out, errs := s.must(0, args...)
	contains(t, errs, "2500 events")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != total+1 {
		t.Fatalf("%d lines", len(lines))
	}
	contains(t, lines[1], "2026-11-24 08:00:00", "王*明", "36.5", "鲁A·12345", "late")
	at := -1
	for _, line := range lines { // every plate begins below its heading, whatever the width of the names
		column := runewidth.StringWidth(line[:max(strings.Index(line, "PLATE"), strings.Index(line, "鲁A"))])
		if at >= 0 && column != at {
			t.Fatalf("a column is out of line in %q", line)
		}
		at = column
	}
	out, _ = s.must(0, append(args, "--json")...)
	var doc struct {
		Gate   string
		Events []scanEvent
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.Gate != "G 1" || len(doc.Events) != total {
		t.Errorf("%v, %d events", err, len(doc.Events))
	}
}

func TestTraceShowsNoControlCharacters(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "text/csv") {
			_, _ = w.Write([]byte(byteOrderMark + "occurred_at,person\n"))
			return
		}
		sendJSON(w, 200, map[string]any{"gate": "G", "from": "2026-11-23T16:00:00Z", "to": "2026-11-24T16:00:00Z", "events": []any{event(1, "王\x1b[2J\n*", "\u202eABC")}, "next": ""})
	}})
	s := signedIn(t, server)
	out, _ := s.must(0, "trace", "gate", "G", "--server", server)
	if strings.ContainsAny(out, "\x1b\u202e") || strings.Count(out, "\n") != 2 {
		t.Errorf("a name or a plate can disturb the terminal: %q", out)
	}
	if out, _ = s.must(0, "trace", "gate", "G", "--csv", "--server", server); out != byteOrderMark+"occurred_at,person\n" {
		t.Errorf("the server's CSV became %q", out)
	}
}

func TestTraceGateRefusals(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/refusals": func(w http.ResponseWriter, _ *http.Request) {
		e := event(5, "", "")
		delete(e, "person")
		e["reason"] = "not_our_pass"
		sendJSON(w, 200, map[string]any{"refusals": []any{e}})
	}})
	out, errs := signedIn(t, server).must(0, "trace", "gate", "G", "--refusals", "--server", server)
	contains(t, out, "not_our_pass", "2026-11-24 08:00:05")
	contains(t, errs, "1 refusals")
}

func TestTracePerson(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/residents/{id}/trajectory": func(w http.ResponseWriter, r *http.Request) {
		e := event(1, "", "=cmd()")
		delete(e, "person")
		e["gate"] = "G1"
		sendJSON(w, 200, map[string]any{
			"resident": map[string]any{"id": r.PathValue("id"), "name_masked": "王*明", "home": "V1"},
			"stays": []any{
				map[string]any{"site": "V1", "site_name": "佟道口村", "entry_gate": "G1", "exit_gate": "", "from": "2026-11-24T00:00:00Z", "to": nil, "open": true, "minutes": 30},
				map[string]any{"site": "M", "site_name": "商场", "entry_gate": "M1", "exit_gate": "M2", "from": "2026-11-23T00:00:00Z", "to": "2026-11-23T01:00:00Z", "inferred": true, "conflict": true, "minutes": 60},
			},
			"events": []any{e},
		})
	}})
	s := signedIn(t, server)
	args := []string{"trace", "person", "0400000000000007", "--server", server}
	out, errs := s.must(0, args...)
	contains(t, out, "王*明", "home V1", "2026-11-24 08:00:00", "佟道口村", "open", "inferred conflict", "M2", "=cmd()")
	contains(t, errs, "2 stays, 1 events")
	out, _ = s.must(0, append(args, "--csv")...)
	contains(t, out, byteOrderMark+"person,site", "0400000000000007,M,商场,M1,M2,2026-11-23T08:00:00.000+08:00,2026-11-23T09:00:00.000+08:00,60,false,true,false,true")
	out, _ = s.must(0, append(args, "--csv", "--events")...)
	contains(t, out, ",G1,in,pass,ok,", "'=cmd()")
	out, _ = s.must(0, append(args, "--json")...)
	var doc map[string]any
	if err := json.Unmarshal([]byte(out), &doc); err != nil || doc["stays"] == nil || doc["events"] == nil {
		t.Errorf("%v in %q", err, out)
	}
}
