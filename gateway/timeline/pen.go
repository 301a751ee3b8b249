package timeline

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"
)

// pen writes the elements of the picture.
type pen struct{ bytes.Buffer }

func (w *pen) put(format string, args ...any) {
	w.Write(fmt.Appendf(w.AvailableBuffer(), format, args...))
}

// fonts are those that phones and computers in China have.
const fonts = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"

// document puts everything written so far on a page.
func (w *pen) document(height float64, title string) []byte {
	var doc pen
	doc.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" font-family="%s">`+"\n",
		width, height, width*2, height*2, fonts)
	doc.title(title)
	doc.WriteString("<defs>\n")
	for _, b := range []barStyle{homeBar, placeBar} {
		doc.put(`<pattern id="%s" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`+
			`<rect width="4" height="4" fill="#fff"/><rect width="1.6" height="4" fill="%s"/></pattern>`+"\n", b.hatch, b.color)
	}
	doc.put(`</defs>`+"\n"+`<rect width="%.0f" height="%.0f" fill="#fff"/>`+"\n", width, height)
	doc.Write(w.Bytes())
	doc.WriteString("</svg>\n")
	return doc.Bytes()
}

// escape writes text from outside.
func (w *pen) escape(text string) {
	_ = xml.EscapeText(w, []byte(visible(text))) // a buffer takes everything
}

// visible takes out what would change the direction or the look of what follows.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// title is shown by whoever points at the element around it.
func (w *pen) title(text string) {
	w.WriteString("<title>")
	w.escape(text)
	w.WriteString("</title>")
}

func (w *pen) text(x, y, size float64, color, more, text string) {
	w.put(`<text x="%.1f" y="%.1f" font-size="%g" fill="%s" %s>`, x, y, size, color, more)
	w.escape(text)
	w.WriteString("</text>\n")
}

func (w *pen) line(x1, y1, x2, y2 float64, color string, thick float64, more string) {
	w.put(`<path d="M%.1f %.1fL%.1f %.1f" stroke="%s" stroke-width="%g" %s/>`+"\n", x1, y1, x2, y2, color, thick, more)
}

func (w *pen) rect(x, y, width, height float64, more string) {
	w.put(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" %s/>`, x, y, width, height, more)
}

// cross marks a refusal.
func (w *pen) cross(x, y float64) {
	const r = 3.2
	w.put(`<path d="M%.1f %.1fl%g %gm0 %gl%g %g" stroke="%s" stroke-width="1.7" fill="none"/>`, x-r, y-r, 2*r, 2*r, -2*r, -2*r, 2*r, red)
}

// fit cuts a text to a width, at a size of letters; CJK letters are as wide as
// high, others a bit more than half.
func fit(text string, size, most float64) string {
	wide := func(r rune) float64 {
		if r >= 0x2e80 {
			return size
		}
		return 0.58 * size
	}
	total := 0.0
	for _, r := range text {
		total += wide(r)
	}
	if total <= most {
		return text
	}
	at := size // of the dots
	for i, r := range text {
		if at += wide(r); at > most {
			return text[:i] + "…"
		}
	}
	return text
}
