package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type traceCmd struct {
	Gate     traceGateCmd     `cmd:"" help:"Who passed a gate in a window of time."`
	Person   tracePersonCmd   `cmd:"" help:"Where a person was."`
	Contacts traceContactsCmd `cmd:"" help:"Whom a person met, directly and by chains of meetings."`
	Crowd    traceCrowdCmd    `cmd:"" help:"Who was at several places and times."`
	Inside   traceInsideCmd   `cmd:"" help:"Who was inside a site at a moment."`
}

// Help is shown by --help.
func (traceCmd) Help() string {
	return `A question needs an open case and a reason, and is put on record with both:
--case and --reason, or once for all by "passgate case use".

Example:

    passgate trace person 0400000000000007 --case C12 --reason "onset 11-22"`
}

// windowFlags bound a query in time.
type windowFlags struct {
	From string `help:"From when on: a date, \"2026-11-24 08:00\" (Shanghai) or RFC 3339; default 24 hours before --to." placeholder:"TIME"`
	To   string `help:"Until when, excluded; default now." placeholder:"TIME"`
	JSON bool   `name:"json" xor:"form" help:"Print one JSON document."`
	CSV  bool   `name:"csv" xor:"form" help:"Print CSV."`
}

func (w windowFlags) query() (url.Values, error) {
	query := url.Values{}
	for name, text := range map[string]string{"from": w.From, "to": w.To} {
		if text == "" {
			continue
		}
		t, err := parseTime("--"+name, text)
		if err != nil {
			return nil, err
		}
		query.Set(name, apiTime(t))
	}
	return query, nil
}

// scanEvent is one passage as the server tells it.
type scanEvent struct {
	OccurredAt time.Time `json:"occurred_at"`
	Person     *struct {
		ID   string `json:"id"`
		Name string `json:"name_masked"`
	} `json:"person"`
	Gate        string   `json:"gate"`
	Direction   string   `json:"direction"`
	Decision    string   `json:"decision"`
	Reason      string   `json:"reason"`
	Color       string   `json:"color"`
	Action      string   `json:"action"`
	Flags       []string `json:"flags"`
	Temperature *float64 `json:"temperature"`
	Method      string   `json:"temperature_method"`
	Who         string   `json:"who"`
	Device      string   `json:"device"`
	Lane        string   `json:"lane"`
	Plate       string   `json:"plate"`
}

func (e scanEvent) temperature() string {
	if e.Temperature == nil {
		return ""
	}
	return strconv.FormatFloat(*e.Temperature, 'f', 1, 64)
}

func (e scanEvent) lane() string {
	if e.Lane != "" {
		return e.Lane
	}
	return e.Device
}

func (e scanEvent) person() (id, name string) {
	if e.Person == nil {
		return "", ""
	}
	return e.Person.ID, e.Person.Name
}

type traceGateCmd struct {
	askFlags
	windowFlags
	Gate      string `arg:"" help:"Code of the gate."`
	Direction string `help:"Only in, or only out." enum:",in,out" default:"" placeholder:"in|out"`
	Decision  string `help:"Only pass, deny, remeasure or incomplete." enum:",pass,deny,remeasure,incomplete" default:"" placeholder:"DECISION"`
	Because   string `help:"Only of this reason, such as fever (passgate rules reasons lists them)." placeholder:"REASON"`
	Min       string `name:"temperature-min" help:"Only readings of at least this, in °C." placeholder:"36.0"`
	Max       string `name:"temperature-max" help:"Only readings of at most this, in °C." placeholder:"42.0"`
	Unread    bool   `name:"no-temperature" help:"Only events without a reading."`
	XLSX      string `name:"xlsx" help:"Write a workbook to this file instead." type:"path" placeholder:"FILE"`
	Parquet   string `name:"parquet" help:"Write a Parquet file instead; both is possible." type:"path" placeholder:"FILE"`
	Refusals  bool   `help:"Show the refusals that name nobody (forged, foreign, damaged codes) instead."`
}

// Help is shown by --help.
func (traceGateCmd) Help() string {
	return `The table and the JSON have masked names; the CSV and the files have IDs and no names.
A file has mode 0600 and appears when it is complete.

Example:

    passgate trace gate 370126001201-g1 --from 2026-11-24 --to 2026-11-25`
}

