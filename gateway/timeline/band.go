package timeline

import (
	"fmt"
	"strings"
	"time"

	"passgate/checkpoint/trajectory"
)

const (
	red   = "#c81e1e"
	ink   = "#222"
	faint = "#ececec"
)

// barStyle is how stays at a kind of site look.
type barStyle struct{ color, hatch string }

var (
	homeBar  = barStyle{"#8aa9c4", "pg-home"}
	placeBar = barStyle{"#2b6cb0", "pg-place"}
)

func (s Site) style() barStyle {
	if s.Home {
		return homeBar
	}
	return placeBar
}

// draw draws a day and gives where the next one begins.
func (p *Picture) draw(w *pen, d day, y float64) float64 {
	if len(d.lanes) == 0 {
		when := date(d.begin)
		if last := d.end.AddDate(0, 0, -1); last.After(d.begin) {
			when += " – " + date(last)
		}
		w.line(margin, y, right, y, "#ccc", 0.6, "")
		w.text(margin, y+12.5, 10, "#666", "", when+"  无记录 nothing recorded")
		return y + headH + gapH
	}
	bottom := y + headH + float64(len(d.lanes))*laneH
	p.grid(w, &d, y, bottom)
	for i, site := range d.lanes {
		top := y + headH + float64(i)*laneH
		place := p.Site(site)
		w.WriteString("<g>")
		w.title(place.Name)
		w.text(margin, top+barTop+barH-1.5, 10, ink, "", fit(visible(place.Name), 10, left-margin-4))
		w.WriteString("</g>\n")
		for _, s := range d.stays {
			if s.Site == site {
				p.bar(w, &d, s, place, top+barTop)
			}
		}
		p.scans(w, &d, site, top)
	}
	return bottom + gapH
}

// grid draws date, hours, and what of the day is not looked at.
func (p *Picture) grid(w *pen, d *day, y, bottom float64) {
	w.line(margin, y, right, y, "#999", 0.8, "")
	w.text(margin, y+12.5, 11, "#111", `font-weight="bold"`, date(d.begin))
	top := y + headH
	begin, end := d.begin.UnixMilli(), d.end.UnixMilli()
	for _, off := range [][2]int64{{begin, p.From}, {min(p.To, p.AsOf), end}} {
		if a, b := d.x(off[0]), d.x(off[1]); off[1] > off[0] && b > a {
			w.rect(a, top, b-a, bottom-top, `fill="`+faint+`"`)
			w.WriteString("\n")
		}
	}
	for hour := range 25 {
		at := time.Date(d.begin.Year(), d.begin.Month(), d.begin.Day(), hour, 0, 0, 0, p.Zone)
		x := d.x(at.UnixMilli())
		switch {
		case hour%6 == 0:
			w.line(x, top-2, x, bottom, "#aaa", 0.7, "")
		case hour%3 == 0:
			w.line(x, top-2, x, bottom, "#d0d0d0", 0.6, "")
		default:
			w.line(x, top-2, x, top, "#bbb", 0.5, "")
		}
		if hour%3 == 0 {
			w.text(x, y+12, 9, "#555", `text-anchor="middle"`, fmt.Sprint(hour))
		}
	}
	if begin <= p.AsOf && p.AsOf < end && p.AsOf < p.To {
		x := d.x(p.AsOf)
		w.line(x, top-2, x, bottom, "#555", 1, `stroke-dasharray="2 2"`)
	}
}

// bar draws the part of a stay that lies on the day.
func (p *Picture) bar(w *pen, d *day, s *trajectory.Stay, place Site, y float64) {
	style := place.style()
	from, to := max(s.From, p.From), min(s.To, p.To)
	a, b := d.x(from), d.x(to)
	fill := style.color
	if s.Inferred && !s.UnknownStart {
		fill = "url(#" + style.hatch + ")"
	}
	w.WriteString("<g>")
	w.title(p.sentence(s, place))
	if s.From < s.To {
		w.rect(a, y, max(b-a, 1.2), barH, fmt.Sprintf(`fill="%s" stroke="%s" stroke-width="0.7"`, fill, style.color))
	}
	if s.UnknownStart && s.From >= d.begin.UnixMilli() && s.From >= p.From {
		w.put(`<path d="M%.1f %.1fl-7 %gl7 %gz" fill="#fff" stroke="%s" stroke-width="1.1"/>`, a, y, barH/2, barH/2, style.color)
		a -= 7
	}
	if s.Open && s.To <= d.end.UnixMilli() && s.To <= p.To {
		w.put(`<path d="M%.1f %.1fl5 %gl-5 %gz" fill="%s"/>`, b, y, barH/2, barH/2, style.color)
		b += 5
	}
	if s.Conflict {
		w.rect(a-2, y-2, max(b-a, 1.2)+4, barH+4, `fill="none" stroke="`+red+`" stroke-width="1.4" stroke-dasharray="3.5 1.8"`)
	}
	w.WriteString("</g>\n")
}

// sentence tells of a stay in words.
func (p *Picture) sentence(s *trajectory.Stay, place Site) string {
	clock := func(ms int64) string { return time.UnixMilli(ms).In(p.Zone).Format("01-02 15:04") }
	out := place.Name + "  " + clock(s.From) + " – " + clock(s.To)
	if s.Open {
		out += "  仍在场内 still inside"
	}
	for _, x := range s.Why.Explain() {
		out += "\n" + x.ZH + " " + x.EN
	}
	return out
}

// scans draws a site's passages of the day over its bars.
func (p *Picture) scans(w *pen, d *day, site uint32, top float64) {
	const room = 19.0 // between two temperatures
	mid := top + barTop + barH/2
	for _, e := range d.passages {
		if e.Site != site {
			continue
		}
		x, color, thick, dash := d.x(e.At), ink, 1.0, ""
		if e.Fever {
			color, thick = red, 2
		}
		if e.Late {
			dash = `stroke-dasharray="1.6 1.4"`
		}
		w.WriteString("<g>")
		w.title(p.passage(e))
		if e.Refused {
			w.cross(x, mid)
		} else {
			w.line(x, top+barTop-2, x, top+barTop+barH+2, color, thick, dash)
		}
		w.WriteString("</g>\n")
	}
	var taken []float64
	for _, fever := range []bool{true, false} { // fevers are always written, others where there is room
		for _, e := range d.passages {
			if e.Site != site || e.Fever != fever || e.Temperature == "" {
				continue
			}
			x := min(max(d.x(e.At), left+9), right-8)
			if !fever && near(taken, x, room) {
				continue
			}
			taken = append(taken, x)
			color, more := "#666", `text-anchor="middle"`
			if fever {
				color, more = red, `text-anchor="middle" font-weight="bold"`
			}
			w.text(x, top+6.5, 8, color, more, e.Temperature)
		}
	}
}

func near(taken []float64, x, room float64) bool {
	for _, t := range taken {
		if x-t < room && t-x < room {
			return true
		}
	}
	return false
}

// passage tells of a scan in words.
func (p *Picture) passage(e *Passage) string {
	way := "进 in"
	if e.Out {
		way = "出 out"
	}
	parts := []string{time.UnixMilli(e.At).In(p.Zone).Format("01-02 15:04:05"), e.Gate, way, e.What}
	if e.Temperature != "" {
		parts = append(parts, e.Temperature+" °C")
	}
	if e.Late {
		parts = append(parts, "补传 late")
	}
	return strings.Join(parts, "  ")
}
