package workbook

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mostHeap is what reading any file may take, however it is made.
const mostHeap = 192 << 20

// repeated deflates begin, times × unit, end without holding it.
func repeated(t testing.TB, begin, unit string, times int, end string) (packed []byte, size uint64) {
	t.Helper()
	piece := func(text string, close bool) []byte {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err == nil {
			err = w.Flush() // ends at a whole byte, without the mark of the last block
		}
		if err == nil && close {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	packed = append(piece(begin, false), bytes.Repeat(piece(unit, false), times)...)
	packed = append(packed, piece(end, true)...)
	return packed, uint64(len(begin) + len(unit)*times + len(end))
}

// hostilePart is a part of an archive whose size in the directory is what says.
type hostilePart struct {
	name   string
	packed []byte
	says   uint64
}

// hostileBook puts parts into a workbook, in place of those of the same names.
func hostileBook(t testing.TB, parts ...hostilePart) []byte {
	t.Helper()
	taken := map[string]bool{}
	for _, p := range parts {
		taken[p.name] = true
	}
	whole := workbook(t, map[string]string{hostileSheet: sheetHead + sheetGood + sheetFoot})
	usual, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range usual.File {
		if taken[part.Name] {
			continue
		}
		if err := z.Copy(part); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range parts {
		w, err := z.CreateRaw(&zip.FileHeader{Name: p.name, Method: zip.Deflate, CompressedSize64: uint64(len(p.packed)), UncompressedSize64: p.says})
		if err == nil {
			_, err = w.Write(p.packed)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const hostileSheet = "xl/worksheets/sheet1.xml"

// hostileBooks are Excel files that are made to harm who opens them, with what
// is said of them; "" for one that is read.
func hostileBooks(t testing.TB) map[string]struct {
	file []byte
	want string
} {
	t.Helper()
	mebi, many := strings.Repeat("A", 1<<20), 40
	texts, tooManyTexts := 1, "" // as many as are too many take seconds
	if os.Getenv("PASSGATE_LONG") != "" {
		many, texts, tooManyTexts = 400, 400, "more than 2097152 texts"
	}
	part := func(name, begin, unit string, times int, end string) hostilePart {
		packed, size := repeated(t, begin, unit, times, end)
		return hostilePart{name, packed, size}
	}
	lying := func(p hostilePart, says uint64) hostilePart { p.says = says; return p }
	cell := `<row><c t="inlineStr"><is><t>`
	sst := func(begin, unit string, times int, end string) hostilePart {
		return part("xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`+begin, unit, times, end+"</sst>")
	}
	manySheets := make([]hostilePart, 100)
	sheet := part("", sheetHead, strings.Repeat(" ", 1<<20), 3, sheetFoot)
	for n := range manySheets {
		manySheets[n] = hostilePart{fmt.Sprintf("xl/worksheets/sheet%d.xml", n+2), sheet.packed, sheet.says}
	}
	rowOfShared := sheetHead + `<row>` + strings.Repeat(`<c t="s"><v>0</v></c>`, 900) + `</row>` + sheetFoot
	packedRow, _ := repeated(t, rowOfShared, "", 0, "")
	inner := hostileBook(t, part(hostileSheet, sheetHead, mebi, many, sheetFoot))
	innerPacked, _ := repeated(t, string(inner), "", 0, "")
	big := part(hostileSheet, sheetHead+cell, mebi, 4096, `</t></is></c></row>`+sheetFoot)
	return map[string]struct {
		file []byte
		want string
	}{
		"4 GiB":                        {hostileBook(t, big), "unpacks to more than 512 MiB"},
		"4 GiB that says it is 900":    {hostileBook(t, lying(big, 900)), "row 2"},
		"styles that say 400 MiB":      {hostileBook(t, lying(part("xl/styles.xml", "<styleSheet/>", "", 0, ""), 400<<20)), "larger than 8 MiB"},
		"a large picture":              {hostileBook(t, part("xl/media/image1.png", "", mebi, 80, "")), "besides its rows"},
		"100 sheets of 3 MiB":          {hostileBook(t, manySheets...), "besides its rows"},
		"a long text":                  {hostileBook(t, part(hostileSheet, sheetHead+cell, mebi, many, `</t></is></c></row>`+sheetFoot)), "too long"},
		"a long comment":               {hostileBook(t, part(hostileSheet, sheetHead+"<!--", mebi, many, "-->"+sheetFoot)), "too long"},
		"a long attribute":             {hostileBook(t, part(hostileSheet, sheetHead+`<row r="`, mebi, many, `"/>`+sheetFoot)), "too long"},
		"a long instruction":           {hostileBook(t, part(hostileSheet, sheetHead+`<?a `, mebi, many, `?>`+sheetFoot)), "too long"},
		"millions of nested tags":      {hostileBook(t, part(hostileSheet, sheetHead, strings.Repeat("<a>", 1<<16), many, sheetFoot)), "nested too deeply"},
		"a row of millions of cells":   {hostileBook(t, part(hostileSheet, sheetHead+"<row>", strings.Repeat("<c/>", 1<<16), many, "</row>"+sheetFoot)), "cells at most"},
		"a row of many texts":          {hostileBook(t, part(hostileSheet, sheetHead+"<row>", strings.Repeat("<c><v>1</v></c>", 1<<14), many, "</row>"+sheetFoot)), "more than 1024 cells"},
		"900 times one text of 1 MiB":  {hostileBook(t, sst("<si><t>"+mebi[:1<<20-64], "", 0, "</t></si>"), hostilePart{hostileSheet, packedRow, uint64(len(rowOfShared))}), "more than 1024 KiB"},
		"a long shared text":           {hostileBook(t, sst("<si><t>", mebi, many, "</t></si>")), "too long"},
		"a shared text in many pieces": {hostileBook(t, sst("<si>", "<r><t>"+mebi[:1<<19]+"</t></r>", many, "</si>")), "text 1 has more than"},
		"millions of shared texts":     {hostileBook(t, sst("", strings.Repeat("<si/>", 1<<16), texts, "")), tooManyTexts},
		"a format of 1 MiB":            {hostileBook(t, part("xl/styles.xml", `<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="`, mebi, 1, `"/></numFmts></styleSheet>`)), "too long"},
		"two parts of one name":        {hostileBook(t, part("XL\\WorkSheets\\Sheet1.xml", sheetHead, "", 0, sheetFoot), part(hostileSheet, sheetHead, "", 0, sheetFoot)), "two parts of the name"},
		"a workbook in the workbook":   {hostileBook(t, hostilePart{"xl/embeddings/a.xlsx", innerPacked, uint64(len(inner))}), ""},
		"a million parts":              {manyParts(1_000_000), "list of parts is longer"},
		"rows out of order":            {hostileBook(t, part(hostileSheet, sheetHead, `<row r="9"/><row r="4"/>`, 1, sheetFoot)), "rows have to be in order"},
		"a row that is not closed":     {hostileBook(t, part(hostileSheet, sheetHead+sheetGood, `<row><c></row>`, 1, sheetGood+sheetFoot)), "row 3"},
		"cut off":                      {hostileBook(t, part(hostileSheet, sheetHead+sheetGood, ``, 0, "<row><c")), "row 3"},
		"no zip":                       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an older form"), "not an Excel file"},
	}
}

// manyParts is an archive that is nothing but its directory.
func manyParts(n int) []byte {
	var b bytes.Buffer
	entry := make([]byte, 46+1)
	copy(entry, "PK\x01\x02")
	entry[28], entry[46] = 1, 'a' // a name of one byte
	for range n {
		b.Write(entry)
	}
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], uint16(n))             //nolint:gosec // what is left of it
	binary.LittleEndian.PutUint16(end[10:], uint16(n))            //nolint:gosec // the same
	binary.LittleEndian.PutUint32(end[12:], uint32(n*len(entry))) //nolint:gosec // small
	return append(b.Bytes(), end...)
}

// TestHostileBooksAreRefusedInBoundedMemory opens each in a process of its own,
// which tells how much memory it ever held.
func TestHostileBooksAreRefusedInBoundedMemory(t *testing.T) {
	t.Parallel()
	for name, c := range hostileBooks(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "f.xlsx")
			if err := os.WriteFile(path, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			said, heap, took := openElsewhere(t, path)
			if c.want == "" && said != "" || !strings.Contains(said, c.want) {
				t.Errorf("%d KiB: got %q, want %q", len(c.file)>>10, said, c.want)
			}
			if heap > mostHeap || took > 30*time.Second {
				t.Errorf("%d KiB: took %d MiB and %v", len(c.file)>>10, heap>>20, took)
			}
			t.Logf("%d KiB: %d MiB, %v: %s", len(c.file)>>10, heap>>20, took.Round(time.Millisecond), said)
			left, err := filepath.Glob(filepath.Join(dir, "excelize-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

const openThis = "PASSGATE_TEST_OPEN"

// openElsewhere reads a file in another process: what was wrong with it, and
// the most memory that its heap ever had.
func openElsewhere(t *testing.T, path string) (said string, heap uint64, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestOpensAFileForAnotherTest$")
	// The race detector would sleep for a second at the end.
	command.Env = append(os.Environ(), openThis+"="+path, "TMPDIR="+filepath.Dir(path), "GORACE=atexit_sleep_ms=0")
	began := time.Now()
	out, err := command.Output()
	took = time.Since(began)
	first, rest, _ := strings.Cut(string(out), "\n")
	heap, bad := strconv.ParseUint(first, 10, 64)
	if err != nil || bad != nil {
		t.Fatalf("%v, %v: %s", err, bad, out)
	}
	said, _, _ = strings.Cut(rest, "\n")
	return said, heap, took
}

func TestOpensAFileForAnotherTest(t *testing.T) {
	path := os.Getenv(openThis)
	if path == "" {
		t.Skip("for openElsewhere")
	}
	err := func() error {
		file, err := openOnDisk(path)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // only read
		for {
			if _, err := file.Next(); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	}()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	said := ""
	if err != nil {
		said = err.Error()
	}
	fmt.Printf("%d\n%s\n", mem.HeapSys, said)
}

// openOnDisk opens a file without holding it in memory.
func openOnDisk(path string) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return Open(Source{path, file, info.Size()}, "", Machine)
}
