package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// callTimeout is how long one answer may take; loginEvery, by the server's
// clock, is well before a session ends.
const (
	callTimeout = 30 * time.Second
	loginEvery  = 8 * time.Hour
)

// client speaks to one server. It is safe for concurrent use.
type client struct {
	base string
	http *fasthttp.HostClient

	mu     sync.RWMutex
	admin  string // session of the administrator
	tracer string // session of who asks where people were; set once, before they do
}

func newClient(base string, workers int) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("demo: BaseURL %q is not a URL like http://localhost:8080", base)
	}
	addr := u.Host
	if u.Port() == "" {
		addr += map[string]string{"http": ":80", "https": ":443"}[u.Scheme]
	}
	return &client{
		base: u.Scheme + "://" + u.Host,
		http: &fasthttp.HostClient{
			Addr: addr, IsTLS: u.Scheme == "https", MaxConns: 2*workers + 4,
			MaxIdleConnDuration: 20 * time.Second, NoDefaultUserAgentHeader: true,
			ReadTimeout: callTimeout, WriteTimeout: callTimeout, MaxConnWaitTimeout: callTimeout,
			// What is sent again is decided here, not in the library.
			MaxIdemponentCallAttempts: 1,
		},
	}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

// request is one call.
type request struct {
	method, path string
	token        string // empty: the administrator's, or of a question the tracer's; "-": none
	kase         string // of a question about where people were
	contentType  string // application/json if empty
	accept       string
	body         []byte
}

// reply is an answer, whatever its status.
type reply struct {
	status      int
	contentType string
	body        []byte
}

// send makes one call. The error is about the connection only.
func (c *client) send(ctx context.Context, r request) (reply, error) {
	if err := ctx.Err(); err != nil {
		return reply{}, err
	}
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.Header.SetMethod(r.method)
	req.SetRequestURI(c.base + r.path)
	if r.kase != "" {
		req.Header.Set("Trace-Case", r.kase)
		req.Header.Set("Trace-Reason", url.PathEscape(why))
		if r.token == "" {
			r.token = c.tracer
		}
	}
	switch r.token {
	case "":
		c.mu.RLock()
		req.Header.Set("Authorization", "Bearer "+c.admin)
		c.mu.RUnlock()
	case "-":
	default:
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	if r.body != nil {
		if r.contentType == "" {
			r.contentType = "application/json"
		}
		req.Header.SetContentType(r.contentType)
		req.SetBodyRaw(r.body)
	}
	if err := c.http.DoTimeout(req, res, callTimeout); err != nil {
		return reply{}, fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	return reply{
		status: res.StatusCode(), contentType: string(res.Header.ContentType()),
		body: append([]byte(nil), res.Body()...),
	}, nil
}

// problem is an answer that reports a failure.
type problem struct {
	method, path string
	status       int
	Code         string `json:"code"`
	Field        string `json:"field"`
	Detail       string `json:"detail"`
}

func (p *problem) Error() string {
	return fmt.Sprintf("%s %s: status %d %s %s %s", p.method, p.path, p.status, p.Code, p.Field, p.Detail)
}

// failed is the answer as a problem, nil if it is a good one.
func (r reply) failed(q request) *problem {
	if r.status >= 200 && r.status < 300 {
		return nil
	}
	p := &problem{method: q.method, path: q.path, status: r.status}
	if json.Unmarshal(r.body, p) != nil {
		p.Detail = cut(string(r.body))
	}
	return p
}

// patience bounds how often a call is repeated that met a full or restarting
// server.
const (
	maxTries  = 6
	firstWait = 50 * time.Millisecond
)

// persist makes a call and repeats it while the connection fails or the server
// asks to come again. tries is how often it was sent.
func (c *client) persist(ctx context.Context, r request) (res reply, tries int, err error) {
	for tries = 1; ; tries++ {
		res, err = c.send(ctx, r)
		again := err != nil || res.status == fasthttp.StatusServiceUnavailable || res.status == fasthttp.StatusTooManyRequests
		if !again || tries == maxTries || ctx.Err() != nil {
			return res, tries, err
		}
		select {
		case <-time.After(firstWait << tries):
		case <-ctx.Done():
		}
	}
}

// call sends in as JSON (nil: no body) as the administrator and reads the
// answer into out (nil: not wanted). A status outside 2xx is a *problem.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	r := request{method: method, path: path, accept: "application/json"}
	if in != nil {
		body, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("demo: %s: %w", path, err)
		}
		r.body = body
	}
	return c.into(ctx, r, out)
}

// into makes a call and reads its JSON.
func (c *client) into(ctx context.Context, r request, out any) error {
	res, _, err := c.persist(ctx, r)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if p := res.failed(r); p != nil {
		return fmt.Errorf("demo: %w", p)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(res.body, out); err != nil {
		return fmt.Errorf("demo: %s %s: the answer is not as expected: %w", r.method, r.path, err)
	}
	return nil
}

// login opens a session for the administrator.
func (c *client) login(ctx context.Context, name, password string) error {
	token, err := c.signIn(ctx, name, password)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.admin = token
	c.mu.Unlock()
	return nil
}

// signIn trades a password for a session.
func (c *client) signIn(ctx context.Context, name, password string) (token string, err error) {
	body, err := json.Marshal(map[string]string{"login": name, "password": password})
	if err != nil {
		return "", fmt.Errorf("demo: login: %w", err)
	}
	var session struct {
		Token string `json:"token"`
	}
	err = c.into(ctx, request{method: "POST", path: "/v1/login", token: "-", body: body}, &session)
	if err == nil && session.Token == "" {
		err = errors.New("demo: the login gave no token")
	}
	return session.Token, err
}
