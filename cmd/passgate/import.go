package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"passgate/gateway/cells"
)

const (
	importRows      = 5000
	importBytes     = 2<<20 - 64<<10 // the server takes 2 MiB; a row has 64 KiB at most
	importsInFlight = 3
	// mostRows of one file: of each its ID number's digest is remembered.
	mostRows = 2_000_000
)

type residentsImportCmd struct {
	serverFlags
	File string `arg:"" type:"path" help:"CSV (UTF-8, GB18030) or .xlsx with a header."`
	JSON bool   `name:"json" help:"Print the summary as JSON, and no progress."`
}

// Help is shown by --help.
func (residentsImportCmd) Help() string {
	return `Columns, in any order: name (姓名), id_number (身份证号), site (村居: code or name);
if known phone (手机号), door (门牌), grid (网格). ID numbers have to be text.

Good rows go in. Bad rows are written to FILE.errors.csv with their number, the
field and the reason: correct them there and import that file. Importing a file
again changes nothing, so after an interruption run the same command again.
Exit code 0 if all rows went in, 1 if some were refused.

Example:

    passgate residents import village.xlsx`
}

// importSummary is what became of a file.
type importSummary struct {
	File      string  `json:"file"`
	Rows      int     `json:"rows"`
	Created   int     `json:"created"`
	Changed   int     `json:"changed"`
	Unchanged int     `json:"unchanged"`
	Refused   int     `json:"refused"`
	Errors    string  `json:"errors_file,omitempty"`
	Seconds   float64 `json:"seconds"`
	Complete  bool    `json:"complete"`
}

// Run imports.
func (i *residentsImportCmd) Run(ctx context.Context, con *console) error {
	file, err := openResidents(i.File)
	if err != nil {
		return err
	}
	defer file.close() //nolint:errcheck // only read
	c, err := i.open(ctx, con)
	if err != nil {
		return err
	}
	began := time.Now()
	faults := &errorFile{path: i.File + ".errors.csv", header: file.header}
	defer faults.drop()
	job := &importJob{file: file, sender: &importSender{client: c, patience: importPatience, pause: importPause}, faults: faults, seen: map[[16]byte]sighting{}}
	job.summary.File = i.File
	job.progress = newProgress(con, file.expected(), i.JSON)
	err = job.run(ctx)
	job.progress.finish()
	if kept := faults.keep(); err == nil {
		err = kept
	}
	job.summary.Errors = faults.written()
	job.summary.Seconds = float64(time.Since(began).Milliseconds()) / 1000
	job.summary.Complete = err == nil
	if printing := job.summary.print(con, i.JSON); err == nil {
		err = printing
	}
	switch {
	case err != nil && job.summary.Rows > 0:
		return fmt.Errorf("stopped after %d rows: %w; run the same command again, what went in is not changed", job.summary.Rows, err)
	case err != nil:
		return err
	case job.summary.Refused > 0:
		return errRefused
	}
	return nil
}

func (s importSummary) print(con *console, asJSON bool) error {
	if asJSON {
		return printJSON(con.Out, s)
	}
	text := fmt.Sprintf("%d rows in %.1f s: %d created, %d changed, %d unchanged, %d refused", s.Rows, s.Seconds, s.Created, s.Changed, s.Unchanged, s.Refused)
	if s.Errors != "" {
		text += "; see " + s.Errors
	}
	_, err := fmt.Fprintln(con.Out, text)
	return err
}

// importRow is a row of the file with the line of CSV that is posted for it, or
// with the reason why none is.
type importRow struct {
	row
	line []byte
}

// parcel is a run of rows that goes out in one call. Answers are taken in the
// order of the file, however many calls are under way.
type parcel struct {
	rows []importRow
	done chan error
	got  imported
}

// importJob is one import.
type importJob struct {
	file     *residentFile
	sender   *importSender
	faults   *errorFile
	seen     map[[16]byte]sighting
	progress progress
	summary  importSummary
}

