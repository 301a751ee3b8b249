package report

import (
	"fmt"
	"html/template"
	"strings"

	"passgate/gateway/chart"
	"passgate/loadtest/limits"
)

// bar is a stack of parts, lying, with the spread of its sum over the runs.
type bar struct {
	Name  string
	Parts []part
	Sum   limits.Spread
}

type part struct {
	Name  string
	Value float64 // the median
}

const (
	barHeight = 30.0
	barStep   = 62.0
	barLeft   = 2.0
	barRight  = 60.0
	letter    = 6.4 // about as wide as a letter in a bar
)

// bars draws them to one scale, under the names of their parts. Each part has its
// name and value in it, where there is room, and in its title.
func bars(title, unit string, all []bar) template.HTML {
	esc, most := template.HTMLEscapeString, 0.0
	for _, b := range all {
		most = max(most, b.Sum.Max, b.Sum.Median)
	}
	if most <= 0 {
		return ""
	}
	scale := (chart.Width - barLeft - barRight) / most
	var out strings.Builder
	out.WriteString(`<div class="legend">`)
	class := 0
	for _, b := range all {
		for _, p := range b.Parts {
			fmt.Fprintf(&out, `<span><svg viewBox="0 0 26 8"><rect class="b%d" width="12" height="8"/></svg>%s</span>`, class%6, esc(p.Name))
			class++
		}
	}
	fmt.Fprintf(&out, `</div><svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, chart.Width, barStep*float64(len(all))+4, esc(title))
	class = 0
	for i, b := range all {
		y, x := barStep*float64(i)+18, barLeft
		fmt.Fprintf(&out, `<text class="tick" x="%g" y="%g">%s</text>`, barLeft, y-5, esc(b.Name))
		for _, p := range b.Parts {
			wide := p.Value * scale
			fmt.Fprintf(&out, `<rect class="b%d" x="%.1f" y="%g" width="%.1f" height="%g"><title>%s: %s %s</title></rect>`,
				class%6, x, y, max(wide-1, 0.5), barHeight, esc(p.Name), chart.Number(p.Value), esc(unit))
			for _, label := range []string{p.Name + " " + chart.Number(p.Value), chart.Number(p.Value)} {
				if letter*float64(len(label)) < wide-4 {
					fmt.Fprintf(&out, `<text class="inbar" x="%.1f" y="%g">%s</text>`, x+4, y+barHeight/2+4, esc(label))
					break
				}
			}
			x += wide
			class++
		}
		from, to, middle := barLeft+b.Sum.Min*scale, barLeft+b.Sum.Max*scale, y+barHeight+5
		fmt.Fprintf(&out, `<path class="whisker" d="M%.1f %gH%.1fM%.1f %gv6M%.1f %gv6"><title>from %s to %s</title></path>`,
			from, middle, to, from, middle-3, to, middle-3, chart.Number(b.Sum.Min), chart.Number(b.Sum.Max))
		fmt.Fprintf(&out, `<text class="tick" x="%.1f" y="%g">%s %s</text>`, x+5, y+barHeight/2+4, chart.Number(b.Sum.Median), esc(unit))
	}
	out.WriteString("</svg>")
	return template.HTML(out.String()) // #nosec G203 -- all text in it went through esc
}
