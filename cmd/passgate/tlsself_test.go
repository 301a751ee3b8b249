package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A phone on the same network goes from what the terminal shows to the gate's
// page: plain http for the certificate, then https with nothing but it.
func TestServeVouchesForItself(t *testing.T) {
	t.Parallel()
	cmd := ServeCmd{Addr: "127.0.0.1:0", Data: t.TempDir(), TLS: tlsFlags{Mode: tlsSelf, Redirect: "127.0.0.1:0"}}
	srv, logs := openForTest(t, cmd)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	logged(t, logs, `msg=serving`)
	var out strings.Builder
	if err := printWelcome(&out, srv, "", nil); err != nil {
		t.Fatal(err)
	}
	contains(t, out.String(), "passgate serves on https://", srv.tls.local.Fingerprint())
	if strings.Contains(out.String(), "WARNING") {
		t.Errorf("warned without a reason:\n%s", out.String())
	}
	page := regexp.MustCompile(`http://\S+/ca`).FindString(out.String())
	if text := getBody(t, http.DefaultClient, page); !strings.Contains(text, srv.tls.local.Fingerprint()) || !strings.Contains(text, srv.url()[strings.LastIndex(srv.url(), ":"):]+"/gate") {
		t.Errorf("the page at %q does not show the fingerprint and where to go on:\n%.300s", page, text)
	}
	certificate, err := x509.ParseCertificate([]byte(getBody(t, http.DefaultClient, page+".crt")))
	if err != nil {
		t.Fatal(err)
	}
	phone := x509.NewCertPool()
	phone.AddCert(certificate)
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: phone}}}
	// What is not about the certificate goes to https, which the phone now trusts.
	if text := getBody(t, client, strings.TrimSuffix(page, "/ca")+"/healthz"); !strings.Contains(text, "ok") {
		t.Errorf("/healthz: %s", text)
	}
	// Commands trust it by the file.
	if _, err := newClient(serverFlags{Server: srv.url(), CA: filepath.Join(cmd.Data, "keys", "tls", "ca.pem")}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(cmd.Data, "keys", "tls", "ca.key")); err != nil {
		t.Errorf("the key is not where backups take it along: %v", err)
	}
}

func TestPhonesAreShownAddressesThatAreListenedOn(t *testing.T) {
	t.Parallel()
	srv, _ := openForTest(t, ServeCmd{Addr: ":0", Data: t.TempDir(), TLS: tlsFlags{Mode: tlsSelf, Hosts: []string{"gate.example.org", "203.0.113.7"}}})
	_, port, _ := net.SplitHostPort(srv.listener.Addr().String())
	got := srv.phoneAddresses()
	if len(got) < 2 || len(got) > mostPhoneAddresses || got[0] != "https://gate.example.org:"+port+"/ca" || got[1] != "https://203.0.113.7:"+port+"/ca" {
		t.Errorf("phones are sent to %v", got)
	}
	srv, _ = openForTest(t, ServeCmd{Addr: "127.0.0.1:0", Data: t.TempDir(), TLS: tlsFlags{Mode: tlsSelf}})
	if got := srv.phoneAddresses(); len(got) != 1 || !strings.HasPrefix(got[0], "https://127.0.0.1:") {
		t.Errorf("listening on one address, phones are sent to %v", got)
	}
}

func getBody(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, answer.Status, err)
	}
	return string(text)
}
