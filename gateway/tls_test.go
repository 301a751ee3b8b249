package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint/redisd/testca"
)

// overTLS serves a world with a certificate and gives a client that resolves
// every name to it.
func overTLS(t *testing.T, w *world, ca *testca.Authority, pair testca.Pair) (*http.Client, *CertificateFiles) {
	t.Helper()
	files, err := OpenCertificate(pair.Cert, pair.Key)
	w.must(err)
	w.serve(func(s *Server) { s.tls = ServerTLS(files.Certificate) })
	addr := strings.TrimPrefix(w.url, "http://")
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: ca.Pool},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		},
	}
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}, files
}

func fetch(t *testing.T, client *http.Client, url string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer
}

func TestBrowsersAreHeldToTLSOnlyWhereItIsSpoken(t *testing.T) {
	t.Parallel()
	w, ca := newWorld(t), testca.New(t)
	plain, behind := w.url, ""
	client, _ := overTLS(t, w, ca, ca.Issue("gates", time.Hour, "gates.example", "localhost", "127.0.0.1"))
	w.serve(func(s *Server) { s.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	behind = w.url

	for _, c := range []struct {
		name      string
		client    *http.Client
		url       string
		header    []string
		encrypted bool
		strict    string
	}{
		{"TLS", client, "https://gates.example/healthz", nil, true, "max-age=31536000"},
		{"TLS, unknown path", client, "https://gates.example/none", nil, true, "max-age=31536000"},
		{"TLS on this machine", client, "https://localhost/healthz", nil, true, ""},
		{"TLS by address", client, "https://127.0.0.1/healthz", nil, true, ""},
		{"plain", w.http, plain + "/healthz", []string{"Host", "gates.example"}, false, ""},
		{"plain, with a claim", w.http, plain + "/healthz", []string{"X-Forwarded-Proto", "https"}, false, ""},
		{"behind a proxy with TLS", w.http, behind + "/healthz", []string{"X-Forwarded-Proto", "https"}, true, ""},
		{"behind a proxy without", w.http, behind + "/healthz", []string{"X-Forwarded-Proto", "http"}, false, ""},
	} {
		answer := fetch(t, c.client, c.url, c.header...)
		if got := answer.Header.Get("Strict-Transport-Security"); got != c.strict {
			t.Errorf("%s: Strict-Transport-Security is %q, want %q", c.name, got, c.strict)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		if got := strings.Contains(policy, "upgrade-insecure-requests"); got != c.encrypted || !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: Content-Security-Policy is %q", c.name, policy)
		}
		if got := answer.Header.Values("Set-Cookie"); len(got) > 0 {
			t.Errorf("%s: sets cookies %q, sessions are tokens", c.name, got)
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, behind+"/healthz", nil)
	req.Host = "gates.example"
	req.Header.Set("X-Forwarded-Proto", "https")
	if answer, err := w.http.Do(req); err != nil || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("behind a proxy, by name: %v, no Strict-Transport-Security", err)
	}
}

func TestOnlyGoodTLSIsSpoken(t *testing.T) {
	t.Parallel()
	w, ca := newWorld(t), testca.New(t)
	client, _ := overTLS(t, w, ca, ca.Issue("gates", time.Hour, "gates.example"))
	addr := strings.TrimPrefix(w.url, "http://")
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: ca.Pool, ServerName: "gates.example", MinVersion: tls.VersionTLS10, MaxVersion: version})
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
	if answer, err := http.Get(w.url + "/healthz"); err == nil {
		t.Errorf("http on the port of https is answered: %s", answer.Status)
	}
	// A refusal of a body that is too large can be read, as without TLS.
	answer, err := client.Post("https://gates.example/v1/login", "application/json", bytes.NewReader(make([]byte, 1<<20)))
	if err != nil || answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %v, %v", answer, err)
	}
}

