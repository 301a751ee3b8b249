package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// deploy/STAYS.md is what the program prints.
func TestStayRulesInTheDocsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	want, _ := newShell(t).must(0, "rules", "stays", "--markdown")
	got, err := os.ReadFile("../../deploy/STAYS.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("deploy/STAYS.md is not what the program prints; repair with: go run ./cmd/passgate rules stays --markdown > deploy/STAYS.md")
	}
}

func TestRulesOfStays(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	out, _ := s.must(0, "rules", "stays")
	contains(t, out, "never_left", "inferred", "clock_set_back", "conflict", "补传")
	out, _ = s.must(0, "rules", "stays", "--csv")
	contains(t, out, "rule,mark,zh,en", "exit_refused,,")
	out, _ = s.must(0, "rules", "stays", "--json")
	var doc struct {
		Rules   []struct{ Code, Mark, ZH, EN string }
		Longest []kindHours `json:"longest_stays"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Rules) != 11 || len(doc.Longest) != 7 || doc.Longest[2] != (kindHours{"mall", 24}) {
		t.Errorf("%v, %+v", err, doc)
	}
}

func TestTracePersonDrawsAPicture(t *testing.T) {
	t.Parallel()
	const picture = "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n"
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/residents/{id}/trajectory": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("Accept"))
		_, _ = w.Write([]byte(picture))
	}})
	s := signedIn(t, server)
	name := filepath.Join(t.TempDir(), "wang.svg")
	args := []string{"trace", "person", "0400000000000007", "--server", server, "--svg", name}
	_, errs := s.must(0, args...)
	contains(t, errs, "wang.svg: 47 bytes")
	text, err := os.ReadFile(name)
	if err != nil || string(text) != picture {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	s.must(exitUsage, append(args, "--json")...)
}
