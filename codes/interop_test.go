package codes

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// runJOSE gives npm jose's verdict on each token: a line of ok or err.
func runJOSE(t *testing.T, tokens []string, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", append([]string{"--no-warnings", "verify.mjs", "--at", strconv.FormatInt(goldenTime.Unix(), 10)}, args...)...)
	command.Dir = "interop"
	command.Stdin = strings.NewReader(strings.Join(tokens, "\n") + "\n")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(tokens) {
		t.Fatalf("%d verdicts on %d tokens\n%s", len(lines), len(tokens), stderr.String())
	}
	return lines
}

// installJOSE fetches npm jose at the version of the lock file.
func installJOSE(t *testing.T) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed: this test needs Node.js 20 or newer with npm (Debian: apt-get install nodejs npm)", program)
		}
	}
	if _, err := os.Stat(filepath.Join("interop", "node_modules", "jose", "package.json")); err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	command.Dir = "interop"
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in codes/interop: %v\n%s", err, out)
	}
}

// TestJOSEInterop: a library that knows nothing of this package accepts our
// passes and lists with our JWKS, from a file and over HTTP, and refuses them
// with one character changed.
func TestJOSEInterop(t *testing.T) {
	t.Parallel()
	installJOSE(t)
	file := fixedRingFile()
	file.Keys = append(file.Keys, fixedKey("two", usePass, goldenTime))
	ring := ringOf(t, file)
	jwks, err := ring.JWKS(goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(path, jwks, 0o644); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(jwks) }))
	defer server.Close()

	var tokens, want []string
	for i := range 20 {
		for _, kind := range []Kind{KindApp, KindPaper, KindVisitor} {
			signer := signerAt(t, ring, goldenTime.Add(-time.Duration(i%2)*time.Minute)) // both keys
			pass, jwt, err := signer.Issue(Request{Person: uint64(i), Kind: kind, Home: "XS-1", NotBefore: goldenTime})
			if err != nil {
				t.Fatal(err)
			}
			tokens, want = append(tokens, jwt), append(want, "ok\t"+b64.EncodeToString(pass.ID[:]))
		}
	}
	first, middle := tokens[0], len(tokens[0])/2
	list, err := ring.SignList(RevocationList{Counter: 77, IDs: idsOf(1, 2, 3)}, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	other := ringOf(t, ringFile{Version: 1, ZoneSecret: file.ZoneSecret, Keys: []keyFile{fixedKey("other", usePass, goldenTime)}})
	_, stranger := issueAt(t, other, goldenTime)
	tokens = append(tokens, list, stranger, tamper(first, middle), tamper(first, len(first)-9), "x")
	want = append(want, "err\tERR_JWT_CLAIM_VALIDATION_FAILED", "err\tERR_JWKS_NO_MATCHING_KEY", "err\tERR_JWS_SIGNATURE_VERIFICATION_FAILED",
		"err\tERR_JWS_SIGNATURE_VERIFICATION_FAILED", "err\tERR_JWS_INVALID")
	for _, source := range []string{path, server.URL} {
		for i, got := range runJOSE(t, tokens, source) {
			if got != want[i] {
				t.Errorf("%s: token %d: %q, want %q", source, i, got, want[i])
			}
		}
		verdicts := runJOSE(t, []string{list, tamper(list, len(list)/2), first}, "--list", source)
		if verdicts[0] != "ok\t77" || strings.HasPrefix(verdicts[1], "ok") || strings.HasPrefix(verdicts[2], "ok") {
			t.Errorf("%s: lists: %q", source, verdicts)
		}
	}
}

// tamper puts another base64url character at i.
func tamper(text string, i int) string {
	replacement := "A"
	if text[i] == 'A' {
		replacement = "B"
	}
	return text[:i] + replacement + text[i+1:]
}
