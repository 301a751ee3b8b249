package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	dialTimeout = 5 * time.Second
	// answerTimeout is how long a server may take to begin its answer.
	answerTimeout = 30 * time.Second
	// maxDocument bounds an answer that is read as a whole.
	maxDocument = 64 << 20
	maxProblem  = 64 << 10
)

// serverFlags say which server to talk to and as whom.
type serverFlags struct {
	Server    string `help:"Base URL of the server; default http://localhost:8080." default:"http://localhost:8080" env:"PASSGATE_SERVER" placeholder:"URL"`
	Login     string `help:"Account. The password comes from PASSGATE_PASSWORD, a prompt, or the session kept by \"passgate login\"; it is never a flag." env:"PASSGATE_LOGIN" placeholder:"NAME"`
	TokenFile string `help:"File (mode 0600) with a token or with sessions of \"passgate login\"." env:"PASSGATE_TOKEN_FILE" type:"path" placeholder:"FILE"`
	CA        string `name:"ca" help:"Certificate (PEM) of the authority that vouches for the server, instead of those that this machine trusts." env:"PASSGATE_CA" type:"path" placeholder:"FILE"`
	Insecure  bool   `help:"Send password and session to a http:// server on another machine, where whoever is on the way can read them." env:"PASSGATE_INSECURE"`
}

// client talks to one server as one account.
type client struct {
	base   string
	http   *http.Client
	token  string
	ground ground // sent along
	kept   ground // of the session, for commands that ask where people were
}

// newClient checks the flags. The client holds no token yet.
func newClient(f serverFlags) (*client, error) {
	base, err := url.Parse(strings.TrimRight(f.Server, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, badInput("--server: %q is no address of a server: give one like http://localhost:8080", clip(f.Server, 80))
	}
	if err := f.mayBeRead(base); err != nil {
		return nil, err
	}
	trust, err := trusting("--ca", f.CA)
	if err != nil {
		return nil, err
	}
	return &client{base: base.String(), http: &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSClientConfig:       trust,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: answerTimeout,
			MaxIdleConnsPerHost:   importsInFlight,
			IdleConnTimeout:       time.Minute,
			DisableCompression:    true,
			ForceAttemptHTTP2:     true,
		},
		// A token goes to the server that was named and to no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// request is what is sent.
type request struct {
	method, path string
	query        url.Values
	accept       string
	contentType  string
	body         []byte
}

// send makes one call. An answer other than 2xx is a *problem, no answer is an
// error with the exit code for that. The caller closes the answer's body.
func (c *client) send(ctx context.Context, r request) (*http.Response, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, badInput("%w", err)
	}
	req.Header.Set("User-Agent", "passgate")
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	c.ground.set(req.Header)
	answer, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", c.base, ctx.Err())
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the address: it is said once
		}
		if refused := explainTLS(c.base, err); refused != nil {
			return nil, refused
		}
		return nil, unreachable("%s does not answer: %w: is the server running, and is --server right?", c.base, err)
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		return nil, readProblem(answer)
	}
	return answer, nil
}

// fetch makes a call and reads the answer as JSON into v.
func (c *client) fetch(ctx context.Context, r request, v any) error {
	r.accept = "application/json"
	answer, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%s: %w", c.base, ctx.Err())
	case err != nil:
		return unreachable("%s: the answer broke off: %w", c.base, err)
	case len(text) > maxDocument:
		return unreachable("%s: the answer is larger than %d MiB: ask for a shorter time", c.base, maxDocument>>20)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return unreachable("%s: the answer is not the JSON expected: is it a passgate server? (%w)", c.base, err)
	}
	return nil
}

// post sends v as JSON and reads the answer into into.
func (c *client) post(ctx context.Context, path string, v, into any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("POST %s: %w", path, err)
	}
	return c.fetch(ctx, request{method: http.MethodPost, path: path, contentType: "application/json", body: body}, into)
}

// problem is the server's no, as RFC 9457 has it.
type problem struct {
	Status     int    `json:"status"`
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Code       string `json:"code"`
	Field      string `json:"field"`
	retryAfter time.Duration
}

func readProblem(answer *http.Response) *problem {
	p := &problem{}
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxProblem)) // whatever came is as much as can be told
	if json.Unmarshal(text, p) != nil || p.Code == "" {
		p = &problem{Title: fmt.Sprintf("unexpected answer %q: is this a passgate server?", answer.Status)}
	}
	p.Status = answer.StatusCode
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.retryAfter = time.Duration(min(seconds, 60)) * time.Second
	}
	return p
}

// remedies tell what to do about a code.
var remedies = map[string]string{
	"unauthorized":   "sign in with \"passgate login --login NAME\"",
	"forbidden":      "use an account whose role allows it",
	"out_of_scope":   "use an account that answers for this part of the grid, or ask for a grant: \"passgate help case grant\"",
	"case_needed":    "give --case CODE and --reason TEXT, or keep them by \"passgate case use CODE --reason TEXT\"; \"passgate case list\" shows the open cases; who has none asks a medic or leader to open one: \"passgate help case open\"",
	"case_closed":    "ask under an open one: \"passgate case list\" shows them",
	"same_person":    "a colleague does it, by an account of their own",
	"over_cap":       "\"passgate help case lift\" shows how to ask for more",
	"cursor_expired": "go on with --from start, and ask the town for what lies between",
	"unavailable":    "run the same command again, that is safe",
	"too_many":       "wait a moment and run the same command again",
	"crowded":        "wait a moment and run the same command again",
	"internal":       "the server's log has the cause",
}

// flagOfField are the flags behind fields that a user does not see.
var flagOfField = map[string]string{"Trace-Case": "--case", "Trace-Reason": "--reason"}

// Error says in one line what is wrong, with which field, and what to do.
func (p *problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if p.Field != "" {
		text = cmp.Or(flagOfField[p.Field], p.Field) + ": " + text
	}
	if p.Code == "" {
		return text
	}
	text = fmt.Sprintf("%s (%d %s)", text, p.Status, p.Code)
	if remedy := remedies[p.Code]; remedy != "" {
		text += ": " + remedy
	}
	return text
}

// ExitCode sorts the server's no into the program's exit codes.
func (p *problem) ExitCode() int {
	switch {
	case p.passing(), p.Status >= http.StatusInternalServerError, p.Code == "":
		return exitBackend
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusForbidden, p.Status == http.StatusNotFound, p.Status == http.StatusConflict, p.Status == http.StatusGone:
		return exitNo
	}
	return exitUsage
}

// passing says that the same call may succeed a little later.
func (p *problem) passing() bool {
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
