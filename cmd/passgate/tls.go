package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"passgate/gateway"
)

// tlsFlags say how the server is reached over TLS; without any it is not.
type tlsFlags struct {
	Mode      string   `name:"tls" placeholder:"self" env:"PASSGATE_TLS" help:"self: vouch for this machine's own addresses, for phones on a network without a domain. They install the certificate from the page /ca once. It is kept in DATA/keys/tls."`
	Hosts     []string `name:"tls-host" placeholder:"HOST" env:"PASSGATE_TLS_HOST" help:"More names or addresses for --tls self, such as an address outside the private networks."`
	Cert      string   `name:"tls-cert" type:"path" placeholder:"FILE" env:"PASSGATE_TLS_CERT" help:"Certificate with its chain (PEM). Taken up again when the file changes."`
	Key       string   `name:"tls-key" type:"path" placeholder:"FILE" env:"PASSGATE_TLS_KEY" help:"Private key of --tls-cert (PEM)."`
	Auto      []string `name:"tls-auto" placeholder:"HOST" env:"PASSGATE_TLS_AUTO" help:"Get certificates for these host names by ACME (Let's Encrypt), whose terms you thereby accept. They are kept in DATA/keys/acme."`
	Email     string   `name:"tls-email" placeholder:"ADDRESS" env:"PASSGATE_TLS_EMAIL" help:"Where the ACME authority may write to."`
	Directory string   `name:"tls-directory" placeholder:"URL" env:"PASSGATE_TLS_DIRECTORY" help:"Directory of another ACME authority; Let's Encrypt if not given."`
	Authority string   `name:"tls-directory-ca" type:"path" placeholder:"FILE" env:"PASSGATE_TLS_DIRECTORY_CA" help:"Certificate (PEM) that vouches for --tls-directory, if this machine does not trust it by itself."`
	Redirect  string   `name:"http-redirect" placeholder:"ADDR" env:"PASSGATE_HTTP_REDIRECT" help:"Address of a listener that sends http to https and answers ACME, such as :80."`
}

// certificates are where a server has its certificates from.
type certificates struct {
	config *tls.Config
	host   string                          // a name that clients may use, if one is known
	serves func(host string) error         // nil error: there is one for this host
	answer func(http.Handler) http.Handler // puts the ACME answers before a handler
	keep   func(ctx context.Context)       // keeps them fresh until ctx ends
	local  *gateway.LocalCA                // where this server vouches for itself; nil otherwise
}

// of is the configuration of the listener; nil without TLS.
func (c *certificates) of() *tls.Config {
	if c == nil {
		return nil
	}
	return c.config
}

// open checks the flags and opens the certificates; nil without TLS.
func (f tlsFlags) open(data string, logger *slog.Logger) (*certificates, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	switch {
	case f.Mode == tlsSelf:
		return f.fromSelf(data, logger)
	case f.Cert != "":
		return f.fromFiles(logger)
	case len(f.Auto) > 0:
		return f.fromACME(data, logger)
	}
	return nil, nil //nolint:nilnil // no TLS is no mistake
}

