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
	namesTests(t, "growth.go", 20)
}

// lastName is a test at the end of a line: its folder, main for the command's,
// and its name.
var lastName = regexp.MustCompile(`\s([\w/]+)\.((?:Test|Fuzz)\w+)\s*$`)

// namesTests fails the test unless each row of the table in a comment of the
// file, the first one apart, ends in the name of a test that exists.
func namesTests(t *testing.T, file string, atLeast int) {
	t.Helper()
	table, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{} // by folder
	rows := -1
	for line := range strings.Lines(string(table)) {
		if !strings.HasPrefix(line, "//\t") {
			continue
		}
		if rows++; rows == 0 {
			continue
		}
		name := lastName.FindStringSubmatch(line)
		if name == nil {
			t.Errorf("no test is named: %s", strings.TrimSpace(line))
			continue
		}
		if _, read := sources[name[1]]; !read {
			sources[name[1]] = testsOf(t, name[1])
		}
		if !strings.Contains(sources[name[1]], "\nfunc "+name[2]+"(") {
			t.Errorf("no such test: %s", strings.TrimSpace(line))
		}
	}
	if rows < atLeast {
		t.Errorf("the table has %d rows", rows)
	}
}

// testsOf is the text of a folder's tests.
func testsOf(t *testing.T, folder string) (text string) {
	t.Helper()
	if folder == "main" {
		folder = "cmd/passgate"
	}
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text += string(source)
	}
	return text
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
