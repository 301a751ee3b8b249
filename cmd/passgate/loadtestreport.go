package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	loadreport "passgate/loadtest/report"
)

// loadtestReportCmd makes one page of what load tests printed.
type loadtestReportCmd struct {
	Files []string `arg:"" name:"file" type:"path" help:"What load tests printed with --json; loadtest/postgres, too."`
	Out   string   `type:"path" placeholder:"FILE" help:"Where to write the page; standard output if not given."`
}

// Help is shown by --help.
func (loadtestReportCmd) Help() string {
	return `Writes one HTML page that needs nothing else: charts, tables, goals. It shows every
run, and the last of each other measurement.

Example:

    passgate loadtest curve --json > curve.json
    passgate loadtest cost --json > cost.json
    passgate loadtest report curve.json cost.json --out report.html`
}

// mostReport bounds a document: an hour's soak has about a megabyte.
const mostReport = 256 << 20

// Run writes the page.
func (cmd *loadtestReportCmd) Run(con *console) error {
	page := new(loadreport.Page)
	for _, path := range cmd.Files {
		text, err := readReport(path)
		if err != nil {
			return badInput("%s: %w", path, err)
		}
		if err := page.Add(text); err != nil {
			return badInput("%s: %w", path, err)
		}
	}
	if cmd.Out == "" {
		return page.WriteHTML(con.Out) //nolint:wrapcheck // says what it is
	}
	return writePage(page, cmd.Out)
}

func readReport(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, err //nolint:wrapcheck // names the file
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostReport+1))
	if err == nil && len(text) > mostReport {
		err = errors.New("is too large for a report")
	}
	return text, err //nolint:wrapcheck // the caller names the file
}

// writePage writes a page into a file. It holds nobody's data and no secret.
func writePage(page *loadreport.Page, path string) error {
	var text bytes.Buffer
	if err := page.WriteHTML(&text); err != nil {
		return err //nolint:wrapcheck // says what it is
	}
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil { //nolint:gosec // for everybody to read
		return badInput("%w", err)
	}
	return nil
}