// sighting is where an ID number was seen first, and with which content.
type sighting struct {
	number  int
	content [16]byte
}

func (j *importJob) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *parcel, importsInFlight-1)
	reading := make(chan error, 1)
	go func() {
		defer close(queue)
		reading <- j.pack(ctx, queue)
	}()
	var failed error
	for p := range queue {
		err := <-p.done
		if failed == nil && err == nil {
			err = j.take(p)
		}
		if failed == nil && err != nil {
			failed = err
			cancel() // the rest of the queue ends soon
		}
	}
	if err := <-reading; failed == nil {
		failed = err
	}
	return failed
}

// pack reads the file and sends it off, parcel by parcel.
func (j *importJob) pack(ctx context.Context, queue chan<- *parcel) error {
	var rows []importRow
	size, count := 0, 0
	ship := func() error {
		p := &parcel{rows: rows, done: make(chan error, 1)}
		rows, size = nil, 0
		select {
		case queue <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
		go func() {
			var err error
			p.got, err = j.sender.send(ctx, p.rows)
			p.done <- err
		}()
		return nil
	}
	for {
		r, err := j.file.next()
		if errors.Is(err, io.EOF) {
			if len(rows) == 0 {
				return nil
			}
			return ship()
		}
		if err != nil {
			return badInput("%s: %w", j.summary.File, err)
		}
		if count++; count > mostRows {
			return badInput("%s: it has more than %d rows: split it; the rows before are in", j.summary.File, mostRows)
		}
		one := j.prepare(r)
		if len(rows) == importRows || size+len(one.line) > importBytes {
			if err := ship(); err != nil {
				return err
			}
		}
		rows = append(rows, one)
		size += len(one.line)
	}
}

// prepare checks what can be checked here and writes the line.
func (j *importJob) prepare(r row) importRow {
	fields := j.file.fields(&r)
	if r.why == "" {
		r.field, r.why = j.repeated(r.number, fields)
	}
	if r.why != "" {
		return importRow{row: r}
	}
	for i, field := range fields {
		if cells.Unguard(field) != field { // the server takes an apostrophe off, too
			fields[i] = cells.Guard(field)
		}
	}
	var line bytes.Buffer
	writer := csv.NewWriter(&line)
	if err := writer.Write(fields[:]); err != nil { // cannot happen: a buffer takes it
		r.why = err.Error()
	}
	writer.Flush()
	if line.Len() > maxLine {
		return importRow{row: row{number: r.number, cells: r.cells, why: fmt.Sprintf("the row is longer than %d KiB", maxLine>>10)}}
	}
	return importRow{row: r, line: line.Bytes()}
}

// repeated refuses a second row for the same document with other content: both
// would go in, in turn, and importing the file again would never come to rest.
func (j *importJob) repeated(number int, fields [columnCount]string) (field, why string) {
	document := strings.ToUpper(strings.ReplaceAll(fields[columnID], " ", ""))
	if document == "" {
		return "", ""
	}
	key := [16]byte(sum([]byte(document)))
	content := [16]byte(sum([]byte(strings.Join(fields[:], "\x00"))))
	first, known := j.seen[key]
	if !known {
		j.seen[key] = sighting{number, content}
		return "", ""
	}
	if first.content == content {
		return "", ""
	}
	return columnNames[columnID], fmt.Sprintf("row %d has the same ID number with other content: keep one of them", first.number)
}

func sum(text []byte) []byte {
	digest := sha256.Sum256(text)
	return digest[:16]
}

// take books an answer: counts, and the refused rows in their order.
func (j *importJob) take(p *parcel) error {
	j.summary.Rows += len(p.rows)
	j.summary.Created += p.got.Created
	j.summary.Changed += p.got.Changed
	j.summary.Unchanged += p.got.Unchanged
	for _, r := range p.rows {
		if r.why == "" {
			continue
		}
		j.summary.Refused++
		if err := j.faults.add(r.row); err != nil {
			return err
		}
	}
	j.progress.add(len(p.rows))
	return nil
}
