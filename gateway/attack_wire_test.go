package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// raw sends bytes as they are and gives all that comes back until the server
// closes or nothing comes for a while.
func (w *world) raw(text string) string {
	w.t.Helper()
	conn := w.dial()
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(700 * time.Millisecond)))
	_, _ = io.WriteString(conn, text)
	back, _ := io.ReadAll(conn)
	return string(back)
}

func (w *world) dial() net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	w.must(err)
	return conn
}

// What a proxy may read as one request must not be two here: the second would
// come past whatever the proxy checks, or answer somebody else's.
func TestRequestsAreNotSmuggled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	auth := "Authorization: Bearer " + w.deviceToken("D1") + "\r\n"
	inner := "GET /v1/me HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n"
	n := len(inner)
	var wait sync.WaitGroup
	for name, head := range map[string]string{
		"two lengths, short first":  fmt.Sprintf("POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: %d\r\n\r\n", n),
		"two lengths, short last":   fmt.Sprintf("POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Length: 0\r\n\r\n", n),
		"the same length twice":     "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n{}",
		"length and chunks":         fmt.Sprintf("POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", n+5),
		"chunks and length":         fmt.Sprintf("POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n", n+5),
		"another coding":            "POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"two codings":               "POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"identity":                  "POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
		"length with a sign":        "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n{}",
		"length as a list":          "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\n{}",
		"length below zero":         "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"blank before the colon":    "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n{}",
		"folded line":               "POST /v1/login HTTP/1.1\r\nHost: x\r\nX: a\r\n Content-Length: 9\r\n\r\n",
		"two hosts":                 "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"no host":                   "GET /healthz HTTP/1.1\r\n\r\n",
		"two senders":               "GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n" + auth + "\r\n",
		"zero byte":                 "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
		"no such path, two lengths": fmt.Sprintf("POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Length: 0\r\n\r\n", n),
	} {
		wait.Go(func() {
			back := w.raw(head + inner)
			if !strings.HasPrefix(back, "HTTP/1.1 400 ") || strings.Count(back, "HTTP/1.1 ") != 1 || strings.Contains(back, `"D1"`) {
				t.Errorf("%s: %.400q", name, back)
			}
		})
	}
	wait.Go(func() { // one after the other is all right
		if back := w.raw("POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + inner); strings.Count(back, "HTTP/1.1 ") != 2 {
			t.Errorf("good requests: %.400q", back)
		}
	})
	wait.Wait()
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, text := range map[string]string{
		"a long one":  "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n",
		"many":        "GET /healthz HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: a\r\n", 100_000) + "\r\n",
		"a long path": "GET /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"no end":      strings.Repeat("GET", 1<<20),
	} {
		back := w.raw(text)
		if !strings.HasPrefix(back, "HTTP/1.1 431 ") && !strings.HasPrefix(back, "HTTP/1.1 400 ") && back != "" {
			t.Errorf("%s: %.200q", name, back)
		}
	}
	w.do(http.MethodGet, "/healthz?"+strings.Repeat("a=b&", 1500), "", nil).ok(http.StatusOK)
}

// A client that sends a byte now and then is cut off, and nobody waits for it.
func TestSlowClientsAreCutOffAndHoldNobodyUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve(func(s *Server) { // the real one waits for 10 s, nobody else does here
		if got := s.app.Server().ReadTimeout; got != readTimeout || readTimeout > 15*time.Second {
			t.Errorf("a request may take %s to come", got)
		}
		s.app.Server().ReadTimeout = time.Second
	})
	start := time.Now()
	var wait sync.WaitGroup
	for _, first := range []string{"G", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ", "POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{", ""} {
		for range 50 {
			conn := w.dial()
			wait.Go(func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, first)
				for range 100 {
					time.Sleep(100 * time.Millisecond)
					if _, err := io.WriteString(conn, "a"); err != nil {
						return
					}
				}
				t.Errorf("%.20q: a slow client is served for 10 s", first)
			})
		}
	}
	for range 20 {
		began := time.Now()
		w.do(http.MethodGet, "/healthz", "", nil).ok(http.StatusOK)
		if took := time.Since(began); took > time.Second {
			t.Errorf("beside 200 slow clients an answer takes %s", took)
		}
	}
	wait.Wait()
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("cut off after %s", took)
	}
}

func TestOneAddressHoldsFewConnections(t *testing.T) {
	t.Parallel()
	d := &door{exempt: func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.1") }, open: map[netip.Addr]int{}}
	from := func(addr string) net.Conn { return addressedConn{netip.MustParseAddrPort(addr)} }
	var leave func()
	for i := range maxPerAddress {
		var ok bool
		if leave, ok = d.enter(from(fmt.Sprintf("[2001:db8::%x]:7", i))); !ok {
			t.Fatalf("connection %d of %d is turned away", i+1, maxPerAddress)
		}
	}
	if _, ok := d.enter(from("[2001:db8::ffff]:7")); ok {
		t.Error("one more is let in")
	}
	if _, ok := d.enter(from("[2001:db8:0:1::1]:7")); !ok {
		t.Error("another network is turned away")
	}
	leave()
	leave() // closed twice is closed once
	if _, ok := d.enter(from("[2001:db8::ffff]:7")); !ok {
		t.Error("nobody is let in for the one who left")
	}
	if _, ok := d.enter(from("[2001:db8::fffe]:7")); ok {
		t.Error("who left twice makes room for two")
	}
	for range 2 * maxPerAddress {
		if _, ok := d.enter(from("10.0.0.1:7")); !ok {
			t.Fatal("a proxy stands for many")
		}
	}
	if len(d.open) != 2 {
		t.Errorf("%d addresses are kept, want 2", len(d.open))
	}
}

type addressedConn struct{ addr netip.AddrPort }

func (c addressedConn) RemoteAddr() net.Addr             { return net.TCPAddrFromAddrPort(c.addr) }
func (addressedConn) LocalAddr() net.Addr                { return nil }
func (addressedConn) Read([]byte) (int, error)           { return 0, io.EOF }
func (addressedConn) Write(b []byte) (int, error)        { return len(b), nil }
func (addressedConn) Close() error                       { return nil }
func (addressedConn) SetDeadline(time.Time) error        { return nil }
func (addressedConn) SetReadDeadline(time.Time) error    { return nil }
func (addressedConn) SetWriteDeadline(t time.Time) error { return nil }

// A chunked body has no length that could be refused beforehand.
func TestBodyInChunksIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.dial()
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	fmt.Fprint(conn, "POST /v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 16<<10, strings.Repeat(" ", 16<<10))
	go func() {
		for range 1000 {
			if _, err := io.WriteString(conn, chunk); err != nil {
				return
			}
		}
	}()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("16 MB in chunks: %s", res.Status)
	}
}
