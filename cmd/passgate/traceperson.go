package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type tracePersonCmd struct {
	askFlags
	windowFlags
	Person string `arg:"" name:"id" help:"Whose: 16 hex digits."`
	Events bool   `help:"With --csv: the single passages rather than the stays."`
	SVG    string `name:"svg" help:"Draw a picture to this file instead." type:"path" placeholder:"FILE"`
}

// Help is shown by --help.
func (tracePersonCmd) Help() string {
	return `Stays come first, then the passages they were made of. MARKS: open (not left yet),
inferred (an end was not recorded but concluded), unknown_start (only the exit was
seen), reentry (entered twice), late (uploaded after the fact), conflict (the record
is in doubt). WHY names the rules; "passgate rules stays" has them in words.

Examples:

    passgate trace person 0400000000000007 --from 2026-11-10
    passgate trace person 0400000000000007 --from 2026-11-10 --svg wang.svg`
}

// trajectory is where a person was, as the server tells it.
type trajectory struct {
	Resident struct {
		ID   string `json:"id"`
		Name string `json:"name_masked"`
		Home string `json:"home"`
	} `json:"resident"`
	Stays  []stay      `json:"stays"`
	Events []scanEvent `json:"events"`
}

type stay struct {
	Site      string     `json:"site"`
	SiteName  string     `json:"site_name"`
	EntryGate string     `json:"entry_gate"`
	ExitGate  string     `json:"exit_gate"`
	From      time.Time  `json:"from"`
	To        *time.Time `json:"to"`
	Open      bool       `json:"open"`
	Inferred  bool       `json:"inferred"`
	Unknown   bool       `json:"unknown_start"`
	Reentry   bool       `json:"reentry"`
	Late      bool       `json:"late"`
	Conflict  bool       `json:"conflict"`
	Why       []string   `json:"why"`
	Minutes   int        `json:"minutes"`
}

func (s stay) until() time.Time {
	if s.To == nil {
		return time.Time{}
	}
	return *s.To
}

func (s stay) marks() string {
	return marksOf(mark{s.Open, "open"}, mark{s.Inferred, "inferred"}, mark{s.Unknown, "unknown_start"},
		mark{s.Reentry, "reentry"}, mark{s.Late, "late"}, mark{s.Conflict, "conflict"})
}

// mark is a word that is shown if it is set.
type mark struct {
	set  bool
	name string
}

func marksOf(marks ...mark) string {
	var names []string
	for _, m := range marks {
		if m.set {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, " ")
}

// Run queries the person.
func (t *tracePersonCmd) Run(ctx context.Context, con *console) error {
	if err := checkPersonID("ID", t.Person); err != nil {
		return err
	}
	if t.SVG != "" && (t.JSON || t.CSV) {
		return badInput("--svg is a form of its own: leave out --json and --csv")
	}
	query, err := t.query()
	if err != nil {
		return err
	}
	c, err := t.open(ctx, con)
	if err != nil {
		return err
	}
	path := "/v1/residents/" + url.PathEscape(t.Person) + "/trajectory"
	if t.SVG != "" {
		size, err := download(ctx, c, request{method: http.MethodGet, path: path, query: query, accept: "image/svg+xml"}, t.SVG)
		if err == nil {
			con.say("%s: %d bytes", t.SVG, size)
		}
		return err
	}
	var text json.RawMessage
	if err := c.fetch(ctx, request{method: http.MethodGet, path: path, query: query}, &text); err != nil {
		return err
	}
	if t.JSON {
		return printJSON(con.Out, text)
	}
	var found trajectory
	if err := json.Unmarshal(text, &found); err != nil {
		return unreachable("the trajectory cannot be read: %w", err)
	}
	switch {
	case t.CSV && t.Events:
		return found.eventsCSV(con)
	case t.CSV:
		return found.staysCSV(con)
	}
	return found.print(con, c.ground)
}

func (t trajectory) print(con *console, why ground) error {
	if _, err := fmt.Fprintf(con.Out, "%s  %s  home %s\n\n", plain(t.Resident.ID), plain(t.Resident.Name), plain(t.Resident.Home)); err != nil {
		return err
	}
	stays := newTable(con.Out, "FROM", "TO", "MINUTES", "SITE", "NAME", "IN BY", "OUT BY", "MARKS", "WHY")
	for _, s := range t.Stays {
		if err := stays.add(localTime(s.From), localTime(s.until()), strconv.Itoa(s.Minutes), s.Site, s.SiteName, s.EntryGate, s.ExitGate, s.marks(), strings.Join(s.Why, " ")); err != nil {
			return err
		}
	}
	if err := stays.flush(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(con.Out); err != nil {
		return err
	}
	events := newTable(con.Out, "TIME", "GATE", "DIR", "DECISION", "REASON", "°C", "BY", "LANE", "PLATE", "FLAGS")
	for _, e := range t.Events {
		if err := events.add(localTime(e.OccurredAt), e.Gate, e.Direction, e.Decision, e.Reason, e.temperature(), e.Who, e.lane(), e.Plate, strings.Join(e.Flags, " ")); err != nil {
			return err
		}
	}
	if err := events.flush(); err != nil {
		return err
	}
	con.say("%d stays, %d events%s", len(t.Stays), len(t.Events), why)
	return nil
}

func (t trajectory) staysCSV(con *console) error {
	out, err := newCSV(con.Out, "person", "site", "site_name", "entry_gate", "exit_gate", "from", "to", "minutes", "open", "inferred", "reentry", "conflict", "unknown_start", "late", "why")
	if err != nil {
		return err
	}
	for _, s := range t.Stays {
		if err := out.add(t.Resident.ID, s.Site, s.SiteName, s.EntryGate, s.ExitGate, csvTime(s.From), csvTime(s.until()), strconv.Itoa(s.Minutes),
			strconv.FormatBool(s.Open), strconv.FormatBool(s.Inferred), strconv.FormatBool(s.Reentry), strconv.FormatBool(s.Conflict),
			strconv.FormatBool(s.Unknown), strconv.FormatBool(s.Late), strings.Join(s.Why, " ")); err != nil {
			return err
		}
	}
	return out.flush()
}

func (t trajectory) eventsCSV(con *console) error {
	out, err := newCSV(con.Out, "person", "occurred_at", "gate", "direction", "decision", "reason", "color", "action", "temperature", "temperature_method", "who", "device", "lane", "plate", "flags")
	if err != nil {
		return err
	}
	for _, e := range t.Events {
		if err := out.add(t.Resident.ID, csvTime(e.OccurredAt), e.Gate, e.Direction, e.Decision, e.Reason, e.Color, e.Action, e.temperature(), e.Method,
			e.Who, e.Device, e.Lane, e.Plate, strings.Join(e.Flags, " ")); err != nil {
			return err
		}
	}
	return out.flush()
}
