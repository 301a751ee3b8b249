package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// chart is a chart of lines. Colours are classes c0 to c5 of the page's style, so
// that they follow its light or dark theme; each line has a dash pattern of its
// own besides, for eyes and paper that do not tell the colours.
type chart struct {
	Title    string
	Across   string // what x is
	LogX     bool
	LogY     bool
	XText    func(float64) string // how a place on the x axis is written; number if nil
	Marks    []mark
	Lines    []line
	FromZero bool // y begins at 0 whatever the values; log axes do not
}

// line is one series; points whose y is not above 0 are left out of a log axis.
type line struct {
	Name string
	X, Y []float64
	Dots bool
}

// mark is a horizontal line, such as a goal.
type mark struct {
	Name string
	Y    float64
}

// The size of a chart in units of its own, and its margins. It is scaled to the
// page: the unit is about a pixel on a phone.
const (
	width, height         = 420.0, 230.0
	left, right, top, low = 52.0, 10.0, 10.0, 38.0
)

// mostPoints is how many points a line has at most; more are thinned out, keeping
// the highest of those that fall together.
const mostPoints = 400

// axis maps values to places.
type axis struct {
	from, to   float64 // values
	start, end float64 // places
	log        bool
}

func (a axis) at(v float64) float64 {
	from, to := a.from, a.to
	if a.log {
		from, to, v = math.Log10(from), math.Log10(to), math.Log10(v)
	}
	if to == from {
		return (a.start + a.end) / 2
	}
	return a.start + (v-from)/(to-from)*(a.end-a.start)
}

// ticks are round values on the axis.
func (a axis) ticks(most int) []float64 {
	var out []float64
	if a.log {
		for e := math.Floor(math.Log10(a.from)); e <= math.Ceil(math.Log10(a.to)); e++ {
			for _, m := range []float64{1, 2, 5} {
				if v := m * math.Pow(10, e); v >= a.from*0.999 && v <= a.to*1.001 {
					out = append(out, v)
				}
			}
		}
		if len(out) > most { // whole powers only
			var whole []float64
			for _, v := range out {
				if l := math.Log10(v); math.Abs(l-math.Round(l)) < 1e-9 {
					whole = append(whole, v)
				}
			}
			out = whole
		}
		return out
	}
	step := roundUp((a.to - a.from) / float64(most))
	for i := math.Ceil(a.from/step - 1e-9); i*step <= a.to+step*1e-9; i++ {
		out = append(out, i*step)
	}
	return out
}

// roundUp is the next of 1, 2, 5 times a power of ten.
func roundUp(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// span is the range of values, of x or of y.
func (c *chart) span(log bool, of func(*line) []float64) (from, to float64, any bool) {
	from, to = math.Inf(1), math.Inf(-1)
	for i := range c.Lines {
		for _, v := range of(&c.Lines[i]) {
			if !log || v > 0 {
				from, to = min(from, v), max(to, v)
			}
		}
	}
	return from, to, from <= to
}

// axes are where values lie; ok is false where there is nothing to draw.
func (c *chart) axes() (x, y axis, ok bool) {
	x0, x1, some := c.span(c.LogX, func(l *line) []float64 { return l.X })
	y0, y1, more := c.span(c.LogY, func(l *line) []float64 { return l.Y })
	if !some || !more {
		return x, y, false
	}
	for _, m := range c.Marks {
		y1 = max(y1, m.Y)
	}
	switch {
	case c.LogY:
		y0, y1 = y0/1.2, y1*1.3
	case c.FromZero:
		y0, y1 = min(0, y0), max(y1, 1e-9)*1.08
	default:
		room := max((y1-y0)*0.1, math.Abs(y1)*0.02, 1e-9)
		y0, y1 = y0-room, y1+room
	}
	return axis{x0, x1, left, width - right, c.LogX}, axis{y0, y1, height - low, top, c.LogY}, true
}

// SVG draws it; nothing if there is nothing to draw.
func (c *chart) SVG() template.HTML {
	x, y, ok := c.axes()
	if !ok {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, esc(c.Title))
	for _, v := range y.ticks(6) {
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick end" x="%g" y="%.1f">%s</text>`,
			left, width-right, y.at(v), y.at(v), left-5, y.at(v)+4, number(v))
	}
	text := c.XText
	if text == nil {
		text = number
	}
	taken := math.Inf(-1) // where the last label ends
	for _, v := range x.ticks(7) {
		at, label := x.at(v), text(v)
		half := 3.6 * float64(len(label))
		if at-half < taken {
			continue
		}
		taken = at + half
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%g" y2="%g"/><text class="tick mid" x="%.1f" y="%g">%s</text>`,
			at, at, top, height-low, min(at, width-half), height-low+15, esc(label))
	}
	fmt.Fprintf(&b, `<text class="tick mid" x="%g" y="%g">%s</text>`, (left+width-right)/2, height-5, esc(c.Across))
	for _, m := range c.Marks {
		fmt.Fprintf(&b, `<line class="mark" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick end" x="%g" y="%.1f">%s</text>`,
			left, width-right, y.at(m.Y), y.at(m.Y), width-right, y.at(m.Y)-4, esc(m.Name))
	}
	for i := range c.Lines {
		c.Lines[i].draw(&b, i, x, y)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // #nosec G203 -- all text in it went through esc
}

func (l *line) draw(b *strings.Builder, class int, x, y axis) {
	points := l.thin(y.log)
	var path strings.Builder
	for i := range points.X {
		fmt.Fprintf(&path, "%.1f,%.1f ", x.at(points.X[i]), y.at(points.Y[i]))
	}
	fmt.Fprintf(b, `<polyline class="c%d" points="%s"/>`, class, strings.TrimSpace(path.String()))
	if !l.Dots {
		return
	}
	for i := range points.X {
		fmt.Fprintf(b, `<circle class="c%d" cx="%.1f" cy="%.1f" r="3"><title>%s: %s at %s</title></circle>`,
			class, x.at(points.X[i]), y.at(points.Y[i]), esc(l.Name), number(points.Y[i]), number(points.X[i]))
	}
}

// thin leaves out what cannot be drawn and what nobody would see.
func (l *line) thin(log bool) line {
	var out line
	step := (len(l.X) + mostPoints - 1) / mostPoints
	for i := 0; i < len(l.X); i += max(step, 1) {
		best := -1
		for j := i; j < min(i+max(step, 1), len(l.X)); j++ {
			if (!log || l.Y[j] > 0) && (best < 0 || l.Y[j] > l.Y[best]) {
				best = j
			}
		}
		if best >= 0 {
			out.X, out.Y = append(out.X, l.X[best]), append(out.Y, l.Y[best])
		}
	}
	return out
}

// number writes a value with at most three digits that matter: 1.5k, 20M, 0.25.
func number(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	for _, u := range []struct {
		unit   float64
		letter string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= u.unit {
			return sign + strconv.FormatFloat(round3(v/u.unit), 'f', -1, 64) + u.letter
		}
	}
	return sign + strconv.FormatFloat(round3(v), 'f', -1, 64)
}

func round3(v float64) float64 {
	if v == 0 {
		return 0
	}
	digits := math.Pow(10, 2-math.Floor(math.Log10(v)))
	return math.Round(v*digits) / digits
}

// esc makes text safe in the drawing.
func esc(s string) string { return template.HTMLEscapeString(s) }