// Run queries the gate.
func (t *traceGateCmd) Run(ctx context.Context, con *console) error {
	query, err := t.query()
	if err != nil {
		return err
	}
	narrowed := t.narrow(query)
	if t.Refusals && (t.CSV || t.XLSX != "" || t.Parquet != "" || narrowed) {
		return badInput("--refusals goes with a table or --json, and with no filter")
	}
	if (t.XLSX != "" || t.Parquet != "") && (t.CSV || t.JSON) {
		return badInput("--xlsx and --parquet write files: leave --csv and --json out")
	}
	c, err := t.open(ctx, con)
	if err != nil {
		return err
	}
	path := "/v1/gates/" + url.PathEscape(t.Gate) + "/events"
	switch {
	case t.Refusals:
		return t.refusals(ctx, con, c, query)
	case t.XLSX != "" || t.Parquet != "":
		return t.files(ctx, con, c, path, query)
	case t.CSV:
		answer, err := c.send(ctx, request{method: http.MethodGet, path: path, query: query, accept: "text/csv"})
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		return copyStream(ctx, con.Out, answer.Body, false)
	}
	query.Set("limit", "1000")
	if t.JSON {
		return t.document(ctx, con, c, path, query)
	}
	out := newTable(con.Out, "TIME", "DIR", "DECISION", "REASON", "NAME", "PERSON", "°C", "BY", "LANE", "PLATE", "FLAGS")
	count := 0
	err = eachPage(ctx, c, path, query, func(p page) error {
		for _, raw := range p.Events {
			var e scanEvent
			if err := json.Unmarshal(raw, &e); err != nil {
				return unreachable("an event cannot be read: %w", err)
			}
			count++
			id, name := e.person()
			if err := out.add(localTime(e.OccurredAt), e.Direction, e.Decision, e.Reason, name, id, e.temperature(), e.Who, e.lane(), e.Plate, strings.Join(e.Flags, " ")); err != nil {
				return err
			}
		}
		return nil
	})
	if flushing := out.flush(); err == nil {
		err = flushing
	}
	if err == nil {
		con.say("%d events%s", count, c.ground)
	}
	return err
}

// narrow puts the filters into the query and tells whether there are any.
func (t *traceGateCmd) narrow(query url.Values) (narrowed bool) {
	unread := ""
	if t.Unread {
		unread = "none"
	}
	for name, value := range map[string]string{
		"direction": t.Direction, "decision": t.Decision, "reason": t.Because,
		"temperature_min": t.Min, "temperature_max": t.Max, "temperature": unread,
	} {
		if value != "" {
			query.Set(name, value)
			narrowed = true
		}
	}
	return narrowed
}

// page is a page of a gate's events, which are passed on as they are.
type page struct {
	Gate   string            `json:"gate"`
	From   time.Time         `json:"from"`
	To     time.Time         `json:"to"`
	Events []json.RawMessage `json:"events"`
	Next   string            `json:"next"`
}

// eachPage follows the cursors. The window of the first page holds for all, so
// that "until now" means one moment.
func eachPage(ctx context.Context, c *client, path string, query url.Values, do func(page) error) error {
	for {
		var p page
		if err := c.fetch(ctx, request{method: http.MethodGet, path: path, query: query}, &p); err != nil {
			return err
		}
		if err := do(p); err != nil {
			return err
		}
		if p.Next == "" || p.Next == query.Get("cursor") {
			return nil
		}
		query.Set("cursor", p.Next)
		query.Set("from", apiTime(p.From))
		query.Set("to", apiTime(p.To))
	}
}

// document writes one JSON document, page by page.
func (t *traceGateCmd) document(ctx context.Context, con *console, c *client, path string, query url.Values) error {
	out := bufio.NewWriter(con.Out)
	begun, first := false, true
	err := eachPage(ctx, c, path, query, func(p page) error {
		if !begun {
			begun = true
			head, err := json.Marshal(map[string]any{"gate": p.Gate, "from": p.From, "to": p.To})
			if err != nil {
				return fmt.Errorf("result: %w", err)
			}
			if _, err := fmt.Fprintf(out, "%s,\"events\":[", head[:len(head)-1]); err != nil {
				return err
			}
		}
		for _, event := range p.Events {
			if !first {
				if err := out.WriteByte(','); err != nil {
					return err
				}
			}
			first = false
			if _, err := fmt.Fprintf(out, "\n%s", event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err // what is left out of the document shows that it is not whole
	}
	if _, err := out.WriteString("\n]}\n"); err != nil {
		return err
	}
	return out.Flush()
}

func (t *traceGateCmd) refusals(ctx context.Context, con *console, c *client, query url.Values) error {
	var list json.RawMessage
	if err := c.fetch(ctx, request{method: http.MethodGet, path: "/v1/gates/" + url.PathEscape(t.Gate) + "/refusals", query: query}, &list); err != nil {
		return err
	}
	if t.JSON {
		return printJSON(con.Out, list)
	}
	var answer struct {
		Refusals []scanEvent `json:"refusals"`
	}
	if err := json.Unmarshal(list, &answer); err != nil {
		return unreachable("the refusals cannot be read: %w", err)
	}
	out := newTable(con.Out, "TIME", "DIR", "REASON", "ACTION", "LANE", "PLATE")
	for _, e := range answer.Refusals {
		if err := out.add(localTime(e.OccurredAt), e.Direction, e.Reason, e.Action, e.lane(), e.Plate); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	con.say("%d refusals", len(answer.Refusals))
	return nil
}
