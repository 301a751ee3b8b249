package workbook

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
)

// An Excel file is a zip archive, and a small one can unpack to more than any
// machine holds. The library for workbooks trusts what it opens, so the archive
// is looked through first. These bounds leave room for a million rows.
const (
	// maxBookBytes is the largest file that is opened.
	maxBookBytes = 256 << 20
	// maxParts is how many files the archive may hold, and maxDirectory in how
	// many bytes they may be listed.
	maxParts     = 5000
	maxDirectory = 2 << 20
	// maxSheetBytes bounds what all of it may unpack to.
	maxSheetBytes = 512 << 20
	// sheetInMemory is how much of a sheet, and of the texts that sheets share,
	// is unpacked in memory; a larger one goes to a temporary file.
	sheetInMemory = 4 << 20
	// maxUnpacked bounds all that is unpacked in memory.
	maxUnpacked = 64 << 20
	// maxFrameBytes bounds each part that is neither sheet nor shared text and
	// that is read: what there are for sheets, and how they look.
	maxFrameBytes = 8 << 20
)

const (
	workbookPart = "xl/workbook.xml"
	sharedPart   = "xl/sharedstrings.xml"
	sheetParts   = "xl/worksheets/sheet"
)

// openArchive opens an Excel file as an archive that is safe to unpack. Sizes
// are those of its directory: a part that is larger than it says there ends with
// an error when it is read.
func openArchive(source Source, limits Limits) (*zip.Reader, error) {
	if source.Size > maxBookBytes {
		return nil, fmt.Errorf("the file is larger than %d MiB: save the sheet as CSV", maxBookBytes>>20)
	}
	return readDirectory(source, limits)
}

// readDirectory reads which parts there are. All of them are held in memory, so
// it stops reading where no workbook's directory goes on.
func readDirectory(source Source, limits Limits) (*zip.Reader, error) {
	in := &directoryBudget{in: source.In, left: maxDirectory}
	archive, err := zip.NewReader(in, source.Size)
	switch {
	case errors.Is(err, zip.ErrFormat):
		return nil, errors.New("not an Excel file, or one with a password: save it without one as .xlsx, or as CSV")
	case err != nil:
		return nil, err
	}
	in.left = math.MaxInt64
	return archive, checkArchive(archive, limits)
}

// directoryBudget gives so many bytes of a file.
type directoryBudget struct {
	in   io.ReaderAt
	left int64
}

// ReadAt reads.
func (d *directoryBudget) ReadAt(p []byte, at int64) (int, error) {
	if d.left -= int64(len(p)); d.left < 0 {
		return 0, fmt.Errorf("its list of parts is longer than %d MiB", maxDirectory>>20)
	}
	return d.in.ReadAt(p, at)
}

// checkArchive holds the archive's directory to the bounds.
func checkArchive(archive *zip.Reader, limits Limits) error {
	if len(archive.File) > maxParts {
		return fmt.Errorf("it has %d parts, %d are the most", len(archive.File), maxParts)
	}
	var all, inMemory int64
	seen := make(map[string]bool, len(archive.File))
	for _, part := range archive.File {
		name, size := partName(part), int64(min(part.UncompressedSize64, maxSheetBytes+1)) //nolint:gosec // as small as that
		if seen[name] {
			return fmt.Errorf("it has two parts of the name %.80q", name)
		}
		seen[name] = true
		rows := name == sharedPart || strings.HasPrefix(name, sheetParts)
		if !rows || size <= limits.InMemory {
			inMemory += size
		}
		if all += size; all > limits.Unpacked {
			return fmt.Errorf("it unpacks to more than %d MiB: save the sheet as CSV", limits.Unpacked>>20)
		}
		if frame := path.Ext(name) == ".rels" || path.Dir(name) == "xl" || path.Dir(name) == "xl/theme" || path.Dir(name) == "."; frame && !rows && size > maxFrameBytes {
			return fmt.Errorf("its part %.80q is larger than %d MiB: save the sheet as CSV", name, maxFrameBytes>>20)
		}
	}
	if inMemory > maxUnpacked {
		return fmt.Errorf("it holds more than %d MiB besides its rows: take pictures out, or save the sheet as CSV", maxUnpacked>>20)
	}
	return nil
}

// partName is a part's name in one form: names differ in case and slashes
// between writers.
func partName(part *zip.File) string {
	return strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
}

// sheetPart finds the part of the archive that holds a sheet, "" for a chart or
// the like. It refuses what two readers could read in two ways, the library for
// workbooks being one.
func sheetPart(archive *zip.Reader, sheet string) (string, error) {
	if err := checkRoot(archive); err != nil {
		return "", err
	}
	var book struct {
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := readPart(archive, workbookPart, &book); err != nil {
		return "", err
	}
	links, err := linksOf(archive, "xl/_rels/workbook.xml.rels")
	if err != nil {
		return "", err
	}
	var found []partLink
	for _, s := range book.Sheets {
		for _, attr := range s.Attrs {
			for _, link := range links {
				if strings.EqualFold(s.Name, sheet) && attr.Name.Local == "id" && attr.Value == link.ID {
					found = append(found, link)
				}
			}
		}
	}
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("the file does not say where sheet %q is", sheet)
	case len(found) > 1:
		return "", fmt.Errorf("the file says twice where sheet %q is", sheet)
	}
	if !strings.HasSuffix(found[0].Type, "/worksheet") {
		return "", nil
	}
	return found[0].under("xl"), nil
}

// partLink says where another part is.
type partLink struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

// under is the part's name, for a link of a part in a folder.
func (l partLink) under(folder string) string {
	if strings.HasPrefix(l.Target, "/") {
		return path.Clean(l.Target)[1:]
	}
	return path.Join(folder, l.Target)
}

func linksOf(archive *zip.Reader, part string) ([]partLink, error) {
	var links struct {
		Links []partLink `xml:"Relationship"`
	}
	err := readPart(archive, part, &links)
	return links.Links, err
}

// checkRoot makes sure that the workbook is where it always is.
func checkRoot(archive *zip.Reader) error {
	links, err := linksOf(archive, "_rels/.rels")
	if err != nil {
		return err
	}
	for _, link := range links {
		if strings.HasSuffix(link.Type, "/officeDocument") && link.under(".") != workbookPart {
			return fmt.Errorf("the workbook is not at %s", workbookPart)
		}
	}
	return nil
}

func readPart(archive *zip.Reader, name string, v any) error {
	in, err := openPart(archive, name)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := xml.NewDecoder(in).Decode(v); err != nil {
		return fmt.Errorf("unpack %s: %w", name, err)
	}
	return nil
}

var errNoPart = errors.New("the file lacks a part")

func openPart(archive *zip.Reader, name string) (io.ReadCloser, error) {
	for _, part := range archive.File {
		if partName(part) != strings.ToLower(name) {
			continue
		}
		in, err := part.Open()
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		return in, nil
	}
	return nil, fmt.Errorf("%w: %s", errNoPart, name)
}
