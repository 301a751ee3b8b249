package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTraceGateWritesFiles(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, r *http.Request) {
		media := r.Header.Get("Accept")
		query := r.URL.Query()
		if query.Get("temperature_min") != "37.3" || query.Get("temperature_max") != "39" || query.Get("reason") != "fever" || query.Has("limit") {
			sendProblem(w, 422, "invalid", "temperature_min", "not as the test wants it: "+r.URL.String())
			return
		}
		w.Header().Set("Content-Type", media)
		_, _ = w.Write([]byte("file of " + media))
		if r.PathValue("gate") == "CUT" {
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}})
	s := signedIn(t, server)
	dir := t.TempDir()
	sheet, parquet := filepath.Join(dir, "m1.xlsx"), filepath.Join(dir, "m1.parquet")
	filters := []string{"--temperature-min", "37.3", "--temperature-max", "39", "--because", "fever", "--server", server}
	_, errs := s.must(0, append([]string{"trace", "gate", "M1", "--xlsx", sheet, "--parquet", parquet}, filters...)...)
	contains(t, errs, "m1.xlsx: ", "m1.parquet: ")
	for name, form := range map[string]string{sheet: "spreadsheetml.sheet", parquet: "apache.parquet"} {
		text, err := os.ReadFile(name)
		if err != nil || !strings.HasSuffix(string(text), form) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}

	cut := filepath.Join(dir, "cut.xlsx")
	_, errs = s.must(exitBackend, append([]string{"trace", "gate", "CUT", "--xlsx", cut}, filters...)...)
	contains(t, errs, "broke off")
	if left, _ := filepath.Glob(filepath.Join(dir, "*cut*")); len(left) != 0 {
		t.Errorf("half a file is left: %v", left)
	}
	s.must(exitUsage, append([]string{"trace", "gate", "M1", "--xlsx", cut, "--csv"}, filters...)...)
	s.must(exitUsage, "trace", "gate", "M1", "--refusals", "--xlsx", cut, "--server", server)
	s.must(exitUsage, "trace", "gate", "M1", "--refusals", "--no-temperature", "--server", server)
}
