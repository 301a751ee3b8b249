package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"
)

// record is what the oracle expects of one gate on one day.
type record struct {
	events   []seen
	refusals []*event
}

// seen is an event with the one it is about.
type seen struct {
	*event
	person int
}

// span is one day in the questions, UTC ms. The last one is what happened after
// the last midnight.
func (r *run) span(d int) (from, to int64) {
	from = r.dayStart(d).UnixMilli()
	return from, min(from+day.Milliseconds(), r.now.UnixMilli())
}

// records sorts what the oracle knows by gate and day.
func (r *run) records() [][]record {
	all := make([][]record, len(r.oracle.gates))
	for g := range all {
		all[g] = make([]record, r.cfg.Days+1)
	}
	dayOf := func(at int64) int { return int((at - r.cfg.Start.UnixMilli()) / day.Milliseconds()) }
	for i := range r.oracle.people {
		p := &r.oracle.people[i]
		for k := range p.history {
			e := &p.history[k]
			at := &all[r.oracle.gateOf(*e)][dayOf(e.at)]
			at.events = append(at.events, seen{e, i})
		}
	}
	for i := range r.oracle.refusals {
		e := &r.oracle.refusals[i]
		at := &all[r.oracle.gateOf(*e)][dayOf(e.at)]
		at.refusals = append(at.refusals, e)
	}
	return all
}

// checkGates asks every gate what passed it on each day, in pages, as a stream
// and for some as CSV, and what it turned away without knowing whom.
func (r *run) checkGates(ctx context.Context) error {
	all := r.records()
	t := &tally{home: make([][2][48]float64, r.cfg.Days+1), kind: map[string]int{}}
	deadline := time.Now().Add(r.cfg.Patience)
	days := r.cfg.Days + 1
	var used []int
	for g := range all {
		if r.crowd.uses[g] {
			used = append(used, g)
		}
	}
	err := r.parallel(ctx, "gates", len(used)*days, func(ctx context.Context, n int) error {
		g, d := used[n/days], n%days
		q := &gateQuestion{run: r, gate: g, day: d, want: all[g][d], tally: t}
		return q.ask(ctx, deadline)
	})
	if err != nil {
		return err
	}
	r.report.HalfHours = t.all
	r.checkTotals(t)
	r.checkShape(t)
	return nil
}

// gateQuestion is one gate on one day.
type gateQuestion struct {
	*run
	gate, day int
	want      record
	tally     *tally
}