func (f tlsFlags) check() error {
	switch {
	case (f.Cert == "") != (f.Key == ""):
		return badInput("--tls-cert and --tls-key go together: give both")
	case f.Cert != "" && len(f.Auto) > 0:
		return badInput("--tls-auto and --tls-cert are two ways to get a certificate: give one")
	case f.Redirect != "" && f.Cert == "" && len(f.Auto) == 0 && f.Mode == "":
		return badInput("--http-redirect leads to https, which this server does not speak: give --tls-cert, --tls-auto or --tls self")
	case len(f.Auto) == 0 && (f.Email != "" || f.Directory != "" || f.Authority != ""):
		return badInput("--tls-email, --tls-directory and --tls-directory-ca are about --tls-auto, which is not given")
	}
	if err := f.checkSelf(); err != nil {
		return err
	}
	for _, host := range f.Auto {
		if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") || strings.ContainsAny(host, ":/*@ ") {
			return badInput("--tls-auto %q: give host names as they are in the address, such as gates.example.org", clip(host, 80))
		}
	}
	if f.Directory != "" {
		at, err := url.Parse(f.Directory)
		if err != nil || at.Host == "" || at.Scheme != "https" {
			return badInput("--tls-directory %q: give an https:// address", clip(f.Directory, 80))
		}
	}
	return nil
}

// maxPublicURL keeps the QR on a household's sheet small enough to be read.
const maxPublicURL = 60

// checkPublicURL looks at --public-url: what comes after it is ours.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" || at.RawQuery != "" || at.Fragment != "" || at.User != nil || len(text) > maxPublicURL {
		return badInput("--public-url %q: give an address such as https://gates.example.org, at most %d characters", clip(text, 80), maxPublicURL)
	}
	return nil
}

// fromFiles takes the certificate from files of the operator's own.
func (f tlsFlags) fromFiles(logger *slog.Logger) (*certificates, error) {
	files, err := gateway.OpenCertificate(f.Cert, f.Key)
	if err != nil {
		return nil, badInput("--tls-cert: %w", err)
	}
	return &certificates{
		config: gateway.ServerTLS(files.Certificate),
		host:   files.Host(),
		serves: files.Serves,
		answer: func(next http.Handler) http.Handler { return next },
		keep:   func(ctx context.Context) { files.Watch(ctx, keyPoll, logger) },
	}, nil
}

// fromACME has certificates made by an authority that looks for its answers on
// port 443 of the host, or on port 80 with --http-redirect :80.
func (f tlsFlags) fromACME(data string, logger *slog.Logger) (*certificates, error) {
	trust, err := trusting("--tls-directory-ca", f.Authority)
	if err != nil {
		return nil, err
	}
	manager := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(data, "keys", "acme")),
		HostPolicy: onlyHosts(f.Auto),
		Email:      f.Email,
		Client: &acme.Client{
			DirectoryURL: cmp.Or(f.Directory, autocert.DefaultACMEDirectory), UserAgent: "passgate",
			HTTPClient: &http.Client{Timeout: answerTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: trust}},
		},
	}
	config := gateway.ServerTLS(manager.GetCertificate)
	config.NextProtos = append(config.NextProtos, acme.ALPNProto)
	c := &certificates{
		config: config,
		host:   f.Auto[0],
		serves: func(host string) error { return manager.HostPolicy(context.Background(), host) },
		answer: func(next http.Handler) http.Handler { return next },
		keep:   func(ctx context.Context) { fetchCertificates(ctx, manager, f.Auto, logger) },
	}
	if f.Redirect != "" {
		c.answer = manager.HTTPHandler // from then on it also asks to be looked for on port 80
	}
	return c, nil
}

// onlyHosts admits the named hosts, with any port: an authority of the town's own
// may look elsewhere than on port 80.
func onlyHosts(names []string) autocert.HostPolicy {
	named := autocert.HostWhitelist(names...)
	return func(ctx context.Context, host string) error {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		return named(ctx, host)
	}
}

// acmePause is how long a host's certificate is left alone after a failure:
// authorities count failures by the hour.
const acmePause = 30 * time.Minute

// fetchCertificates has the certificates made before the first client comes, and
// says what is wrong as long as one is missing. What is there is renewed by the
// library, 30 days before its end.
func fetchCertificates(ctx context.Context, manager *autocert.Manager, hosts []string, logger *slog.Logger) {
	for {
		var missing []string
		for _, host := range hosts {
			certificate, err := fetchCertificate(ctx, manager, host)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				missing = append(missing, host)
				logger.Error("no certificate could be had for a host; is it this server that answers on its port 443, or with --http-redirect on its port 80?",
					"host", host, "error", err, "next_try_in", acmePause.String())
			default:
				logger.Info("certificate at hand", "host", host, "expires", certificate.Leaf.NotAfter.UTC())
			}
		}
		if hosts = missing; len(hosts) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(acmePause):
		}
	}
}

// fetchCertificate asks for one and waits for it, at most until ctx ends. The
// library takes no context; what it is about then ends by its own deadline.
func fetchCertificate(ctx context.Context, manager *autocert.Manager, host string) (*tls.Certificate, error) {
	type outcome struct {
		certificate *tls.Certificate
		err         error
	}
	done := make(chan outcome, 1)
	go func() {
		certificate, err := manager.GetCertificate(modernHello(host))
		done <- outcome{certificate, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("certificate: %w", ctx.Err())
	case o := <-done:
		return o.certificate, o.err
	}
}

// modernHello is what a client says that takes elliptic curves, as all do today.
func modernHello(host string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{
		ServerName:       host,
		CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
		SupportedCurves:  []tls.CurveID{tls.CurveP256},
	}
}

// openRedirect listens for those who come over http; nil if nobody is to.
func (f tlsFlags) openRedirect() (net.Listener, error) {
	if f.Redirect == "" {
		return nil, nil //nolint:nilnil // off is no mistake
	}
	ln, err := net.Listen("tcp", f.Redirect)
	if err != nil {
		return nil, badInput("--http-redirect %s: %v", f.Redirect, err)
	}
	return ln, nil
}

// redirectServer leads from http to where doors listens.
func (c *certificates) redirectServer(doors net.Listener) *http.Server {
	port := "443"
	if at, ok := doors.Addr().(*net.TCPAddr); ok {
		port = fmt.Sprint(at.Port)
	}
	handler := c.answer(gateway.RedirectToTLS(port, c.serves))
	if c.local != nil {
		handler = c.local.OverHTTP(port, handler)
	}
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 30 * time.Second, MaxHeaderBytes: 8 << 10,
	}
}

// authority is who vouches for this server where it does so itself, else nil.
func (c *certificates) authority() *gateway.LocalCA {
	if c == nil {
		return nil
	}
	return c.local
}

// readable tells whether what is sent to a listener at an address without TLS can
// be read on a network.
func readable(listens net.Addr) bool {
	at, ok := listens.(*net.TCPAddr)
	return !ok || !at.IP.IsLoopback()
}

const plainWarning = "passwords, tokens and passes come to this address unencrypted: give --tls-cert, --tls-auto or --tls self, put a proxy with TLS in front (--trusted-proxies) and listen where only it can reach, or listen on 127.0.0.1"
