package world

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// patience is how long a call is repeated that meets a busy or restarting
	// server. Everything that Prepare does can be done twice.
	patience  = time.Minute
	firstWait = 50 * time.Millisecond
	longWait  = 4 * time.Second
	// callTimeout is longer than the server gives any call.
	callTimeout = 20 * time.Second
	// longestAnswer bounds an answer: the residents of one site of a town of ten million.
	longestAnswer = 64 << 20
)

// api speaks to one server as its administrator.
type api struct {
	base, token string
	http        *http.Client
}

// problem is an answer that says no.
type problem struct {
	status     int
	retryAfter time.Duration
	path       string
	Code       string `json:"code"`
	Field      string `json:"field"`
	Detail     string `json:"detail"`
}

func (p *problem) Error() string {
	return fmt.Sprintf("%s: status %d %s %s %s", p.path, p.status, p.Code, p.Field, p.Detail)
}

// passing says that the same call may succeed later.
func (p *problem) passing() bool {
	return p.status == http.StatusServiceUnavailable || p.status == http.StatusTooManyRequests
}

// call sends in as JSON and reads the answer into out, which may be nil.
func (a *api) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("world: %s: %w", path, err)
		}
	}
	answer, err := a.send(ctx, method, path, "application/json", "application/json", body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("world: %s %s: the answer is not as expected: %w", method, path, err)
	}
	return nil
}

// send makes a call and repeats it while the server is away or busy.
func (a *api) send(ctx context.Context, method, path, contentType, accept string, body []byte) ([]byte, error) {
	until := time.Now().Add(patience)
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		answer, err := a.once(ctx, method, path, contentType, accept, body)
		var p *problem
		if err == nil || ctx.Err() != nil || errors.As(err, &p) && !p.passing() || time.Now().After(until) {
			return answer, err
		}
		if p != nil {
			wait = max(wait, p.retryAfter)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(wait):
		}
	}
}

func (a *api) once(ctx context.Context, method, path, contentType, accept string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", accept)
	res, err := a.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(io.LimitReader(res.Body, longestAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("world: %s: %w", path, err)
	case len(answer) > longestAnswer:
		return nil, fmt.Errorf("world: %s: the answer is longer than %d MiB", path, longestAnswer>>20)
	case res.StatusCode/100 != 2:
		p := &problem{status: res.StatusCode, path: path}
		if json.Unmarshal(answer, p) != nil {
			p.Detail = res.Status
		}
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil {
			p.retryAfter = time.Duration(min(max(seconds, 0), 30)) * time.Second
		}
		return nil, fmt.Errorf("world: %w", p)
	}
	return answer, nil
}
