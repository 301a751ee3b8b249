package main

import (
	"errors"
	"io"
	"os"

	"passgate/gateway/workbook"
)

// openResidents opens a file of residents on this machine. Closing it closes the file.
func openResidents(path, site string) (*residentFile, error) {
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, badInput("%w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("this is no regular file")
	}
	var list *workbook.File
	if err == nil {
		list, err = workbook.Open(workbook.Source{Name: path, In: file, Size: info.Size()}, site, workbook.Machine)
	}
	if err != nil {
		_ = file.Close() // only read
		return nil, badInput("%s: %w", path, err)
	}
	return &residentFile{list, file}, nil
}

// residentFile is a list in a file that is open.
type residentFile struct {
	*workbook.File
	on io.Closer
}

// Close ends the reading and closes the file.
func (f *residentFile) Close() error { return errors.Join(f.File.Close(), f.on.Close()) }
