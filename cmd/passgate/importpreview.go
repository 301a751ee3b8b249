package main

import (
	"strings"

	"passgate/gateway/workbook"
)

// rowVerdict is what would become of a row.
type rowVerdict struct {
	verdict  string
	changes  []string // fields
	from, to string   // homes of who moves
	of       string   // row that this one repeats
}

// plannedRow is the server's word about a row.
type plannedRow struct {
	Row     int       `json:"row"`
	Verdict string    `json:"verdict"`
	Fields  []string  `json:"fields"`
	From    *homeSaid `json:"from"`
	To      *homeSaid `json:"to"`
	Field   string    `json:"field"`
	Why     string    `json:"why"`
	WhyZH   string    `json:"why_zh"`
}

type homeSaid struct{ Site, Door string }

// String is a home as people read it.
func (h *homeSaid) String() string {
	if h == nil {
		return ""
	}
	return strings.TrimSpace(h.Site + " " + h.Door)
}

// foresee writes the server's verdicts to the rows and counts them. Every row has to
// be accounted for.
func (i imported) foresee(rows []*importRow) (imported, error) {
	if len(i.Rows) != len(rows) {
		return i, unreachable("the server speaks of %d of %d rows: is it of another version?", len(i.Rows), len(rows))
	}
	for n := range i.Rows {
		p, r := &i.Rows[n], rows[n]
		r.verdict = rowVerdict{verdict: p.Verdict, changes: p.Fields, from: p.From.String(), to: p.To.String()}
		switch p.Verdict {
		case "new":
			i.Created++
		case "changed":
			i.Changed++
		case "moves":
			i.Moved++
		case "refused":
			r.Field, r.Why = p.Field, workbook.Reason{ZH: p.WhyZH, EN: p.Why}
		default:
			i.Unchanged++
		}
	}
	i.Rows = nil
	return i, nil
}
