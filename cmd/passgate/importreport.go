package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"passgate/gateway/workbook"
)

// rowList is a CSV about rows of a file: those that were refused, with their fields,
// which can be corrected and imported itself, or all with their verdicts. The file
// of an earlier run goes away with the first run that has nothing to say.
type rowList struct {
	path string
	head []string
	line func(*importRow) []string
	file *privateFile
	csv  *csvWriter
	kept bool
}

var (
	errorHead   = append([]string{"sheet", "row", "field", "原因", "reason"}, workbook.ColumnNames[:]...)
	verdictHead = append(append([]string{"sheet", "row", "verdict", "changes", "from", "to", "repeats", "field", "原因", "reason"}, workbook.ColumnNames[:]...), "skipped")
)

func errorLine(r *importRow) []string {
	return append([]string{r.Sheet, strconv.Itoa(r.Number), r.Field, r.Why.ZH, r.Why.EN}, r.Fields[:]...)
}

func verdictLine(r *importRow) []string {
	v := r.verdict
	switch {
	case r.Skipped != "":
		v.verdict = "skipped"
	case r.Bad():
		v.verdict = "refused"
	}
	line := []string{r.Sheet, strconv.Itoa(r.Number), v.verdict, strings.Join(v.changes, " "), v.from, v.to, v.of, r.Field, r.Why.ZH, r.Why.EN}
	return append(append(line, r.Fields[:]...), r.Skipped)
}

func (l *rowList) add(r *importRow) error {
	if l.file == nil {
		var err error
		if l.file, err = createPrivate(l.path); err != nil {
			return err
		}
		if l.csv, err = newCSV(l.file, l.head...); err != nil {
			return err
		}
	}
	if err := l.csv.add(l.line(r)...); err != nil {
		return fmt.Errorf("write %s: %w", l.path, err)
	}
	return nil
}

// keep completes the file.
func (l *rowList) keep() error {
	if l.file == nil {
		if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("file of an earlier run: %w", err)
		}
		return nil
	}
	if err := l.csv.flush(); err != nil {
		return fmt.Errorf("write %s: %w", l.path, err)
	}
	l.kept = true
	return l.file.keep()
}

func (l *rowList) drop() {
	if l.file != nil && !l.kept {
		l.file.drop()
	}
}

// written is the file's path, or "" if there was nothing to say.
func (l *rowList) written() string {
	if l.file == nil {
		return ""
	}
	return l.path
}

// progress shows how far a file is.
type progress interface {
	add(rows int)
	finish()
}

// newProgress gives a bar at a terminal, a line for each tenth elsewhere, and
// nothing beside JSON.
func newProgress(con *console, expected int, quiet bool) progress {
	file, isFile := con.Err.(*os.File)
	switch {
	case quiet:
		return noProgress{}
	case isFile && term.IsTerminal(int(file.Fd())):
		return barProgress{out: file, bar: progressbar.NewOptions(
			expected, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription("enrolling"),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetRenderBlankState(true),
		)}
	}
	return &lineProgress{con: con, expected: expected}
}

type noProgress struct{}

func (noProgress) add(int) {}
func (noProgress) finish() {}

type barProgress struct {
	bar *progressbar.ProgressBar
	out io.Writer
}

func (b barProgress) add(rows int) { _ = b.bar.Add(rows) } // a bar that cannot be drawn stops nothing

func (b barProgress) finish() {
	_ = b.bar.Exit()
	_, _ = io.WriteString(b.out, "\n") // a remark, as the bar is
}

// lineProgress writes a line for each tenth that is done.
type lineProgress struct {
	con            *console
	expected, done int
	tenth          int
}

func (l *lineProgress) add(rows int) {
	l.done += rows
	if l.expected <= 0 {
		return
	}
	if tenth := min(l.done*10/l.expected, 10); tenth > l.tenth {
		l.tenth = tenth
		l.con.say("%3d %%  %d of about %d rows", tenth*10, l.done, l.expected)
	}
}

func (l *lineProgress) finish() {}
