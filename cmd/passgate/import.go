package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"passgate/gateway/cells"
	"passgate/gateway/workbook"
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
	File    string `arg:"" type:"path" help:"Excel workbook (.xlsx) or CSV (UTF-8, GB18030) with a header."`
	Preview bool   `help:"Say what would become of each row, in FILE.preview.csv, and write nothing."`
	Moves   bool   `help:"Move whoever is on record with another home than in the file; their rows are refused otherwise."`
	Site    string `help:"Village or compound, code or name, of rows that name none." placeholder:"SITE"`
	Sheets  string `help:"Afterwards fetch the paper passes of the sites of the file, by household, to print: DIR/CODE.html." type:"path" placeholder:"DIR"`
	JSON    bool   `name:"json" help:"Print the summary as JSON, and no progress."`
}

// Help is shown by --help.
func (residentsImportCmd) Help() string {
	return `Columns, in any order: name (姓名), id_number (身份证号), site (村居: code or name);
if known phone (手机号), door (门牌, or 楼栋, 单元 and 房号), grid (网格). ID numbers
have to be text. All sheets of a workbook are read but hidden ones; one without a
column for the village is of the village that it is named after. Titles, sums and
headers between the rows are passed over, cells over several rows count for each.
Who says what they are to the head of a household (与户主关系) lives at its door.

Good rows go in. Bad rows are written to FILE.errors.csv with their sheet, number,
the field and the reason: correct them there and import that file. Importing a file
again changes nothing, so after an interruption run the same command again.
Exit code 0 if all rows went in, 1 if some were refused.

Examples:

    passgate residents import village.xlsx --preview
    passgate residents import village.xlsx --sheets passes`
}

// importSummary is what became of a file, or would.
type importSummary struct {
	File         string   `json:"file"`
	Preview      bool     `json:"preview"`
	Rows         int      `json:"rows"` // about people
	Created      int      `json:"created"`
	Changed      int      `json:"changed"`
	Moved        int      `json:"moved"`
	Unchanged    int      `json:"unchanged"`
	Duplicate    int      `json:"duplicate"` // rows that say once more what another one does
	Refused      int      `json:"refused"`
	Skipped      int      `json:"skipped"`     // titles, sums, headers
	HiddenRows   int      `json:"hidden_rows"` // read like the others
	HiddenSheets []string `json:"hidden_sheets,omitempty"`
	Errors       string   `json:"errors_file,omitempty"`
	Verdicts     string   `json:"preview_file,omitempty"`
	Sheets       []string `json:"sheets,omitempty"` // files to print
	Seconds      float64  `json:"seconds"`
	Complete     bool     `json:"complete"`
}

