package gateway

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGrowthIsInTheTree: the table of what clients can make grow names tests
// that exist.
func TestGrowthIsInTheTree(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("growth.go")
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]string{"gateway": ".", "checkpoint": "../checkpoint", "main": "../cmd/passgate"}
	sources := map[string]string{}
	for name, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources[name] += string(text)
		}
	}
	rows := 0
	for line := range strings.Lines(string(table)) {
		if !strings.HasPrefix(line, "//\t") || strings.Contains(line, "what grows") {
			continue
		}
		rows++
		name := regexp.MustCompile(`(\w+)\.((Test|Fuzz)\w+)\s*$`).FindStringSubmatch(line)
		if name == nil || !strings.Contains(sources[name[1]], "\nfunc "+name[2]+"(") {
			t.Errorf("no such test: %s", strings.TrimSpace(line))
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows", rows)
	}
}

// TestFewSignedListsAreKept: whoever asks for lists since all counters there
// are gets them, and the gateway keeps no more than a few.
func TestFewSignedListsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.revoke(w.people["wang"])
	for since := range 3 * signedKept {
		w.do(http.MethodGet, fmt.Sprintf("/v1/revocations?since=%d", since), w.deviceToken("D1"), nil).ok(http.StatusOK)
	}
	w.server.revoked.mu.Lock()
	defer w.server.revoked.mu.Unlock()
	if n := len(w.server.revoked.signed); n > signedKept {
		t.Errorf("%d lists are kept, %d are the most", n, signedKept)
	}
}
