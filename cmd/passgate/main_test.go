package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryVerbHasHelpWithAnExample(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{
		"login", "keys", "keys list", "keys rotate", "keys jwks", "keys fields", "keys fields list", "keys fields rotate", "keys fields drop", "pass", "pass issue", "pass verify", "pass expand", "pass compact",
		"residents", "residents import", "residents export", "residents erase", "trace", "trace gate", "trace person", "trace contacts", "trace crowd", "trace inside", "case", "case open", "case list", "case show",
		"case use", "case attach", "case lift", "case grant", "case approve", "case close", "rules", "rules table", "rules reasons",
		"version", "help", "serve", "audit", "audit list", "audit export", "audit head", "audit verify", "replay", "feed", "feed follow", "doctor", "completion",
	} {
		s := newShell(t)
		out, _ := s.must(0, append(strings.Fields(verb), "--help")...)
		contains(t, out, "Usage: passgate "+verb, "Example", "passgate "+strings.Fields(verb)[0])
		again, _ := s.must(0, append([]string{"help"}, strings.Fields(verb)...)...)
		if again != out {
			t.Errorf("help %s differs from %s --help", verb, verb)
		}
	}
	out, _ := newShell(t).must(0, "help")
	contains(t, out, "Exit codes:", "residents import", "trace person", "keys rotate", "PASSGATE_PASSWORD")
}

func TestWrongUsageIsTwo(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"", "fly", "keys", "rules", "rules table --json --markdown", "rules reasons --csv --json", "pass issue", "pass issue --resident 12", "pass verify", "pass verify --jwks /nowhere x", "trace gate",
		"trace gate G --decision maybe", "case open --kind flu --title x", "case use C1", "case approve C1 pardon 0", "trace contacts 12", "trace crowd G1@2026 G2", "trace inside", "trace person 110105194912310021", "trace gate G --json --csv", "residents import /nowhere.csv",
		"trace gate G --server ftp://x", "pass issue --resident 0400000000000007 --png a --svg b", "keys list --data /nowhere", "login",
		"trace gate G --from yesterday --server http://localhost:1",
	} {
		_, errs := newShell(t).must(2, strings.Fields(args)...)
		if !strings.HasPrefix(errs, "passgate: ") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: want one line that says what is wrong, got %q", args, errs)
		}
	}
}

func TestServerOutOfReachIsThree(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "x"
	_, errs := s.must(3, "trace", "gate", "G", "--server", "http://127.0.0.1:1", "--login", "wang")
	contains(t, errs, "http://127.0.0.1:1", "does not answer")
}

func TestProblemsAreOneClearLine(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		status, exit int
		text         string
	}{
		"unauthorized": {401, 1, "passgate login"},
		"out_of_scope": {403, 1, "part of the grid"},
		"not_found":    {404, 1, "(404 not_found)"},
		"invalid":      {422, 2, "from: the reason"},
		"unavailable":  {503, 3, "run the same command again"},
		"internal":     {500, 3, "log"},
	} {
		server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, _ *http.Request) {
			field := ""
			if code == "invalid" {
				field = "from"
			}
			sendProblem(w, want.status, code, field, "the reason\x1b[31m\r\nsecond")
		}})
		_, errs := signedIn(t, server).must(want.exit, "trace", "gate", "G", "--server", server)
		contains(t, errs, want.text, "the reason")
		if strings.Count(errs, "\n") != 1 || strings.ContainsAny(errs, "\x1b\r") {
			t.Errorf("%s: %q could disturb a terminal", code, errs)
		}
	}
}

func TestSomethingElseThanPassgateIsNamedSo(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>"))
	}})
	_, errs := signedIn(t, server).must(3, "trace", "gate", "G", "--server", server)
	contains(t, errs, "is it a passgate server?")
}

func TestSessionIsKeptForItsServerOnlyAndPrivately(t *testing.T) {
	t.Parallel()
	asked := 0
	routes := map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, _ *http.Request) {
		asked++
		sendJSON(w, 200, map[string]any{"gate": "G", "events": []any{}, "next": ""})
	}}
	server, other := fake(t, routes), fake(t, routes)
	s := signedIn(t, server)
	path := filepath.Join(s.home, "passgate", "sessions.json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("session file: %v, %v", info, err)
	}
	s.must(0, "trace", "gate", "G", "--server", server)
	s.must(2, "trace", "gate", "G", "--server", other)
	if asked != 1 {
		t.Errorf("%d requests arrived, want the one to the session's server", asked)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, errs := s.must(2, "trace", "gate", "G", "--server", server)
	contains(t, errs, "chmod 600")
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, 200, map[string]any{"gate": "G", "events": []any{}, "next": ""})
	}})
	s := newShell(t)
	s.must(0, "trace", "gate", "G", "--server", server, "--token-file", s.file("token", "tok.wang\n"))
	s.must(2, "trace", "gate", "G", "--server", server, "--token-file", s.file("junk", "{not a token}"))
	s.must(2, "trace", "gate", "G", "--server", server, "--token-file", s.home+"/none")
}

func TestWrongPasswordIsANoAndIsNotPrinted(t *testing.T) {
	t.Parallel()
	server := fake(t, nil)
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "not-the-one-123"
	out, errs := s.must(1, "login", "--login", "wang", "--server", server)
	contains(t, errs, "does not accept")
	if strings.Contains(out+errs, "not-the-one-123") {
		t.Error("the password was printed")
	}
	delete(s.env, "PASSGATE_PASSWORD")
	_, errs = s.must(2, "login", "--login", "wang", "--server", server)
	contains(t, errs, "PASSGATE_PASSWORD")
}

func TestRedirectsTakeNoTokenAlong(t *testing.T) {
	t.Parallel()
	leaked := false
	thief := fake(t, map[string]http.HandlerFunc{"GET /": func(http.ResponseWriter, *http.Request) { leaked = true }})
	server := fake(t, map[string]http.HandlerFunc{"GET /v1/gates/{gate}/events": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief+"/", http.StatusFound)
	}})
	signedIn(t, server).must(3, "trace", "gate", "G", "--server", server)
	if leaked {
		t.Error("the redirect was followed")
	}
}

func TestInterruptEndsACommandThatWaits(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	jwks := s.file("jwks.json", goldenFile(t, "jwks.json"))
	ctx, cancel := context.WithCancel(t.Context())
	s.in = silence{cancel}
	code, _, errs := s.runIn(ctx, "pass", "verify", "--jwks", jwks)
	if code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, errs)
	}
}

// silence is a terminal at which nobody types; the interrupt comes once it is
// read.
type silence struct{ interrupt context.CancelFunc }

func (s silence) Read([]byte) (int, error) {
	s.interrupt()
	select {}
}