func TestCertificateIsTakenUpWithoutRestart(t *testing.T) {
	t.Parallel()
	w, ca := newWorld(t), testca.New(t)
	pair := ca.Issue("gates", time.Hour, "gates.example")
	client, files := overTLS(t, w, ca, pair)
	serving := func() string {
		return fetch(t, client, "https://gates.example/healthz").TLS.PeerCertificates[0].SerialNumber.String()
	}
	first := serving()
	logs := &lockedBuffer{}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		files.Watch(ctx, 5*time.Millisecond, slog.New(slog.NewTextHandler(logs, nil)))
		close(done)
	}()
	t.Cleanup(func() { stop(); <-done })

	ca.Issue("gates", 20*24*time.Hour, "gates.example")
	soon(t, "the new certificate", func() bool { return serving() != first })
	second := serving()

	// What is wrong with the next one is said once, and the second one stays.
	stranger := testca.New(t).Issue("other", time.Hour, "gates.example")
	for _, c := range []struct {
		want string
		harm func()
	}{
		{"expired on", func() { ca.Issue("gates", -time.Hour, "gates.example") }},
		{"private key does not match", func() { w.must(os.Rename(stranger.Key, pair.Key)) }},
		{"failed to find any PEM data", func() { w.must(os.WriteFile(pair.Cert, []byte("garbage"), 0o600)) }},
		{"is empty", func() { w.must(os.WriteFile(pair.Cert, nil, 0o600)) }},
		{"no such file", func() { w.must(os.Remove(pair.Cert)) }},
		{"chmod 640", func() { w.must(os.WriteFile(pair.Cert, []byte("x"), 0o600)); w.must(os.Chmod(pair.Key, 0o604)) }},
	} {
		c.harm()
		soon(t, c.want, func() bool { return strings.Contains(logs.String(), c.want) })
		if got := serving(); got != second {
			t.Errorf("%s: certificate %s is served, want the last good one %s", c.want, got, second)
		}
	}
	time.Sleep(30 * time.Millisecond)
	if n := strings.Count(logs.String(), "chmod 640"); n != 1 {
		t.Errorf("the same fault is logged %d times", n)
	}
	if !strings.Contains(logs.String(), "expires soon") {
		t.Error("nobody was told that the first certificate expires within the hour")
	}
	ca.Issue("gates", 20*24*time.Hour, "gates.example")
	w.must(os.Chmod(pair.Key, 0o600))
	soon(t, "a good one after bad ones", func() bool { return serving() != second })
}

// soon waits until something is so.
func soon(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func TestNoServerStartsWithABadCertificate(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	old := ca.Issue("old", -time.Hour, "gates.example")
	if _, err := OpenCertificate(old.Cert, old.Key); err == nil || !strings.Contains(err.Error(), "expired on") {
		t.Errorf("an expired certificate: %v", err)
	}
	early := ca.IssueFor("early", time.Hour, 2*time.Hour, "gates.example")
	if _, err := OpenCertificate(early.Cert, early.Key); err == nil || !strings.Contains(err.Error(), "not valid before") {
		t.Errorf("a certificate of tomorrow: %v", err)
	}
}

func TestHTTPLeadsToTLSAndNowhereElse(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	pair := ca.Issue("gates", time.Hour, "gates.example", "10.0.0.1", "fd00::1")
	files, err := OpenCertificate(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		port, method, host, path, token string
		status                          int
		location                        string
	}{
		{"443", "GET", "gates.example", "/pass?a=b", "", 307, "https://gates.example/pass?a=b"},
		{"443", "HEAD", "gates.example:80", "/", "", 307, "https://gates.example/"},
		{"8443", "GET", "gates.example:8080", "/", "", 307, "https://gates.example:8443/"},
		{"443", "GET", "[fd00::1]", "/", "", 307, "https://[fd00::1]/"},
		{"8443", "GET", "10.0.0.1", "//evil.example/", "", 307, "https://10.0.0.1:8443//evil.example/"},
		{"443", "GET", "evil.example", "/", "", 421, ""},
		{"443", "GET", "gates.example@evil.example", "/", "", 421, ""},
		{"443", "GET", "", "/", "", 421, ""},
		{"443", "POST", "gates.example", "/v1/login", "", 403, ""},
		{"443", "GET", "gates.example", "/v1/me", "Bearer secret", 403, ""},
	} {
		r := httptest.NewRequest(c.method, "http://x"+c.path, nil)
		r.Host, r.URL.Host = c.host, ""
		if c.token != "" {
			r.Header.Set("Authorization", c.token)
		}
		rec := httptest.NewRecorder()
		RedirectToTLS(c.port, files.Serves).ServeHTTP(rec, r)
		if rec.Code != c.status || rec.Header().Get("Location") != c.location {
			t.Errorf("%s %s%s: %d to %q, want %d to %q", c.method, c.host, c.path, rec.Code, rec.Header().Get("Location"), c.status, c.location)
		}
		if rec.Header().Get("Strict-Transport-Security") != "" {
			t.Error("strict transport is said over http, where it means nothing")
		}
	}
}
