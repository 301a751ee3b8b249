package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// fetchSheets writes the paper passes of sites into a folder, which others on this
// machine cannot read, and gives the files.
func (c *client) fetchSheets(ctx context.Context, dir string, codes []string) (files []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, badInput("--sheets: %w", err)
	}
	for _, code := range codes {
		path := filepath.Join(dir, filepath.Base(code)+".html")
		if err := c.fetchSheet(ctx, code, path); err != nil {
			return files, fmt.Errorf("sheet of site %s: %w", code, err)
		}
		files = append(files, path)
	}
	return files, nil
}

// fetchSheet waits for its turn: a server draws one sheet at a time.
func (c *client) fetchSheet(ctx context.Context, code, path string) error {
	pause, deadline := importPause, time.Now().Add(importPatience)
	for {
		answer, err := c.send(ctx, request{method: http.MethodGet, path: "/v1/sites/" + url.PathEscape(code) + "/sheet", accept: "text/html"})
		if err == nil {
			defer answer.Body.Close()
			return keepAnswer(ctx, answer.Body, path)
		}
		wait, again := retryAfter(err)
		if !again || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(wait, pause)):
			pause = min(2*pause, longestPause)
		}
	}
}

// keepAnswer writes all of an answer to a file, or nothing.
func keepAnswer(ctx context.Context, body io.Reader, path string) error {
	file, err := createPrivate(path)
	if err != nil {
		return err
	}
	defer file.drop()
	writing := &writeErrors{w: file}
	if _, err := io.Copy(writing, body); err != nil {
		if writing.err != nil {
			return fmt.Errorf("write %s: %w", path, writing.err)
		}
		return brokenOff(ctx, err)
	}
	return file.keep()
}
