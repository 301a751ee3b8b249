package statuspage

import "slices"

// section is a part of the page.
type section struct {
	name  words
	tiles []tile
}

// tile shows figures that answer one question.
type tile struct {
	id     string
	title  words
	means  words
	unit   unit
	lines  []line // drawn, up to six
	by     *group // drawn, too: its values are not known beforehand
	values []line // written and not drawn
	log    bool
	mark   string   // the condition whose limit is drawn
	alerts []string // sections of the runbook that belong to it
}

// line is a figure of a tile.
type line struct {
	key    string
	name   words
	figure figure
	unit   unit // the tile's if ""
}

// group is a line for each value of a label, the greatest of them first.
type group struct {
	series []string
	label  string
	figure func(series ...string) figure
	names  func(value string) words
	most   int
}

// linesOf are the lines of a tile that are drawn, of a group the greatest in the time
// that is shown.
func (t *tile) linesOf(h *history, from, to sample) []line {
	if t.by == nil {
		return t.lines
	}
	type ranked struct {
		line
		value float64
	}
	var found []ranked
	seen := map[string]bool{}
	for _, c := range series(t.by.series).columns(h) {
		value := h.columns[c].labels[t.by.label]
		if seen[value] {
			continue
		}
		seen[value] = true
		f := t.by.figure(append(slices.Clone(t.by.series), t.by.label, value)...)
		if v := f(h)(from, to); v > 0 {
			found = append(found, ranked{line{value, t.by.names(value), f, ""}, v})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int {
		switch {
		case a.value > b.value:
			return -1
		case a.value < b.value:
			return 1
		}
		return 0
	})
	var lines []line
	for _, r := range found[:min(len(found), t.by.most)] {
		lines = append(lines, r.line)
	}
	return lines
}
