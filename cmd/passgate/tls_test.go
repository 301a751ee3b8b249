package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint/redisd/testca"
)

func TestCommandsTrustOnlyGoodCertificates(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	serve := func(pair testca.Pair) string {
		certificate, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/login" {
				sendJSON(w, 200, map[string]any{"token": "tok.wang", "expires_at": time.Now().Add(time.Hour), "login": "wang"})
			}
		}))
		srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.StartTLS()
		t.Cleanup(srv.Close)
		return srv.URL
	}
	good := serve(ca.Issue("good", time.Hour, "127.0.0.1"))
	plain := fake(t, nil)
	for _, c := range []struct {
		name, server, ca string
		exit             int
		want             []string
	}{
		{"own authority", good, ca.File, 0, nil},
		{"unknown authority", good, "", 3, []string{"nobody whom this machine knows vouches", "--ca FILE"}},
		{"another's authority", good, testca.New(t).File, 3, []string{"vouches for its certificate"}},
		{"expired", serve(ca.Issue("old", -time.Hour, "127.0.0.1")), ca.File, 3, []string{"its certificate expired on"}},
		{"early", serve(ca.IssueFor("early", time.Hour, 2*time.Hour, "127.0.0.1")), ca.File, 3, []string{"is not valid before"}},
		{"another host", serve(ca.Issue("elsewhere", time.Hour, "gates.example")), ca.File, 3, []string{"for another name"}},
		{"no TLS there", strings.Replace(plain, "http:", "https:", 1), "", 3, []string{"does not speak TLS"}},
		{"no such file", good, "/nowhere.pem", 2, []string{"--ca", "no such file"}},
		{"no certificate", good, newShell(t).file("ca.pem", "x"), 2, []string{"holds no certificate"}},
	} {
		s := newShell(t)
		s.env["PASSGATE_PASSWORD"] = "secret of the test"
		args := []string{"login", "--login", "wang", "--server", c.server}
		if c.ca != "" {
			args = append(args, "--ca", c.ca)
		}
		_, errs := s.must(c.exit, args...)
		contains(t, errs, c.want...)
		if strings.Count(errs, "\n") > 1 {
			t.Errorf("%s: %q is not one line", c.name, errs)
		}
	}
}

func TestSecretsDoNotTravelUnencrypted(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked <- r.URL.String() }))
	t.Cleanup(proxy.Close)
	for _, args := range [][]string{
		{"login", "--login", "wang"},
		{"trace", "gate", "G", "--login", "wang"},
		{"residents", "export", "--site", "V1", "--login", "wang"},
	} {
		s := newShell(t)
		s.env["PASSGATE_PASSWORD"] = "secret of the test"
		_, errs := s.must(2, append(args, "--server", "http://192.0.2.1")...)
		contains(t, errs, "is not encrypted", "--insecure", "https://")
	}
	for host, want := range map[string]bool{"localhost": true, "127.8.8.8": true, "::1": true, "192.0.2.1": false, "localhost.example": false} {
		_, err := newClient(serverFlags{Server: (&url.URL{Scheme: "http", Host: net.JoinHostPort(host, "80")}).String()})
		if (err == nil) != want {
			t.Errorf("http to %s: %v", host, err)
		}
	}
	if _, err := newClient(serverFlags{Server: "http://192.0.2.1", Insecure: true}); err != nil {
		t.Errorf("--insecure: %v", err)
	}
}

func TestServeWarnsOfUnencryptedDoors(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	pair := ca.Issue("gates", time.Hour, "gates.example")
	for _, c := range []struct {
		name  string
		cmd   ServeCmd
		warns bool
	}{
		{"everywhere", ServeCmd{Addr: "0.0.0.0:0"}, true},
		{"this machine", ServeCmd{Addr: "127.0.0.1:0"}, false},
		{"behind a proxy", ServeCmd{Addr: "0.0.0.0:0", Proxies: []string{"10.0.0.7"}}, false},
		{"TLS", ServeCmd{Addr: "0.0.0.0:0", TLS: tlsFlags{Cert: pair.Cert, Key: pair.Key}}, false},
	} {
		srv, logs := openForTest(t, c.cmd)
		var out strings.Builder
		if err := printWelcome(&out, srv, "", nil); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(logs.String(), "unencrypted") != c.warns || strings.Contains(out.String(), "WARNING") != c.warns {
			t.Errorf("%s: warned %v, want %v:\n%s%s", c.name, !c.warns, c.warns, logs, out.String())
		}
		if c.cmd.TLS.Cert != "" {
			contains(t, out.String(), "https://gates.example:")
		}
	}
}

// lockedText collects what a server logs.
type lockedText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// logged waits for a word in a log.
func logged(t *testing.T, logs *lockedText, want string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(logs.String(), want); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the log has no %q:\n%s", want, logs)
		}
	}
}

// openForTest is a server that does not run yet, on a Redis in this process.
func openForTest(t *testing.T, cmd ServeCmd) (*server, *lockedText) {
	t.Helper()
	cmd.MetricsAddr, cmd.Redis, cmd.Prefix, cmd.Retention, cmd.AuditKeep = "off", "memory", "t:", 28, 1095
	if cmd.Data == "" {
		cmd.Data = t.TempDir()
	}
	logs := &lockedText{}
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	srv, err := cmd.open(t.Context(), con, slog.New(slog.NewTextHandler(logs, nil)), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.close)
	return srv, logs
}

func TestTLSFlagsThatCannotBe(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--tls-cert a.pem": "give both",
		"--tls-key a.key":  "give both",
		"--tls-cert a.pem --tls-key a.key --tls-auto gates.example": "give one",
		"--http-redirect :80":                                   "does not speak",
		"--tls-email a@b.example":                               "--tls-auto",
		"--tls-auto gates":                                      "give host names",
		"--tls-auto 192.0.2.1":                                  "give host names",
		"--tls-auto https://gates.example":                      "give host names",
		"--tls-auto *.example.org":                              "give host names",
		"--tls-auto a.example --tls-directory http://b.example": "https://",
		"--tls-cert /nowhere/a.pem --tls-key /nowhere/a.key":    "no such file",
		"--tls auto":                                            "the only mode is self",
		"--tls self --tls-auto gates.example":                   "give one",
		"--tls-host gates.example":                              "--tls self",
		"--tls self --tls-host https://gates.example":           "give a name",
		"--tls self --tls-host 0.0.0.0":                         "give a name",
		"--public-url gates.example":                            "https://gates.example.org",
		"--public-url https://gates.example.org?a=b":            "https://gates.example.org",
	} {
		s := newShell(t)
		_, errs := s.must(2, append([]string{"serve", "--data", s.home, "--redis", "memory", "--addr", "127.0.0.1:0"}, strings.Fields(args)...)...)
		contains(t, errs, want)
	}
}
