package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// auditedTown is a server with reads on record, and the folder of its data.
func auditedTown(t *testing.T) (s *shell, at func(...string) []string, data string) {
	t.Helper()
	server, data := newTownIn(t)
	s = newShell(t)
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(0, "login", "--login", "boss", "--server", server)
	delete(s.env, "PASSGATE_PASSWORD")
	boss, err := serverFlags{Server: server}.open(t.Context(), &console{Env: func(string) string { return "" }, ConfigDir: func() (string, error) { return s.home, nil }, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := boss.fetch(t.Context(), request{method: "GET", path: "/v1/fevers"}, &struct{}{}); err != nil {
			t.Fatal(err)
		}
	}
	return s, func(args ...string) []string { return append(args, "--server", server) }, data
}

func TestTheAuditFromTheCommandLine(t *testing.T) {
	t.Parallel()
	s, at, data := auditedTown(t)
	out, errs := s.must(0, at("audit", "list", "--action", "/v1/fevers")...)
	contains(t, out, "boss", "GET /v1/fevers", "answered")
	contains(t, errs, "5 entries")
	out, _ = s.must(0, at("audit", "list", "--csv", "--actor", "boss")...)
	if lines := strings.Count(out, "\n"); lines != 7 { // the head, the five, the list before
		t.Errorf("%d lines of CSV: %s", lines, out)
	}
	out, _ = s.must(0, at("audit", "list", "--json", "--actor", "nobody")...)
	contains(t, out, `{"entries":[]}`)
	out, _ = s.must(0, at("audit", "list", "--json", "--action", "/v1/fevers")...)
	var listed struct{ Entries []auditEntry }
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed.Entries) != 5 || listed.Entries[4].Actor != "boss" {
		t.Errorf("listed %s, %v", out, err)
	}

	// The running server, by its own word and by its files.
	out, errs = s.must(0, at("audit", "verify")...)
	contains(t, out, "sound: ", "1 signed heads")
	contains(t, errs, "the server's own word")
	heads, key := filepath.Join(data, "audit", auditHeadsName), filepath.Join(data, "audit", auditKeyName)
	out, errs = s.must(0, at("audit", "verify", "--heads", heads, "--public-key", key)...)
	contains(t, out, "sound: ")
	if errs != "" {
		t.Errorf("said %q", errs)
	}
	socket, err := filepath.Glob(filepath.Join(data, "redis", "*.sock"))
	if err != nil || len(socket) != 1 {
		t.Fatalf("sockets %v, %v", socket, err)
	}
	direct := []string{"audit", "verify", "--redis", "unix://" + socket[0], "--prefix", "t:", "--heads", heads}
	out, errs = s.must(0, direct...)
	contains(t, out, "sound: ")
	contains(t, errs, "public key from "+key)

	// An export with a head that was kept, and what somebody makes of it.
	export := filepath.Join(s.home, "audit.ndjson")
	s.must(0, at("audit", "export", "--out", export)...)
	head, errs := s.must(0, at("audit", "head")...)
	contains(t, errs, "public key "+strings.TrimSpace(s.read(key)))
	mine := s.file("heads.ndjson", head)
	offline := func(from, heads string) []string {
		return []string{"audit", "verify", "--from", from, "--heads", heads, "--public-key", key}
	}
	s.must(1, offline(export, mine)...) // the head is newer than the export
	s.must(0, at("audit", "export", "--out", export)...)
	out, _ = s.must(0, offline(export, mine)...)
	contains(t, out, "sound: ")
	tamperExport(t, s, export, offline, mine)

	// And of Redis itself.
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: socket[0]})
	defer client.Close()
	if n, err := client.XDel(t.Context(), "t:{aud}:log", "3-0").Result(); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	out, _ = s.must(1, direct...)
	contains(t, out, "FOUND removed", "entries 3 to 3 are missing", "NOT SOUND")
	out, _ = s.must(1, at("audit", "verify", "--json")...)
	var report struct {
		Sound  bool
		Report checkpoint.AuditReport
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Sound || report.Report.Findings[0].Seq != 3 {
		t.Errorf("%v, %s", err, out)
	}
}

