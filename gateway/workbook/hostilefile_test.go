package workbook

import (
	"bytes"
	"fmt"
	"io"
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
		file, err := openFile(path, "")
		if err == nil {
			_ = file.Close()
			t.Errorf("%s: it was opened", name)
			continue
		}
		if strings.Contains(err.Error(), "the secret") || strings.Contains(err.Error(), "haha") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNothingIsWrittenElsewhere: names inside an archive are no paths.
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
}
