package main

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	pebbleca "github.com/letsencrypt/pebble/v2/ca"
	pebbledb "github.com/letsencrypt/pebble/v2/db"
	pebbleva "github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"passgate/checkpoint/redisd/testca"
)

// Pebble reads these when an authority is made. They are for all of a test run, so that
// authorities can be made beside one another.
func init() {
	_ = os.Setenv("PEBBLE_VA_NOSLEEP", "1")
	_ = os.Setenv("PEBBLE_WFE_NONCEREJECT", "20")
}

// TestCertificatesComeByACME runs a server against Pebble, the authority that
// Let's Encrypt tests clients with, once for each way to be looked for.
func TestCertificatesComeByACME(t *testing.T) {
	t.Parallel()
	for _, redirect := range []bool{false, true} {
		t.Run(map[bool]string{false: "on the port of https", true: "on the port of http"}[redirect], func(t *testing.T) {
			t.Parallel()
			doors, aside := freePort(t), freePort(t)
			looks := port(doors)
			if redirect {
				looks = 1 // nothing listens there: it has to be the other way
			}
			authority, vouched := startPebble(t, port(aside), looks)
			cmd := ServeCmd{Addr: doors, Data: t.TempDir(), TLS: tlsFlags{Auto: []string{"gates.example.test"}, Email: "town@example.test", Directory: authority, Authority: vouched}}
			if redirect {
				cmd.TLS.Redirect = aside
			}
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
			logged(t, logs, "certificate at hand")

			conn, err := tls.Dial("tcp", doors, &tls.Config{ServerName: "gates.example.test", InsecureSkipVerify: true}) // Pebble's root is made up
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			leaf := conn.ConnectionState().PeerCertificates[0]
			if err := leaf.VerifyHostname("gates.example.test"); err != nil || !strings.HasPrefix(leaf.Issuer.CommonName, "Pebble") {
				t.Errorf("the certificate of %s: %v", leaf.Issuer, err)
			}
			if _, err := tls.Dial("tcp", doors, &tls.Config{ServerName: "other.example.test", InsecureSkipVerify: true}); err == nil {
				t.Error("a host that was not named got a certificate")
			}
			kept, err := os.ReadDir(filepath.Join(cmd.Data, "keys", "acme"))
			if err != nil || len(kept) < 2 {
				t.Errorf("certificates kept: %v, %v", kept, err)
			}
			for _, f := range kept {
				if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
				}
			}
			if redirect {
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+aside+"/healthz", nil)
				req.Host = "gates.example.test"
				answer, err := http.DefaultTransport.RoundTrip(req)
				if err != nil || answer.Header.Get("Location") != "https://gates.example.test:"+strings.Split(doors, ":")[1]+"/healthz" {
					t.Errorf("http leads to %v, %v", answer, err)
				}
			}
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func port(addr string) int {
	_, text, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(text)
	return n
}

// startPebble gives the directory of an authority that looks for its answers on
// these ports of this machine, whatever the name, and whose certificate vouches
// for that directory.
func startPebble(t *testing.T, httpPort, tlsPort int) (directory, vouched string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	names := &dns.Server{Listener: ln, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		a := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			a.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(a)
	})}
	go func() { _ = names.ActivateAndServe() }()
	t.Cleanup(func() { _ = names.Shutdown() })

	quiet := log.New(io.Discard, "", 0)
	db := pebbledb.NewMemoryStore()
	ca := pebbleca.New(quiet, db, "", "ecdsa", 0, 1, map[string]pebbleca.Profile{"default": {Description: "default"}})
	va := pebbleva.New(quiet, httpPort, tlsPort, false, ln.Addr().String(), db)
	front := wfe.New(quiet, db, va, ca, []string{"pebble.example"}, false, false, 1, 1)
	srv := httptest.NewUnstartedServer(front.Handler())
	town := testca.New(t)
	pair := town.Issue("acme", time.Hour, "127.0.0.1")
	certificate, err := tls.LoadX509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL + wfe.DirectoryPath, town.File
}
