package gateway

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"
)

// builtPages is what a build leaves, in small.
var builtPages = fstest.MapFS{
	".keep":                  {},
	"gate.html":              {Data: []byte("<!doctype html><script type=module src=/assets/gate-1a2b.js></script>")},
	"gate-sw.js":             {Data: []byte("self")},
	"assets/gate-1a2b.js":    {Data: []byte("console.log('as it was')")},
	"assets/gate-1a2b.js.br": {Data: []byte("brotli")},
	"assets/gate-1a2b.js.gz": {Data: []byte("gzip")},
}

func pageApp(t *testing.T) *fiber.App {
	t.Helper()
	app := fiber.New()
	for name, f := range pageFiles(builtPages) {
		app.Get("/"+strings.TrimSuffix(name, ".html"), f.serve)
	}
	return app
}

func pageOf(t *testing.T, app *fiber.App, path string, headers map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	res, err := app.Test(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestAssetsAreSentCompressedAndKeptForGood(t *testing.T) {
	t.Parallel()
	app := pageApp(t)
	for takes, want := range map[string]struct{ body, coding string }{
		"gzip, deflate, br": {"brotli", "br"},
		"gzip":              {"gzip", "gzip"},
		"":                  {"console.log('as it was')", ""},
	} {
		res, body := pageOf(t, app, "/assets/gate-1a2b.js", map[string]string{"Accept-Encoding": takes})
		if body != want.body || res.Header.Get("Content-Encoding") != want.coding {
			t.Errorf("Accept-Encoding %q got %q as %q", takes, body, res.Header.Get("Content-Encoding"))
		}
		if got := res.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
			t.Errorf("media type %q", got)
		}
		if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("a file with a hash in its name has Cache-Control %q", got)
		}
	}
	if res, _ := pageOf(t, app, "/assets/gate-1a2b.js.br", nil); res.StatusCode != http.StatusNotFound {
		t.Errorf("the compressed form has an address of its own: %d", res.StatusCode)
	}
}

func TestPagesAndWorkersAreAskedForEachTime(t *testing.T) {
	t.Parallel()
	app := pageApp(t)
	for _, path := range []string{"/gate", "/gate-sw.js"} {
		res, _ := pageOf(t, app, path, nil)
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d with Cache-Control %q", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
		again, body := pageOf(t, app, path, map[string]string{"If-None-Match": res.Header.Get("ETag")})
		if again.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%s again: %d %q, want 304 and nothing", path, again.StatusCode, body)
		}
	}
}

func TestPagesMayRunNoScriptButTheirOwnFiles(t *testing.T) {
	t.Parallel()
	res, _ := pageOf(t, pageApp(t), "/gate", nil)
	policy := res.Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}

// The program has the pages' addresses even where they were not built.
func TestEveryPageAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range pagePaths {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := w.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		body := string(text)
		if res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		built := res.StatusCode == http.StatusOK
		if !built && (res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "deploy/run")) {
			t.Errorf("%s: %d %.100q", path, res.StatusCode, body)
		}
		if res.Header.Get("X-Frame-Options") != "DENY" || res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s has headers %v", path, res.Header)
		}
	}
}