// ask waits, until the deadline at most, for the index to have all events.
func (q *gateQuestion) ask(ctx context.Context, deadline time.Time) error {
	code := q.oracle.gates[q.gate].code
	where := fmt.Sprintf("gate %s on day %d", code, q.day+1)
	want := make([]string, len(q.want.events))
	for i, e := range q.want.events {
		want[i] = q.line(e.event, q.oracle.people[e.person].id, "")
	}
	var events []wireEvent
	var err error
	for {
		if events, err = q.pages(ctx, code); err != nil {
			return err
		}
		if len(events) >= len(want) || time.Now().After(deadline) {
			break
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	residential := q.oracle.sites[q.oracle.gates[q.gate].site].residential
	for i := range events {
		q.tally.add(q.day, residential, &events[i])
	}
	q.hold("gates.pages", where, want, events)
	stream, err := q.stream(ctx, code)
	if err != nil {
		return err
	}
	q.hold("gates.stream", where, want, stream)
	if (q.gate+q.day)%10 == 0 {
		if err := q.csv(ctx, code, where, want); err != nil {
			return err
		}
	}
	return q.refused(ctx, code, where)
}

// hold compares a window with the oracle, event by event.
func (r *run) hold(check, where string, want []string, events []wireEvent) {
	got := make([]string, len(events))
	for i := range events {
		got[i] = events[i].line(events[i].personID(), "")
	}
	r.tell(check, where, want, got)
}

// tell counts the events of a comparison that agree.
func (r *run) tell(check, where string, want, got []string) {
	if diff := difference(want, got); diff != "" {
		r.ledger.differ(check+" complete", where, fmt.Sprintf("%d events", len(want)), fmt.Sprintf("%d events: %s", len(got), diff))
	} else {
		r.ledger.agree(check + " complete")
	}
	r.ledger.count(check+" events", len(want), len(got))
}

func (q *gateQuestion) path(code, what string) string {
	from, to := q.span(q.day)
	v := url.Values{"from": {wireTime(from)}, "to": {wireTime(to)}}
	return "/v1/gates/" + code + "/" + what + "?" + v.Encode()
}

// pages reads the window page by page, in pages of 1,000 or, for variety, less.
func (q *gateQuestion) pages(ctx context.Context, code string) ([]wireEvent, error) {
	limit := []int{1000, 97, 10}[q.gate%3]
	if len(q.want.events) > 2000 {
		limit = 1000
	}
	path := q.path(code, "events") + fmt.Sprintf("&limit=%d", limit)
	var all []wireEvent
	for cursor := ""; ; {
		var page struct {
			Gate   string      `json:"gate"`
			Events []wireEvent `json:"events"`
			Next   string      `json:"next"`
		}
		if err := q.run.ask(ctx, q.caseOf(0), "GET", path+"&cursor="+url.QueryEscape(cursor), nil, &page); err != nil {
			return nil, err
		}
		q.inquiry.rows.Add(int64(len(page.Events)))
		all = append(all, page.Events...)
		if page.Next == "" {
			return all, nil
		}
		if len(page.Events) == 0 || page.Next == cursor || len(all) > 10_000_000 {
			return nil, fmt.Errorf("demo: the pages of gate %s do not end", code)
		}
		cursor = page.Next
	}
}

func (q *gateQuestion) stream(ctx context.Context, code string) ([]wireEvent, error) {
	res, err := q.whole(ctx, code, "application/x-ndjson")
	if err != nil {
		return nil, err
	}
	var events []wireEvent
	for d := json.NewDecoder(bytes.NewReader(res.body)); ; {
		var e wireEvent
		if err := d.Decode(&e); err == io.EOF { //nolint:errorlint // Decoder gives it bare
			q.inquiry.rows.Add(int64(len(events)))
			return events, nil
		} else if err != nil {
			return nil, fmt.Errorf("demo: stream of gate %s: %w", code, err)
		}
		if e.Person != nil && e.Person.NameMasked != "" {
			q.ledger.differ("gates.stream without names", "gate "+code, "no name", e.Person.NameMasked)
		}
		events = append(events, e)
	}
}

// whole asks for the window in one piece.
func (q *gateQuestion) whole(ctx context.Context, code, form string) (reply, error) {
	ask := request{method: "GET", path: q.path(code, "events"), kase: q.caseOf(0), accept: form}
	res, _, err := q.c.persist(ctx, ask)
	if err != nil {
		return res, fmt.Errorf("demo: %w", err)
	}
	if p := res.failed(ask); p != nil {
		return res, fmt.Errorf("demo: %w", p)
	}
	q.inquiry.streamed.Add(1)
	return res, nil
}

// csv compares time, person, direction and decision in the CSV.
func (q *gateQuestion) csv(ctx context.Context, code, where string, want []string) error {
	res, err := q.whole(ctx, code, "text/csv")
	if err != nil {
		return err
	}
	text, marked := bytes.CutPrefix(res.body, []byte("\xef\xbb\xbf"))
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 || !marked {
		q.ledger.differ("gates.csv complete", where, "a table with a byte order mark", fmt.Sprintf("%v, %d rows", err, len(rows)))
		return nil
	}
	q.inquiry.rows.Add(int64(len(rows) - 1))
	got := make([]string, 0, len(want))
	for _, row := range rows[1:] {
		cell := map[string]string{}
		for i, name := range rows[0] {
			cell[name] = row[i]
		}
		got = append(got, cell["occurred_at"]+cell["person"]+cell["direction"]+cell["decision"]+cell["reason"]+cell["plate"])
	}
	want = want[:0:0]
	for _, e := range q.want.events {
		direction := map[bool]string{true: "in", false: "out"}[e.in]
		want = append(want, wireTime(e.at)+q.oracle.people[e.person].id+direction+e.decision+e.reason+e.plate)
	}
	q.tell("gates.csv", where, want, got)
	return nil
}

// refused compares the refusals that name nobody.
func (q *gateQuestion) refused(ctx context.Context, code, where string) error {
	var out struct {
		Refusals []wireEvent `json:"refusals"`
	}
	if err := q.c.call(ctx, "GET", q.path(code, "refusals"), nil, &out); err != nil {
		return err
	}
	want := make([]string, len(q.want.refusals))
	for i, e := range q.want.refusals {
		want[i] = q.line(e, "", "")
	}
	for i := range out.Refusals {
		q.tally.add(q.day, false, &out.Refusals[i])
	}
	q.hold("gates.refusals", where, want, out.Refusals)
	return nil
}
