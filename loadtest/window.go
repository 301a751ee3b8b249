package loadtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// StreamWindow reads the whole window of a gate as a tracer does, in the form that
// media names, and gives how many lines it had and how long it took from the
// question to the last byte. It makes the accounts and the case that the question
// needs, as an administrator, and closes them again.
func StreamWindow(ctx context.Context, base, admin, gate, media string, from, until int64) (lines int, took time.Duration, err error) {
	d, err := openDesk(ctx, base, admin)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, d.close(context.WithoutCancel(ctx))) }()
	path := "/v1/gates/" + url.PathEscape(gate) + "/events" + windowQuery(from, until)
	start := time.Now()
	res, err := d.ask(ctx, http.MethodGet, path, d.tokens["tracer"], d.cases[0], media, nil)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end, or given up
	for buf := make([]byte, 1<<18); ; {
		n, err := res.Body.Read(buf)
		lines += bytes.Count(buf[:n], []byte{'\n'})
		if errors.Is(err, io.EOF) {
			return lines, time.Since(start), nil
		}
		if err != nil {
			return lines, 0, fmt.Errorf("loadtest: window of gate %s: %w", gate, err)
		}
	}
}
