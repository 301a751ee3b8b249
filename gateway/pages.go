package gateway

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"mime"
	"path"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"passgate/gateway/web"
)

// The pages are files in the program, each served under its own name; there is no
// path from a request to a file system.

// pagePolicy is the pages' Content-Security-Policy: everything from here, no script
// or style inside the HTML. The decoder of codes is WebAssembly.
const pagePolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; " +
	"media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	foreverCache = "public, max-age=31536000, immutable" // a name with a hash
	askCache     = "no-cache"                            // may be kept, is asked for each time
)

// pageFile is one file of the pages.
type pageFile struct {
	body, br, gz []byte // br and gz may be missing
	media, etag  string
	cache        string
}

// pagePaths are where the pages are.
var pagePaths = []string{"/", "/gate", "/pass", "/trace", "/admin", "/grid"}

// pageRoutes are those of the pages by path, and of every file.
func (s *Server) pageRoutes() map[string]fiber.Handler {
	routes := map[string]fiber.Handler{}
	for name, f := range builtFiles() {
		url := "/" + strings.TrimSuffix(name, ".html")
		if name == "index.html" {
			url = "/"
		}
		routes[url] = f.serve
	}
	for _, url := range pagePaths {
		if routes[url] == nil {
			routes[url] = handleUnbuilt
		}
	}
	return routes
}

// builtFiles are the pages in the program, read once: they are some megabytes.
var builtFiles = sync.OnceValue(func() map[string]*pageFile { return pageFiles(web.Files()) })

// pageFiles reads the built pages; what is only their compressed form goes with
// its file.
func pageFiles(files fs.FS) map[string]*pageFile {
	read := func(name string) []byte {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil
		}
		return body
	}
	found := map[string]*pageFile{}
	_ = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") || path.Ext(name) == ".br" || path.Ext(name) == ".gz" {
			return err
		}
		f := &pageFile{body: read(name), br: read(name + ".br"), gz: read(name + ".gz"), media: mediaOf(name), cache: askCache}
		sum := sha256.Sum256(f.body)
		f.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		if strings.HasPrefix(name, "assets/") {
			f.cache = foreverCache
		}
		found[name] = f
		return nil
	})
	return found
}

// mediaOf does not ask the machine's own table, which differs from one to the next.
func mediaOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return fiber.MIMETextHTMLCharsetUTF8
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	default:
		return mime.TypeByExtension(path.Ext(name))
	}
}

// serve sends the file in the smallest form that the browser takes.
func (f *pageFile) serve(c *fiber.Ctx) error {
	pageHeaders(c)
	c.Set(fiber.HeaderCacheControl, f.cache)
	c.Set(fiber.HeaderETag, f.etag)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	if strings.Contains(c.Get(fiber.HeaderIfNoneMatch), f.etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, f.media)
	takes := c.Get(fiber.HeaderAcceptEncoding)
	switch {
	case f.br != nil && strings.Contains(takes, "br"):
		c.Set(fiber.HeaderContentEncoding, "br")
		return c.Send(f.br)
	case f.gz != nil && strings.Contains(takes, "gzip"):
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.gz)
	default:
		return c.Send(f.body)
	}
}

func pageHeaders(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, pagePolicy)
	c.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// handleUnbuilt stands where a page would be if it had been built.
func handleUnbuilt(c *fiber.Ctx) error {
	pageHeaders(c)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Status(fiber.StatusServiceUnavailable).SendString(`<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>passgate</title>` +
		`<h1>页面尚未构建</h1><p>请在源码目录运行 <code>deploy/run</code>(需要 Node.js 20 或更新版本)。接口不受影响。</p>` +
		`<p lang="en">The pages were not built. Run <code>deploy/run</code> in the source folder (it needs Node.js 20 or newer). The API works without them.</p></html>`)
}
