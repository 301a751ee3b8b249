package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"passgate/checkpoint"
	"passgate/checkpoint/journal"
)

// newJournalData is a server's folder with a journal of two scans, the second
// set aside.
func newJournalData(t *testing.T) (dir string, owed, aside uint64) {
	t.Helper()
	dir = t.TempDir()
	key := []byte(strings.Repeat("k", 32))
	if err := writePrivate(filepath.Join(mustDir(t, dir, "keys"), "journal.key"), []byte(hex.EncodeToString(key))); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "journal"), Key: key})
	if err != nil {
		t.Fatal(err)
	}
	value, err := json.Marshal(map[string]any{"r": checkpoint.ScanRequest{
		ID: "scan-0001", Device: 77, Person: 0x7fffffffffffff01, Presented: "PG1:SECRET", Plate: "鲁A12345",
		WalkIn: &checkpoint.WalkIn{Name: "王小明"}, Told: &checkpoint.Told{Decision: checkpoint.Pass},
	}, "o": uint64(0x7fffffffffffff01)})
	if err != nil {
		t.Fatal(err)
	}
	if owed, err = j.Owe(t.Context(), 5, value); err == nil {
		aside, err = j.Owe(t.Context(), 6, value)
	}
	if err == nil {
		err = j.SetAside(aside, `name: "王小明" is too short`)
	}
	if err == nil {
		err = j.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, owed, aside
}

func mustDir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

var personal = []string{"王小明", "SECRET", "12345", strconv.FormatUint(0x7fffffffffffff01, 10)}

func TestJournalListNamesNobody(t *testing.T) {
	t.Parallel()
	dir, owed, aside := newJournalData(t)
	sh := newShell(t)
	for _, args := range [][]string{
		{"journal", "list", "--data", dir}, {"journal", "list", "--data", dir, "--json"},
	} {
		out, said := sh.must(exitNo, args...)
		contains(t, out, strconv.FormatUint(owed, 10), strconv.FormatUint(aside, 10), "is too short")
		for _, p := range personal {
			if strings.Contains(out+said, p) {
				t.Errorf("%v shows %q", args, p)
			}
		}
	}
}

func TestJournalShowRevealsOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	dir, owed, aside := newJournalData(t)
	sh := newShell(t)
	number := strconv.FormatUint(owed, 10)
	masked, _ := sh.must(exitOK, "journal", "show", number, "--data", dir)
	contains(t, masked, "scan-0001", "77")
	open, _ := sh.must(exitOK, "journal", "show", number, "--data", dir, "--reveal")
	contains(t, open, personal...)
	asideMasked, _ := sh.must(exitOK, "journal", "show", strconv.FormatUint(aside, 10), "--data", dir)
	for _, p := range personal {
		if strings.Contains(masked+asideMasked, p) {
			t.Errorf("%q is shown: %s%s", p, masked, asideMasked)
		}
	}
	_, said := sh.must(exitNo, "journal", "show", "1", "--data", dir)
	contains(t, said, "journal list")
}

func TestJournalSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir, _, _ := newJournalData(t)
	sh := newShell(t)
	refused := func(want string, data string) {
		t.Helper()
		_, said := sh.must(exitUsage, "journal", "list", "--data", data)
		contains(t, said, want)
	}
	refused("--data", t.TempDir())
	key := filepath.Join(dir, "keys", "journal.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("00", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("another key", dir)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	refused("PASSGATE_JOURNAL_KEY", dir)
}
