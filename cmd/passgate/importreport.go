package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// errorFile gets the rows that were refused, as they were, each behind its
// number, the field and the reason. It can be corrected and imported itself. The
// file of an earlier run goes away with the first run that refuses nothing.
type errorFile struct {
	path   string
	header []string
	file   *privateFile
	csv    *csvWriter
	kept   bool
}

func (e *errorFile) add(r row) error {
	if e.file == nil {
		var err error
		if e.file, err = createPrivate(e.path); err != nil {
			return err
		}
		if e.csv, err = newCSV(e.file, append([]string{"row", "field", "reason"}, e.header...)...); err != nil {
			return err
		}
	}
	if err := e.csv.add(append([]string{strconv.Itoa(r.number), r.field, r.why}, r.cells...)...); err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	return nil
}

// keep completes the file.
func (e *errorFile) keep() error {
	if e.file == nil {
		if err := os.Remove(e.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("error file of an earlier run: %w", err)
		}
		return nil
	}
	if err := e.csv.flush(); err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	e.kept = true
	return e.file.keep()
}

func (e *errorFile) drop() {
	if e.file != nil && !e.kept {
		e.file.drop()
	}
}

// written is the file's path, or "" if nothing was refused.
func (e *errorFile) written() string {
	if e.file == nil {
		return ""
	}
	return e.path
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
