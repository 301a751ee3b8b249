package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shell runs the program in process, with a home of its own.
type shell struct {
	t    *testing.T
	home string
	env  map[string]string
	in   io.Reader
}

func newShell(t *testing.T) *shell {
	t.Helper()
	return &shell{t: t, home: t.TempDir(), env: map[string]string{}, in: strings.NewReader("")}
}

// run gives exit code, output and errors.
func (s *shell) run(args ...string) (code int, out, errs string) {
	s.t.Helper()
	return s.runIn(s.t.Context(), args...)
}

func (s *shell) runIn(ctx context.Context, args ...string) (code int, out, errs string) {
	s.t.Helper()
	var o, e bytes.Buffer
	code = run(ctx, args, &console{
		In: s.in, Out: &o, Err: &e, Env: func(name string) string { return s.env[name] },
		ConfigDir: func() (string, error) { return s.home, nil },
	})
	return code, o.String(), e.String()
}

// must is run that has to end with a code.
func (s *shell) must(code int, args ...string) (out, errs string) {
	s.t.Helper()
	got, out, errs := s.run(args...)
	if got != code {
		s.t.Fatalf("passgate %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out, errs
}

func (s *shell) file(name, content string) string {
	s.t.Helper()
	path := filepath.Join(s.home, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

func (s *shell) read(path string) string {
	s.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

// fake is a server that speaks the contract as far as one test needs it. All
// but the login asks for the token.
func fake(t *testing.T, routes map[string]http.HandlerFunc) (url string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/login", func(w http.ResponseWriter, r *http.Request) {
		var ask struct{ Login, Password string }
		if json.NewDecoder(r.Body).Decode(&ask) != nil || ask.Password != "secret of the test" {
			sendProblem(w, 401, "unauthorized", "", "wrong login or password")
			return
		}
		sendJSON(w, 200, map[string]any{"token": "tok." + ask.Login, "expires_at": time.Now().Add(12 * time.Hour), "login": ask.Login, "name": "王芳", "role": "admin", "grid": ""})
	})
	for pattern, handle := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer tok.") {
				sendProblem(w, 401, "unauthorized", "", "log in first")
				return
			}
			handle(w, r)
		})
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func sendProblem(w http.ResponseWriter, status int, code, field, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "x", "title": "t", "status": status, "code": code, "field": field, "detail": detail})
}

// signedIn gives a shell whose commands reach the server.
func signedIn(t *testing.T, server string) *shell {
	t.Helper()
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(0, "login", "--login", "wang", "--server", server)
	delete(s.env, "PASSGATE_PASSWORD")
	return s
}
