// Package timeline draws where a person was as a picture for screen and paper.
//
// Time runs from left to right within a day and the days run down the page, so
// that an hour is as wide in a fortnight as in a day. Each day has a lane for
// every site of which it tells; days of which nothing is known are one line. The
// picture is one SVG document of 400 units width: its text can be read on a
// phone that is 360 pixels wide and on an A4 page. It has no script, no style
// sheet and nothing from elsewhere; what is told by colour is told by shape,
// too. All text from outside is escaped.
package timeline

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"passgate/checkpoint/trajectory"
)

// Site is a place as the picture names it.
type Site struct {
	Name string
	Home bool // people live there
}

// Passage is one scan.
type Passage struct {
	At          int64 // UTC ms
	Site        uint32
	Gate        string
	Out         bool
	Refused     bool
	Late        bool   // uploaded after the fact
	Temperature string // "36.5", "" if not taken
	Fever       bool   // at or above the fever line
	What        string // the answer, in a word
}

// Picture is what is drawn.
type Picture struct {
	Title    string // whom it is about, masked
	Notes    []string
	From, To int64 // UTC ms, the window
	AsOf     int64 // UTC ms: nothing is known of what came later
	Zone     *time.Location
	Site     func(num uint32) Site
	Stays    []trajectory.Stay // by From
	Passages []Passage         // by At
}

// The page, in units. On a phone of 360 pixels one is 0.9 of a pixel.
const (
	width   = 400.0
	margin  = 10.0
	left    = 92.0 // where the hours begin
	right   = width - margin
	laneH   = 22.0
	barTop  = 9.0 // above it are the temperatures
	barH    = 10.0
	headH   = 17.0 // of a day: date and hours
	gapH    = 7.0
	maxDays = 62
)

// SVG draws it. Stays and passages outside the window are left out.
func (p *Picture) SVG() []byte {
	w := pen{}
	y := p.header(&w, 0)
	for _, d := range p.days() {
		y = p.draw(&w, d, y)
	}
	y = legend(&w, y+4)
	return w.document(y+margin, p.Title)
}

// header writes what the picture is about.
func (p *Picture) header(w *pen, y float64) float64 {
	w.text(margin, y+24, 15, "#111", "font-weight=\"bold\"", p.Title)
	y += 28
	for _, note := range p.Notes {
		w.text(margin, y+11, 10, "#444", "", note)
		y += 14
	}
	return y + 8
}

// day is one local day, or several of which nothing is known.
type day struct {
	begin, end time.Time
	lanes      []uint32 // sites
	stays      []*trajectory.Stay
	passages   []*Passage
}

// days cuts the window into local days, as far as anything can be known of them.
func (p *Picture) days() (days []day) {
	last := min(p.To-1, p.AsOf)
	if p.To <= p.From {
		last = p.From
	}
	at := time.UnixMilli(p.From).In(p.Zone)
	at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, p.Zone)
	for ; at.UnixMilli() <= last && len(days) < maxDays; at = at.AddDate(0, 0, 1) {
		d := p.day(at)
		if n := len(days); n > 0 && len(d.lanes) == 0 && len(days[n-1].lanes) == 0 {
			days[n-1].end = d.end
			continue
		}
		days = append(days, d)
	}
	return days
}

// day collects what is known of the day that begins at a time.
func (p *Picture) day(begin time.Time) day {
	d := day{begin: begin, end: begin.AddDate(0, 0, 1)}
	from, to := max(p.From, begin.UnixMilli()), min(p.To, d.end.UnixMilli())
	for i := range p.Stays {
		if s := &p.Stays[i]; s.From < to && s.To >= from && (s.To > from || s.From == s.To) {
			d.stays = append(d.stays, s)
			d.lane(s.Site)
		}
	}
	for i := range p.Passages {
		if e := &p.Passages[i]; from <= e.At && e.At < to {
			d.passages = append(d.passages, e)
			d.lane(e.Site)
		}
	}
	slices.SortStableFunc(d.lanes, func(a, b uint32) int { return cmp.Compare(p.away(a), p.away(b)) })
	return d
}

func (d *day) lane(site uint32) {
	if !slices.Contains(d.lanes, site) {
		d.lanes = append(d.lanes, site)
	}
}

// away puts homes first.
func (p *Picture) away(site uint32) int {
	if p.Site(site).Home {
		return 0
	}
	return 1
}

var weekdays = [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}

func date(t time.Time) string {
	return fmt.Sprintf("%d月%d日%s", int(t.Month()), t.Day(), weekdays[t.Weekday()])
}

// x is where a moment of the day lies.
func (d *day) x(ms int64) float64 {
	begin, end := d.begin.UnixMilli(), d.end.UnixMilli()
	ms = min(max(ms, begin), end)
	return left + (right-left)*float64(ms-begin)/float64(end-begin)
}
