package main

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"passgate/gateway/workbook"
)

const (
	// importPatience is how long rows are sent again to a server that is busy
	// or away. That is safe: rows that went in are not changed again.
	importPatience = 90 * time.Second
	// importPause is the first wait; each is twice the one before.
	importPause    = 250 * time.Millisecond
	longestPause   = 8 * time.Second
	smallestParcel = 100
)

// importSender posts rows until they are in.
type importSender struct {
	client   *client
	patience time.Duration
	pause    time.Duration
	query    url.Values
	preview  bool // rows get verdicts, and nothing goes in
}

// imported is the server's answer to rows.
type imported struct {
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Moved     int `json:"moved"`
	// Sites are the codes of those whose residents the rows are.
	Sites  []string `json:"sites"`
	Errors []struct {
		Row   int    `json:"row"`
		Field string `json:"field"`
		Why   string `json:"why"`
		WhyZH string `json:"why_zh"`
	} `json:"errors"`
	Rows []plannedRow `json:"rows"` // of a preview
}

// send posts the rows that can be posted and marks those that were refused.
func (s *importSender) send(ctx context.Context, rows []importRow) (imported, error) {
	var good []*importRow
	for i := range rows {
		if rows[i].posted() {
			good = append(good, &rows[i])
		}
	}
	return s.post(ctx, good, time.Now().Add(s.patience))
}

// post sends rows in one call, and in halves if the server cannot do so many in
// the time it gives a call.
func (s *importSender) post(ctx context.Context, rows []*importRow, deadline time.Time) (imported, error) {
	if len(rows) == 0 {
		return imported{}, nil
	}
	body := encodeRows(rows)
	pause := s.pause
	for attempt := 1; ; attempt++ {
		var got imported
		err := s.client.fetch(ctx, request{method: http.MethodPost, path: "/v1/residents/import", query: s.query, contentType: "text/csv; charset=utf-8", body: body}, &got)
		switch {
		case err == nil && s.preview:
			return got.foresee(rows)
		case err == nil:
			return got, got.mark(rows)
		}
		wait, again := retryAfter(err)
		if !again || ctx.Err() != nil || time.Now().After(deadline) {
			return imported{}, err
		}
		var p *problem
		if errors.As(err, &p) && p.Code == "unavailable" && attempt >= 2 && len(rows) > smallestParcel {
			return s.halves(ctx, rows, deadline)
		}
		wait = max(wait, pause/2+rand.N(pause/2+1)) //nolint:gosec // spreads calls, no secret
		pause = min(2*pause, longestPause)
		select {
		case <-ctx.Done():
			return imported{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (s *importSender) halves(ctx context.Context, rows []*importRow, deadline time.Time) (imported, error) {
	half := len(rows) / 2
	first, err := s.post(ctx, rows[:half], deadline)
	if err != nil {
		return imported{}, err
	}
	second, err := s.post(ctx, rows[half:], time.Now().Add(s.patience)) // it goes on, if slowly
	if err != nil {
		return imported{}, err
	}
	first.Created += second.Created
	first.Changed += second.Changed
	first.Moved += second.Moved
	first.Unchanged += second.Unchanged
	first.Sites = append(first.Sites, second.Sites...)
	return first, nil
}

// mark writes the server's reasons to the rows they are about. The server counts
// the header as row 1. Every row has to be accounted for.
func (i imported) mark(rows []*importRow) error {
	for _, e := range i.Errors {
		if e.Row < 2 || e.Row-2 >= len(rows) {
			return unreachable("the server speaks of row %d of %d: is it of another version?", e.Row, len(rows)+1)
		}
		r := rows[e.Row-2]
		r.Field, r.Why = e.Field, workbook.Reason{ZH: e.WhyZH, EN: cmp.Or(e.Why, "refused")}
	}
	if told := i.Created + i.Changed + i.Moved + i.Unchanged + len(i.Errors); told != len(rows) {
		return unreachable("the server accounts for %d of %d rows: is it of another version?", told, len(rows))
	}
	return nil
}

// retryAfter says whether a call is worth repeating, and what the server asks
// to wait.
func retryAfter(err error) (wait time.Duration, again bool) {
	var p *problem
	if errors.As(err, &p) {
		return p.retryAfter, p.passing()
	}
	var coded *exitError
	return 0, errors.As(err, &coded) && coded.code == exitBackend
}
