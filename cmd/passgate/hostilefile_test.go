package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostileCSVIsReadInBoundedMemory reads files that are long, wide or broken
// in a process of its own. The good rows around what is broken are read.
func TestHostileCSVIsReadInBoundedMemory(t *testing.T) {
	t.Parallel()
	size := int64(256 << 10)
	if os.Getenv("PASSGATE_LONG") != "" {
		size = 1 << 30
	}
	for name, unit := range map[string]string{
		"one line": "x", "one line of NULs": "\x00", "columns": ",", "open quotes": "\"\n", "empty lines": "\n", "no text": "\xff\xfe\xfd", "escapes": "\x1b[2J\r",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f.csv")
			file, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			piece := bytes.Repeat([]byte(unit), int(min(size, 1<<20))/len(unit))
			_, err = io.WriteString(file, fuzzHeader+fuzzGood)
			for written := int64(0); err == nil && written < size; written += int64(len(piece)) {
				_, err = file.Write(piece)
			}
			if err == nil {
				_, err = io.WriteString(file, "\n"+fuzzGood)
			}
			if err != nil {
				t.Fatal(err)
			}
			said, heap, took := openElsewhere(t, path)
			if said != "" || heap > 96<<20 || took > 2*time.Minute {
				t.Errorf("%q, %d MiB, %v", said, heap>>20, took)
			}
			t.Logf("%d KiB: %d MiB, %v", size>>10, heap>>20, took.Round(time.Millisecond))
		})
	}
}

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

// TestNoEntityIsResolved: a workbook cannot name a file of this machine, nor
// multiply itself by entities.
func TestNoEntityIsResolved(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("the secret of this machine"), 0o600); err != nil {
		t.Fatal(err)
	}
	laughs := `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	outside := fmt.Sprintf(`<!DOCTYPE a [<!ENTITY b SYSTEM "file://%s">]>`, secret)
	cell := `<row><c t="inlineStr"><is><t>&b;</t></is></c><c t="inlineStr"><is><t>A7654321</t></is></c><c t="inlineStr"><is><t>V1</t></is></c></row>`
	for name, parts := range map[string]map[string]string{
		"sheet, file":      {hostileSheet: strings.Replace(sheetHead, "<worksheet", outside+"<worksheet", 1) + cell + sheetFoot},
		"sheet, laughs":    {hostileSheet: strings.Replace(sheetHead, "<worksheet", laughs+"<worksheet", 1) + cell + sheetFoot},
		"sheet, undefined": {hostileSheet: sheetHead + cell + sheetFoot},
		"texts":            {hostileSheet: sheetHead + sheetGood + sheetFoot, "xl/sharedStrings.xml": outside + `<sst><si><t>&b;</t></si></sst>`},
		"styles":           {hostileSheet: sheetHead + sheetGood + sheetFoot, "xl/styles.xml": laughs + `<styleSheet/>`},
		"workbook":         {hostileSheet: sheetHead + sheetGood + sheetFoot, "xl/workbook.xml": outside + `<workbook><sheets><sheet name="&b;" sheetId="1"/></sheets></workbook>`},
		"links":            {hostileSheet: sheetHead + sheetGood + sheetFoot, "xl/_rels/workbook.xml.rels": outside + `<Relationships><Relationship Id="&b;" Target="x"/></Relationships>`},
	} {
		path := filepath.Join(t.TempDir(), "f.xlsx")
		if err := os.WriteFile(path, workbook(t, parts), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := openResidents(path, "")
		if err == nil {
			_ = file.close()
			t.Errorf("%s: it was opened", name)
			continue
		}
		if strings.Contains(err.Error(), "the secret") || strings.Contains(err.Error(), "haha") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNothingIsWrittenElsewhere: names inside an archive are no paths, and what
// is written under a name replaces a link there and does not follow it.
func TestNothingIsWrittenElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inner := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	packed, size := repeated(t, "", strings.Repeat("x", 1<<20), sheetInMemory>>20+1, "") // large enough for a temporary file
	var parts []hostilePart
	for _, name := range []string{"../evil1", "../../evil2", filepath.Join(dir, "evil3"), `..\evil4`, "xl/worksheets/../../../evil5", "xl/worksheets/sheet../../evil6.xml"} {
		parts = append(parts, hostilePart{name, packed, size})
	}
	path := filepath.Join(inner, "f.xlsx")
	if err := os.WriteFile(path, hostileBook(t, parts...), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, _, _ := openElsewhere(t, path); said != "" {
		t.Errorf("%s", said)
	}
	files := []string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || !slices.Equal(files, []string{path}) {
		t.Errorf("files %q, %v", files, err)
	}

	victim, link := filepath.Join(dir, "victim"), filepath.Join(inner, "out.csv")
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
