package statuspage

import (
	"html/template"
	"time"
)

// htmlView is the page as its template shows it, in one language.
type htmlView struct {
	Lang      string
	Day       bool // a day is shown, not an hour
	State     state
	Headline  string
	Problems  []htmlProblem
	Sections  []htmlSection
	At, Since string
	Version   string
	Truncated bool
}

type htmlProblem struct {
	Severity severity
	Text     string
	Since    string
	Alert    string
	Runbook  string
}

type htmlSection struct {
	Name  string
	Tiles []htmlTile
}

type htmlTile struct {
	ID, Title, Means string
	Firing           severity
	Lines            []htmlLine
	Chart            template.HTML
	Alerts           []string
}

// htmlLine is a figure; Class is its line's in the chart, -1 if it is not drawn.
type htmlLine struct {
	Class     int
	Name, Now string
}

// T is a text in the page's language.
func (v *htmlView) T(zh, en string) string { return words{zh, en}.in(v.Lang) }

func htmlOf(v *view, what asked) *htmlView {
	lang := what.lang
	out := &htmlView{Lang: lang, Day: what.span == lastDay, State: v.State, Version: v.Version, Truncated: v.Truncated}
	out.Headline = headline(v.State, len(v.Problems)).in(lang)
	if v.State == stateStarting {
		return out
	}
	out.At, out.Since = clock(v.At), v.Since.In(zone).Format("2006-01-02 15:04")
	for i := range v.Problems {
		p := &v.Problems[i]
		out.Problems = append(out.Problems, htmlProblem{p.Severity, p.sentence(lang), sinceText(p.Since, v.At), p.Alert, p.Runbook})
	}
	tiles := v.Tiles
	for i := range sections {
		s := htmlSection{Name: sections[i].name.in(lang)}
		for range sections[i].tiles {
			s.Tiles = append(s.Tiles, tiles[0].html(v, what))
			tiles = tiles[1:]
		}
		out.Sections = append(out.Sections, s)
	}
	return out
}

func (s *shown) html(v *view, what asked) htmlTile {
	out := htmlTile{
		ID: s.ID, Title: s.tile.title.in(what.lang), Means: s.tile.means.in(what.lang), Firing: s.firing(v.Problems),
		Chart: s.chart(v, what.span, what.lang), Alerts: s.tile.alerts,
	}
	class := 0
	for _, l := range s.Lines {
		line := htmlLine{-1, words{l.ZH, l.EN}.in(what.lang), l.Unit.text(float64(l.Now), what.lang)}
		switch {
		case l.Points != nil:
			line.Class = class
			class++
		case line.Now == unknown: // what there is not here, such as a certificate
			continue
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// headline is all in one line.
func headline(s state, problems int) words {
	n := count.text(float64(problems), "")
	switch {
	case s == stateStarting:
		return words{"刚启动，还没有数字", "Just started: no figures yet"}
	case s == stateOK:
		return words{"一切正常", "All is well"}
	case s == statePage && problems == 1:
		return words{"有 1 件事现在要处理", "1 thing needs somebody now"}
	case s == statePage:
		return words{"有 " + n + " 件事，其中有现在要处理的", n + " things are wrong; some need somebody now"}
	case problems == 1:
		return words{"有 1 件事要在工作时间处理", "1 thing to see to on the working day"}
	}
	return words{"有 " + n + " 件事要在工作时间处理", n + " things to see to on the working day"}
}

func sinceText(since, at time.Time) string {
	if at.Sub(since) < 12*time.Hour {
		return clock(since)
	}
	return since.In(zone).Format("01-02 15:04")
}
