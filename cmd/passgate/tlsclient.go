package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"time"
)

// loopback tells whether what is sent to host stays on this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// mayBeRead refuses a server to which password and session would travel
// unencrypted over a network, unless the user has said that this is all right.
func (f serverFlags) mayBeRead(base *url.URL) error {
	if base.Scheme == "https" || loopback(base.Hostname()) || f.Insecure {
		return nil
	}
	return badInput("--server: %s is not encrypted, whoever is on the way could read password and session: give the https:// address, or --insecure if nobody is", clip(base.String(), 80))
}

// trusting believes the certificates that the file named by a flag vouches for;
// without a file, those that this machine trusts.
func trusting(flag, file string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file == "" {
		return config, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, badInput("%s: %w", flag, err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, badInput("%s: %s holds no certificate: give a PEM file that begins with -----BEGIN CERTIFICATE-----", flag, file)
	}
	return config, nil
}

// explainTLS says why a server's certificate is not accepted; nil if the error
// is about something else. Nothing was sent to that server.
func explainTLS(base string, err error) error {
	var (
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && time.Now().Before(invalid.Cert.NotBefore):
		return unreachable("%s is not trusted: its certificate is not valid before %s: is this machine's clock right?", base, localTime(invalid.Cert.NotBefore))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return unreachable("%s is not trusted: its certificate expired on %s: whoever runs the server has to renew it (is this machine's clock right?)", base, localTime(invalid.Cert.NotAfter))
	case errors.As(err, &invalid):
		return unreachable("%s is not trusted: its certificate cannot be used: %w", base, invalid)
	case errors.As(err, &name):
		return unreachable("%s is not trusted: its certificate is for another name: %w: give the name that it is for as --server", base, name)
	case errors.As(err, &unknown):
		return unreachable("%s is not trusted: nobody whom this machine knows vouches for its certificate: if it is your town's own, give its authority's certificate by --ca FILE", base)
	case errors.Is(err, http.ErrSchemeMismatch):
		return unreachable("%s does not speak TLS: is it a http:// address?", base)
	}
	return nil
}
