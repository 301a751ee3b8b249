package main

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// numericCells gives the rows in which a sheet's column (from 0) holds a number
// rather than text, and the last row. A number of 18 digits lost its last three when it was typed,
// and a number format can make it look whole; only the type of the cell tells,
// which the reader of rows does not give.
func numericCells(file, sheet string, column int) (found map[int]bool, last int, err error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return nil, 0, fmt.Errorf("unpack: %w", err)
	}
	defer archive.Close() //nolint:errcheck // only read
	part, err := sheetPart(&archive.Reader, sheet)
	if err != nil {
		return nil, 0, err
	}
	in, err := openPart(&archive.Reader, part)
	if err != nil {
		return nil, 0, err
	}
	defer in.Close()
	found = map[int]bool{}
	decoder := xml.NewDecoder(in)
	var rowNumber, cellNumber int
	numeric := false
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return found, last, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("unpack %s: %w", part, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "row":
			rowNumber++
			cellNumber = -1
			if _, n, err := excelize.CellNameToCoordinates("A" + attribute(start, "r")); err == nil {
				rowNumber = n
			}
			last = max(last, rowNumber)
		case "c":
			cellNumber++
			if n, _, err := excelize.CellNameToCoordinates(attribute(start, "r")); err == nil {
				cellNumber = n - 1
			}
			kind := attribute(start, "t")
			numeric = cellNumber == column && (kind == "" || kind == "n")
		case "v":
			if numeric {
				found[rowNumber] = true
			}
		}
	}
}

// sheetPart finds the part of the archive that holds a sheet.
func sheetPart(archive *zip.Reader, sheet string) (string, error) {
	var book struct {
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := readPart(archive, "xl/workbook.xml", &book); err != nil {
		return "", err
	}
	var links struct {
		Links []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := readPart(archive, "xl/_rels/workbook.xml.rels", &links); err != nil {
		return "", err
	}
	for _, s := range book.Sheets {
		for _, attr := range s.Attrs {
			for _, link := range links.Links {
				if s.Name != sheet || attr.Name.Local != "id" || attr.Value != link.ID {
					continue
				}
				if strings.HasPrefix(link.Target, "/") {
					return link.Target[1:], nil
				}
				return path.Join("xl", link.Target), nil
			}
		}
	}
	return "", fmt.Errorf("the file does not say where sheet %q is", sheet)
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

// openPart opens a part; names differ in case and slashes between writers. No
// more of it is unpacked than excelize would.
func openPart(archive *zip.Reader, name string) (io.ReadCloser, error) {
	for _, part := range archive.File {
		if !strings.EqualFold(strings.ReplaceAll(part.Name, `\`, "/"), name) {
			continue
		}
		in, err := part.Open()
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		return struct {
			io.Reader
			io.Closer
		}{io.LimitReader(in, maxSheetBytes), in}, nil
	}
	return nil, fmt.Errorf("the file has no part %s", name)
}

func attribute(element xml.StartElement, name string) string {
	for _, attr := range element.Attr {
		if attr.Name.Local == name && attr.Name.Space == "" {
			return attr.Value
		}
	}
	return ""
}
