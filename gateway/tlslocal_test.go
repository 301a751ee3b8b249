package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// localMachine is a machine whose addresses the test changes.
type localMachine struct {
	hosts atomic.Pointer[[]string]
	ms    atomic.Int64 // its clock
}

func newLocalMachine(hosts ...string) *localMachine {
	m := &localMachine{}
	m.move(hosts...)
	m.ms.Store(time.Now().UnixMilli())
	return m
}

func (m *localMachine) move(hosts ...string)         { m.hosts.Store(&hosts) }
func (m *localMachine) addresses() ([]string, error) { return *m.hosts.Load(), nil }
func (m *localMachine) now() time.Time               { return time.UnixMilli(m.ms.Load()) }

func (m *localMachine) open(t *testing.T, dir string, given ...string) *LocalCA {
	t.Helper()
	a, err := openLocalCA(dir, given, m.addresses, m.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// trusting is what a phone trusts that has installed the certificate in dir.
func trusting(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, LocalCertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("ca.pem holds no certificate")
	}
	return pool
}

func TestPhoneThatInstalledTheLocalCertificateIsAtHome(t *testing.T) {
	t.Parallel()
	w, dir := newWorld(t), t.TempDir()
	local := newLocalMachine("192.168.1.5", "gatebox", "gatebox.local", "fd00::5", "203.0.113.9").open(t, dir, "gates.example")
	w.serve(func(s *Server) { s.tls, s.localCA = ServerTLS(local.Certificate), local })
	addr := strings.TrimPrefix(w.url, "http://")
	phone := func(pool *x509.CertPool) *http.Client {
		return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			},
		}}
	}
	trusted := phone(trusting(t, dir))
	for _, host := range []string{"192.168.1.5", "[fd00::5]", "gatebox.local", "gates.example", "localhost", "127.0.0.1"} {
		if answer := fetch(t, trusted, "https://"+host+"/healthz"); answer.StatusCode != http.StatusOK || answer.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: %s, strict transport %q", host, answer.Status, answer.Header.Get("Strict-Transport-Security"))
		}
	}
	// An address outside the private networks is nobody's home unless it is given.
	for host, client := range map[string]*http.Client{"203.0.113.9": trusted, "192.168.1.6": trusted, "192.168.1.5": phone(x509.NewCertPool())} {
		if answer, err := client.Get("https://" + host + "/healthz"); err == nil {
			t.Errorf("%s is trusted: %s", host, answer.Status)
		}
	}
	answer, err := trusted.Get("https://192.168.1.5:8443/ca")
	w.must(err)
	page, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	for _, want := range []string{local.Fingerprint(), "https://gates.example:8443/gate", "证书信任设置", "href=\"/ca.crt\""} {
		want = strings.Replace(want, "gates.example", "192.168.1.5", 1)
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(string(page), "<script") || !strings.Contains(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page has a script, or may")
	}
	answer, err = trusted.Get("https://192.168.1.5/ca.crt")
	w.must(err)
	der, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if got, err := x509.ParseCertificate(der); err != nil || !got.Equal(local.cert) || answer.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("/ca.crt: %v, %s", err, answer.Header.Get("Content-Type"))
	}
}

// Whoever steals the authority's key can deceive phones about private addresses
// only: they refuse what it says of other sites.
func TestLocalAuthorityCannotVouchForTheInternet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	local := newLocalMachine("192.168.1.5").open(t, dir)
	for host, want := range map[string]bool{"192.168.1.5": true, "gate.local": true, "bank.example": false, "203.0.113.9": false, "2001:db8::1": false} {
		leaf, err := local.issue([]string{host})
		if err != nil {
			t.Fatal(err)
		}
		_, err = leaf.Leaf.Verify(x509.VerifyOptions{Roots: trusting(t, dir), DNSName: host})
		if (err == nil) != want {
			t.Errorf("a certificate for %s: %v", host, err)
		}
	}
	leaf := local.current.Load().Leaf
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 398*24*time.Hour {
		t.Errorf("the certificate is good for %s, browsers take 398 days", life)
	}
}

func TestLocalCertificateFollowsTheMachine(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newLocalMachine("192.168.1.5")
	local := m.open(t, dir)
	serial := func() string { return local.current.Load().Leaf.SerialNumber.String() }
	logs := &lockedBuffer{}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		local.Watch(ctx, 5*time.Millisecond, slog.New(slog.NewTextHandler(logs, nil)))
		close(done)
	}()
	t.Cleanup(func() { stop(); <-done })

	first := serial()
	time.Sleep(30 * time.Millisecond)
	if serial() != first {
		t.Error("a new certificate without a reason")
	}
	m.move("10.0.0.7")
	soon(t, "a certificate for the new address", func() bool { return local.Serves("10.0.0.7") == nil })
	if local.Serves("192.168.1.5") == nil || !slices.Equal(local.Hosts(), []string{"10.0.0.7"}) {
		t.Errorf("the old address is still served: %v", local.Hosts())
	}
	second := serial()
	m.ms.Add((localLeafLife - localRenewal + time.Hour).Milliseconds())
	soon(t, "renewal before the end", func() bool { return serial() != second })
	m.ms.Add((340 * 24 * time.Hour).Milliseconds())
	soon(t, "a warning that the authority ends", func() bool { return strings.Contains(logs.String(), "authority ends soon") })
	third := serial()
	time.Sleep(50 * time.Millisecond)
	if serial() != third {
		t.Error("near the authority's end certificates are made again and again")
	}
	if leaf := local.current.Load().Leaf; leaf.NotAfter.After(local.Expires()) {
		t.Error("the certificate outlives who vouches for it")
	}
}

