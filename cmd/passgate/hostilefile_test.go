package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestMixedCharacterSetsLoseNoGoodRow(t *testing.T) {
	t.Parallel()
	r, s, server := newRegister(t)
	// Three lines in UTF-8, one in GB18030, one with a NUL, one in neither.
	path := s.file("mixed.csv", "姓名,身份证号,村居\n王一,A1,一村\n王二,A2,一村\n\xcd\xf5\xc8\xfd,A3,\xd2\xbb\xb4\xe5\n王\x00四,A4,一村\n\xff\xff,A5,一村\n王六,A6,一村\n")
	s.must(1, "residents", "import", path, "--json", "--server", server)
	if got := slices.Sorted(maps.Keys(r.people)); !slices.Equal(got, []string{"A1", "A2", "A6"}) {
		t.Errorf("enrolled %v", got)
	}
	var numbers []string
	for _, row := range errorRows(t, path+".errors.csv")[1:] {
		numbers = append(numbers, row[1])
	}
	if !slices.Equal(numbers, []string{"4", "5", "6"}) {
		t.Errorf("rows %v are named, want 4, 5 and 6", numbers)
	}
}

// TestALinkIsReplacedAndNotFollowed: what is written under a name replaces a link there.
func TestALinkIsReplacedAndNotFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	victim, link := filepath.Join(dir, "victim"), filepath.Join(dir, "out.csv")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, link); err != nil {
		t.Fatal(err)
	}
	if err := writePrivate(link, []byte("an export")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(victim)
	info, bad := os.Lstat(link)
	if err != nil || bad != nil || string(text) != "precious" || info.Mode() != 0o600 {
		t.Errorf("the link's target holds %q, the name is %v (%v, %v)", text, info.Mode(), err, bad)
	}
}

// TestSecretsBehindALinkAreNotMade: a link that leads nowhere in the folder of
// secrets is replaced by a file, so nobody makes the server write elsewhere.
func TestSecretsBehindALinkAreNotMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	elsewhere := filepath.Join(t.TempDir(), "field.key")
	if err := os.Symlink(elsewhere, filepath.Join(dir, "field.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := secretFile(filepath.Join(dir, "field.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(elsewhere); err == nil {
		t.Error("the secret was written where the link leads")
	}
}
