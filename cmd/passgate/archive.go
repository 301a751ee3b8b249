package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"passgate/checkpoint/archive"
)

type archiveCmd struct {
	List   archiveListCmd   `cmd:"" help:"Show the days, with files, events and size."`
	Verify archiveVerifyCmd `cmd:"" help:"Read every file and name what is damaged."`
}

// Help is shown by --help.
func (archiveCmd) Help() string { return "Example:\n\n    passgate archive list" }

// archiveFlags name an archive.
type archiveFlags struct {
	dataFlag
	From string `type:"path" placeholder:"DIR" help:"Folder of the archive; DATA/archive if it is not said."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// open opens the archive. What was out of order is said.
func (f *archiveFlags) open(con *console) (*archive.Archive, error) {
	dir := f.From
	if dir == "" {
		dir = filepath.Join(f.Data, "archive")
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, badInput("there is no archive in %s: name its folder with --from, or the server's with --data", dir)
	case err != nil:
		return nil, badInput("--from: %w", err)
	case !info.IsDir():
		return nil, badInput("--from %s: name the archive's folder", dir)
	}
	a, err := archive.Open(dir, filepath.Join(f.Data, "keys"))
	if err != nil {
		return nil, badInput("archive in %s: %w", dir, err)
	}
	for _, notice := range a.Notices() {
		con.say("archive: %s", plain(notice))
	}
	return a, nil
}

type archiveListCmd struct{ archiveFlags }

// Help is shown by --help.
func (archiveListCmd) Help() string {
	return `One row for each UTC day. Evidence is what is still needed of a day that is
past retention and was destroyed. An event that was archived twice counts twice.

Example:

    passgate archive list --data ./data`
}

// archiveDay is a row of the list.
type archiveDay struct {
	Day    string    `json:"day"`
	State  string    `json:"state"` // kept, evidence, no_key
	Files  int       `json:"files"`
	Events int64     `json:"events"`
	Bytes  int64     `json:"bytes"`
	First  time.Time `json:"first"` // occurred_at
	Last   time.Time `json:"last"`
}

func archiveDays(c archive.Contents) []archiveDay {
	days := []archiveDay{}
	for _, h := range c.Holdings {
		state := "kept"
		switch {
		case h.NoKey:
			state = "no_key"
		case h.Evidence:
			state = "evidence"
		}
		days = append(days, archiveDay{
			archive.DayName(h.Day), state, h.Files, h.Events, h.Bytes, time.UnixMilli(h.First).UTC(), time.UnixMilli(h.Last).UTC(),
		})
	}
	return days
}

// Run lists the days.
func (cmd *archiveListCmd) Run(ctx context.Context, con *console) error {
	a, err := cmd.open(con)
	if err != nil {
		return err
	}
	c, err := a.Contents(ctx)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	days := archiveDays(c)
	if cmd.JSON {
		destroyed := []map[string]any{}
		for _, d := range c.Destroyed {
			destroyed = append(destroyed, map[string]any{"day": archive.DayName(d.Day), "at": d.At})
		}
		gaps := c.Gaps
		if gaps == nil {
			gaps = []archive.Gap{}
		}
		return printJSON(con.Out, map[string]any{"archive": c.Name, "written": c.Written, "days": days, "destroyed": destroyed, "gaps": gaps})
	}
	t := newTable(con.Out, "DAY", "STATE", "FILES", "EVENTS", "BYTES", "FIRST", "LAST")
	for _, d := range days {
		err := t.add(d.Day, d.State, strconv.Itoa(d.Files), strconv.FormatInt(d.Events, 10), strconv.FormatInt(d.Bytes, 10), localTime(d.First), localTime(d.Last))
		if err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if n := len(c.Destroyed); n > 0 {
		con.say("%d days destroyed, the last of them %s", n, archive.DayName(c.Destroyed[n-1].Day))
	}
	for _, g := range c.Gaps {
		con.say("missing: log of partition %d after entry %q up to %s, noticed %s", g.Partition, g.After, g.UpTo, localTime(g.Noticed))
	}
	return nil
}

type archiveVerifyCmd struct{ archiveFlags }

// Help is shown by --help.
func (archiveVerifyCmd) Help() string {
	return `Compares every file with the manifest, decrypts it and reads every line. What
is damaged is named and the exit code is 1. A server may run meanwhile.

Example:

    passgate archive verify --from /backup/archive --data ./data`
}

// archiveDamage is a damaged file in the answer of verify.
type archiveDamage struct {
	File   string `json:"file"`
	Wrong  string `json:"wrong"`
	Events int64  `json:"events"`        // read from it even so
	Listed int64  `json:"events_listed"` // when it was written
}

// Run verifies.
func (cmd *archiveVerifyCmd) Run(ctx context.Context, con *console) error {
	a, err := cmd.open(con)
	if err != nil {
		return err
	}
	files, events, damaged := 0, int64(0), []archiveDamage{}
	err = a.Verify(ctx, func(c archive.Checked) error {
		files++
		events += c.Events
		if d := c.Damage; d != nil {
			damaged = append(damaged, archiveDamage{d.File, d.Wrong, d.Events, d.Listed})
			con.say("damaged: %s", plain(d.String()))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if cmd.JSON {
		err = printJSON(con.Out, map[string]any{"files": files, "events": events, "damaged": damaged})
	} else {
		_, err = fmt.Fprintf(con.Out, "%d files with %d events read, %d files damaged\n", files, events, len(damaged))
	}
	if err != nil {
		return err
	}
	if len(damaged) > 0 {
		return errRefused
	}
	return nil
}