func TestLocalAuthorityIsKeptUntilItEnds(t *testing.T) {
	t.Parallel()
	dir, m := filepath.Join(t.TempDir(), "keys", "tls"), newLocalMachine("192.168.1.5")
	first := m.open(t, dir).Fingerprint()
	if again := m.open(t, dir).Fingerprint(); again != first {
		t.Error("after a restart phones would need another certificate")
	}
	key := filepath.Join(dir, localAuthorityFile)
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v, %v", info.Mode(), err)
	}
	// What it was not made for it cannot vouch for, and a broken one is not replaced in silence.
	for want, harm := range map[string]func() []string{
		"made without the name gates.example": func() []string { return []string{"gates.example"} },
		"everybody can read the key":          func() []string { _ = os.Chmod(key, 0o604); return nil },
	} {
		given := harm()
		if _, err := openLocalCA(dir, given, m.addresses, m.now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
		_ = os.Chmod(key, 0o600)
	}
	text, _ := os.ReadFile(key)
	_ = os.WriteFile(key, text[:len(text)/2], 0o600)
	if _, err := openLocalCA(dir, nil, m.addresses, m.now); err == nil || !strings.Contains(err.Error(), "put it back from a backup") {
		t.Errorf("half a file: %v", err)
	}
	_ = os.WriteFile(key, text, 0o600)
	m.ms.Add((localAuthorityLife + time.Hour).Milliseconds())
	if next := m.open(t, dir); next.Fingerprint() == first || next.Expires().Before(m.now()) {
		t.Error("an authority that has ended is still used")
	}
}

func TestOverHTTPOnlyTheLocalCertificateIsAnswered(t *testing.T) {
	t.Parallel()
	local := newLocalMachine("192.168.1.5", "gatebox.local").open(t, t.TempDir())
	handler := local.OverHTTP("8443", RedirectToTLS("8443", local.Serves))
	ask := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://x"+path, nil)
		r.Host, r.URL.Host = host, ""
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		return rec
	}
	for _, c := range []struct{ host, here string }{
		{"gatebox.local:8080", "http://gatebox.local:8080/ca"},
		{"localhost:8080", "http://192.168.1.5:8080/ca"}, // for the phone that is held in front of it
		{"127.0.0.1", "http://192.168.1.5/ca"},
		{"evil.example:8080", "http://192.168.1.5:8080/ca"},
		{"<script>:8080", "http://192.168.1.5:8080/ca"},
		{"192.168.1.5:" + strings.Repeat("9", 400), "http://192.168.1.5/ca"},
		{"", "http://192.168.1.5/ca"},
	} {
		got := ask(http.MethodGet, c.host, "/ca")
		if got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "<b>"+c.here+"</b>") || strings.Contains(got.Body.String(), "<script") ||
			!strings.Contains(got.Body.String(), "https://") || !strings.Contains(got.Body.String(), ":8443/gate") {
			t.Errorf("%s: %d, want the page with %s", c.host, got.Code, c.here)
		}
	}
	if got := ask(http.MethodGet, "192.168.1.5", "/ca.crt"); got.Code != http.StatusOK || got.Header().Get("Content-Type") != "application/x-x509-ca-cert" || got.Body.Len() == 0 {
		t.Errorf("/ca.crt: %d %v", got.Code, got.Header())
	}
	for _, path := range []string{"/", "/gate", "/ca/", "/ca.key", "/ca.pem"} {
		if got := ask(http.MethodGet, "192.168.1.5", path); got.Code != http.StatusTemporaryRedirect || got.Header().Get("Location") != "https://192.168.1.5:8443"+path {
			t.Errorf("%s: %d to %q", path, got.Code, got.Header().Get("Location"))
		}
	}
	if got := ask(http.MethodPost, "192.168.1.5", "/ca"); got.Code != http.StatusForbidden {
		t.Errorf("POST /ca: %d", got.Code)
	}
}

func TestServersWithOtherCertificatesHaveNoLocalOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/ca", "/ca.crt"} {
		w.do(http.MethodGet, path, "", nil).problem(http.StatusNotFound, "not_found", "")
	}
}
