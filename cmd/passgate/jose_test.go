package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A pass from the running server verifies in npm jose, which knows nothing of
// us, against the key set that the server serves; with one character changed
// it does not.
func TestPassVerifiesInJOSEAgainstTheServedKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "verify.mjs"} {
		content, err := os.ReadFile(filepath.Join("..", "..", "codes", "interop", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci (Node.js 20 with npm is needed): %v\n%s", err, out)
	}

	url, password, _ := startTownForTest(t)
	var session, person, pass map[string]any
	ask(t, url+"/v1/login", "", map[string]any{"login": adminLogin, "password": password}, &session)
	bearer, _ := session["token"].(string)
	ask(t, url+"/v1/residents", bearer, map[string]any{
		"name": "王小明", "id_number": "990126198001010011", "site": "370126001202", "door": "999",
	}, &person)
	id, _ := person["id"].(string)
	ask(t, url+"/v1/residents/"+id+"/passes", bearer, map[string]any{"kind": "app"}, &pass)
	token, _ := pass["token"].(string)
	forged := token[:40] + "A" + token[41:]
	if token[40] == 'A' {
		forged = token[:40] + "B" + token[41:]
	}

	node := exec.CommandContext(t.Context(), "node", "--no-warnings", "verify.mjs", url+"/.well-known/jwks.json")
	node.Dir, node.Stdin = dir, strings.NewReader(token+"\n"+forged+"\n")
	out, _ := node.Output() // exit code 1: one of the two is refused
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "ok\t") || !strings.HasPrefix(lines[1], "err\t") {
		t.Errorf("npm jose said %q of a pass and a forged one", lines)
	}
}

// ask posts JSON and reads the answer, which must be a success.
func ask(t *testing.T, url, bearer string, body, answer any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		t.Fatalf("POST %s: %s", url, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}
