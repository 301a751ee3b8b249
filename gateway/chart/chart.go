// Package chart draws charts of lines as SVG, without a script. Colours are classes c0
// to c5 of the page that a chart is put into, so that they follow its light or dark
// theme; the page gives each class a dash pattern of its own besides, for eyes and
// paper that do not tell the colours. Its other classes are grid, mark, and tick with
// end or mid.
package chart

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Chart is a chart of lines.
type Chart struct {
	Title    string
	Across   string // what x is
	LogX     bool
	LogY     bool
	XText    func(float64) string // how a place on the x axis is written; Number if nil
	YText    func(float64) string // likewise
	From, To float64              // of x; where its values begin and end if both are 0
	Width    float64              // in units of its own, see Width; that if 0
	Height   float64              // likewise; 230 if 0
	Marks    []Mark
	Lines    []Line
	FromZero bool    // y begins at 0 whatever the values; log axes do not
	AtLeast  float64 // to which y goes whatever the values, with FromZero
}

// Line is one series. Where Y is not a number it has a gap; points whose y is not
// above 0 are left out of a log axis.
type Line struct {
	Name string
	X, Y []float64
	Dots bool
}

// Mark is a horizontal line, such as a goal.
type Mark struct {
	Name string
	Y    float64
}

// Width is the usual width of a chart in units of its own, of which a letter is about 11
// high. It is scaled to the page: the unit is about a pixel on a phone.
const Width = 420.0

// The usual height, and the margins.
const (
	height                = 230.0
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
func (c *Chart) span(log bool, of func(*Line) []float64) (from, to float64, any bool) {
	from, to = math.Inf(1), math.Inf(-1)
	for i := range c.Lines {
		for _, v := range of(&c.Lines[i]) {
			if !math.IsNaN(v) && (!log || v > 0) {
				from, to = min(from, v), max(to, v)
			}
		}
	}
	return from, to, from <= to
}

// axes are where values lie; ok is false where there is nothing to draw.
func (c *Chart) axes() (x, y axis, ok bool) {
	x0, x1, some := c.span(c.LogX, func(l *Line) []float64 { return l.X })
	if c.From != 0 || c.To != 0 {
		x0, x1 = c.From, c.To
	}
	y0, y1, more := c.span(c.LogY, func(l *Line) []float64 { return l.Y })
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
		y0, y1 = min(0, y0), max(y1, c.AtLeast, 1e-9)*1.08
	default:
		room := max((y1-y0)*0.1, math.Abs(y1)*0.02, 1e-9)
		y0, y1 = y0-room, y1+room
	}
	width, height := c.size()
	return axis{x0, x1, left, width - right, c.LogX}, axis{y0, y1, height - low, top, c.LogY}, true
}

func (c *Chart) size() (w, h float64) {
	w, h = c.Width, c.Height
	if w == 0 {
		w = Width
	}
	if h == 0 {
		h = height
	}
	return w, h
}

// SVG draws it; nothing if there is nothing to draw.
func (c *Chart) SVG() template.HTML {
	x, y, ok := c.axes()
	if !ok {
		return ""
	}
	var b strings.Builder
	width, height := c.size()
	xText, yText := Number, Number
	if c.XText != nil {
		xText = c.XText
	}
	if c.YText != nil {
		yText = c.YText
	}
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, esc(c.Title))
	for _, v := range y.ticks(int(height / 38)) {
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="tick end" x="%g" y="%.1f">%s</text>`,
			left, width-right, y.at(v), y.at(v), left-5, y.at(v)+4, esc(yText(v)))
	}
	taken := math.Inf(-1) // where the last label ends
	for _, v := range x.ticks(int(width / 58)) {
		at, label := x.at(v), xText(v)
		half := 3.6 * float64(utf8.RuneCountInString(label))
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

func (l *Line) draw(b *strings.Builder, class int, x, y axis) {
	points := l.thin(y.log)
	var path strings.Builder
	end := func() {
		if path.Len() > 0 {
			fmt.Fprintf(b, `<polyline class="c%d" points="%s"/>`, class, strings.TrimSpace(path.String()))
			path.Reset()
		}
	}
	for i := range points.X {
		if math.IsNaN(points.Y[i]) {
			end()
			continue
		}
		fmt.Fprintf(&path, "%.1f,%.1f ", x.at(points.X[i]), y.at(points.Y[i]))
	}
	end()
	if !l.Dots {
		return
	}
	for i := range points.X {
		fmt.Fprintf(b, `<circle class="c%d" cx="%.1f" cy="%.1f" r="3"><title>%s: %s at %s</title></circle>`,
			class, x.at(points.X[i]), y.at(points.Y[i]), esc(l.Name), Number(points.Y[i]), Number(points.X[i]))
	}
}

// thin leaves out what cannot be drawn and what nobody would see.
func (l *Line) thin(log bool) Line {
	var out Line
	step := (len(l.X) + mostPoints - 1) / mostPoints
	for i := 0; i < len(l.X); i += max(step, 1) {
		best := -1
		for j := i; j < min(i+max(step, 1), len(l.X)); j++ {
			if (!log || l.Y[j] > 0) && (best < 0 || math.IsNaN(l.Y[best]) || l.Y[j] > l.Y[best]) {
				best = j
			}
		}
		if best >= 0 {
			out.X, out.Y = append(out.X, l.X[best]), append(out.Y, l.Y[best])
		}
	}
	return out
}

// Number writes a value with at most three digits that matter: 1.5k, 20M, 0.25.
func Number(v float64) string {
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
