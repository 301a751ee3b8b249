package statuspage

import (
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"passgate/gateway/chart"
)

// view is what the page and /status.json show: see the package comment.
type view struct {
	At        time.Time `json:"at"`
	Since     time.Time `json:"since"`
	Version   string    `json:"version"`
	State     state     `json:"state"`
	Truncated bool      `json:"truncated"`
	Problems  []problem `json:"problems"`
	Times     []float64 `json:"times"`
	Tiles     []shown   `json:"tiles"`
	last      sample
}

// shown is a tile with its figures.
type shown struct {
	ID    string      `json:"id"`
	ZH    string      `json:"zh"`
	EN    string      `json:"en"`
	Unit  unit        `json:"unit"`
	Lines []shownLine `json:"lines"`
	tile  *tile
}

// shownLine is a line with its figures.
type shownLine struct {
	Key    string   `json:"key"`
	ZH     string   `json:"zh"`
	EN     string   `json:"en"`
	Unit   unit     `json:"unit"`
	Now    number   `json:"now"`
	Points []number `json:"points,omitempty"` // of what is drawn
}

// span is how much time the page shows.
type span time.Duration

const (
	lastHour = span(time.Hour)
	lastDay  = span(24 * time.Hour)
	leastAxe = 5 * time.Minute // shown of a service that has just begun
	points   = 120             // of a line, at most
)

// now is the time of which figures are that are said to be of now.
const now = time.Minute

// viewOf calculates what is shown; false if nothing was sampled yet.
func viewOf(h *history, problems []problem, version string, span span) (*view, bool) {
	last, ok := h.last()
	if !ok {
		return &view{Version: version, State: stateStarting, Problems: []problem{}, Times: []float64{}, Tiles: []shown{}}, false
	}
	v := &view{
		At: last.at.UTC(), Since: h.coarse[0].at.UTC(), Version: version, State: stateOf(problems),
		Truncated: h.truncated, Problems: problems, Times: []float64{}, last: last,
	}
	steps := h.steps(span)
	for _, s := range steps[1:] {
		v.Times = append(v.Times, float64(s.at.UnixMilli())/1000)
	}
	from := h.before(now)
	for i := range sections {
		for j := range sections[i].tiles {
			v.Tiles = append(v.Tiles, sections[i].tiles[j].show(h, from, last, steps))
		}
	}
	return v, true
}

// steps are the samples between which points are, at least one. A step begins at a round
// time, so that points stay what they were when the next is added.
func (h *history) steps(span span) []sample {
	samples, every := h.fine, sampleEvery
	if span == lastDay {
		samples, every = h.coarse, coarseEvery
	}
	length := samples[len(samples)-1].at.Sub(samples[0].at)
	step := max((length/points+every-1)/every, 1) * every
	steps := samples[:1:1]
	for _, s := range samples[1:] {
		if s.at.Truncate(step) != steps[len(steps)-1].at.Truncate(step) {
			steps = append(steps, s)
		}
	}
	return steps
}

func (t *tile) show(h *history, from, last sample, steps []sample) shown {
	out := shown{ID: t.id, ZH: t.title.zh, EN: t.title.en, Unit: t.unit, Lines: []shownLine{}, tile: t}
	for _, l := range t.linesOf(h, steps[0], last) {
		drawn := l.show(h, t.unit, from, last)
		f := l.figure(h)
		drawn.Points = []number{}
		for i := 1; i < len(steps); i++ {
			drawn.Points = append(drawn.Points, number(f(steps[i-1], steps[i])))
		}
		out.Lines = append(out.Lines, drawn)
	}
	for _, l := range t.values {
		out.Lines = append(out.Lines, l.show(h, t.unit, from, last))
	}
	return out
}

func (l *line) show(h *history, of unit, from, last sample) shownLine {
	if l.unit != "" {
		of = l.unit
	}
	return shownLine{Key: l.key, ZH: l.name.zh, EN: l.name.en, Unit: of, Now: number(l.figure(h)(from, last))}
}

// chart draws a tile; "" if there is nothing to draw.
func (s *shown) chart(v *view, span span, lang string) template.HTML {
	unitOfX, name := time.Minute, words{"分钟前", "minutes ago"}
	if span == lastDay {
		unitOfX, name = time.Hour, words{"小时前", "hours ago"}
	}
	length := min(max(v.At.Sub(v.Since), leastAxe), time.Duration(span))
	c := chart.Chart{
		Title: words{s.ZH, s.EN}.in(lang), Across: name.in(lang), Width: 320, Height: 150, LogY: s.tile.log, FromZero: true, AtLeast: s.Unit.least(),
		From:  -float64(length) / float64(unitOfX),
		XText: func(x float64) string { return strconv.FormatFloat(math.Abs(x), 'f', -1, 64) },
		YText: func(y float64) string { return s.Unit.tick(y) },
	}
	for _, l := range s.Lines {
		if len(l.Points) == 0 {
			continue
		}
		drawn := chart.Line{Name: words{l.ZH, l.EN}.in(lang)}
		for i, p := range l.Points {
			ago := float64(v.At.UnixMilli())/1000 - v.Times[i]
			drawn.X, drawn.Y = append(drawn.X, -ago/unitOfX.Seconds()), append(drawn.Y, float64(p))
		}
		c.Lines = append(c.Lines, drawn)
	}
	if i := slices.IndexFunc(conditions, func(c condition) bool { return c.alert == s.tile.mark }); i >= 0 {
		limit := conditions[i].limit
		c.Marks = []chart.Mark{{Name: s.Unit.text(limit, lang), Y: limit}}
	}
	return c.SVG()
}

// firing tells whether a problem belongs to the tile, and the worst severity.
func (s *shown) firing(problems []problem) severity {
	var worst severity
	for _, p := range problems {
		if slices.Contains(s.tile.alerts, p.Alert) && worst != page {
			worst = p.Severity
		}
	}
	return worst
}

// sentence tells of a problem how far it is beyond its limit.
func (p *problem) sentence(lang string) string {
	var b strings.Builder
	b.WriteString(words{p.ZH, p.EN}.in(lang))
	if v := p.Unit.text(float64(p.Value), lang); v != unknown && p.Is != "" && p.Is != "==" {
		b.WriteString(words{"（现在 ", " (now "}.in(lang) + v + words{"，界限 ", ", limit "}.in(lang) + p.Unit.text(p.Limit, lang) + words{"）", ")"}.in(lang))
	}
	return b.String()
}