// tamperExport changes an exported file in many ways; each is found, and named.
func tamperExport(t *testing.T, s *shell, export string, offline func(from, heads string) []string, heads string) {
	t.Helper()
	lines := strings.SplitAfter(s.read(export), "\n")
	lines = lines[:len(lines)-1]
	join := func(parts ...[]string) string {
		var b strings.Builder
		for _, p := range parts {
			b.WriteString(strings.Join(p, ""))
		}
		return b.String()
	}
	for i, c := range []struct{ name, text, want string }{
		{"a field changed", join(lines[:2], []string{strings.Replace(lines[2], "boss", "bose", 1)}, lines[3:]), "entry 3 was changed"},
		{"spelled in another way", join(lines[:2], []string{strings.Replace(lines[2], `"seq":3`, `"seq": 3`, 1)}, lines[3:]), "not written as it was exported"},
		{"a member twice", join(lines[:2], []string{strings.Replace(lines[2], `"actor":"boss"`, `"actor":"wang","actor":"boss"`, 1)}, lines[3:]), "not written as it was exported"},
		{"a line removed", join(lines[:2], lines[3:]), "entries 3 to 3 are missing"},
		{"a line doubled", join(lines[:3], lines[2:]), "entry 3 is there twice"},
		{"lines exchanged", join(lines[:2], lines[3:4], lines[2:3], lines[4:]), "entry 3 lies behind entry 4"},
		{"the beginning removed", join(lines[2:]), "entries 1 to 2 are missing from the beginning"},
		{"the end removed", join(lines[:2]), "the end is missing from entry 3 on"},
		{"emptied", "", "the end is missing from entry 1 on"},
		{"something else", join(lines[:2], []string{"{}\n"}, lines[3:]), "in the place of entry 3"},
	} {
		out, _ := s.must(1, offline(s.file(fmt.Sprintf("tampered-%d.ndjson", i), c.text), heads)...)
		contains(t, out, "FOUND", c.want, "NOT SOUND")
	}
	_, errs := s.must(2, offline(s.file("torn.ndjson", join(lines[:2])+lines[2][:40]), heads)...)
	contains(t, errs, "does not end with a whole line")
	out, _ := s.must(1, offline(export, s.file("empty.ndjson", ""))...)
	contains(t, out, "there is no head in it")
	out, _ = s.must(1, offline(export, s.file("bad.ndjson", "{}\n"))...)
	contains(t, out, "bad.ndjson: line 1")
	changed := strings.Replace(s.read(heads), `"seq":`, `"seq":1`, 1)
	out, _ = s.must(1, offline(export, s.file("changed.ndjson", changed))...)
	contains(t, out, "its signature is wrong")
	other := strings.Repeat("ab", 32)
	out, _ = s.must(1, "audit", "verify", "--from", export, "--heads", heads, "--public-key", other)
	contains(t, out, "which is none of those given")
	_, errs = s.must(2, "audit", "verify", "--from", export, "--heads", heads)
	contains(t, errs, "--public-key")
	_, errs = s.must(2, offline("/nowhere", heads)...)
	contains(t, errs, "--from")
	out, _ = s.must(0, "audit", "verify", "--from", export)
	contains(t, out, "warning unsigned")
}

// What the last requests put on record is signed before the server ends, and
// the next start finds it so.
func TestTheServerSignsItsAuditBeforeItEnds(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "pga")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for round := range 2 {
		log := runAudited(t, dir, 3)
		if strings.Contains(log, "AUDIT") {
			t.Errorf("round %d: %s", round, log)
		}
		heads, err := checkpoint.ParseAuditHeads([]byte(newShell(t).read(filepath.Join(dir, "audit", auditHeadsName))))
		if err != nil || heads[len(heads)-1].Seq != int64(3*(round+1)) {
			t.Errorf("round %d: %v, %+v", round, err, heads)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "redis")); err != nil {
		t.Fatal(err)
	}
	if log := runAudited(t, dir, 1); !strings.Contains(log, "THE AUDIT LOG IS NOT WHAT IT WAS") {
		t.Errorf("without its data: %s", log)
	}
}

// runAudited runs a server on a folder, has things put on record while it ends,
// and gives its log.
func runAudited(t *testing.T, dir string, entries int) string {
	t.Helper()
	var log bytes.Buffer
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	cmd := &ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "t:", Data: dir, Retention: 28, AuditKeep: 1095}
	srv, err := cmd.open(t.Context(), con, slog.New(slog.NewTextHandler(&log, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it ends as soon as it runs
	for range entries {
		if _, err := srv.store.Audit(t.Context(), checkpoint.AuditEntry{Actor: "boss"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := srv.run(ctx); err != nil {
		t.Error(err)
	}
	return log.String()
}
