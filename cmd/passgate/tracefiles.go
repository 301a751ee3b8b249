package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// files writes the window as the files that were asked for.
func (t *traceGateCmd) files(ctx context.Context, con *console, c *client, path string, query url.Values) error {
	for _, f := range [...]struct{ name, media string }{
		{t.XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{t.Parquet, "application/vnd.apache.parquet"},
	} {
		if f.name == "" {
			continue
		}
		size, err := download(ctx, c, request{method: http.MethodGet, path: path, query: query, accept: f.media}, f.name)
		if err != nil {
			return err
		}
		con.say("%s: %d bytes", f.name, size)
	}
	return nil
}

// download keeps an answer as a private file, which appears when it is whole.
func download(ctx context.Context, c *client, r request, name string) (size int64, err error) {
	answer, err := c.send(ctx, r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if got := answer.Header.Get("Content-Type"); got != r.accept {
		return 0, unreachable("%s: the server answered in the form %.40q: it may be older than this program", name, got)
	}
	file, err := createPrivate(name)
	if err != nil {
		return 0, err
	}
	defer file.drop()
	if err := copyStream(ctx, file, answer.Body, false); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if err := file.keep(); err != nil {
		return 0, err
	}
	kept, err := os.Stat(name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return kept.Size(), nil
}
