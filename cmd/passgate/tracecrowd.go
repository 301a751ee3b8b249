package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type traceCrowdCmd struct {
	askFlags
	formFlags
	Places  []string `arg:"" name:"place" help:"Code of a gate, or site:CODE; with times of its own as PLACE@FROM/TO."`
	From    string   `help:"From when on, for places without times of their own; default 24 hours before --to." placeholder:"TIME"`
	To      string   `help:"Until when, excluded; default now." placeholder:"TIME"`
	AtLeast int      `help:"At how many of the places at least." default:"2"`
}

// Help is shown by --help.
func (traceCrowdCmd) Help() string {
	return `What the people of a cluster have in common: who was at several of the places in their
times. AT: which of them, numbered from 1 in the order given.

Example:

    passgate trace crowd MALL-1-g1 site:MARKET-2@2020-02-01T08:00/2020-02-01T12:00 --from 2020-02-02 --to 2020-02-03`
}

// crowdWindow is one place and time.
type crowdWindow struct {
	Gate string `json:"gate,omitempty"`
	Site string `json:"site,omitempty"`
	From string `json:"from"`
	To   string `json:"to"`
}

// windows reads the places.
func (t *traceCrowdCmd) windows(now time.Time) ([]crowdWindow, error) {
	windows := make([]crowdWindow, len(t.Places))
	for i, text := range t.Places {
		place, times, own := strings.Cut(text, "@")
		from, to := t.From, t.To
		if own {
			var both bool
			if from, to, both = strings.Cut(times, "/"); !both || from == "" || to == "" {
				return nil, badInput("%s: give its times as PLACE@FROM/TO", clip(text, 80))
			}
		}
		w := &windows[i]
		if site, ok := strings.CutPrefix(place, "site:"); ok {
			w.Site = site
		} else {
			w.Gate = place
		}
		end, err := parseTimeOr("--to", to, now)
		if err != nil {
			return nil, err
		}
		start, err := parseTimeOr("--from", from, end.Add(-24*time.Hour))
		if err != nil {
			return nil, err
		}
		w.From, w.To = apiTime(start), apiTime(end)
	}
	return windows, nil
}

// crowd is who was there, as the server tells it.
type crowd struct {
	People []struct {
		Person  tracedPerson `json:"person"`
		Windows []int        `json:"windows"` // from 0
		Minutes int64        `json:"minutes"`
	} `json:"people"`
	Total   int `json:"total"`
	Outside int `json:"outside"`
}

// Run queries the crowd.
func (t *traceCrowdCmd) Run(ctx context.Context, con *console) error {
	windows, err := t.windows(time.Now())
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"windows": windows, "at_least": t.AtLeast})
	if err != nil {
		return fmt.Errorf("crowd: %w", err)
	}
	c, err := t.open(ctx, con)
	if err != nil {
		return err
	}
	var found crowd
	ask := request{method: http.MethodPost, path: "/v1/crowd", contentType: "application/json", body: body}
	if done, err := t.print(ctx, con, c, ask, &found); done || err != nil {
		return err
	}
	if err := found.print(con.Out); err != nil {
		return err
	}
	con.say("%d people, %d of them of another part of the grid%s", found.Total, found.Outside, c.ground)
	return nil
}

func (f *crowd) print(w io.Writer) error {
	out := newTable(w, "NAME", "PERSON", "KIND", "HOME", "PLACES", "MINUTES", "AT")
	for _, m := range f.People {
		at := make([]string, len(m.Windows))
		for i, n := range m.Windows {
			at[i] = strconv.Itoa(n + 1)
		}
		if err := out.add(m.Person.Name, m.Person.ID, m.Person.Kind, m.Person.lives(), strconv.Itoa(len(at)), strconv.FormatInt(m.Minutes, 10), strings.Join(at, " ")); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	if len(f.People) < f.Total {
		return printCuts(w, []cut{{Kind: "listing", At: len(f.People), Of: f.Total}})
	}
	return nil
}

type traceInsideCmd struct {
	askFlags
	formFlags
	Site string `arg:"" help:"Code of the site."`
	At   string `help:"At which moment; default now." placeholder:"TIME"`
}

// Help is shown by --help.
func (traceInsideCmd) Help() string {
	return "Example:\n\n    passgate trace inside MALL-1 --at \"2020-02-10 18:30\" --case C12 --reason \"onset 11-22\""
}

// inside is who was inside a site, as the server tells it.
type inside struct {
	At     time.Time `json:"at"`
	People []struct {
		Person tracedPerson `json:"person"`
		Since  time.Time    `json:"since"`
		Gate   string       `json:"gate"`
	} `json:"people"`
	Outside int `json:"outside"`
}

// Run queries the site.
func (t *traceInsideCmd) Run(ctx context.Context, con *console) error {
	query := url.Values{}
	if t.At != "" {
		at, err := parseTime("--at", t.At)
		if err != nil {
			return err
		}
		query.Set("at", apiTime(at))
	}
	c, err := t.open(ctx, con)
	if err != nil {
		return err
	}
	var found inside
	ask := request{method: http.MethodGet, path: "/v1/sites/" + url.PathEscape(t.Site) + "/inside/people", query: query}
	if done, err := t.print(ctx, con, c, ask, &found); done || err != nil {
		return err
	}
	out := newTable(con.Out, "SINCE", "NAME", "PERSON", "KIND", "HOME", "IN BY")
	for _, p := range found.People {
		if err := out.add(localTime(p.Since), p.Person.Name, p.Person.ID, p.Person.Kind, p.Person.lives(), p.Gate); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	con.say("%d inside at %s, %d of them of another part of the grid%s", len(found.People), localTime(found.At), found.Outside, c.ground)
	return nil
}
