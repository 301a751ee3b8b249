package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"passgate/checkpoint/journal"
)

type journalCmd struct {
	List journalListCmd `cmd:"" help:"Show the scans that gates were told and Redis does not have."`
	Show journalShowCmd `cmd:"" help:"Show one of them."`
}

// Help is shown by --help.
func (journalCmd) Help() string { return "Example:\n\n    passgate journal list" }

// journalFlags name a journal. It is read without a server.
type journalFlags struct {
	dataFlag
	File string `type:"path" placeholder:"FILE" help:"File of the journal, such as a damaged one that was kept; DATA/journal/journal.db if it is not said."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// look reads the journal and says what is damaged.
func (f *journalFlags) look(con *console, show func(journal.Found) error) (journal.Looked, error) {
	path := f.File
	if path == "" {
		path = filepath.Join(f.Data, "journal", "journal.db")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return journal.Looked{}, badInput("there is no journal %s: name the server's folder with --data, or the file with --file", path)
	}
	key, err := f.key(con)
	if err != nil {
		return journal.Looked{}, err
	}
	l, err := journal.Look(path, [][]byte{key}, show)
	if err != nil {
		return l, badInput("%w", err)
	}
	for _, fault := range l.Faults {
		con.say("damaged: %s", plain(fault))
	}
	if l.Searched {
		con.say("the file was searched for entries: some that were recorded may be among them")
	}
	return l, nil
}

// key reads the key of the journal and makes none.
func (f *journalFlags) key(con *console) ([]byte, error) {
	const variable = "PASSGATE_JOURNAL_KEY"
	text, where := con.Env(variable), variable
	if text == "" {
		where = filepath.Join(f.Data, "keys", "journal.key")
		content, err := os.ReadFile(where)
		if err != nil {
			return nil, badInput("the journal's key: %w; name the server's folder with --data or give %s", err, variable)
		}
		text = string(content)
	}
	key, err := parseSecret(text, where)
	if err != nil {
		return nil, badInput("%w", err)
	}
	return key, nil
}

type journalListCmd struct{ journalFlags }

// Help is shown by --help.
func (journalListCmd) Help() string {
	return `State is "owed" for a scan that will be recorded when Redis answers, and
"aside" for one that Redis refused for good, with the reason: somebody has to
look at those. What names a person is not shown. The server must not run, or
--file names a copy of its file. The exit code is 1 if something is damaged or
set aside.

Example:

    passgate journal list --data ./data`
}

// journalRow is a row of the list.
type journalRow struct {
	Entry     string    `json:"entry"`
	State     string    `json:"state"`
	At        time.Time `json:"at"` // when the gate was told
	Partition int       `json:"partition"`
	Bytes     int       `json:"bytes"`
	Why       string    `json:"why,omitempty"`
}

// Run lists the entries.
func (cmd *journalListCmd) Run(con *console) error {
	rows, aside := []journalRow{}, 0
	l, err := cmd.look(con, func(f journal.Found) error {
		if f.State == journal.StateAside {
			aside++
		}
		rows = append(rows, journalRow{strconv.FormatUint(f.Seq, 10), f.State, time.UnixMilli(f.At).UTC(), f.Partition, len(f.Value), hideQuoted(f.Why)})
		return nil
	})
	if err != nil {
		return err
	}
	if cmd.JSON {
		err = printJSON(con.Out, map[string]any{"entries": rows, "owed": len(rows) - aside, "aside": aside, "kept_blocks": l.Blocks, "damaged": len(l.Faults)})
	} else if err = printJournal(con, rows); err == nil {
		con.say("%d owed, %d set aside; %d blocks of recorded scans are kept", len(rows)-aside, aside, l.Blocks)
	}
	if err == nil && aside+len(l.Faults) > 0 {
		return errRefused
	}
	return err
}

func printJournal(con *console, rows []journalRow) error {
	t := newTable(con.Out, "ENTRY", "STATE", "AT", "PARTITION", "BYTES", "WHY")
	for _, r := range rows {
		if err := t.add(r.Entry, r.State, localTime(r.At), strconv.Itoa(r.Partition), strconv.Itoa(r.Bytes), plain(r.Why)); err != nil {
			return err
		}
	}
	return t.flush()
}

// quoted is what a reason repeats of the input.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

func hideQuoted(why string) string { return quoted.ReplaceAllString(why, `"…"`) }

type journalShowCmd struct {
	journalFlags
	Entry  uint64 `arg:"" help:"Number of the entry, as in the list."`
	Reveal bool   `help:"Show what names a person, too."`
}

// Help is shown by --help.
func (journalShowCmd) Help() string {
	return `The scan as the journal holds it, as JSON: r is the scan with the answer that
was told. What names a person is "…" without --reveal.

Example:

    passgate journal show 5123 --data ./data`
}

// Run shows an entry.
func (cmd *journalShowCmd) Run(con *console) error {
	found := false
	_, err := cmd.look(con, func(f journal.Found) error {
		if f.Seq != cmd.Entry || found {
			return nil
		}
		found = true
		return cmd.print(con, &f)
	})
	if err == nil && !found {
		err = &exitError{exitNo, fmt.Errorf("there is no entry %d: \"passgate journal list\" shows them", cmd.Entry)}
	}
	return err
}

func (cmd *journalShowCmd) print(con *console, f *journal.Found) error {
	why := hideQuoted(f.Why)
	if cmd.Reveal {
		why = f.Why
	}
	row := journalRow{strconv.FormatUint(f.Seq, 10), f.State, time.UnixMilli(f.At).UTC(), f.Partition, len(f.Value), why}
	scan, err := journalScan(f.Value, cmd.Reveal)
	if err != nil {
		con.say("the entry is no scan: %v", err)
	}
	return printJSON(con.Out, struct {
		journalRow
		Scan any `json:"scan"`
	}{row, scan})
}
