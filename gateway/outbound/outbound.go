// Package outbound is how this program calls others: to addresses on the public
// internet, or those that the operator allows, and nowhere else. Nothing that answers
// requests calls anybody.
//
// Where a name leads is looked at when the connection is made, on the very address
// that is dialled: a name that leads somewhere else by then gains nothing. Redirects
// are answers like others and are not followed; no proxy of the environment is used.
package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Bounds of a call.
const (
	deadline  = 5 * time.Second
	maxAnswer = 4 << 10 // bytes read of an answer
	maxHeader = 16 << 10
)

// ErrForbidden says that an address is not one to call.
var ErrForbidden = errors.New("the address is neither on the public internet nor allowed by --webhook-allow")

// Caller makes calls. Any number of goroutines may use one.
type Caller struct {
	guard    *ssrf.Guardian
	deadline time.Duration // of a call
	client   *http.Client
}

// New makes a caller that may, beside the public internet, call addresses of allowed.
func New(allowed []netip.Prefix) *Caller {
	c := &Caller{deadline: deadline}
	var v4, v6 []netip.Prefix
	for _, p := range allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	c.guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	dialer := &net.Dialer{Timeout: deadline, Control: c.control}
	c.client = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: deadline, ResponseHeaderTimeout: deadline, MaxResponseHeaderBytes: maxHeader,
			MaxIdleConnsPerHost: 1, MaxConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
			DisableCompression: true, ForceAttemptHTTP2: true,
		},
	}
	return c
}

// ParseAllowed reads prefixes such as 10.1.0.0/16, and addresses.
func ParseAllowed(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			ip, other := netip.ParseAddr(text)
			if other != nil {
				return nil, fmt.Errorf("%q is neither an address nor a prefix such as 10.1.0.0/16", text)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// control refuses a connection to where nothing is called. The name is resolved by
// now.
func (c *Caller) control(network, address string, conn syscall.RawConn) error {
	if err := c.guard.Safe(network, address, conn); err != nil {
		return ErrForbidden // not where it leads: a name inside would be found out by that
	}
	return nil
}

// Vet says what is wrong with a URL before it is called; nil: nothing that can be
// seen without asking where its name leads.
func (c *Caller) Vet(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return errors.New("is not a URL")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	literal := err == nil
	if literal && c.guard.SafeAddr(ip.Unmap()) != nil {
		return ErrForbidden
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !literal || !ip.IsLoopback()) {
		return errors.New("must begin with https://")
	}
	return nil
}

// Post sends a body and gives the status and the beginning of the answer. The errors
// have neither the URL nor where it leads.
func (c *Caller) Post(ctx context.Context, to string, header http.Header, body []byte) (status int, answer []byte, err error) {
	if err := c.Vet(to); err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("is not a URL")
	}
	req.Header = header.Clone()
	req.Header.Set("User-Agent", "passgate")
	res, err := c.client.Do(req)
	if err != nil {
		return 0, nil, plain(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, nil, plain(err)
	}
	return res.StatusCode, answer, nil
}

// plain says what failed without the URL, which is a secret of the receiver's.
func plain(err error) error {
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ErrForbidden):
		return ErrForbidden
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errors.New("no answer within 5 s")
	case errors.As(err, &name):
		return errors.New("the name of the host is not known")
	case errors.As(err, &cert):
		return errors.New("the receiver's certificate is not valid")
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("no answer within 5 s")
	}
	return errors.New("the connection failed")
}
