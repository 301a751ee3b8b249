package statuspage

import (
	"context"
	"embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

//go:embed status.html status.css status.js runbook.html
var files embed.FS

var layouts = template.Must(template.ParseFS(files, "*.html"))

// Config says what is shown.
type Config struct {
	Metrics prometheus.Gatherer
	Runbook string // RUNBOOK.md, with a section for each alert
	Version string
	Logger  *slog.Logger
	Clock   func() time.Time // time.Now if nil
}

// Page samples the metrics and shows them. Run has to be called for there to be
// anything.
type Page struct {
	cfg      Config
	mu       sync.Mutex
	history  *history
	watch    watch
	problems []problem
	made     map[asked][]byte // since the last sample
	failing  bool
}

// asked is what somebody wants to see.
type asked struct {
	json bool
	lang string
	span span
}

// New makes a page.
func New(cfg Config) *Page {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Page{cfg: cfg, history: newHistory(), watch: watch{}, problems: []problem{}, made: map[asked][]byte{}}
}

// Run samples until ctx ends.
func (p *Page) Run(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		p.sample()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (p *Page) sample() {
	families, err := p.cfg.Metrics.Gather() // on an error there are those that could be had
	p.mu.Lock()
	defer p.mu.Unlock()
	p.history.add(p.cfg.Clock(), families)
	if err != nil && !p.failing {
		p.cfg.Logger.Warn("not all metrics can be had for the status page", "error", err)
	}
	p.failing = err != nil
	p.problems = p.watch.look(p.history)
	clear(p.made)
}

// Handler serves the page.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, "text/html; charset=utf-8", asked{false, langOf(r), spanOf(r)})
	})
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, r *http.Request) {
		p.answer(w, "application/json", asked{true, "", spanOf(r)})
	})
	mux.HandleFunc("GET /runbook/{alert}", p.runbook)
	for _, name := range []string{"status.css", "status.js"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			secure(w)
			http.ServeFileFS(w, r, files, name)
		})
	}
	return mux
}

// Everything that is not said to be harmless is forbidden.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func secure(w http.ResponseWriter) {
	for name, value := range map[string]string{
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		w.Header().Set(name, value)
	}
}

func (p *Page) answer(w http.ResponseWriter, kind string, what asked) {
	text, err := p.make(what)
	if err != nil {
		p.cfg.Logger.Error("the status page cannot be made", "error", err)
		http.Error(w, "the page cannot be made; the log says why", http.StatusInternalServerError)
		return
	}
	secure(w)
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(text)
}

// make makes what is asked for, once for each sample: however many look, the work is the
// same.
func (p *Page) make(what asked) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if text, ok := p.made[what]; ok {
		return text, nil
	}
	v, _ := viewOf(p.history, p.problems, p.cfg.Version, what.span)
	text, err := json.Marshal(v)
	if !what.json {
		var b strings.Builder
		err = layouts.ExecuteTemplate(&b, "status.html", htmlOf(v, what))
		text = []byte(b.String())
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // logged by the caller
	}
	p.made[what] = text
	return text, nil
}

func langOf(r *http.Request) string {
	if r.URL.Query().Get("lang") == "en" {
		return "en"
	}
	return "zh"
}

func spanOf(r *http.Request) span {
	if r.URL.Query().Get("span") == "day" {
		return lastDay
	}
	return lastHour
}
