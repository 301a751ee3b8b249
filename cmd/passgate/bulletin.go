package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

type bulletinCmd struct {
	serverFlags
	Node    string `arg:"" help:"Node of the grid; with all below it."`
	Day     string `help:"Date, such as 2020-02-11; default today." placeholder:"DATE"`
	JSON    bool   `name:"json" xor:"form" help:"Print the bulletin as JSON."`
	CSV     bool   `name:"csv" xor:"form" help:"Print CSV: the node and each one right below it."`
	Text    bool   `name:"text" xor:"form" help:"Print the Chinese text to paste into a chat."`
	Publish bool   `xor:"form" help:"Publish a day that is over: its numbers stand from then on."`
}

// Help is shown by --help.
func (bulletinCmd) Help() string {
	return `The table leaves out lines of 0 that did not change. Numbers of a day that is not
published are live; what came in later than a publication is shown as a correction.

Example:

    passgate bulletin XS --day 2020-02-11 --text`
}

// bulletinDoc is a bulletin as the server tells it.
type bulletinDoc struct {
	Node        string     `json:"node"`
	NodeName    string     `json:"node_name"`
	Day         string     `json:"day"`
	CountedAt   time.Time  `json:"counted_at"`
	PublishedAt *time.Time `json:"published_at"`
	PublishedBy string     `json:"published_by"`
	Lines       []struct {
		Text struct {
			ZH string `json:"zh"`
			EN string `json:"en"`
		} `json:"text"`
		Of         string `json:"of"`
		Unit       string `json:"unit"`
		Urgent     bool   `json:"urgent"`
		Number     int64  `json:"number"`
		Yesterday  *int64 `json:"yesterday"`
		ChangeText string `json:"change_text"`
		Correction int64  `json:"correction"`
	} `json:"lines"`
}

// Run shows the bulletin, or publishes it.
func (b *bulletinCmd) Run(ctx context.Context, con *console) error {
	if b.Publish && b.Day == "" {
		return badInput("--publish takes the day that is over: --day DATE")
	}
	c, err := b.open(ctx, con)
	if err != nil {
		return err
	}
	if b.Publish {
		var doc bulletinDoc
		if err := c.post(ctx, "/v1/bulletins", map[string]string{"node": b.Node, "day": b.Day}, &doc); err != nil {
			return err
		}
		return doc.show(con)
	}
	query := url.Values{"node": {b.Node}}
	if b.Day != "" {
		query.Set("day", b.Day)
	}
	ask := request{method: http.MethodGet, path: "/v1/bulletin", query: query}
	if b.CSV || b.Text {
		if ask.accept = "text/csv"; b.Text {
			ask.accept = "text/plain"
		}
		answer, err := c.send(ctx, ask)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		return copyStream(ctx, con.Out, answer.Body, false)
	}
	var text json.RawMessage
	if err := c.fetch(ctx, ask, &text); err != nil {
		return err
	}
	if b.JSON {
		return printJSON(con.Out, text)
	}
	var doc bulletinDoc
	if err := json.Unmarshal(text, &doc); err != nil {
		return unreachable("the bulletin cannot be read: %w", err)
	}
	return doc.show(con)
}

// show prints the table.
func (d *bulletinDoc) show(con *console) error {
	out := newTable(con.Out, "ITEM", "", "NUMBER", "DAY BEFORE", "CHANGE", "CORRECTION")
	for _, l := range d.Lines {
		if l.Number == 0 && l.Correction == 0 && (l.ChangeText == "" || l.ChangeText == "=") {
			continue
		}
		zh, before, correction := l.Text.ZH, "", ""
		if l.Of != "" {
			zh = "  " + zh
		}
		if l.Urgent && l.Number > 0 {
			zh = "! " + zh
		}
		if l.Yesterday != nil {
			before = strconv.FormatInt(*l.Yesterday, 10)
		}
		if l.Correction != 0 {
			correction = strconv.FormatInt(l.Correction, 10)
		}
		if err := out.add(zh, l.Text.EN, strconv.FormatInt(l.Number, 10)+" "+l.Unit, before, l.ChangeText, correction); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	if d.PublishedAt != nil {
		con.say("%s %s, published %s by %s", d.NodeName, d.Day, localTime(*d.PublishedAt), d.PublishedBy)
		return nil
	}
	con.say("%s %s, live at %s, not published", d.NodeName, d.Day, localTime(d.CountedAt))
	return nil
}