// Run imports.
func (i *residentsImportCmd) Run(ctx context.Context, con *console) error {
	if i.Preview && i.Sheets != "" {
		return badInput("--preview writes nothing, so there are no passes for --sheets yet: give one of the two")
	}
	file, err := openResidents(i.File, i.Site)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	c, err := i.open(ctx, con)
	if err != nil {
		return err
	}
	began := time.Now()
	job := i.job(c, file)
	defer job.list.drop()
	job.progress = newProgress(con, file.Expected(), i.JSON)
	err = job.run(ctx)
	job.progress.finish()
	if kept := job.list.keep(); err == nil {
		err = kept
	}
	if i.Preview {
		job.summary.Verdicts = job.list.written()
	} else {
		job.summary.Errors = job.list.written()
	}
	if err == nil && i.Sheets != "" {
		job.summary.Sheets, err = c.fetchSheets(ctx, i.Sheets, slices.Sorted(maps.Keys(job.sites)))
	}
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

func (i *residentsImportCmd) job(c *client, file *residentFile) *importJob {
	sender := &importSender{client: c, patience: importPatience, pause: importPause, query: url.Values{}}
	list := &rowList{path: i.File + ".errors.csv", head: errorHead, line: errorLine}
	if i.Preview {
		sender.preview = true
		sender.query.Set("preview", "1")
		list = &rowList{path: i.File + ".preview.csv", head: verdictHead, line: verdictLine}
	}
	if i.Moves {
		sender.query.Set("moves", "1")
	}
	job := &importJob{file: file, sender: sender, list: list, twice: workbook.NewTwice(), sites: map[string]bool{}}
	job.summary = importSummary{File: i.File, Preview: i.Preview, HiddenRows: file.Hidden}
	for _, name := range file.Passed {
		job.summary.HiddenSheets = append(job.summary.HiddenSheets, plain(name))
	}
	return job
}

func (s importSummary) print(con *console, asJSON bool) error {
	if asJSON {
		return printJSON(con.Out, s)
	}
	form := "%d rows in %.1f s: %d created, %d changed, %d moved, %d unchanged, %d said twice, %d refused"
	if s.Preview {
		form = "%d rows in %.1f s: %d new, %d would change, %d would move (--moves), %d unchanged, %d said twice, %d would be refused"
	}
	text := fmt.Sprintf(form, s.Rows, s.Seconds, s.Created, s.Changed, s.Moved, s.Unchanged, s.Duplicate, s.Refused)
	for _, more := range []struct {
		there bool
		text  string
	}{
		{s.Skipped > 0, fmt.Sprintf("; %d rows of titles, sums and headers passed over", s.Skipped)},
		{s.HiddenRows > 0, fmt.Sprintf("; %d of the rows are hidden in the file", s.HiddenRows)},
		{len(s.HiddenSheets) > 0, "; hidden sheets not read: " + strings.Join(s.HiddenSheets, ", ")},
		{s.Errors+s.Verdicts != "", "; see " + s.Errors + s.Verdicts},
		{len(s.Sheets) > 0, "; to print: " + strings.Join(s.Sheets, ", ")},
	} {
		if more.there {
			text += more.text
		}
	}
	_, err := fmt.Fprintln(con.Out, text)
	return err
}

// importRow is a row of the file with the line of CSV that is posted for it, or
// with the reason why none is.
type importRow struct {
	workbook.Row
	line    []byte
	verdict rowVerdict
}

// posted tells that the row goes to the server.
func (r *importRow) posted() bool {
	return !r.Bad() && r.Skipped == "" && r.verdict.of == ""
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
	list     *rowList // of refused rows, or of verdicts
	twice    *workbook.Twice
	sites    map[string]bool // codes, whose residents went in
	progress progress
	summary  importSummary
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
		r, err := j.file.Next()
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
func (j *importJob) prepare(r workbook.Row) importRow {
	one := importRow{Row: r}
	if r.Skipped == "" && !r.Bad() {
		one.verdict.of = j.twice.Look(&one.Row)
		if one.verdict.of != "" {
			one.verdict.verdict = "duplicate"
		}
	}
	if !one.posted() {
		return one
	}
	fields := r.Fields
	for i, field := range fields {
		if cells.Unguard(field) != field { // the server takes an apostrophe off, too
			fields[i] = cells.Guard(field)
		}
	}
	var line bytes.Buffer
	writer := csv.NewWriter(&line)
	if err := writer.Write(fields[:]); err != nil { // cannot happen: a buffer takes it
		one.Why = workbook.Reason{ZH: "本行写不出来", EN: err.Error()}
	}
	writer.Flush()
	if line.Len() > workbook.MaxLine {
		one.Why = workbook.LongRow
		return one
	}
	one.line = line.Bytes()
	return one
}

// take books an answer: counts, and the refused rows in their order; of a preview
// all rows.
func (j *importJob) take(p *parcel) error {
	s := &j.summary
	s.Created += p.got.Created
	s.Changed += p.got.Changed
	s.Moved += p.got.Moved
	s.Unchanged += p.got.Unchanged
	for _, code := range p.got.Sites {
		j.sites[code] = true
	}
	for i := range p.rows {
		r := &p.rows[i]
		refused := r.Bad()
		switch {
		case r.Skipped != "":
			s.Skipped++
		case refused:
			s.Refused++
		case r.verdict.of != "":
			s.Duplicate++
		}
		if r.Skipped == "" {
			s.Rows++
		}
		if refused || s.Preview {
			if err := j.list.add(r); err != nil {
				return err
			}
		}
	}
	j.progress.add(len(p.rows))
	return nil
}
