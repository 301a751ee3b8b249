package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"passgate/gateway/workbook"
)

type residentsCmd struct {
	Import residentsImportCmd `cmd:"" help:"Enrol the residents of a CSV or Excel file."`
	Export residentsExportCmd `cmd:"" help:"Write the residents of a site, or of all."`
	Erase  residentsEraseCmd  `cmd:"" help:"Erase who a person is, on their request."`
}

// Help is shown by --help.
func (residentsCmd) Help() string { return "Example:\n\n    passgate residents import village.csv" }

type residentsExportCmd struct {
	serverFlags
	Site string `help:"Code of the site; default all that the account reaches." placeholder:"CODE"`
	CSV  string `name:"csv" help:"File to write (mode 0600); default standard output." placeholder:"FILE"`
	JSON bool   `name:"json" help:"One JSON object a line rather than CSV."`
}

// Help is shown by --help.
func (residentsExportCmd) Help() string {
	return `The CSV can be imported again.

Example:

    passgate residents export --site 370126001201 --csv village.csv`
}

// Run exports.
func (e *residentsExportCmd) Run(ctx context.Context, con *console) error {
	c, err := e.open(ctx, con)
	if err != nil {
		return err
	}
	codes := []string{e.Site}
	if e.Site == "" {
		sites, err := c.sites(ctx)
		if err != nil {
			return err
		}
		codes = codes[:0]
		for _, s := range sites {
			if s.Kind == "village" || s.Kind == "compound" {
				codes = append(codes, s.Code)
			}
		}
	}
	if e.CSV == "" || e.CSV == "-" {
		out := bufio.NewWriter(con.Out)
		if err := e.write(ctx, c, codes, out); err != nil {
			return err
		}
		return out.Flush()
	}
	file, err := createPrivate(e.CSV)
	if err != nil {
		return badInput("%w", err)
	}
	defer file.drop()
	if err := e.write(ctx, c, codes, file); err != nil {
		return err
	}
	return file.keep()
}

// write puts the sites' streams behind each other: one header, one byte order
// mark.
func (e *residentsExportCmd) write(ctx context.Context, c *client, codes []string, out io.Writer) error {
	accept := "text/csv"
	if e.JSON {
		accept = "application/x-ndjson"
	}
	for i, code := range codes {
		answer, err := c.send(ctx, request{method: http.MethodGet, path: "/v1/residents", query: url.Values{"site": {code}}, accept: accept})
		if err != nil {
			return fmt.Errorf("site %s: %w", code, err)
		}
		err = copyStream(ctx, out, answer.Body, i > 0 && !e.JSON)
		answer.Body.Close()
		if err != nil {
			return fmt.Errorf("site %s: %w", code, err)
		}
	}
	return nil
}

// copyStream copies an answer, without its first line if cut is set. A stream
// that broke off is an error: half an export must not look like a whole one.
func copyStream(ctx context.Context, out io.Writer, body io.Reader, cut bool) error {
	in := bufio.NewReader(body)
	for cut {
		_, err := in.ReadSlice('\n')
		if err == nil || err == io.EOF { //nolint:errorlint // ReadSlice gives it bare
			break
		}
		if err != bufio.ErrBufferFull { //nolint:errorlint // the same
			return brokenOff(ctx, err)
		}
	}
	writing := &writeErrors{w: out}
	if _, err := io.Copy(writing, in); err != nil {
		if writing.err != nil {
			return fmt.Errorf("write: %w", writing.err)
		}
		return brokenOff(ctx, err)
	}
	return nil
}

func brokenOff(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return unreachable("the answer broke off, what was written is not complete: %w: run the same command again", err)
}

// writeErrors tells an error of writing from one of reading.
type writeErrors struct {
	w   io.Writer
	err error
}

// Write writes and remembers the error.
func (w *writeErrors) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// place is a site as the server lists it.
type place struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

func (c *client) sites(ctx context.Context) ([]place, error) {
	var list struct {
		Sites []place `json:"sites"`
	}
	err := c.fetch(ctx, request{method: http.MethodGet, path: "/v1/sites"}, &list)
	return list.Sites, err
}

// encodeRows writes what is posted: the server's header and one line a row.
func encodeRows(rows []*importRow) []byte {
	var body bytes.Buffer
	body.WriteString(strings.Join(workbook.ColumnNames[:], ",") + "\n")
	for _, r := range rows {
		body.Write(r.line)
	}
	return body.Bytes()
}
