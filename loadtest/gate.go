package loadtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// Gate sends scans over HTTP as the phones at the gates do. It is a Target.
type Gate struct {
	servers []server
	devices []Device
	bearers []string
	timeout time.Duration
	spare   time.Time // until then connections opened ahead are good
}

// server is one gateway. Devices are spread over them.
type server struct {
	http         *fasthttp.HostClient
	scans, batch string
	ahead        chan net.Conn
}

const (
	dialTimeout = 3 * time.Second
	// A server closes connections that are quiet for longer than a few times
	// this; one that never had a request, even sooner.
	quietConn  = 20 * time.Second
	freshConn  = 3 * time.Second
	mostAnswer = 64 << 10 // bytes of one
)

// NewGate makes a target of the gateways at these URLs. Each device sends to one
// of them. connections is how many scans can be under way at once; an answer has
// to come within timeout.
func NewGate(urls []string, devices []Device, connections int, timeout time.Duration) (*Gate, error) {
	if len(urls) == 0 || len(devices) == 0 || connections < 1 || timeout <= 0 {
		return nil, errors.New("loadtest: a gate takes a URL, devices, connections and a time limit")
	}
	g := &Gate{devices: devices, timeout: timeout}
	for _, d := range devices {
		g.bearers = append(g.bearers, "Bearer "+d.Token)
	}
	for _, base := range urls {
		u, err := url.Parse(base)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("loadtest: %q is not a URL like http://localhost:8080", base)
		}
		g.servers = append(g.servers, g.newServer(u, connections))
	}
	return g, nil
}

func (g *Gate) newServer(u *url.URL, connections int) server {
	addr := u.Host
	if u.Port() == "" {
		addr = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	ahead := make(chan net.Conn, connections)
	base := u.Scheme + "://" + u.Host
	return server{
		scans: base + "/v1/scans", batch: base + "/v1/scans/batch", ahead: ahead,
		http: &fasthttp.HostClient{
			Addr: addr, IsTLS: u.Scheme == "https", MaxConns: connections, MaxConnWaitTimeout: g.timeout,
			MaxIdleConnDuration: quietConn, NoDefaultUserAgentHeader: true, MaxResponseBodySize: mostAnswer,
			// What is sent again is the run's to decide.
			MaxIdemponentCallAttempts: 1,
			Dial: func(addr string) (net.Conn, error) {
				for {
					select {
					case conn := <-ahead:
						if time.Now().Before(g.spare) {
							return conn, nil
						}
						_ = conn.Close()
					default:
						return fasthttp.DialDualStackTimeout(addr, dialTimeout)
					}
				}
			},
		},
	}
}

// Open opens the connections, so that a run that begins within the next second
// does not measure their opening. It is called before the first Send, or not at
// all.
func (g *Gate) Open(ctx context.Context) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	for i := range g.servers {
		s := &g.servers[i]
		for len(s.ahead) > 0 { // an earlier run did not use them
			_ = (<-s.ahead).Close()
		}
		for range cap(s.ahead) / len(g.servers) {
			conn, err := dialer.DialContext(ctx, "tcp", s.http.Addr)
			if err != nil {
				return fmt.Errorf("loadtest: open connections: %w", err)
			}
			s.ahead <- conn
		}
	}
	g.spare = time.Now().Add(freshConn)
	return nil
}

// Close closes the connections that are not in use.
func (g *Gate) Close() {
	for i := range g.servers {
		s := &g.servers[i]
		s.http.CloseIdleConnections()
		for len(s.ahead) > 0 {
			_ = (<-s.ahead).Close()
		}
	}
}

// Send sends a scan once.
func (g *Gate) Send(ctx context.Context, s *Scan) Answer {
	if err := ctx.Err(); err != nil {
		return Answer{Err: err}
	}
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	to := &g.servers[s.Device%len(g.servers)]
	req.Header.SetMethod(http.MethodPost)
	if s.Batch {
		req.SetRequestURI(to.batch)
	} else {
		req.SetRequestURI(to.scans)
	}
	req.Header.SetContentType("application/json")
	req.Header.Set("Authorization", g.bearers[s.Device])
	req.SetBodyRaw(s.Body)
	if err := to.http.DoTimeout(req, res, g.timeout); err != nil {
		return Answer{Err: err}
	}
	a := Answer{Status: res.StatusCode()}
	a.Err = a.read(s.Batch, res.Body())
	if seconds, err := strconv.ParseFloat(string(res.Header.Peek("Retry-After")), 64); err == nil && seconds >= 0 {
		a.RetryAfter = max(time.Millisecond, time.Duration(seconds*float64(time.Second)))
	}
	return a
}

// result is a decision on the wire.
type result struct {
	Decision  string `json:"decision"`
	Reason    string `json:"reason"`
	Duplicate bool   `json:"duplicate"`
	Degraded  bool   `json:"degraded"`
	Person    *struct {
		ID string `json:"id"`
	} `json:"person"`
}

// problem is what a server says instead.
type problem struct {
	Code string `json:"code"`
}

// read reads the body of an answer with a status.
func (a *Answer) read(batch bool, body []byte) error {
	switch {
	case a.Status != http.StatusOK:
		var p problem
		_ = json.Unmarshal(body, &p) // a proxy's answer has no code
		a.Reason = p.Code
		return nil
	case !batch:
		var r result
		if err := json.Unmarshal(body, &r); err != nil {
			return fmt.Errorf("loadtest: the answer to a scan: %w", err)
		}
		return a.take(&r)
	}
	var out struct {
		Results []struct {
			Result *result  `json:"result"`
			Error  *problem `json:"error"`
		} `json:"results"`
	}
	err := json.Unmarshal(body, &out)
	switch {
	case err != nil:
		return fmt.Errorf("loadtest: the answer to a batch: %w", err)
	case len(out.Results) != 1:
		return fmt.Errorf("loadtest: the answer to a batch of one has %d results", len(out.Results))
	case out.Results[0].Result != nil:
		return a.take(out.Results[0].Result)
	case out.Results[0].Error != nil:
		a.Reason = out.Results[0].Error.Code
	}
	return nil
}

func (a *Answer) take(r *result) (err error) {
	a.Decision, a.Reason, a.Duplicate, a.Degraded = r.Decision, r.Reason, r.Duplicate, r.Degraded
	if r.Person != nil {
		a.Person, err = ParsePerson(r.Person.ID)
	}
	return err
}

// ParsePerson reads a person's ID as the API writes it: 16 hexadecimal digits.
func ParsePerson(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 16, 64)
	if err != nil || len(text) != 16 {
		return 0, fmt.Errorf("loadtest: %q is no person's ID", text)
	}
	return id, nil
}
