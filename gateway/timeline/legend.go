package timeline

import "fmt"

// legend explains the signs, and gives where it ends.
func legend(w *pen, y float64) float64 {
	items := []struct {
		draw func(x, y float64)
		text string
	}{
		{func(x, y float64) { sample(w, x, y, homeBar.color, homeBar.color) }, "在住处 at a home"},
		{func(x, y float64) { sample(w, x, y, placeBar.color, placeBar.color) }, "在公共场所 at a public place"},
		{func(x, y float64) { sample(w, x, y, "url(#"+placeBar.hatch+")", placeBar.color) }, "离开未见，推定 end concluded"},
		{func(x, y float64) {
			sample(w, x, y, placeBar.color, placeBar.color)
			w.put(`<path d="M%.1f %.1fl5 5l-5 5z" fill="%s"/>`, x+18, y, placeBar.color)
		}, "仍在场内 still inside"},
		{func(x, y float64) {
			w.put(`<path d="M%.1f %.1fl-7 5l7 5z" fill="#fff" stroke="%s" stroke-width="1.1"/>`, x+13, y, placeBar.color)
		}, "只见离开 only the exit seen"},
		{func(x, y float64) {
			sample(w, x, y, placeBar.color, placeBar.color)
			w.rect(x-2, y-2, 22, barH+4, `fill="none" stroke="`+red+`" stroke-width="1.4" stroke-dasharray="3.5 1.8"`)
		}, "记录有矛盾 in doubt"},
		{func(x, y float64) { w.line(x+9, y-2, x+9, y+barH+2, ink, 1, "") }, "扫码（上为体温）scan, °C above"},
		{func(x, y float64) { w.line(x+9, y-2, x+9, y+barH+2, red, 2, "") }, "发热 fever"},
		{func(x, y float64) { w.cross(x+9, y+barH/2) }, "未放行 not let through"},
		{func(x, y float64) { w.line(x+9, y-2, x+9, y+barH+2, ink, 1, `stroke-dasharray="1.6 1.4"`) }, "离线补传 uploaded late"},
		{func(x, y float64) { w.rect(x, y, 18, barH, `fill="`+faint+`" stroke="#aaa" stroke-width="0.5"`) }, "所问之外 outside the question"},
		{func(x, y float64) { w.line(x+9, y-2, x+9, y+barH+2, "#555", 1, `stroke-dasharray="2 2"`) }, "截至时刻 as of"},
	}
	w.line(margin, y, right, y, "#999", 0.8, "")
	y += 8
	const column, row = (width - 2*margin) / 2, 17.0
	for i, item := range items {
		x, at := margin+2+column*float64(i%2), y+row*float64(i/2)
		item.draw(x, at)
		w.text(x+28, at+barH-1.5, 9.5, ink, "", item.text)
	}
	return y + row*float64((len(items)+1)/2)
}

func sample(w *pen, x, y float64, fill, stroke string) {
	w.rect(x, y, 18, barH, fmt.Sprintf(`fill="%s" stroke="%s" stroke-width="0.7"`, fill, stroke))
}
