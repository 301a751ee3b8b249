package statuspage

import (
	"net/http"
	"strings"
)

// runbook shows what the runbook says of an alert.
func (p *Page) runbook(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("alert")
	text, ok := sectionOf(p.cfg.Runbook, name)
	if !ok {
		http.Error(w, "RUNBOOK.md has no such section; the page at / links to those that it has", http.StatusNotFound)
		return
	}
	secure(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = layouts.ExecuteTemplate(w, "runbook.html", struct{ Name, Text string }{name, text})
}

// sectionOf is what stands under a heading of the second level in a document; what looks
// like a heading inside a fence is a comment.
func sectionOf(document, heading string) (text string, ok bool) {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(document) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		switch {
		case !fenced && (strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "## ")):
			if ok {
				return strings.TrimSpace(b.String()), true
			}
			ok = strings.TrimSpace(line) == "## "+heading
		case ok:
			b.WriteString(line)
		}
	}
	return strings.TrimSpace(b.String()), ok
}
